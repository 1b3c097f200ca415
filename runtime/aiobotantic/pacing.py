"""Pace: how many calls are begun in a second, fixed, or found out from what the service refuses."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from aiobotantic.errors import ConfigurationError, ThrottlingError

if TYPE_CHECKING:
    from aiobotantic.client import Client
    from aiobotantic.hooks import AfterCall, BeforeCall, CallFailed, CallRetried

_LEFT_AFTER_THROTTLING: Final = 0.7
_MORE_EACH_SECOND: Final = 1.0
_SLOWEST: Final = 0.1
"""Calls a second that are left however often the service refuses."""
_SEEN: Final = 1.0
"""Seconds over which calls are counted while there is no limit."""


class Pace:
    """A bucket of tokens: calls are begun evenly, and after a pause a few at once.

    Args:
        rate: Calls a second.
        burst: Calls that may begin at once after a pause.

    Raises:
        ConfigurationError: `rate` is not above 0, or `burst` is below 1.
    """

    def __init__(self, rate: float, *, burst: int = 1) -> None:
        given = cast(object, rate)  # what type checkers rule out still comes along
        if isinstance(given, bool) or not isinstance(given, (int, float)) or not given > 0:
            raise ConfigurationError(f"rate is {rate!r}: pass calls a second, more than 0")
        if burst < 1:
            raise ConfigurationError(f"burst is {burst!r}: pass 1 or more")
        self.rate = float(rate)
        self.burst = burst
        self._free_from = float("-inf")
        """When the bucket is full, by the event loop's clock."""

    async def wait(self) -> None:
        """Wait until a call may begin; those who wait go in the order in which they came."""
        now = asyncio.get_running_loop().time()
        step = 1 / self.rate
        self._free_from = max(self._free_from, now) + step
        delay = self._free_from - now - step * self.burst
        if delay > 0:
            try:
                await asyncio.sleep(delay)
            except asyncio.CancelledError:
                self._free_from -= step  # whoever comes next need not wait for it
                raise


class AdaptivePacing:
    """Paces each operation of a client by what the service refuses.

    An operation has no limit until its first throttling; then its calls, repeated ones included,
    are begun at a rate that falls to 0.7 with throttling and rises by one call a second each second
    without. Operations do not wait for one another.

        pacing = AdaptivePacing()
        pacing.attach(sagemaker)

    It holds for every call of the client and its views, of all tasks.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._operations: defaultdict[str, _Adaptive] = defaultdict(lambda: _Adaptive(clock))

    def attach(self, client: Client) -> None:
        """Pace the calls of a client from now on."""
        client.before_call(self._before)
        client.after_call(self._after)
        client.on_retry(self._retry)
        client.on_error(self._failed)

    def rate(self, operation: str) -> float | None:
        """Return the calls a second of an operation, by AWS's name; None where none is known."""
        known = self._operations.get(operation)
        return None if known is None or known.pace is None else known.pace.rate

    async def _before(self, event: BeforeCall) -> None:
        await self._operations[event.operation].wait()

    def _after(self, event: AfterCall) -> None:
        self._operations[event.operation].went_well()

    async def _retry(self, event: CallRetried) -> None:
        operation = self._operations[event.operation]
        if isinstance(event.error, ThrottlingError):
            operation.throttled()
        await operation.wait()

    def _failed(self, event: CallFailed) -> None:
        if isinstance(event.error, ThrottlingError):
            self._operations[event.operation].throttled()


class _Adaptive:
    """The rate of one operation."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.pace: Pace | None = None
        self._begun: deque[float] = deque()
        self._fell = float("-inf")
        self._rose = 0.0

    async def wait(self) -> None:
        now = self._clock()
        while self._begun and self._begun[0] < now - _SEEN:
            self._begun.popleft()
        self._begun.append(now)
        if self.pace is not None:
            await self.pace.wait()

    def throttled(self) -> None:
        now = self._clock()
        if self.pace is None:
            self.pace = Pace(max(len(self._begun) / _SEEN * _LEFT_AFTER_THROTTLING, _SLOWEST))
        elif now - self._fell >= 1 / self.pace.rate:  # those that were under way say nothing new
            self.pace.rate = max(self.pace.rate * _LEFT_AFTER_THROTTLING, _SLOWEST)
        else:
            return
        self._fell = self._rose = now

    def went_well(self) -> None:
        if self.pace is not None:
            now = self._clock()
            self.pace.rate += _MORE_EACH_SECOND * min(now - self._rose, 1.0)
            self._rose = now
