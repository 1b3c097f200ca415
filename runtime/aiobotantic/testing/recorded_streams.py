"""Answers that are streamed: recorded while they are read, and replayed as streams."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final, get_origin

from aiobotantic.bodies import Streamed, StreamingBody
from aiobotantic.errors import ServiceError
from aiobotantic.event_stream import EventStream
from aiobotantic.lanes import Call
from aiobotantic.masking import hide_repeated
from aiobotantic.operation import Operation, Service
from aiobotantic.structure import Structure, describe, is_mapping, is_sequence
from aiobotantic.testing.answering import UnexpectedCallError
from aiobotantic.testing.compare import copied
from aiobotantic.testing.fake_streams import FakeBody, FakeEvents
from aiobotantic.testing.recorded_ends import (
    lost_classes,
    read_error,
    read_failure,
    write_error,
    write_failure,
)
from aiobotantic.testing.recorded_values import (
    CassetteError,
    read_blob,
    read_members,
    write_blob,
    write_members,
)
from aiobotantic.testing.scrubbing import Scrubber
from aiobotantic.unions import UnionStructure

LEFT: Final = "left early"


class StreamTape:
    """What is recorded of one stream, which is written when it ends, or is left."""

    def __init__(
        self, call: Call, wire: str, *, hidden: bool, scrubber: Scrubber, answer: dict[str, Any]
    ) -> None:
        self.call = call
        self._wire = wire
        self._hidden = hidden
        self._scrubber = scrubber
        self._answer = answer
        self.events: list[UnionStructure] | None = None
        self.chunks: list[bytes] = []
        self._finished = False

    def failed(self, error: Exception) -> None:
        """Write that the stream ended in an error."""
        if isinstance(error, ServiceError):
            error = copy.copy(error)  # the caller's stays as it is
            hide_repeated(error, self.call.request)
            self._finish({"error": write_error(self.call.service, error, self._scrubber)})
        elif isinstance(error, lost_classes()):
            self._finish({"failure": write_failure(error, self._scrubber)})
        else:
            self._finish(LEFT)

    def ended(self) -> None:
        """Write that everything was read."""
        self._finish(None)

    def left(self) -> None:
        """Write that the rest was not read, unless it was."""
        self._finish(LEFT)

    def _finish(self, end: Any) -> None:
        if self._finished:
            return
        self._finished = True
        written: dict[str, Any]
        if self.events is None:
            written = {"chunks": [write_blob(chunk) for chunk in self._scrubbed_chunks()]}
        else:
            self._scrub_across(self.events)
            written = {"events": [write_members(each, self._scrubber) for each in self.events]}
        self.events, self.chunks = None, []
        self._answer[self._wire] = written if end is None else {**written, "end": end}

    def _scrubbed_chunks(self) -> list[bytes]:
        if self._hidden:
            return [b"***" for _ in self.chunks]
        return self._scrubber.pieces(self._wire, self.chunks)

    def _scrub_across(self, events: list[UnionStructure]) -> None:
        """Scrub the bytes that events have together: a secret may lie across two of them."""
        found: dict[tuple[str, str], list[Structure]] = {}
        for event in events:
            for arm, name in _blobs(event):
                found.setdefault((type(arm).__name__, name), []).append(arm)
        for (_, name), arms in found.items():
            wire = describe(type(arms[0])).wire_names[name]
            pieces = self._scrubber.pieces(wire, [getattr(arm, name) for arm in arms])
            for arm, piece in zip(arms, pieces, strict=True):
                setattr(arm, name, piece)


def _blobs(event: UnionStructure) -> Iterator[tuple[Structure, str]]:
    arm = event.arm
    if arm is not None and isinstance(arm[1], Structure):
        for name, value in vars(arm[1]).items():
            if isinstance(value, bytes):
                yield arm[1], name


class _Source:
    """What a recorded stream holds in the place of a connection."""

    def __init__(self, stream: Streamed, tape: StreamTape) -> None:
        self._stream = stream
        self._tape = tape

    async def aclose(self) -> None:
        """Close the stream."""
        self._tape.left()
        await self._stream.close()


class RecordedEvents(EventStream[Any]):
    """The events of a stream, which are noted as they are given."""

    def __init__(self, stream: EventStream[Any], tape: StreamTape) -> None:
        operation = tape.call.operation.name
        super().__init__(_Source(stream, tape), operation, UnionStructure, {}, {})
        self._stream = stream
        self._tape = tape
        self._noted: list[UnionStructure] = []
        tape.events = self._noted

    async def __anext__(self) -> Any:
        try:
            event = await self._stream.__anext__()
        except StopAsyncIteration:
            self._tape.ended()
            raise
        except Exception as error:
            self._tape.failed(error)
            raise
        self._noted.append(copied(event))
        return event

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed or self._stream.closed


class RecordedBody(StreamingBody):
    """A body in pieces, which are noted as they arrive."""

    def __init__(self, stream: Any, tape: StreamTape) -> None:
        super().__init__(_Source(stream, tape), tape.call.operation.name)
        self._stream = stream
        self._tape = tape

    async def _receive(self) -> bytes:
        try:
            chunk: bytes = await self._stream._chunk()
        except Exception as error:
            self._tape.failed(error)
            raise
        if chunk:
            self._tape.chunks.append(chunk)
        else:
            self._tape.ended()
        return chunk


def recorded(
    response: Structure, call: Call, scrubber: Scrubber, answer: dict[str, Any]
) -> list[StreamTape]:
    """Let the streams of a response be recorded while they are read; return their tapes."""
    known = describe(type(response))
    tapes: list[StreamTape] = []
    for name, wire in known.wire_names.items():
        stream = getattr(response, name)
        if isinstance(stream, Streamed):
            hidden = name in known.sensitive and wire not in scrubber.keep
            tape = StreamTape(call, wire, hidden=hidden, scrubber=scrubber, answer=answer)
            kind: Any = RecordedEvents if isinstance(stream, EventStream) else RecordedBody
            setattr(response, name, kind(stream, tape))
            tapes.append(tape)
    return tapes


def replayed(
    service: Service, operation: Operation[Any], kind: Any, written: Any, place: str
) -> Streamed:
    """Return the stream that was recorded; `kind` is the annotation of its member.

    Raises:
        CassetteError: there is none.
    """
    is_events = get_origin(kind) is EventStream
    name = "events" if is_events else "chunks"
    items: Any = written.get(name) if is_mapping(written) else None
    if not is_sequence(items):
        raise CassetteError(f'{place} is no stream: an object with "{name}" was expected')
    end = written.get("end")
    last: list[Any] = []
    if end == LEFT:
        last = [
            UnexpectedCallError(
                f"{operation.name}: the stream was left early when it was recorded, so there is no "
                f"more than these {len(items)} {name}. Record it again, and read on"
            )
        ]
    elif is_mapping(end) and "error" in end:
        last = [read_error(service, operation, end["error"], f"{place}.end.error")]
    elif end is not None:
        failure = end.get("failure") if is_mapping(end) else None
        last = [read_failure(operation, failure, f"{place}.end.failure")]
    places = [f"{place}.{name}[{at}]" for at in range(len(items))]
    pairs = list(zip(items, places, strict=True))
    if not is_events:
        return FakeBody([*(read_blob(*pair) for pair in pairs), *last], operation.name)
    union = kind.__args__[0]
    events: list[Any] = [read_members(union, *pair) for pair in pairs]
    return FakeEvents([*events, *last], operation.name)
