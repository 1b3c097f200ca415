"""HTTP exchanges on aiohttp's pool: requests written at once, answers read whole or as they come.

aiohttp's connector opens, keeps and bounds the connections, and its parser reads the answers; what
its session does around them (cookies, redirects, payload classes, a task that writes) takes most of
a small call's time, and no call of ours needs it. Sessions that somebody hung something into take
aiohttp's own way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, cast

import aiohttp
from aiohttp import http
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from aiobotantic.lanes.bounds import SentHeaders, read_whole
from aiobotantic.lanes.pool import watch

_MOST_IN_ONE_PIECE: Final = 64 * 1024
"""Bytes of a body that are copied behind the head; a longer one is written after it."""
_TRACES: Final[list[Any]] = []
_NO_HEADERS: Final[CIMultiDictProxy[str]] = CIMultiDictProxy(CIMultiDict())


class Answer:
    """An answer whose head has arrived. It holds a connection until its body has, too."""

    __slots__ = ("__weakref__", "_holder", "_loop", "_payload", "headers", "status")

    def __init__(
        self,
        status: int,
        headers: SentHeaders,
        payload: aiohttp.StreamReader,
        holder: Any,
    ) -> None:
        self.status = status
        self.headers = headers
        self._payload = payload
        self._holder = holder
        """What closes the connection, unless it was given back."""
        self._loop = asyncio.get_running_loop()

    async def whole(self, most: int) -> bytes:
        """Return the body.

        Args:
            most: The most bytes that it may have.

        Raises:
            AnswerTooLong: It has more.
            aiohttp.ClientError: It broke off.
        """
        try:
            return await read_whole(self._payload, most, self.status, self.headers)
        except BaseException:
            self.close()
            raise

    async def read(self, size: int = -1) -> bytes:
        """Return what has arrived, however much that is; nothing at the end."""
        return await self._payload.readany()

    def close(self) -> None:
        """Close the connection if it is held; who waits for bytes of the body is told."""
        payload = self._payload
        if not payload.is_eof() and payload.exception() is None:
            payload.set_exception(aiohttp.ClientConnectionError("Connection closed"))
        self._holder.close()

    async def aclose(self) -> None:
        """Close it, as aiobotocore's bodies are closed."""
        self.close()

    def __del__(self) -> None:
        if not self._loop.is_closed():
            self._holder.close()


class Exchange:
    """Sends requests through a session of aiohttp."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session: Any = session
        self._direct = self._is_plain()
        self._openers: dict[Any, Any] = {}
        watch(session)

    async def send(
        self,
        method: str,
        url: URL,
        host: str,
        headers: Mapping[str, str],
        body: bytes,
        most: int,
    ) -> tuple[int, SentHeaders, bytes]:
        """Send a request and return the answer whole: status, headers, body.

        Args:
            host: The value of the header `Host`.
            headers: All others but the length.
            most: The most bytes that the answer may have.

        Raises:
            AnswerTooLong: It has more.
            aiohttp.ClientError: No whole answer arrived.
            ValueError: A header that cannot be sent.
        """
        answer = await self.open(method, url, host, headers, body)
        return answer.status, answer.headers, await answer.whole(most)

    async def open(
        self, method: str, url: URL, host: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """Send a request as `send` does, and return the answer when its head has arrived."""
        if not self._direct:
            return await self._by_session(method, url, headers, body)
        head = _head(method, url, host, headers, body)
        session = self._session
        try:
            connection = await session.connector.connect(
                self._opener(url), traces=_TRACES, timeout=session.timeout
            )
        except TimeoutError as error:  # as aiohttp's session does: nothing was sent
            raise aiohttp.ConnectionTimeoutError(f"Connection timeout to host {url}") from error
        try:
            protocol = connection.protocol
            protocol.set_response_params(
                skip_payload=method == "HEAD",
                read_until_eof=True,
                auto_decompress=False,
                read_timeout=session.timeout.sock_read,
            )
            transport = protocol.transport
            if transport is None or transport.is_closing():
                raise aiohttp.ClientConnectionResetError("Cannot write to closing transport")
            if len(body) <= _MOST_IN_ONE_PIECE:
                transport.write(head + body)
                protocol.start_timeout()
                message, payload = await _next_message(protocol)
            else:
                message, payload = await _write_long(protocol, head, body)
        except http.HttpProcessingError as error:
            connection.close()
            raise aiohttp.ClientResponseError(
                aiohttp.RequestInfo(url.origin(), method, _NO_HEADERS, url.origin()),
                (),
                status=error.code,
                message=error.message,
                headers=error.headers,
            ) from error
        except BaseException:
            connection.close()
            raise
        payload.on_eof(connection.release)
        return Answer(message.code, message.raw_headers, payload, connection)

    def _is_plain(self) -> bool:
        session: Any = self._session
        kind = cast(Any, type(session))
        return (
            kind is aiohttp.ClientSession
            and not session.trace_configs
            and not session._middlewares
            and session.timeout.total is None
        )

    def _opener(self, url: URL) -> Any:
        """Return what tells the connector where to connect: one request for each origin."""
        origin = url.raw_authority, url.scheme
        opener = self._openers.get(origin)
        if opener is None:
            opener = self._openers[origin] = aiohttp.ClientRequest("GET", url.origin())
        return opener

    async def _by_session(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        response = await self._session.request(
            method,
            url,
            headers=CIMultiDict(headers),
            data=body or None,
            allow_redirects=False,
        )
        sent = getattr(response, "sent_headers", response.raw_headers)
        return Answer(response.status, sent, response.content, response)


async def _next_message(protocol: Any) -> tuple[Any, Any]:
    message, payload = await protocol.read()
    while 100 <= message.code < 200 and message.code != 101:
        protocol.start_timeout()
        message, payload = await protocol.read()
    return message, payload


async def _write_long(protocol: Any, head: bytes, body: bytes) -> tuple[Any, Any]:
    """Write a request whose body takes a while to leave, and return the answer's head.

    The service may answer before it has read all, so nothing waits for the body to be gone but
    the clock of the answer.
    """
    transport = protocol.transport
    transport.write(head)
    transport.write(memoryview(body))
    writing = asyncio.create_task(_start_timeout(protocol)) if protocol.writing_paused else None
    if writing is None:
        protocol.start_timeout()
    try:
        found = await _next_message(protocol)
    finally:
        if writing is not None:
            writing.cancel()
    if transport.get_write_buffer_size():
        protocol.force_close()  # it is not used again
    return found


async def _start_timeout(protocol: Any) -> None:
    with suppress(ConnectionError):  # whoever reads the answer is told
        await protocol._drain_helper()
        protocol.start_timeout()


def _head(method: str, url: URL, host: str, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"{method} {url.raw_path_qs} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if not any(name.lower() == "accept" for name in headers):  # as aiohttp does
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
