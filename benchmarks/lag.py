"""How long opening clients and making first calls keep the event loop from its other tasks.

Usage: python benchmarks/lag.py [--rounds N]

Each round starts a process for each peer. A task there sleeps a millisecond at a time, and its
longest gap, beyond that millisecond, is told.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from processes import environment, server

PEERS: Final = ("aiobotocore", "ours")
PAUSE: Final = 0.001
WARM: Final = "warm"


def main() -> None:
    """Measure and print a table."""
    import report

    reader = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    reader.add_argument("--rounds", type=int, default=5)
    given = reader.parse_args()
    with server() as url:
        print(report.lag(measure(given.rounds, url)))


def measure(rounds: int, url: str) -> dict[str, dict[str, list[float]]]:
    """Return seconds of each round, by peer and by what was done."""
    found: dict[str, dict[str, list[float]]] = {name: {} for name in PEERS}
    for number in range(rounds + 1):  # the first writes bytecode and is left out
        for name in PEERS:
            told = _child(name, url)
            if name == "ours":
                told |= _child(name, url, WARM)
            for what, seconds in told.items():
                if number:
                    found[name].setdefault(what, []).append(seconds)
    return found


def _child(*words: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, str(Path(__file__)), "child", *words],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=environment(),
    )
    told: dict[str, float] = json.loads(done.stdout)
    return told


@asynccontextmanager
async def probed(told: dict[str, float], what: str) -> AsyncIterator[None]:
    """Note the longest time that the loop did not come back to a task of its own."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            started = time.perf_counter()
            await asyncio.sleep(PAUSE)
            longest = max(longest, time.perf_counter() - started - PAUSE)

    gc.collect()
    task = asyncio.create_task(watch())
    await asyncio.sleep(10 * PAUSE)
    longest = 0.0
    try:
        yield
        await asyncio.sleep(2 * PAUSE)
    finally:
        task.cancel()
    told[what] = longest


async def child(name: str, url: str, warm: bool) -> dict[str, float]:
    """Open clients of a peer and make a first call, with the probe beside them."""
    told: dict[str, float] = {}
    peer: Any = importlib.import_module(f"peers.{name}")
    async with AsyncExitStack() as stack:
        if warm:
            calls = await stack.enter_async_context(peer.warmed(url))
            async with probed(told, "client after warm-up"):
                await stack.enter_async_context(peer.control(url))
            async with probed(told, "call after warm-up"):
                await calls["small"]()
            return told
        async with probed(told, "first client"):
            calls = await stack.enter_async_context(peer.control(url))
        async with probed(told, "second client"):
            await stack.enter_async_context(peer.control(url))
        async with probed(told, "first call"):
            await calls["small"]()
    return told


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        print(json.dumps(asyncio.run(child(sys.argv[2], sys.argv[3], WARM in sys.argv[4:]))))
    else:
        main()
