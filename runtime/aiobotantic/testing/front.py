"""A front: a proxy on loopback that lets exchanges go wrong, and writes down how."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import Any, Final, Literal, Self
from urllib.parse import urlsplit

from aiobotantic.testing.http_wire import LONGEST_HEAD, Head, read_body, read_head, unchunked
from aiobotantic.testing.json_protocol import HttpRequest
from aiobotantic.testing.mishaps import Changed, Cut, Huge, Instead, Mishap, Slow

_MOMENT: Final = 0.02
"""Seconds in which an answer on loopback has arrived."""
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
_FILLING: Final = b"x" * 1024 * 1024


@dataclass(frozen=True)
class Passage:
    """One exchange as it passed the front."""

    operation: str | None
    """AWS's name; None where the request named none."""
    mishap: Mishap | None
    """What was done to it."""
    connection: int
    """Which of the client's connections it came on, from 1."""
    to_server: bool
    """Whether the server got the request, whole."""
    status: int | None
    """What the server answered; None where it was not asked, or its answer not read."""
    to_client: Literal["nothing", "part", "other", "whole"]
    """What the client got of it: `other` is an answer that is not the server's."""


@dataclass
class _Chance:
    probability: float
    mishaps: tuple[Mishap, ...]
    operations: frozenset[str]


@dataclass
class _Exchange:
    """A request, and the way back to its client."""

    head: Head
    body: bytes
    operation: str | None
    connection: int
    writer: asyncio.StreamWriter
    to_server: bool = False
    status: int | None = None
    to_client: Literal["nothing", "part", "other", "whole"] = "nothing"
    stays_open: bool = True
    mishap: Mishap | None = None
    journal: Callable[[Passage], None] | None = None

    def note(self) -> None:
        """Write down what came of it, once."""
        if self.journal is not None:
            append, self.journal = self.journal, None
            append(
                Passage(
                    self.operation,
                    self.mishap,
                    self.connection,
                    self.to_server,
                    self.status,
                    self.to_client,
                )
            )

    async def write(self, piece: bytes) -> None:
        self.writer.write(piece)
        if piece and self.to_client == "nothing":
            self.to_client = "part"
        await self.writer.drain()

    def cut(self, *, reset: bool) -> None:
        """End the client's connection."""
        self.stays_open = False
        connected: socket.socket | None = self.writer.get_extra_info("socket")
        if reset and connected is not None:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.writer.transport.abort()
        else:
            self.writer.close()


class Front:
    """Passes requests on to a server, and lets some go wrong: by a script, and by chance.

        async with server.front() as front, server.client(endpoint_url=front.url) as client:
            front.next("CreateModel", Cut("answer"))
            front.sometimes(0.01, Cut("body"), refusal("ThrottlingException"))

    Args:
        upstream: address of the server: `http://127.0.0.1:40123`.
        operation_of: names the operation of a request; by default the header X-Amz-Target does.
        seed: of chance: the same requests in the same order meet the same mishaps.
        tls: what the front shows clients as an https server; None for http.
    """

    def __init__(
        self,
        upstream: str,
        *,
        operation_of: Callable[[HttpRequest], str | None] | None = None,
        seed: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        parts = urlsplit(upstream)
        self._upstream = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._operation_of = operation_of or _target
        self._random = Random(seed)
        self._tls = tls
        self._port = 0
        self._scripts: dict[str | None, deque[Mishap | None]] = {}
        self._chances: list[_Chance] = []
        self._connected = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._refusing = asyncio.Lock()
        self.journal: deque[Passage] = deque(maxlen=10_000)
        """The newest 10,000 exchanges, oldest first."""

    @property
    def url(self) -> str:
        """Where the front listens: what a client gets as `endpoint_url`, or as its proxy.

        Raises:
            RuntimeError: it has not been started.
        """
        if not self._port:
            raise RuntimeError("the front does not run: use `async with`, or await start()")
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    def next(self, operation: str | None, *mishaps: Mishap | None) -> None:
        """Say what happens to the next requests for an operation, in order; calls add up.

        Args:
            operation: AWS's name; None for requests that name none, such as those to a proxy.
            mishaps: one for each request; None passes it on.
        """
        self._scripts.setdefault(operation, deque()).extend(mishaps)

    def sometimes(
        self, probability: float, *mishaps: Mishap, operations: Iterable[str] = ()
    ) -> None:
        """Let requests that no script is for go wrong by chance.

        Args:
            probability: from 0 to 1; chances of several calls are tried in their order.
            mishaps: one of them happens, each as often as the others.
            operations: AWS's names; empty for every operation.
        """
        self._chances.append(_Chance(probability, mishaps, frozenset(operations)))

    def passages(self, operation: str | None) -> list[Passage]:
        """Return what the journal says of an operation, oldest first."""
        return [each for each in self.journal if each.operation == operation]

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; after a stop on the same port again."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        listener.listen(1024)
        listener.setblocking(False)
        self._port = int(listener.getsockname()[1])
        self._spawn(listener, self._accept(listener))

    async def stop(self) -> None:
        """Close the port and every connection."""
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)

    @asynccontextmanager
    async def refused(self) -> AsyncGenerator[None, None]:
        """Refuse connections while the block runs, and break those that there are."""
        async with self._refusing:
            await self.stop()
            with socket.socket() as kept:  # bound, so that nobody else takes the port
                kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                kept.bind(("127.0.0.1", self._port))
                await asyncio.sleep(_MOMENT)  # clients notice
                try:
                    yield
                finally:
                    await self.start()

    def _spawn(self, connection: socket.socket, work: Coroutine[Any, Any, None]) -> None:
        def end(task: asyncio.Task[None]) -> None:  # also where the task never began
            self._tasks.discard(task)
            connection.close()

        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(end)

    async def _accept(self, listener: socket.socket) -> None:
        # asyncio's own server cannot be closed while connections arrive: it loses some.
        loop = asyncio.get_running_loop()
        while True:
            accepted, _ = await loop.sock_accept(listener)
            self._spawn(accepted, self._serve(accepted))

    async def _serve(self, accepted: socket.socket) -> None:
        self._connected += 1
        number, upstream = self._connected, _Upstream(self._upstream)
        # A client or a server that left in the middle ends the connection, and nothing else.
        with suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await self._streams(accepted)
            try:
                await self._converse(reader, writer, upstream, number)
            finally:
                upstream.close()
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()

    async def _streams(
        self, accepted: socket.socket
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(LONGEST_HEAD)
        transport, protocol = await loop.connect_accepted_socket(
            lambda: asyncio.StreamReaderProtocol(reader), accepted, ssl=self._tls
        )
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    async def _converse(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        upstream: _Upstream,
        connection: int,
    ) -> None:
        while (head := await read_head(reader)) is not None:
            body = b"".join([piece async for piece in read_body(reader, head, to_end=False)])
            exchange = _Exchange(head, body, self._name(head, body), connection, writer)
            exchange.journal = self.journal.append
            exchange.mishap = self._mishap(exchange.operation)
            try:
                await _carry_out(exchange, upstream)
            finally:
                exchange.note()
            if not exchange.stays_open:
                return

    def _name(self, head: Head, body: bytes) -> str | None:
        method, target, _ = head.first.split(" ", 2)
        named = dict(head.headers)
        content = unchunked(body) if head.get("transfer-encoding") else body
        return self._operation_of(HttpRequest(method, target, named, content))

    def _mishap(self, operation: str | None) -> Mishap | None:
        script = self._scripts.get(operation)
        if script:
            return script.popleft()
        for chance in self._chances:
            if chance.operations and operation not in chance.operations:
                continue
            if self._random.random() < chance.probability:
                return self._random.choice(chance.mishaps)
        return None


class _Upstream:
    """One connection to the server, opened when it is needed."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, exchange: _Exchange) -> tuple[Head, AsyncIterator[bytes]]:
        """Pass a request on; return the head of the answer, and its body while it arrives."""
        if self._connection is None or self._connection[0].at_eof():
            self._connection = await asyncio.open_connection(*self._address, limit=LONGEST_HEAD)
        reader, writer = self._connection
        writer.write(bytes(exchange.head) + exchange.body)
        await writer.drain()
        exchange.to_server = True
        head = await read_head(reader)
        while head is not None and head.status == 100:
            head = await read_head(reader)
        if head is None:
            raise ConnectionResetError("the server closed the connection")
        exchange.status = head.status
        if (head.get("connection") or "").lower() == "close":
            exchange.stays_open = False
        return head, read_body(reader, head, to_end=True)

    def close(self) -> None:
        if self._connection is not None:
            self._connection[1].close()
            self._connection = None


async def _carry_out(exchange: _Exchange, upstream: _Upstream) -> None:
    mishap = exchange.mishap
    match mishap:
        case Cut(at="request", reset=reset):
            exchange.cut(reset=reset)
            return
        case Instead():
            exchange.to_client = "other"
            exchange.note()
            await exchange.write(_message(mishap.status, mishap.headers.items(), mishap.body))
            return
        case _:
            head, pieces = await upstream.ask(exchange)
    match mishap:
        case Slow(drop=None):
            await asyncio.sleep(mishap.seconds)
            await _pass_on(exchange, head, pieces)
        case None:
            await _pass_on(exchange, head, pieces)
        case _:
            body = b"".join([piece async for piece in pieces])
            await _spoil(exchange, mishap, head, body)


async def _pass_on(exchange: _Exchange, head: Head, pieces: AsyncIterator[bytes]) -> None:
    first = bytes(head)
    async for piece in pieces:
        await exchange.write(first + piece)
        first = b""
    await exchange.write(first)
    if head.get("content-length") is None and head.get("transfer-encoding") is None:
        exchange.cut(reset=False)  # such a body ends with the connection
    exchange.to_client = "whole"


async def _spoil(
    exchange: _Exchange, mishap: Cut | Changed | Slow | Huge, head: Head, body: bytes
) -> None:
    whole = bytes(head) + body
    match mishap:
        case Cut(at="answer"):
            exchange.cut(reset=mishap.reset)
        case Cut(at="body"):
            half = len(whole) - len(body) // 2 if len(body) > 1 else len(whole) // 2
            await exchange.write(whole[:half])
            exchange.note()
            await asyncio.sleep(_MOMENT)
            exchange.cut(reset=mishap.reset)
        case Cut():
            exchange.to_client = "whole"
            exchange.note()
            await exchange.write(whole)
            await asyncio.sleep(_MOMENT)
            exchange.cut(reset=mishap.reset)
        case Slow():
            await asyncio.sleep(mishap.seconds)
            size = mishap.drop or len(whole)
            for start in range(0, len(whole), size):
                await exchange.write(whole[start : start + size])
                await asyncio.sleep(mishap.pause)
            exchange.to_client = "whole"
        case Changed():
            exchange.to_client = "other"
            exchange.note()
            head, body = _changed(mishap, head, body)
            await exchange.write(bytes(head) + body)
            if mishap.length_off_by or head.get("content-length") is None:
                await asyncio.sleep(_MOMENT)
                exchange.cut(reset=False)
        case Huge():
            exchange.to_client = "other"
            await _overflow(exchange, mishap, head)


def _changed(mishap: Changed, head: Head, body: bytes) -> tuple[Head, bytes]:
    first = head.first if mishap.status is None else f"HTTP/1.1 {mishap.status} Changed"
    content = unchunked(body) if head.get("transfer-encoding") is not None else body
    content = content if mishap.body is None else mishap.body
    length = ("Content-Length", str(len(content) + mishap.length_off_by))
    head = Head(first, head.headers).without("content-length", "transfer-encoding")
    return head.with_more(length).without(*mishap.drop).with_more(*mishap.add), content


async def _overflow(exchange: _Exchange, mishap: Huge, head: Head) -> None:
    start, end = b'{"Filling": "', b'"}'
    head = head.without("content-length", "transfer-encoding")
    if mishap.announced:
        head = head.with_more(("Content-Length", str(mishap.size)))
        frame: Callable[[bytes], bytes] = bytes
    else:
        head = head.with_more(("Transfer-Encoding", "chunked"))
        frame = _chunk
    await exchange.write(bytes(head) + frame(start))
    left = mishap.size - len(start) - len(end)
    while left > 0:
        piece = _FILLING[: min(left, len(_FILLING))]
        await exchange.write(frame(piece))
        left -= len(piece)
    await exchange.write(frame(end) + (b"" if mishap.announced else b"0\r\n\r\n"))


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def _message(status: int, headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} Front", *(f"{name}: {value}" for name, value in headers)]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def _target(request: HttpRequest) -> str | None:
    named = next(
        (value for name, value in request.headers.items() if name.lower() == "x-amz-target"), None
    )
    return None if named is None else named.partition(".")[2]
