"""Streams of answers that come from no network, for fakes: events, and bodies in pieces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, Protocol, Self, TypeVar, get_args, get_origin, runtime_checkable

from aiobotantic.bodies import StreamingBody
from aiobotantic.errors import ServiceError
from aiobotantic.event_stream import EventStream
from aiobotantic.structure import Structure, is_sequence, value_type
from aiobotantic.unions import UnionStructure

Event = TypeVar("Event", bound=UnionStructure)


@runtime_checkable
class _Again(Protocol):
    def again(self, operation: str, kind: Any) -> Any: ...


class _NoConnection:
    """What stands where a stream holds its connection."""

    async def aclose(self) -> None:
        """Do nothing."""


class FakeEvents(EventStream[Event], Generic[Event]):
    """An `EventStream` of given events; an exception among them is raised in its place."""

    def __init__(
        self, items: Iterable[Event | Exception], operation: str = "fake", events: Any = None
    ) -> None:
        self._items = tuple(items)
        if events is None:
            unions = (type(item) for item in self._items if isinstance(item, UnionStructure))
            events = next(unions, UnionStructure)
        super().__init__(_NoConnection(), operation, events, {}, {})
        self._next = 0

    async def __anext__(self) -> Event:
        if self._next == len(self._items) and not self.closed:
            raise StopAsyncIteration
        self._check_open()
        item = self._items[self._next]
        self._next += 1
        if isinstance(item, Exception):
            await self.close()
            raise item
        return item

    def again(self, operation: str, kind: Any) -> Self:
        """Return the same events from the start; `kind` is the type of their member."""
        return type(self)(self._items, operation, get_args(kind)[0])


class FakeBody(StreamingBody):
    """A `StreamingBody` of given pieces; an exception among them is raised in its place."""

    def __init__(self, pieces: Iterable[bytes | Exception], operation: str = "fake") -> None:
        super().__init__(_NoConnection(), operation)
        self._pieces = tuple(piece for piece in pieces if piece != b"")  # an empty one is the end
        self._next = 0

    async def _receive(self) -> bytes:
        if self._next == len(self._pieces):
            return b""
        piece = self._pieces[self._next]
        self._next += 1
        if isinstance(piece, Exception):
            await self.close()
            raise piece
        return piece

    def again(self, operation: str, kind: Any) -> Self:
        """Return the same body from the start."""
        return type(self)(self._pieces, operation)


def event_stream(*items: Event | ServiceError) -> EventStream[Event]:
    """Return the events that an answer of a fake streams.

    Args:
        items: instances of the stream's union; an error is raised where it stands, and ends it.
    """
    return FakeEvents(items)


def streaming_body(*pieces: bytes | Exception) -> StreamingBody:
    """Return the body that an answer of a fake streams.

    Args:
        pieces: what arrives together; an error is raised where it stands, and ends the body.
    """
    return FakeBody(pieces)


def renewed(answer: Structure, operation: str) -> None:
    """Give an answer streams of its own, from the start, also where plain values stand for them."""
    for name, member in type(answer).__pydantic_fields__.items():
        value: Any = getattr(answer, name)
        kind, stream = value_type(member.annotation), None
        if isinstance(value, _Again):
            stream = value.again(operation, kind)
        elif kind is StreamingBody and isinstance(value, (bytes, bytearray)):
            stream = FakeBody([bytes(value)], operation)
        elif get_origin(kind) is EventStream and is_sequence(value):
            stream = FakeEvents(value, operation, get_args(kind)[0])
        if stream is not None:
            setattr(answer, name, stream)
