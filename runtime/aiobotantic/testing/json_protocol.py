"""AWS's JSON protocol as a server speaks it: the operation in a header, everything else in a body.

A protocol of another kind has the same three methods, and the server takes it by the service's name
for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiobotantic.operation import Operation, Service
from aiobotantic.testing.faults import ServedError, not_an_object, unknown_operation
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
    body: bytes
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


class JsonProtocol:
    """`json` 1.0 and 1.1."""

    def __init__(self, service: Service, operations: Mapping[str, Operation[Any]]) -> None:
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
        try:
            members: Any = json.loads(request.body, parse_constant=_no_number)
        except (ValueError, RecursionError) as problem:
            raise not_an_object(f"The body is not JSON: {problem}") from None
        if not is_object(members):
            raise not_an_object("The body is not a JSON object.")
        return without_null(members) if b"null" in request.body else members

    def write(self, operation: Operation[Any], members: Mapping[str, Any]) -> HttpAnswer:
        """Return 200 and the members; an operation without output has an empty body."""
        body = b"" if operation.response is None else encode(members)
        return HttpAnswer(200, body, {"Content-Type": self._content_type})

    def write_fault(self, fault: ServedError) -> HttpAnswer:
        """Return the fault's status, and its code and message in a body."""
        body = encode({"__type": fault.code, "message": fault.message})
        return HttpAnswer(fault.status, body, {"Content-Type": self._content_type})


def _no_number(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON number")
