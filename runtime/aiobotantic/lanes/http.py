"""One HTTP exchange on aiohttp's pool: a request written in one piece, an answer read whole.

aiohttp's connector opens, keeps and bounds the connections, and its parser reads the answers; what
its session does around them (cookies, redirects, payload classes) takes most of a small call's
time, and no call of ours needs it. Sessions that somebody hung something into, and long bodies,
which need flow control, take aiohttp's own way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias, cast

import aiohttp
from aiohttp import http
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from aiobotantic.lanes.bounds import most_bytes, read_whole

Answer: TypeAlias = tuple[int, tuple[tuple[bytes, bytes], ...], bytes]
"""Status, headers as they were sent, body."""

_MOST_IN_ONE_PIECE: Final = 64 * 1024
_TRACES: Final[list[Any]] = []
_NO_HEADERS: Final = CIMultiDictProxy(CIMultiDict[str]())


class Exchange:
    """Sends requests through a session of aiohttp."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session: Any = session
        self._direct = self._is_plain()
        self._openers: dict[Any, Any] = {}

    async def send(
        self,
        method: str,
        url: URL,
        host: str,
        headers: Mapping[str, str],
        body: bytes,
        most: int,
    ) -> Answer:
        """Send a request and return the answer.

        Args:
            host: The value of the header `Host`.
            headers: All others but the length.
            most: The most bytes that the answer may have.

        Raises:
            aiohttp.ClientError: No whole answer arrived.
            ValueError: A header that cannot be sent.
        """
        if not self._direct or len(body) > _MOST_IN_ONE_PIECE:
            return await self._by_session(method, url, headers, body, most)
        text = _head(method, url, host, headers, body)
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
            transport.write(text + body)
            protocol.start_timeout()
            message, payload = await protocol.read()
            while 100 <= message.code < 200 and message.code != 101:
                protocol.start_timeout()
                message, payload = await protocol.read()
            content = await read_whole(payload, most, message.code, message.headers)
        except http.HttpProcessingError as error:
            connection.close()
            raise aiohttp.ClientResponseError(
                aiohttp.RequestInfo(url, method, _NO_HEADERS, url),
                (),
                status=error.code,
                message=error.message,
                headers=error.headers,
            ) from error
        except BaseException:
            connection.close()
            raise
        connection.release()
        return message.code, message.raw_headers, content

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
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes, most: int
    ) -> Answer:
        most_bytes.set(most)
        async with self._session.request(
            method,
            url,
            headers=CIMultiDict(headers),
            data=body or None,
            allow_redirects=False,
        ) as response:
            content = await response.read()
            return response.status, response.sent_headers, content


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
