"""Waiters: ask until the answer says that a resource has got where it should be, or never will."""

# ruff: noqa: ASYNC109  (`timeout` is what callers look for)

from __future__ import annotations

import asyncio
import inspect
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, TypeVar

from aiobotantic.errors import ServiceError, ThrottlingError, WaiterFailed, WaiterTimedOut
from aiobotantic.expressions import search
from aiobotantic.options import check_seconds
from aiobotantic.structure import Structure, is_sequence

Output = TypeVar("Output", bound=Structure)

OnPoll: TypeAlias = Callable[[Output], object]
Turn: TypeAlias = Callable[[int], Awaitable[None]]
"""Awaits the moment of a call; is given the number of calls before it."""

_LONGER: Final = 1.6
"""How much longer each pause is than the one before."""
_PATIENT: Final = 20
"""Number of a call whose pause is the longest."""

State = Literal["success", "failure", "retry"]
Matcher = Literal["path", "pathAll", "pathAny", "status", "error"]


@dataclass(frozen=True, slots=True)
class Acceptor:
    """What an answer must look like to put a waiter into a state."""

    state: State
    matcher: Matcher
    expected: str | int | bool
    argument: str | None = None
    """JMESPath expression over AWS's names, where the matcher looks at the answer."""

    def matches(self, response: Structure | None, error: ServiceError | None) -> bool:
        """Return whether the last answer, or the error in its place, is the expected one."""
        if self.matcher == "status":
            answered = _status(response) if error is None else error.status_code
            return answered == self.expected
        if self.matcher == "error":
            if isinstance(self.expected, bool):
                return (error is not None) is self.expected
            return error is not None and error.code == self.expected
        if response is None or self.argument is None:
            return False
        found: Any = search(response, self.argument)
        if self.matcher == "path":
            return bool(found == self.expected)
        if not is_sequence(found) or not found:
            return False
        matching = [each == self.expected for each in found]
        return all(matching) if self.matcher == "pathAll" else any(matching)

    def __str__(self) -> str:
        if self.matcher == "error":
            return f"error {self.expected}"
        return f"{self.argument or self.matcher} is {self.expected}"


@dataclass(frozen=True, slots=True)
class Listing:
    """Where the status that is waited for also stands in a list."""

    operation: str
    """AWS's name of the List operation, which takes `next_token` and `max_results`."""
    items: str
    """Its field that holds the items."""
    identity: str
    """Field of the items, and of the request that is polled, which says whose status it is."""
    status: str
    """Field of the items that holds the status."""
    largest_page: int | None = None
    """The most items that a page may have."""


@dataclass(frozen=True, slots=True)
class Waiter:
    """A waiter, modelled by AWS or inferred from what a status may be."""

    name: str
    """AWS's name: `NotebookInstanceInService`."""
    delay: float
    """Most seconds between two calls."""
    max_attempts: int
    """Calls that the model allows; with `delay` they make the default deadline."""
    acceptors: tuple[Acceptor, ...]
    rule: str = ""
    """Why there is the waiter; empty where AWS models it."""
    reasons: tuple[str, ...] = ()
    """Fields of the response that say why something failed."""
    listing: Listing | None = None

    async def wait(
        self,
        call: Callable[[], Awaitable[Output]],
        *,
        timeout: float | None = None,
        delay: float | None = None,
        on_poll: OnPoll[Output] | None = None,
        turn: Turn | None = None,
    ) -> Output | None:
        """Call until an acceptor ends the wait; return the last response.

        Args:
            call: Makes one call.
            timeout: Seconds in all. Default: the model's delay times its number of calls.
            delay: Most seconds between two calls, which begin at a tenth of it. Default: the
                model's.
            on_poll: Is called with each response, and awaited where it is async.
            turn: Is awaited before each call, in place of the delay.

        Returns:
            The last response; None where an error was the success, as after a deletion.

        Raises:
            WaiterFailed: a failure state was reached, or an error that no acceptor expects; a
                throttling is none, the wait goes on.
            WaiterTimedOut: the deadline passed.
            ConfigurationError: `timeout` or `delay` is no number of seconds.
        """
        check_seconds(delay, "delay")
        check_seconds(timeout, "timeout")
        return await poll(
            call,
            self._has_ended,
            name=self.name,
            timeout=self.limit(timeout),
            turn=turn or backing_off(self.delay if delay is None else delay),
            on_poll=on_poll,
        )

    def limit(self, timeout: float | None) -> float:
        """Return the seconds that a wait may take: `timeout`, or what the model says."""
        return self.delay * self.max_attempts if timeout is None else timeout

    def ends_at(self, status: str) -> bool:
        """Return whether a status, as a list has it, is one that ends the wait."""
        return any(each.matcher == "path" and each.expected == status for each in self.acceptors)

    def _has_ended(self, response: Structure | None, error: ServiceError | None) -> bool:
        matched = (each for each in self.acceptors if each.matches(response, error))
        acceptor = next(matched, None)
        if acceptor is not None and acceptor.state != "failure":
            return acceptor.state == "success"
        if acceptor is None and error is None:
            return False
        reason = self._reason(response)
        if acceptor is not None and error is not None:
            reason = error.message
        what = f"it ended in the failure state {acceptor}" if acceptor else f"{error}"
        raise WaiterFailed(
            f"{self.name} cannot be reached: {what}" + (f": {reason}" if reason else ""),
            name=self.name,
            last_response=response,
            error=error,
            reason=reason,
        ) from error

    def _reason(self, response: Structure | None) -> str | None:
        """Return what the service says of a failure."""
        said = (getattr(response, field, None) for field in self.reasons)
        texts = [", ".join(map(str, each)) if is_sequence(each) else each for each in said if each]
        return str(texts[0]) if texts else None


async def poll(
    call: Callable[[], Awaitable[Output]],
    has_ended: Callable[[Output | None, ServiceError | None], bool | Awaitable[bool]],
    *,
    name: str,
    timeout: float | None,
    turn: Turn,
    on_poll: OnPoll[Output] | None = None,
) -> Output | None:
    """Call until `has_ended` says so; return the last response. A throttling lets it go on later.

    Args:
        call: Makes one call.
        has_ended: Is given the response, or the error in its place, and may raise; it is awaited
            where it is async.
        name: What is waited for.
        timeout: Seconds in all; None for no limit.
        turn: Is awaited before each call, with the number of calls before it.
        on_poll: Is called with each response, and awaited where it is async.

    Raises:
        WaiterTimedOut: the deadline passed.
    """
    deadline = asyncio.timeout(timeout)
    response: Output | None = None
    last: Output | None = None
    try:
        async with deadline:
            number = -1
            while True:
                number += 1
                await turn(number)
                error: ServiceError | None = None
                try:
                    last = response = await call()
                except ThrottlingError:  # it asks for patience, and says nothing of the resource
                    number = max(number, _PATIENT)
                    continue
                except ServiceError as caught:
                    response, error = None, caught
                if response is not None and on_poll is not None:
                    told = on_poll(response)
                    if inspect.isawaitable(told):
                        await told
                ended = has_ended(response, error)
                if inspect.isawaitable(ended):
                    ended = await ended
                if ended:
                    return response
    except TimeoutError:
        if not deadline.expired():
            raise
    raise timed_out(name, timeout, last)


def timed_out(name: str, timeout: float | None, response: Structure | None) -> WaiterTimedOut:
    """Return the error of a wait that took too long."""
    text = f"{name} was not reached within {timeout} s"
    return WaiterTimedOut(text, name=name, last_response=response)


def backing_off(
    most: float, sleep: Callable[[float], Awaitable[None]] | None = None, *, spread: float = 0.25
) -> Turn:
    """Return what waits before each call but the first: from a tenth of `most` seconds to `most`.

    Up to `spread` less, at random, so that many waiters spread out. `sleep` lets seconds pass.
    """

    async def turn(number: int) -> None:
        if number:
            pause = min(most, most / 10 * _LONGER ** (min(number, _PATIENT) - 1))
            await (sleep or asyncio.sleep)(pause * (1 - random.random() * spread))

    return turn


def _status(response: Structure | None) -> int | None:
    return None if response is None else response.response_metadata.status_code
