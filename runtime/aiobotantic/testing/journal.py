"""The requests that reached a server, and what a test asserts of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiobotantic.testing.json_values import is_object, plain

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One request that reached the server, and how it was answered."""

    operation: str | None
    """AWS's name; None where the request named no operation of the service."""
    request: Mapping[str, Any] = field(repr=False)
    """Members by wire name; empty where the request could not be read."""
    status: int
    """HTTP status of the answer."""
    request_id: str
    error: str | None = None
    """Code of the error that was answered; None for a success."""
    connection: int = 0
    """Which of the server's connections it came on, from 1."""
    message: str | None = None
    """Message of the error that was answered."""
    at: float = 0.0
    """When it came, in seconds since 1970 by the server's clock."""
    seconds: float = 0.0
    """How long it was worked on; what is streamed goes out afterwards."""
    size: int = 0
    """Bytes of the request's body."""


class Journal(list[JournalEntry]):
    """The newest requests that reached a server, oldest first.

    A server that runs for long must not grow: the oldest are dropped beyond `limit` requests, or
    `most_bytes` of their bodies together.
    """

    def __init__(self) -> None:
        super().__init__()
        self.limit = 5_000
        """How many requests are kept at most."""
        self.most_bytes = 16_000_000
        """How many bytes their bodies have together at most; the newest is kept in any case."""
        self.dropped = 0
        """How many requests were dropped since the journal was empty."""
        self._bytes = 0

    def add(self, entry: JournalEntry) -> None:
        """Note a request, and drop the oldest where they are too many."""
        self.append(entry)
        self._bytes += entry.size
        while len(self) > self.limit or (self._bytes > self.most_bytes and len(self) > 1):
            self._bytes -= self.pop(0).size
            self.dropped += 1

    def clear(self) -> None:
        """Forget all requests: what is asserted is then what comes after."""
        super().clear()
        self.dropped = self._bytes = 0


def check_called(
    journal: Journal, operation: str, members: Mapping[str, Any], times: int | None
) -> None:
    """Raise an AssertionError unless an operation was called with these members.

    Args:
        journal: the requests.
        operation: AWS's name.
        members: what a request has at least; of a structure its own members at least.
        times: how often; None: once or more.
    """
    calls = [entry.request for entry in journal if entry.operation == operation]
    fitting = [call for call in calls if not list(_differences(members, call))]
    if times is None and fitting:
        return
    if len(fitting) == times and not journal.dropped:
        return
    wanted = f"{operation}({', '.join(f'{k}={_shown(v)}' for k, v in members.items())})"
    found = f"{len(fitting)} time{'' if len(fitting) == 1 else 's'}"
    often = "at least once" if times is None else f"{times} time{'' if times == 1 else 's'}"
    lacking = (
        f" {journal.dropped:,} older requests were dropped from the journal, and may have been "
        "such: give it a greater limit, or clear() it before what is to be counted."
        if journal.dropped
        else ""
    )
    if len(fitting) == times:
        raise AssertionError(f"{wanted} was called {found}, as far as is known:{lacking}")
    raise AssertionError(
        f"{wanted} was called {found}, not {often}: "
        f"{_nearest(operation, members, calls, journal)}{lacking}"
    )


def _nearest(
    operation: str,
    members: Mapping[str, Any],
    calls: Sequence[Mapping[str, Any]],
    journal: Iterable[JournalEntry],
) -> str:
    """Say which call comes nearest, and where it differs."""
    if not calls:
        names = dict.fromkeys(entry.operation for entry in journal if entry.operation)
        called = ", ".join(names) or "nothing"
        return f"{operation} was not called at all. Called: {called}."
    differing = [list(_differences(members, call)) for call in calls]
    best = min(range(len(calls)), key=lambda number: len(differing[number]))
    if not differing[best]:
        return f"{operation} was called {len(calls)} times in all."
    return f"the nearest call has {'; '.join(differing[best])}."


def _differences(
    wanted: Mapping[str, Any], found: Mapping[str, Any], at: str = ""
) -> Iterable[str]:
    for name, value in wanted.items():
        got = found.get(name, _ABSENT)
        if is_object(value) and is_object(got):
            yield from _differences(value, got, f"{at}{name}.")
        elif got is _ABSENT:
            yield f"no {at}{name}, where {_shown(value)} is wanted"
        elif got != value:
            yield f"{at}{name}={_shown(got)}, where {_shown(value)} is wanted"


def _shown(value: Any) -> str:
    text = json.dumps(value, default=plain)
    return text if len(text) <= 200 else f"{text[:197]}..."
