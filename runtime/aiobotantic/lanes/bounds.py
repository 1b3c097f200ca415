"""Bounds of aiohttp's pool: how long an answer may be, and how long a call waits for a connection.

aiohttp has neither: it reads whatever arrives, and waits for ever for a connection that is held by
an answer which nobody reads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

import aiohttp

from aiobotantic.options import MAX_ANSWER_BYTES

most_bytes: Final = ContextVar("aiobotantic_most_bytes", default=MAX_ANSWER_BYTES)
"""The longest answer that the call under way takes."""


class AnswerTooLong(aiohttp.ClientPayloadError):
    """An answer is longer than the call takes."""

    def __init__(self, most: int, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(f"more than {most} bytes")
        self.most = most
        self.status = status
        self.headers = headers


class PoolStalled(aiohttp.ClientConnectionError):
    """Every connection is held by an answer that is read while it arrives, and none came back."""

    def __init__(self, connections: int, seconds: float) -> None:
        super().__init__(f"{connections} connections, {seconds:g} s")
        self.connections = connections
        self.seconds = seconds


async def read_whole(content: Any, most: int, status: int, headers: Any) -> bytes:
    """Return the whole body of an answer.

    Raises:
        AnswerTooLong: it has, or announces, more bytes than `most`.
    """
    if int(headers.get("Content-Length", 0)) > most:
        raise AnswerTooLong(most, status, headers)
    blocks: list[bytes] = []
    size = 0
    while block := await content.readany():
        size += len(block)
        if size > most:
            raise AnswerTooLong(most, status, headers)
        blocks.append(block)
    return blocks[0] if len(blocks) == 1 else b"".join(blocks)


if TYPE_CHECKING:

    class _Response(aiohttp.ClientResponse):
        raw_headers: Any

else:
    _Response = aiohttp.ClientResponse


class WholeResponse(_Response):
    """aiohttp's response, whose body is read whole up to `most_bytes`."""

    @property
    def raw_headers(self) -> Any:
        """The headers that were sent, as bytes that are UTF-8: aiobotocore fails at any others."""
        return tuple((_in_utf8(name), _in_utf8(value)) for name, value in self.sent_headers)

    @property
    def sent_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """The headers that were sent, as they were."""
        return self._raw_headers

    async def read(self) -> bytes:
        """Return the whole body."""
        if self._body is None:
            try:
                self._body = await read_whole(
                    self.content, most_bytes.get(), self.status, self.headers
                )
            except BaseException:
                self.close()
                raise
        return await super().read()


def _in_utf8(text: bytes) -> bytes:
    try:
        text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1").encode()
    return text


class Patience:
    """Lets a connector refuse a call that would wait for ever.

    That is where each of its connections has been held, for some seconds, by the same streamed
    answer. Calls that are under way end by their own timeouts, and waiting for those has no limit.

    Args:
        connector: The connector, whose `connect` is replaced.
        seconds: How long to be patient; None for ever.
    """

    def __init__(self, connector: Any, seconds: float | None) -> None:
        self._connector = connector
        self._connect = connector.connect
        self._seconds = seconds
        self._streams: WeakSet[Any] = WeakSet()
        if connector.limit and seconds is not None:
            connector.connect = self._connect_in_time

    def hold(self, answer: Any) -> None:
        """Note an answer that is read while it arrives; `connection` is None when that is over."""
        self._streams.add(answer)

    def _holding(self) -> frozenset[int]:
        return frozenset(id(each) for each in self._streams if each.connection is not None)

    async def _connect_in_time(self, *args: Any, **options: Any) -> Any:
        limit, seconds = self._connector.limit, self._seconds
        if len(self._connector._acquired) < limit or seconds is None:
            return await self._connect(*args, **options)
        loop = asyncio.get_running_loop()
        deadline = asyncio.timeout(None)
        timer: asyncio.TimerHandle | None = None
        seen: frozenset[int] = frozenset()

        def look() -> None:
            nonlocal seen, timer
            before, seen = seen, self._holding()
            if len(seen) >= limit and seen == before:
                deadline.reschedule(loop.time())
            else:
                timer = loop.call_later(seconds, look)

        look()
        try:
            async with deadline:
                return await self._connect(*args, **options)
        except TimeoutError:
            if deadline.expired():
                raise PoolStalled(limit, seconds) from None
            raise
        finally:
            if timer is not None:
                timer.cancel()
