"""Bodies that are not held in memory: what a response streams, and what a request may stream."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterable, AsyncIterator, Awaitable
from typing import Any, Final, Protocol, Self, TypeAlias

from pydantic_core import core_schema as cs

from aiobotantic.framing import Framed


class Readable(Protocol):
    """A file that is open for reading bytes; `read` may be async."""

    def read(self, size: int, /) -> bytes | Awaitable[bytes]:
        """Return at most `size` bytes; none at the end."""
        ...


BytesInput: TypeAlias = bytes | bytearray | Readable | AsyncIterable[bytes]
"""What a streamed request body may be. A file is read from where it stands."""

TAKEN: Final = "bytes, a file that is open for reading bytes, or an async iterator of bytes"
"""What `BytesInput` takes, in words."""

CHUNK = 65_536
"""Bytes that `iter_bytes` yields at most at once."""


class Streamed(Framed):
    """Base of what holds a connection until it is read to its end or closed."""

    def __init__(self, raw: Any, operation: str) -> None:
        self._raw = raw
        self._operation = operation
        self._closed = False
        self._ended = False
        self._arrived: bytes = b""
        self._given = 0
        """How many of the bytes that arrived last were given."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> cs.CoreSchema:
        return cs.any_schema()

    async def close(self) -> None:
        """Give the connection back where everything was read, else close it."""
        if not self._closed:
            self._closed = True
            await self._raw.aclose()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open"
        return f"<{type(self).__name__} of {self._operation}, {state}>"

    async def _chunk(self, size: int = CHUNK) -> bytes:
        """Return the next bytes, at most `size`; none at the end."""
        self._check_open()
        if self._given == len(self._arrived) and not self._ended:
            self._arrived, self._given = await self._receive(), 0
            self._ended = not self._arrived
        chunk = self._arrived[self._given : self._given + size]
        self._given += len(chunk)
        return chunk

    def _check_open(self) -> None:
        if self._closed:
            from aiobotantic.errors import ClientClosedError

            raise ClientClosedError(
                f"{self._operation}: the answer was closed: read it before its `async with` ends, "
                "and before `close()`"
            )

    async def _receive(self) -> bytes:
        received = False
        try:
            chunk: bytes = await self._raw.read(CHUNK)
            received = True
        # A RuntimeError is aiohttp's word for a connection that the client's end has closed.
        except _errors_of_bodies() as error:
            raise self._lost(error) from error
        finally:
            if not received:  # a connection that was not read to its end cannot be used again
                await self.close()
        return chunk

    def _lost(self, error: BaseException) -> Exception:
        from aiobotantic.errors import ConnectionLost, ReadTimedOut

        cls = ReadTimedOut if isinstance(error, TimeoutError) else ConnectionLost
        return cls(
            f"{self._operation}: the answer broke off while it was read: "
            f"{type(error).__name__}: {error}",
            operation=self._operation,
        )


def _errors_of_bodies() -> tuple[type[Exception], ...]:
    """Return what reading a body may raise: aiobotocore's and aiohttp's, if they are loaded."""
    places = ("botocore.exceptions", "BotoCoreError"), ("aiohttp", "ClientError")
    loaded = [getattr(sys.modules[place], name) for place, name in places if place in sys.modules]
    return OSError, RuntimeError, *loaded


class StreamingBody(Streamed):
    """The body of a response, read while it arrives.

    It holds a connection until it is read to its end or closed: use it in `async with`.
    """

    async def read(self) -> bytes:
        """Return the rest of the body.

        Raises:
            TransportError: the connection broke, or nothing arrived in time.
            ClientClosedError: it was closed.
        """
        return b"".join([chunk async for chunk in self.iter_bytes()])

    def iter_bytes(self, size: int = CHUNK) -> AsyncIterator[bytes]:
        """Iterate over the rest of the body, at most `size` bytes at once.

        An iteration may be left early: what it did not give is the rest.

        Raises:
            TransportError: the connection broke, or nothing arrived in time.
            ClientClosedError: it was closed.
            ValueError: `size` is less than 1.
        """
        if size < 1:
            raise ValueError(f"size is {size!r}: pass 1 or more bytes")
        return self._iterate(size)

    async def _iterate(self, size: int) -> AsyncIterator[bytes]:
        while chunk := await self._chunk(size):
            yield chunk

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.iter_bytes()
