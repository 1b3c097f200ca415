"""One process of one peer: measures its start, then measures what it is told to, line by line.

Usage: python benchmarks/sample.py PEER URL, with lines `KIND CALLS TOGETHER` on standard input. The
first line of output says how the start went; each further one answers a line. They are JSON.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import sys
import time
import traceback
from contextlib import AsyncExitStack
from importlib.metadata import version
from typing import Any

from memory import held, most_held
from peers import DISTRIBUTIONS, Calls

WARM_UP = 3
"""Calls before a measurement; as many as are made at once, if those are more."""
MORE = 20
"""Clients over which the cost of one is averaged, from the tenth on."""


async def main(name: str, url: str) -> None:
    """Open the peer, say how that went, and measure calls until there are no more lines."""
    calls: Calls = {}
    async with AsyncExitStack() as stack:
        try:
            tell(await start(name, url, calls, stack))
        except ModuleNotFoundError as error:
            tell({"absent": f"not installed: {error}"})
            return
        for line in sys.stdin:
            kind, count, together = line.split()
            try:
                tell(await measure(calls[kind], int(count), int(together)))
            except Exception as error:  # the next kind of call may go well
                traceback.print_exc()
                tell({"failed": f"{type(error).__name__}: {error}"})


async def start(name: str, url: str, calls: Calls, stack: AsyncExitStack) -> dict[str, Any]:
    """Import a peer, open clients, and say what that took."""
    bare, clock = most_held(), time.process_time
    started = clock()
    peer = importlib.import_module(f"peers.{name}")
    imported, before = clock(), held()
    calls |= await stack.enter_async_context(peer.control(url))
    opened, open_ = clock(), held()
    await calls["small"]()
    answered = clock()
    used = most_held() - bare
    async with AsyncExitStack() as others:
        for _ in range(8):
            await others.enter_async_context(peer.control(url))
        ninth, held_by_nine = clock(), held()
        for _ in range(MORE):
            await others.enter_async_context(peer.control(url))
        tenth, held_by_all = (clock() - ninth) / MORE, (held() - held_by_nine) / MORE
    if hasattr(peer, "runtime"):
        calls |= await stack.enter_async_context(peer.runtime(url))
    return {
        "version": f"{DISTRIBUTIONS[name]} {version(DISTRIBUTIONS[name])}",
        "can": list(calls),
        "cannot": getattr(peer, "CANNOT", {}),
        "start": {
            "import": imported - started,
            "first client": opened - imported,
            "first answer": answered - opened,
            "later client": tenth,
            "memory of first client": open_ - before,
            "memory of later client": held_by_all,
            "memory": used,
        },
    }


async def measure(call: Any, count: int, together: int) -> dict[str, float]:
    """Make calls, some of them at once; return seconds of processor and of the clock for each."""
    await make(call, min(count, max(WARM_UP, together)), together)
    gc.collect()
    spent, passed = time.process_time(), time.perf_counter()
    await make(call, count, together)
    spent, passed = time.process_time() - spent, time.perf_counter() - passed
    return {"cpu": spent / count, "wall": passed / count}


async def make(call: Any, count: int, together: int) -> None:
    """Make calls, some of them at once."""
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            await call()

    if together == 1:
        await work()
    else:
        await asyncio.gather(*(work() for _ in range(together)))


def tell(answer: object) -> None:
    """Write a line."""
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
