"""Calls whose answer streams: awaited for the answer, or entered for the stream."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from typing import Any

import pytest

from aiobotantic.errors import ClientClosedError, RequestValidationError
from aiobotantic.streamed_call import StreamedCall
from aiosagemaker import SageMakerGeospatial, SageMakerRuntime
from aiosagemaker.sagemaker_runtime.errors import ModelError, ModelStreamError
from aiosagemaker.sagemaker_runtime.models import (
    InvokeEndpointWithResponseStreamOutput,
    PayloadPart,
    ResponseStream,
)
from aiosagemaker_extras.testing import (
    FakeSageMakerRuntime,
    Invocation,
    SageMakerServer,
    event_stream,
)

TILE: dict[str, Any] = {
    "arn": "arn:aws:sagemaker-geospatial:us-east-1:123456789012:earth-observation-job/abcdefghijkl",
    "image_assets": ["a"],
    "target": "INPUT",
    "x": 1,
    "y": 1,
    "z": 1,
}


@pytest.fixture
async def server() -> AsyncIterator[SageMakerServer[SageMakerRuntime]]:
    async with SageMakerServer(SageMakerRuntime) as server:

        @server.endpoint("e")
        async def model(invocation: Invocation) -> AsyncIterator[bytes]:
            for word in invocation.body.split():
                if word == b"bad":
                    raise RuntimeError("no memory")
                yield word

        yield server


async def test_it_is_entered(server: SageMakerServer[SageMakerRuntime], pipeline: Any) -> None:
    async with server.client(pipeline=pipeline) as runtime:
        async with runtime.invoke_endpoint_with_response_stream(
            endpoint_name="e", text="one two"
        ) as events:
            assert [part async for part in events.iter_bytes()] == [b"one", b"two"]
        assert events.closed

        async with runtime.invoke_endpoint_with_response_stream(
            endpoint_name="e", text="one two"
        ) as events:
            assert await anext(events.iter_bytes()) == b"one"
        with pytest.raises(ClientClosedError):
            await anext(events)

        with pytest.raises(ModelError, match="no memory"):
            async with runtime.invoke_endpoint_with_response_stream(endpoint_name="e", text="bad"):
                pytest.fail("it has no answer")
        with pytest.raises(ModelStreamError, match="no memory"):
            async with runtime.invoke_endpoint_with_response_stream(
                endpoint_name="e", text="one bad"
            ) as events:
                _ = [event async for event in events]
        with pytest.raises(RequestValidationError, match="body is missing"):
            async with runtime.invoke_endpoint_with_response_stream(endpoint_name="e"):
                pytest.fail("nothing was sent")


async def test_it_is_a_coroutine(server: SageMakerServer[SageMakerRuntime]) -> None:
    async with server.client() as runtime:
        call = runtime.invoke_endpoint_with_response_stream(endpoint_name="e", text="one")
        assert asyncio.iscoroutine(call)
        assert inspect.isawaitable(call)
        answer = await asyncio.create_task(call)
        async with answer.body as events:
            assert [part async for part in events.iter_bytes()] == [b"one"]

        calls = (
            runtime.invoke_endpoint_with_response_stream(endpoint_name="e", text=str(number))
            for number in range(3)
        )
        for each in await asyncio.gather(*calls):
            await each.body.close()
        cancelled = asyncio.create_task(
            runtime.invoke_endpoint_with_response_stream(endpoint_name="e", text="one")
        )
        await asyncio.sleep(0)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        runtime.invoke_endpoint_with_response_stream(endpoint_name="e", text="never").close()

    assert isinstance(call, StreamedCall)
    assert len(server.journal) <= 5


async def test_it_is_not_read_before_it_is_entered(
    server: SageMakerServer[SageMakerRuntime],
) -> None:
    async with server.client() as runtime:
        call: Any = runtime.invoke_endpoint_with_response_stream(endpoint_name="e", text="one")
        with pytest.raises(TypeError, match=r"async with client\.method\(\.\.\.\) as events"):
            async for _ in call:
                pass
    assert server.journal == []


async def test_a_body_that_streams() -> None:
    async with (
        SageMakerServer(SageMakerGeospatial, stateless=True) as server,
        server.client() as geospatial,
    ):
        async with geospatial.get_tile(**TILE) as body:
            whole = await body.read()
        answer = await geospatial.get_tile(**TILE)
        async with answer.binary_file as body:
            assert await body.read() == whole


async def test_a_fake_is_entered() -> None:
    part = ResponseStream(payload_part=PayloadPart(bytes_=b"one"))
    fake = FakeSageMakerRuntime()
    fake.invoke_endpoint_with_response_stream.returns(
        InvokeEndpointWithResponseStreamOutput(body=event_stream(part))
    )

    async with fake.invoke_endpoint_with_response_stream(endpoint_name="e", text="x") as events:
        assert [event async for event in events] == [part]
    fake.invoke_endpoint_with_response_stream.assert_called_once_with(endpoint_name="e", text="x")
