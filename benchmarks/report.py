"""Tables of what was measured: medians over rounds, and ratios within a round with their spread."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from typing import Any, Final

import work
from peers import TITLES

BASE: Final = "aiobotocore"
STARTS: Final = ("import", "first client", "first answer", "tenth client", "memory")

Samples = list[dict[str, Any]]


def text(measured: dict[str, Any]) -> str:
    """Return the tables."""
    samples: Samples = measured["samples"]
    calls = [sample for sample in samples if "kind" in sample]
    rows = list(dict.fromkeys((sample["kind"], sample["together"]) for sample in calls))
    parts = [f"{title(*row)}\n{_calls(_of_row(calls, row))}" for row in rows]
    starts = [sample for sample in samples if "start" in sample]
    if starts:
        parts.append(_starts(starts))
    absent = measured["absent"].items()
    parts += [f"absent: {TITLES[name]}: {reason}" for name, reason in absent]
    for name, kinds in measured["cannot"].items():
        parts += [f"left out: {TITLES[name]}: {kind}: {why}" for kind, why in kinds.items()]
    return "\n\n".join(parts)


def title(kind: str, together: int) -> str:
    """Return the title of a row of measurements."""
    return work.KINDS[kind] + ("" if together == 1 else f", {together} at once")


def ratios(samples: Samples, peer: str, value: Callable[[dict[str, Any]], float]) -> list[float]:
    """Return a peer against the base, in each round."""
    base = {s["round"]: value(s) for s in samples if s["peer"] == BASE}
    return [
        value(s) / base[s["round"]] for s in samples if s["peer"] == peer and s["round"] in base
    ]


def peers_in(samples: Iterable[dict[str, Any]]) -> list[str]:
    """Return the peers that were measured, in the order of their titles."""
    seen = {sample["peer"] for sample in samples}
    return [name for name in TITLES if name in seen]


def _of_row(calls: Samples, row: tuple[str, int]) -> Samples:
    return [s for s in calls if (s["kind"], s["together"]) == row]


def _calls(samples: Samples) -> str:
    lines = [f"  {'':32}{'CPU us':>9}  {'calls/s':>8}  CPU of aiobotocore's"]
    for peer in peers_in(samples):
        own = [sample for sample in samples if sample["peer"] == peer]
        cpu = statistics.median(sample["cpu"] for sample in own)
        rate = statistics.median(1 / sample["wall"] for sample in own)
        spread = _spread(ratios(samples, peer, lambda sample: float(sample["cpu"])))
        lines.append(f"  {TITLES[peer]:32}{cpu * 1e6:9.0f}  {rate:8.0f}  {spread}")
    return "\n".join(lines)


def _starts(samples: Samples) -> str:
    head = "".join(f"{what:>15}" for what in STARTS)
    lines = [f"start: ms of processor, and MB above a bare interpreter\n  {'':32}{head}"]
    for peer in peers_in(samples):
        line = f"  {TITLES[peer]:32}"
        for what in STARTS:
            own = [s["value"] for s in samples if s["peer"] == peer and s["start"] == what]
            line += f"{statistics.median(own) * (1 if what == 'memory' else 1000):15.1f}"
        lines.append(line)
    return "\n".join(lines)


def _spread(values: list[float]) -> str:
    if not values:
        return ""
    return f"{statistics.median(values):6.3f}  ({min(values):.3f} to {max(values):.3f})"
