"""Every place that a member of a REST service can stand in, both ways, with a spec of our own."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from botocore_peer import botocore_client
from minispec import Generate, Mini, spec_files

from aiobotantic.errors import ResponseParseError, ServiceError
from aiobotantic.testing.build import build
from aiobotantic.testing.event_frames import RawEvent
from aiobotantic.testing.faults import ServedError
from aiobotantic.testing.http_text import read_items, write_items
from aiobotantic.testing.server import Server
from aiobotantic.testing.uri_routes import Routes

MOMENT = datetime(2024, 2, 29, 12, 30, 5, tzinfo=UTC)
PLACES: dict[str, Any] = {
    "Label": {"shape": "String", "location": "uri", "locationName": "Label"},
    "Moment": {"shape": "Timestamp", "location": "uri", "locationName": "Moment"},
    "Key": {"shape": "String", "location": "uri", "locationName": "Key"},
}
QUERY: dict[str, Any] = {
    "Flag": {"shape": "Boolean", "location": "querystring", "locationName": "flag"},
    "Share": {"shape": "Double", "location": "querystring", "locationName": "share"},
    "Numbers": {"shape": "Numbers", "location": "querystring", "locationName": "n"},
    "Colours": {"shape": "Colours", "location": "querystring", "locationName": "colour"},
    "Since": {"shape": "Timestamp", "location": "querystring", "locationName": "since"},
    "Until": {"shape": "UnixTime", "location": "querystring", "locationName": "until"},
    "Other": {"shape": "ListOfStringsByName", "location": "querystring"},
}
HEADERS: dict[str, Any] = {
    "On": {"shape": "Boolean", "location": "header", "locationName": "X-On"},
    "Count": {"shape": "Long", "location": "header", "locationName": "X-Count"},
    "Ratio": {"shape": "Double", "location": "header", "locationName": "X-Ratio"},
    "Modified": {"shape": "Timestamp", "location": "header", "locationName": "X-Modified"},
    "Seen": {"shape": "UnixTime", "location": "header", "locationName": "X-Seen"},
    "Made": {"shape": "IsoTime", "location": "header", "locationName": "X-Made"},
    "Colour": {"shape": "Colour", "location": "header", "locationName": "X-Colour"},
    "Words": {"shape": "Strings", "location": "header", "locationName": "X-Words"},
    "Sizes": {"shape": "Numbers", "location": "header", "locationName": "X-Sizes"},
    "Shades": {"shape": "Colours", "location": "header", "locationName": "X-Shades"},
    "Settings": {
        "shape": "String",
        "location": "header",
        "locationName": "X-Settings",
        "jsonvalue": True,
    },
    "Labels": {"shape": "StringsByName", "location": "headers", "locationName": "x-label-"},
}
BODY: dict[str, Any] = {
    "Text": "String",
    "Bytes": "Blob",
    "Iso": "IsoTime",
    "Http": "HttpTime",
    "Seconds": "Timestamp",
    "Nested": "Nested",
    "Renamed": {"shape": "String", "locationName": "other_name"},
    "Free": "Document",
    "ByColour": "NestedByColour",
}
EVENTS: dict[str, Any] = {
    "Whole": "WholeEvent",
    "Headed": "HeadedEvent",
    "TextPart": "TextEvent",
    "Shade": "ColourEvent",
    "Shaped": "ShapedEvent",
    "Empty": "EmptyEvent",
    "tooMuch": "TooMuch",
    "slowDownPlease": "Throttled",
    "gone": "Renamed",
}
SPEC: dict[str, Any] = {
    "metadata": {"protocol": "rest-json", "serviceId": "Places", "signingName": "places"},
    "operations": {
        "Scatter": {
            "http": {"method": "PUT", "requestUri": "/a/{Label}/{Moment}/b/{Key+}?fixed=1&bare"},
            "input": "ScatterRequest",
            "output": "ScatterResponse",
        },
        "GetLiteral": {"http": {"method": "GET", "requestUri": "/things/all"}, "input": "Empty"},
        "GetThing": {
            "http": {"method": "GET", "requestUri": "/things/{Label}"},
            "input": "LabelRequest",
        },
        "GetDeep": {
            "http": {"method": "GET", "requestUri": "/things/{Label+}"},
            "input": "LabelRequest",
        },
        "SendText": {
            "http": {"method": "POST", "requestUri": "/text"},
            "input": "TextBody",
            "output": "TextBody",
        },
        "SendShape": {
            "http": {"method": "POST", "requestUri": "/shape"},
            "input": "ShapeBody",
            "output": "ShapeBody",
        },
        "SendStream": {
            "http": {"method": "POST", "requestUri": "/stream"},
            "input": "StreamRequest",
            "output": "StreamResponse",
        },
        "Listen": {
            "http": {"method": "GET", "requestUri": "/events"},
            "input": "Empty",
            "output": "EventsResponse",
        },
    },
    "shapes": {
        "ScatterRequest": {
            "members": {**PLACES, **QUERY, **HEADERS, **BODY},
            "required": list(PLACES),
        },
        "ScatterResponse": {
            "members": {
                **HEADERS,
                **BODY,
                "Status": {"shape": "Integer", "location": "statusCode"},
            }
        },
        "LabelRequest": {
            "members": {"Label": {"shape": "String", "location": "uri", "locationName": "Label"}},
            "required": ["Label"],
        },
        "TextBody": {"members": {"Body": "String"}, "payload": "Body"},
        "ShapeBody": {"members": {"Body": "Nested"}, "payload": "Body"},
        "StreamRequest": {"members": {"Body": "Stream"}, "payload": "Body"},
        "StreamResponse": {"members": {"Body": "Stream"}, "payload": "Body"},
        "EventsResponse": {"members": {"Events": "Events"}, "payload": "Events"},
        "Empty": {"members": {}},
        "Stream": {"type": "blob", "streaming": True},
        "Nested": {"members": {"Iso": "IsoTime", "Key": {"shape": "String", "locationName": "k"}}},
        "NestedByColour": {"key": "Colour", "value": "Nested"},
        "Document": {"type": "structure", "members": {}, "document": True},
        "Colour": {"enum": ["red", "dark-blue"]},
        "Colours": {"member": "Colour"},
        "Numbers": {"member": "Integer"},
        "Strings": {"member": "String"},
        "StringsByName": {"key": "String", "value": "String"},
        "ListOfStringsByName": {"key": "String", "value": "Strings"},
        "IsoTime": {"type": "timestamp", "timestampFormat": "iso8601"},
        "HttpTime": {"type": "timestamp", "timestampFormat": "rfc822"},
        "UnixTime": {"type": "timestamp", "timestampFormat": "unixTimestamp"},
        "Events": {"members": EVENTS, "eventstream": True},
        "WholeEvent": {
            "members": {"Text": "String", "Iso": "IsoTime", "Bytes": "Blob"},
            "event": True,
        },
        "HeadedEvent": {
            "members": {
                **{
                    name: {"shape": shape, "eventheader": True}
                    for name, shape in (
                        *(("Flag", "Boolean"), ("Small", "Integer"), ("Big", "Long")),
                        *(("Text", "String"), ("Bytes", "Blob"), ("Time", "Timestamp")),
                    )
                },
                "Body": {"shape": "Blob", "eventpayload": True},
            },
            "event": True,
        },
        "TextEvent": {
            "members": {"Text": {"shape": "String", "eventpayload": True}},
            "event": True,
        },
        "ColourEvent": {
            "members": {"Colour": {"shape": "Colour", "eventpayload": True}},
            "event": True,
        },
        "ShapedEvent": {
            "members": {"Shape": {"shape": "Nested", "eventpayload": True}},
            "event": True,
        },
        "EmptyEvent": {"members": {}, "event": True},
        "TooMuch": {"members": {"message": "String"}, "exception": True},
        "Throttled": {"members": {"message": "String", "Wait": "Integer"}, "exception": True},
        "Renamed": {
            "members": {"message": "String"},
            "exception": True,
            "error": {"code": "ThingIsGone", "httpStatusCode": 410},
        },
    },
}


@pytest.fixture(scope="module")
def mini(generated: Generate) -> Mini:
    return generated(SPEC, service="places")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("botocore")
    version = folder / "places" / "2020-01-01"
    version.mkdir(parents=True)
    for name, tree in spec_files(SPEC).items():
        (version / name).write_text(json.dumps(tree))
    return folder


def client_of(mini: Mini) -> Any:
    return mini.module("client").Places


def opened(mini: Mini, server: Server) -> Any:
    return client_of(mini)(region_name="us-east-1", endpoint_url=server.url)


def scattered(**more: Any) -> dict[str, Any]:
    return {
        "Label": "a b/ü?&+%",
        "Moment": MOMENT,
        "Key": "x/y z/~ü",
        "Flag": False,
        "Share": 0.5,
        "Numbers": [1, -2],
        "Colours": ["red", "dark-blue", "new"],
        "Since": MOMENT,
        "Until": MOMENT,
        "Other": {"p": ["1", "2"], "q +": ["&="]},
        "On": True,
        "Count": -(2**40),
        "Ratio": 1e-07,
        "Modified": MOMENT,
        "Seen": MOMENT,
        "Made": MOMENT,
        "Colour": "dark-blue",
        "Words": ["plain", "with, comma", 'with "quotes"'],
        "Sizes": [3, 4],
        "Shades": ["red"],
        "Settings": {"a": [1, None, "ü"]},
        "Labels": {"one": "1", "two": "zwei"},
        "Text": "text ü",
        "Bytes": b"\x00\xff",
        "Iso": MOMENT,
        "Http": MOMENT,
        "Seconds": MOMENT,
        "Nested": {"Iso": MOMENT, "Key": "k"},
        "Renamed": "renamed",
        "Free": {"any": [1, {"thing": None}]},
        "ByColour": {"red": {"Iso": MOMENT}},
    } | more


READ: dict[str, Any] = {
    "Moment": MOMENT.timestamp(),
    "Since": MOMENT.timestamp(),
    "Until": MOMENT.timestamp(),
    "Modified": MOMENT.timestamp(),
    "Seen": MOMENT.timestamp(),
    "Made": "2024-02-29T12:30:05Z",
    "Bytes": "AP8=",
    "Iso": "2024-02-29T12:30:05Z",
    "Http": "Thu, 29 Feb 2024 12:30:05 GMT",
    "Seconds": MOMENT.timestamp(),
    "Nested": {"Iso": "2024-02-29T12:30:05Z", "k": "k"},
    "ByColour": {"red": {"Iso": "2024-02-29T12:30:05Z"}},
}
"""What the server has read of `scattered`, where that is another value."""


async def test_members_arrive_from_every_place(mini: Mini) -> None:
    sent = scattered()
    async with Server(client_of(mini)) as server, opened(mini, server) as client:
        answer = await client.wire.scatter(**sent)

    (read,) = server.requests("Scatter")
    expected = {**sent, **READ}
    expected["other_name"] = expected.pop("Renamed")
    assert read == expected
    # What request and answer share comes back.
    back = answer.to_wire()
    assert back.pop("Status") == 200
    shared = set(PLACES | QUERY)
    assert back == {name: value for name, value in sent.items() if name not in shared}


async def test_botocore_sends_and_reads_the_same(mini: Mini, data: Path) -> None:
    sent = scattered(Words=["a", "b"])  # it cannot read words with commas in a header
    async with Server(client_of(mini)) as server, opened(mini, server) as client:
        ours = (await client.wire.scatter(**sent)).to_wire()
        peer = await asyncio.to_thread(botocore_client, server.url, data, "places")
        theirs = await asyncio.to_thread(lambda: peer.scatter(**sent))

    of_ours, of_theirs = server.requests("Scatter")
    assert of_ours == of_theirs
    del theirs["ResponseMetadata"]
    assert ours == theirs


@pytest.mark.parametrize("seed", range(5))
async def test_made_up_requests_and_answers_agree(mini: Mini, data: Path, seed: int) -> None:
    async with Server(client_of(mini)) as server, opened(mini, server) as client:
        request = build(mini.models.ScatterRequest, seed=seed)
        ours = (await client.send(request)).to_wire()
        assert set(ours) == set(SPEC["shapes"]["ScatterResponse"]["members"])
        assert server.journal[-1].status == 200
        peer = await asyncio.to_thread(botocore_client, server.url, data, "places")
        theirs = await asyncio.to_thread(lambda: peer.scatter(**request.to_wire()))
    del theirs["ResponseMetadata"]
    assert ours == theirs


async def test_the_most_specific_template_takes_a_request(mini: Mini) -> None:
    routes = Routes(client_of(mini).operations().values())

    def found(target: str) -> tuple[str, dict[str, str]] | None:
        route = routes.find("GET", target)
        return None if route is None else (route.operation.name, dict(route.labels))

    assert found("/things/all") == ("GetLiteral", {})
    assert found("/things/a%2Fb") == ("GetThing", {"Label": "a/b"})
    assert found("/things/a/b") == ("GetDeep", {"Label": "a/b"})
    assert found("/things/") is None
    assert routes.find("PUT", "/a/l/2024-01-01T00:00:00Z/b/k") is None
    assert routes.find("PUT", "/a/l/2024-01-01T00:00:00Z/b/k?fixed=2&bare") is None
    assert routes.find("PUT", "/a/l/2024-01-01T00:00:00Z/b/k?bare&fixed=1&x") is not None


@pytest.mark.parametrize(
    ("target", "headers", "problem"),
    [
        ("/a/l/now/b/k?fixed=1&bare", {}, "format iso8601 at 'Moment'"),
        ("?flag=yes", {}, "must be one of true, false at 'Flag'"),
        ("?flag=true&flag=true", {}, "2 values at 'Flag'"),
        ("?n=1&n=1.5", {}, "Integer at 'Numbers'"),
        ("?share=.5", {}, "Double at 'Share'"),
        ("?until=2024-02-29T12:30:05Z", {}, "format unixTimestamp at 'Until'"),
        ("", {"X-On": "True"}, "at 'On'"),
        ("", {"X-Modified": "2024-02-29T12:30:05Z"}, "format rfc822 at 'Modified'"),
        ("", {"X-Words": 'a, "b'}, "at Words"),
        ("", {"X-Settings": "{}"}, "no base64"),
        ("", {"X-Sizes": "1,,2"}, "Integer at 'Sizes'"),
    ],
)
async def test_text_that_is_no_such_value_is_refused(
    mini: Mini, target: str, headers: dict[str, str], problem: str
) -> None:
    if not target.startswith("/"):
        target = f"/a/l/2024-02-29T12:30:05Z/b/k?fixed=1&bare{target.replace('?', '&')}"
    async with Server(client_of(mini)) as server, ClientSession() as session:
        headers = {"Authorization": "AWS4-HMAC-SHA256", **headers}
        async with session.put(f"{server.url}{target}", headers=headers) as answer:
            refusal = await answer.json()

    assert (answer.status, answer.headers["X-Amzn-ErrorType"]) == (400, "SerializationException")
    assert problem in refusal["message"]


async def test_a_time_in_a_body_has_its_format(mini: Mini) -> None:
    async with Server(client_of(mini)) as server, ClientSession() as session:
        headers = {"Authorization": "AWS4-HMAC-SHA256"}
        body = b'{"Iso": "29 Feb 2024"}'
        async with session.post(f"{server.url}/shape", data=body, headers=headers) as answer:
            refusal = await answer.json()

    assert answer.status == 400
    assert "format iso8601" in refusal["message"]


async def test_bodies_that_are_no_json_object_of_members(mini: Mini) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for number in range(100):
            yield bytes([number]) * 1_000

    models = mini.models
    async with Server(client_of(mini)) as server, opened(mini, server) as client:
        assert (await client.send_text(body="text ü\n")).body == "text ü\n"
        assert (await client.send_shape(body=models.Nested(key="k"))).body.key == "k"
        assert server.requests("SendShape") == [{"Body": {"k": "k"}}]
        for body in (b"abc", io.BytesIO(b"abc"), pieces()):
            answer = await client.send_stream(body=body)
            async with answer.body as streamed:
                received = await streamed.read()
            assert received == server.journal[-1].request["Body"]
        assert len(received) == 100_000
        made_up = await client.send_stream()
        assert server.journal[-1].request == {}
        assert len(await made_up.body.read()) > 10_000


async def test_every_kind_of_event_is_read_alike(mini: Mini, data: Path) -> None:
    async with Server(client_of(mini)) as server, opened(mini, server) as client:
        answer = await client.listen()
        async with answer.events as events:
            ours = [event.to_wire() async for event in events]
        peer = await asyncio.to_thread(botocore_client, server.url, data, "places")
        theirs = await asyncio.to_thread(lambda: list(peer.listen()["Events"]))

    assert ours == theirs
    assert [next(iter(event)) for event in ours] == [
        *("Whole", "Whole", "Headed", "Headed", "TextPart", "TextPart"),
        *("Shade", "Shade", "Shaped", "Shaped", "Empty", "Empty"),
    ]
    assert set(ours[2]["Headed"]) == set(SPEC["shapes"]["HeadedEvent"]["members"])


async def test_events_that_cannot_be_read_and_exceptions(mini: Mini) -> None:
    errors = mini.module("errors")

    async def listen(*items: Any) -> list[Any]:
        server.stream_next("Listen", items)
        answer = await client.listen()
        async with answer.events as events:
            return [event async for event in events]

    async with Server(client_of(mini)) as server, opened(mini, server) as client:
        with pytest.raises(ResponseParseError, match="Listen: an event of the type Whole cannot"):
            await listen(RawEvent("Whole", b"no JSON"))
        (shade,) = await listen(RawEvent("Shade", b"mauve"))
        assert isinstance(shade.shade.colour, mini.models.Colour)
        assert (shade.shade.colour.value, shade.shade.colour.is_known) == ("mauve", False)
        with pytest.raises(ResponseParseError, match="TextPart cannot be read"):
            await listen(RawEvent("TextPart", b"\xff"))
        # The name of the union's member, and the name of the error's shape.
        for code in ("tooMuch", "TooMuch"):
            headers = {":message-type": "exception", ":exception-type": code}
            with pytest.raises(errors.TooMuch, match="enough"):
                await listen(RawEvent("", b'{"message": "enough"}', headers))
        # One that no letter has in common with its shape, and one whose code is another.
        headers = {":message-type": "exception", ":exception-type": "slowDownPlease"}
        with pytest.raises(errors.Throttled, match=r"\(slowDownPlease\)") as caught:
            await listen(RawEvent("", b'{"message": "wait", "Wait": 3}', headers))
        assert (caught.value.wait, caught.value.message) == (3, "wait")
        for code in ("gone", "ThingIsGone"):
            headers = {":message-type": "exception", ":exception-type": code}
            with pytest.raises(errors.Renamed):
                await listen(RawEvent("", b"{}", headers))
        with pytest.raises(ServiceError, match=r"\(Unheard\).*: of"):
            await listen(ServedError("Unheard", "of"))
        assert await listen() == []


@pytest.mark.parametrize(
    "items", [["a"], ["a", "b"], ["a,b", "c"], ['"', "\\", '\\"'], ["", "a"], ["a b"]]
)
def test_lists_in_headers_go_there_and_back(items: list[str]) -> None:
    assert list(read_items(write_items(items))) == items
