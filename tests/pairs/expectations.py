"""What the difference of each known pair is: lines as `two_models.told` writes them."""

from __future__ import annotations

from pathlib import Path

from pairs.cut import Pair

EXPECTED = Path(__file__).parent / "expected"


def expected_lines(pair: Pair) -> list[str]:
    """Return the lines of a pair; none where nothing changed."""
    return (EXPECTED / f"{pair.name}.txt").read_text("utf-8").splitlines()
