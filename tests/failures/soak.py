"""Load: many tasks call at once while one exchange in a hundred goes wrong, in both lanes.

Usage: python -X dev -W error tests/failures/soak.py [--calls N] [--tasks N] [--cycles N]

Every call has a number, which the request carries, and the server counts what it carries out. At
the end: nothing is lost, what must not be repeated was carried out once at most, each answer was
that of its own call, memory is flat, and no task, connection or file is left. The last line is all
of it as JSON; the exit code is 1 where something does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gc
import json
import logging
import os
import random
import sys
import time
import warnings
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final

from aiobotocore.config import AioConfig

from aiobotantic import errors
from aiobotantic.testing.front import Front
from aiobotantic.testing.mishaps import THROTTLING, Changed, Cut, Huge, Instead, Slow, refusal
from aiosagemaker import SageMakerRuntime
from aiosagemaker.testing import SageMakerServer

ROLE: Final = "arn:aws:iam::123456789012:role/SageMaker"
RATE: Final = 0.01
READ_TIMEOUT: Final = 3.0
LONGEST: Final = 100_000
SAMPLES: Final = 40
"""Of memory, in a run."""
WARM: Final = 0.5
"""Part of a lane's run after which memory should not grow: pydantic keeps up to 16,384 short texts,
and a pool takes its largest size."""
LANES: Final = {"fast": None, "botocore": "botocore"}


def mishaps() -> list[Any]:
    """Return every kind of mishap."""
    then = format_datetime(datetime.now(UTC) + timedelta(hours=3), usegmt=True)
    return [
        *(Cut(at, reset) for at in ("request", "answer", "body", "end") for reset in (True, False)),
        *(Changed(length_off_by=by) for by in (9, -9)),
        *(Changed(body=body) for body in (b"<html>", b"", b'{"A": NaN', b'{"A": "\xff"}')),
        Changed(add=[("X-A", "1"), ("X-A", "2")]),
        Changed(add=[("X-Big", "x" * 9_000)]),
        Changed(drop=["content-length"]),
        Changed(drop=["content-type", "x-amzn-requestid"]),
        Slow(seconds=2 * READ_TIMEOUT),
        Slow(seconds=0.05),
        Slow(drop=40, pause=0.001),
        Huge(2 * LONGEST),
        Huge(2 * LONGEST, announced=False),
        *(Instead(status) for status in (500, 502, 503, 504, 429)),
        Instead(503, b"", {"Retry-After": "1"}),
        Instead(302, b"", {"Location": "http://127.0.0.1:1/"}),
        *(refusal(code, status) for code, status in THROTTLING),
        refusal("RequestExpired", 403, {"Date": then}),
        refusal("ExpiredTokenException", 403),
        refusal("ValidationException"),
    ]


@dataclass
class Run:
    """What a run counts."""

    calls: int
    carried: bytearray = field(repr=False)
    """How often the server carried out the call of each number."""
    begun: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    memory: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    """Calls begun, and resident megabytes, now and then, in each lane."""

    def problem(self, text: str) -> None:
        """Note what must not be."""
        if len(self.problems) < 50:
            self.problems.append(text)

    async def note(self, operation: str, members: Any) -> None:
        """Count a request that the server is about to carry out."""
        name = members.get("ImageName") or members.get("PipelineName") or members["InferenceId"]
        number = int(name[1:])
        self.carried[number] = min(self.carried[number] + 1, 255)
        if operation == "CreateImage" and self.carried[number] > 1 and number < self.calls:
            self.problem(f"{operation} {name} is doubled")


@dataclass(frozen=True)
class Kind:
    """A kind of call."""

    name: str
    share: int
    once: bool
    """Whether it must not be carried out twice."""
    make: Callable[[Any, Any, str], Awaitable[Any]]
    """Takes both clients and the name to send; returns what names the call in its answer."""


async def _create(sagemaker: Any, runtime: Any, name: str) -> Any:
    await sagemaker.create_image(image_name=name, role_arn=ROLE)
    return name


async def _describe(sagemaker: Any, runtime: Any, name: str) -> Any:
    return (await sagemaker.describe_image(image_name=name)).image_name


async def _delete(sagemaker: Any, runtime: Any, name: str) -> Any:
    await sagemaker.delete_image(image_name=name)
    return name


async def _pipeline(sagemaker: Any, runtime: Any, name: str) -> Any:
    await sagemaker.create_pipeline(
        pipeline_name=name, role_arn=ROLE, pipeline_definition='{"Version": "2020-12-01"}'
    )
    return name


async def _invoke(sagemaker: Any, runtime: Any, name: str) -> Any:
    answered = await runtime.invoke_endpoint(
        endpoint_name="e", body=name.encode(), inference_id=name
    )
    return answered.body.decode()


async def _stream(sagemaker: Any, runtime: Any, name: str) -> Any:
    answered = await runtime.invoke_endpoint_with_response_stream(
        endpoint_name="e", body=b"1", inference_id=name
    )
    async with answered.body as events:
        async for _ in events:
            pass
    return name


KINDS: Final = (
    Kind("create", 30, True, _create),
    Kind("describe", 25, False, _describe),
    Kind("delete", 15, False, _delete),
    Kind("create with a token", 8, False, _pipeline),
    Kind("invoke", 17, False, _invoke),
    Kind("stream", 5, False, _stream),
)
SHARES: Final = [kind.share for kind in KINDS]


async def one_call(run: Run, number: int, kind: Kind, clients: tuple[Any, Any]) -> None:
    """Make a call and check what came of it."""
    name = f"i{number}"
    try:
        named = await kind.make(*clients, name)
    except errors.AioBotanticError as error:
        run.outcomes[type(error).__name__] += 1
        _check_failure(run, number, kind, error)
        return
    except Exception as error:  # a foreign one is what this looks for
        run.outcomes[type(error).__name__] += 1
        run.problem(f"{kind.name} {name}: {type(error).__name__}: {error} is none of the family")
        return
    run.outcomes["ok"] += 1
    if run.carried[number] == 0:
        run.problem(f"{kind.name} {name} is lost: it succeeded, and the server has not seen it")
    if (named != name and kind.name != "invoke") or not named:
        run.problem(f"{kind.name} {name} got the answer of {named}")


def _check_failure(run: Run, number: int, kind: Kind, error: errors.AioBotanticError) -> None:
    if not kind.once:
        return
    done = run.carried[number]
    unsent = isinstance(error, errors.TransportError) and not error.sent
    if done and (unsent or isinstance(error, errors.ServiceError)):
        run.problem(f"{kind.name} i{number} was carried out, but {type(error).__name__} denies it")
    if not done and isinstance(error, errors.ResponseParseError):
        run.problem(f"{kind.name} i{number}: {type(error).__name__} says that it was carried out")


async def load(run: Run, tasks: int, seed: int) -> None:
    """Make all calls, half of them in each lane."""
    chance = random.Random(seed)
    async with AsyncExitStack() as stack:
        servers = [
            SageMakerServer(stateless=True),
            SageMakerServer(SageMakerRuntime, stateless=True),
        ]
        fronts: list[Front] = []
        for server in servers:
            await stack.enter_async_context(server)
            server.on(None, run.note)
            front = server.front(seed=chance.randrange(2**32))
            kinds = mishaps()
            if server is servers[1]:  # a body that is no JSON may be anything: nobody would see it
                kinds = [
                    each for each in kinds if not isinstance(each, Changed) or each.body is None
                ]
            front.sometimes(RATE, *kinds)
            fronts.append(await stack.enter_async_context(front))
        for lane, pipeline in LANES.items():
            await _one_lane(run, tasks, chance, servers, fronts, lane, pipeline)
        for server in servers:
            await server.stop()
            if server.connections:
                run.problem(f"{server.connections} connections are left")


async def _one_lane(
    run: Run, tasks: int, chance: random.Random, servers: Any, fronts: Any, lane: str, pipeline: Any
) -> None:
    end = run.begun + run.calls // len(LANES)
    config = AioConfig(read_timeout=READ_TIMEOUT, connect_timeout=10)
    async with AsyncExitStack() as stack:
        opened = [
            await stack.enter_async_context(
                server.client(endpoint_url=front.url, pipeline=pipeline, config=config)
            )
            for server, front in zip(servers, fronts, strict=True)
        ]
        assert {client.pipeline.lane for client in opened} == {lane}
        views = [client.with_options(max_answer_bytes=LONGEST, timeout=60) for client in opened]
        clients = (views[0], views[1])

        async def work() -> None:
            while run.begun < end:
                number = run.begun
                run.begun += 1
                if number % 500 == 0:
                    for each in (*servers, *fronts):
                        each.journal.clear()  # they grow until they are full
                if number % max(run.calls // SAMPLES, 1) == 0:
                    gc.collect()
                    run.memory.setdefault(lane, []).append((number, resident()))
                    if run.calls > 10_000:
                        print(f"{number} calls, {resident():.1f} MB", file=sys.stderr, flush=True)
                if number % max(run.calls // 2, 1) == run.calls // 4:
                    async with chance.choice(fronts).refused():
                        await asyncio.sleep(0.05)
                await one_call(run, number, chance.choices(KINDS, SHARES)[0], clients)

        for kind in KINDS:  # for what the first call of an operation makes, all would wait
            with suppress(errors.AioBotanticError):
                await kind.make(*clients, f"i{run.calls}")
        gc.collect()
        gc.freeze()  # classes and code: collecting them at each sample takes most of a short run
        await asyncio.gather(*(work() for _ in range(tasks)))


async def cycles(run: Run, count: int) -> None:
    """Open and close clients, each with a call."""
    async with SageMakerServer(stateless=True) as server:
        for number in range(count):
            pipeline = list(LANES.values())[number % 2]
            async with server.client(pipeline=pipeline) as client:
                await client.delete_image(image_name="m")
            if number % max(count // SAMPLES, 1) == 0:
                gc.collect()
                run.memory.setdefault("cycles", []).append((number, resident()))


def resident() -> float:
    """Return the megabytes that this process has in memory, without what is free in its heap."""
    with suppress(AttributeError):  # not of every C library
        ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def growth(memory: list[tuple[int, float]]) -> float:
    """Return the megabytes by which memory grew after warming up, by the slope of all samples."""
    first = memory[0][0] + (memory[-1][0] - memory[0][0]) * WARM
    points = [point for point in memory if point[0] >= first]
    middle = sum(at for at, _ in points) / len(points)
    mean = sum(size for _, size in points) / len(points)
    spread = sum((at - middle) ** 2 for at, _ in points)
    if not spread:
        return 0.0
    slope = sum((at - middle) * (size - mean) for at, size in points) / spread
    return slope * (points[-1][0] - points[0][0])


async def supervised(run: Run, what: Callable[[], Awaitable[None]], most: float) -> None:
    """Run something, and check that nothing of it is left."""
    loop = asyncio.get_running_loop()
    loop.slow_callback_duration = 60.0  # how long a busy machine takes says nothing
    loop.set_exception_handler(lambda _, context: run.problem(f"asyncio: {context}"))
    before, files = asyncio.all_tasks(), len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    await what()
    await asyncio.sleep(0.5)
    gc.collect()
    for task in asyncio.all_tasks() - before:
        run.problem(f"a task is left: {task}")
    left = len(os.listdir("/proc/self/fd")) - files  # noqa: PTH208
    if left > 0:
        run.problem(f"{left} open files are left")
    for name, memory in run.memory.items():
        if (grown := growth(memory)) > most:
            run.problem(f"{name}: memory grew by {grown:.1f} MB after warming up: {memory}")


class _Warnings(logging.Handler):
    def __init__(self, run: Run) -> None:
        super().__init__(logging.WARNING)
        self._run = run

    def emit(self, record: logging.LogRecord) -> None:
        self._run.problem(f"{record.name} warns: {record.getMessage()}")


def main() -> None:
    """Run, print what was found, and exit with 1 if something does not hold."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--calls", type=int, default=2_000)
    reader.add_argument("--tasks", type=int, default=200)
    reader.add_argument("--cycles", type=int, default=0, help="clients to open and close instead")
    reader.add_argument("--growth", type=float, default=10.0, help="megabytes that are allowed")
    reader.add_argument("--seed", type=int, default=1)
    given = reader.parse_args()
    run = Run(given.calls, bytearray(given.calls + 1))
    for name in ("asyncio", "aiohttp"):
        logging.getLogger(name).addHandler(_Warnings(run))
    logging.getLogger("aiobotantic").setLevel(logging.ERROR)  # it warns of clocks that differ
    sys.unraisablehook = lambda found: run.problem(f"{found.err_msg}: {found.exc_value!r}")
    warnings.showwarning = lambda message, *_, **__: run.problem(f"warning: {message}")

    async def what() -> None:
        if given.cycles:
            await cycles(run, given.cycles)
        else:
            await load(run, given.tasks, given.seed)

    started, cpu = time.monotonic(), time.process_time()
    asyncio.run(supervised(run, what, given.growth))
    found = {
        "calls": run.begun,
        "cycles": given.cycles,
        "outcomes": dict(run.outcomes.most_common()),
        "requests": sum(run.carried),
        "grown_mb": {name: round(growth(memory), 2) for name, memory in run.memory.items()},
        "resident_mb": {
            name: [round(memory[0][1]), round(memory[-1][1])] for name, memory in run.memory.items()
        },
        "seconds": round(time.monotonic() - started, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "problems": run.problems,
    }
    print(*run.problems, json.dumps(found), sep="\n")
    sys.exit(1 if run.problems else 0)


if __name__ == "__main__":
    main()
