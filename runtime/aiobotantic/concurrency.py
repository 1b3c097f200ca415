"""Many calls at once: bounded, paced, with results that arrive while others are under way."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Sized,
)
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, Protocol, TypeVar, cast, overload

from aiobotantic.errors import ConfigurationError
from aiobotantic.pacing import Pace
from aiobotantic.structure import Request, Structure

Response = TypeVar("Response", bound=Structure)
Asked = TypeVar("Asked", bound=Request[Any])
Given = TypeVar("Given", bound=Request[Any], covariant=True)

OnError = Literal["raise", "collect"]
Progress = Callable[[int, int | None], object]
"""Is told how many calls have ended, and of how many; None where nobody knows."""

_WAITING_FOR_EACH: Final = 1
"""Results that may wait for the caller, for each call that may be under way."""


class Sender(Protocol):
    """A client."""

    def send(self, request: Request[Response], /) -> Awaitable[Response]:
        """Send a request, and return the answer."""
        ...


@dataclass(frozen=True, slots=True)
class CallResult(Generic[Given]):
    """What came of one request."""

    index: int
    """Its place among the requests, from 0."""
    request: Given
    answer: Structure | None = None
    """The response as any structure; `response` and `result()` know of which class it is."""
    error: Exception | None = None
    """What the call raised; None where it went well."""

    @property
    def response(self: CallResult[Request[Response]]) -> Response | None:
        """The response; None where the call raised an error."""
        return cast("Response | None", self.answer)

    @overload
    def result(self: CallResult[Request[Response]]) -> Response: ...
    @overload
    def result(self) -> Any: ...
    def result(self) -> Any:
        """Return the response, or raise what the call raised."""
        if self.error is not None:
            raise self.error
        return self.answer


def map_calls(
    client: Sender,
    requests: Iterable[Asked] | AsyncIterable[Asked],
    *,
    limit: int = 10,
    rate: float | Pace | None = None,
    ordered: bool = False,
    on_error: OnError = "raise",
    progress: Progress | None = None,
) -> AsyncGenerator[CallResult[Asked], None]:
    """Send requests, some at a time, and give the results as they come.

        async for done in map_calls(sagemaker, requests, limit=50):
            print(done.request, done.result())

    Requests are taken as calls end and the caller keeps up: there are never more than `limit` calls
    under way, nor more than as many results waiting. Leaving the loop early, or being cancelled,
    cancels what is under way; `contextlib.aclosing` waits until it has.

    Args:
        client: A client, or a view of one.
        requests: Requests of any operations, also an async iterable of them.
        limit: The most calls at once.
        rate: The most calls that are begun in a second; or a `Pace`, which may be shared.
        ordered: Whether results come in the order of the requests, rather than as calls end.
        on_error: `raise`: after a failed call no further request is taken; the results of those
            under way are given, then its error is raised. `collect`: every request is sent, and
            failures are results with an `error`.
        progress: Is called with the number of calls that have ended and the number of all, or
            None, whenever one has; `progress_bar` gives one that draws.

    Raises:
        ConfigurationError: an argument has a value that it cannot have.
    """
    most = cast(object, limit)  # what type checkers rule out still comes along
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise ConfigurationError(f"limit is {most!r}: pass how many calls may run at once, from 1")
    if on_error not in ("raise", "collect"):
        raise ConfigurationError(f"on_error is {on_error!r}: pass 'raise' or 'collect'")
    pace = rate if isinstance(rate, Pace) or rate is None else Pace(rate)
    total = len(requests) if isinstance(requests, Sized) else None
    source: _Source[Asked] = _Source(requests)
    run: _Run[Asked] = _Run(client, source, limit, pace, ordered=ordered, stops=on_error == "raise")
    return run.results(progress, total)


@contextmanager
def progress_bar(text: str = "calls") -> Generator[Progress, None, None]:
    """Draw a bar on standard output, and give what moves it: a value for `progress`.

    Raises:
        ConfigurationError: rich is not installed.
    """
    try:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars
    except ImportError as error:
        raise ConfigurationError("progress_bar draws with rich: pip install rich") from error
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Bars(*columns, TimeRemainingColumn()) as bars:
        bar = bars.add_task(text, total=None)

        def move(ended: int, total: int | None) -> None:
            bars.update(bar, completed=ended, total=total)

        yield move


_END: Final = object()


class _Source(Generic[Asked]):
    """Requests one after another, from either kind of iterable."""

    def __init__(self, requests: Any) -> None:
        self._plain: Iterator[Asked] | None = None
        self._async: AsyncIterator[Asked] | None = None
        if isinstance(requests, AsyncIterable):
            self._async = aiter(cast(AsyncIterable[Asked], requests))
        else:
            self._plain = iter(requests)
        self._lock = asyncio.Lock()
        self._taken = 0
        self.error: Exception | None = None
        """What the iterable raised."""
        self.ended = False

    async def take(self) -> tuple[int, Asked] | None:
        """Return the next request and its place; None after the last one."""
        if self._plain is not None:
            return self._numbered(next(self._plain, _END))
        async with self._lock:
            return self._numbered(await anext(cast(Any, self._async), _END))

    def _numbered(self, request: Any) -> tuple[int, Asked] | None:
        if request is _END:
            return None
        self._taken += 1
        return self._taken - 1, request

    async def close(self) -> None:
        """Let a generator end that was not read to its end."""
        close: Callable[[], Awaitable[None]] | None = getattr(self._async, "aclose", None)
        if close is not None:
            await close()


class _Run(Generic[Asked]):
    """One run over requests."""

    def __init__(
        self,
        client: Sender,
        source: _Source[Asked],
        limit: int,
        pace: Pace | None,
        *,
        ordered: bool,
        stops: bool,
    ) -> None:
        self._client = client
        self._source = source
        self._limit = limit
        self._pace = pace
        self._ordered = ordered
        self._stops = stops
        self._room = asyncio.Semaphore(limit * (1 + _WAITING_FOR_EACH))
        self._done: deque[CallResult[Asked]] = deque()
        self._held: dict[int, CallResult[Asked]] = {}
        self._next = 0
        self._changed = asyncio.Event()
        self._working = 0
        self._stopping = False
        self._failures: list[Exception] = []

    async def results(
        self, progress: Progress | None, total: int | None
    ) -> AsyncGenerator[CallResult[Asked], None]:
        """Give the results."""
        ended = 0
        workers = [asyncio.create_task(self._work()) for _ in range(self._limit)]
        self._working = len(workers)
        try:
            while self._working or self._done:
                while self._done:
                    result = self._done.popleft()
                    self._room.release()
                    ended += 1
                    if progress is not None:
                        progress(ended, total)
                    if result.error is None or not self._stops:
                        yield result
                    else:
                        self._failures.append(result.error)
                if self._working:
                    self._changed.clear()
                    await self._changed.wait()
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            await self._source.close()
        if self._source.error is not None:
            raise self._source.error
        if self._failures:
            first, *others = self._failures
            for other in others:
                first.add_note(f"another call failed meanwhile: {other!r}")
            raise first

    async def _work(self) -> None:
        try:
            while not self._stopping:
                await self._room.acquire()
                if self._stopping or (taken := await self._take()) is None:
                    self._room.release()
                    self._stopping = True
                    return
                await self._call(*taken)
        finally:
            self._working -= 1
            if not self._working and self._held:  # what a failed call left a gap before
                self._done.extend(self._held[index] for index in sorted(self._held))
                self._held.clear()
            self._changed.set()

    async def _take(self) -> tuple[int, Asked] | None:
        try:
            return await self._source.take()
        except Exception as error:
            self._source.error = error
            return None

    async def _call(self, index: int, request: Asked) -> None:
        answer: Structure | None = None
        failed: Exception | None = None
        try:
            if self._pace is not None:
                await self._pace.wait()
            answer = await self._client.send(request)
        except Exception as error:
            failed = error
            self._stopping = self._stopping or self._stops
        result = CallResult(index, request, answer, failed)
        if not self._ordered:
            self._done.append(result)
        else:
            self._held[index] = result
            while (following := self._held.pop(self._next, None)) is not None:
                self._done.append(following)
                self._next += 1
        self._changed.set()
