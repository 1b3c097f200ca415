"""What can go wrong with one exchange on its way through a `Front`.

Most happen to the answer: the server has got the request and carried it out. `Instead`, and `Cut`
at `"request"`, keep the request from the server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

Moment = Literal["request", "answer", "body", "end"]


@dataclass(frozen=True)
class Cut:
    """The connection to the client breaks."""

    at: Moment = "answer"
    """`request`: before the server gets it; `answer`: the server has carried it out, and nothing
    of its answer is passed on; `body`: half of the answer is; `end`: all of it is, and the
    connection breaks a moment later."""
    reset: bool = True
    """Whether it is reset; else it is closed in good order."""


@dataclass(frozen=True)
class Instead:
    """Another answer, in the server's place, which gets nothing."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Changed:
    """The server's answer, with parts that are others."""

    body: bytes | None = None
    """With its right length; None leaves the server's."""
    status: int | None = None
    add: Sequence[tuple[str, str]] = ()
    """Further headers, also of names that are there."""
    drop: Sequence[str] = ()
    """Names of headers that are left out, in any case."""
    length_off_by: int = 0
    """How much more than there is the header Content-Length says."""


@dataclass(frozen=True)
class Slow:
    """The server's answer, late or in drops."""

    seconds: float = 0.0
    """Before its first byte."""
    drop: int | None = None
    """Bytes at once; None for all."""
    pause: float = 0.0
    """Seconds after each drop."""


@dataclass(frozen=True)
class Huge:
    """An answer of JSON that has many bytes; the server's own is dropped."""

    size: int
    announced: bool = True
    """Whether Content-Length says so; else it comes in chunks."""


Mishap: TypeAlias = Cut | Instead | Changed | Slow | Huge

THROTTLING: Final[Sequence[tuple[str, int]]] = (
    ("BandwidthLimitExceeded", 509),
    ("EC2ThrottledException", 400),
    ("LimitExceededException", 400),
    ("PriorRequestNotComplete", 400),
    ("ProvisionedThroughputExceededException", 400),
    ("RequestLimitExceeded", 503),
    ("RequestThrottled", 400),
    ("RequestThrottledException", 429),
    ("SlowDown", 503),
    ("ThrottledException", 429),
    ("Throttling", 400),
    ("ThrottlingException", 400),
    ("TooManyRequestsException", 429),
    ("TransactionInProgressException", 400),
)
"""Codes by which services ask for fewer calls, and a status that each comes with."""


def refusal(code: str, status: int = 400, headers: Mapping[str, str] | None = None) -> Instead:
    """Return an error as AWS's JSON services write it: `refusal("ThrottlingException")`."""
    body = json.dumps({"__type": code, "message": f"{code}, by the front"}).encode()
    known = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}
    return Instead(status, body, {**known, **(headers or {})})
