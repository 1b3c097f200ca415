"""Processor time of a call and calls a second, of every peer, side by side on loopback.

Usage: python benchmarks/calls.py [--rounds N] [--calls FACTOR] [--peers A,B] [--kinds A,B]
                                  [--python PEER=INTERPRETER ...] [--json FILE] [--svg FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import lag
import plot
import report
import work
from peers import TITLES
from processes import Peer, server

ROWS: Final = (
    ("small", 200, 1),
    ("medium", 100, 1),
    ("large", 30, 1),
    ("deep", 40, 1),
    ("invoke_1k", 200, 1),
    ("invoke_1m", 100, 1),
    ("stream", 5, 1),
    ("small", 400, 100),
    ("medium", 200, 100),
    ("large", 100, 100),
    ("deep", 100, 100),
    ("invoke_1k", 400, 100),
    ("invoke_1m", 100, 100),
)
"""Kind of call, calls of one measurement, and how many of them at once."""


def main() -> None:
    """Measure, print tables, and write what was asked for."""
    given = parser().parse_args()
    finish(given, measure(given))


def parser() -> argparse.ArgumentParser:
    """Return the reader of the command line."""
    reader = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    reader.add_argument("--rounds", type=int, default=5)
    reader.add_argument("--calls", type=float, default=1.0, help="factor of the numbers of calls")
    reader.add_argument("--peers", default=",".join(TITLES))
    reader.add_argument("--kinds", default=",".join(work.KINDS))
    reader.add_argument("--python", action="append", default=[], metavar="PEER=INTERPRETER")
    reader.add_argument("--json", type=Path, help="file for what was measured")
    reader.add_argument("--svg", type=Path, help="file for the plot")
    return reader


def measure(given: argparse.Namespace) -> dict[str, Any]:
    """Measure rounds; each starts every peer anew and lets them take turns, row by row."""
    names = given.peers.split(",")
    pythons = dict(word.split("=", 1) for word in given.python)
    rows = [row for row in ROWS if row[0] in given.kinds.split(",")]
    measured = _nothing(rows, given.calls)
    with server() as url:
        for number in range(given.rounds + 1):  # the first writes bytecode and is left out
            print(f"round {number} of {given.rounds}", file=sys.stderr, flush=True)
            with ExitStack() as stack:
                at = number % len(names)
                peers = _started(names[at:] + names[:at], url, pythons, measured, stack)
                if number:
                    _round(peers, measured)
        measured["lag"] = lag.measure(given.rounds, url)
    return measured


def finish(given: argparse.Namespace, measured: dict[str, Any]) -> None:
    """Print tables, and write the files that were asked for."""
    print(report.text(measured))
    if given.json is not None:
        given.json.write_text(json.dumps(_rounded(measured), indent=1) + "\n", "utf-8")
    if given.svg is not None:
        given.svg.write_text(plot.svg(measured), "utf-8")


def _nothing(rows: list[tuple[str, int, int]], factor: float) -> dict[str, Any]:
    """Return the form of what is measured; each list has one number for each round."""
    calls = [
        {"kind": k, "calls": max(1, round(n * factor)), "at once": many, "cpu": {}, "wall": {}}
        for k, n, many in rows
    ]
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    told: dict[str, dict[str, Any]] = {"versions": {}, "absent": {}, "cannot": {}, "start": {}}
    return {"python": python, "machine": machine, **told, "calls": calls}


def _started(
    names: list[str], url: str, pythons: dict[str, str], measured: dict[str, Any], stack: ExitStack
) -> dict[str, Peer]:
    """Start peers, and keep what their starts took."""
    peers: dict[str, Peer] = {}
    for name in names:
        if name in measured["absent"]:
            continue
        peer = Peer(name, url, pythons.get(name, sys.executable))
        stack.callback(peer.close)
        if "absent" in peer.said:
            measured["absent"][name] = peer.said["absent"]
            continue
        peers[name] = peer
        if name not in measured["versions"]:  # the first start compiles bytecode
            measured["versions"][name] = peer.said["version"]
            measured["cannot"][name] = dict(peer.said["cannot"])
            measured["start"][name] = {what: [] for what in peer.said["start"]}
            continue
        for what, value in peer.said["start"].items():
            measured["start"][name][what].append(value)
    return peers


def _round(peers: dict[str, Peer], measured: dict[str, Any]) -> None:
    """Let peers take turns at each row."""
    for row in measured["calls"]:
        for name, peer in peers.items():
            cannot = measured["cannot"][name]
            if row["kind"] not in peer.said["can"] or row["kind"] in cannot:
                continue
            taken = peer.measure(row["kind"], row["calls"], row["at once"])
            if "failed" in taken:
                cannot[row["kind"]] = taken["failed"]
                continue
            for clock, seconds in taken.items():
                row[clock].setdefault(name, []).append(seconds)


def _rounded(value: Any) -> Any:
    """Return what was measured without digits that say nothing."""
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_rounded(inner) for inner in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main()
