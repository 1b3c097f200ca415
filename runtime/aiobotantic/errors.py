"""Errors. Each derives from `AioBotanticError` and, where one exists, botocore's counterpart.

AioBotanticError
├── RequestValidationError      refused before the network       botocore ParamValidationError
├── ClientClosedError           not open, closed, or opened in another process; also of an answer
├── WrongEventLoopError         opened on another event loop
├── CallTimeoutError            the call's own deadline passed   TimeoutError
├── TransportError              no whole answer arrived          botocore HTTPClientError
│   ├── ConnectError            nothing was sent                 botocore EndpointConnectionError
│   ├── ConnectTimedOut         nothing was sent                 botocore ConnectTimeoutError
│   │   └── PoolTimedOut            unread streams hold all connections
│   ├── ReadTimedOut            sent, no answer in time          botocore ReadTimeoutError
│   ├── ConnectionLost          sent, then closed                botocore ConnectionClosedError
│   │   └── TruncatedStreamError    events that end inside one
│   ├── DamagedStreamError      events that are none
│   ├── TLSError                nothing was sent                 botocore SSLError
│   ├── ProxyError              nothing was sent                 botocore ProxyConnectionError
│   └── AmbiguousResultError    may have been carried out        botocore ConnectionClosedError
├── ResponseParseError          a 2xx that is no answer          botocore ResponseParserError
│   └── AnswerTooLargeError     longer than the call takes
├── BodyFormatError             a body that is no text, no JSON  ValueError
├── CredentialsError            none found, or not loadable      botocore NoCredentialsError
├── ConfigurationError          an option that cannot be used    botocore BotoCoreError
│   ├── RegionError             none found                       botocore NoRegionError
│   └── ProfileError            no such profile                  botocore ProfileNotFound
├── PaginationError             the same token came twice        botocore PaginationError
├── WaiterError                                                  botocore WaiterError
│   ├── WaiterFailed            a failure state was reached
│   └── WaiterTimedOut          the deadline passed              TimeoutError
└── ServiceError                an error the service sent        botocore ClientError
    ├── ThrottlingError         ThrottlingException, TooManyRequestsException, SlowDown ...
    ├── AccessError             AccessDeniedException, ExpiredTokenException, OptInRequired ...
    ├── ServiceFault            ServiceUnavailable, InternalFailure, InternalServerException ...
    ├── ValidationException, MalformedQueryString ...            codes that no model lists
    └── <service>.errors        those that the model lists

All of them can be pickled and copied. `RequestValidationWarning` is what `validation="warn"` gives,
`InsecureEndpointWarning` an address without TLS on another machine.
"""

# ruff: noqa: F403, F405, N818  (the star is for checkers; many names are AWS's)

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, ClassVar, cast

from aiobotantic import botocore_errors as botocore
from aiobotantic.lazy import lazy_exports

if TYPE_CHECKING:
    from aiobotantic.checks import Refusal
    from aiobotantic.parse_error import AnswerTooLargeError as AnswerTooLargeError
    from aiobotantic.parse_error import ResponseParseError as ResponseParseError
    from aiobotantic.service_errors import *
    from aiobotantic.structure import Structure

__all__ = [
    "COMMON_ERRORS",
    "AccessDenied",
    "AccessDeniedException",
    "AccessError",
    "AioBotanticError",
    "AmbiguousResultError",
    "AnswerTooLargeError",
    "BandwidthLimitExceeded",
    "BodyFormatError",
    "CallTimeoutError",
    "ClientClosedError",
    "ConfigurationError",
    "ConnectError",
    "ConnectTimedOut",
    "ConnectionLost",
    "CredentialsError",
    "DamagedStreamError",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InsecureEndpointWarning",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "InternalServerException",
    "InternalServiceError",
    "InvalidAction",
    "InvalidClientTokenId",
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "InvalidSignatureException",
    "MalformedQueryString",
    "MissingAction",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "MissingParameter",
    "NotAuthorized",
    "OptInRequired",
    "PaginationError",
    "PoolTimedOut",
    "ProfileError",
    "ProxyError",
    "ReadTimedOut",
    "RegionError",
    "RequestExpired",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestTimeTooSkewed",
    "RequestValidationError",
    "RequestValidationWarning",
    "ResponseParseError",
    "SerializationException",
    "ServiceError",
    "ServiceFault",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "SignatureDoesNotMatch",
    "SlowDown",
    "TLSError",
    "ThrottledException",
    "Throttling",
    "ThrottlingError",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransportError",
    "TruncatedStreamError",
    "UnauthorizedOperation",
    "UnknownOperationException",
    "UnrecognizedClientException",
    "ValidationError",
    "ValidationException",
    "WaiterError",
    "WaiterFailed",
    "WaiterTimedOut",
    "WrongEventLoopError",
]


class AioBotanticError(Exception):
    """Base of every error that this library raises on its own account."""

    def __init__(self, message: str) -> None:
        # Not super().__init__: botocore's bases format a message of their own from keywords.
        BaseException.__init__(self, message)
        self.kwargs: dict[str, Any] = {}
        """What botocore's exceptions carry under this name."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__.copy())

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


def _rebuild(
    cls: type[AioBotanticError], args: tuple[Any, ...], state: dict[str, Any]
) -> AioBotanticError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class RequestValidationError(AioBotanticError, botocore.ParamValidationError):
    """The request breaks limits of the API model. Nothing was sent."""

    refusals: tuple[Refusal, ...]
    """Every limit that the request breaks, also those that the message leaves out."""

    def __init__(self, message: str, refusals: Iterable[Refusal] = ()) -> None:
        super().__init__(message)
        self.refusals = tuple(refusals)
        self.kwargs = {"report": message}


class RequestValidationWarning(UserWarning):
    """The request breaks a limit of the API model, and was sent: `validation="warn"`."""


class InsecureEndpointWarning(UserWarning):
    """Requests go to another machine without TLS: whoever is on the way reads them."""


class ClientClosedError(AioBotanticError):
    """The client is not open: not yet, not any more, or not in this process.

    Also raised where an answer is read while it arrives, after it was closed.
    """


class WrongEventLoopError(AioBotanticError):
    """The client was opened on another event loop."""


class CallTimeoutError(AioBotanticError, TimeoutError):
    """The deadline of the call passed, retries included."""

    operation: str
    """AWS's name of the operation."""
    attempts: int
    """HTTP requests that were begun."""

    def __init__(self, message: str, *, operation: str = "", attempts: int = 0) -> None:
        super().__init__(message)
        self.operation = operation
        self.attempts = attempts


class TransportError(AioBotanticError, botocore.HTTPClientError):
    """No whole answer arrived. `__cause__` is what aiobotocore raised."""

    sent: bool
    """Whether the service may have got the request, or a part of it."""
    operation: str
    """AWS's name of the operation."""
    attempts: int
    """HTTP requests that the call took, the first one included."""
    request: Any = None
    response: Any = None

    def __init__(
        self,
        message: str,
        *,
        sent: bool = True,
        operation: str = "",
        attempts: int = 1,
        endpoint_url: str | None = None,
    ) -> None:
        super().__init__(message)
        self.sent = sent
        self.operation = operation
        self.attempts = attempts
        self.kwargs = {"endpoint_url": endpoint_url, "error": message}


class ConnectError(TransportError, botocore.EndpointConnectionError):
    """No connection to the endpoint. Nothing was sent."""


class ConnectTimedOut(TransportError, botocore.ConnectTimeoutError):
    """No connection to the endpoint in time. Nothing was sent."""


class PoolTimedOut(ConnectTimedOut):
    """Every connection is held by a streamed answer that is not read. Nothing was sent.

    It is not tried again. Streamed answers belong into `async with`, which gives the connection
    back; `AioConfig(max_pool_connections=...)` allows more of them, and `connect_timeout` is how
    long a call waits.
    """


class ReadTimedOut(TransportError, botocore.ReadTimeoutError):
    """The request was sent, and no answer came in time."""


class ConnectionLost(TransportError, botocore.ConnectionClosedError):
    """The connection was closed before a whole answer arrived."""


class TruncatedStreamError(ConnectionLost):
    """A stream of events ended inside an event."""


class DamagedStreamError(TransportError):
    """A stream of events holds what is none."""


class TLSError(TransportError, botocore.SSLError):
    """No TLS connection to the endpoint. Nothing was sent."""


class ProxyError(TransportError, botocore.ProxyConnectionError):
    """No connection through the proxy. Nothing was sent to the endpoint."""


class AmbiguousResultError(TransportError, botocore.ConnectionClosedError):
    """The request was sent, the answer was lost, and repeating it could carry it out twice.

    Ask the service whether it was carried out. `with_options(repeat_ambiguous=True)` repeats
    such calls.
    """


class BodyFormatError(AioBotanticError, ValueError):
    """A body is no text of its encoding, no JSON, or another format than what was asked for.

    The message names the place, never what stands there.
    """

    line: int | None
    """Number of the line, where lines are read; the first is 1."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


class CredentialsError(
    AioBotanticError,
    botocore.NoCredentialsError,
    botocore.PartialCredentialsError,
    botocore.CredentialRetrievalError,
):
    """No credentials were found, or they could not be loaded."""


class ConfigurationError(AioBotanticError, botocore.BotoCoreError):
    """An option, the environment or the profile says what cannot be used."""


class RegionError(ConfigurationError, botocore.NoRegionError):
    """No region was found."""


class ProfileError(ConfigurationError, botocore.ProfileNotFound):
    """The profile does not exist."""


class PaginationError(AioBotanticError, botocore.PaginationError):
    """The pages cannot be followed: the same token came twice, or a token to start from is none."""


class WaiterError(AioBotanticError, botocore.WaiterError):
    """A waiter ended without success."""

    name: str
    """Name of the waiter."""
    last_response: Structure | None
    """The last response; None where the last call ended in an error."""
    error: ServiceError | None
    """The error that the last call ended in, if it did."""
    reason: str | None
    """What the service says of a failure; None where it says nothing."""

    def __init__(
        self,
        message: str,
        *,
        name: str = "",
        last_response: Structure | None = None,
        error: ServiceError | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__(message)
        self.name = name
        self.reason = reason
        self.last_response = last_response
        self.error = error
        self.kwargs = {"name": name, "reason": message}


class WaiterFailed(WaiterError):
    """The waiter met a failure state, or an error that it does not expect."""


class WaiterTimedOut(WaiterError, TimeoutError):
    """The deadline passed before the waiter met a final state."""


class ServiceError(AioBotanticError, botocore.ClientError):
    """The service answered with an error. Raised as itself for codes that no class stands for.

    Two arguments make one, as they make botocore's `ClientError`: a response dict and the name
    of the operation. For tests a message is enough: `ResourceNotFound("no such endpoint")`.
    """

    CODE: ClassVar[str] = ""
    """The code that the class stands for."""
    STATUS: ClassVar[int | None] = None
    """The HTTP status that the model gives it; None where it gives none."""
    RETRYABLE: ClassVar[bool] = False
    """Whether the model says that the same call may succeed later."""
    MEMBERS: ClassVar[Mapping[str, str]] = {}
    """Attribute to wire name of the members that the model lists."""
    STRUCTURE: ClassVar[str] = ""
    """Class, in `<service>.models`, that the members are read as; empty: they are plain JSON."""

    response: dict[str, Any]
    """As botocore has it: `response["Error"]["Code"]`, `response["ResponseMetadata"]`."""
    operation: str
    """AWS's name of the operation."""

    def __init__(
        self, error_response: Mapping[str, Any] | str, operation_name: str = "unknown"
    ) -> None:
        if isinstance(error_response, str):
            error_response = {"Error": {"Code": self.CODE, "Message": error_response}}
        self.response = dict(error_response)
        self.operation = operation_name
        super().__init__("")
        self.args = (str(self),)
        for name, wire in self.MEMBERS.items():
            if name != "message":
                setattr(self, name, self.response.get(wire))

    def __str__(self) -> str:
        # Not fixed when it is made: the number of attempts is known later.
        attempts = f" after {self.attempts} attempts" if self.attempts > 1 else ""
        return (
            f"An error occurred ({self.code}) when calling the {self.operation} operation"
            f"{attempts}: {self.message}"
        )

    @property
    def code(self) -> str:
        """The code that the service sent; the HTTP status where it sent none."""
        return str(self._error.get("Code") or "Unknown")

    @property
    def message(self) -> str:
        """The message that the service sent; empty where it sent none."""
        return str(self._error.get("Message") or "")

    @property
    def request_id(self) -> str | None:
        """AWS's id of the request."""
        request_id = self._metadata.get("RequestId")
        return None if request_id is None else str(request_id)

    @property
    def status_code(self) -> int | None:
        """The HTTP status."""
        status = self._metadata.get("HTTPStatusCode")
        return status if isinstance(status, int) else None

    @property
    def attempts(self) -> int:
        """HTTP requests that the call took, the first one included."""
        return int(self._metadata.get("RetryAttempts") or 0) + 1

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later: throttled, a fault, or so modelled."""
        from aiobotantic.retry import may_succeed_later

        return self.RETRYABLE or may_succeed_later(self.status_code, self.code)

    @property
    def operation_name(self) -> str:
        """botocore's name of `operation`."""
        return self.operation

    @property
    def _error(self) -> Mapping[str, Any]:
        return _mapping(self.response.get("Error"))

    @property
    def _metadata(self) -> Mapping[str, Any]:
        return _mapping(self.response.get("ResponseMetadata"))


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def constructor_error(
    class_name: str,
    unknown: Sequence[str],
    missing: Sequence[str],
    known: Sequence[str],
    *,
    hidden: bool = False,
) -> RequestValidationError:
    """Return what a structure's constructor raises for names that it cannot take or misses."""
    from aiobotantic.checks import Refusal
    from aiobotantic.structure import MASK

    refusals = [
        Refusal(
            path=MASK if hidden else name,
            problem=f"is not in the model{_nearest(name, known)}",
            kind="unknown",
            value="",
        )
        for name in unknown
    ]
    refusals += [
        Refusal(path=name, problem="is required", kind="missing", value="") for name in missing
    ]
    lines = [f"{class_name} cannot be made:", *map(str, refusals)]
    return RequestValidationError("\n  ".join(lines), refusals)


def within(error: RequestValidationError, name: str) -> RequestValidationError:
    """Return the error of a nested structure with the path that leads to it."""
    from dataclasses import replace

    def path(inner: str) -> str:
        return f"{name}{inner}" if inner.startswith("[") else f"{name}.{inner}"

    refusals = [replace(refusal, path=path(refusal.path)) for refusal in error.refusals]
    title = str(error).partition("\n")[0]
    return RequestValidationError("\n  ".join([title, *map(str, refusals)]), refusals)


def _nearest(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


if not TYPE_CHECKING:
    # The base of ResponseParseError takes ten times as long to import as all of this.
    __getattr__, _names = lazy_exports(
        __name__,
        {
            "service_errors": [name for name in __all__ if name not in globals()],
            "parse_error": ["AnswerTooLargeError", "ResponseParseError"],
        },
    )
