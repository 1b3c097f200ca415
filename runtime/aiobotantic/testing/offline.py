"""Clients without a connection, for fakes and replays: open at once, and nothing has to wait."""

# ruff: noqa: ASYNC109  (`timeout` is what callers look for)

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any, Self, TypeVar

from aiobotantic.client import Client
from aiobotantic.lanes import Lane
from aiobotantic.lanes.connection import Connection
from aiobotantic.operation import Operation
from aiobotantic.structure import Request, Response, Structure
from aiobotantic.waiters import OnPoll, Waiter, backing_off, timed_out

Output = TypeVar("Output", bound=Structure)

_SHORTEST_PAUSE = 0.01


class NoConnection(Connection):
    """Is open from the start, on any event loop and in any process, until it is closed."""

    script: Lane

    def in_region(self, region_name: str) -> Connection:
        """Return the same: what answers, answers for every region."""
        return self

    def ready(self) -> Lane:
        """Return the script."""
        return super().ready() if self.closed else self.script


class _Last:
    """The last response of a wait whose pauses pass at once."""

    def __init__(self, name: str, limit: float | None, on_poll: OnPoll[Any] | None) -> None:
        self._name, self._limit, self._on_poll = name, limit, on_poll
        self._response: Structure | None = None
        self._passed = 0.0

    async def note(self, response: Structure) -> None:
        """Keep a response, and tell who asked for it."""
        self._response = response
        told = None if self._on_poll is None else self._on_poll(response)
        if inspect.isawaitable(told):
            await told

    async def sleep(self, seconds: float) -> None:
        """Let seconds pass at once."""
        self._passed += max(seconds, _SHORTEST_PAUSE)
        if self._limit is not None and self._passed > self._limit:
            raise timed_out(self._name, self._limit, self._response)
        await asyncio.sleep(0)


class OfflineClient(Client):
    """A client whose lane answers by itself: the pauses of waiters pass at once."""

    async def open(self) -> Self:
        """Do nothing, unless it was closed; return the client itself."""
        self._connection.ready()
        return self

    def _answer_by(self, lane: Lane) -> None:
        """Take a lane that needs no connection."""
        connection = NoConnection(type(self).__name__, self._connection.settings)
        connection.script = lane
        self._connection = connection

    async def _wait_or_gone(
        self,
        waiter: Waiter,
        operation: Operation[Output],
        /,
        *,
        timeout: float | None,
        delay: float | None,
        on_poll: OnPoll[Output] | None = None,
        **fields: Any,
    ) -> Output | None:
        request = operation.request_class(**fields)
        last = _Last(waiter.name, waiter.limit(timeout), on_poll)
        return await waiter.wait(
            lambda: self._send(operation, request),
            timeout=timeout,
            on_poll=last.note,
            turn=backing_off(waiter.delay if delay is None else delay, last.sleep, spread=0),
        )

    async def wait_for(
        self,
        request: Request[Response],
        *,
        until: Callable[[Response], bool | Awaitable[bool]],
        timeout: float | None = None,
        delay: float = 30,
        on_poll: OnPoll[Response] | None = None,
    ) -> Response:
        """Wait as the client does; the pauses pass at once."""
        name = f"What was waited for of {type(request).__name__}"
        last = _Last(name, timeout, on_poll)
        turn = backing_off(delay, last.sleep, spread=0)
        for number in count():
            await turn(number)
            response = await self.send(request)
            await last.note(response)
            ended = until(response)
            if inspect.isawaitable(ended):
                ended = await ended
            if ended:
                return response
        raise AssertionError("count() ends never")
