"""The clock of a server: it follows another, and is put forward by a test."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta


class Clock:
    """What resources' times come from, and what statuses that last for seconds wait for.

    Args:
        now: seconds since 1970, UTC; the system's clock by default.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._ahead = 0.0

    def now(self) -> float:
        """Return the seconds since 1970, UTC, as this clock has them."""
        return self._now() + self._ahead

    def advance(
        self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> None:
        """Put the clock forward.

        Raises:
            ValueError: the sum is negative: what happened does not come undone.
        """
        more = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()
        if more < 0:
            raise ValueError(f"the clock cannot be put back by {-more:g} seconds: pass more than 0")
        self._ahead += more
