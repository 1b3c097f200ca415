"""Answers that are read while they arrive: left early, read on, closed, damaged."""

from __future__ import annotations

import asyncio
import json
import struct
from binascii import crc32
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from http_service import HttpService
from minispec import Generate, Mini

from aiobotantic.errors import (
    AioBotanticError,
    ClientClosedError,
    DamagedStreamError,
    ResponseParseError,
    ServiceError,
    TruncatedStreamError,
)
from aiobotantic.testing.event_frames import frame

SPEC: dict[str, Any] = {
    "metadata": {"protocol": "rest-json"},
    "operations": {
        "GetBytes": {"http": {"method": "GET", "requestUri": "/b"}, "output": "BytesResponse"},
        "Listen": {"http": {"method": "GET", "requestUri": "/e"}, "output": "EventsResponse"},
    },
    "shapes": {
        "BytesResponse": {"members": {"Body": "Stream"}, "payload": "Body"},
        "Stream": {"type": "blob", "streaming": True},
        "EventsResponse": {"members": {"Events": "Events"}, "payload": "Events"},
        "Events": {"members": {"Said": "Said", "Free": "Free"}, "eventstream": True},
        "Said": {"members": {"Text": "String"}, "event": True},
        "Free": {"members": {"Any": "Document"}, "event": True},
        "Document": {"type": "structure", "members": {}, "document": True},
    },
}
CONTENT = bytes(range(256)) * 1_000
DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.fixture(scope="module")
def mini(generated: Generate) -> Mini:
    return generated(SPEC)


@pytest.fixture
async def client(mini: Mini, service: HttpService, pipeline: Any) -> AsyncIterator[Any]:
    cls = mini.module("client").Mini
    async with cls(region_name="us-east-1", endpoint_url=service.url, pipeline=pipeline) as opened:
        yield opened


def gives(*pieces: bytes) -> Callable[[web.Request], Any]:
    async def respond(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"x-amzn-RequestId": "request-1"})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
        await response.write_eof()
        return response

    return respond


def said(text: str) -> bytes:
    headers = {":message-type": "event", ":event-type": "Said"}
    return frame(headers, json.dumps({"Text": text}).encode())


def raw_frame(head: bytes, payload: bytes = b"") -> bytes:
    lengths = struct.pack("!II", 16 + len(head) + len(payload), len(head))
    message = lengths + struct.pack("!I", crc32(lengths)) + head + payload
    return message + struct.pack("!I", crc32(message))


def with_lengths(size: int, head: int) -> bytes:
    lengths = struct.pack("!II", size, head)
    return lengths + struct.pack("!I", crc32(lengths)) + bytes(64)


@pytest.mark.parametrize("size", [1, 7, 1_000, 100_000])
async def test_a_body_is_read_on_after_an_iteration_was_left(
    client: Any, service: HttpService, size: int
) -> None:
    service.script = [gives(CONTENT[:100], CONTENT[100:])]
    async with (await client.get_bytes()).body as body:
        seen = b""
        for _ in range(3):
            async for chunk in body.iter_bytes(size):
                assert 0 < len(chunk) <= size
                seen += chunk
                break
        await asyncio.sleep(0.05)  # the loop finalizes what was left
        async for chunk in body:
            seen += chunk
            break
        seen += await body.read()
        assert await body.read() == b""

    assert seen == CONTENT


async def test_events_are_read_on_after_an_iteration_was_left(
    client: Any, service: HttpService
) -> None:
    sent = [said(str(number)) for number in range(6)]
    whole = b"".join(sent)
    cut = len(whole) - 5
    service.script = [gives(whole[:cut], whole[cut:])]
    seen = []
    async with (await client.listen()).events as events:
        for _ in range(3):
            async for event in events:
                seen.append(event.said.text)
                break
            await asyncio.sleep(0.02)
        seen += [event.said.text async for event in events]
        assert [event async for event in events] == []
    assert [event async for event in events] == []  # it ended: there are no more

    assert seen == [str(number) for number in range(6)]


async def test_a_stream_that_is_cut_is_said_to_be_also_when_it_is_read_in_parts(
    client: Any, service: HttpService
) -> None:
    service.script = [gives(said("one"), said("two"), said("three")[:-1])]
    async with (await client.listen()).events as events:
        async for event in events:
            assert event.said.text == "one"
            break
        with pytest.raises(TruncatedStreamError, match="Listen: the stream ended inside an event"):
            assert [event.said.text async for event in events] == ["two"]
        with pytest.raises(ClientClosedError, match="Listen: the answer was closed"):
            await anext(events)


@pytest.mark.parametrize("size", [0, -1])
async def test_the_size_of_a_chunk_is_at_least_1(
    client: Any, service: HttpService, size: int
) -> None:
    service.script = [gives(CONTENT)]
    async with (await client.get_bytes()).body as body:
        with pytest.raises(ValueError, match=f"size is {size}: pass 1 or more bytes"):
            body.iter_bytes(size)
        assert await body.read() == CONTENT


async def test_what_was_closed_says_so(client: Any, service: HttpService) -> None:
    service.script = [gives(CONTENT)]
    async with (await client.get_bytes()).body as body:
        async for _ in body.iter_bytes(10):
            break
    with pytest.raises(ClientClosedError, match="GetBytes: the answer was closed: read it before"):
        await body.read()
    with pytest.raises(ClientClosedError, match="GetBytes: the answer was closed"):
        [chunk async for chunk in body]

    service.script = [gives(said("one"), said("two"))]
    async with (await client.listen()).events as events:
        async for _ in events:
            break
    with pytest.raises(ClientClosedError, match="Listen: the answer was closed"):
        [event async for event in events]


@pytest.mark.parametrize(
    ("damaged", "problem"),
    [
        (raw_frame(b"\x01a\x0a"), "a header has the unknown type 10"),
        (raw_frame(b"\x01a\xff"), "a header has the unknown type 255"),
        (raw_frame(b"\x05ab"), "a header is cut"),
        (raw_frame(b"\x01a"), "a header is cut"),
        (raw_frame(b"\x01a\x04\x00"), "a header is cut"),
        (raw_frame(b"\x01a\x07\x00"), "a header is cut"),
        (raw_frame(b"\x01a\x07\x00\x09text"), "a header is cut"),
        (raw_frame(b"\x01a\x06\x00\x09text"), "a header is cut"),
        (raw_frame(b"\x01a\x09text"), "a header is cut"),
        (raw_frame(b"\x01\xff\x00"), "a header is no UTF-8"),
        (raw_frame(b"\x01a\x07\x00\x01\xff"), "a header is no UTF-8"),
        (raw_frame(b"\x01a\x00\x01a\x00"), "it has the header a twice"),
        (with_lengths(0, 0), "it has 0 bytes, 0 of them headers"),
        (with_lengths(12, 0), "it has 12 bytes"),
        (with_lengths(40, 30), "it has 40 bytes, 30 of them headers"),
        (with_lengths(2**32 - 1, 0), "it has 4294967295 bytes"),
        (bytes(16), "the checksum of its lengths is wrong"),
        (said("x")[:-1] + b"\x00", "its checksum is wrong"),
        (b"<html><body>Bad gateway</body></html>", "the checksum of its lengths is wrong"),
    ],
)
async def test_what_is_no_frame_is_a_damaged_stream(
    client: Any, service: HttpService, damaged: bytes, problem: str
) -> None:
    service.script = [gives(said("one") + damaged)]
    seen = []
    async with (await client.listen()).events as events:
        with pytest.raises(DamagedStreamError) as caught:
            async for event in events:
                seen.append(event.said.text)
        assert events.closed
    assert isinstance(caught.value, AioBotanticError)
    assert str(caught.value).startswith(f"Listen: an event is damaged: {problem}")
    assert seen == ["one"]


async def test_headers_of_every_type_are_read(client: Any, service: HttpService) -> None:
    head = (
        b"\x0d:message-type\x07\x00\x05event\x0b:event-type\x07\x00\x04Said"
        b"\x01a\x00\x01b\x01\x01c\x02\xff\x01d\x03\xff\xff\x01e\x04\xff\xff\xff\xff"
        b"\x01f\x05\xff\xff\xff\xff\xff\xff\xff\xff\x01g\x06\x00\x00\x01h\x07\x00\x00"
        b"\x01i\x08\x00\x00\x00\x00\x00\x00\x00\x00\x01j\x09" + bytes(16)
    )
    service.script = [gives(raw_frame(head, b'{"Text": "x"}'))]
    async with (await client.listen()).events as events:
        assert [event.said.text async for event in events] == ["x"]


async def test_json_that_is_nested_very_deep(client: Any, service: HttpService) -> None:
    def event(kind: str) -> bytes:
        return frame({":message-type": "event", ":event-type": kind}, DEEP)

    # An event that nobody knows keeps its bytes, as with what is no JSON.
    service.script = [gives(event("Later"), said("after"))]
    async with (await client.listen()).events as events:
        later, after = [event async for event in events]
    assert (later.arm, after.said.text) == (("Later", DEEP), "after")

    service.script = [gives(event("Free"))]
    async with (await client.listen()).events as events:
        with pytest.raises(ResponseParseError, match="Listen: an event of the type Free cannot"):
            await anext(events)

    service.script = [gives(frame({":message-type": "exception", ":exception-type": "No"}, DEEP))]
    async with (await client.listen()).events as events:
        with pytest.raises(ServiceError, match=r"\(No\)"):
            await anext(events)
