"""HTTP/1.1 as bytes on a stream: messages are taken apart no further than a front needs."""

from __future__ import annotations

import re
from asyncio import IncompleteReadError, StreamReader
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

CHUNK: Final = 65_536
LONGEST_HEAD: Final = 1024 * 1024
"""Bytes; what a stream reader of such messages is limited to."""
_SIZE: Final = re.compile(rb"([0-9A-Fa-f]+)[^\r\n]*\r\n")


@dataclass(frozen=True)
class Head:
    """The first line of a message, and its headers as they were sent."""

    first: str
    headers: Sequence[tuple[str, str]]

    def get(self, name: str) -> str | None:
        """Return the first header of a name, in any case."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    def without(self, *names: str) -> Head:
        """Return it without headers of some names, in any case."""
        dropped = {name.lower() for name in names}
        left = tuple(pair for pair in self.headers if pair[0].lower() not in dropped)
        return replace(self, headers=left)

    def with_more(self, *headers: tuple[str, str]) -> Head:
        """Return it with further headers."""
        return replace(self, headers=(*self.headers, *headers))

    @property
    def status(self) -> int:
        """The status of an answer."""
        return int(self.first.split(" ", 2)[1])

    def __bytes__(self) -> bytes:
        lines = [self.first, *(f"{name}: {value}" for name, value in self.headers)]
        return "".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1")


async def read_head(reader: StreamReader) -> Head | None:
    """Return the head of the next message; None where the connection ended before it."""
    try:
        text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except IncompleteReadError:
        return None
    first, *lines = text[:-4].split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return Head(first, tuple((name, value.strip()) for name, _, value in pairs))


async def read_body(reader: StreamReader, head: Head, *, to_end: bool) -> AsyncIterator[bytes]:
    """Yield the body of a message as it arrives and as it was sent, in chunks or not.

    One that is shorter than its length raises an IncompleteReadError.

    Args:
        reader: The connection, behind the head.
        head: The head.
        to_end: Whether a body without a length goes on until the connection ends.
    """
    if (head.get("transfer-encoding") or "").lower() == "chunked":
        async for piece in _chunks(reader):
            yield piece
        return
    length = head.get("content-length")
    left = int(length) if length is not None else None
    if left is None and not to_end:
        return
    while left is None or left > 0:
        piece = await reader.read(CHUNK if left is None else min(left, CHUNK))
        if not piece and left is None:
            return
        if not piece:
            raise IncompleteReadError(b"", left)
        yield piece
        left = None if left is None else left - len(piece)


async def _chunks(reader: StreamReader) -> AsyncIterator[bytes]:
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        yield line + await reader.readexactly(size + 2)
        if size == 0:
            return


def unchunked(body: bytes) -> bytes:
    """Return the content of a body that came in chunks."""
    content = bytearray()
    at = 0
    while (match := _SIZE.match(body, at)) and (size := int(match[1], 16)):
        content += body[match.end() : match.end() + size]
        at = match.end() + size + 2
    return bytes(content)
