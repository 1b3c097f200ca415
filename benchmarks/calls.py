"""Calls a second and seconds of processor for a call, of every peer side by side on loopback.

Usage: python benchmarks/calls.py [--rounds N] [--calls FACTOR] [--peers A,B] [--kinds A,B]
                                  [--python PEER=INTERPRETER ...] [--json FILE] [--svg FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import report
import work
from peers import TITLES

HERE: Final = Path(__file__).parent
ROWS: Final = (
    *(("small", 200, 1), ("small", 400, 100), ("medium", 100, 1), ("medium", 200, 100)),
    *(("large", 30, 1), ("large", 100, 100), ("deep", 40, 1), ("deep", 100, 100)),
    *(
        ("invoke_1k", 200, 1),
        ("invoke_1k", 400, 100),
        ("invoke_1m", 20, 1),
        ("invoke_1m", 100, 100),
    ),
    *(("stream", 5, 1),),
)
"""Kind of call, calls of one measurement, and how many of them at once."""
ENVIRONMENT: Final = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True)
class Options:
    """What is measured."""

    rounds: int = 5
    calls: float = 1.0
    peers: tuple[str, ...] = tuple(TITLES)
    kinds: tuple[str, ...] = tuple(work.KINDS)
    pythons: tuple[tuple[str, str], ...] = ()

    def rows(self) -> list[tuple[str, int, int]]:
        """Return kinds, numbers of calls and how many at once."""
        rows = [row for row in ROWS if row[0] in self.kinds]
        return [(kind, max(1, round(count * self.calls)), many) for kind, count, many in rows]


class Peer:
    """A process of a peer that waits for what to measure."""

    def __init__(self, name: str, url: str, options: Options) -> None:
        python = dict(options.pythons).get(name, sys.executable)
        command = [python, str(HERE / "sample.py"), name, url]
        self._name = name
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**_environment(), "AWS_ENDPOINT_URL": url},
        )
        self.first = self._read()

    def measure(self, kind: str, calls: int, together: int) -> dict[str, float]:
        """Let the peer make calls."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{kind} {calls} {together}\n")
        self._process.stdin.flush()
        return self._read()

    def close(self) -> None:
        """End the process and wait for it."""
        self._process.communicate()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            sys.exit(f"the process of {self._name} ended; what it said is above")
        return json.loads(line)


def measure(options: Options, out: IO[str]) -> dict[str, Any]:
    """Measure rounds; each starts every peer anew, and lets them take turns at each row."""
    samples: list[dict[str, Any]] = []
    absent: dict[str, str] = {}
    cannot: dict[str, dict[str, str]] = {}
    with _server() as url:
        for number in range(-1, options.rounds):  # the first compiles bytecode and is left out
            print(f"round {number + 1} of {options.rounds}", file=out, flush=True)
            with ExitStack() as stack:
                peers: dict[str, Peer] = {}
                turned = _turned(options.peers, number)
                for name in turned:
                    if name in absent:
                        continue
                    peer = Peer(name, url, options)
                    stack.callback(peer.close)
                    if "absent" in peer.first:
                        absent[name] = peer.first["absent"]
                    else:
                        peers[name] = peer
                        cannot[name] = peer.first["cannot"]
                        start = peer.first["start"].items()
                        rows = [(what, value) for what, value in start]
                        samples += [
                            {"round": number, "peer": name, "start": what, "value": value}
                            for what, value in rows
                        ]
                if number < 0:
                    samples.clear()
                    continue
                for kind, count, together in options.rows():
                    for name, peer in peers.items():
                        if kind in peer.first["can"]:
                            sample = peer.measure(kind, count, together)
                            row = {"kind": kind, "together": together, **sample}
                            samples.append({"round": number, "peer": name, **row})
    return {"absent": absent, "cannot": cannot, "samples": samples}


def _turned(names: tuple[str, ...], number: int) -> tuple[str, ...]:
    """Return peers in another order in each round."""
    at = number % len(names)
    return names[at:] + names[:at]


@contextmanager
def _server() -> Iterator[str]:
    command = [sys.executable, str(HERE / "server.py")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_environment()
    ) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.communicate()


def _environment() -> dict[str, str]:
    """Return this environment without what changes a measurement."""
    other = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PYTHONDONTWRITE"))}
    return {**other, **ENVIRONMENT}


def options_of(words: list[str]) -> tuple[Options, argparse.Namespace]:
    """Read the command line."""
    assert __doc__
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=float, default=1.0, help="factor of all numbers of calls")
    parser.add_argument("--peers", default=",".join(TITLES))
    parser.add_argument("--kinds", default=",".join(work.KINDS))
    parser.add_argument("--python", action="append", default=[], metavar="PEER=INTERPRETER")
    parser.add_argument("--json", type=Path, help="file for every sample")
    parser.add_argument("--svg", type=Path, help="file for the plot")
    given = parser.parse_args(words)
    pythons = tuple((name, path) for name, _, path in (w.partition("=") for w in given.python))
    peers, kinds = given.peers.split(","), given.kinds.split(",")
    return Options(given.rounds, given.calls, tuple(peers), tuple(kinds), pythons), given


def main() -> None:
    """Measure, print tables, and write what was asked for."""
    options, given = options_of(sys.argv[1:])
    measured = measure(options, sys.stderr)
    print(report.text(measured))
    if given.json is not None:
        given.json.write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    main()
