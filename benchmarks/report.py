"""Tables of what was measured: medians over rounds, and ratios within each round."""

from __future__ import annotations

from statistics import median
from typing import Any, Final

import work
from peers import TITLES

BASE: Final = "aiobotocore"
STARTS: Final = ("import", "first client", "first answer", "later client")
MEMORY: Final = ("memory of first client", "memory of later client", "memory")


def text(measured: dict[str, Any]) -> str:
    """Return the tables."""
    parts = [f"{measured['python']}, {measured['machine']}"]
    parts += [_calls(row) for row in measured["calls"] if row["cpu"]]
    parts += [_start(measured["start"]), lag(measured["lag"])]
    if "generate" in measured:
        parts.append(_generate(measured["generate"]))
    versions = [f"  {TITLES[name]}: {of}" for name, of in measured["versions"].items()]
    parts.append("\n".join(["versions", *versions]))
    left_out = [f"  {TITLES[name]}: {why}" for name, why in measured["absent"].items()]
    for name, kinds in measured["cannot"].items():
        left_out += [f"  {TITLES[name]}: {kind}: {why}" for kind, why in kinds.items()]
    if left_out:
        parts.append("\n".join(["left out", *left_out]))
    return "\n\n".join(parts)


def title(row: dict[str, Any]) -> str:
    """Return the title of a row."""
    many = row["at once"]
    return str(work.KINDS[row["kind"]]) + ("" if many == 1 else f", {many} at once")


def ratios(row: dict[str, Any], peer: str) -> list[float]:
    """Return the processor time of a peer against the base's of the same round."""
    base = row["cpu"].get(BASE, [])
    return [own / other for own, other in zip(row["cpu"][peer], base, strict=False)]


def _calls(row: dict[str, Any]) -> str:
    lines = [f"{title(row)}\n  {'':30}{'CPU us':>9}{'calls/s':>9}  CPU, {TITLES[BASE]} = 1"]
    for peer, name in TITLES.items():
        if peer in row["cpu"]:
            cpu, wall = median(row["cpu"][peer]), median(row["wall"][peer])
            lines.append(
                f"  {name:30}{cpu * 1e6:9.0f}{1 / wall:9.0f}  {_spread(ratios(row, peer))}"
            )
    return "\n".join(lines)


def _start(start: dict[str, Any]) -> str:
    return "\n\n".join(
        [
            _columns("start: ms of processor", start, STARTS, 1000),
            _columns("memory: MB; the last, above a bare interpreter", start, MEMORY, 1),
        ]
    )


def _columns(title: str, start: dict[str, Any], names: tuple[str, ...], unit: int) -> str:
    lines = [f"{title}\n  {'':30}" + "".join(f"{name:>24}" for name in names)]
    for peer, name in TITLES.items():
        if peer in start and start[peer]["import"]:
            values = (median(start[peer][what]) * unit for what in names)
            lines.append(f"  {name:30}" + "".join(f"{value:24.2f}" for value in values))
    return "\n".join(lines)


def lag(measured: dict[str, dict[str, list[float]]]) -> str:
    """Return the table of how long the event loop was kept from other tasks."""
    columns = list(dict.fromkeys(what for told in measured.values() for what in told))
    head = "".join(f"{what:>22}" for what in columns)
    lines = [f"longest stall of the event loop: ms of the clock\n  {'':30}{head}"]
    for peer, told in measured.items():
        cells = "".join(
            f"{median(told[what]) * 1000:22.1f}" if what in told else f"{'-':>22}"
            for what in columns
        )
        lines.append(f"  {TITLES[peer]:30}{cells}")
    return "\n".join(lines)


def _generate(seconds: dict[str, list[float]]) -> str:
    rows = [
        f"  {what:40}{median(taken):6.2f}  ({min(taken):.2f} to {max(taken):.2f})"
        for what, taken in seconds.items()
    ]
    return "\n".join(["aiobotantic generate, seconds of the clock", *rows])


def _spread(values: list[float]) -> str:
    if not values:
        return ""
    return f"{median(values):5.2f}  ({min(values):.2f} to {max(values):.2f})"
