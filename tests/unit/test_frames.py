"""Frames of an event stream, however their bytes arrive."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from aiobotantic.frames import DamagedFrameError, FrameReader
from aiobotantic.testing.event_frames import frame

HEADERS = {":message-type": "event", ":event-type": "Said"}
PAYLOADS = [b"", b"x", b"y" * 300, b"", b"z" * 70_000, b"last"]
WHOLE = b"".join(frame(HEADERS, payload) for payload in PAYLOADS)


def read(reader: FrameReader) -> Iterator[bytes]:
    while (found := reader.next_frame()) is not None:
        headers, payload = found
        assert headers == HEADERS
        yield payload


@pytest.mark.parametrize("size", [1, 2, 11, 12, 13, 64, 1_000, 65_536, len(WHOLE)])
def test_frames_are_the_same_for_chunks_of_every_size(size: int) -> None:
    reader, seen = FrameReader(), list[bytes]()
    for at in range(0, len(WHOLE), size):
        reader.feed(WHOLE[at : at + size])
        seen += read(reader)

    assert seen == PAYLOADS
    assert reader.rest == 0


@pytest.mark.parametrize("seed", range(20))
def test_frames_may_be_read_later_than_they_arrive(seed: int) -> None:
    """The reader is asked after some chunks only, and knows what is left of a cut stream."""
    chance = random.Random(seed)
    cut = chance.randrange(len(WHOLE))
    reader, seen, at = FrameReader(), list[bytes](), 0
    while at < cut:
        end = min(cut, at + chance.choice([1, 5, 100, 40_000]))
        reader.feed(WHOLE[at:end])
        at = end
        if chance.random() < 0.5:
            seen += read(reader)
    seen += read(reader)

    given = b"".join(frame(HEADERS, payload) for payload in seen)
    assert WHOLE.startswith(given)
    assert seen == PAYLOADS[: len(seen)]
    assert reader.rest == cut - len(given)


def test_frames_before_a_damaged_one_are_given() -> None:
    reader = FrameReader()
    reader.feed(frame(HEADERS, b"whole") + frame(HEADERS, b"damaged")[:-1] + b"\x00")

    assert reader.next_frame() == (HEADERS, b"whole")
    with pytest.raises(DamagedFrameError, match="its checksum is wrong"):
        reader.next_frame()
