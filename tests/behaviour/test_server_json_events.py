"""Event streams of services of protocol json, such as Kinesis and CloudWatch Logs."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EventStreamError
from botocore_peer import botocore_client
from minispec import Generate, Mini, spec_files

from aiobotantic.client import Client
from aiobotantic.errors import ConnectionLost, DamagedStreamError, TruncatedStreamError
from aiobotantic.testing.event_frames import Damaged, HangUp, RawEvent, Truncated
from aiobotantic.testing.faults import ServedError
from aiobotantic.testing.server import Server

SPEC: dict[str, Any] = {
    "metadata": {"serviceId": "Tail"},
    "operations": {
        "Listen": {"input": "ListenRequest", "output": "ListenResponse", "errors": ["TooMuch"]},
        "Ask": {"input": "ListenRequest", "output": "AskResponse"},
    },
    "shapes": {
        "ListenRequest": {"members": {"Topic": "String"}, "required": ["Topic"]},
        "ListenResponse": {"members": {"Topic": "String", "Since": "Timestamp", "Said": "Said"}},
        "AskResponse": {"members": {"Topic": "String"}},
        "Said": {
            "members": {"Word": "Word", "Sound": "Sound", "TooMuch": "TooMuch"},
            "eventstream": True,
        },
        "Word": {"members": {"Text": "String", "At": "Timestamp"}, "event": True},
        "Sound": {"members": {"Bytes": {"shape": "Blob", "eventpayload": True}}, "event": True},
        "TooMuch": {"members": {"message": "String"}, "exception": True},
    },
}


@pytest.fixture(scope="module")
def mini(generated: Generate) -> Mini:
    return generated(SPEC, service="tail")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("botocore")
    version = folder / "tail" / "2020-01-01"
    version.mkdir(parents=True)
    for name, tree in spec_files(SPEC).items():
        (version / name).write_text(json.dumps(tree))
    return folder


def client_of(mini: Mini) -> type[Client]:
    cls: type[Client] = mini.module("client").Tail
    return cls


def opened(mini: Mini, server: Server) -> Any:
    return client_of(mini)(region_name="us-east-1", endpoint_url=server.url)


async def test_both_read_the_made_up_events(mini: Mini, data: Path) -> None:
    async with Server(client_of(mini)) as server, opened(mini, server) as client:
        answer = await client.listen(topic="news")
        async with answer.said as said:
            ours = [event.to_wire() async for event in said]
        peer = await asyncio.to_thread(botocore_client, server.url, data, "tail")
        theirs = await asyncio.to_thread(lambda: peer.listen(Topic="news"))
        events = await asyncio.to_thread(lambda: list(theirs["Said"]))
        # What is not streamed is in the first event, which botocore reads.
        headers = theirs["ResponseMetadata"]["HTTPHeaders"]
        assert headers["content-type"] == "application/vnd.amazon.eventstream"
        assert theirs["Topic"] == "news"
        assert theirs["Since"].year >= 2024
        assert (await client.ask(topic="news")).topic == "news"

    assert ours == events
    assert [next(iter(event)) for event in ours] == ["Word", "Word", "Sound", "Sound"]


async def test_both_read_the_scripted_events(mini: Mini, data: Path) -> None:
    word = mini.models.Said(word=mini.models.Word(text="hello"))
    sound = mini.models.Said(sound=mini.models.Sound(bytes_=b"\x00\xff"))
    script = [word, RawEvent("Later", b'{"a": 1}'), sound]
    async with Server(client_of(mini)) as server, opened(mini, server) as client:
        server.stream_next("Listen", script)
        server.stream_next("Listen", script)
        async with (await client.listen(topic="t")).said as said:
            ours = [event async for event in said]
        peer = await asyncio.to_thread(botocore_client, server.url, data, "tail")
        theirs = await asyncio.to_thread(lambda: list(peer.listen(Topic="t")["Said"]))

    assert [event.to_wire() for event in ours] == [
        {"Word": {"Text": "hello"}},
        {"Later": {"a": 1}},
        {"Sound": {"Bytes": b"\x00\xff"}},
    ]
    assert [event.is_known for event in ours] == [True, False, True]
    assert theirs == [ours[0].to_wire(), ours[2].to_wire()]  # botocore drops what it does not know


async def test_what_ends_the_events_is_raised(mini: Mini, data: Path) -> None:
    word = mini.models.Said(word=mini.models.Word(text="hello"))

    async def listen(last: Any) -> None:
        server.stream_next("Listen", [word, last])
        async with (await client.listen(topic="t")).said as said:
            async for event in said:
                assert event == word

    async with Server(client_of(mini)) as server, opened(mini, server) as client:
        for last, raised in (
            (ServedError("TooMuch", "enough"), mini.module("errors").TooMuch),
            (Damaged(word), DamagedStreamError),
            (Truncated(word), TruncatedStreamError),
            (HangUp(), ConnectionLost),
        ):
            with pytest.raises(raised):
                await listen(last)

        server.stream_next("Listen", [word, ServedError("TooMuch", "enough")])
        peer = await asyncio.to_thread(botocore_client, server.url, data, "tail")
        with pytest.raises(EventStreamError, match="enough"):
            await asyncio.to_thread(lambda: list(peer.listen(Topic="t")["Said"]))


async def test_an_error_instead_of_events_is_raised_by_the_call(mini: Mini) -> None:
    async with Server(client_of(mini)) as server, opened(mini, server) as client:
        server.fail_next("Listen", "TooMuch", message="enough")
        with pytest.raises(mini.module("errors").TooMuch, match="enough"):
            await client.listen(topic="t")


def test_what_cannot_be_streamed_is_refused(mini: Mini) -> None:
    server = Server(client_of(mini))

    with pytest.raises(ValueError, match=r"^tail: Ask streams no answer$"):
        server.stream_next("Ask", [])
    with pytest.raises(ValueError, match=r"^no event of Said: 'word'$"):
        server.stream_next("Listen", ["word"])  # type: ignore[list-item]
