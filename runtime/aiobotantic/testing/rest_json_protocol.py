"""AWS's REST protocol with JSON as a server speaks it: members in the path, query, headers, body.

It reads and writes by the same markers as the client, and by code of its own.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import Enum
from typing import Any, Final, get_args, get_origin

from aiobotantic.bindings import (
    InHeader,
    InHeaders,
    InPath,
    InQuery,
    InQueryMap,
    InStatus,
    bindings_of,
    is_raw_payload,
)
from aiobotantic.bodies import StreamingBody
from aiobotantic.event_stream import EventStream
from aiobotantic.operation import Operation, Service
from aiobotantic.structure import Structure, describe, value_type
from aiobotantic.testing.event_frames import (
    CONTENT_TYPE,
    Chunks,
    StreamItem,
    bytes_of,
    events_of,
    frames_of,
)
from aiobotantic.testing.faults import (
    ServedError,
    body_of,
    status_of,
    unknown_member,
    unknown_operation,
    unreadable,
)
from aiobotantic.testing.http_text import (
    checked_json,
    read_items,
    read_text,
    unwrapped,
    write_items,
    write_text,
    written_json,
)
from aiobotantic.testing.json_protocol import HttpAnswer, HttpRequest, parse_json
from aiobotantic.testing.json_values import is_array, is_object
from aiobotantic.testing.uri_routes import Query, Route, Routes

_PIECES: Final = 4
_SIGNED_IN_QUERY: Final = "X-Amz-"


class RestJsonProtocol:
    """`rest-json`."""

    def __init__(self, service: Service, operations: Mapping[str, Operation[Any]]) -> None:
        self._service = service
        self._routes = Routes(operations.values())

    def operation(self, request: HttpRequest) -> Operation[Any]:
        """Return the operation that method and target are for."""
        return self._route(request).operation

    def read(self, operation: Operation[Any], request: HttpRequest) -> dict[str, Any]:
        """Read path, query, headers and body. Blobs that are a whole body stay bytes."""
        reader = _Reader(operation.request_class)
        return {
            **reader.target(self._route(request)),
            **reader.headers(request.headers),
            **reader.body(request.body),
        }

    def write(self, operation: Operation[Any], members: Mapping[str, Any]) -> HttpAnswer:
        """Return status, headers and body that say these members."""
        writer = _Writer(operation.response_class, members)
        headers = writer.headers()
        content_type, body = writer.body(self._service)
        if operation.response is None:
            content_type, body = None, b""
        if content_type is not None and not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = content_type
        return HttpAnswer(writer.status(), body, headers)

    def write_fault(self, fault: ServedError) -> HttpAnswer:
        """Return the fault's status, its code in a header, its message and members in a body."""
        body = json.dumps(body_of(fault)).encode()
        headers = {"Content-Type": "application/json", "X-Amzn-ErrorType": fault.code}
        return HttpAnswer(status_of(self._service, fault), body, headers)

    def stream(
        self, operation: Operation[Any], items: Sequence[StreamItem]
    ) -> dict[str, Chunks] | None:
        """Return the member that is streamed, made of these items; None if there is none."""
        cls = operation.response_class
        if (streamed := events_of(cls)) is not None:
            name, events = streamed
            return {name: frames_of(self._service, events, items)}
        field = bindings_of(cls).payload
        if (
            field is None
            or value_type(cls.__pydantic_fields__[field].annotation) is not StreamingBody
        ):
            return None
        return {describe(cls).wire_names[field]: bytes_of(items)}

    def _route(self, request: HttpRequest) -> Route:
        try:
            route = self._routes.find(request.method, request.target)
        except ValueError as problem:
            raise unreadable(f"The target can not be read: {problem}") from None
        if route is None:
            raise unknown_operation(f"{request.method} {request.target.partition('?')[0]}")
        return route


class _Reader:
    """Reads one request."""

    def __init__(self, cls: type[Structure]) -> None:
        self._cls = cls
        self._bound = bindings_of(cls)
        self._wire = describe(cls).wire_names

    def target(self, route: Route) -> dict[str, Any]:
        """Return the members that the path and the query hold."""
        members: dict[str, Any] = {}
        query = dict(route.query)
        for field, marker in self._bound.markers.items():
            if isinstance(marker, InPath) and marker.name in route.labels:
                members[self._wire[field]] = self._text(field, route.labels[marker.name], "iso8601")
            elif isinstance(marker, InQuery) and marker.name in query:
                members[self._wire[field]] = self._query(field, query.pop(marker.name))
        for field, marker in self._bound.markers.items():
            if isinstance(marker, InQueryMap) and query:
                members[self._wire[field]] = self._query_map(field, query)
                query = {}
        for name, values in query.items():
            if not name.startswith(_SIGNED_IN_QUERY):
                raise unknown_member(name, values[0])
        return members

    def headers(self, headers: Mapping[str, str]) -> dict[str, Any]:
        """Return the members that headers hold."""
        known = {name.lower(): text for name, text in headers.items()}
        members: dict[str, Any] = {}
        for field, marker in self._bound.markers.items():
            if isinstance(marker, InHeader):
                text = known.get(marker.name.lower())
                if text is not None:
                    members[self._wire[field]] = self._header(field, text)
            elif isinstance(marker, InHeaders):
                prefix = marker.prefix.lower()
                found = {n[len(prefix) :]: t for n, t in known.items() if n.startswith(prefix)}
                if found:
                    members[self._wire[field]] = found
        return members

    def body(self, body: bytes) -> dict[str, Any]:
        """Return the members that the body holds, or is."""
        field = self._bound.payload
        if field is not None:
            value = self._payload(field, body)
            return {} if value is None else {self._wire[field]: value}
        members = self._object(body) if body else {}
        keys = describe(self._cls).json_names
        own = {keys[field] for field in self._bound.unbound}
        for name in members:
            if name not in own:
                raise unknown_member(name, members[name])
        with _at("the body"):
            checked: dict[str, Any] = checked_json(self._cls, (), members)
        return checked

    def _payload(self, field: str, body: bytes) -> Any:
        member = self._cls.__pydantic_fields__[field]
        required = member.is_required()
        kind = value_type(member.annotation)
        if is_raw_payload(self._cls, field):
            if kind in (bytes, Any):  # Any: what a request streams
                return body if body or required else None
            if kind is str or (isinstance(kind, type) and issubclass(kind, Enum)):
                with _at(self._wire[field]):
                    return body.decode() if body or required else None
            return parse_json(body) if body else None
        members = self._object(body) if body else {}
        if not members and not required:
            return None
        with _at(self._wire[field]):
            return checked_json(kind, (), members)

    def _object(self, body: bytes) -> dict[str, Any]:
        members = parse_json(body)
        if not is_object(members):
            raise unreadable("The body is not a JSON object.")
        return members

    def _query(self, field: str, values: list[str]) -> Any:
        annotation, markers = self._kind(field)
        if get_origin(annotation) is list:
            return [self._value(field, *self._item(field), text, "iso8601") for text in values]
        if len(values) > 1:
            raise unreadable(f"{len(values)} values at '{self._wire[field]}'")
        return self._value(field, annotation, markers, values[0], "iso8601")

    def _query_map(self, field: str, query: Query) -> dict[str, Any]:
        annotation, _ = self._kind(field)
        lists = get_origin(value_type(get_args(annotation)[1])) is list
        return {name: values if lists else values[0] for name, values in query.items()}

    def _header(self, field: str, text: str) -> Any:
        annotation, _ = self._kind(field)
        if get_origin(annotation) is not list:
            return self._text(field, text.strip(), "rfc822")
        item, markers = self._item(field)
        with _at(self._wire[field]):
            items = list(read_items(text, of_times=unwrapped(item)[0] is datetime))
        return [self._value(field, item, markers, each, "rfc822") for each in items]

    def _text(self, field: str, text: str, times: Any) -> Any:
        return self._value(field, *self._kind(field), text, times)

    def _value(self, field: str, annotation: Any, markers: Any, text: str, times: Any) -> Any:
        with _at(f"'{self._wire[field]}'", text):
            return read_text(annotation, markers, text, times)

    def _kind(self, field: str) -> tuple[Any, tuple[Any, ...]]:
        return _kind_of(self._cls, field)

    def _item(self, field: str) -> tuple[Any, tuple[Any, ...]]:
        return get_args(self._kind(field)[0])[0], ()


class _Writer:
    """Writes one answer."""

    def __init__(self, cls: type[Structure], members: Mapping[str, Any]) -> None:
        self._cls = cls
        self._bound = bindings_of(cls)
        self._members = members
        self._wire = describe(cls).wire_names

    def status(self) -> int:
        """Return the status: the member that is it, where it is one of success."""
        for field, marker in self._bound.markers.items():
            if isinstance(marker, InStatus):
                status = self._members.get(self._wire[field])
                if isinstance(status, int) and 200 <= status < 300:
                    return status
        return 200

    def headers(self) -> dict[str, str]:
        """Return the headers that members are."""
        headers: dict[str, str] = {}
        for field, marker in self._bound.markers.items():
            value = self._members.get(self._wire[field])
            if value is None:
                continue
            if isinstance(marker, InHeader):
                headers[marker.name] = self._header(field, value)
            elif isinstance(marker, InHeaders):
                headers |= {f"{marker.prefix}{name}": str(text) for name, text in value.items()}
        return headers

    def body(self, service: Service) -> tuple[str | None, bytes | Chunks]:
        """Return the body and its content type."""
        field = self._bound.payload
        if field is None:
            members = {
                self._wire[name]: self._members[self._wire[name]]
                for name in self._cls.__pydantic_fields__
                if name in self._bound.unbound and self._wire[name] in self._members
            }
            return "application/json", _json(self._cls, members)
        value = self._members.get(self._wire[field])
        kind = value_type(self._cls.__pydantic_fields__[field].annotation)
        if get_origin(kind) is EventStream:
            if not isinstance(value, Chunks):
                value = frames_of(service, get_args(kind)[0], value or ())
            return CONTENT_TYPE, value
        if kind is StreamingBody:
            return "application/octet-stream", value if isinstance(value, Chunks) else _cut(value)
        if value is None:
            return None, b""
        if kind is bytes:
            return "application/octet-stream", value
        if isinstance(kind, type) and issubclass(kind, str):
            return "text/plain", str(value).encode()
        return "application/json", _json(kind, value)

    def _header(self, field: str, value: Any) -> str:
        annotation, markers = _kind_of(self._cls, field)
        if get_origin(annotation) is not list or not is_array(value):
            return write_text(annotation, markers, value, "rfc822")
        item = get_args(annotation)[0]
        texts = [write_text(item, (), each, "rfc822") for each in value]
        return write_items(texts, of_times=unwrapped(item)[0] is datetime)


def _kind_of(cls: type[Structure], field: str) -> tuple[Any, tuple[Any, ...]]:
    member = cls.__pydantic_fields__[field]
    return unwrapped(member.annotation, tuple(member.metadata))


def _json(cls: Any, value: Any) -> bytes:
    return json.dumps(written_json(cls, (), value), separators=(",", ":")).encode()


def _cut(body: bytes | None) -> Chunks:
    """Return a body in pieces."""
    whole = body or b""
    size = max(1, -(-len(whole) // _PIECES))
    return Chunks([whole[at : at + size] for at in range(0, len(whole), size)])


@contextmanager
def _at(place: str, text: str | None = None) -> Generator[None, None, None]:
    """Turn what cannot be read into what the service says of it."""
    try:
        yield
    except ValueError as problem:
        shown = "The value" if text is None else f"'{text[:100]}'"
        raise unreadable(f"{shown} {problem} at {place}") from None
