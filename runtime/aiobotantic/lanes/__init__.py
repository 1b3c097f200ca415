"""Lanes: how a written request gets to the service, and its answer back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NoReturn, Protocol

from aiobotantic.hooks import HookedCall
from aiobotantic.operation import Operation, Service
from aiobotantic.options import CallOptions
from aiobotantic.protocols import HttpRequest
from aiobotantic.structure import Request, Structure


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a client was made with; names as aiobotocore's `create_client` has them."""

    session: Any = None
    region_name: str | None = None
    endpoint_url: str | None = None
    aws_access_key_id: str | None = field(default=None, repr=False)
    aws_secret_access_key: str | None = field(default=None, repr=False)
    aws_session_token: str | None = field(default=None, repr=False)
    profile_name: str | None = None
    config: Any = None
    verify: bool | str | None = None
    pipeline: str | None = None
    """`botocore` where the client must take that lane; `create_client` does not know it."""

    @property
    def access(self) -> dict[str, Any]:
        """The arguments of `create_client` that say who calls, and whom it trusts."""
        return {
            "aws_access_key_id": self.aws_access_key_id,
            "aws_secret_access_key": self.aws_secret_access_key,
            "aws_session_token": self.aws_session_token,
            "verify": self.verify,
        }

    def __reduce__(self) -> NoReturn:
        raise TypeError("settings hold credentials, and are not pickled: make a client in place")


@dataclass(slots=True)
class Call:
    """One call on its way: the request, and what happened to it so far."""

    service: Service
    operation: Operation[Any]
    given: Request[Any] | Mapping[str, Any]
    """The request, or its members by AWS's names where it was written from them."""
    http: HttpRequest
    options: CallOptions
    hooks: HookedCall | None = None
    """What is told of the call; None where nobody asked."""
    body: Any = None
    """The body as it is sent: `http.body`, or what can be read again in its place."""
    attempts: int = 1
    """HTTP requests begun, or about to begin."""
    price: int = 0
    """What the last retry cost of the retry budget."""
    waiting: bool = False
    """Whether the next request was decided on and has not begun."""
    ambiguous: bool = False
    """Whether the operation may have been carried out although no answer arrived."""
    unreadable: bool = False
    """Whether an answer could not be read."""
    clock_corrected: bool = False
    clock_shift: timedelta = timedelta(0)
    """What was added to this machine's clock when the last request was signed."""

    @property
    def request(self) -> Request[Any]:
        """The request as a structure."""
        if isinstance(self.given, Mapping):
            self.given = self.operation.request_class.from_wire(self.given)
        return self.given

    @property
    def has_token(self) -> bool:
        """Whether the request carries an idempotency token."""
        token = self.operation.token
        return token is not None and getattr(self.request, token) is not None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Which lane the calls of a client take, and why."""

    lane: str
    reason: str

    def __str__(self) -> str:
        return f"{self.lane}: {self.reason}"


class Lane(Protocol):
    """A way to the service."""

    region_name: str | None
    endpoint_url: str

    @property
    def pipeline(self) -> Pipeline:
        """Which lane it is, and why."""
        ...

    async def call(self, call: Call) -> Structure:
        """Send a request, repeat it where `aiobotantic.retry` says so, and return the answer."""
        ...

    async def warm_up(self, operations: Iterable[Operation[Any]]) -> None:
        """Resolve endpoints and set up TLS; nothing is sent."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...
