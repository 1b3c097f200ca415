"""Text, lines, JSON lines and server-sent events out of bytes that arrive in pieces of any length.

Each function takes any async iterable of bytes and is an async generator: `contextlib.aclosing`
ends it where it is left early.
"""

from __future__ import annotations

import codecs
import json
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

Item = TypeVar("Item")

_LINE_END: Final = re.compile("\r\n|\r|\n")
_BYTE_ORDER_MARK: Final = "\ufeff"
_BLANK: Final = " \t"
"""What JSON calls whitespace, inside a line."""


@dataclass(frozen=True)
class ServerSentEvent:
    """One server-sent event. `repr` leaves its data out: they are what a model answered."""

    event: str = "message"
    """Its type."""
    data: str = field(default="", repr=False)
    """Its lines of data, with a line feed between two."""
    id: str = ""
    """The last id that the stream gave, by this event or an earlier one; empty where none."""
    retry: int | None = None
    """Milliseconds to wait before connecting anew, where this event says so."""

    def json(self) -> Any:
        """Return what the data are in JSON.

        Raises:
            BodyFormatError: they are no JSON.
        """
        return read_json_text(self.data, f"the data of a server-sent event {self.event!r}")


async def iter_text(
    chunks: AsyncIterable[bytes], encoding: str = "utf-8", errors: str = "strict"
) -> AsyncGenerator[str, None]:
    """Yield text as it arrives; a character that was cut waits for its rest.

    Raises:
        BodyFormatError: the bytes are no text of the encoding, unless `errors` is `replace`.
    """
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    before = 0
    async for chunk in chunks:
        if text := _decoded(decoder, bytes(chunk), before, encoding):
            yield text
        before += len(chunk)
    if text := _decoded(decoder, b"", before, encoding, final=True):
        yield text


async def iter_lines(
    chunks: AsyncIterable[bytes], encoding: str = "utf-8", errors: str = "strict"
) -> AsyncGenerator[str, None]:
    """Yield lines as soon as they have ended, without LF, CRLF or CR; the last may lack its end.

    No other character ends a line: JSON may hold U+2028 as it is.

    Raises:
        BodyFormatError: as `iter_text` says.
    """
    begun: list[str] = []
    after_return = False
    async with aclosing(iter_text(chunks, encoding, errors)) as texts:
        async for text in texts:
            if after_return and text.startswith("\n"):  # of a CRLF that was cut
                text = text[1:]
            after_return = text.endswith("\r")
            first, *rest = _LINE_END.split(text)
            begun.append(first)
            for following in rest:
                yield "".join(begun)
                begun = [following]
    if last := "".join(begun):
        yield last


async def iter_json(
    chunks: AsyncIterable[bytes], encoding: str = "utf-8"
) -> AsyncGenerator[Any, None]:
    """Yield the values of JSON lines; blank lines are left out.

    Raises:
        BodyFormatError: a line is no JSON, or as `iter_text` says. It names the number of the
            line, not what stands there.
    """
    number = 0
    async with aclosing(iter_lines(chunks, encoding)) as lines:
        async for line in lines:
            number += 1
            if number == 1:
                line = line.removeprefix(_BYTE_ORDER_MARK)
            if line.strip(_BLANK):
                yield read_json_text(line, f"line {number}", number)


async def iter_sse(chunks: AsyncIterable[bytes]) -> AsyncGenerator[ServerSentEvent, None]:
    """Yield server-sent events, read as the WHATWG's HTML standard says, with one difference.

    An event at the end of the stream that no blank line ends is given, too. Comments, unknown
    fields and events without data are left out.
    """
    first, last_id = True, ""
    block = _Block()
    async with aclosing(iter_lines(chunks, errors="replace")) as lines:
        async for line in lines:
            if first:
                line, first = line.removeprefix(_BYTE_ORDER_MARK), False
            if line:
                block.add(line)
                continue
            last_id = last_id if block.id is None else block.id
            if block.data:
                yield block.event(last_id)
            block = _Block()
    if block.data:
        yield block.event(last_id if block.id is None else block.id)


class _Block:
    """The lines up to a blank one."""

    def __init__(self) -> None:
        self.kind = ""
        self.data: list[str] = []
        self.id: str | None = None
        self.retry: int | None = None

    def add(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self.data.append(value)
        elif name == "event":
            self.kind = value
        elif name == "id" and "\0" not in value:
            self.id = value
        elif name == "retry" and re.fullmatch("[0-9]{1,18}", value):
            self.retry = int(value)

    def event(self, last_id: str) -> ServerSentEvent:
        return ServerSentEvent(self.kind or "message", "\n".join(self.data), last_id, self.retry)


class Framed(ABC):
    """What a stream of bytes has beside `iter_bytes`.

    An iteration of these that is left early closes the stream, as what it has read of the next
    item would be lost: at once inside `contextlib.aclosing`, else when Python drops it.
    """

    @abstractmethod
    def iter_bytes(self) -> AsyncIterator[bytes]:
        """Iterate over the bytes."""

    @abstractmethod
    async def close(self) -> None:
        """Close the stream."""

    def iter_text(self, encoding: str = "utf-8") -> AsyncGenerator[str, None]:
        """Iterate over the text, as it arrives; characters are never cut.

        Raises:
            BodyFormatError: the bytes are no text of the encoding.
        """
        return self._closing(iter_text(self.iter_bytes(), encoding))

    def iter_lines(self, encoding: str = "utf-8") -> AsyncGenerator[str, None]:
        """Iterate over the lines of the text, without their ends: LF, CRLF or CR.

        Raises:
            BodyFormatError: the bytes are no text of the encoding.
        """
        return self._closing(iter_lines(self.iter_bytes(), encoding))

    def iter_json(self, encoding: str = "utf-8") -> AsyncGenerator[Any, None]:
        """Iterate over the values of JSON lines; blank lines are left out.

        Raises:
            BodyFormatError: a line is no JSON; it names its number.
        """
        return self._closing(iter_json(self.iter_bytes(), encoding))

    def iter_sse(self) -> AsyncGenerator[ServerSentEvent, None]:
        """Iterate over server-sent events; one that the end of the stream cuts is given, too."""
        return self._closing(iter_sse(self.iter_bytes()))

    async def _closing(self, items: AsyncGenerator[Item, None]) -> AsyncGenerator[Item, None]:
        try:
            async with aclosing(items):
                async for item in items:
                    yield item
        except BaseException:
            await self.close()
            raise


def read_json_text(text: str | bytes, what: str, line: int | None = None) -> Any:
    """Return what a text is in JSON.

    Raises:
        BodyFormatError: it is none; the message says `what`, a place, and never what stands there.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        problem = f"{error.msg} at character {error.pos}"
    except (ValueError, RecursionError) as error:
        problem = type(error).__name__
    # Outside the handler: the error holds the text, and would be the context.
    from aiobotantic.errors import BodyFormatError

    raise BodyFormatError(f"{what} is no JSON: {problem}", line=line)


def _decoded(
    decoder: codecs.IncrementalDecoder,
    chunk: bytes,
    before: int,
    encoding: str,
    *,
    final: bool = False,
) -> str:
    waiting = len(decoder.getstate()[0])
    try:
        return decoder.decode(chunk, final)
    except UnicodeDecodeError as error:
        problem = f"{error.reason} at byte {before - waiting + error.start}"
    from aiobotantic.errors import BodyFormatError

    raise BodyFormatError(
        f"the bytes are no text of the encoding {encoding}: {problem}: pass the encoding that they "
        "have, or read them as bytes"
    )
