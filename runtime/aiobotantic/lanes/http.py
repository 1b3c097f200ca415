"""HTTP exchanges: requests written at once, answers read whole or as they come."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiobotantic.lanes.connections import Origin, Pool
from aiobotantic.lanes.http1 import Incoming
from aiobotantic.lanes.http_errors import SentHeaders


class Answer:
    """An answer whose head has arrived. It holds a connection until its body has, too."""

    __slots__ = ("__weakref__", "_incoming", "_loop", "headers", "status")

    def __init__(self, incoming: Incoming) -> None:
        self.status = incoming.status
        self.headers: SentHeaders = incoming.headers
        self._incoming = incoming
        self._loop = asyncio.get_running_loop()

    async def whole(self, most: int) -> bytes:
        """Return the body.

        Args:
            most: The most bytes that it may have.

        Raises:
            AnswerTooLongError: it has more.
            HttpError: it broke off.
        """
        try:
            self._incoming.limit(most)
            return await self._incoming.whole()
        except BaseException:
            self.close()
            raise

    async def read(self, size: int = -1) -> bytes:
        """Return what has arrived, however much that is; nothing at the end."""
        return await self._incoming.some()

    def close(self) -> None:
        """Close the connection if it is held; who waits for bytes of the body is told."""
        incoming = self._incoming
        if incoming.connection.incoming is incoming:
            incoming.connection.close()

    async def aclose(self) -> None:
        """Close it, as aiobotocore's bodies are closed."""
        self.close()

    def __del__(self) -> None:
        if not self._loop.is_closed():
            self.close()


class Exchange:
    """Sends requests on the connections of a pool."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def send(
        self,
        method: str,
        origin: Origin,
        target: str,
        host: str,
        headers: Mapping[str, str],
        body: bytes,
        most: int,
    ) -> tuple[int, SentHeaders, bytes]:
        """Send a request and return the answer whole: status, headers, body.

        Args:
            method: GET, POST and so on.
            origin: Where it goes.
            target: Path and query.
            host: The value of the header `Host`.
            headers: All others but the length.
            body: The body.
            most: The most bytes that the answer may have.

        Raises:
            AnswerTooLongError: it has more.
            HttpError: no whole answer arrived.
            ValueError: a header that cannot be sent.
        """
        head = _head(method, target, host, headers, body)
        pool = self.pool
        connection = pool.take(origin) or await pool.connect(origin)
        incoming = Incoming(connection, most, method == "HEAD")
        try:
            connection.send(head, body, incoming)
            answered = await incoming.whole()
        except BaseException:
            if not incoming.complete:  # else it may serve another call already
                pool.discard(connection)
            raise
        return incoming.status, incoming.headers, answered

    async def open(
        self,
        method: str,
        origin: Origin,
        target: str,
        host: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Answer:
        """Send a request as `send` does, and return the answer when its head has arrived."""
        head = _head(method, target, host, headers, body)
        pool = self.pool
        connection = pool.take(origin) or await pool.connect(origin)
        incoming = Incoming(connection, None, method == "HEAD")
        try:
            connection.send(head, body, incoming)
            await incoming.head()
        except BaseException:
            if not incoming.complete:
                pool.discard(connection)
            raise
        return Answer(incoming)

    async def close(self) -> None:
        """Close every connection."""
        await self.pool.close()


def _head(method: str, target: str, host: str, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if not any(name.lower() == "accept" for name in headers):  # as aiohttp's session does
        lines.append("Accept: */*")
    if body or method not in ("GET", "HEAD", "OPTIONS"):
        lines.append(f"Content-Length: {len(body)}")
    if not "".join(lines).isprintable():  # far quicker than a look at each line
        _refuse_controls(lines)
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _refuse_controls(lines: list[str]) -> None:
    for line in lines:
        if any((char < " " and char != "\t") or char == "\x7f" for char in line):
            name = line.partition(":")[0]
            raise ValueError(f"the header {name!r} holds a control character")
