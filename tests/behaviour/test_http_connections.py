"""The fast lane's connections, against servers that say what a test has them say."""

from __future__ import annotations

import asyncio
import gc
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from aiobotantic.lanes.connections import Origin, Pool, PoolLimits
from aiobotantic.lanes.http import Answer, Exchange
from aiobotantic.lanes.http_errors import (
    AnsweredLateError,
    AnswerTooLongError,
    ConnectedLateError,
    DisconnectedError,
    NotConnectedError,
    NotHttpError,
    PoolIsHeldError,
)

MOST = 1_000_000
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Said:
    """A server that answers each request with the next of what it was given, piece by piece."""

    answers: list[list[bytes]]
    heads: list[bytes] = field(default_factory=list)
    connections: int = 0
    closed: int = 0
    wait: float = 0.01
    hang_up: bool = False
    host: str = "127.0.0.1"
    port: int = 0

    @property
    def origin(self) -> Origin:
        return Origin(self.host, self.port, secure=False)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                try:
                    head = await reader.readuntil(b"\r\n\r\n")
                except (asyncio.IncompleteReadError, ConnectionError):
                    return
                self.heads.append(head)
                length = next(
                    (int(line[15:]) for line in head.split(b"\r\n") if line[:15] == LENGTH), 0
                )
                await reader.readexactly(length)
                for piece in self.answers.pop(0) if self.answers else [OK]:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(self.wait)
                if self.hang_up:
                    return
        finally:
            self.closed += 1
            writer.close()


LENGTH = b"Content-Length:"
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@asynccontextmanager
async def exchange_with(
    *answers: list[bytes], wait: float = 0.01, hang_up: bool = False, **limits: Any
) -> AsyncIterator[tuple[Said, Exchange]]:
    said = Said(list(answers), wait=wait, hang_up=hang_up)
    server = await asyncio.start_server(said.serve, "127.0.0.1", 0)
    said.port = server.sockets[0].getsockname()[1]
    allowed = {"connections": 2, "connect_timeout": 1, "read_timeout": 5, "keep_alive": 5}
    exchange = Exchange(Pool(PoolLimits(**{**allowed, **limits}), ssl.create_default_context))
    try:
        yield said, exchange
    finally:
        await exchange.close()
        server.close()
        await server.wait_closed()


async def send(said: Said, exchange: Exchange, method: str = "POST", most: int = MOST) -> Any:
    return await exchange.send(method, said.origin, "/p?q=1", "host", {"X-A": "1"}, b"hi", most)


async def open_(said: Said, exchange: Exchange) -> Answer:
    return await exchange.open("POST", said.origin, "/", "host", {}, b"")


async def test_what_is_sent() -> None:
    async with exchange_with() as (said, exchange):
        assert await send(said, exchange) == (200, [(b"Content-Length", b"2")], b"ok")

    assert said.heads == [
        b"POST /p?q=1 HTTP/1.1\r\nHost: host\r\nX-A: 1\r\nAccept: */*\r\nContent-Length: 2\r\n\r\n"
    ]


@pytest.mark.parametrize(
    ("pieces", "body", "kept"),
    [
        ([bytes([byte]) for byte in OK], b"ok", True),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 X\r\nX: y\r\n\r\n" + OK], b"ok", True),
        ([CHUNKED + b"2\r\nab\r", b"\n1;x=y\r\nc\r\n0\r\n"
          b"X-Trailer: t\r\n\r\n"], b"abc", True),
        ([b"HTTP/1.1 204 No Content\r\n\r\n"], b"", True),
        ([HEAD + b"Connection: close\r\nContent-Length: 1\r\n\r\na"], b"a", False),
        ([b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na"], b"a", False),
        ([HEAD + b"X-Long: " + b"x" * 100_000 + b"\r\nContent-Length: 0\r\n\r\n"], b"", True),
    ],
    ids=["bytewise", "interim", "chunked", "empty", "close", "old", "long header"],
)  # fmt: skip
async def test_answers_are_read_whole_and_their_connections_used_again(
    pieces: list[bytes], body: bytes, kept: bool
) -> None:
    async with exchange_with(pieces, wait=0) as (said, exchange):
        _, headers, found = await send(said, exchange)
        assert found == body
        assert b"X-Trailer" not in dict(headers)
        await send(said, exchange)
        assert said.connections == (1 if kept else 2)


async def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    async with exchange_with([HEAD + b"\r\nab", b"c"], hang_up=True) as (
        said,
        exchange,
    ):
        assert (await send(said, exchange))[2] == b"abc"


async def test_the_answer_to_head_has_no_body() -> None:
    async with exchange_with([HEAD + b"Content-Length: 99\r\n\r\n"]) as (
        said,
        exchange,
    ):
        status, _, body = await exchange.send("HEAD", said.origin, "/", "host", {}, b"", 10)
        assert (status, body) == (200, b"")
        assert (await send(said, exchange))[2] == b"ok"


@pytest.mark.parametrize(
    ("pieces", "hang_up", "error"),
    [
        ([HEAD + b"Content-Length: 9\r\n\r\nab"], True, DisconnectedError),
        ([CHUNKED + b"2\r\nab"], True, DisconnectedError),
        ([b"HTTP/1.1 200"], True, DisconnectedError),
        ([], True, DisconnectedError),
        ([b"SSH-2.0-OpenSSH\r\n"], False, NotHttpError),
        ([HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n"], False, NotHttpError),
        ([CHUNKED + b"zz\r\n"], False, NotHttpError),
        ([OK + OK], False, NotHttpError),
        ([OK + b"rest"], False, NotHttpError),
        ([HEAD, *[b"X: " + b"y" * 60_000 + b"\r\n"] * 5], False, NotHttpError),
        ([HEAD + b"X: ", *[b"y" * 60_000] * 5], False, NotHttpError),
        ([HEAD + b"X: y\r\n" * 2_000], False, NotHttpError),
        ([HEAD + b"Content-Length: 1000001\r\n\r\n"], False, AnswerTooLongError),
        ([HEAD + b"\r\n", *[b"x" * 400_000] * 3], False, AnswerTooLongError),
    ],
)  # fmt: skip
async def test_what_is_no_whole_answer(
    pieces: list[bytes], hang_up: bool, error: type[Exception]
) -> None:
    async with exchange_with(pieces, wait=0, hang_up=hang_up) as (said, exchange):
        with pytest.raises(error) as caught:
            await send(said, exchange)
        assert type(caught.value) is error
        assert "yyy" not in str(caught.value)
        said.hang_up = False
        assert (await send(said, exchange))[2] == b"ok"
        assert said.connections == 2


async def test_a_connection_that_talks_unasked_is_not_used() -> None:
    async with exchange_with([OK, OK], wait=0.05) as (said, exchange):
        await send(said, exchange)
        await asyncio.sleep(0.15)
        assert (await send(said, exchange))[2] == b"ok"
        assert said.connections == 2


async def test_a_connection_that_the_server_closes_is_not_used() -> None:
    async with exchange_with(hang_up=True) as (said, exchange):
        for _ in range(3):
            assert (await send(said, exchange))[2] == b"ok"
            await asyncio.sleep(0.05)
        assert said.connections == 3


async def test_an_unused_connection_is_closed_after_a_while() -> None:
    async with exchange_with(keep_alive=0.1) as (said, exchange):
        await send(said, exchange)
        await asyncio.sleep(0.4)
        assert said.closed == 1
        await send(said, exchange)
        assert said.connections == 2


async def test_no_more_connections_than_allowed_and_everybody_gets_a_turn() -> None:
    async with exchange_with(wait=0.005) as (said, exchange):
        done = await asyncio.gather(*(send(said, exchange) for _ in range(50)))
        assert {body for _, _, body in done} == {b"ok"}
        assert said.connections == 2


async def test_a_call_that_is_cancelled_leaves_its_place_to_the_next() -> None:
    async with exchange_with(*[[b"", OK]] * 6, wait=0.05) as (said, exchange):
        calls = [asyncio.create_task(send(said, exchange)) for _ in range(6)]
        await asyncio.sleep(0.02)
        for number in (0, 3, 4):  # one under way, two that wait
            calls[number].cancel()
        done = await asyncio.gather(*calls, return_exceptions=True)
        assert [isinstance(one, asyncio.CancelledError) for one in done] == [
            *(True, False, False, True, True, False)
        ]
        assert (await asyncio.gather(send(said, exchange), send(said, exchange)))[1][2] == b"ok"
        assert exchange.pool._places == 2
        assert not exchange.pool._used


async def test_cancellation_at_any_moment_loses_no_place() -> None:
    async with exchange_with(wait=0.001) as (said, exchange):
        for moment in range(60):
            call = asyncio.create_task(send(said, exchange))
            for _ in range(moment % 20):
                await asyncio.sleep(0)
            if moment >= 20:
                await asyncio.sleep(moment / 20_000)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
        assert (await send(said, exchange))[2] == b"ok"
        assert exchange.pool._places == 2
        assert not exchange.pool._used
        assert len(exchange.pool._open) <= 1


async def test_a_streamed_answer_holds_its_connection_until_its_end() -> None:
    pieces = [HEAD + b"Content-Length: 4\r\n\r\n", b"ab", b"cd"]
    async with exchange_with(pieces, wait=0.05) as (said, exchange):
        answer = await open_(said, exchange)
        assert len(exchange.pool._used) == 1
        assert [await answer.read() for _ in range(4)] == [b"ab", b"cd", b"", b""]
        assert not exchange.pool._used
        await send(said, exchange)
        assert said.connections == 1


@pytest.mark.parametrize("left", ["closed", "dropped"])
async def test_a_streamed_answer_that_is_left_closes_its_connection(left: str) -> None:
    pieces = [HEAD + b"Content-Length: 4\r\n\r\nab", b"cd"]
    async with exchange_with(pieces, wait=0.3) as (said, exchange):
        answer: Answer | None = await open_(said, exchange)
        assert answer is not None
        if left == "closed":
            await answer.aclose()
            assert await answer.read() == b"ab"
            with pytest.raises(DisconnectedError):
                await answer.read()
        answer = None
        gc.collect()
        await asyncio.sleep(0.05)
        assert not exchange.pool._used
        assert (await send(said, exchange))[2] == b"ok"
        assert said.connections == 2


async def test_an_answer_that_was_read_does_not_close_the_connection_of_another() -> None:
    async with exchange_with([OK], [b"", OK], wait=0.1) as (said, exchange):
        first = await open_(said, exchange)
        await first.read()
        second = asyncio.create_task(send(said, exchange))
        await asyncio.sleep(0.15)
        first.close()
        assert (await second)[2] == b"ok"
        assert said.connections == 1


async def test_a_streamed_answer_arrives_no_faster_than_it_is_read() -> None:
    body = bytes(4_000_000)
    head = HEAD + b"Content-Length: 4000000\r\n\r\n"
    async with exchange_with([head, body], wait=0, read_timeout=0.2) as (said, exchange):
        answer = await open_(said, exchange)
        await asyncio.sleep(0.5)  # who reads it is slow: that is no late answer
        assert answer._incoming.size < 1_000_000
        assert answer._incoming.paused
        read = 0
        while chunk := await answer.read():
            read += len(chunk)
        assert read == len(body)
        assert (await send(said, exchange))[2] == b"ok"


async def test_a_streamed_answer_that_breaks_gives_what_arrived_first() -> None:
    pieces = [HEAD + b"Content-Length: 4\r\n\r\nab"]
    async with exchange_with(pieces, hang_up=True) as (said, exchange):
        answer = await open_(said, exchange)
        assert await answer.read() == b"ab"
        with pytest.raises(DisconnectedError, match="within the answer"):
            await answer.read()


@pytest.mark.parametrize("pieces", [[b""], [HEAD], [HEAD + b"Content-Length: 9\r\n\r\nab"]])
async def test_an_answer_that_does_not_come_is_late(pieces: list[bytes]) -> None:
    async with exchange_with(pieces, wait=3, read_timeout=0.1) as (said, exchange):
        with pytest.raises(AnsweredLateError, match=r"nothing arrived for 0\.1 s"):
            await asyncio.wait_for(send(said, exchange), 2)
        assert not exchange.pool._used


async def test_an_answer_that_comes_slowly_is_not_late() -> None:
    pieces = [HEAD + b"Content-Length: 8\r\n\r\n", *[b"x"] * 8]
    async with exchange_with(pieces, wait=0.06, read_timeout=0.2) as (said, exchange):
        assert (await send(said, exchange))[2] == b"x" * 8


async def test_answers_that_nobody_reads_are_named_to_who_waits() -> None:
    held = [HEAD + b"Content-Length: 4\r\n\r\nab"]
    async with exchange_with(held, held, connect_timeout=0.1) as (said, exchange):
        answers = [await open_(said, exchange) for _ in range(2)]
        with pytest.raises(PoolIsHeldError, match="all 2 connections are held by answers"):
            await send(said, exchange)
        answers[0].close()
        assert (await send(said, exchange))[2] == b"ok"


async def test_nobody_there() -> None:
    async with exchange_with() as (said, exchange):
        said.port = 1
        with pytest.raises(NotConnectedError, match=r"no connection to 127\.0\.0\.1:1: "):
            await send(said, exchange)
        assert exchange.pool._places == 2


async def test_a_connection_that_does_not_come_about_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with exchange_with(connect_timeout=0.05) as (said, exchange):
        forever: Callable[..., Awaitable[Any]] = asyncio.Event().wait
        monkeypatch.setattr(exchange.pool, "_look_up", lambda _: forever())
        with pytest.raises(ConnectedLateError, match="in time"):
            await send(said, exchange)
        assert exchange.pool._places == 2


async def test_addresses_are_asked_for_once_and_taken_in_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with exchange_with(connections=9) as (said, exchange):
        said.host = "localhost"
        asked = 0
        look_up = exchange.pool._look_up

        async def counted(origin: Origin) -> Any:
            nonlocal asked
            asked += 1
            return await look_up(origin)

        monkeypatch.setattr(exchange.pool, "_look_up", counted)
        await asyncio.gather(*(send(said, exchange) for _ in range(9)))
        assert (asked, said.connections) == (1, 9)
        first, second = [await exchange.pool._addresses_of(said.origin) for _ in range(2)]
        assert sorted(first) == sorted(second)
        assert len(first) == 1 or first != second


async def test_closing_ends_what_waits_and_what_is_under_way() -> None:
    async with exchange_with(*[[b"", OK]] * 3, wait=0.5) as (said, exchange):
        calls = [asyncio.create_task(send(said, exchange)) for _ in range(4)]
        await asyncio.sleep(0.05)
        await exchange.close()
        done = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(one) for one in done] == [
            *(DisconnectedError, DisconnectedError, NotConnectedError, NotConnectedError)
        ]
        with pytest.raises(NotConnectedError, match="the client was closed"):
            await send(said, exchange)


async def test_a_header_with_a_control_character_is_refused() -> None:
    async with exchange_with() as (said, exchange):
        with pytest.raises(ValueError, match="the header 'X-A' holds a control character"):
            await exchange.send("GET", said.origin, "/", "h", {"X-A": "1\r\nX-B: 2"}, b"", MOST)
        assert said.connections == 0
