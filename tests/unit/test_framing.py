"""Text, lines, JSON lines and server-sent events, whatever the pieces in which the bytes arrive."""

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiobotantic.errors import BodyFormatError
from aiobotantic.framing import ServerSentEvent, iter_json, iter_lines, iter_sse, iter_text

ENDS = st.sampled_from(["\n", "\r\n", "\r"])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LINE = TEXT.map(lambda text: re.sub("[\r\n]", "", text))
SSE_LINES = st.one_of(
    st.just(""),
    LINE,
    st.tuples(st.sampled_from(["data", "event", "id", "retry", ""]), LINE).map(": ".join),
    st.tuples(st.sampled_from(["data", "event", "id", "retry"]), LINE).map(":".join),
    st.sampled_from(["data", "id: 7", "retry: 250", "event: token", "data: [DONE]"]),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def pieces(draw: st.DrawFn, body: bytes) -> list[bytes]:
    """Cut bytes at any places, into empty pieces too."""
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=30)))
    if draw(st.booleans()):
        cuts = list(range(len(body)))
    return [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]


async def arriving(chunks: list[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def read(
    frame: Callable[..., AsyncGenerator[Any, None]], *chunks: bytes, **options: Any
) -> list[Any]:
    return [item async for item in frame(arriving(list(chunks)), **options)]


def reference(text: str) -> list[ServerSentEvent]:
    """The events of a whole text, written from the standard's buffers, one step after another."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    events: list[ServerSentEvent] = []
    data, kind, last_id, retry = "", "", "", None
    for line in [*text.split("\n"), ""]:
        if line == "":
            if data:
                events.append(ServerSentEvent(kind or "message", data[:-1], last_id, retry))
            data, kind, retry = "", "", None
            continue
        if line.startswith(":"):
            continue
        field, value = line, ""
        if ":" in line:
            at = line.index(":")
            field, value = line[:at], line[at + 1 :]
            value = value[1:] if value.startswith(" ") else value
        if field == "event":
            kind = value
        elif field == "data":
            data += value + "\n"
        elif field == "id" and "\0" not in value:
            last_id = value
        elif field == "retry" and value and all(each in "0123456789" for each in value):
            retry = int(value)
    return events


@given(st.data(), st.lists(st.tuples(LINE, ENDS)), LINE)
async def test_lines_are_the_same_however_they_are_cut(
    data: st.DataObject, ended: list[tuple[str, str]], last: str
) -> None:
    body = "".join(line + end for line, end in ended) + last
    expected = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    expected = expected if expected[-1] else expected[:-1]

    chunks = data.draw(pieces(body.encode()))
    assert await read(iter_lines, *chunks) == expected
    assert "".join(await read(iter_text, *chunks)) == body


@given(st.data(), st.lists(st.tuples(VALUES, st.booleans(), ENDS)), st.booleans())
async def test_json_lines_are_the_same_however_they_are_cut(
    data: st.DataObject, values: list[tuple[Any, bool, str]], ended: bool
) -> None:
    lines = [json.dumps(value, ensure_ascii=ascii_) + end for value, ascii_, end in values]
    body = " \n\r\n".join(lines)
    body = body if ended else body.rstrip("\r\n")

    chunks = data.draw(pieces(body.encode()))
    assert await read(iter_json, *chunks) == [value for value, _, _ in values]


@given(st.data(), st.lists(st.tuples(SSE_LINES, ENDS), max_size=30), st.booleans())
async def test_server_sent_events_are_the_same_however_they_are_cut(
    data: st.DataObject, lines: list[tuple[str, str]], mark: bool
) -> None:
    body = "\ufeff" * mark + "".join(line + end for line, end in lines)

    chunks = data.draw(pieces(body.encode()))
    assert await read(iter_sse, *chunks) == reference(body)


@given(st.data(), st.binary(max_size=60))
async def test_bytes_that_are_no_text_are_replaced_in_events_the_same_however_they_are_cut(
    data: st.DataObject, noise: bytes
) -> None:
    body = b"data: " + noise

    chunks = data.draw(pieces(body))
    assert await read(iter_sse, *chunks) == reference(body.decode(errors="replace"))


async def test_a_line_comes_before_what_follows_it() -> None:
    arrived: list[str] = []

    async def slowly() -> AsyncIterator[bytes]:
        yield b'{"token": 1}\r'
        assert arrived == ['{"token": 1}']
        yield b'\n{"token": 2}\n'
        assert arrived == ['{"token": 1}', '{"token": 2}']

    async for line in iter_lines(slowly()):
        arrived.append(line)


async def test_only_line_feeds_and_returns_end_a_line() -> None:
    text = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg"
    assert await read(iter_lines, text.encode()) == [text]
    assert await read(iter_json, json.dumps(text, ensure_ascii=False).encode()) == [text]


async def test_an_event_says_what_the_standard_has() -> None:
    body = (
        b"\xef\xbb\xbf: a comment\r\n"
        b'event: token\nid: 1\nretry: 250\ndata: {\ndata:  "t": 1}\n\n'
        b"event: nothing\n\n"
        b"data\n\n"
        b"retry: soon\nid: a\x00b\nunknown: x\ndata:last"
    )
    events = await read(iter_sse, body)

    assert events == [
        ServerSentEvent("token", '{\n "t": 1}', "1", 250),
        ServerSentEvent("message", "", "1"),
        ServerSentEvent("message", "last", "1"),
    ]
    assert events[0].json() == {"t": 1}
    assert repr(events[0]) == "ServerSentEvent(event='token', id='1', retry=250)"


async def test_data_that_are_no_json_are_named_and_not_shown() -> None:
    [event] = await read(iter_sse, b"data: secret [DONE]\n\n")
    with pytest.raises(BodyFormatError) as raised:
        event.json()

    assert str(raised.value) == (
        "the data of a server-sent event 'message' is no JSON: Expecting value at character 0"
    )
    assert raised.value.__context__ is None


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"secret", "Expecting value at character 0"),
        (b'{"secret": 1', "Expecting ',' delimiter at character 12"),
        (b"[" * 100_000, "RecursionError"),
        (b"1" * 5_000, "ValueError"),
    ],
)
async def test_a_line_that_is_no_json_is_named_and_not_shown(line: bytes, problem: str) -> None:
    values: list[Any] = []
    with pytest.raises(BodyFormatError) as raised:
        async for value in iter_json(arriving([b"1\n\n", line, b"\n2\n"])):
            values.append(value)

    assert values == [1]
    assert str(raised.value) == f"line 3 is no JSON: {problem}"
    assert raised.value.line == 3
    assert isinstance(raised.value, ValueError)
    assert raised.value.__context__ is None


async def test_bytes_that_are_no_text_say_where() -> None:
    with pytest.raises(BodyFormatError) as raised:
        await read(iter_text, b"caf\xc3", b"\xa9 \xe2\x82", b"x")

    assert str(raised.value) == (
        "the bytes are no text of the encoding utf-8: invalid continuation byte at byte 6: pass "
        "the encoding that they have, or read them as bytes"
    )
    assert raised.value.__context__ is None
    with pytest.raises(BodyFormatError, match="unexpected end of data at byte 1"):
        await read(iter_lines, b"a\xe2\x82")


async def test_other_encodings_are_read() -> None:
    body = "é\nü".encode("utf-16")
    one_by_one = [body[n : n + 1] for n in range(len(body))]
    assert await read(iter_lines, *one_by_one, encoding="utf-16") == ["é", "ü"]
    assert await read(iter_json, '"é"\n'.encode("latin-1"), encoding="latin-1") == ["é"]
