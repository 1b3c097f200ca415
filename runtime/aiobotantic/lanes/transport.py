"""The HTTP session of the compat lane, and its failures as ours."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from botocore import exceptions as botocore
from botocore.awsrequest import HeadersDict
from yarl import URL

from aiobotantic.errors import (
    AmbiguousResultError,
    ConnectError,
    ConnectionLost,
    ConnectTimedOut,
    ProxyError,
    ReadTimedOut,
    TLSError,
    TransportError,
)
from aiobotantic.lanes import Call
from aiobotantic.lanes.http import Exchange
from aiobotantic.lanes.originals import Originals
from aiobotantic.lanes.prepared import plain_headers
from aiobotantic.pickling import resolve

if TYPE_CHECKING:

    class Session:
        _proxy_config: Any
        _cert_file: str | None
        _verify: bool | str

        def __init__(self, *args: Any, **options: Any) -> None: ...
        def _build_ssl_contexts(self, proxy_url: str | None) -> Any: ...
        async def _get_session(self, proxy_url: str | None) -> aiohttp.ClientSession: ...
        def _get_request_timeout(self, request: Any) -> Any: ...
        async def send(self, request: Any) -> Any: ...

else:
    from aiobotocore.httpsession import AIOHTTPSession as Session


_get_cert_path = resolve("botocore.httpsession", "get_cert_path")
_host_from_url = resolve("botocore.auth", "_host_from_url")
_AioAWSResponse = resolve("aiobotocore.awsrequest", "AioAWSResponse")
_BadStatusLine = resolve("aiohttp.http_exceptions", "BadStatusLine")

_LEFT_OUT: Final = Originals(
    (
        ("aiobotocore.httpsession", "AIOHTTPSession.send"),
        ("aiohttp.client", "ClientSession._request"),
    )
)
"""Functions that the direct way leaves out."""
_WRITTEN: Final = frozenset({"content-length", "accept-encoding"})
"""Headers, in lower case, that are written anew."""
_UNDERSTOOD: Final = ("Transfer-Encoding", "Expect")
"""Headers that aiohttp's session must see to."""

_contexts: dict[tuple[bool, str | None, int], Any] = {}


def read_headers(sent: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the headers of an answer, those of one name joined, and odd bytes kept."""
    found: dict[str, str] = {}
    for raw_name, raw_value in sent:
        name = raw_name.decode("utf-8", "surrogateescape")
        value = raw_value.decode("utf-8", "surrogateescape")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


class DirectSession(Session):
    """aiobotocore's session without redirects, which would carry credentials to other hosts.

    A request that is bytes and asks for no stream goes straight to aiohttp's pool (`Exchange`),
    unless a proxy is in the way, or somebody replaced what would be left out.

    Headers have the names that the service sent, as in botocore; aiobotocore's are in lower case,
    and so would be the keys of maps that travel as headers.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._exchange: Exchange | None = None

    async def send(self, request: Any) -> Any:
        """Send a request and return the answer."""
        if _LEFT_OUT.replaced() is None and self._goes_direct(request):
            return await self._send_direct(request)
        answer = await super().send(request)
        answer.headers = HeadersDict(read_headers(answer.raw.raw_headers))
        return answer

    def _goes_direct(self, request: Any) -> bool:
        body, headers = request.body, request.headers
        return (
            (body is None or isinstance(body, bytes))
            and not request.stream_output
            and not any(name in headers for name in _UNDERSTOOD)
            and self._get_request_timeout(request) is None
            and not self._proxy_config.proxy_url_for(request.url)
        )

    async def _send_direct(self, request: Any) -> Any:
        try:
            session = await self.plain_session()
            exchange = self._exchange
            if exchange is None:
                exchange = self._exchange = Exchange(session)
            url, host = _address(request.url)
            headers = _sent_headers(request.headers)
            host = headers.pop("Host", host)
            status, sent, body = await exchange.send(
                request.method, url, host, headers, request.body or b""
            )
        except Exception as error:
            raise failure(error, request.url) from error
        raw = ReadAnswer(request.url, status, sent, body)
        answer = _AioAWSResponse(request.url, status, read_headers(sent), raw)
        answer._content = body
        return answer

    async def _get_session(self, proxy_url: str | None) -> Any:
        return _Direct(await super()._get_session(proxy_url))

    def _build_ssl_contexts(self, proxy_url: str | None) -> Any:
        """Share the context of clients that trust the same authorities: it takes 20 ms to make."""
        if proxy_url is not None or self._cert_file is not None:
            return super()._build_ssl_contexts(proxy_url)
        path = _get_cert_path(self._verify) if self._verify else None
        key = (bool(self._verify), path, Path(path).stat().st_mtime_ns if path else 0)
        context = _contexts.get(key)
        if context is None:
            context = _contexts[key] = super()._build_ssl_contexts(None)[0]
        return context, None

    async def plain_session(self) -> aiohttp.ClientSession:
        """Return aiohttp's session for requests without a proxy."""
        return await super()._get_session(None)


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """An answer that was read whole, as `raw`: aiohttp's own has these, too."""

    url: str
    status: int
    raw_headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    async def read(self) -> bytes:
        """Return the body."""
        return self.body


def _sent_headers(given: Any) -> dict[str, str]:
    """Return a request's headers as text, without those that are written anew."""
    headers: dict[str, str] = {}
    for name, value in plain_headers(given).items():
        lower = name.lower()
        if lower not in _WRITTEN:
            text = value.decode() if isinstance(value, bytes) else value
            headers["Host" if lower == "host" else name] = text
    headers["Accept-Encoding"] = "identity"
    return headers


@lru_cache(maxsize=64)
def _address(url: str) -> tuple[URL, str]:
    return URL(url, encoded=True), _host_from_url(url)


class _Direct:
    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    def request(self, method: str, **options: Any) -> Any:
        return self._session.request(method, allow_redirects=False, **options)


FAILURES: Final = (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError, TypeError)
"""What aiohttp raises where no whole answer arrives, or nothing can be sent."""


def failure(error: BaseException, url: str) -> Any:
    """Return what aiobotocore makes of a failure of aiohttp: both lanes say the same."""
    at: dict[str, Any] = {"endpoint_url": url, "error": error}
    match error:
        case aiohttp.ClientSSLError():
            return botocore.SSLError(**at)
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError() | _BadStatusLine():
            return botocore.ConnectionClosedError(request=None, **at)
        case aiohttp.ServerTimeoutError() if str(error).lower().startswith("connect"):
            return botocore.ConnectTimeoutError(**at)
        case aiohttp.ServerTimeoutError():
            return botocore.ReadTimeoutError(**at)
        case aiohttp.ClientConnectionError() | socket.gaierror():
            return botocore.EndpointConnectionError(**at)
        case TimeoutError():
            return botocore.ReadTimeoutError(**at)
        case _:
            return botocore.HTTPClientError(error=error)


def transport_error(error: BaseException, call: Call) -> TransportError | None:
    """Return our class for a transport failure of aiobotocore; None if it is none."""
    if not isinstance(error, (botocore.HTTPClientError, botocore.ConnectionError)):
        return None
    facts: dict[str, Any] = vars(error)["kwargs"]
    cause = facts.get("error")
    cls, problem, sent = _kind(error, cause)
    endpoint = facts.get("endpoint_url") or facts.get("proxy_url")
    at = f" at {endpoint}" if endpoint else ""
    why = f": {type(cause).__name__}" if isinstance(cause, Exception) else ""
    if why and cls is not ProxyError:  # aiohttp's text may hold the proxy's address, password too
        why += f": {cause}"
    return cls(
        f"{call.operation.name}: {problem}{at}, attempt {call.attempts}{why}",
        sent=sent,
        operation=call.operation.name,
        attempts=call.attempts,
        endpoint_url=endpoint,
    )


def ambiguous_error(error: TransportError, call: Call) -> AmbiguousResultError:
    """Return what is raised where the operation may have been carried out."""
    name = call.operation.name
    return AmbiguousResultError(
        f"{name} may have been carried out: it was sent, and no answer arrived. Ask the service "
        "before you repeat it. with_options(repeat_ambiguous=True) repeats such calls. "
        f"({error})",
        operation=name,
        attempts=call.attempts,
        endpoint_url=error.kwargs.get("endpoint_url"),
    )


def _kind(error: BaseException, cause: object) -> tuple[type[TransportError], str, bool]:
    """Return the class, what went wrong, and whether a byte may have been sent."""
    if isinstance(error, botocore.ConnectTimeoutError):
        late = type(cause).__name__ == "WriteTimeout"  # httpx's; aiobotocore calls it a connect
        return (ReadTimedOut if late else ConnectTimedOut), "no connection in time", late
    if isinstance(error, botocore.ReadTimeoutError):
        return ReadTimedOut, "sent, but no answer in time", True
    if isinstance(error, botocore.ConnectionClosedError):
        return ConnectionLost, "the connection was closed before a whole answer arrived", True
    if isinstance(error, botocore.SSLError):
        return TLSError, "no TLS connection", False
    if isinstance(error, botocore.ProxyConnectionError):
        return ProxyError, "no connection through the proxy", False
    if isinstance(error, botocore.EndpointConnectionError):
        # aiobotocore gives this name to connections that broke while in use, too.
        if isinstance(cause, (aiohttp.ClientConnectorError, socket.gaierror)):
            return ConnectError, "no connection", False
        if isinstance(cause, aiohttp.ClientError):
            return ConnectionLost, "the connection broke", True
        return ConnectError, "no connection", False
    if isinstance(cause, (FileNotFoundError, PermissionError, IsADirectoryError, ssl.SSLError)):
        return TLSError, "no TLS connection, the certificates cannot be loaded", False
    if isinstance(cause, (ValueError, TypeError)) and not isinstance(cause, UnicodeError):
        return TransportError, "the request cannot be sent", False
    return TransportError, "no whole answer", True
