"""Services of botocore that aiosagemaker does not have: generate, import, check, call.

    python tests/services [--botocore VERSION] [--into DIR] [SERVICE ...]

Samples 40 services of protocol json or rest-json (sample.py), brings their facts, generates one
package of them all without any table of ours, imports every shape, runs mypy --strict and pyright
strict once each, and calls every operation over loopback beside botocore (round_trip.py).
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from round_trip import Trip, import_everything, round_trip
from sample import as_botocore_data, sample

from aiobotantic.client import Client
from aiobotantic_codegen.ir.names import module_name
from aiobotantic_codegen.load.botocore import from_index
from aiobotantic_codegen.pipeline import Request, generate
from aiobotantic_codegen.sync import sync

ROOT = Path(__file__).parents[2]
PACKAGE = "sampled"
PYRIGHT = '{"include": ["%s"], "typeCheckingMode": "strict", "pythonVersion": "3.11"}'


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--botocore", default=_synced_botocore(), metavar="VERSION")
    parser.add_argument("--into", type=Path, metavar="DIR", help="Default: a temporary folder.")
    parser.add_argument("--no-types", action="store_true", help="Run no type checker.")
    parser.add_argument("services", nargs="*", metavar="SERVICE", help="Default: the sample.")
    given = parser.parse_args()
    if given.into is not None:
        return run(given.botocore, given.into, given.services, types=not given.no_types)
    with tempfile.TemporaryDirectory() as folder:
        return run(given.botocore, Path(folder), given.services, types=not given.no_types)


def run(version: str, folder: Path, services: Sequence[str], *, types: bool) -> int:
    """Try the services; return the exit code: 1 if anything is wrong with any."""
    start = time.perf_counter()
    source = from_index(version)
    names = list(services) or sample(source)
    print(f"{len(names)} services of {source.title}: {', '.join(names)}")
    specs, out = folder / "specs", folder / "src"
    sync(source, specs, names)
    outcome = generate(Request(specs, out, PACKAGE))
    for name, reason in outcome.skipped.items():
        print(f"left out: {name}: {reason}")
    print(f"{time.perf_counter() - start:.0f} s: generated")

    sys.path.insert(0, str(out))
    shapes = {name: import_everything(_module(name, "models")) for name in names}
    print(f"{time.perf_counter() - start:.0f} s: {sum(shapes.values())} shapes imported")

    data = as_botocore_data(specs, folder / "data")
    trips = {name: asyncio.run(round_trip(_client(name), data)) for name in names}
    print(f"{time.perf_counter() - start:.0f} s: {sum(t.calls for t in trips.values())} calls")

    complaints = _check_types(out, folder) if types else Counter[str]()
    print(f"{time.perf_counter() - start:.0f} s: types checked")
    return _report(names, shapes, trips, complaints)


def _report(
    names: list[str], shapes: dict[str, int], trips: dict[str, Trip], complaints: Counter[str]
) -> int:
    good = 0
    for name in names:
        trip, wrong = trips[name], complaints[_folder(name)]
        fine = not trip.problems and not wrong
        good += fine
        print(
            f"{'ok ' if fine else 'BAD'}  {name:28} {shapes[name]:5} shapes  {trip.calls:4} calls"
            f"  {len(trip.problems)} differ  {wrong} complaints of type checkers"
        )
    for name in names:
        for problem in trips[name].problems:
            print(f"{name}: {problem}")
    print(f"{good} of {len(names)}")
    return 0 if good == len(names) and not complaints else 1


def _check_types(out: Path, folder: Path) -> Counter[str]:
    """Run both checkers; return how many complaints each service's folder got."""
    config = folder / "pyrightconfig.json"
    config.write_text(PYRIGHT % f"src/{PACKAGE}")
    env = {**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1", "MYPYPATH": str(out)}
    complaints: Counter[str] = Counter()
    for command in (
        ["mypy", "--strict", "--no-error-summary", f"--cache-dir={folder / 'mypy'}", "-p", PACKAGE],
        ["pyright", "-p", str(config), "--pythonpath", sys.executable],
    ):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=folder, env=env, capture_output=True, text=True
        )
        lines = [line for line in done.stdout.splitlines() if " error" in line and PACKAGE in line]
        print("\n".join(lines[:40]))
        print(f"{command[0]}: {len(lines)} complaints, {time.perf_counter() - start:.0f} s")
        for line in lines:
            complaints[line.partition(f"{PACKAGE}/")[2].partition("/")[0]] += 1
        if done.returncode and not lines:
            print(done.stdout[-2000:], done.stderr[-2000:])
            complaints[""] += 1
    return complaints


def _synced_botocore() -> str:
    catalog = tomllib.loads((ROOT / "specs" / "catalog.toml").read_text())
    return str(catalog["services"]["sagemaker"]["source"]).removeprefix("botocore ")


def _folder(name: str) -> str:
    return module_name(name)


def _module(service: str, name: str) -> ModuleType:
    return importlib.import_module(f"{PACKAGE}.{_folder(service)}.{name}")


def _client(service: str) -> type[Client]:
    module = _module(service, "client")
    return next(
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Client) and each is not Client
    )


if __name__ == "__main__":
    sys.exit(main())
