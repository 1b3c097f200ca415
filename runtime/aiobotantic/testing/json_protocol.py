"""AWS's JSON protocol as a server speaks it: the operation in a header, everything else in a body.

A protocol of another kind has the same methods, and the server takes it by the service's name for
it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from sys import intern
from typing import Any, Protocol

from aiobotantic.operation import Operation, Service
from aiobotantic.testing.event_frames import (
    CONTENT_TYPE,
    Chunks,
    StreamItem,
    events_of,
    frame,
    frames_of,
)
from aiobotantic.testing.faults import ServedError, status_of, unknown_operation, unreadable
from aiobotantic.testing.json_values import encode, is_object, without_null


@dataclass(frozen=True)
class HttpRequest:
    """What reached the server."""

    method: str
    target: str
    """Path and query as they were sent."""
    headers: Mapping[str, str]
    """Names in any case."""
    body: bytes


@dataclass(frozen=True)
class HttpAnswer:
    """What goes back."""

    status: int
    body: bytes | Chunks
    headers: dict[str, str] = field(default_factory=dict[str, str])


class ServedProtocol(Protocol):
    """What a server must know of a protocol."""

    def operation(self, request: HttpRequest) -> Operation[Any]:
        """Return the operation that a request is for; raise a ServedError if there is none."""
        ...

    def read(self, operation: Operation[Any], request: HttpRequest) -> dict[str, Any]:
        """Return the members of a request by wire name; raise a ServedError if it has none."""
        ...

    def write(self, operation: Operation[Any], members: Mapping[str, Any]) -> HttpAnswer:
        """Return the answer that says these members."""
        ...

    def write_fault(self, fault: ServedError) -> HttpAnswer:
        """Return the answer that says an error."""
        ...

    def stream(
        self, operation: Operation[Any], items: Sequence[StreamItem]
    ) -> Mapping[str, Chunks] | None:
        """Return the member that an operation streams, made of items; None if it streams none.

        Raises:
            ValueError: an item is nothing that the operation streams.
        """
        ...


class JsonProtocol:
    """`json` 1.0 and 1.1."""

    def __init__(self, service: Service, operations: Mapping[str, Operation[Any]]) -> None:
        self._service = service
        self._operations = operations
        self._prefix = f"{service.metadata.get('targetPrefix', service.name)}."
        self._content_type = f"application/x-amz-json-{service.metadata.get('jsonVersion', '1.1')}"

    def operation(self, request: HttpRequest) -> Operation[Any]:
        """Return the operation that the header X-Amz-Target names."""
        target = request.headers.get("X-Amz-Target", "")
        operation = self._operations.get(target.removeprefix(self._prefix))
        if operation is None or not target.startswith(self._prefix):
            raise unknown_operation(target)
        return operation

    def read(self, operation: Operation[Any], request: HttpRequest) -> dict[str, Any]:
        """Read the body. Members that are null count as absent, as AWS takes them."""
        members = parse_json(request.body)
        if not is_object(members):
            raise unreadable("The body is not a JSON object.")
        members = without_null(members) if b"null" in request.body else members
        return {intern(name): value for name, value in members.items()}  # many are kept

    def write(self, operation: Operation[Any], members: Mapping[str, Any]) -> HttpAnswer:
        """Return 200 and the members; an operation without output has an empty body.

        Where a member is events, the body is those, after a first one that is all other members.
        """
        if (streamed := events_of(operation.response_class)) is not None:
            name, events = streamed
            found = members.get(name, ())
            chunks = found if isinstance(found, Chunks) else frames_of(self._service, events, found)
            others = {other: value for other, value in members.items() if other != name}
            pieces = [self._initial_response(others), *chunks.pieces]
            whole = Chunks(pieces, chunks.hangs_up, chunks.later)
            return HttpAnswer(200, whole, {"Content-Type": CONTENT_TYPE})
        body = b"" if operation.response is None else encode(members)
        return HttpAnswer(200, body, {"Content-Type": self._content_type})

    def write_fault(self, fault: ServedError) -> HttpAnswer:
        """Return the fault's status, and its code, message and members in a body."""
        body = encode({"__type": fault.code, "message": fault.message, **fault.members})
        return HttpAnswer(
            status_of(self._service, fault), body, {"Content-Type": self._content_type}
        )

    def stream(
        self, operation: Operation[Any], items: Sequence[StreamItem]
    ) -> dict[str, Chunks] | None:
        """Return the member that is events, made of these items; None if there is none."""
        streamed = events_of(operation.response_class)
        if streamed is None:
            return None
        name, events = streamed
        return {name: frames_of(self._service, events, items)}

    def _initial_response(self, members: Mapping[str, Any]) -> bytes:
        headers = {":message-type": "event", ":event-type": "initial-response"}
        return frame(headers | {":content-type": self._content_type}, encode(members))


def parse_json(body: bytes) -> Any:
    """Return the value of JSON bytes; raise a ServedError where they are none."""
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as problem:
        raise unreadable(f"The body is not JSON: {problem}") from None


def _no_number(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON number")
