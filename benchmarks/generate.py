"""Seconds of `aiobotantic generate` on the whole of specs/, in a scratch copy.

Usage: python benchmarks/generate.py [RUNS]
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from aiobotantic_codegen.load.canonical import canonical_json

ROOT = Path(__file__).parents[1]
MODEL = Path("specs", "sagemaker", "service-2.json")


def main() -> None:
    """Measure and print a table."""
    for title, seconds in measure(int(sys.argv[1]) if len(sys.argv) > 1 else 5).items():
        spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
        print(f"{statistics.median(seconds):6.2f} s  {title} ({len(seconds)} runs, {spread})")


def measure(runs: int) -> dict[str, list[float]]:
    """Return seconds of each run, by what there was to do."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "specs", folder / "specs")
        model = json.loads((folder / MODEL).read_text())
        rows = {
            "cold: empty cache, no output": (min(runs, 3), lambda _: _clear(folder)),
            "warm: every text cached, no output": (runs, lambda _: _clear(folder, cache=False)),
            "one new enum value": (runs, lambda run: _add_value(folder, model, run)),
            "nothing to do": (runs, lambda _: None),
        }
        return {
            title: [_measure(folder, prepare, run) for run in range(count)]
            for title, (count, prepare) in rows.items()
        }


def _clear(folder: Path, *, cache: bool = True) -> None:
    shutil.rmtree(folder / "generated", ignore_errors=True)
    stamps = folder / "cache" / "aiobotantic"
    shutil.rmtree(stamps if cache else stamps / "generate", ignore_errors=True)


def _add_value(folder: Path, model: dict[str, dict[str, dict[str, list[str]]]], run: int) -> None:
    model["shapes"]["InstanceType"]["enum"].append(f"ml.benchmark{run}.xlarge")
    (folder / MODEL).write_bytes(canonical_json(model))


def _measure(folder: Path, prepare: Callable[[int], None], run: int) -> float:
    prepare(run)
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "aiobotantic_codegen.cli", "generate"],
        cwd=folder,
        env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache")},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
