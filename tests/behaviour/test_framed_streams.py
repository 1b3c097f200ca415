"""What streams hold together: text, lines, JSON lines and server-sent events, in both lanes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from aiobotantic.errors import BodyFormatError, ConnectionLost, TruncatedStreamError
from aiobotantic.framing import ServerSentEvent
from aiosagemaker import SageMakerGeospatial, SageMakerRuntime
from aiosagemaker.sagemaker_runtime.errors import ModelStreamError
from aiosagemaker.sagemaker_runtime.models import (
    InvokeEndpointWithResponseStreamOutput,
    PayloadPart,
    ResponseStream,
)
from aiosagemaker.testing import (
    FakeSageMakerRuntime,
    HangUp,
    Invocation,
    SageMakerServer,
    ServedError,
    Truncated,
    event_stream,
)

ARN = "arn:aws:sagemaker-geospatial:us-west-2:123456789012:earth-observation-job/abcdefghijkl"
TOKENS = [{"token": "naïve 🦊"}, {"token": "\u2028"}]
LINES = "".join(json.dumps(token, ensure_ascii=False) + "\n" for token in TOKENS)
SSE = "".join(f"data: {json.dumps(token, ensure_ascii=False)}\r\n\r\n" for token in TOKENS)


@pytest.fixture
async def server() -> AsyncIterator[SageMakerServer[SageMakerRuntime]]:
    async with SageMakerServer(SageMakerRuntime) as running:

        @running.endpoint("llm")
        def model(invocation: Invocation) -> Iterator[bytes]:
            return (invocation.body[n : n + 1] for n in range(len(invocation.body)))

        yield running


@pytest.fixture
async def runtime(
    server: SageMakerServer[SageMakerRuntime], pipeline: Any
) -> AsyncIterator[SageMakerRuntime]:
    async with server.client(pipeline=pipeline) as client:
        yield client


def part(data: bytes) -> ResponseStream:
    return ResponseStream(payload_part=PayloadPart(bytes_=data))


async def test_parts_that_cut_characters_are_put_together(runtime: SageMakerRuntime) -> None:
    async def invoke(text: str) -> Any:
        answer = await runtime.invoke_endpoint_with_response_stream(
            endpoint_name="llm", body=text.encode()
        )
        return answer.body

    async with await invoke(LINES) as events:
        assert b"".join([blob async for blob in events.iter_bytes()]) == LINES.encode()
    async with await invoke(LINES) as events:
        assert "".join([text async for text in events.iter_text()]) == LINES
    async with await invoke(LINES) as events:
        assert [line async for line in events.iter_lines()] == LINES.split("\n")[:-1]
    async with await invoke(LINES) as events:
        assert [value async for value in events.iter_json()] == TOKENS
    async with await invoke(SSE) as events:
        found = [event async for event in events.iter_sse()]
        assert [event.json() for event in found] == TOKENS
        assert found[0] == ServerSentEvent(data=json.dumps(TOKENS[0], ensure_ascii=False))


@pytest.mark.parametrize(
    ("end", "error"),
    [
        (ServedError("ModelStreamError", "the model broke"), ModelStreamError),
        (Truncated(part(b"2\n")), TruncatedStreamError),
        (HangUp(), ConnectionLost),
    ],
)
async def test_errors_in_a_stream_are_raised_after_what_came_before(
    server: SageMakerServer[SageMakerRuntime], runtime: SageMakerRuntime, end: Any, error: Any
) -> None:
    for name, expected in (("iter_json", [1]), ("iter_lines", ["1"]), ("iter_bytes", [b"1\n2"])):
        server.stream_next("InvokeEndpointWithResponseStream", [part(b"1\n2"), end])
        answer = await runtime.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"")
        items: list[Any] = []
        async with answer.body as events:
            with pytest.raises(error):
                async for item in getattr(events, name)():
                    items.append(item)
        assert items == expected
        assert events.closed


async def test_a_line_that_is_no_json_closes_the_stream(runtime: SageMakerRuntime) -> None:
    answer = await runtime.invoke_endpoint_with_response_stream(
        endpoint_name="llm", body=b"1\nsecret\n3\n"
    )
    with pytest.raises(BodyFormatError, match=r"^line 2 is no JSON: Expecting value at"):
        assert [value async for value in answer.body.iter_json()]
    assert answer.body.closed


async def test_streamed_bodies_are_read_the_same_way(pipeline: Any) -> None:
    async with (
        SageMakerServer(SageMakerGeospatial) as server,
        server.client(pipeline=pipeline) as geospatial,
    ):

        async def tile(content: str) -> Any:
            server.stream_next("GetTile", [content.encode()[:13], content.encode()[13:]])
            answer = await geospatial.get_tile(
                x=0, y=0, z=0, target="INPUT", image_assets=["a"], arn=ARN
            )
            return answer.binary_file

        async with await tile(LINES) as body:
            assert [value async for value in body.iter_json()] == TOKENS
            assert await body.read() == b""
        async with await tile(LINES) as body:
            assert "".join([text async for text in body.iter_text()]) == LINES
        async with await tile(LINES) as body:
            assert [line async for line in body.iter_lines()] == LINES.split("\n")[:-1]
        async with await tile(SSE) as body:
            assert [event.json() async for event in body.iter_sse()] == TOKENS


async def test_fakes_stream_the_same_way() -> None:
    fake = FakeSageMakerRuntime()
    stream = fake.invoke_endpoint_with_response_stream

    async def lines() -> list[Any]:
        answer = await fake.invoke_endpoint_with_response_stream(endpoint_name="e", body=b"")
        return [value async for value in answer.body.iter_json()]

    stream.returns(
        InvokeEndpointWithResponseStreamOutput(body=event_stream(part(b"1"), part(b"2\n3")))
    )
    assert await lines() == await lines() == [12, 3]
    stream.returns(InvokeEndpointWithResponseStreamOutput(body=event_stream()))
    assert await lines() == []
    stream.returns(InvokeEndpointWithResponseStreamOutput(body=event_stream(ModelStreamError("m"))))
    with pytest.raises(ModelStreamError):
        await lines()
