"""One poller for many waiters: lists say which of them have got somewhere."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

from aiobotantic.errors import ThrottlingError
from aiobotantic.operation import Operation
from aiobotantic.pacing import Pace
from aiobotantic.structure import Request
from aiobotantic.waiters import Listing, Turn, Waiter, backing_off

logger = logging.getLogger(__name__)

Send: TypeAlias = Callable[[Operation[Any], Request[Any]], Awaitable[Any]]

_FIRST_PAUSE: Final = 0.1
"""Of the seconds between two calls of a waiter: the pause after the first look at the lists."""
_LONGER: Final = 1.5
_SLOWER: Final = 0.7
_FASTER: Final = 1.1
"""What becomes of the rate of lists by a throttling, and by a list that was read."""
_BROKEN: Final = 30
"""Seconds after which a list that could not be read is tried again."""
_FEW: Final = 2
"""Waiters that ask for themselves: a list is no cheaper."""


class SharedPoller:
    """Polls for all waiters of a client together.

    Where a List operation returns the status that is waited for, its pages are read at a rate, and
    a waiter describes its own resource only when the list says that it has got somewhere, or when
    it is in no list. Other waiters describe theirs, at a rate.

        patient = sagemaker.with_options(poller=SharedPoller())
        await asyncio.gather(*(
            patient.wait_until_training_job_completed_or_stopped(training_job_name=name)
            for name in names
        ))

    Args:
        list_rate: The most List calls in a second, for each List operation.
        describe_rate: The most other calls in a second.

    Raises:
        ConfigurationError: a rate is not above 0.
    """

    def __init__(self, *, list_rate: float = 2.0, describe_rate: float = 10.0) -> None:
        Pace(list_rate)  # refuses what is no rate
        self._list_rate = list_rate
        self._describes = Pace(describe_rate)
        self._lists: WeakKeyDictionary[object, dict[str, _List]] = WeakKeyDictionary()

    def turn(
        self,
        waiter: Waiter,
        request: Request[Any],
        send: Send,
        operations: Mapping[str, Operation[Any]],
        client: object,
        delay: float,
    ) -> Turn:
        """Return what a waiter awaits before each of its calls.

        Args:
            client: What the views of one client share.
        """
        listing = waiter.listing
        pause = backing_off(delay)
        shared = None
        if listing is not None and _names_more(request, listing):
            listing = None  # such as a version: the list says nothing of it
        if listing is not None:
            lists = self._lists.setdefault(client, {})
            shared = lists.get(listing.operation)
            if shared is None:
                operation = operations[listing.operation]
                shared = lists[listing.operation] = _List(operation, listing, self._list_rate)

        async def turn(number: int) -> None:
            if shared is None or shared.broken or listing is None:
                await pause(number)
            else:
                await shared.news(str(getattr(request, listing.identity)), waiter, send, delay)
            await self._describes.wait()

        return turn


def _names_more(request: Request[Any], listing: Listing) -> bool:
    given = (name for name, value in request.__dict__.items() if value is not None)
    return any(name != listing.identity for name in given)


@dataclass(frozen=True, slots=True)
class _Wait:
    waiter: Waiter
    delay: float


class _List:
    """The waiters that one List operation serves."""

    def __init__(self, operation: Operation[Any], listing: Listing, rate: float) -> None:
        self._broken_until = float("-inf")
        """Until when the list, which could not be read, is not asked for again."""
        self._operation = operation
        self._listing = listing
        self._rate = rate
        self._delay = float("inf")
        """The shortest of those who wait, as of the last reading."""
        self._pace = Pace(rate)
        self._waiting: defaultdict[str, dict[asyncio.Future[None], _Wait]] = defaultdict(dict)
        self._task: asyncio.Task[None] | None = None
        self._pause = 0.0
        self._due = float("-inf")
        """When the list is read again, by the event loop's clock."""

    @property
    def broken(self) -> bool:
        """Whether the list could not be read a short while ago."""
        return asyncio.get_running_loop().time() < self._broken_until

    async def news(self, identity: str, waiter: Waiter, send: Send, delay: float) -> None:
        """Return when the list says that the wait may be over, or cannot say anything."""
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._task is not None and delay < self._delay:  # who is in a hurry sets the pace
            self._task.cancel()
            self._task = None
            self._due = min(self._due, asyncio.get_running_loop().time() + delay * _FIRST_PAUSE)
        self._waiting[identity][told] = _Wait(waiter, delay)
        if self._task is None:
            self._delay = delay
            self._task = asyncio.create_task(self._read(send))
        try:
            await told
        finally:
            self._leave(identity, told)

    def _leave(self, identity: str, told: asyncio.Future[None]) -> None:
        self._waiting[identity].pop(told, None)
        if not self._waiting[identity]:
            del self._waiting[identity]
        if not self._waiting and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _read(self, send: Send) -> None:
        now = asyncio.get_running_loop().time
        shortest = self._delay * _FIRST_PAUSE
        if now() > self._due + self._pause:  # nobody waited meanwhile
            self._pause = shortest
        while True:
            await asyncio.sleep(max(0, self._due - now()))
            waits = (wait for several in self._waiting.values() for wait in several.values())
            self._delay = min(wait.delay for wait in waits)
            shortest = self._delay * _FIRST_PAUSE
            self._pause = min(self._delay, self._pause * _LONGER)
            self._due = now() + self._pause
            try:
                if await self._read_once(send):
                    self._pause = shortest
                self._pace.rate = min(self._rate, self._pace.rate * _FASTER)
            except ThrottlingError as error:
                logger.debug("%s is throttled: %s", self._operation.name, error)
                self._pace.rate *= _SLOWER
            except Exception as error:  # a hook's, too: each waiter meets it in its own call
                logger.warning(
                    "%s cannot be read, so each waiter asks for itself for %d s: %s",
                    *(self._operation.name, _BROKEN, error),
                )
                self._broken_until = now() + _BROKEN
                self._task = None
                self._tell(self._waiting)
                return
            self._due = now() + self._pause

    async def _read_once(self, send: Send) -> bool:
        """Read the list, and tell those whose status ends their wait, or who are not in it."""
        left = set(self._waiting)
        moved = False
        if len(left) <= _FEW:
            self._tell(left)
            return False
        token: str | None = None
        while left:
            await self._pace.wait()
            asked: dict[str, Any] = {"NextToken": token, "MaxResults": self._listing.largest_page}
            page = await send(self._operation, self._operation.request_class.from_wire(asked))
            for item in getattr(page, self._listing.items) or ():
                identity = str(getattr(item, self._listing.identity))
                left.discard(identity)
                moved = self._tell_of(identity, str(getattr(item, self._listing.status))) or moved
            token = page.next_token
            if not token:
                break
        else:
            return moved
        self._tell(left)
        return moved

    def _tell_of(self, identity: str, status: str) -> bool:
        ended = False
        for told, wait in self._waiting.get(identity, {}).items():
            if wait.waiter.ends_at(status) and not told.done():
                told.set_result(None)
                ended = True
        return ended

    def _tell(self, identities: Any) -> None:
        for identity in list(identities):
            for told in self._waiting.get(identity, {}):
                if not told.done():
                    told.set_result(None)
