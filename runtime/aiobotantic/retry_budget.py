"""How many requests a call may take, and how many retries a client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

DEFAULT_ATTEMPTS: Final[Mapping[str, int]] = {"standard": 3, "adaptive": 3, "legacy": 5}
"""Requests of a call by retry mode, the first one included; botocore's."""


class RetryBudget:
    """botocore's retry quota: a client whose retries keep failing stops making them.

    A retry costs 5 of 500, after a timeout 10. A call that succeeds gives back what its last
    retry cost; one that needed none gives 1.
    """

    _quota: Any = None
    """Made for the first retry: until then it is full."""

    def take(self, *, timed_out: bool) -> int | None:
        """Pay for a retry and return its price; None where the budget is used up."""
        price = 10 if timed_out else 5
        return price if self._made().acquire(price) else None

    def give_back(self, price: int) -> None:
        """Note that a call succeeded whose last retry cost `price`; 0 for none."""
        if self._quota is not None:
            self._quota.release(price or 1)

    @property
    def available(self) -> int:
        """What is left."""
        return int(self._made().available_capacity)

    def _made(self) -> Any:
        if self._quota is None:
            from botocore.retries.quota import RetryQuota

            self._quota = RetryQuota()
        return self._quota
