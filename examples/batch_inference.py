"""Ask an endpoint for each line of a file: many calls at once, little memory, and a second try.

    python examples/batch_inference.py my-endpoint questions.jsonl answers.jsonl --limit 50

A line of the input is what the endpoint takes, in JSON. A line of the output has the number of its
input line, from 0, and `answer` or `error`. Run it again after a stop: lines that were answered are
not asked again, those that failed are. The exit code is 1 if a line failed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

from aiobotantic.concurrency import map_calls
from aiosagemaker import SageMakerRuntime
from aiosagemaker.sagemaker_runtime.models import InvokeEndpointInput, InvokeEndpointOutput


def main() -> int:
    """Ask for the lines that have no answer yet, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("endpoint")
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--limit", type=int, default=20, help="most calls at once")
    parser.add_argument("--rate", type=float, help="most calls a second")
    words = parser.parse_args()
    answered, failed = asyncio.run(
        ask(words.endpoint, words.input, words.output, words.limit, words.rate)
    )
    print(f"{answered} answered, {failed} failed")
    return int(bool(failed))


async def ask(
    endpoint: str, given: Path, output: Path, limit: int, rate: float | None
) -> tuple[int, int]:
    """Ask, write each answer as it comes, and return how many there were, and how many failures."""
    done = done_before(output)
    answered = failed = 0

    def requests() -> Iterator[InvokeEndpointInput]:
        for place, line in lines_of(given):
            if place not in done:
                yield InvokeEndpointInput(
                    endpoint_name=endpoint,
                    body=line,
                    content_type="application/json",
                    inference_id=str(place),
                )

    with output.open("a", encoding="utf-8") as answers:
        if was_cut(output):
            answers.write("\n")
        async with SageMakerRuntime() as runtime:
            results = map_calls(runtime, requests(), limit=limit, rate=rate, on_error="collect")
            async with aclosing(results):
                async for result in results:
                    told: dict[str, Any] = {"line": int(result.request.inference_id or "")}
                    if result.error is None:
                        answered += 1
                        told["answer"] = read(result.result())
                    else:
                        failed += 1
                        told["error"] = f"{type(result.error).__name__}: {result.error}"
                    print(json.dumps(told), file=answers, flush=True)
    return answered, failed


def read(response: InvokeEndpointOutput) -> Any:
    """Return an answer: JSON, or text."""
    is_json = (response.content_type or "").startswith("application/json")
    return response.json() if is_json else response.text()


def lines_of(file: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that hold something, each with its number."""
    with file.open("rb") as lines:
        for place, line in enumerate(lines):
            if line.strip():
                yield place, line.strip()


def done_before(output: Path) -> set[int]:
    """Return the lines that an earlier run has answered; a line that was cut off is none."""
    done: set[int] = set()
    if output.exists():
        with output.open(encoding="utf-8") as lines:
            for line in lines:
                try:
                    told = json.loads(line)
                except ValueError:
                    continue
                if "answer" in told:
                    done.add(told["line"])
    return done


def was_cut(output: Path) -> bool:
    """Return whether an earlier run was stopped within a line."""
    with output.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return False
        file.seek(-1, os.SEEK_END)
        return file.read() != b"\n"


if __name__ == "__main__":
    sys.exit(main())
