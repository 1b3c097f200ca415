"""The HTTP session of the compat lane, and its failures as ours."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from botocore import exceptions as botocore
from botocore.awsrequest import HeadersDict

from aiobotantic.errors import (
    AmbiguousResultError,
    AnswerTooLargeError,
    ConnectError,
    ConnectionLost,
    ConnectTimedOut,
    PoolTimedOut,
    ProxyError,
    ReadTimedOut,
    TLSError,
    TransportError,
)
from aiobotantic.lanes import Call
from aiobotantic.lanes.bounds import AnswerTooLong, Patience, PoolStalled, WholeResponse
from aiobotantic.operation import Repeat
from aiobotantic.pickling import resolve
from aiobotantic.protocols import request_id_of

if TYPE_CHECKING:

    class Session:
        _proxy_config: Any
        _cert_file: str | None
        _verify: bool | str
        _timeout: Any

        def _build_ssl_contexts(self, proxy_url: str | None) -> Any: ...
        async def _create_connector(self, proxy_url: str | None) -> Any: ...
        async def _get_session(self, proxy_url: str | None) -> aiohttp.ClientSession: ...
        async def send(self, request: Any) -> Any: ...

else:
    from aiobotocore.httpsession import AIOHTTPSession as Session


_get_cert_path = resolve("botocore.httpsession", "get_cert_path")
_BadStatusLine = resolve("aiohttp.http_exceptions", "BadStatusLine")

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

    Headers have the names that the service sent, as in botocore; aiobotocore's are in lower case,
    and so would be the keys of maps that travel as headers.
    """

    async def send(self, request: Any) -> Any:
        """Send a request and return the answer."""
        answer = await super().send(request)
        answer.headers = HeadersDict(read_headers(answer.raw.sent_headers))
        if request.stream_output:
            await self._stream(answer, request.url)
        return answer

    async def _stream(self, answer: Any, url: str) -> None:
        if answer.status_code < 300:
            self._patience.hold(answer.raw)
            return
        try:  # an error is read whole; aiobotocore would do so where nothing is caught
            await answer.content
        except FAILURES as error:
            raise failure(error, url) from error

    async def _create_connector(self, proxy_url: str | None) -> Any:
        connector = await super()._create_connector(proxy_url)
        self._patience = Patience(connector, self._timeout.sock_connect)
        return connector

    async def _get_session(self, proxy_url: str | None) -> Any:
        return _Direct(await self._whole_session(proxy_url))

    async def _whole_session(self, proxy_url: str | None) -> aiohttp.ClientSession:
        session: Any = await super()._get_session(proxy_url)
        session._response_class = WholeResponse
        return session  # type: ignore[no-any-return]

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
        return await self._whole_session(None)


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


def transport_error(
    error: BaseException, call: Call
) -> TransportError | AnswerTooLargeError | None:
    """Return our class for a transport failure of aiobotocore; None if it is none."""
    if not isinstance(error, (botocore.HTTPClientError, botocore.ConnectionError)):
        return None
    facts: dict[str, Any] = vars(error)["kwargs"]
    cause = facts.get("error")
    if isinstance(cause, AnswerTooLong):
        return _too_large(cause, call)
    cls, problem, sent = _kind(error, cause)
    endpoint = facts.get("endpoint_url") or facts.get("proxy_url")
    at = f" at {endpoint}" if endpoint else ""
    if isinstance(cause, PoolStalled):
        problem = (
            f"each of {cause.connections} connections is held by an answer that is read while it "
            f"arrives, and none came back within {cause.seconds:g} s. Read or close those answers "
            "(`async with` does), or allow more: AioConfig(max_pool_connections=...). No connection"
        )
        cause = None
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


def _too_large(answer: AnswerTooLong, call: Call) -> AnswerTooLargeError:
    name, request_id = call.operation.name, request_id_of(answer.headers)
    done = answer.status < 300 and call.operation.repeat is not Repeat.READ
    return AnswerTooLargeError(
        f"{name}: the answer has more than {answer.most} bytes"
        f"{', but the operation was carried out' if done else ''}. "
        "with_options(max_answer_bytes=...) takes longer ones "
        f"(request id {request_id or 'not sent'})",
        operation=name,
        request_id=request_id,
        status_code=answer.status,
        attempts=call.attempts,
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
    if isinstance(cause, PoolStalled):
        return PoolTimedOut, "no connection in time", False
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
