"""Calls that are cancelled, wherever they wait, and clients that are closed under them."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Generator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from faulty import create, describe

from aiobotantic import errors
from aiobotantic.testing.mishaps import Cut, Instead, Slow, refusal
from aiosagemaker import SageMakerRuntime
from aiosagemaker.testing import SageMakerServer

ONE = AioConfig(max_pool_connections=1)


class Stepped:
    """Awaits a coroutine; when it waits for the n-th time, acts, or throws what `act` returns."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], n: int, act: Callable[[], Any]):
        self._coroutine = coroutine
        self._n = n
        self._act = act
        self.waits = 0

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._coroutine.__await__()
        step: Callable[[], Any] = steps.__next__
        while True:
            try:
                awaited = step()
            except StopIteration as end:
                return end.value
            self.waits += 1
            if self.waits == self._n:
                thrown = self._act()
                if isinstance(thrown, BaseException):
                    step = _throwing(steps, thrown)
                    continue
            try:
                sent = yield awaited
                step = _sending(steps, sent)
            except BaseException as error:
                step = _throwing(steps, error)


def _sending(steps: Any, value: Any) -> Callable[[], Any]:
    return lambda: steps.send(value)


def _throwing(steps: Any, error: BaseException) -> Callable[[], Any]:
    return lambda: steps.throw(error)


async def cancelled_at(make: Callable[[], Any], n: int) -> bool:
    """Cancel a call when it waits for the n-th time; return False where it ended before."""

    async def call() -> Any:
        return await make()

    async def run() -> Any:
        return await stepped

    task: asyncio.Task[Any] | None = None
    loop = asyncio.get_running_loop()
    stepped = Stepped(call(), n, lambda: loop.call_soon(lambda: task and task.cancel()))
    task = asyncio.create_task(run())
    try:
        await task
    except asyncio.CancelledError:
        return True
    return False


def budget(client: Any) -> int:
    return int(client._connection.lane.retries._budget.available)


async def check_every_wait(
    client: Any, make: Callable[[], Any], again: Callable[[], Any], least: int
) -> None:
    """Cancel a call at each of its waits; after each, one connection serves the next call."""
    await again()
    tasks = asyncio.all_tasks()
    n = 0
    while True:
        n += 1
        assert n < 100, "a call that waits for ever"
        ended = not await cancelled_at(make, n)
        await again()
        await asyncio.sleep(0.005)
        mine = {task for task in asyncio.all_tasks() - tasks if _is_ours(task)}
        assert mine == set()
        if ended:
            break
    assert n > least


def _is_ours(task: asyncio.Task[Any]) -> bool:
    """Return whether a task is the client's: the server has one for each connection."""
    name = getattr(task.get_coro(), "__qualname__", "")
    return name not in ("Front._serve", "RequestHandler.start")


async def test_a_call_may_be_cancelled_wherever_it_waits(
    server: SageMakerServer, pipeline: Any
) -> None:
    async with (
        server.front() as front,
        server.client(endpoint_url=front.url, pipeline=pipeline, config=ONE) as client,
    ):
        quick = client.with_options(timeout=5)

        hours = count(3)

        def make() -> Any:
            then = format_datetime(datetime.now(UTC) + timedelta(hours=next(hours)), usegmt=True)
            late = refusal("RequestExpired", 403, {"Date": then})  # repeated without a pause
            front._scripts.clear()
            front.next("DescribeImage", late, Slow(drop=100, pause=0.02))
            return describe(client)

        await check_every_wait(client, make, lambda: create(quick), 3)


async def test_a_first_call_may_be_cancelled_wherever_it_waits(
    server: SageMakerServer, pipeline: Any
) -> None:
    n = 0
    ended = False
    while not ended:
        n += 1
        async with server.client(pipeline=pipeline, config=ONE) as client:
            ended = not await cancelled_at(lambda: describe(client), n)
            assert (await describe(client.with_options(timeout=5))).image_name == "m"
        assert n < 100

    assert n > 1


async def test_opening_may_be_cancelled_wherever_it_waits(
    server: SageMakerServer, pipeline: Any
) -> None:
    n = 0
    ended = False
    while not ended:
        n += 1
        client = server.client(pipeline=pipeline)
        ended = not await cancelled_at(client.open, n)
        await client.open()
        await describe(client)
        await client.close()
        assert n < 100


async def test_reading_a_stream_may_be_cancelled_wherever_it_waits(
    endpoint: SageMakerServer[SageMakerRuntime], pipeline: Any
) -> None:
    async with (
        endpoint.front() as front,
        endpoint.client(endpoint_url=front.url, pipeline=pipeline, config=ONE) as runtime,
    ):

        async def read() -> int:
            front._scripts.clear()
            front.next("InvokeEndpointWithResponseStream", Slow(drop=200, pause=0.02))
            answered = await runtime.invoke_endpoint_with_response_stream(
                endpoint_name="e", body=b"1"
            )
            async with answered.body as events:
                return len([event async for event in events])

        quick = runtime.with_options(timeout=5)
        await check_every_wait(
            runtime, read, lambda: quick.invoke_endpoint(endpoint_name="e", body=b"1"), 2
        )


async def test_waiting_for_a_connection_may_be_cancelled(
    server: SageMakerServer, pipeline: Any
) -> None:
    async def wait(operation: str, members: Any) -> None:
        await asyncio.sleep(0.3)

    server.on("DescribeImage", wait)
    async with server.client(pipeline=pipeline, config=ONE) as client:
        calls = [asyncio.ensure_future(describe(client)) for _ in range(10)]
        await asyncio.sleep(0.1)
        for call in calls[1:9]:
            call.cancel()
        found = await asyncio.gather(*calls, return_exceptions=True)

    assert [isinstance(each, asyncio.CancelledError) for each in found] == [
        *(False, *[True] * 8, False),
    ]


async def test_a_retry_that_is_cancelled_before_it_begins_costs_nothing(
    server: SageMakerServer, pipeline: Any
) -> None:
    async with (
        server.front() as front,
        server.client(endpoint_url=front.url, pipeline=pipeline) as client,
    ):
        for _ in range(3):
            front.next("CreateImage", Instead(503, b"", {"Retry-After": "20"}))
            with pytest.raises(errors.CallTimeoutError) as caught:
                await create(client.with_options(timeout=0.2))
            assert caught.value.attempts == 1
        assert budget(client) == 500


async def test_closing_while_a_call_waits_for_its_retry(
    server: SageMakerServer, pipeline: Any
) -> None:
    async with server.front() as front:
        for mishap in (Instead(503, b"", {"Retry-After": "1"}), Cut("answer")):
            client = await server.client(endpoint_url=front.url, pipeline=pipeline).open()
            front.next("DescribeImage", *[mishap] * 20)
            call = asyncio.ensure_future(describe(client.with_options(retries=20)))
            while not front.journal:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.02)
            await client.close()
            with pytest.raises(errors.ClientClosedError, match="was closed while DescribeImage"):
                await call
            front.journal.clear()
            front._scripts.clear()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
async def test_what_is_no_exception_passes_as_it_is(
    server: SageMakerServer, pipeline: Any, error: type[BaseException]
) -> None:
    async with server.client(pipeline=pipeline, config=ONE) as client:
        await describe(client)
        for n in range(1, 100):
            stepped = Stepped(_call(client), n, error)
            try:
                await stepped
            except error:
                await describe(client.with_options(timeout=5))
            else:
                break

    assert n > 1


async def _call(client: Any) -> Any:
    return await describe(client)


PROGRAM = """
import asyncio
from aiosagemaker.testing import SageMakerServer

async def wait(operation, members):
    print("arrived", flush=True)
    await asyncio.sleep(30)

async def main():
    server = SageMakerServer(stateless=True)
    async with server, server.client(pipeline={pipeline!r}) as client:
        server.on("DescribeImage", wait)
        await asyncio.gather(*(client.describe_image(image_name="m") for _ in range(3)))

asyncio.run(main())
"""


def test_an_interrupt_ends_a_program_at_once_and_cleanly(pipeline: Any) -> None:
    program = subprocess.Popen(
        [sys.executable, "-W", "always", "-c", PROGRAM.format(pipeline=pipeline)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    for _ in range(3):
        assert program.stdout.readline() == "arrived\n"
    started = time.monotonic()
    program.send_signal(signal.SIGINT)
    _, said = program.communicate(timeout=30)

    assert time.monotonic() - started < 20
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert re.findall("ResourceWarning|never (?:retrieved|awaited)|Unclosed", said) == []


def test_the_step_by_step_runner_sees_every_wait() -> None:
    async def waits() -> int:
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        return 3

    async def check() -> None:
        assert [await cancelled_at(waits, n) for n in (1, 2, 3)] == [True, True, False]

    asyncio.run(check())
