"""A connection that speaks HTTP/1.1: llhttp's parser on a transport of asyncio.

One request at a time. An answer is collected while it arrives, and whoever waits for it is woken
once: when its head is there, or when all of it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf
from typing import Any, Final

import httptools

from aiobotantic.lanes.http_errors import (
    AnsweredLateError,
    AnswerTooLongError,
    DisconnectedError,
    HttpError,
    NotHttpError,
)

_LONGEST_HEAD: Final = 256 * 1024
"""Bytes of status and headers."""
_MOST_HEADERS: Final = 1_000
_MOST_UNREAD: Final = 256 * 1024
"""Bytes of a streamed answer that arrive ahead of who reads it."""
_MOST_IN_ONE_PIECE: Final = 64 * 1024
"""Bytes of a body that are copied behind the head; a longer one is written after it."""
_SWITCHING: Final = 101


class Incoming:
    """An answer on its way: what has arrived and nobody has taken yet."""

    __slots__ = (
        *("arrived", "complete", "connection", "error", "has_head", "headers"),
        *("most", "paused", "size", "status", "taken", "waiter", "without_body"),
    )

    def __init__(self, connection: Connection, most: int | None, without_body: bool) -> None:
        self.connection = connection
        self.most = most
        """The most bytes that the body may have; None while it streams."""
        self.without_body = without_body
        """Whether it is the answer to HEAD."""
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.has_head = False
        self.arrived: list[bytes] = []
        self.size = 0
        """Bytes in `arrived`."""
        self.taken = 0
        """Bytes of the body that were taken out of it."""
        self.complete = False
        self.error: HttpError | None = None
        self.waiter: asyncio.Future[None] | None = None
        self.paused = False

    async def head(self) -> None:
        """Wait until status and headers are there.

        Raises:
            HttpError: they will not be.
        """
        while not self.has_head:
            if self.error is not None:
                raise self.error
            await self._wait()

    async def whole(self) -> bytes:
        """Wait until all is there, and return the body.

        Raises:
            HttpError: it will not be.
        """
        while not self.complete:
            if self.error is not None:
                raise self.error
            await self._wait()
        return self._take()

    async def some(self) -> bytes:
        """Return what has arrived of a body; nothing at its end.

        Raises:
            HttpError: it broke off.
        """
        while not self.arrived:
            if self.complete:
                return b""
            if self.error is not None:
                raise self.error
            await self._wait()
        return self._take()

    def limit(self, most: int) -> None:
        """Collect the rest, unless there is more than `most` bytes."""
        self.most = most
        if self.error is None and self._is_too_long():
            self.connection.fail(AnswerTooLongError(most, self.status, self.headers))
        self._resume()

    def _take(self) -> bytes:
        arrived = self.arrived
        taken = arrived[0] if len(arrived) == 1 else b"".join(arrived)
        self.arrived, self.size = [], 0
        self.taken += len(taken)
        self._resume()
        return taken

    def _resume(self) -> None:
        if self.paused:
            self.paused = False
            self.connection.resume()

    async def _wait(self) -> None:
        self.waiter = self.connection.loop.create_future()
        try:
            await self.waiter
        finally:
            self.waiter = None

    def wake(self) -> None:
        """Let who waits look again."""
        waiter = self.waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def take_head(self, status: int) -> None:
        """Note the status: all headers are there."""
        self.status = status
        self.has_head = True
        if self.most is None:
            self.wake()
        elif self._is_too_long():
            self.connection.fail(AnswerTooLongError(self.most, status, self.headers))

    def take_body(self, data: bytes) -> None:
        """Add what arrived of the body."""
        if self.error is not None:
            return
        self.arrived.append(data)
        self.size += len(data)
        if self.most is None:
            self.wake()
            if self.size > _MOST_UNREAD and not self.paused:
                self.paused = True
                self.connection.pause()
        elif self.taken + self.size > self.most:
            self.connection.fail(AnswerTooLongError(self.most, self.status, self.headers))

    def size_of_head(self) -> float:
        """Return the bytes of the headers; infinity where they do not end."""
        if not self.has_head:
            return inf
        return sum(len(name) + len(value) for name, value in self.headers)

    def is_left(self) -> bool:
        """Return whether it holds its connection, and nobody reads on."""
        return self.has_head and self.most is None and self.waiter is None and not self.complete

    def ends_with_connection(self) -> bool:
        """Return whether no header says how long the body is."""
        lengths = (b"content-length", b"transfer-encoding")
        return self.has_head and not any(name.lower() in lengths for name, _ in self.headers)

    def _is_too_long(self) -> bool:
        if not self.has_head or self.most is None:
            return False
        sizes = [value for name, value in self.headers if name.lower() == b"content-length"]
        announced = int(sizes[0]) if sizes and not self.without_body else 0
        return max(announced, self.taken + self.size) > self.most


class Connection(asyncio.Protocol):
    """A connection of a pool.

    Args:
        loop: The event loop.
        origin: Where it leads.
        read_timeout: Seconds in which something must arrive, or leave; None: any time.
        ended: Is told when an exchange has ended well, and whether the next one may follow.
        lost: Is told when the connection is closed.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        origin: Any,
        read_timeout: float | None,
        ended: Callable[[Connection, bool], None],
        lost: Callable[[Connection], None],
    ) -> None:
        self.loop = loop
        self.origin = origin
        self.incoming: Incoming | None = None
        """The answer that is awaited."""
        self.free_since = 0.0
        """When the last exchange ended, by the loop's clock."""
        self._read_timeout = read_timeout
        self._ended = ended
        self._lost = lost
        self._transport: Any = None
        self._below: Any = None
        self._parser = httptools.HttpResponseParser(self)
        self._is_interim = False
        self._has_more = False
        """Whether another answer follows the one that was awaited."""
        self._head_size = 0
        self._heard = 0.0
        """When something arrived or left last."""
        self._unsent: int = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_open(self) -> bool:
        """Whether a request can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, head: bytes, body: bytes, incoming: Incoming) -> None:
        """Send a request, whose answer `incoming` awaits.

        The service may answer before it has read all: nothing waits for the body to be gone.

        Raises:
            DisconnectedError: the connection was closed meanwhile.
        """
        if not self.is_open:
            raise DisconnectedError("the connection was closed before the request was sent")
        self.incoming = incoming
        self._head_size = 0
        self._heard = self.loop.time()
        if len(body) <= _MOST_IN_ONE_PIECE:
            self._transport.write(head + body if body else head)
        else:
            self._transport.write(head)
            self._transport.write(memoryview(body))
        self._unsent = self._left_to_send()
        if self._read_timeout is not None and self._timer is None:
            self._timer = self.loop.call_at(self._heard + self._read_timeout, self._look)

    def pause(self) -> None:
        """Let nothing more arrive for now."""
        if self.is_open:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Let the rest arrive."""
        self._heard = self.loop.time()
        if self.is_open:
            self._transport.resume_reading()

    def close(self) -> None:
        """Close it now; who waits for the rest of an answer is told."""
        self.fail(DisconnectedError("the connection was closed by this side"))

    def fail(self, error: HttpError) -> None:
        """Close it for a reason, which who waits for an answer is told."""
        incoming, self.incoming = self.incoming, None
        if incoming is not None and not incoming.complete:
            incoming.error = incoming.error or error
            incoming.wake()
        if self._transport is not None:
            self._transport.abort()

    # What a transport calls

    def connection_made(self, transport: Any) -> None:
        """Take the transport."""
        self._transport = transport
        # What a TLS transport has encrypted waits in the one below, which it does not count.
        self._below = getattr(getattr(transport, "_ssl_protocol", None), "_transport", None)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived."""
        incoming = self.incoming
        if incoming is None:  # nobody asked
            self.close()
            return
        self._heard = self.loop.time()
        problem = ""
        if not incoming.has_head:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            problem = str(error)  # which holds no part of what arrived: that may be secret
        if incoming.complete and (problem or self._has_more):
            # It may have been cut by a wrong length. Behind 101 the parser stops.
            problem = "more follows than it announced" if incoming.status != _SWITCHING else ""
        if self._head_size > _LONGEST_HEAD and incoming.size_of_head() > _LONGEST_HEAD:
            problem = f"its headers have more than {_LONGEST_HEAD} bytes"
        if len(incoming.headers) > _MOST_HEADERS:
            problem = f"it has more than {_MOST_HEADERS} headers"
        if problem:
            incoming.complete = False
            incoming.error = incoming.error or NotHttpError(f"the answer is no HTTP: {problem}")
            incoming.wake()
            self.close()

    def resume_writing(self) -> None:
        """Count the time of the answer from when a long body has left."""
        self._heard = self.loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits, and the pool."""
        incoming = self.incoming
        if incoming is not None:
            if exc is None and incoming.ends_with_connection():
                self._finish(keep=False)
            else:
                self._break(exc)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._lost(self)

    # What the parser calls

    def on_message_begin(self) -> None:
        """Begin an answer: it may be an interim one."""
        self._is_interim = False
        self._has_more = self.incoming is None

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; one behind the body says nothing that is read."""
        incoming = self.incoming
        if incoming is not None and not incoming.has_head:
            incoming.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Take the head of an answer."""
        incoming = self.incoming
        if incoming is None:
            return
        status = self._parser.get_status_code()
        if 100 <= status < 200 and status != _SWITCHING:
            self._is_interim = True
            incoming.headers.clear()
            return
        incoming.take_head(status)
        if incoming.without_body and incoming.error is None:
            self._finish(keep=False)
            self._transport.abort()

    def on_body(self, data: bytes) -> None:
        """Take a part of the body."""
        incoming = self.incoming
        if incoming is not None:
            incoming.take_body(data)

    def on_message_complete(self) -> None:
        """End an answer, and free the connection."""
        if self._is_interim or self.incoming is None:
            return
        done = not self._left_to_send() and self._parser.should_keep_alive()
        self._finish(keep=done and self.incoming.status != _SWITCHING)

    def _left_to_send(self) -> int:
        """Return how many bytes wait to be sent."""
        waiting: int = self._transport.get_write_buffer_size()
        return waiting if self._below is None else waiting + self._below.get_write_buffer_size()

    def _finish(self, *, keep: bool) -> None:
        incoming, self.incoming = self.incoming, None
        assert incoming is not None
        incoming.complete = True
        incoming.wake()
        self._ended(self, keep)

    def _break(self, cause: Exception | None) -> None:
        incoming, self.incoming = self.incoming, None
        assert incoming is not None
        where = "within the answer" if incoming.has_head else "before an answer"
        why = f": {type(cause).__name__}: {cause}" if cause is not None else ""
        error = DisconnectedError(f"the connection was closed {where}{why}")
        error.__cause__ = cause
        incoming.error = error
        incoming.wake()

    def _look(self) -> None:
        """See whether something arrived or left in time; a new request may have begun meanwhile."""
        self._timer = None
        incoming, patience = self.incoming, self._read_timeout
        if incoming is None or patience is None:
            return
        unsent = self._left_to_send()
        if incoming.paused or unsent != self._unsent:  # who reads it is slow, or it is leaving
            self._heard, self._unsent = self.loop.time(), unsent
        if self.loop.time() - self._heard >= patience:
            self.fail(AnsweredLateError(f"nothing arrived for {patience:g} s"))
        else:
            self._timer = self.loop.call_at(self._heard + patience, self._look)
