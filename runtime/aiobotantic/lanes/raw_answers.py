"""Answers as aiobotocore has them from aiohttp: `raw`, of its responses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiobotantic.lanes.http import Answer
from aiobotantic.lanes.http_errors import SentHeaders


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """An answer that was read whole."""

    url: str
    status: int
    raw_headers: SentHeaders
    body: bytes

    async def read(self) -> bytes:
        """Return the body."""
        return self.body


class StreamedAnswer:
    """An answer whose body is read while it arrives."""

    def __init__(self, url: str, answer: Answer) -> None:
        self.url = url
        self.status = answer.status
        self.raw_headers = answer.headers
        self.content = Content(answer)
        self._answer = answer

    async def read(self) -> bytes:
        """Return the whole body."""
        return await self.content.read()

    def close(self) -> None:
        """Close the connection if it is held."""
        self._answer.close()


class Content:
    """A body that arrives."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._arrived = b""
        self._ended = False

    async def read(self, n: int = -1) -> bytes:
        """Return what has arrived, at most `n` bytes; all of it if that is negative."""
        if n < 0:
            return b"".join([chunk async for chunk, _ in self.iter_chunks()])
        if n and not self._arrived:
            await self._receive()
        chunk, self._arrived = self._arrived[:n], self._arrived[n:]
        return chunk

    async def iter_chunks(self) -> AsyncIterator[tuple[bytes, bool]]:
        """Iterate over what arrives."""
        while True:
            if not self._arrived:
                await self._receive()
            chunk, self._arrived = self._arrived, b""
            if not chunk:
                return
            yield chunk, True

    def at_eof(self) -> bool:
        """Return whether all was read."""
        return self._ended and not self._arrived

    async def _receive(self) -> None:
        self._arrived = await self._answer.read()
        self._ended = not self._arrived
