"""Many releases of botocore to one row each: how much of a service it changed, and how gravely."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
import zipfile
import zlib
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from itertools import pairwise
from typing import Any

from packaging.version import InvalidVersion, Version
from pydantic import computed_field

from aiobotantic_codegen.changes.diff import count_silent, iter_entries
from aiobotantic_codegen.changes.models import Model, of_service
from aiobotantic_codegen.changes.record import (
    ChangeClass,
    ChangeDocument,
    Kind,
    Semver,
    gravest,
    semver_of,
)
from aiobotantic_codegen.errors import GeneratorError, SyncError
from aiobotantic_codegen.load.botocore import SOURCE_REMEDY, is_service_name
from aiobotantic_codegen.load.releases import Progress, Reader, Release, Releases

_PART = 16
"""Releases that a process does at a time; the one before them is read once more for it."""


class State(StrEnum):
    """What a release did to the service."""

    CHANGED = "changed"
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    FAILED = "failed"


class Row(ChangeDocument):
    """One release.

    Attributes:
        release: Its version.
        previous: The release that it is compared with; None if none before it has the service.
        date: Day of the release, where the source knows it.
        state: What it did to the service; `failed` where it cannot be read.
        verdict: The gravest class of its entries; None if it cannot be read.
        classes: Number of entries by class.
        kinds: Number of entries by kind.
        documentation: Texts that differ; None where that is not known.
        box: Shapes and members whose `box` differs.
        error: Why it cannot be read, with the file and the place in it.
    """

    release: str
    previous: str | None = None
    date: str | None = None
    state: State
    verdict: ChangeClass | None = None
    classes: dict[ChangeClass, int] = dict.fromkeys(ChangeClass, 0)
    kinds: dict[Kind, int] = dict.fromkeys(Kind, 0)
    documentation: int | None = None
    box: int = 0
    error: str | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def semver(self) -> Semver | None:
        """What the verdict means for a version, by Semantic Versioning."""
        return semver_of(self.verdict) if self.verdict else None

    def cells(self) -> dict[str, str | int | None]:
        """Return the row flat, each count under the name of its class or kind: for a table."""
        tree: dict[str, Any] = self.model_dump(mode="json")
        flat = tree | tree["classes"] | tree["kinds"]
        return {name: flat[name] for name in columns()}


def columns() -> list[str]:
    """Return the names of a row's cells, in their order."""
    about = ("release", "previous", "date", "state", "verdict", "semver")
    return [*about, *ChangeClass, *Kind, "documentation", "box", "error"]


@dataclass(frozen=True)
class Span:
    """Releases after one version up to another; either may be open."""

    after: Version | None = None
    last: Version | None = None

    @classmethod
    def of(cls, text: str) -> Span:
        """Read `A..B`, `A..` or `..B`.

        Raises:
            ValueError: It is none of these.
        """
        after, dots, last = text.partition("..")
        if not dots or not (after or last):
            raise ValueError(f"{text!r} is no range of versions: give A..B, A.. or ..B")
        try:
            span = cls(*(Version(end) if end else None for end in (after, last)))
        except InvalidVersion as error:
            raise ValueError(f"{text!r} is no range of versions: {error}") from None
        if span.after and span.last and span.last <= span.after:
            raise ValueError(f"{text!r} is an empty range: the second version is not newer")
        return span


@dataclass(frozen=True)
class _Stop:
    """A release whose files of the service are others than those of the one before it.

    Attributes:
        there: Whether the service is there.
        before: The release just before it; None for the first one.
    """

    release: Release
    there: bool
    before: Release | None


def read_history(
    releases: Releases,
    service: str,
    span: Span | None = None,
    *,
    every: bool = False,
    strict: bool = False,
    jobs: int = 1,
    progress: Progress = lambda name, done, total: None,
) -> list[Row]:
    """Return a row for each release that changed a service, oldest first.

    Each is compared with the one before it; the first one of a span too, if there is one.

    Args:
        releases: Where they come from.
        service: Name of the service.
        span: Which releases; None for all.
        every: Whether those that changed nothing have a row too.
        strict: Whether a release that cannot be read ends it.
        jobs: Processes.
        progress: Called before what takes time.

    Raises:
        SyncError: There is no such release, or none has the service.
        GeneratorError: With `strict`: a release cannot be read.
    """
    known = _selected(releases, span or Span())
    if not is_service_name(service):
        raise _no_service(releases, known[-1], service)
    identities = releases.identities(known, service, progress)
    stops = _stops(known, identities)
    if not any(stop.there for stop in stops):
        raise _no_service(releases, known[-1], service)
    parts = [range(at, min(at + _PART, len(stops))) for at in range(1, len(stops), _PART)]
    done: Generator[list[Row], None, None]
    if jobs == 1 or len(parts) < 2:
        done = (_part(releases, service, stops, part, strict) for part in parts)
    else:
        done = _shared(releases, service, stops, parts, jobs, strict)
    rows: dict[str, Row] = {}
    with closing(done):
        for part in parts:
            progress(stops[part.start].release.name, part.start - 1, len(stops) - 1)
            rows |= {row.release: row for row in next(done)}
    for before, release in pairwise(known) if every else ():
        rows.setdefault(release.name, _row(release, before, State.SAME, ChangeClass.NONE))
    told = (rows.get(release.name) for release in known)
    return [row for row in told if row and (every or row.state is not State.SAME)]


def usable_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _selected(releases: Releases, span: Span) -> list[Release]:
    """Return the releases of a span, and before them the one that the first is compared with."""
    listing = releases.listing()
    known = [each for each in listing if span.last is None or each.version <= span.last]
    if span.after is not None:
        earlier = [place for place, each in enumerate(known) if each.version <= span.after]
        known = known[earlier[-1] :] if earlier else known
    if len(known) < 2:
        problem = f"has no two releases to compare: it has {listing[0].name} to {listing[-1].name}"
        raise SyncError(releases.place, "", problem, "Give another range with `--versions`.")
    return known


def _stops(known: Sequence[Release], identities: Sequence[str | None]) -> list[_Stop]:
    """Return the first release, and each whose files of the service differ from the last one's."""
    stops = [_Stop(known[0], identities[0] is not None, None)]
    for before, after in pairwise(zip(known, identities, strict=True)):
        if before[1] != after[1]:
            stops.append(_Stop(after[0], after[1] is not None, before[0]))
    return stops


def _no_service(releases: Releases, newest: Release, service: str) -> SyncError:
    known: list[str] = []
    with suppress(OSError, GeneratorError), releases.reading() as read:
        known = read(newest).services()
    nearest = get_close_matches(service, known, n=3)
    remedy = "Check the name, and that these are releases of botocore."
    if nearest:
        remedy = f"Did you mean {' or '.join(nearest)}?"
    return SyncError(releases.place, "", f"no release has a service `{service}`", remedy)


def _part(
    releases: Releases, service: str, stops: Sequence[_Stop], part: range, strict: bool
) -> list[Row]:
    """Return the rows of some stops that follow each other."""
    with releases.reading() as read:
        walk = _Comparing(read, service, stops, strict=strict)
        walk.begin(part.start - 1)
        return [walk.row(place) for place in part]


class _Comparing:
    """A walk from stop to stop: each is compared with the last one that could be read."""

    def __init__(self, read: Reader, service: str, stops: Sequence[_Stop], *, strict: bool) -> None:
        self._read = read
        self._service = service
        self._stops = stops
        self._strict = strict
        self._last = -1
        self._model: Model | None = None
        self._problem: GeneratorError | None = None

    def begin(self, place: int) -> None:
        """Read the stop before the first row, or the nearest one before it that can be read."""
        for earlier in range(place, -1, -1):
            try:
                self._model = self._load(earlier)
            except GeneratorError as error:
                self._problem = self._problem or error
            else:
                self._last = earlier
                return

    def row(self, place: int) -> Row:
        """Return the row of a stop.

        Raises:
            GeneratorError: If the walk is strict: it cannot be read, or nothing before it.
        """
        stop = self._stops[place]
        assert stop.before
        try:
            new = self._load(place)
        except GeneratorError as error:
            return self._failed(stop, error)
        old, last, problem = self._model, self._last, self._problem
        self._model, self._last = new, place
        if last < 0 and problem:
            return self._failed(stop, problem)
        before = self._stops[last + 1].before or stop.before
        try:
            return _compared(stop.release, before, old, new)
        except GeneratorError as error:
            return self._failed(stop, error)

    def _failed(self, stop: _Stop, error: GeneratorError) -> Row:
        if self._strict:
            raise error
        return _row(stop.release, None, State.FAILED, error=str(error))

    def _load(self, place: int) -> Model | None:
        stop = self._stops[place]
        if not stop.there:
            return None
        try:
            return of_service(self._read(stop.release).read(self._service))
        except (OSError, zipfile.BadZipFile, zlib.error) as error:
            problem = f"{self._service} cannot be read: {error}"
            raise SyncError(f"botocore {stop.release.name}", "", problem, SOURCE_REMEDY) from None


def _compared(release: Release, before: Release, old: Model | None, new: Model | None) -> Row:
    if old is None or new is None:
        if old is new:
            return _row(release, before, State.SAME, ChangeClass.NONE)
        if new is None:
            return _row(release, before, State.REMOVED, ChangeClass.BREAKING)
        return _row(release, before, State.ADDED, ChangeClass.ADDITIVE)
    entries = Counter((entry.change_class, entry.kind) for entry in iter_entries(old, new))
    silent = count_silent(old, new)
    return _row(
        release,
        before,
        State.CHANGED if entries or silent.documentation or silent.box else State.SAME,
        gravest(change_class for change_class, _ in entries),
        classes={each: _total(entries, each) for each in ChangeClass},
        kinds={each: _total(entries, each) for each in Kind},
        documentation=silent.documentation,
        box=silent.box,
    )


def _total(entries: Mapping[tuple[ChangeClass, Kind], int], word: ChangeClass | Kind) -> int:
    return sum(count for words, count in entries.items() if word in words)


def _row(
    release: Release,
    before: Release | None,
    state: State,
    verdict: ChangeClass | None = None,
    **facts: Any,
) -> Row:
    return Row(
        release=release.name,
        previous=before.name if before else None,
        date=release.date,
        state=state,
        verdict=verdict,
        **facts,
    )


def _shared(
    releases: Releases,
    service: str,
    stops: Sequence[_Stop],
    parts: Sequence[range],
    jobs: int,
    strict: bool,
) -> Generator[list[Row], None, None]:
    """Yield the rows of each part in turn, from several processes; they end with this one."""
    context = multiprocessing.get_context("spawn")
    running = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(min(jobs, len(parts)), context, initializer=_begin_process)
    try:
        with _deaf_to_interrupts():
            futures = [pool.submit(_part, releases, service, stops, part, strict) for part in parts]
        for future in futures:
            yield future.result()
    except BrokenProcessPool:
        problem = "a process that compared its releases ended without an answer"
        remedy = "Try fewer processes: `--jobs 1` needs the least memory."
        raise SyncError(releases.place, "", problem, remedy) from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - running:
            process.terminate()
        pool.shutdown()


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Start processes that leave Ctrl-C to this one; they inherit what it ignores."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _begin_process() -> None:
    """End with the process that asked, however it ends; and spend no time on collecting."""
    gc.disable()  # models hold no cycles
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
