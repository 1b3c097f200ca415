"""Many calls through `map_calls`, beside the loop with a semaphore that one would write by hand.

Usage: python benchmarks/many.py [--calls N] [--limit N] [--rounds N]

Each turn is a process of its own, against the canned server; the two take turns. Memory is the
most that a process held above what it held before its calls.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from statistics import median
from typing import Any

import work
from memory import most_held
from processes import environment, server

from aiobotantic.concurrency import map_calls
from aiosagemaker import SageMaker
from aiosagemaker.sagemaker.models import DescribeNotebookInstanceInput

WAYS = ("semaphore", "map_calls")


def main() -> None:
    """Let both ways take turns, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--limit", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.one:
        told = asyncio.run(measure(words.one, words.url, words.calls, words.limit))
        print(json.dumps(told))
        return
    turns: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    with server() as url:
        for number in range(words.rounds):
            for way in WAYS if number % 2 else reversed(WAYS):
                turns[way].append(turn(way, url, words.calls, words.limit))
    show(turns, words.calls, words.limit)


def turn(way: str, url: str, calls: int, limit: int) -> dict[str, float]:
    """Make the calls in a process of its own."""
    done = subprocess.run(
        [
            *(sys.executable, str(Path(__file__)), "--one", way, "--url", url),
            *("--calls", str(calls), "--limit", str(limit)),
        ],
        capture_output=True,
        text=True,
        check=True,
        env=environment(),
    )
    told: dict[str, float] = json.loads(done.stdout)
    return told


async def measure(way: str, url: str, calls: int, limit: int) -> dict[str, float]:
    """Make calls one way, and return what they took."""
    async with SageMaker(endpoint_url=url) as client:
        await by_map_calls(client, limit * 2, limit)  # opens the connections
        most = 0

        async def look() -> None:
            nonlocal most
            while True:
                most = max(most, len(asyncio.all_tasks()))
                await asyncio.sleep(0.01)

        looking = asyncio.create_task(look())
        before, clock, spent = most_held(), time.perf_counter(), time.process_time()
        make = by_map_calls if way == "map_calls" else by_semaphore
        answered = await make(client, calls, limit)
        spent, clock = time.process_time() - spent, time.perf_counter() - clock
        looking.cancel()
    assert answered == calls
    return {
        "calls a second": calls / clock,
        "processor us": spent / calls * 1e6,
        "MB": most_held() - before,
        "tasks": most,
    }


async def by_map_calls(client: SageMaker, calls: int, limit: int) -> int:
    """Read the results as they come."""
    answered = 0
    async with aclosing(map_calls(client, requests(calls), limit=limit)) as results:
        async for done in results:
            answered += done.result().notebook_instance_name is not None
    return answered


async def by_semaphore(client: SageMaker, calls: int, limit: int) -> int:
    """Make a task of each call, and let so many of them go on."""
    gate = asyncio.Semaphore(limit)

    async def send(request: DescribeNotebookInstanceInput) -> Any:
        async with gate:
            return await client.send(request)

    answers = await asyncio.gather(*(send(request) for request in requests(calls)))
    return sum(answer.notebook_instance_name is not None for answer in answers)


def requests(calls: int) -> Iterator[DescribeNotebookInstanceInput]:
    """Yield requests."""
    for _ in range(calls):
        yield DescribeNotebookInstanceInput(notebook_instance_name=work.NOTEBOOK)


def show(turns: dict[str, list[dict[str, float]]], calls: int, limit: int) -> None:
    """Print medians, and the ratio within each round."""
    print(f"{calls} calls, {limit} at once; medians of {len(turns['map_calls'])} rounds")
    names = list(turns["map_calls"][0])
    print(f"{'':12}" + "".join(f"{name:>16}" for name in names))
    for way, told in turns.items():
        print(
            f"{way:12}" + "".join(f"{median(one[name] for one in told):16,.1f}" for name in names)
        )
    pairs = list(zip(turns["map_calls"], turns["semaphore"], strict=True))
    ratios = [ours["calls a second"] / theirs["calls a second"] for ours, theirs in pairs]
    print(f"calls a second, semaphore = 1: {median(ratios):.2f}", end=" ")
    print(f"({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
