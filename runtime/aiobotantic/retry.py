"""One decision for every lane: repeat the request, raise, or say that its result is unknown.

`decide` is pure: facts in, decision out. What is remembered between calls is in
`aiobotantic.retry_budget`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from aiobotantic.operation import Repeat

# botocore's lists, which a test compares; its module takes 0.1 s to import.
THROTTLING_CODES: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
TRANSIENT_CODES: Final = frozenset(
    {"PriorRequestNotComplete", "RequestTimeout", "RequestTimeoutException"}
)
TRANSIENT_STATUSES: Final = frozenset({500, 502, 503, 504})
LEGACY_STATUSES: Final = TRANSIENT_STATUSES | {509}
TOO_MANY_REQUESTS: Final = 429
CLOCK_CODES: Final = frozenset(
    {
        "AuthFailure",
        "InvalidSignatureException",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)

MAX_BACKOFF: Final = 20.0
"""Seconds; botocore's, and the cap of what `Retry-After` may ask for."""
CLOCK_TOLERANCE: Final = 240.0
"""Seconds that clocks may differ; AWS refuses signatures at five minutes."""


class Verdict(StrEnum):
    """What to do after a request that brought no answer, or an error."""

    RETRY = "retry"
    RAISE = "raise"
    AMBIGUOUS = "ambiguous"
    """Raise, and say that the operation may have been carried out."""


class Decision(NamedTuple):
    """What to do, and why."""

    verdict: Verdict
    reason: str
    delay: float = 0.0
    """Seconds to wait before the next request."""
    clock_shift: float | None = None
    """Seconds that the service's clock is ahead of ours, where that is what went wrong."""


class Attempt(NamedTuple):
    """The facts about one request that brought no answer, or an error."""

    number: int
    """1 for the first request of the call."""
    limit: int
    """The most requests that the call may take."""
    mode: str = "standard"
    """`standard`, `adaptive` or `legacy`."""

    repeat: Repeat = Repeat.ONCE
    has_token: bool = False
    """Whether the request carries an idempotency token."""
    repeat_ambiguous: bool = False
    """Whether the caller wants requests repeated that may have been carried out."""

    lost: bool = False
    """Whether no whole answer arrived."""
    sent: bool = True
    """Whether a byte of the request may have been written."""
    timed_out: bool = False
    """Whether it is missing because it did not come in time."""
    status: int | None = None
    """HTTP status of the answer."""
    code: str | None = None
    """Error code of the answer."""
    headers: Mapping[str, str] = MappingProxyType({})
    """HTTP headers of the answer, names in lower case."""
    modelled_retryable: bool = False
    """Whether the model says that the error is worth a retry."""
    unreadable: bool = False
    """Whether the answer is a 2xx that cannot be read."""
    unreadable_before: bool = False
    """Whether an earlier request of the call ended so."""
    clock_corrected: bool = False
    """Whether an earlier request of the call has corrected the clock."""


def decide(
    attempt: Attempt,
    *,
    jitter: Callable[[], float] = random.random,
    now: Callable[[], float] = time.time,
) -> Decision:
    """Return what to do after a request that brought no answer, or an error."""
    if attempt.lost:
        return _after_loss(attempt, jitter)
    if attempt.unreadable:
        return _after_unreadable(attempt, jitter)
    shift = None if attempt.clock_corrected else clock_shift(attempt, now())
    if shift is not None:
        if attempt.number >= attempt.limit:
            return Decision(Verdict.RAISE, _EXHAUSTED)
        return Decision(Verdict.RETRY, "the clocks differ", clock_shift=shift)
    worth = (
        attempt.modelled_retryable
        or may_succeed_later(attempt.status, attempt.code)
        or (attempt.mode == "legacy" and attempt.status in LEGACY_STATUSES)
    )
    if not worth:
        return Decision(Verdict.RAISE, "the error is not worth a retry")
    return _retry(attempt, f"{attempt.code or attempt.status}", jitter, now)


def may_succeed_later(status: int | None, code: str | None) -> bool:
    """Return whether an error says that the service did nothing and may do it later."""
    return (
        code in THROTTLING_CODES
        or code in TRANSIENT_CODES
        or status in TRANSIENT_STATUSES
        or status == TOO_MANY_REQUESTS
    )


def clock_shift(attempt: Attempt, now: float) -> float | None:
    """Return how far the service's clock is ahead, in seconds, where that explains the error."""
    if attempt.code not in CLOCK_CODES:
        return None
    date = _timestamp(attempt.headers.get("date"))
    if date is None or abs(date - now) <= CLOCK_TOLERANCE:
        return None
    return date - now


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that the service asks to wait, 20 at most; None where it does not ask."""
    milliseconds = _number(headers.get("x-amz-retry-after"))
    if milliseconds is not None:
        return min(milliseconds / 1000, MAX_BACKOFF)
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is None:
        date = _timestamp(text)
        seconds = None if date is None else max(date - now, 0.0)
    return None if seconds is None else min(seconds, MAX_BACKOFF)


def backoff(number: int, jitter: Callable[[], float] = random.random) -> float:
    """Return the seconds to wait after request `number`: exponential, with full jitter."""
    return jitter() * min(2.0 ** (number - 1), MAX_BACKOFF)


_EXHAUSTED = "no attempts are left"


def _after_loss(attempt: Attempt, jitter: Callable[[], float]) -> Decision:
    harmless = not attempt.sent or attempt.has_token or _bears_repeating(attempt)
    if not harmless and not attempt.repeat_ambiguous:
        return Decision(Verdict.AMBIGUOUS, "it may have been carried out")
    decision = _retry(attempt, "no answer", jitter)
    if decision.verdict is Verdict.RAISE and not harmless:
        return Decision(Verdict.AMBIGUOUS, "it may have been carried out, more than once")
    return decision


def _bears_repeating(attempt: Attempt) -> bool:
    if attempt.repeat is Repeat.UNLESS_TIMED_OUT:
        return not attempt.timed_out
    return attempt.repeat is not Repeat.ONCE


def _after_unreadable(attempt: Attempt, jitter: Callable[[], float]) -> Decision:
    if attempt.repeat is not Repeat.READ:
        return Decision(Verdict.RAISE, "the operation was carried out")
    if attempt.unreadable_before:
        return Decision(Verdict.RAISE, "the answer was unreadable before")
    return _retry(attempt, "the answer was unreadable", jitter)


def _retry(
    attempt: Attempt,
    reason: str,
    jitter: Callable[[], float],
    now: Callable[[], float] = time.time,
) -> Decision:
    if attempt.number >= attempt.limit:
        return Decision(Verdict.RAISE, _EXHAUSTED)
    wait = max(backoff(attempt.number, jitter), retry_after(attempt.headers, now()) or 0.0)
    return Decision(Verdict.RETRY, reason, wait)


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return number if number is not None and 0 <= number < float("inf") else None


def _timestamp(text: str | None) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, OverflowError):
        return None
