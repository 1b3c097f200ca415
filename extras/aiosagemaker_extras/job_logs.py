"""What training, processing and transform jobs write, out of CloudWatch Logs."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final, Literal, TypeAlias

from aiobotantic.beside import aiobotocore_client, ask
from aiobotantic.client import Client
from aiobotantic.errors import ConfigurationError, ServiceError
from aiobotantic.waiters import backing_off

__all__ = ["LogEvent"]

Ended: TypeAlias = Callable[[], Awaitable[bool]]
JobKind: TypeAlias = Literal["TrainingJobs", "ProcessingJobs", "TransformJobs"]

_LARGEST_PAGE: Final = 10_000
_TRIES: Final = 8
_THROTTLED: Final = ("ThrottlingException", "LimitExceededException", "ServiceUnavailableException")


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One line that a job has written."""

    timestamp: datetime
    """When it was written, by the instance's clock."""
    message: str
    stream: str
    """Whose line it is: `my-job/algo-1-1700000000` of the first instance."""
    ingestion_time: datetime
    """When CloudWatch Logs had it."""


@dataclass(frozen=True, slots=True)
class LogOptions:
    """What to read, and how: the arguments of `Jobs.training_job_logs`."""

    follow: bool
    tail: int | None
    start_from: datetime | timedelta | None
    delay: float
    endpoint_url: str | None
    logs: Any


def read_logs(
    sagemaker: Client, kind: JobKind, name: str, ended: Ended, options: LogOptions
) -> AsyncGenerator[LogEvent, None]:
    """Yield what a job has written; see `Jobs`.

    Args:
        sagemaker: An open client; CloudWatch Logs is read with its region and credentials.
        kind: The kind of job, as log groups name it.
        name: The job's name.
        ended: Says whether the job has ended.
        options: What to read, and how.
    """
    return _Reading(sagemaker, kind, name, ended, options).events()


class _Stream:
    """One stream of a job, and how far it is read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.token: str | None = None
        self.waiting: deque[LogEvent] = deque()
        """What is read, and not yet yielded."""

    def take(self, answer: Any) -> None:
        """Keep the events of a page, and where the next one begins."""
        self.waiting += [_event(self.name, event) for event in answer["events"]]
        self.token = answer["nextForwardToken"]


class _Reading:
    """The logs of one job, and how far they are read."""

    def __init__(
        self, sagemaker: Client, kind: JobKind, job: str, ended: Ended, options: LogOptions
    ) -> None:
        tail, delay = options.tail, options.delay
        if tail is not None and tail < 0:
            raise ConfigurationError(f"tail is {tail}: pass the number of lines to begin with")
        if delay < 0:
            raise ConfigurationError(f"delay is {delay}: pass seconds, 0 or more")
        self._sagemaker = sagemaker
        self._group = f"/aws/sagemaker/{kind}"
        self._job = job
        self._ended = ended
        self._options = options
        self._delay = delay
        self._tail = tail
        self._since = _since(options.start_from)
        self._streams: dict[str, _Stream] = {}
        self._logs: Any = None

    async def events(self) -> AsyncGenerator[LogEvent, None]:
        """Yield the events; while the job goes on, too, if it is followed."""
        follow = self._options.follow
        async with _reader(self._sagemaker, self._options) as self._logs:
            turn, late = backing_off(self._delay), False
            for number in count():
                await turn(number)
                # Asked before the logs are read: what a job writes, it writes before it ends.
                ended = follow and (late or await self._ended())
                news = False
                async with aclosing(self._news()) as events:
                    async for event in events:
                        news = True
                        yield event
                if not follow and not self._streams:
                    await self._ended()  # an error where there is no such job
                if not follow or (late and not news):
                    return
                if ended:
                    turn, late = self._late, True

    async def _late(self, _: int) -> None:
        """Wait for lines that are on their way when a job has ended."""
        await asyncio.sleep(self._delay)

    async def _news(self) -> AsyncGenerator[LogEvent, None]:
        """Yield what is new in all streams, the oldest first."""
        fresh = await self._new_streams()
        if self._tail is not None:
            tail, self._tail = self._tail, None
            for event in await self._last(fresh, tail):
                yield event
        heads: list[tuple[datetime, str]] = []
        for stream in self._streams.values():
            await self._fill(stream, heads)
        while heads:
            stream = self._streams[heapq.heappop(heads)[1]]
            yield stream.waiting.popleft()
            await self._fill(stream, heads)

    async def _fill(self, stream: _Stream, heads: list[tuple[datetime, str]]) -> None:
        """Read on where nothing waits, and note what a stream's oldest event is, if it has one.

        A page may be empty and not the last: the last one has the token that it was asked with.
        """
        while not stream.waiting:
            token = stream.token
            stream.take(await self._page(stream.name, nextToken=token, startFromHead=True))
            if stream.token == token and not stream.waiting:
                return
        heapq.heappush(heads, (stream.waiting[0].timestamp, stream.name))

    async def _last(self, streams: list[_Stream], tail: int) -> list[LogEvent]:
        """Return the last events of all streams, and read on after them."""
        last: list[LogEvent] = []
        for stream in streams:
            limit = max(1, min(tail, _LARGEST_PAGE))
            answer = await self._page(stream.name, limit=limit)
            stream.token = answer["nextForwardToken"]
            events, token = list(answer["events"]), answer["nextBackwardToken"]
            while len(events) < tail:
                answer = await self._page(stream.name, limit=limit, nextToken=token)
                events, before = [*answer["events"], *events], token
                token = answer["nextBackwardToken"]
                if token == before:
                    break
            last += [_event(stream.name, event) for event in events]
        last.sort(key=lambda event: event.timestamp)
        return last[-tail:] if tail else []

    async def _new_streams(self) -> list[_Stream]:
        """Return the streams that were not there before."""
        fresh: list[_Stream] = []
        token: str | None = None
        while True:
            answer = await self._ask(
                "describe_log_streams",
                logGroupName=self._group,
                logStreamNamePrefix=f"{self._job}/",
                **({} if token is None else {"nextToken": token}),
            )
            for each in () if answer is None else answer["logStreams"]:
                name = each["logStreamName"]
                if name not in self._streams:
                    self._streams[name] = _Stream(name)
                    fresh.append(self._streams[name])
            token = None if answer is None else answer.get("nextToken")
            if token is None:
                return fresh

    async def _page(self, stream: str, **arguments: Any) -> Any:
        given = {name: value for name, value in arguments.items() if value is not None}
        if self._since is not None:
            given["startTime"] = self._since
        names = {"logGroupName": self._group, "logStreamName": stream}
        return await self._ask("get_log_events", **names, **given)

    async def _ask(self, method: str, **arguments: Any) -> Any:
        """Call CloudWatch Logs, patiently where it throttles; None: the group is not there yet."""
        turn = backing_off(max(self._delay, 1))
        for number in count():
            await turn(number)
            try:
                answer = getattr(self._logs, method)(**arguments)
                return await ask(self._sagemaker, _OPERATIONS[method], answer)
            except ServiceError as error:
                told = error
            if told.code == "ResourceNotFoundException" and method == "describe_log_streams":
                return None
            if told.code not in _THROTTLED or number == _TRIES:
                raise told
        return None


_OPERATIONS = {"describe_log_streams": "DescribeLogStreams", "get_log_events": "GetLogEvents"}


@asynccontextmanager
async def _reader(sagemaker: Client, options: LogOptions) -> AsyncGenerator[Any, None]:
    async with AsyncExitStack() as stack:
        logs = options.logs
        if logs is None:
            logs = await stack.enter_async_context(
                aiobotocore_client(sagemaker, "logs", endpoint_url=options.endpoint_url)
            )
        yield logs


def _since(start_from: datetime | timedelta | None) -> int | None:
    """Return the milliseconds since 1970 at which logs begin."""
    if start_from is None:
        return None
    if isinstance(start_from, timedelta):
        start_from = datetime.now(UTC) - start_from
    if start_from.tzinfo is None:
        raise ConfigurationError(
            f"start_from is {start_from}, without a time zone: pass one such as "
            "datetime.now(UTC) - timedelta(minutes=5), or the timedelta alone"
        )
    return max(0, int(start_from.timestamp() * 1000))


def _event(stream: str, event: Any) -> LogEvent:
    return LogEvent(
        timestamp=_time(event["timestamp"]),
        message=event["message"],
        stream=stream,
        ingestion_time=_time(event.get("ingestionTime", event["timestamp"])),
    )


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
