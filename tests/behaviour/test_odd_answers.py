"""Answers whose values are odd: they are read all the same, or the error is one of the family."""

from __future__ import annotations

import json
import struct
from base64 import b64encode
from binascii import crc32
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from aiobotocore.httpsession import AIOHTTPSession
from aiohttp import web
from botocore.parsers import ResponseParserError
from http_service import HttpService, answer
from minispec import Generate, Mini

from aiobotantic.errors import AioBotanticError, ResponseParseError, ServiceError
from aiobotantic.testing.event_frames import frame

TIMES = {"Plain": "Timestamp", "Iso": "IsoTime", "Http": "HttpTime", "Many": "Times"}
SPEC: dict[str, Any] = {
    "metadata": {"protocol": "rest-json"},
    "operations": {
        "GetAll": {
            "http": {"method": "GET", "requestUri": "/"},
            "output": "AllResponse",
            "errors": ["Refused"],
        },
        "GetFree": {"http": {"method": "GET", "requestUri": "/f"}, "output": "FreeResponse"},
        "GetStream": {"http": {"method": "GET", "requestUri": "/s"}, "output": "StreamResponse"},
        "Listen": {"http": {"method": "GET", "requestUri": "/e"}, "output": "EventsResponse"},
    },
    "shapes": {
        "AllResponse": {
            "members": {
                **TIMES,
                "Made": {"shape": "Timestamp", "location": "header", "locationName": "X-Made"},
                "MadeIso": {"shape": "IsoTime", "location": "header", "locationName": "X-Iso"},
                "Each": {"shape": "Times", "location": "header", "locationName": "X-Each"},
                "Settings": {
                    "shape": "String",
                    "location": "header",
                    "locationName": "X-Settings",
                    "jsonvalue": True,
                },
                "Labels": {
                    "shape": "StringsByName",
                    "location": "headers",
                    "locationName": "X-Label-",
                },
            }
        },
        "Refused": {
            "members": {
                "Settings": {
                    "shape": "String",
                    "location": "header",
                    "locationName": "X-Settings",
                    "jsonvalue": True,
                }
            },
            "exception": True,
        },
        "FreeResponse": {"members": {"Free": "Document"}, "payload": "Free"},
        "StreamResponse": {
            "members": {
                "Body": "Stream",
                "Settings": {
                    "shape": "String",
                    "location": "header",
                    "locationName": "X-Settings",
                    "jsonvalue": True,
                },
            },
            "payload": "Body",
        },
        "EventsResponse": {"members": {"Events": "Events"}, "payload": "Events"},
        "Events": {"members": {"Tick": "Tick"}, "eventstream": True},
        "Tick": {"members": {"At": {"shape": "Timestamp", "eventheader": True}}, "event": True},
        "Document": {"type": "structure", "members": {}, "document": True},
        "Stream": {"type": "blob", "streaming": True},
        "StringsByName": {"key": "String", "value": "String"},
        "IsoTime": {"type": "timestamp", "timestampFormat": "iso8601"},
        "HttpTime": {"type": "timestamp", "timestampFormat": "rfc822"},
        "Times": {"member": "Timestamp"},
    },
}
NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)
FIRST = datetime.min.replace(tzinfo=UTC)
DEEP = b"[" * 100_000 + b"]" * 100_000
DEEP_HEADER = b64encode(b"[" * 3_000 + b"]" * 3_000).decode()


@pytest.fixture(scope="module")
def mini(generated: Generate) -> Mini:
    return generated(SPEC)


@pytest.fixture
async def client(mini: Mini, service: HttpService, pipeline: Any) -> AsyncIterator[Any]:
    cls = mini.module("client").Mini
    async with cls(region_name="us-east-1", endpoint_url=service.url, pipeline=pipeline) as opened:
        yield opened


async def got(
    client: Any, service: HttpService, body: bytes = b"{}", headers: Mapping[str, str] | None = None
) -> Any:
    service.script = [answer(body, headers=dict(headers or {}))]
    return await client.get_all()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thu, 29 Feb 2024 12:00:00 GMT", NOON),
        ("Thu, 29 Feb 2024 12:00:00 -0000", NOON),
        ("Thu, 29 Feb 2024 12:00:00", NOON),
        ("2024-02-29T12:00:00Z", NOON),
        ("2024-02-29T12:00:00", NOON),
        ("2024-02-29T14:00:00+02:00", NOON),
        ("1709208000", NOON),
        ("253402300800", LAST),
        ("1e300", LAST),
        ("-1e300", FIRST),
        ("10000-01-01T00:00:00Z", LAST),
        ("+10000-01-01T00:00:00Z", LAST),
        ("Sat, 01 Jan 10000 00:00:00 GMT", LAST),
    ],
)
async def test_times_have_a_zone_wherever_they_stand(
    client: Any, service: HttpService, text: str, expected: datetime
) -> None:
    members = {"Plain": text, "Iso": text, "Http": text, "Many": [text, text]}
    headers = {"X-Made": text, "X-Iso": text, "X-Each": f"{text}, {text}"}
    all_of_it = await got(client, service, json.dumps(members).encode(), headers)

    found = [all_of_it.plain, all_of_it.iso, all_of_it.http, *all_of_it.many]
    found += [all_of_it.made, all_of_it.made_iso, *all_of_it.each]
    assert found == [expected] * 9
    assert {moment.utcoffset() is not None for moment in found} == {True}


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (b"1709208000", NOON),
        (b"1709208000.5", NOON + timedelta(seconds=0.5)),
        (b"253402300799", LAST.replace(microsecond=0)),
        (b"253402300800", LAST),
        (b"9223372036854775807", LAST),
        (b"9223372036854775807000", LAST),
        (b"1e400", LAST),
        (b"-62135596800", FIRST),
        (b"-62135596801", FIRST),
        (b"-9223372036854775808", FIRST),
    ],
)
async def test_numbers_beyond_what_a_datetime_holds_are_its_ends(
    client: Any, service: HttpService, number: bytes, expected: datetime
) -> None:
    body = b'{"Plain": %s, "Iso": %s, "Many": [%s]}' % (number, number, number)
    all_of_it = await got(client, service, body)

    assert [all_of_it.plain, all_of_it.iso, *all_of_it.many] == [expected] * 3


@pytest.mark.parametrize("milliseconds", [2**63 - 1, -(2**63)])
async def test_times_of_events_end_there_too(
    client: Any, service: HttpService, milliseconds: int
) -> None:
    headers = {":message-type": "event", ":event-type": "Tick"}
    head = b"\x02At\x08" + milliseconds.to_bytes(8, "big", signed=True)
    service.script = [answer(_with_header(frame(headers, b""), head))]
    async with (await client.listen()).events as events:
        (tick,) = [event.tick async for event in events]

    assert tick.at == (LAST if milliseconds > 0 else FIRST)


def _with_header(whole: bytes, head: bytes) -> bytes:
    size, old = struct.unpack_from("!II", whole)
    lengths = struct.pack("!II", size + len(head), old + len(head))
    message = lengths + struct.pack("!I", crc32(lengths)) + whole[12 : 12 + old] + head
    return message + struct.pack("!I", crc32(message))


@pytest.mark.parametrize("value", [b'"soon"', b"true", b"{}", b"[]"])
async def test_what_is_no_time_is_named(client: Any, service: HttpService, value: bytes) -> None:
    with pytest.raises(ResponseParseError, match=r"at Many\[1\]: Input should be a valid datetime"):
        await got(client, service, b'{"Many": [1, %s]}' % value)


async def test_json_in_a_header_that_is_nested_very_deep(
    client: Any, service: HttpService, mini: Mini
) -> None:
    headers = {"X-Settings": DEEP_HEADER}
    with pytest.raises(
        ResponseParseError, match=r"GetAll: .*nested too deep \(request id request-1"
    ):
        await got(client, service, headers=headers)

    with pytest.raises(ResponseParseError, match=r"GetStream: .*nested too deep"):
        await client.get_stream()

    service.script = [answer({"message": "no"}, 400, {"x-amzn-errortype": "Refused", **headers})]
    with pytest.raises(mini.module("errors").Refused, match="no"):
        await client.get_all()


async def test_a_document_that_is_nested_very_deep(client: Any, service: HttpService) -> None:
    service.script = [answer(DEEP)]
    with pytest.raises(ResponseParseError, match=r"GetFree: .*nested too deep") as caught:
        await client.get_free()
    assert isinstance(caught.value, AioBotanticError)
    assert isinstance(caught.value, ResponseParserError)


async def test_keys_of_maps_in_headers_are_as_the_service_sent_them(
    client: Any, service: HttpService
) -> None:
    headers = {"X-Label-CamelCase": "1", "x-label-lower": "2", "X-LABEL-UPPER": "3"}
    answered = await got(client, service, headers=headers)

    assert answered.labels == {"CamelCase": "1", "lower": "2", "UPPER": "3"}
    assert answered.response_metadata.headers["x-label-camelcase"] == "1"
    assert answered.response_metadata.request_id == "request-1"
    assert type(answered.response_metadata.headers) is dict


async def test_a_redirect_to_what_is_no_address(client: Any, service: HttpService) -> None:
    service.script = [answer(b"", 307, {"Location": "http://[nowhere/"})]

    with pytest.raises(ServiceError, match="307 Temporary Redirect: a redirect, which is not"):
        await client.get_all()


@pytest.mark.parametrize("pipeline", ["botocore"])
async def test_handlers_find_headers_in_any_case(client: Any, service: HttpService) -> None:
    seen = []

    def note(response: Any, **_: Any) -> None:
        seen.append((response[0].headers["X-LABEL-a"], response[0].headers["x-label-A"]))

    client._connection.lane.client.meta.events.register("needs-retry.mini", note)
    await got(client, service, headers={"X-Label-A": "1"})

    assert seen == [("1", "1")]


async def odd_bytes(request: web.Request) -> web.StreamResponse:
    """Answer with a header that is no UTF-8."""
    transport: Any = request.transport
    transport.write(
        b"HTTP/1.1 200 OK\r\nX-Odd: caf\xe9\r\nX-Twice: a\r\nX-Twice: b\r\n"
        b"Content-Length: 2\r\n\r\n{}"
    )
    transport.abort()  # aiohttp's server would add an answer of its own
    raise ConnectionResetError


async def test_headers_of_odd_bytes_are_kept(client: Any, service: HttpService) -> None:
    service.script = [odd_bytes]
    answered = await client.with_options(retries=0).get_all()

    assert answered.response_metadata.headers["x-odd"] == "caf\udce9"
    assert answered.response_metadata.headers["x-twice"] == "a, b"


@pytest.mark.parametrize("pipeline", ["botocore"])
async def test_headers_of_odd_bytes_are_kept_on_aiobotocores_own_way(
    client: Any, service: HttpService
) -> None:
    """Its session, taken where somebody replaced a part of it, decodes them as UTF-8."""
    original: Any = AIOHTTPSession.send

    async def replaced(self: Any, request: Any) -> Any:
        return await original(self, request)

    service.script = [odd_bytes]
    with mock.patch.object(AIOHTTPSession, "send", replaced):
        answered = await client.with_options(retries=0).get_all()

    assert answered.response_metadata.headers["x-odd"] == "caf\udce9"
    assert answered.response_metadata.headers["x-twice"] == "a, b"
