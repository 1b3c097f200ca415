"""Answers that are read while they arrive: cut, damaged, refused, and left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from aiobotantic import errors
from aiobotantic.testing.front import Front
from aiobotantic.testing.mishaps import Changed, Cut, Huge, Instead, Slow, refusal
from aiosagemaker import SageMakerRuntime
from aiosagemaker.sagemaker_runtime.errors import ModelStreamError
from aiosagemaker.sagemaker_runtime.models import PayloadPart, ResponseStream
from aiosagemaker.testing import (
    Damaged,
    HangUp,
    RawEvent,
    SageMakerServer,
    ServedError,
    Truncated,
)

OPERATION = "InvokeEndpointWithResponseStream"
ONE = ResponseStream(payload_part=PayloadPart(bytes_=b"one"))


@pytest.fixture
async def front(endpoint: SageMakerServer[SageMakerRuntime]) -> AsyncIterator[Front]:
    """A front before the runtime."""
    async with endpoint.front() as running:
        yield running


@pytest.fixture
async def runtime(
    endpoint: SageMakerServer[SageMakerRuntime], front: Front, pipeline: Any
) -> AsyncIterator[SageMakerRuntime]:
    """A client of that front, in each lane."""
    async with endpoint.client(endpoint_url=front.url, pipeline=pipeline) as opened:
        yield opened


async def start(runtime: SageMakerRuntime) -> Any:
    answered = await runtime.invoke_endpoint_with_response_stream(endpoint_name="e", body=b"1")
    return answered.body


async def none_left(endpoint: SageMakerServer[SageMakerRuntime], runtime: SageMakerRuntime) -> None:
    """Check that a stream that failed gave its connection up, and that calls go on."""
    await asyncio.sleep(0.1)
    assert endpoint.connections <= 1
    await runtime.with_options(timeout=5).invoke_endpoint(endpoint_name="e", body=b"1")


@pytest.mark.parametrize(
    ("last", "error", "problem"),
    [
        (Truncated(ONE), errors.TruncatedStreamError, "the stream ended inside an event, 10 bytes"),
        (Damaged(ONE), errors.DamagedStreamError, "an event is damaged: its checksum is wrong"),
        (Damaged(ONE, prelude=True), errors.DamagedStreamError, "the checksum of its lengths"),
        (HangUp(), errors.ConnectionLost, "the answer broke off while it was read"),
        (ServedError("ModelStreamError", "out of memory"), ModelStreamError, "out of memory"),
        (ServedError("Unheard", "of"), errors.ServiceError, r"\(Unheard\).*: of"),
        (ServedError("InternalStreamFailure", "x"), errors.ServiceError, "InternalStreamFailure"),
    ],
    ids=["truncated", "damaged", "damaged lengths", "hang-up", "modelled", "unknown", "fault"],
)
async def test_events_that_end_badly(
    endpoint: SageMakerServer[SageMakerRuntime],
    runtime: SageMakerRuntime,
    last: Any,
    error: type[Exception],
    problem: str,
) -> None:
    endpoint.stream_next(OPERATION, [ONE, last])
    seen = []
    async with await start(runtime) as events:
        with pytest.raises(error, match=problem) as caught:
            async for event in events:
                seen.append(event.payload_part.bytes_)
        assert events.closed

    assert isinstance(caught.value, errors.AioBotanticError)
    assert OPERATION in str(caught.value)
    assert seen == [b"one"]
    await none_left(endpoint, runtime)


async def test_an_unknown_event_is_an_arm_that_is_not_known(
    endpoint: SageMakerServer[SageMakerRuntime], runtime: SageMakerRuntime
) -> None:
    endpoint.stream_next(OPERATION, [RawEvent("Later", b'{"a": 1}'), ONE])
    async with await start(runtime) as events:
        later, one = [event async for event in events]

    assert (later.is_known, later.arm) == (False, ("Later", {"a": 1}))
    assert one.payload_part.bytes_ == b"one"


@pytest.mark.parametrize("reset", [True, False])
async def test_a_stream_whose_connection_breaks(
    endpoint: SageMakerServer[SageMakerRuntime],
    front: Front,
    runtime: SageMakerRuntime,
    reset: bool,
) -> None:
    endpoint.stream_next(OPERATION, [ONE] * 100)
    front.next(OPERATION, Cut("body", reset))
    count = 0
    async with await start(runtime) as events:
        with pytest.raises(errors.TransportError):
            async for _ in events:
                count += 1

    assert 0 < count < 100
    assert len(front.journal) == 1  # what was begun is not asked for again
    await none_left(endpoint, runtime)


async def test_a_stream_that_never_begins_is_asked_for_again(
    front: Front, runtime: SageMakerRuntime
) -> None:
    front.next(OPERATION, Cut("answer"), refusal("ThrottlingException"))

    async with await start(runtime) as events:
        assert len([event async for event in events]) > 0

    assert len(front.journal) == 3


@pytest.mark.parametrize(
    ("mishap", "error"),
    [
        (Instead(500, b"{}"), errors.ServiceError),
        (Changed(status=500, body=b"{}", length_off_by=50), errors.ConnectionLost),
        (Changed(status=400, body=b"", length_off_by=9), errors.ConnectionLost),
        (refusal("ModelError", 424), errors.ServiceError),
        (Instead(302, b"", {"Location": "http://127.0.0.1:1/"}), errors.ServiceError),
        (Cut("answer"), errors.ConnectionLost),
    ],
    ids=str,
)
async def test_an_error_in_place_of_a_stream(
    endpoint: SageMakerServer[SageMakerRuntime],
    front: Front,
    runtime: SageMakerRuntime,
    mishap: Any,
    error: type[Exception],
) -> None:
    front.next(OPERATION, mishap)

    with pytest.raises(error) as caught:
        await start(runtime.with_options(retries=0))

    assert isinstance(caught.value, errors.AioBotanticError)
    await none_left(endpoint, runtime)


async def test_an_error_in_place_of_a_stream_has_a_bound(
    front: Front, runtime: SageMakerRuntime
) -> None:
    front.next(OPERATION, Instead(500, b"x" * 200_000))
    with pytest.raises(errors.AnswerTooLargeError):
        await start(runtime.with_options(max_answer_bytes=100_000))


async def test_a_stream_has_no_bound(
    endpoint: SageMakerServer[SageMakerRuntime], runtime: SageMakerRuntime
) -> None:
    big = ResponseStream(payload_part=PayloadPart(bytes_=b"x" * 100_000))
    endpoint.stream_next(OPERATION, [big] * 5)
    async with await start(runtime.with_options(max_answer_bytes=1_000)) as events:
        assert sum([len(event.payload_part.bytes_) async for event in events]) == 500_000


async def test_no_stream_at_all_is_a_damaged_one(
    endpoint: SageMakerServer[SageMakerRuntime], front: Front, runtime: SageMakerRuntime
) -> None:
    front.next(OPERATION, Changed(body=b"<html>Bad gateway, says a box</html>"), Huge(1_000))
    for _ in range(2):
        async with await start(runtime) as events:
            with pytest.raises(errors.DamagedStreamError, match="checksum of its lengths"):
                await anext(events)
    await none_left(endpoint, runtime)


async def test_a_stream_in_drops_is_read_as_it_is(front: Front, runtime: SageMakerRuntime) -> None:
    front.next(OPERATION, Slow(drop=7), None)

    dropped, whole = [], []
    for events_seen in (dropped, whole):
        async with await start(runtime) as events:
            events_seen += [event async for event in events]

    assert dropped == whole


async def test_a_stream_that_is_cancelled_gives_its_connection_up(
    endpoint: SageMakerServer[SageMakerRuntime], front: Front, runtime: SageMakerRuntime
) -> None:
    front.next(OPERATION, Slow(drop=200, pause=0.1))

    async def read() -> None:
        async with await start(runtime) as events:
            async for _ in events:
                pass

    reading = asyncio.create_task(read())
    await asyncio.sleep(0.3)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await none_left(endpoint, runtime)


async def test_a_stream_after_its_client_was_closed(
    endpoint: SageMakerServer[SageMakerRuntime], pipeline: Any
) -> None:
    endpoint.stream_next(OPERATION, [ResponseStream(payload_part=PayloadPart(bytes_=b"x" * 9**6))])
    async with endpoint.client(pipeline=pipeline) as runtime:
        events = await start(runtime)

    with pytest.raises(errors.AioBotanticError):
        async for _ in events:
            pass
    await events.close()
