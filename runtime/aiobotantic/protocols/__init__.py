"""Wire protocols: a structure to an HTTP request, an HTTP answer to a structure or an error."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final, Protocol

from aiobotantic.checks import UNWRITABLE, Refusal
from aiobotantic.errors import COMMON_ERRORS, ConfigurationError, ServiceError
from aiobotantic.operation import Operation, Service
from aiobotantic.pickling import resolve
from aiobotantic.structure import Request, Structure, describe

_MODULES: Final = {
    "json": "aiobotantic.protocols.json",
    "rest-json": "aiobotantic.protocols.rest_json",
}


_LABEL: Final = re.compile(r"\{(\w+)\}")
_HOST_LABEL: Final = re.compile(r"[A-Za-z0-9.\-]+")


class Body(bytes):
    """The bytes of a request, which no log shows: they may hold sensitive members."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"

    __str__ = __repr__


class Headers(dict[str, str]):
    """The headers of an answer, names in lower case."""

    def __init__(self, sent: Mapping[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in sent.items()})
        self.sent = sent
        """The same, names as the service sent them."""


@dataclass(slots=True, repr=False)
class HttpRequest:
    """A request before it has an endpoint and a signature. Its `repr` shows no member."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any = field(repr=False)
    """Bytes, or what a streamed body may be."""
    checked: bytes = field(repr=False)
    """The whole request as JSON, which the limits are checked on."""
    query: dict[str, Any] = field(default_factory=dict[str, Any])
    host_prefix: str = ""
    refusals: Sequence[Refusal] = ()
    """What breaks limits of the parts that `checked` cannot hold, and what cannot be sent."""
    body_name: str = ""
    """What the caller calls the body, where it is an argument of its own."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.method}, {len(self.checked)} bytes checked>"


class WireProtocol(Protocol):
    """What a lane needs of a protocol."""

    def serialize(
        self, service: Service, operation: Operation[Any], request: Request[Any], *, wire: bool
    ) -> HttpRequest:
        """Write a request; `wire` names its members as AWS does in errors.

        Raises:
            RequestValidationError: a value that cannot be written.
        """
        ...

    def serialize_members(
        self, service: Service, operation: Operation[Any], members: Mapping[str, Any]
    ) -> HttpRequest | None:
        """Write members by AWS's names that break no limit; None: a request must be built."""
        ...

    def parse(
        self, operation: Operation[Any], status: int, headers: Headers, body: Any
    ) -> Structure:
        """Read a 2xx answer.

        The body is bytes; where the operation streams, what has `read` and `aclose`.

        Raises:
            ResponseParseError: it cannot be read.
        """
        ...

    def parse_error(
        self,
        service: Service,
        operation: Operation[Any],
        status: int,
        headers: Headers,
        body: bytes,
    ) -> ServiceError:
        """Read an answer that is no 2xx."""
        ...


def protocol_of(service: Service) -> WireProtocol:
    """Return the protocol that a service speaks.

    Raises:
        ConfigurationError: it speaks one that this version does not.
    """
    module = _MODULES.get(service.protocol)
    if module is None:
        raise ConfigurationError(
            f"{service.name} speaks the protocol {service.protocol!r}, which this version of "
            f"aiobotantic does not: it speaks {', '.join(_MODULES)}. Upgrade it, or call the "
            "service through aiobotocore."
        )
    protocol: Any = import_module(module)
    return protocol  # type: ignore[no-any-return]


def error_class(service: Service, code: str) -> type[ServiceError]:
    """Return the class that stands for an error code; `ServiceError` where none does."""
    modelled: Mapping[str, type[ServiceError]]
    try:
        modelled = resolve(f"{service.package}.errors", "ERRORS")
    except ModuleNotFoundError:
        modelled = COMMON_ERRORS
    return modelled.get(code, ServiceError)


def write_host_prefix(
    operation: Operation[Any], request: Request[Any], *, wire: bool
) -> tuple[str, Sequence[Refusal]]:
    """Return what stands before the host name, and what keeps a member from standing there."""
    if not operation.host_prefix:
        return "", ()
    members = describe(type(request))
    refusals: list[Refusal] = []

    def label(match: re.Match[str]) -> str:
        field = members.by_wire_name.get(match[1], match[1])
        text = getattr(request, field, None)
        if isinstance(text, str) and _HOST_LABEL.fullmatch(text):
            return text
        path = match[1] if wire else field
        problem = "must be letters, digits, dots and hyphens: it is a part of the host name"
        refusals.append(Refusal(path=path, problem=problem, kind=UNWRITABLE, value=""))
        return "-"

    return _LABEL.sub(label, operation.host_prefix), refusals


def metadata_of(status: int, headers: Mapping[str, str]) -> dict[str, Any]:
    """Return botocore's `ResponseMetadata` of an answer."""
    return {
        "RequestId": request_id_of(headers),
        "HTTPStatusCode": status,
        "HTTPHeaders": dict(headers),
        "RetryAttempts": 0,
    }


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """Return AWS's id of the request."""
    return headers.get("x-amzn-requestid") or headers.get("x-amz-request-id")
