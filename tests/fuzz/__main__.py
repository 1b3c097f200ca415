"""Give broken input to the generator, example by example.

    PYTHONPATH=tests python -m fuzz [--examples N] [--seed N] [TARGET ...]

Memory and time of each example are bounded, and what it writes is watched. A failure prints the
smallest input that was found; the same seed makes the same examples again.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path
from random import SystemRandom

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from fuzz.bases import SPECS
from fuzz.mutations import cuts, mutations
from fuzz.targets import SLOW, TARGETS, Broken, Folder
from fuzz.watch import TooSlowError, install

_HANGS = 120
"""Seconds after which an example that no timer stops ends the process."""

broken = st.builds(
    Broken,
    st.sampled_from(SPECS),
    st.lists(mutations, max_size=4).map(tuple),
    st.one_of(st.just(()), st.just(()), st.lists(cuts, max_size=2).map(tuple)),
    st.booleans(),
    st.integers(0, 2**16 - 1),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz")
    parser.add_argument("--examples", type=int, default=10, help="Of each target.")
    parser.add_argument("--seed", type=int, default=None, help="The seed that a run printed.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    given_arguments = parser.parse_args()
    run_seed = given_arguments.seed
    if run_seed is None:
        run_seed = SystemRandom().randrange(2**32)
    print(f"--seed {run_seed} --examples {given_arguments.examples}", flush=True)
    install()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        os.environ["XDG_CACHE_HOME"] = f"{folder}/cache"
        for name in given_arguments.targets or TARGETS:
            failed += not fuzz(name, run_seed, given_arguments.examples, Path(folder).resolve())
        os.chdir("/")
    return 1 if failed else 0


def fuzz(name: str, run_seed: int, examples: int, folder: Path) -> bool:
    """Try a target; print what fails, and return whether nothing did."""
    tried = 0
    begun = time.process_time()

    @seed(run_seed)
    @settings(
        max_examples=max(1, examples // SLOW.get(name, 1)),
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
    )
    @given(broken)
    def example(given_broken: Broken) -> None:
        nonlocal tried
        tried += 1
        place = folder / "example"
        place.mkdir()
        tempfile.tempdir = str(place / "tmp")
        (folder / "last").write_text(repr(given_broken), "utf-8", "backslashreplace")
        faulthandler.dump_traceback_later(_HANGS, exit=True)
        try:
            TARGETS[name](Folder(place, folder / "cache"), given_broken)
        except TooSlowError as error:
            raise AssertionError(f"took more than its time:\n{traceback.format_exc()}") from error
        finally:
            faulthandler.cancel_dump_traceback_later()
            tempfile.tempdir = None
            os.chdir(folder)
            shutil.rmtree(place)

    try:
        example()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        told = "".join(traceback.format_exception(error)).splitlines()
        print(f"{name}: FAILED after {tried} examples", *told[-60:], sep="\n  ", flush=True)
        return False
    seconds = time.process_time() - begun
    print(f"{name}: {tried} examples, {seconds:.0f} s of processor time", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
