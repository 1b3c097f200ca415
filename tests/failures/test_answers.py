"""Answers that are lost, late, wrong, too long, refused, or somebody else's."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from botocore import exceptions as botocore
from botocore.parsers import ResponseParserError
from faulty import Make, Meet, Met, create, create_with_token, delete, describe
from http_service import HttpService, answer

from aiobotantic import errors
from aiobotantic.retry import THROTTLING_CODES
from aiobotantic.testing.front import Front
from aiobotantic.testing.mishaps import (
    THROTTLING,
    Changed,
    Cut,
    Huge,
    Instead,
    Mishap,
    Slow,
    refusal,
)
from aiosagemaker import SageMaker
from aiosagemaker.testing import SageMakerServer

LOST: tuple[Mishap, ...] = (
    *(Cut(at, reset) for at in ("request", "answer", "body") for reset in (True, False)),
    Changed(length_off_by=7),
)
GARBLED: tuple[Mishap, ...] = (
    Changed(length_off_by=-7),
    Changed(add=[("Content-Length", "7")]),
    Changed(add=[("X-Big", "x" * 300_000)]),
    Changed(add=[(f"X-{number}", "x") for number in range(5_000)]),
    Changed(add=[("Bad Name", "x")]),
    Changed(add=[("X-Bad", "a\x00b")]),
    Changed(status=99),
    Changed(status=1000),
)
UNREADABLE: tuple[Mishap, ...] = (
    Changed(body=b"<html>sign in to the guest network</html>"),
    Changed(body=b""),
    Changed(body=b'{"ImageName": "m'),
    Changed(body=b'{"ImageName": "\xff"}'),
    Changed(body=b'{"CreationTime": NaN}'),
    Changed(body=b'{"ImageName": 7}'),
    Changed(body=b'{"Deep": ' + b"[" * 500 + b"]" * 500 + b"}"),
    Changed(body=b"[]"),
    Changed(status=204, body=b""),
)


async def each(meet: Meet, mishaps: Any, make: Make, **options: Any) -> list[Met]:
    return await asyncio.gather(*(meet(make, mishap, **options) for mishap in mishaps))


def kinds(met: list[Met]) -> dict[str, str]:
    return {str(one.mishaps): type(one.error or one.answer).__name__ for one in met}


async def test_a_lost_answer_is_asked_for_again_where_that_does_no_harm(meet: Meet) -> None:
    for make in (describe, delete, create_with_token):
        met = await each(meet, [*LOST, *GARBLED] if make is describe else LOST, make)
        assert {one.attempts for one in met} == {2}, kinds(met)
        assert {len(one.passages) for one in met} == {2}
        assert {one.passages[-1].to_client for one in met} == {"whole"}


async def test_a_lost_answer_to_a_creation_is_ambiguous(
    server: SageMakerServer, meet: Meet
) -> None:
    met = await each(meet, [*LOST, *GARBLED], create)

    for one in met:
        assert type(one.error) is errors.AmbiguousResultError, kinds(met)
        assert isinstance(one.error, botocore.ConnectionClosedError)
        assert "CreateImage may have been carried out" in str(one.error)
        assert len(one.passages) == 1
    assert len(server.requests("CreateImage")) == len(met) - 2  # two were cut before the server


async def test_a_lost_answer_is_one_of_the_family(meet: Meet) -> None:
    lost = await each(meet, LOST, describe, retries=0)
    garbled = await each(meet, GARBLED, describe, retries=0)

    assert {type(one.error) for one in lost} == {errors.ConnectionLost}, kinds(lost)
    assert {isinstance(one.error, botocore.ConnectionClosedError) for one in lost} == {True}
    assert {type(one.error) for one in garbled} == {errors.TransportError}, kinds(garbled)
    assert {isinstance(one.error, botocore.HTTPClientError) for one in garbled} == {True}
    for one in (*lost, *garbled):
        assert isinstance(one.error, errors.TransportError)
        assert one.error.sent
        assert str(one.error).startswith("DescribeImage: ")


async def test_a_connection_that_broke_between_calls_is_not_used_again(
    server: SageMakerServer, front: Front, client: SageMaker
) -> None:
    for reset in (True, False):
        front.next("CreateImage", Cut("end", reset))
        await create(client)
        await asyncio.sleep(0.1)
        await create(client)

    assert [each.connection for each in front.journal] == [1, 2, 2, 3]
    assert len(server.requests("CreateImage")) == 4


async def test_surplus_bytes_are_not_taken_for_the_next_answer(
    front: Front, client: SageMaker
) -> None:
    other = b'HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n{"ImageName": "evil"}'
    front.next("DescribeImage", Changed(body=b"{}" + other, length_off_by=-len(other)))
    first = client.with_options(retries=0)
    with suppress(errors.AioBotanticError):
        await describe(first)

    assert (await describe(client)).image_name == "m"


async def test_a_2xx_that_is_no_answer(meet: Meet) -> None:
    for make in (create, delete):
        answers = UNREADABLE[:4] if make is create else UNREADABLE[:1]
        met = await each(meet, answers, make)
        assert {type(one.error) for one in met} == {errors.ResponseParseError}, kinds(met)
        assert {len(one.passages) for one in met} == {1}

    met = await each(meet, UNREADABLE, describe)
    assert {one.attempts for one in met} == {2}, kinds(met)

    again = await asyncio.gather(*(meet(describe, mishap, mishap) for mishap in UNREADABLE))
    for one in again:
        assert isinstance(one.error, errors.ResponseParseError), kinds(again)
        assert isinstance(one.error, ResponseParserError)
        assert one.error.request_id is not None
        assert "guest" not in str(one.error)
        assert one.attempts == len(one.passages) == 2


async def test_headers_that_are_odd_but_legal_are_read(meet: Meet) -> None:
    twice = Changed(add=[("X-A", "1"), ("X-A", "2"), ("Content-Type", "text/plain")])
    none = Changed(drop=["x-amzn-requestid", "content-type", "date", "server"])
    endless = Changed(drop=["content-length"])
    big = Changed(add=[(f"X-{number}", "x" * 7_000) for number in range(20)])
    bytes_ = Changed(add=[("X-Odd", "\xe9\xff")])

    met = await each(meet, [twice, none, endless, big, bytes_], describe)

    assert {one.attempts for one in met} == {1}, kinds(met)
    assert {one.answer.image_name[:1] for one in met} == {"m"}
    metadata = [one.answer.response_metadata for one in met]
    assert metadata[0].headers["x-a"] == "1, 2"
    assert metadata[1].request_id is None
    assert len(metadata[3].headers["x-19"]) == 7_000
    assert len(metadata[4].headers["x-odd"]) == 2


async def test_interim_answers_are_passed_over(server: SageMakerServer, pipeline: Any) -> None:
    before = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    final = b'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"ImageName": "i"}'

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(before + final)

    raw = await asyncio.start_server(once, "127.0.0.1", 0)
    async with raw:
        url = f"http://127.0.0.1:{raw.sockets[0].getsockname()[1]}"
        async with server.client(endpoint_url=url, pipeline=pipeline) as client:
            assert (await describe(client)).image_name == "i"


async def test_nothing_after_an_interim_answer_is_a_late_answer(meet: Meet) -> None:
    config = AioConfig(read_timeout=0.3)
    met = await meet(describe, Instead(100), config=config, retries=0, timeout=3)

    assert isinstance(met.error, (errors.ReadTimedOut, errors.CallTimeoutError))

    switched = await meet(describe, Instead(101), retries=0)
    assert isinstance(switched.error, errors.ServiceError)
    assert switched.error.status_code == 101


async def test_an_answer_that_is_too_long_is_refused(meet: Meet) -> None:
    tracemalloc.start()
    met = await meet(describe, Huge(300_000_000))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 50_000_000
    assert str(met.error).startswith(
        "DescribeImage: the answer has more than 104857600 bytes. "
        "with_options(max_answer_bytes=...) takes longer ones (request id "
    )
    assert isinstance(met.error, errors.AnswerTooLargeError)
    assert isinstance(met.error, ResponseParserError)
    assert str(met.error.request_id) in str(met.error)
    assert met.attempts == 1

    for mishap in (Huge(300_000), Huge(300_000, announced=False), Instead(500, b"x" * 300_000)):
        met = await meet(describe, mishap, max_answer_bytes=200_000)
        assert isinstance(met.error, errors.AnswerTooLargeError), met
        assert (met.error.path, met.error.attempts) == ("", 1)
        assert met.error.status_code == (500 if isinstance(mishap, Instead) else 200)
        met = await meet(describe, mishap, max_answer_bytes=300_000, retries=0)
        assert not isinstance(met.error, errors.AnswerTooLargeError)

    met = await meet(create, Huge(300_000), max_answer_bytes=1_000)
    assert "more than 1000 bytes, but the operation was carried out. with_" in str(met.error)


async def test_a_long_request_has_the_same_bound(server: SageMakerServer, pipeline: Any) -> None:
    async with (
        server.front() as front,
        server.client(endpoint_url=front.url, pipeline=pipeline) as client,
    ):
        front.next("CreateImage", Huge(5_000))
        small = client.with_options(max_answer_bytes=4_999, validation="off")
        with pytest.raises(errors.AnswerTooLargeError, match="more than 4999 bytes"):
            await small.create_image(image_name="m" * 100_000, role_arn="r")


@pytest.mark.parametrize("value", [0, -1, True, "5", 1.5])
def test_the_bound_is_a_number_of_bytes(value: Any) -> None:
    with pytest.raises(errors.ConfigurationError, match=r"max_answer_bytes is .*: pass a number"):
        SageMaker().with_options(max_answer_bytes=value)


async def test_a_late_answer_is_a_read_timeout(meet: Meet) -> None:
    config = AioConfig(read_timeout=0.2)
    late = Slow(seconds=2)

    read, again, created, repeated = await asyncio.gather(
        meet(describe, late, config=config, retries=0),
        meet(describe, late, config=config),
        meet(create, late, config=config),
        meet(delete, late, config=config),
    )

    assert type(read.error) is errors.ReadTimedOut
    assert isinstance(read.error, botocore.ReadTimeoutError)
    assert again.attempts == repeated.attempts == 2
    assert isinstance(created.error, errors.AmbiguousResultError)


async def test_a_slow_drip_ends_with_the_calls_deadline(meet: Meet) -> None:
    started = time.monotonic()
    met = await meet(create, Slow(drop=1, pause=0.1), config=AioConfig(read_timeout=5), timeout=0.5)

    assert type(met.error) is errors.CallTimeoutError
    assert isinstance(met.error, TimeoutError)
    assert "CreateImage took longer than its 0.5 s; it may have been carried out" in str(met.error)
    assert time.monotonic() - started < 10


async def test_a_503_is_repeated(meet: Meet) -> None:
    twice = [meet(make, Instead(503), Instead(502)) for make in (describe, create)]
    *again, met = await asyncio.gather(*twice, meet(create, *[Instead(503)] * 3))
    assert [(one.attempts, len(one.passages)) for one in again] == [(3, 3), (3, 3)]
    assert isinstance(met.error, errors.ServiceFault)
    assert isinstance(met.error, botocore.ClientError)
    assert (met.error.status_code, met.error.retryable, met.attempts) == (503, True, 3)


async def test_retry_after_is_honoured_up_to_a_cap(meet: Meet) -> None:
    async def seconds(text: str, **options: Any) -> tuple[float, Met]:
        started = time.monotonic()
        met = await meet(create, Instead(503, b"", {"Retry-After": text}), **options)
        return time.monotonic() - started, met

    then = format_datetime(datetime.now(UTC) + timedelta(seconds=3), usegmt=True)
    (two, _), (date, _), (soon, _), (capped, met) = await asyncio.gather(
        seconds("2"), seconds(then), seconds("soon"), seconds("3600", timeout=2.5)
    )

    assert two >= 2
    assert date >= 1.5
    assert soon < 2
    assert capped < 6
    assert isinstance(met.error, errors.CallTimeoutError)
    assert met.error.attempts == 1  # it waited for the second


async def test_throttling_is_repeated_in_all_its_spellings(meet: Meet) -> None:
    refusals = [refusal(code, status) for code, status in THROTTLING]
    once = await each(meet, refusals, create)
    last = await each(meet, refusals, create, retries=0)

    assert {one.attempts for one in once} == {2}, kinds(once)
    for one, (code, _) in zip(last, THROTTLING, strict=True):
        assert isinstance(one.error, errors.ServiceError)
        assert (one.error.code, one.error.retryable) == (code, True)


def test_the_spellings_are_those_that_are_repeated() -> None:
    assert {code for code, _ in THROTTLING} == THROTTLING_CODES


async def test_a_plain_429_is_repeated(meet: Meet) -> None:
    met = await meet(create, Instead(429))
    assert met.attempts == 2
    met = await meet(create, Instead(429), retries=0)
    assert isinstance(met.error, errors.ThrottlingError)


async def test_a_redirect_is_never_followed(meet: Meet) -> None:
    async with HttpService([answer({"ImageArn": "stolen"})]) as thief:
        mishaps = [
            Instead(status, b"", {"Location": f"{thief.url}/"})
            for status in (301, 302, 303, 307, 308)
        ]
        met = [*await each(meet, mishaps, create), *await each(meet, mishaps, describe)]

    assert {type(one.error) for one in met} == {errors.ServiceError}, kinds(met)
    assert {len(one.passages) for one in met} == {1}
    assert {"a redirect to 127.0.0.1" in str(one.error) for one in met} == {True}
    assert thief.sent == []


async def test_clock_skew_is_corrected_once(meet: Meet) -> None:
    theirs = format_datetime(datetime.now(UTC) + timedelta(hours=3), usegmt=True)
    for code in ("RequestExpired", "RequestTimeTooSkewed", "InvalidSignatureException"):
        late = refusal(code, 403, {"Date": theirs})
        once, twice = await asyncio.gather(
            meet(create, late, config=AioConfig()), meet(create, late, late, config=AioConfig())
        )
        assert once.attempts == 2
        assert isinstance(twice.error, errors.ServiceError)
        assert (twice.error.code, twice.attempts) == (code, 2)


async def test_errors_that_repeating_does_not_help(meet: Meet) -> None:
    codes = ("ValidationException", "AccessDeniedException", "ExpiredTokenException", "Unheard")
    met = await each(meet, [refusal(code) for code in codes], create)

    assert [one.error.code for one in met if isinstance(one.error, errors.ServiceError)] == [*codes]
    assert {one.attempts for one in met} == {1}
