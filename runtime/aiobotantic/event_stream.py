"""Event streams: typed events as they arrive, and the errors among them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Generic, Self, TypeVar, get_args

from aiobotantic.bindings import AsPayload, InEventHeader, bindings_of
from aiobotantic.bodies import Streamed
from aiobotantic.frames import DamagedFrameError, Frame, FrameReader
from aiobotantic.operation import Operation
from aiobotantic.pickling import resolve
from aiobotantic.structure import Structure, describe, is_mapping, read_json, value_type
from aiobotantic.unions import UnionStructure
from aiobotantic.values import time_of_seconds

Event = TypeVar("Event", bound=UnionStructure)


class EventStream(Streamed, Generic[Event]):
    """The events of a response, read while they arrive: use it in `async with`.

    Iterating yields the union of events with the arm set that arrived; one that the model does not
    list is an arm that is not known. An error that the service sends is raised as its class.
    An iteration may be left and another goes on; leaving the block early closes the connection.
    """

    def __init__(
        self,
        raw: Any,
        operation: str,
        events: type[Event],
        errors: Mapping[str, Any],
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(raw, operation)
        self._events = events
        self._errors = errors
        self._headers = headers
        self._frames = FrameReader()
        self._over = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        if self._over:
            raise StopAsyncIteration
        self._check_open()
        finished = False
        try:
            frame = await self._frame()
            event = None if frame is None else self._event(frame)
            finished = event is not None
        finally:
            if not finished:
                await self.close()
        if event is None:
            self._over = True
            raise StopAsyncIteration
        return event

    async def _frame(self) -> Frame | None:
        """Return the next frame; None at the end."""
        from aiobotantic.errors import DamagedStreamError, TruncatedStreamError

        while True:
            try:
                frame = self._frames.next_frame()
            except DamagedFrameError as error:
                raise DamagedStreamError(
                    f"{self._operation}: an event is damaged: {error}", operation=self._operation
                ) from error
            if frame is not None:
                if frame.headers.get(":event-type") != "initial-response":
                    return frame
            elif chunk := await self._chunk():
                self._frames.feed(chunk)
            elif self._frames.rest:
                raise TruncatedStreamError(
                    f"{self._operation}: the stream ended inside an event, "
                    f"{self._frames.rest} bytes into it",
                    operation=self._operation,
                )
            else:
                return None

    def _event(self, frame: Frame) -> Event:
        headers: Mapping[str, Any] = frame.headers
        kind = headers.get(":message-type")
        if kind != "event":
            raise self._error(kind, headers, frame.payload)
        try:
            return read_event(self._events, headers, frame.payload)
        except ValueError as error:
            problem = type(error).__name__
        # Outside the handler: the error holds the payload, and would be the context.
        raise self._unreadable(headers, problem)

    def _unreadable(self, headers: Mapping[str, Any], problem: str) -> Exception:
        from aiobotantic.errors import ResponseParseError

        request_id = self._headers.get("x-amzn-requestid")
        return ResponseParseError(
            f"{self._operation}: an event of the type {headers.get(':event-type')} cannot be "
            f"read: {problem} (request id {request_id or 'not sent'})",
            operation=self._operation,
            request_id=request_id,
            status_code=200,
        )

    def _error(self, kind: Any, headers: Mapping[str, Any], payload: bytes) -> Exception:
        from aiobotantic.errors import ServiceError

        code = str(headers.get(":exception-type") or headers.get(":error-code") or kind)
        try:
            document: Any = json.loads(payload)
        except (ValueError, RecursionError):
            document = None
        members: Mapping[str, Any] = document if is_mapping(document) else {}
        message = members.get("message") or members.get("Message") or headers.get(":error-message")
        name = self._events.EXCEPTIONS.get(code, code)
        cls = self._errors.get(name) or self._errors.get(f"{name[:1].upper()}{name[1:]}")
        cls = cls or ServiceError
        error: Exception = cls(
            {
                **members,
                "Error": {"Code": code, "Message": str(message or "")},
                "ResponseMetadata": {
                    "RequestId": self._headers.get("x-amzn-requestid"),
                    "HTTPStatusCode": 200,
                    "HTTPHeaders": dict(self._headers),
                    "RetryAttempts": 0,
                },
            },
            self._operation,
        )
        return error


def open_events(
    operation: Operation[Any], kind: Any, headers: Mapping[str, str], body: Any
) -> EventStream[Any]:
    """Return the events of a response; `kind` is the annotation of their member."""
    errors = resolve(f"{operation.package}.errors", "ERRORS")
    return EventStream(body, operation.name, get_args(kind)[0], errors, headers)


def read_event(events: type[Event], headers: Mapping[str, Any], payload: bytes) -> Event:
    """Return an event as the union of events with its arm set."""
    name = str(headers.get(":event-type"))
    members = describe(events)
    field = members.by_wire_name.get(name)
    union = events()
    if field is None:
        union.__pydantic_extra__[name] = _unknown(payload)  # type: ignore[index]
        return union
    setattr(union, field, _arm(_kind(events, field), headers, payload))
    return union


def _arm(cls: type[Structure], headers: Mapping[str, Any], payload: bytes) -> Structure:
    bound = bindings_of(cls)
    event = read_json(cls, payload) if bound.unbound and payload else cls.from_wire({})
    names = describe(cls).wire_names
    for field, marker in bound.markers.items():
        if isinstance(marker, InEventHeader):
            setattr(event, field, _header(cls, field, headers.get(names[field])))
        elif isinstance(marker, AsPayload):
            setattr(event, field, _payload(cls, field, payload))
    return event


@cache
def _kind(cls: type[Structure], field: str) -> Any:
    return value_type(cls.__pydantic_fields__[field].annotation)


def _header(cls: type[Structure], field: str, value: Any) -> Any:
    kind = _kind(cls, field)
    if kind is datetime and isinstance(value, int):
        return time_of_seconds(value / 1000)
    if isinstance(kind, type) and issubclass(kind, Enum) and isinstance(value, str):
        return kind(value)
    return value


def _payload(cls: type[Structure], field: str, payload: bytes) -> Any:
    kind = _kind(cls, field)
    if isinstance(kind, type) and issubclass(kind, Structure):
        return read_json(kind, payload)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(payload.decode())
    return payload.decode() if kind is str else payload


def _unknown(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return payload
