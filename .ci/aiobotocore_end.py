"""Install the oldest or the newest aiobotocore and pydantic that runtime/pyproject.toml admits.

    python .ci/aiobotocore_end.py oldest|newest

Oldest are the lower bounds, and of what the runtime leans on beneath aiobotocore its own ones.
They go into the environment of this interpreter, beside what is there, without constraints.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
BENEATH = ("botocore", "aiohttp")
"""What the runtime leans on that aiobotocore requires."""
BESIDE = ("boto3",)
"""Not ours, but it must fit the botocore: tests use libraries that stand on it."""


def main(end: str) -> None:
    """Install one end, and say what it is."""
    admitted = admitted_by(ROOT / "runtime" / "pyproject.toml")
    names = [each.name for each in admitted]
    if end == "newest":
        pip("--upgrade", "--upgrade-strategy", "eager", *map(str, admitted), *BESIDE)
    else:
        pip(*map(lowest, admitted))
        beneath = [each for each in required_by("aiobotocore") if each.name in BENEATH]
        pip(*map(lowest, [*admitted, *beneath]), *BESIDE)
    show = [sys.executable, "-m", "pip", "list", "--format=freeze"]
    listed = subprocess.run(show, check=True, capture_output=True, text=True).stdout.splitlines()
    print(f"{end}:", *(line for line in listed if line.partition("==")[0] in (*names, *BENEATH)))


def admitted_by(pyproject: Path) -> list[Requirement]:
    """Return what a distribution requires."""
    return [*map(Requirement, tomllib.loads(pyproject.read_text())["project"]["dependencies"])]


def required_by(distribution: str) -> Iterable[Requirement]:
    """Return what an installed distribution requires, without extras."""
    for each in map(Requirement, requires(distribution) or ()):
        if each.marker is None or each.marker.evaluate({"extra": ""}):
            yield each


def lowest(requirement: Requirement) -> str:
    """Return a requirement of the lowest version that another admits."""
    bounds = [each.version for each in requirement.specifier if each.operator in (">=", "~=")]
    if len(bounds) != 1:
        sys.exit(f"{requirement}: write one lower bound, `>=`, into the requirement")
    return f"{requirement.name}=={bounds[0]}"


def pip(*arguments: str) -> None:
    """Install."""
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", *arguments], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
