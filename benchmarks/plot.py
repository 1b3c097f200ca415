"""A plot of what was measured, as SVG: processor time of a call, one panel for each kind."""

from __future__ import annotations

from html import escape
from statistics import median
from typing import Any, Final

import report
from peers import TITLES

WIDTH: Final = 760
LEFT: Final = 220
BAR: Final = 16
HEAD: Final = 30
GAP: Final = 14
OURS: Final = "#0a7d5a"
OTHERS: Final = "#9aa5b1"
TEXT: Final = "#1f2933"


def svg(measured: dict[str, Any]) -> str:
    """Return the plot of the calls that were made one after another."""
    top, parts = 30, [_text(10, 20, "Processor time of a call, microseconds: less is better", 600)]
    for row in measured["calls"]:
        if row["at once"] == 1 and row["cpu"]:
            parts += _panel(row, top)
            top += HEAD + BAR * len(row["cpu"]) + GAP
    style = "font-family: system-ui, sans-serif; font-size: 12px"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" style="{style}">',
            f'<rect width="{WIDTH}" height="{top}" fill="#ffffff"/>',
            *parts,
            "</svg>\n",
        ]
    )


def _panel(row: dict[str, Any], top: int) -> list[str]:
    cpu = {peer: median(row["cpu"][peer]) * 1e6 for peer in TITLES if peer in row["cpu"]}
    scale = (WIDTH - LEFT - 120) / max(cpu.values())
    parts = [_text(10, top + 18, report.title(row), 600)]
    for place, (peer, value) in enumerate(cpu.items()):
        y = top + HEAD + place * BAR
        colour = OURS if peer.startswith("ours") else OTHERS
        width = max(1, round(value * scale, 1))
        bar = f'width="{width}" height="{BAR - 4}" fill="{colour}"'
        of_base = report.ratios(row, peer)
        against = f" ({median(of_base):.2f})" if of_base else ""
        parts += [
            _text(LEFT - 8, y + 10, TITLES[peer], 400, "end"),
            f'<rect x="{LEFT}" y="{y}" {bar}/>',
            _text(LEFT + width + 6, y + 10, f"{value:,.0f}{against}"),
        ]
    return parts


def _text(x: float, y: float, words: str, weight: int = 400, anchor: str = "start") -> str:
    place = f'x="{x:g}" y="{y:g}" font-weight="{weight}" text-anchor="{anchor}" fill="{TEXT}"'
    return f"<text {place}>{escape(words)}</text>"
