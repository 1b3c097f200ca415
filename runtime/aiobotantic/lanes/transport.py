"""Answers, and failures of connections and of aiobotocore, as ours."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Iterable
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

from botocore import exceptions as botocore

from aiobotantic import errors
from aiobotantic.bindings import InPath, InQuery, InQueryMap, bindings_of
from aiobotantic.errors import (
    AmbiguousResultError,
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
from aiobotantic.lanes.http_errors import (
    AnswerTooLongError,
    ConnectedLateError,
    DisconnectedError,
    NotConnectedError,
    NotHttpError,
    NotSecuredError,
    PoolIsHeldError,
)
from aiobotantic.operation import Repeat
from aiobotantic.protocols import request_id_of
from aiobotantic.structure import Structure, describe


def read_headers(sent: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the headers of an answer, those of one name joined, and odd bytes kept."""
    found: dict[str, str] = {}
    for raw_name, raw_value in sent:
        name = raw_name.decode("utf-8", "surrogateescape")
        value = raw_value.decode("utf-8", "surrogateescape")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


FAILURES: Final = (OSError, ValueError, TypeError)
"""What is raised where no whole answer arrives, or nothing can be sent."""


def failure(error: BaseException, url: str) -> Any:
    """Return what aiobotocore says of such a failure: both lanes say the same."""
    at: dict[str, Any] = {"endpoint_url": url, "error": error}
    match error:
        case NotSecuredError():
            return botocore.SSLError(**at)
        case ConnectedLateError():
            return botocore.ConnectTimeoutError(**at)
        case NotConnectedError():
            return botocore.EndpointConnectionError(**at)
        case DisconnectedError():
            return botocore.ConnectionClosedError(request=None, **at)
        case TimeoutError():
            return botocore.ReadTimeoutError(**at)
        case _:
            return botocore.HTTPClientError(error=error)


def transport_error(
    error: BaseException, call: Call
) -> TransportError | errors.AnswerTooLargeError | None:
    """Return our class for a transport failure of aiobotocore; None if it is none."""
    if not isinstance(error, (botocore.HTTPClientError, botocore.ConnectionError)):
        return None
    cause = vars(error)["kwargs"].get("error")
    if isinstance(cause, AnswerTooLongError):
        return _too_large(cause, call)
    tells = tellable(error, call) is not None
    return _transport_error(error, call.operation.name, call.attempts, tells=tells)


def transport_error_of(error: BaseException, operation: str) -> TransportError | None:
    """Return our class for a transport failure of another service's client; None if it is none."""
    if _is_of_aiohttp(error, "ClientError") or isinstance(error, (OSError, TimeoutError)):
        error = botocore.HTTPClientError(error=error)  # of a body that was being read
    if not isinstance(error, (botocore.HTTPClientError, botocore.ConnectionError)):
        return None
    return _transport_error(error, operation, 1, tells=False)


def _transport_error(
    error: BaseException, operation: str, attempts: int, *, tells: bool
) -> TransportError:
    facts: dict[str, Any] = vars(error)["kwargs"]
    cause = facts.get("error")
    cls, problem, sent = _kind(error, cause)
    endpoint = _origin(facts.get("endpoint_url") or facts.get("proxy_url"))
    at = f" at {endpoint}" if endpoint else ""
    why = f": {type(cause).__name__}" if isinstance(cause, Exception) else ""
    if why and cls is not ProxyError and tells:
        why += f": {cause}"  # of a proxy it may hold the address, password too
    return cls(
        f"{operation}: {problem}{at}, attempt {attempts}{why}",
        sent=sent,
        operation=operation,
        attempts=attempts,
        endpoint_url=endpoint,
    )


def _too_large(answer: AnswerTooLongError, call: Call) -> errors.AnswerTooLargeError:
    name, request_id = call.operation.name, request_id_of(answer.headers)
    done = answer.status < 300 and call.operation.repeat is not Repeat.READ
    return errors.AnswerTooLargeError(
        f"{name}: the answer has more than {answer.most} bytes"
        f"{', but the operation was carried out' if done else ''}. "
        "with_options(max_answer_bytes=...) takes longer ones "
        f"(request id {request_id or 'not sent'})",
        operation=name,
        request_id=request_id,
        status_code=answer.status,
        attempts=call.attempts,
    )


def tellable(error: BaseException, call: Call) -> BaseException | None:
    """Return a failure as the cause of what is raised; None where its text may show secrets.

    An address may hold sensitive members, and what aiohttp's parser refuses it repeats.
    """
    known = vars(error)
    if known.get("request") is not None:  # signed, with the session token
        known["request"] = None
    cause = known.get("kwargs", {}).get("error", error)
    repeats = isinstance(cause, UnicodeError) or _is_of_aiohttp(
        cause, "ClientResponseError", "InvalidURL"
    )
    return None if repeats or _in_address(type(call.request)) else error


def _is_of_aiohttp(error: object, *names: str) -> bool:
    """Return whether an error is of one of aiohttp's classes: only aiobotocore's calls have any."""
    aiohttp: Any = sys.modules.get("aiohttp")
    return aiohttp is not None and isinstance(error, tuple(getattr(aiohttp, n) for n in names))


@cache
def _in_address(request: type[Structure]) -> bool:
    """Return whether a sensitive member is a part of the path or the query."""
    bound, sensitive = bindings_of(request).markers, describe(request).sensitive
    places = (InPath, InQuery, InQueryMap)
    return any(name in sensitive and isinstance(mark, places) for name, mark in bound.items())


def _origin(url: str | None) -> str | None:
    """Return an address without user, path and query."""
    if not url:
        return url
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


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
    if isinstance(cause, PoolIsHeldError):
        return PoolTimedOut, "no connection in time", False
    if isinstance(error, botocore.EndpointConnectionError):
        # aiobotocore gives this name to connections that broke while in use, too.
        connects = _is_of_aiohttp(cause, "ClientConnectorError")
        if _is_of_aiohttp(cause, "ClientError") and not connects:
            return ConnectionLost, "the connection broke", True
        return ConnectError, "no connection", False
    if isinstance(cause, NotHttpError) or _is_of_aiohttp(cause, "ClientResponseError"):
        return TransportError, "the answer is no HTTP", True
    if isinstance(cause, (FileNotFoundError, PermissionError, IsADirectoryError, ssl.SSLError)):
        return TLSError, "no TLS connection, the certificates cannot be loaded", False
    if isinstance(cause, (ValueError, TypeError)) and not isinstance(cause, UnicodeError):
        return TransportError, "the request cannot be sent", False
    return TransportError, "no whole answer", True
