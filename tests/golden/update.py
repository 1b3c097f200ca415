"""Generate the golden package anew: `python -m tests.golden.update`. Then read its diff."""

from __future__ import annotations

from pathlib import Path

from aiobotantic_codegen.pipeline import Request, generate

FOLDER = Path(__file__).resolve().parent
GENERATED = FOLDER / "generated"
PACKAGE = "aionotebooks"


def generate_golden(out: Path) -> None:
    """Generate the golden package into a folder."""
    generate(Request(FOLDER / "specs", out, PACKAGE))


if __name__ == "__main__":
    generate_golden(GENERATED)
