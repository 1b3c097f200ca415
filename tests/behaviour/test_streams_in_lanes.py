"""Connections of answers that are read while they arrive, and of long bodies, in both lanes."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from functools import partialmethod
from typing import Any

import aiohttp
import pytest
from aiobotocore.config import AioConfig
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from differential.beside import clock_at
from http_service import HttpService, answer, cut, hang_up
from minispec import Generate, Mini

from aiobotantic.errors import (
    AmbiguousResultError,
    ClientClosedError,
    ConnectionLost,
    ConnectTimedOut,
    ReadTimedOut,
    ServiceError,
)
from aiobotantic.testing.event_frames import frame

SPEC: dict[str, Any] = {
    "metadata": {"protocol": "rest-json"},
    "operations": {
        "GetBytes": {"http": {"method": "GET", "requestUri": "/b"}, "output": "BytesResponse"},
        "GetEvents": {"http": {"method": "GET", "requestUri": "/e"}, "output": "EventsResponse"},
        "GetParts": {"http": {"method": "GET", "requestUri": "/e"}, "output": "PartsResponse"},
        "GetPlain": {"http": {"method": "GET", "requestUri": "/p"}, "output": "PlainResponse"},
        "PutBlob": {"http": {"method": "PUT", "requestUri": "/u"}, "input": "BlobRequest"},
    },
    "shapes": {
        "BytesResponse": {
            "members": {
                "Body": "Stream",
                "Kind": {"shape": "String", "location": "header", "locationName": "X-Kind"},
            },
            "payload": "Body",
        },
        "Stream": {"type": "blob", "streaming": True},
        "EventsResponse": {"members": {"Events": "Events"}, "payload": "Events"},
        "Events": {"members": {"Said": "Said"}, "eventstream": True},
        "Said": {"members": {"Text": "String"}, "event": True},
        "PartsResponse": {"members": {"Parts": "Parts"}, "payload": "Parts"},
        "Parts": {"members": {"Part": "Part", "Said": "Said"}, "eventstream": True},
        "Part": {"members": {"Data": {"shape": "Blob", "eventpayload": True}}, "event": True},
        "PlainResponse": {"members": {"Name": "String"}},
        "BlobRequest": {"members": {"Body": "Blob"}, "payload": "Body"},
    },
}
CONTENT = bytes(range(256)) * 4_000
LONG = bytes(range(256)) * 30_000
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(scope="module")
def mini(generated: Generate) -> Mini:
    return generated(SPEC)


@asynccontextmanager
async def opened(mini: Mini, url: str, pipeline: Any = None, **config: Any) -> AsyncIterator[Any]:
    options: dict[str, Any] = {"region_name": "us-east-1", "endpoint_url": url}
    cls = mini.module("client").Mini
    async with cls(**options, pipeline=pipeline, config=AioConfig(**config)) as client:
        yield client


@pytest.fixture
async def client(mini: Mini, service: HttpService, pipeline: Any) -> AsyncIterator[Any]:
    async with opened(mini, service.url, pipeline) as made:
        yield made


def said(text: str) -> bytes:
    headers = {":message-type": "event", ":event-type": "Said"}
    return frame(headers, json.dumps({"Text": text}).encode())


def part(data: bytes) -> bytes:
    return frame({":message-type": "event", ":event-type": "Part"}, data)


class Slow:
    """A server whose streams begin and go on when it is told to, and that sees clients leave."""

    def __init__(self, first: bytes, *later: bytes) -> None:
        self.first = first
        self.later = later
        self.go_on = asyncio.Event()
        self.left = asyncio.Event()
        self.connections = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while (head := await head_of(reader)) is not None:
            if head.startswith(b"GET /p "):
                writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"Name": "n"}')
                continue
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            writer.write(chunk(self.first))
            going_on = asyncio.create_task(self.go_on.wait())
            leaving = asyncio.create_task(reader.read(1))
            await asyncio.wait({going_on, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if leaving.done():
                self.left.set()
                going_on.cancel()
                return
            leaving.cancel()
            await asyncio.wait({leaving})
            for piece in (*self.later, b""):
                writer.write(chunk(piece))


async def head_of(reader: asyncio.StreamReader) -> bytes | None:
    """Return the head of a request; None where there are no more."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def chunk(piece: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(piece), piece)


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[str]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def slowly(
    mini: Mini, pipeline: Any, *pieces: bytes, **config: Any
) -> AsyncIterator[tuple[Slow, Any]]:
    slow = Slow(*pieces)
    async with serving(slow) as url, opened(mini, url, pipeline, **config) as client:
        yield slow, client


def headers_of(head: bytes) -> dict[str, str]:
    lines = head.decode().split("\r\n")[1:]
    return dict(line.split(": ", 1) for line in lines if line)


def length_of(head: bytes) -> int:
    return int(headers_of(head)["Content-Length"])


def botocores_signature(url: str, head: bytes, body: bytes) -> str:
    moment = datetime.strptime(headers_of(head)["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
    request = AWSRequest("PUT", f"{url}/u", data=body)
    keys = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    with clock_at(moment.replace(tzinfo=UTC)):
        SigV4Auth(keys, "mini", "us-east-1").add_auth(request)
    return str(request.headers["Authorization"])


async def test_both_lanes_give_the_same(client: Any, service: HttpService, pipeline: Any) -> None:
    assert client.pipeline.lane == (pipeline or "fast")
    service.script = [answer(CONTENT, headers={"X-Kind": "bytes"})]

    streamed = await client.get_bytes()
    async with streamed.body as body:
        assert await body.read() == CONTENT

    metadata = streamed.response_metadata
    assert (streamed.kind, metadata.status_code, metadata.attempts) == ("bytes", 200, 1)
    assert metadata.headers["x-kind"] == "bytes"


async def test_the_answer_is_there_before_its_body_is(mini: Mini, pipeline: Any) -> None:
    async with slowly(mini, pipeline, said("one"), said("two")) as (slow, client):
        async with (await client.get_events()).events as events:
            assert (await anext(events)).said.text == "one"
            slow.go_on.set()
            assert [event.said.text async for event in events] == ["two"]
        await client.get_plain()
        assert slow.connections == 1


async def test_reading_to_the_end_gives_the_connection_back(
    client: Any, service: HttpService
) -> None:
    service.script = [answer(CONTENT), answer(said("one")), answer({"Name": "n"})]
    async with (await client.get_bytes()).body as body:
        assert await body.read() == CONTENT
    async with (await client.get_events()).events as events:
        assert [event.said.text async for event in events] == ["one"]
    await client.get_plain()

    assert [sent.connection for sent in service.sent] == [0, 0, 0]


async def test_an_answer_that_is_there_as_a_whole_holds_no_connection(
    client: Any, service: HttpService
) -> None:
    service.script = [answer(b"short"), answer({"Name": "n"})]
    streamed = await client.get_bytes()
    await asyncio.sleep(0.05)
    await client.get_plain()

    assert [sent.connection for sent in service.sent] == [0, 0]
    assert await streamed.body.read() == b"short"


@pytest.mark.parametrize("how", ["left", "closed", "cancelled"])
async def test_what_is_not_read_to_its_end_closes_the_connection(
    mini: Mini, how: str, pipeline: Any
) -> None:
    async with slowly(mini, pipeline, said("one")) as (slow, client):
        events = (await client.get_events()).events
        assert (await anext(events)).said.text == "one"

        if how == "left":
            async with events:
                pass
        elif how == "closed":
            await events.close()
        else:
            reading = asyncio.create_task(anext(events))
            await asyncio.sleep(0.05)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            with pytest.raises(ClientClosedError):
                await anext(events)

        await asyncio.wait_for(slow.left.wait(), 5)
        assert (await client.get_plain()).name == "n"
        assert slow.connections == 2


@pytest.mark.parametrize("how", ["iter_text", "iter_lines", "iter_json", "iter_sse"])
async def test_items_that_are_left_early_close_the_connection(
    mini: Mini, how: str, pipeline: Any
) -> None:
    async with slowly(mini, pipeline, part(b"data:1\n\n" if "sse" in how else b"1\n2")) as (
        slow,
        client,
    ):
        parts = (await client.get_parts()).parts
        async with aclosing(getattr(parts, how)()) as items:
            async for _ in items:
                break
        await asyncio.wait_for(slow.left.wait(), 5)
        with pytest.raises(ClientClosedError, match="GetParts: the answer was closed"):
            await anext(parts.iter_bytes())


async def test_lines_of_a_body_that_are_left_early_close_the_connection(
    mini: Mini, pipeline: Any
) -> None:
    async with slowly(mini, pipeline, b"1\n2\n3") as (slow, client):
        async with (await client.get_bytes()).body as body:
            assert await anext(body.iter_json()) == 1
        await asyncio.wait_for(slow.left.wait(), 5)


async def test_events_and_their_bytes_take_turns(client: Any, service: HttpService) -> None:
    sent = part(b"a") + said("between") + part(b"") + part(b"b") + part(b"c") + said("end")
    service.script = [answer(sent)]
    async with (await client.get_parts()).parts as parts:
        async for blob in parts.iter_bytes():
            assert blob == b"a"
            break
        assert (await anext(parts)).said.text == "between"
        assert [blob async for blob in parts.iter_bytes()] == [b"b", b"c"]
        assert [line async for line in parts.iter_lines()] == []


async def test_events_without_a_blob_have_no_bytes(client: Any, service: HttpService) -> None:
    service.script = [answer(said("one"))]
    async with (await client.get_events()).events as events:
        for name in ("iter_bytes", "iter_text", "iter_lines", "iter_json", "iter_sse"):
            with pytest.raises(TypeError) as raised:
                getattr(events, name)()
            assert str(raised.value) == (
                "GetEvents: the events (Events) hold no blob, so there are no bytes, lines or "
                "values to read: iterate over the events themselves, `async for event in events`"
            )
        assert [event.said.text async for event in events] == ["one"]


async def test_what_was_dropped_unread_closes_the_connection(mini: Mini) -> None:
    """In the fast lane: aiohttp's own answers live as long as their connections."""
    async with slowly(mini, None, said("one")) as (slow, client):
        await client.get_events()
        gc.collect()
        await asyncio.wait_for(slow.left.wait(), 5)


async def test_an_error_in_a_stream_closes_the_connection(mini: Mini, pipeline: Any) -> None:
    error = frame({":message-type": "exception", ":exception-type": "Broken"}, b'{"message": "m"}')
    async with slowly(mini, pipeline, said("one") + error) as (slow, client):
        events = (await client.get_events()).events
        assert (await anext(events)).said.text == "one"
        with pytest.raises(ServiceError, match=r"\(Broken\).*m"):
            await anext(events)
        await asyncio.wait_for(slow.left.wait(), 5)


async def test_a_body_that_breaks_off_is_a_lost_connection(
    client: Any, service: HttpService
) -> None:
    service.script = [cut]
    async with (await client.get_bytes()).body as body:
        with pytest.raises(ConnectionLost, match="GetBytes: the answer broke off while it was"):
            await body.read()


async def test_a_service_that_falls_silent_in_a_body_is_a_read_timeout(
    mini: Mini, pipeline: Any
) -> None:
    async with slowly(mini, pipeline, said("one"), read_timeout=0.2) as (slow, client):
        async with (await client.get_events()).events as events:
            assert (await anext(events)).said.text == "one"
            with pytest.raises(ReadTimedOut, match="GetEvents: the answer broke off"):
                await anext(events)
        await asyncio.wait_for(slow.left.wait(), 5)


async def test_redirects_of_streams_are_errors(client: Any, service: HttpService) -> None:
    service.script = [answer(b"", 307, {"Location": f"{service.url}/elsewhere"})]
    with pytest.raises(ServiceError, match="HTTP 307 Temporary Redirect: a redirect to 127"):
        await client.get_bytes()

    assert [sent.target for sent in service.sent] == ["/b"]


async def test_a_request_is_repeated_until_its_stream_begins_and_not_after(
    client: Any, service: HttpService
) -> None:
    service.script = [hang_up, answer(b"{}", 503), answer(said("one"))]
    streamed = await client.with_options(repeat_ambiguous=True).get_events()
    async with streamed.events as events:
        assert [event.said.text async for event in events] == ["one"]
    assert streamed.response_metadata.attempts == len(service.sent) == 3

    service.sent.clear()
    service.script = [cut]
    async with (await client.get_bytes()).body as body:
        with pytest.raises(ConnectionLost):
            await body.read()
    assert len(service.sent) == 1


async def test_an_error_in_place_of_a_stream_is_read_and_gives_the_connection_back(
    client: Any, service: HttpService
) -> None:
    service.script = [answer({"__type": "Gone", "message": "it is"}, 404), answer(b"there")]
    with pytest.raises(ServiceError, match=r"\(Gone\).*it is"):
        await client.get_bytes()
    async with (await client.get_bytes()).body as body:
        assert await body.read() == b"there"

    assert [sent.connection for sent in service.sent] == [0, 0]


async def test_closing_the_client_ends_what_is_being_read(mini: Mini, pipeline: Any) -> None:
    async with slowly(mini, pipeline, said("one")) as (slow, client):
        events = (await client.get_events()).events
        await anext(events)
        reading = asyncio.create_task(anext(events))
        await asyncio.sleep(0.05)
        await client.close()

        with pytest.raises(ConnectionLost, match="GetEvents: the answer broke off"):
            await asyncio.wait_for(reading, 5)
        await asyncio.wait_for(slow.left.wait(), 5)


async def test_answers_that_nobody_reads_do_not_hold_up_calls_for_ever(
    mini: Mini, pipeline: Any
) -> None:
    limits = {"max_pool_connections": 2, "connect_timeout": 0.2, "retries": {"max_attempts": 0}}
    async with slowly(mini, pipeline, said("one"), **limits) as (_, client):
        held = [(await client.get_events()).events for _ in range(2)]
        with pytest.raises(ConnectTimedOut) as caught:
            await asyncio.wait_for(client.get_plain(), 5)
        assert str(caught.value).startswith("GetPlain: no connection in time at http://127.0.0.1")
        assert str(caught.value).endswith(
            "all 2 connections are held by answers that nobody reads: use streamed answers in "
            "`async with`, or close them; AioConfig(max_pool_connections=...) allows for more"
        )
        await held[0].close()
        assert (await client.get_plain()).name == "n"
        await held[1].close()


async def test_calls_wait_behind_streams_that_are_read(mini: Mini, pipeline: Any) -> None:
    limits = {"max_pool_connections": 1, "connect_timeout": 0.1}
    async with slowly(mini, pipeline, said("one"), said("two"), **limits) as (slow, client):
        events = (await client.get_events()).events
        await anext(events)
        reading = asyncio.create_task(anext(events))
        waiting = asyncio.create_task(client.get_plain())
        await asyncio.sleep(0.5)
        assert not waiting.done()
        slow.go_on.set()
        assert (await reading).said.text == "two"
        assert (await asyncio.wait_for(waiting, 5)).name == "n"
        await events.close()


async def test_a_long_body_arrives_whole_and_signed_and_the_connection_is_used_again(
    mini: Mini, pipeline: Any
) -> None:
    heads, arrived = list[bytes](), list[bytes]()
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        for _ in range(3):
            head = await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(0.1)  # the body does not fit into what is on the way
            heads.append(head)
            arrived.append(await reader.readexactly(length_of(head)))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            await writer.drain()

    async with serving(serve) as url, opened(mini, url, pipeline) as client:
        for body in (LONG, LONG[:65_537], LONG[1:]):
            await client.put_blob(body=body)

    assert arrived == [LONG, LONG[:65_537], LONG[1:]]
    assert connections == 1
    for head, body in zip(heads, arrived, strict=True):
        assert headers_of(head)["Authorization"] == botocores_signature(url, head, body)


async def test_an_answer_that_comes_before_a_long_body_was_read_counts(
    mini: Mini, pipeline: Any
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 413 No\r\nContent-Length: 20\r\n\r\n" + b'{"__type": "TooLong"}'[:20]
        )
        await writer.drain()
        await asyncio.sleep(0.3)

    async with serving(serve) as url, opened(mini, url, pipeline) as client:
        for _ in range(2):
            with pytest.raises(ServiceError) as caught:
                await asyncio.wait_for(client.put_blob(body=LONG * 4), 5)
            assert caught.value.status_code == 413


async def test_a_connection_that_is_lost_under_a_long_body_is_said_to_be(
    mini: Mini, pipeline: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    async with serving(serve) as url, opened(mini, url, pipeline) as client:
        with pytest.raises(AmbiguousResultError, match="PutBlob may have been carried out"):
            await client.put_blob(body=LONG)
        gc.collect()
        await asyncio.sleep(0)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_the_time_that_a_long_body_takes_is_not_the_answers(mini: Mini) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = length_of(await reader.readuntil(b"\r\n\r\n"))
        for _ in range(8):
            await asyncio.sleep(0.1)
            await reader.readexactly(length // 8)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()
        await asyncio.sleep(2)

    async with serving(serve) as url, opened(mini, url, read_timeout=0.3) as client:
        await client.put_blob(body=LONG * 4)
        with pytest.raises(AmbiguousResultError, match="no answer in time"):  # it leaves at once
            await client.put_blob(body=b"short")


async def test_a_long_body_that_does_not_leave_is_not_waited_for_for_ever(mini: Mini) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(60)

    async with serving(serve) as url, opened(mini, url, read_timeout=0.3) as client:
        with pytest.raises(AmbiguousResultError, match="no answer in time"):
            await asyncio.wait_for(client.put_blob(body=LONG * 4), 10)


async def test_sessions_that_are_traced_take_aiohttps_own_way(
    mini: Mini, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Instrumentation of aiohttp adds its traces when a session is made."""
    traced = list[str]()

    async def note(session: Any, context: Any, params: aiohttp.TraceRequestStartParams) -> None:
        traced.append(params.url.path)

    config = aiohttp.TraceConfig()
    config.on_request_start.append(note)
    make = aiohttp.ClientSession.__init__
    monkeypatch.setattr(
        aiohttp.ClientSession, "__init__", partialmethod(make, trace_configs=[config])
    )
    async with slowly(mini, None, said("one"), said("two")) as (slow, client):
        assert (await client.get_plain()).name == "n"
        events = (await client.get_events()).events
        assert (await anext(events)).said.text == "one"
        slow.go_on.set()
        assert [event.said.text async for event in events] == ["two"]
        assert (await client.get_plain()).name == "n"
        assert slow.connections == 1

        slow.go_on.clear()
        async with (await client.get_events()).events as events:
            await anext(events)
        await asyncio.wait_for(slow.left.wait(), 5)

    assert traced == ["/p", "/e", "/p", "/e"]


async def test_a_lost_get_is_not_repeated_by_a_session_that_others_hung_into(
    mini: Mini, service: HttpService, pipeline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiohttp's session repeats one on a connection that was used before, and tells nobody."""
    make = aiohttp.ClientSession.__init__
    traces = [aiohttp.TraceConfig()]
    monkeypatch.setattr(
        aiohttp.ClientSession, "__init__", partialmethod(make, trace_configs=traces)
    )
    cls = mini.module("client").Mini
    async with cls(region_name="us-east-1", endpoint_url=service.url, pipeline=pipeline) as client:
        service.script = [answer({"Name": "n"}), hang_up, answer()]
        once = client.with_options(retries=0)
        await once.get_plain()
        with pytest.raises(AmbiguousResultError):
            await once.get_plain()

    assert [sent.connection for sent in service.sent] == [0, 0]
