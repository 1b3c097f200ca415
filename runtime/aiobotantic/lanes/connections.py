"""The connections of a client: opened when needed, kept while they are good, never too many."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple, TypeAlias

from aiobotantic.lanes.http1 import Connection
from aiobotantic.lanes.http_errors import (
    ConnectedLateError,
    NotConnectedError,
    NotSecuredError,
    PoolIsHeldError,
)
from aiobotantic.pickling import resolve

# Not imported by name: its types are partly unknown to checkers.
_start_connection: Any = resolve("aiohappyeyeballs", "start_connection")

_KNOWN_FOR: Final = 10
"""Seconds that the addresses of a host are kept."""
_NEXT_FAMILY: Final = 0.25
"""Seconds after which a host's next address is tried beside the first (RFC 8305)."""
_CLOSED_WITHIN: Final = 2


class Origin(NamedTuple):
    """Where connections go."""

    host: str
    port: int
    secure: bool


LookUp: TypeAlias = Callable[[Origin], Awaitable[list[Any]]]


class PoolLimits(NamedTuple):
    """How many connections, and how long.

    Args:
        connections: The most that are in use at once.
        connect_timeout: Seconds until one is open; None: as long as it takes.
        read_timeout: Seconds in which something of an answer arrives; None: as long as it takes.
        keep_alive: Seconds that one is kept unused.
    """

    connections: int
    connect_timeout: float | None
    read_timeout: float | None
    keep_alive: float


class Pool:
    """Opens connections, and keeps them for the next request.

    Args:
        limits: How many, and how long.
        context: Makes the TLS context, in a thread, where one is needed.
        look_up: Returns the addresses of an origin, as `getaddrinfo` does.
    """

    def __init__(
        self,
        limits: PoolLimits,
        context: Callable[[], ssl.SSLContext],
        look_up: LookUp | None = None,
    ) -> None:
        self._limits = limits
        self._make_context = context
        self._look_up = look_up or look_up_name
        self._context: ssl.SSLContext | None = None
        self._preparing = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._idle: dict[Origin, list[Connection]] = {}
        self._open: set[Connection] = set()
        self._used: set[Connection] = set()
        self._places = limits.connections
        """Connections that may be taken, or opened, now."""
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._addresses: dict[Origin, tuple[float, deque[Any]]] = {}
        self._asking: dict[Origin, asyncio.Lock] = {}
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False
        self._emptied: asyncio.Future[None] | None = None

    def take(self, origin: Origin) -> Connection | None:
        """Return a connection that is open and free; None if it must be waited for."""
        if not self._places or self._waiting:
            return None
        found = self._kept(origin)
        if found is not None:
            self._places -= 1
            self._used.add(found)
        return found

    async def connect(self, origin: Origin) -> Connection:
        """Wait for a connection: a free one, or a new one.

        Raises:
            NotConnectedError: there is none, in time or at all.
        """
        await self._turn()
        try:
            if self._closed:
                raise NotConnectedError("the client was closed")
            found = self._kept(origin)
            if found is None:
                found = await self._opened(origin)
        except BaseException:
            self._give_place()
            raise
        self._used.add(found)
        return found

    def discard(self, connection: Connection) -> None:
        """Close a connection whose exchange did not end well."""
        connection.close()
        if connection in self._used:
            self._used.discard(connection)
            self._give_place()

    async def prepare(self, origin: Origin) -> None:
        """Make what connections will need; none is opened."""
        await self._tls(origin)

    async def close(self) -> None:
        """Close every connection, and wait until they are."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(NotConnectedError("the client was closed"))
        for connection in list(self._open):
            connection.close()
        if self._open:
            self._emptied = self._loop.create_future()
            await asyncio.wait([self._emptied], timeout=_CLOSED_WITHIN)

    # Places

    async def _turn(self) -> None:
        """Take a place, behind those who wait already."""
        if self._places and not self._waiting:
            self._places -= 1
            return
        waiter = self._loop.create_future()
        self._waiting.append(waiter)
        try:
            await self._patiently(waiter)
        except BaseException:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._give_place()  # it had come
            elif not waiter.done():
                self._waiting.remove(waiter)
            raise

    async def _patiently(self, waiter: asyncio.Future[None]) -> None:
        """Wait for a place as long as connections are being used."""
        patience = self._limits.connect_timeout
        while True:
            before = self._unread()
            await asyncio.wait([waiter], timeout=patience)
            if waiter.done():
                waiter.result()
                return
            unread = self._unread()
            if len(unread) >= self._limits.connections and unread == before:
                raise PoolIsHeldError(
                    f"all {self._limits.connections} connections are held by answers that nobody "
                    "reads: use streamed answers in `async with`, or close them; "
                    "AioConfig(max_pool_connections=...) allows for more"
                )

    def _unread(self) -> dict[Connection, int]:
        """Return connections whose answer has begun and is not being read, with how far it was."""
        found: dict[Connection, int] = {}
        for connection in self._used:
            incoming = connection.incoming
            if incoming is not None and incoming.is_left():
                found[connection] = incoming.taken
        return found

    def _give_place(self) -> None:
        """Hand a place to who waits longest."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._places += 1

    # Connections

    def _kept(self, origin: Origin) -> Connection | None:
        """Return the connection that was used last, if it is good."""
        kept = self._idle.get(origin)
        oldest = self._loop.time() - self._limits.keep_alive
        while kept:
            connection = kept.pop()
            if connection.is_open and connection.free_since > oldest:
                return connection
            connection.close()
        return None

    def _ended(self, connection: Connection, keep: bool) -> None:
        """Take a connection back."""
        if connection in self._used:
            self._used.discard(connection)
            if keep and not self._closed and self._limits.keep_alive > 0:
                connection.free_since = self._loop.time()
                self._idle.setdefault(connection.origin, []).append(connection)
                if self._sweeper is None:
                    self._sweep_later()
            else:
                connection.close()
            self._give_place()

    def _lost(self, connection: Connection) -> None:
        self._open.discard(connection)
        if connection in self._used:
            self._used.discard(connection)
            self._give_place()
        else:
            kept = self._idle.get(connection.origin, ())
            if connection in kept:
                self._idle[connection.origin].remove(connection)
        if self._emptied is not None and not self._open and not self._emptied.done():
            self._emptied.set_result(None)

    def _sweep_later(self) -> None:
        self._sweeper = self._loop.call_later(self._limits.keep_alive, self._sweep)

    def _sweep(self) -> None:
        """Close what nobody used for a while."""
        self._sweeper = None
        oldest = self._loop.time() - self._limits.keep_alive
        for origin, kept in list(self._idle.items()):
            for connection in kept:
                if connection.free_since <= oldest:
                    connection.close()
            self._idle[origin] = [one for one in kept if one.free_since > oldest]
        if any(self._idle.values()):
            self._sweep_later()

    async def _opened(self, origin: Origin) -> Connection:
        context = await self._tls(origin)
        at = f"{origin.host}:{origin.port}"
        try:
            async with asyncio.timeout(self._limits.connect_timeout):
                reached = await _start_connection(
                    await self._addresses_of(origin),
                    happy_eyeballs_delay=_NEXT_FAMILY,
                    loop=self._loop,
                )
                _, connection = await self._loop.create_connection(
                    lambda: Connection(
                        self._loop, origin, self._limits.read_timeout, self._ended, self._lost
                    ),
                    sock=reached,
                    ssl=context,
                    server_hostname=origin.host.rstrip(".") if context is not None else None,
                )
        except TimeoutError as error:
            raise ConnectedLateError(f"no connection to {at} in time") from error
        except (ssl.SSLError, ssl.CertificateError) as error:
            raise NotSecuredError(f"no TLS connection to {at}: {error}") from error
        except (OSError, UnicodeError) as error:
            self._addresses.pop(origin, None)
            raise NotConnectedError(f"no connection to {at}: {error}") from error
        if self._closed:
            connection.close()
            raise NotConnectedError("the client was closed")
        if connection.is_open:
            self._open.add(connection)
        return connection

    async def _tls(self, origin: Origin) -> ssl.SSLContext | None:
        """Return the TLS context, if one is needed: it takes 20 ms and more to make."""
        if not origin.secure:
            return None
        async with self._preparing:
            if self._context is None:
                self._context = await asyncio.to_thread(self._make_context)
        return self._context

    async def _addresses_of(self, origin: Origin) -> list[Any]:
        """Return the addresses of a host, another one first each time."""
        async with self._asking.setdefault(origin, asyncio.Lock()):
            until, known = self._addresses.get(origin, (0.0, deque()))
            if until < self._loop.time():
                known = deque(await self._look_up(origin))
                self._addresses[origin] = self._loop.time() + _KNOWN_FOR, known
        known.rotate(-1)
        return list(known)


async def look_up_name(origin: Origin) -> list[Any]:
    """Return the addresses of an origin; a thread asks for those of a name."""
    kind: dict[str, Any] = {"type": socket.SOCK_STREAM, "proto": socket.IPPROTO_TCP}
    try:
        return socket.getaddrinfo(*origin[:2], flags=socket.AI_NUMERICHOST, **kind)
    except socket.gaierror:  # it is a name
        return await asyncio.get_running_loop().getaddrinfo(*origin[:2], **kind)
