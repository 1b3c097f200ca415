"""Retries of one client: the decision of `aiobotantic.retry`, with what it must remember.

Both lanes of a client share one, so that they share the budget and the service's clock.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from aiobotantic import errors
from aiobotantic.errors import PoolTimedOut, ReadTimedOut, ServiceError, TransportError
from aiobotantic.lanes import Call
from aiobotantic.operation import Service
from aiobotantic.retry_budget import DEFAULT_ATTEMPTS, RetryBudget

if TYPE_CHECKING:  # its base is slow to import
    from aiobotantic.errors import ResponseParseError
    from aiobotantic.retry import Attempt

logger = logging.getLogger(__name__)

Outcome: TypeAlias = "TransportError | ServiceError | ResponseParseError"
"""What went wrong with a request."""


class Retries:
    """Decides after each request of a client that brought no answer, or an error.

    Args:
        service: The service, for the log.
        config: `retries` of the aiobotocore Config.
    """

    def __init__(self, service: Service, config: Mapping[str, Any]) -> None:
        self._service = service
        self.mode: str = config["mode"]
        self._limit: int = config.get("total_max_attempts") or DEFAULT_ATTEMPTS[self.mode]
        self._budget = None if self.mode == "legacy" else RetryBudget()
        self.clock_shift = timedelta(0)
        """How far the service's clock is ahead of this machine's."""

    def limit(self, call: Call) -> int:
        """Return the most requests that a call may take."""
        return self._limit if call.options.retries is None else call.options.retries + 1

    def delay(self, call: Call, outcome: Outcome) -> float | None:
        """Return the seconds to wait before the next request; None where there is none.

        Notes in the call what came of the decision.
        """
        from aiobotantic.retry import Verdict, decide  # most processes need no retry

        if isinstance(outcome, PoolTimedOut) or _is_too_large(outcome):
            return None  # another request would meet the same
        limit = self.limit(call)
        facts = _facts(outcome, call, limit, self.mode)
        # The clock that the request was signed with.
        now = time.time() + call.clock_shift.total_seconds()
        decision = decide(facts, now=lambda: now)
        if decision.verdict is Verdict.RETRY and self._budget is not None:
            call.price = self._budget.take(timed_out=isinstance(outcome, ReadTimedOut)) or 0
            if not call.price:  # used up: as if no attempts were left
                decision = decide(facts._replace(limit=call.attempts), now=lambda: now)
        logger.debug(
            "%s: attempt %d of %d: %s; %s after %.3f s",
            *(call.operation.name, call.attempts, limit, decision.reason),
            *(decision.verdict, decision.delay),
        )
        call.ambiguous = decision.verdict is Verdict.AMBIGUOUS
        call.unreadable = call.unreadable or not isinstance(outcome, (TransportError, ServiceError))
        if decision.clock_shift is not None:
            call.clock_corrected = True
            self._correct_clock(call.clock_shift + timedelta(seconds=decision.clock_shift))
        if decision.verdict is not Verdict.RETRY:
            return None
        call.attempts += 1
        call.waiting = True
        return decision.delay

    def begin(self, call: Call) -> timedelta:
        """Note that a request begins; return how far the service's clock is ahead."""
        call.waiting = False
        call.clock_shift = self.clock_shift
        return call.clock_shift

    def abandon(self, call: Call) -> None:
        """Note that a call was cancelled: a retry that has not begun costs nothing."""
        if call.waiting:
            call.waiting = False
            call.attempts -= 1
            if self._budget is not None:
                self._budget.give_back(call.price)

    def succeeded(self, call: Call) -> None:
        """Note that a call got its answer: the budget grows again."""
        if self._budget is not None:
            self._budget.give_back(call.price)

    def _correct_clock(self, shift: timedelta) -> None:
        """Sign with the service's clock from now on."""
        logger.warning(
            "the clock of %s is %.0f s ahead of this machine's: signing with the service's",
            *(self._service.name, shift.total_seconds()),
        )
        self.clock_shift = shift


def _is_too_large(outcome: Outcome) -> bool:
    if isinstance(outcome, (TransportError, ServiceError)):  # the other base is slow to import
        return False
    return isinstance(outcome, errors.AnswerTooLargeError)


def _facts(outcome: Outcome, call: Call, limit: int, mode: str) -> Attempt:
    from aiobotantic.retry import Attempt

    known = Attempt(
        number=call.attempts,
        limit=limit,
        mode=mode,
        repeat=call.operation.repeat,
        has_token=call.has_token,
        repeat_ambiguous=call.options.repeat_ambiguous,
        unreadable_before=call.unreadable,
        clock_corrected=call.clock_corrected,
    )
    if isinstance(outcome, TransportError):
        late = isinstance(outcome, ReadTimedOut)
        return known._replace(lost=True, sent=outcome.sent, timed_out=late)
    if not isinstance(outcome, ServiceError):
        return known._replace(status=outcome.status_code, unreadable=True)
    return known._replace(
        status=outcome.status_code,
        code=outcome.code,
        headers=outcome.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}),
        modelled_retryable=outcome.RETRYABLE,
    )
