"""Functions that answer invocations part by part: each part is sent when it is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from aiobotantic.event_stream import EventStream
from aiosagemaker import SageMakerRuntime
from aiosagemaker.sagemaker_runtime.errors import ModelError, ModelStreamError
from aiosagemaker.sagemaker_runtime.models import ResponseStream
from aiosagemaker_extras.testing import Invocation, SageMakerServer


async def parts_of(runtime: SageMakerRuntime) -> EventStream[ResponseStream]:
    answer = await runtime.invoke_endpoint_with_response_stream(endpoint_name="e", body=b"")
    return answer.body


async def test_a_part_is_read_before_the_next_is_made() -> None:
    asked = asyncio.Event()
    async with SageMakerServer(SageMakerRuntime) as server, server.client() as runtime:

        @server.endpoint("e")
        async def model(_: Invocation) -> AsyncIterator[bytes]:
            yield b"one"
            await asked.wait()
            yield b"two"

        async with asyncio.timeout(10), await parts_of(runtime) as stream:
            parts = stream.iter_bytes()
            assert await anext(parts) == b"one"
            asked.set()
            assert [part async for part in parts] == [b"two"]


async def test_a_caller_who_leaves_ends_the_function() -> None:
    left = asyncio.Event()
    async with SageMakerServer(SageMakerRuntime) as server, server.client() as runtime:

        @server.endpoint("e")
        async def model(_: Invocation) -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"more"
                    await asyncio.sleep(0)
            finally:
                left.set()

        async with asyncio.timeout(10):
            async with await parts_of(runtime) as stream:
                assert await anext(stream.iter_bytes()) == b"more"
            await left.wait()


@pytest.mark.parametrize("count", [0, 1])
async def test_what_is_raised_at_and_after_the_first_part(count: int) -> None:
    async with SageMakerServer(SageMakerRuntime) as server, server.client() as runtime:

        @server.endpoint("e")
        def model(_: Invocation) -> Iterator[bytes]:
            for _part in range(count):
                yield b"part"
            raise RuntimeError("no memory")

        with pytest.raises(ModelStreamError if count else ModelError, match="no memory"):
            async with await parts_of(runtime) as stream:
                assert [part async for part in stream.iter_bytes()] == [b"part"]
        with pytest.raises(ModelError, match="no memory"):
            await runtime.invoke_endpoint(endpoint_name="e", body=b"")


async def test_a_function_that_yields_nothing() -> None:
    async with SageMakerServer(SageMakerRuntime) as server, server.client() as runtime:

        @server.endpoint("e")
        def model(_: Invocation) -> Iterator[bytes]:
            yield from ()

        async with await parts_of(runtime) as stream:
            assert [part async for part in stream.iter_bytes()] == []
        assert (await runtime.invoke_endpoint(endpoint_name="e", body=b"")).body == b""
