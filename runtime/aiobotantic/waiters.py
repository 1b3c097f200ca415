"""Waiters: ask until the answer says that a resource has got where it should be, or never will."""

# ruff: noqa: ASYNC109  (`timeout` is what callers look for)

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from aiobotantic.errors import ServiceError, WaiterFailed, WaiterTimedOut
from aiobotantic.expressions import search
from aiobotantic.structure import Structure, is_sequence

Output = TypeVar("Output", bound=Structure)

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
class Waiter:
    """A modelled waiter."""

    name: str
    """AWS's name: `NotebookInstanceInService`."""
    delay: float
    """Seconds between two calls."""
    max_attempts: int
    """Calls that the model allows; with `delay` they make the default deadline."""
    acceptors: tuple[Acceptor, ...]

    async def wait(
        self,
        call: Callable[[], Coroutine[Any, Any, Output]],
        *,
        timeout: float | None = None,
        delay: float | None = None,
        sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep,
    ) -> Output | None:
        """Call until an acceptor ends the wait; return the last response.

        Args:
            call: Makes one call.
            timeout: Seconds in all. Default: the model's delay times its number of calls.
            delay: Seconds between two calls. Default: the model's.
            sleep: Lets these seconds pass.

        Returns:
            The last response; None where an error was the success, as after a deletion.

        Raises:
            WaiterFailed: a failure state was reached, or an error that no acceptor expects.
            WaiterTimedOut: the deadline passed.
        """
        pause = self.delay if delay is None else delay
        limit = self.limit(timeout)
        deadline = asyncio.timeout(limit)
        response: Output | None = None
        try:
            async with deadline:
                while True:
                    error: ServiceError | None = None
                    try:
                        response = await call()
                    except ServiceError as caught:
                        response, error = None, caught
                    if self._has_ended(response, error):
                        return response
                    await sleep(pause)
        except TimeoutError:
            if not deadline.expired():
                raise
        raise self.timed_out(limit, response)

    def limit(self, timeout: float | None) -> float:
        """Return the seconds that a wait may take: `timeout`, or what the model says."""
        return self.delay * self.max_attempts if timeout is None else timeout

    def timed_out(self, limit: float, response: Structure | None) -> WaiterTimedOut:
        """Return the error of a wait that took too long."""
        return WaiterTimedOut(
            f"{self.name} was not reached within {limit} s",
            name=self.name,
            last_response=response,
        )

    def _has_ended(self, response: Structure | None, error: ServiceError | None) -> bool:
        matched = (each for each in self.acceptors if each.matches(response, error))
        acceptor = next(matched, None)
        if acceptor is not None and acceptor.state != "failure":
            return acceptor.state == "success"
        if acceptor is None and error is None:
            return False
        reason = f"it ended in the failure state {acceptor}" if acceptor else f"{error}"
        raise WaiterFailed(
            f"{self.name} cannot be reached: {reason}",
            name=self.name,
            last_response=response,
            error=error,
        ) from error


def _status(response: Structure | None) -> int | None:
    return None if response is None else response.response_metadata.status_code
