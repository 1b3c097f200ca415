"""The decision on retries: facts in, decision out."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

import pytest
from botocore.retries import standard

from aiobotantic import retry
from aiobotantic.operation import Repeat
from aiobotantic.retry import Attempt, Decision, Verdict, decide
from aiobotantic.retry_budget import DEFAULT_ATTEMPTS, RetryBudget

NOW = 1_700_000_000.0
RETRY, RAISE, AMBIGUOUS = Verdict.RETRY, Verdict.RAISE, Verdict.AMBIGUOUS


def decision(**facts: Any) -> Decision:
    attempt = Attempt(**{"number": 1, "limit": 3, **facts})
    return decide(attempt, jitter=lambda: 0.5, now=lambda: NOW)


@pytest.mark.parametrize(
    ("repeat", "sent", "has_token", "repeat_ambiguous", "verdict"),
    [
        (Repeat.READ, True, False, False, RETRY),
        (Repeat.REPEATABLE, True, False, False, RETRY),
        (Repeat.ONCE, True, False, False, AMBIGUOUS),
        (Repeat.ONCE, True, True, False, RETRY),
        (Repeat.ONCE, True, False, True, RETRY),
        (Repeat.ONCE, False, False, False, RETRY),
    ],
)
def test_no_answer(
    repeat: Repeat, sent: bool, has_token: bool, repeat_ambiguous: bool, verdict: Verdict
) -> None:
    facts = {
        "repeat": repeat,
        "sent": sent,
        "has_token": has_token,
        "repeat_ambiguous": repeat_ambiguous,
    }

    assert decision(lost=True, **facts).verdict is verdict

    last = decision(lost=True, number=3, **facts).verdict
    harmless = repeat is not Repeat.ONCE or has_token or not sent
    assert last is (RAISE if harmless else AMBIGUOUS)


def test_an_ambiguous_result_is_one_even_where_no_retry_is_wanted() -> None:
    assert decision(lost=True, limit=1).verdict is AMBIGUOUS


@pytest.mark.parametrize("repeat", Repeat)
@pytest.mark.parametrize(
    ("status", "code", "verdict"),
    [
        (400, "ThrottlingException", RETRY),
        (400, "Throttling", RETRY),
        (400, "RequestLimitExceeded", RETRY),
        (503, "SlowDown", RETRY),
        (400, "RequestTimeout", RETRY),
        (429, "429", RETRY),
        (429, "SomethingOfItsOwn", RETRY),
        (500, "InternalFailure", RETRY),
        (502, "502", RETRY),
        (503, "ServiceUnavailable", RETRY),
        (504, "504", RETRY),
        (501, "NotImplemented", RAISE),
        (509, "BandwidthLimit", RAISE),
        (400, "ValidationException", RAISE),
        (403, "AccessDeniedException", RAISE),
        (301, "301", RAISE),
        (307, "307", RAISE),
    ],
)
def test_an_error_that_the_service_sent(
    status: int, code: str, verdict: Verdict, repeat: Repeat
) -> None:
    assert decision(status=status, code=code, repeat=repeat).verdict is verdict
    assert decision(status=status, code=code, repeat=repeat, number=3).verdict is RAISE


def test_what_only_the_model_or_the_legacy_mode_repeats() -> None:
    assert decision(status=400, code="WarmingUp").verdict is RAISE
    assert decision(status=400, code="WarmingUp", modelled_retryable=True).verdict is RETRY
    assert decision(status=509, code="509", mode="legacy").verdict is RETRY


def test_the_lists_are_botocores() -> None:
    assert set(standard.ThrottledRetryableChecker._THROTTLED_ERROR_CODES) == retry.THROTTLING_CODES
    assert set(standard.TransientRetryableChecker._TRANSIENT_ERROR_CODES) == retry.TRANSIENT_CODES
    assert (
        set(standard.TransientRetryableChecker._TRANSIENT_STATUS_CODES) == retry.TRANSIENT_STATUSES
    )
    assert DEFAULT_ATTEMPTS["standard"] == standard.DEFAULT_MAX_ATTEMPTS
    assert standard.ExponentialBackoff._MAX_BACKOFF == retry.MAX_BACKOFF


@pytest.mark.parametrize("number", range(1, 9))
def test_the_wait_is_that_of_botocores_standard_mode(number: int) -> None:
    theirs = standard.ExponentialBackoff(random=lambda: 0.7).delay_amount(
        standard.RetryContext(attempt_number=number)
    )

    assert retry.backoff(number, lambda: 0.7) == theirs


@pytest.mark.parametrize(
    ("headers", "delay"),
    [
        ({}, 0.5),
        ({"retry-after": "3"}, 3),
        ({"retry-after": "0"}, 0.5),
        ({"retry-after": "3600"}, 20),
        ({"retry-after": formatdate(NOW + 7, usegmt=True)}, 7),
        ({"retry-after": formatdate(NOW - 7, usegmt=True)}, 0.5),
        ({"retry-after": formatdate(NOW + 900, usegmt=True)}, 20),
        ({"retry-after": "soon"}, 0.5),
        ({"retry-after": "-5"}, 0.5),
        ({"retry-after": "nan"}, 0.5),
        ({"retry-after": "inf"}, 0.5),
        ({"x-amz-retry-after": "1500"}, 1.5),
        ({"x-amz-retry-after": "1500", "retry-after": "9"}, 1.5),
        ({"x-amz-retry-after": "99999999"}, 20),
    ],
)
def test_retry_after(headers: dict[str, str], delay: float) -> None:
    found = decision(status=503, code="ServiceUnavailable", headers=headers)

    assert found.delay == pytest.approx(delay)


@pytest.mark.parametrize(
    ("repeat", "before", "verdict"),
    [
        (Repeat.READ, False, RETRY),
        (Repeat.READ, True, RAISE),
        (Repeat.REPEATABLE, False, RAISE),
        (Repeat.ONCE, False, RAISE),
    ],
)
def test_an_answer_that_cannot_be_read(repeat: Repeat, before: bool, verdict: Verdict) -> None:
    found = decision(status=200, unreadable=True, unreadable_before=before, repeat=repeat)

    assert found.verdict is verdict
    assert decision(status=200, unreadable=True, repeat=repeat, number=3).verdict is RAISE


@pytest.mark.parametrize(
    "code", ["RequestTimeTooSkewed", "InvalidSignatureException", "RequestExpired"]
)
@pytest.mark.parametrize(("shift", "corrected"), [(3600, True), (-3600, True), (200, False)])
def test_the_clock_is_corrected_once(code: str, shift: int, corrected: bool) -> None:
    facts: dict[str, Any] = {
        "status": 403,
        "code": code,
        "headers": {"date": formatdate(NOW + shift, usegmt=True)},
    }

    first = decision(**facts)
    assert first.verdict is (RETRY if corrected else RAISE)
    assert first.clock_shift == (pytest.approx(shift, abs=1) if corrected else None)
    assert decision(**facts, clock_corrected=True).verdict is RAISE
    assert decision(**facts, limit=1).verdict is RAISE
    assert decision(status=403, code=code).verdict is RAISE
    assert decision(status=403, code=code, headers={"date": "yesterday"}).verdict is RAISE


def test_the_budget_is_spent_and_given_back() -> None:
    budget = RetryBudget()

    assert budget.available == 500
    assert [budget.take(timed_out=True) for _ in range(50)] == [10] * 50
    assert budget.take(timed_out=False) is None
    budget.give_back(10)
    assert budget.available == 10
    budget.give_back(0)
    assert budget.available == 11
    assert budget.take(timed_out=False) == 5


@pytest.mark.parametrize(("timed_out", "verdict"), [(False, "retry"), (True, "ambiguous")])
def test_a_call_that_computes_is_repeated_unless_its_answer_is_late(
    timed_out: bool, verdict: str
) -> None:
    attempt = Attempt(
        number=1, limit=3, repeat=Repeat.UNLESS_TIMED_OUT, lost=True, timed_out=timed_out
    )
    assert decide(attempt).verdict == verdict
