"""One process of one peer: measures its start, then measures what it is told to, line by line.

Usage: python benchmarks/sample.py PEER URL, with lines `KIND CALLS TOGETHER` on standard input. The
answer to each line, and the first line, are JSON.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import resource
import sys
import time
from contextlib import AsyncExitStack
from types import ModuleType
from typing import Any

from peers import Calls

WARM_UP = 3


async def main(name: str, url: str) -> None:
    """Open the peer, say how that went, and measure calls until there are no more lines."""
    calls: Calls = {}
    async with AsyncExitStack() as stack:
        try:
            peer, start = await _start(name, url, calls, stack)
        except ImportError as error:
            print(json.dumps({"absent": str(error)}), flush=True)
            return
        if hasattr(peer, "runtime"):
            calls |= await stack.enter_async_context(peer.runtime(url))
        cannot = getattr(peer, "CANNOT", {})
        print(json.dumps({"start": start, "can": list(calls), "cannot": cannot}), flush=True)
        for line in sys.stdin:
            kind, count, together = line.split()
            print(json.dumps(await _measure(calls[kind], int(count), int(together))), flush=True)


async def _start(
    name: str, url: str, calls: Calls, stack: AsyncExitStack
) -> tuple[ModuleType, dict[str, float]]:
    """Import a peer and open its first to tenth client; return seconds of processor and MB."""
    bare = _megabytes()
    start = time.process_time()
    peer = importlib.import_module(f"peers.{name}")
    imported = time.process_time()
    calls |= await stack.enter_async_context(peer.control(url))
    opened = time.process_time()
    await calls["small"]()
    answered = time.process_time()
    used = _megabytes() - bare
    async with AsyncExitStack() as others:
        for _ in range(8):
            await others.enter_async_context(peer.control(url))
        before = time.process_time()
        await others.enter_async_context(peer.control(url))
        tenth = time.process_time() - before
    return peer, {
        "import": imported - start,
        "first client": opened - imported,
        "first answer": answered - opened,
        "tenth client": tenth,
        "memory": used,
    }


async def _measure(call: Any, count: int, together: int) -> dict[str, float]:
    """Make calls, some of them at once; return seconds of processor and of the clock for each."""
    for _ in range(min(WARM_UP, count)):
        await call()
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            await call()

    gc.collect()
    spent, start = time.process_time(), time.perf_counter()
    if together == 1:
        await work()
    else:
        await asyncio.gather(*(work() for _ in range(together)))
    spent, passed = time.process_time() - spent, time.perf_counter() - start
    return {"cpu": spent / count, "wall": passed / count}


def _megabytes() -> float:
    """Return the most memory that this process has held."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
