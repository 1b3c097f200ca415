"""Wire protocols: a structure to an HTTP request, an HTTP answer to a structure or an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final, Protocol

from aiobotantic.errors import COMMON_ERRORS, ConfigurationError, ServiceError
from aiobotantic.operation import Operation, Service
from aiobotantic.pickling import resolve
from aiobotantic.structure import Request, Structure

_MODULES: Final = {"json": "aiobotantic.protocols.json"}


class Body(bytes):
    """The bytes of a request, which no log shows: they may hold sensitive members."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"

    __str__ = __repr__


@dataclass(slots=True)
class HttpRequest:
    """A request before it has an endpoint and a signature."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    checked: bytes
    """The whole request as JSON, which the limits are checked on."""
    query: dict[str, Any] = field(default_factory=dict[str, Any])


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

    def parse(
        self, operation: Operation[Any], status: int, headers: Mapping[str, str], body: bytes
    ) -> Structure:
        """Read a 2xx answer. Header names are in lower case.

        Raises:
            ResponseParseError: it cannot be read.
        """
        ...

    def parse_error(
        self,
        service: Service,
        operation: Operation[Any],
        status: int,
        headers: Mapping[str, str],
        body: bytes,
    ) -> ServiceError:
        """Read an answer that is no 2xx. Header names are in lower case."""
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


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """Return AWS's id of the request."""
    return headers.get("x-amzn-requestid") or headers.get("x-amz-request-id")
