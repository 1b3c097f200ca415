"""Generate the golden packages anew: `python -m tests.golden.update`. Then read their diff.

`aionotebooks` shows how generated code reads. `aioobstacles` is the obstacle course: every name,
shape and text that breaks naive generators, in one service.
"""

from __future__ import annotations

from pathlib import Path

from aiobotantic_codegen.pipeline import Request, generate

FOLDER = Path(__file__).resolve().parent
GENERATED = FOLDER / "generated"
PACKAGES = {
    "aionotebooks": FOLDER / "specs",
    "aioobstacles": FOLDER.parent / "specs" / "obstacle_course",
}


def generate_golden(out: Path) -> None:
    """Generate the golden packages into a folder."""
    for package, specs in PACKAGES.items():
        generate(Request(specs, out, package))


if __name__ == "__main__":
    generate_golden(GENERATED)
