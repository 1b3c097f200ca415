"""The protocol rest-json: members in the path, the query, headers, and a JSON body or a raw one."""

from __future__ import annotations

import json
import math
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Final, get_args, get_origin
from urllib.parse import quote

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, to_json

from aiobotantic.bindings import (
    InHeader,
    InHeaders,
    InPath,
    InQuery,
    InQueryMap,
    InStatus,
    Marker,
    bindings_of,
    is_raw_payload,
)
from aiobotantic.bodies import TAKEN, StreamingBody
from aiobotantic.checks import NO_TEXT, UNWRITABLE, Refusal
from aiobotantic.constraints import Length
from aiobotantic.errors import ServiceError
from aiobotantic.event_stream import EventStream, open_events
from aiobotantic.operation import Operation, Service
from aiobotantic.protocols import Body, Headers, HttpRequest, write_host_prefix
from aiobotantic.protocols.json import error_structure, unreadable, unwritable
from aiobotantic.protocols.json import parse_error as parse_json_error
from aiobotantic.structure import (
    MASK,
    Request,
    Structure,
    describe,
    is_mapping,
    is_sequence,
    markers_in,
    read_json,
    value_type,
    write_json,
)
from aiobotantic.unions import UnionStructure
from aiobotantic.values import Format, JsonText, TimeFormat, read_time, write_time

_LABEL: Final = re.compile(r"\{([^{}]+?)(\+?)\}")
_UNSAFE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~\-]+")


def serialize(
    service: Service, operation: Operation[Any], request: Request[Any], *, wire: bool
) -> HttpRequest:
    """Write a request: see `WireProtocol`."""
    writer = _Writer(operation, request, wire=wire)
    try:
        checked = Body(write_json(request, without=writer.raw_payload()))
    except PydanticSerializationError:
        raise unwritable(operation, request, wire=wire) from None
    path, query = writer.target()
    headers = writer.headers()
    body, kind = writer.body()
    if kind is not None and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = kind
    prefix, refusals = write_host_prefix(operation, request, wire=wire)
    return HttpRequest(
        operation.method,
        path,
        headers,
        body,
        checked,
        query,
        host_prefix=prefix,
        refusals=[*refusals, *writer.refusals],
        body_name=writer.name(writer.bound.payload) if writer.bound.payload else "",
    )


class _Writer:
    """Writes one request; what cannot be written is collected as refusals."""

    def __init__(self, operation: Operation[Any], request: Request[Any], *, wire: bool) -> None:
        self.operation = operation
        self.request = request
        self.cls = type(request)
        self.wire = wire
        self.bound = bindings_of(self.cls)
        self.places = _places(self.cls)
        self.refusals: list[Refusal] = []

    def target(self) -> tuple[str, dict[str, Any]]:
        """Return the path, with the query that is fixed, and the query that members are."""
        template, _, fixed = self.operation.uri.partition("?")
        labels = self.places.labels

        def label(match: re.Match[str]) -> str:
            field = labels.get(match[1], match[1])
            text = self._text(field, "iso8601") if match[1] in labels else None
            if not text:
                self._refuse(field, "must not be empty: it is a part of the path", text)
                return "-"
            # Every HTTP client and proxy may resolve these, percent-encoded ones too.
            if not {".", ".."}.isdisjoint(text.split("/") if match[2] else [text]):
                problem = "must not be '.' or '..': it is a part of the path, which they change"
                self._refuse(field, problem, text)
                return "-"
            return quote(text, safe="/~" if match[2] else "-._~")

        path = _LABEL.sub(label, template)
        query: dict[str, Any] = {}
        named: dict[str, Any] = {}
        for field, marker in self.places.queries:
            value = getattr(self.request, field)
            if value is None:
                continue
            if isinstance(marker, InQueryMap) and is_mapping(value):
                query.update({str(k): _plain_query(v) for k, v in value.items()})
            elif isinstance(marker, InQuery):
                named[marker.name] = self._query_value(field, value)
        others = {name: value for name, value in query.items() if name not in named}
        return f"{path}?{fixed}" if fixed else path, named | others

    def headers(self) -> dict[str, str]:
        """Return the headers that members are."""
        found: dict[str, str] = {}
        for field, marker in self.places.headers:
            value = getattr(self.request, field)
            if value is None:
                continue
            if isinstance(marker, InHeader):
                if is_sequence(value):
                    if not value:
                        continue
                    # An HTTP date has a comma of its own, which is not quoted.
                    text = ",".join(
                        (
                            self._one(field, v, "rfc822")
                            if isinstance(v, datetime)
                            else _header_item(self._one(field, v, "rfc822"))
                        )
                        for v in value
                        if v is not None
                    )
                else:
                    text = self._text(field, "rfc822") or ""
                found[marker.name] = self._safe(field, text)
            elif isinstance(marker, InHeaders) and is_mapping(value):
                for key, each in value.items():
                    name = f"{marker.prefix}{key}"
                    if not _HEADER_NAME.fullmatch(name):
                        problem = "must be letters, digits and hyphens: it names a header"
                        self._refuse(field, problem, key)
                    elif name.lower() in map(str.lower, found):
                        problem = "names a header that is there already: case does not tell"
                        self._refuse(field, f"{problem} headers apart", key)
                    else:
                        found[name] = self._safe(field, str(each))
        return found

    def raw_payload(self) -> str | None:
        """Return the field whose value is the body as it is; None where the body is JSON."""
        return self.bound.payload if self.places.is_raw else None

    def body(self) -> tuple[Any, str | None]:
        """Return the body, and its content type where the protocol sets one."""
        field = self.bound.payload
        if field is None:
            if not self.bound.unbound:
                return Body(b""), None
            return Body(write_json(self.request, fields=self.bound.unbound)), "application/json"
        value = getattr(self.request, field)
        kind = _kind(self.cls, field)
        if self.raw_payload() is None:
            if value is None and issubclass(kind, UnionStructure):
                return Body(b""), None
            body = b"{}" if value is None else write_json(value)
            return Body(body), "application/json"
        if value is None:
            if self.cls.__pydantic_fields__[field].is_required():
                self._refuse(field, "is required", None, kind="missing")
            return Body(b""), None
        if kind not in (bytes, str, Any) and not _is_enum(kind):
            return Body(to_json(value, inf_nan_mode="strings")), "application/json"
        if isinstance(value, str):
            if kind is Any:  # a stream: of a field of bytes, `checks` says the same
                self._refuse(field, NO_TEXT, None, kind="bytes_type")
            return self._bounded(field, value.encode()), None
        if isinstance(value, memoryview):
            value = value.tobytes()
        if isinstance(value, (bytes, bytearray)):
            return self._bounded(field, bytes(value)), None
        if hasattr(value, "read") or hasattr(value, "__aiter__"):
            return value, None
        self._refuse(field, f"is of the type {type(value).__name__}: pass {TAKEN}", None)
        return Body(b""), None

    def _bounded(self, field: str, body: bytes) -> bytes:
        markers = self.cls.__pydantic_fields__[field].metadata
        length = next((mark for mark in markers if isinstance(mark, Length)), Length())
        if (length.min or 0) > len(body) or (length.max is not None and len(body) > length.max):
            problem = f"must have {length.text} bytes, has {len(body)}"
            self._refuse(field, problem, None, kind="value_error")
        return body

    def _query_value(self, field: str, value: Any) -> Any:
        if is_sequence(value):
            return [self._one(field, each, "iso8601") for each in value]
        return self._one(field, value, "iso8601")

    def _text(self, field: str, times: Format) -> str | None:
        value = getattr(self.request, field)
        return None if value is None else self._one(field, value, times)

    def _one(self, field: str, value: Any, times: Format) -> str:
        if _is_json_text(self.cls, field):
            return b64encode(to_json(value)).decode()
        if type(value) is str:
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, datetime):
            markers = _markers(self.cls, field)
            forms: list[Format] = [m.name for m in markers if isinstance(m, TimeFormat)]
            return str(write_time(value, forms[0] if forms else times))
        if isinstance(value, Enum):
            return str(value.value)
        if isinstance(value, float) and not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        if isinstance(value, (bytes, bytearray)):
            return b64encode(value).decode()
        return str(value)

    def _safe(self, field: str, text: str) -> str:
        if _UNSAFE.search(text):
            self._refuse(field, "must not hold control characters: it is a header", None)
            return ""
        return text

    def name(self, field: str) -> str:
        """Return what the caller calls a field."""
        return describe(self.cls).wire_names.get(field, field) if self.wire else field

    def _refuse(self, field: str, problem: str, value: Any, *, kind: str = UNWRITABLE) -> None:
        shown = "" if value is None else repr(value)
        if shown and field in describe(self.cls).sensitive:
            shown = MASK
        self.refusals.append(
            Refusal(path=self.name(field), problem=problem, kind=kind, value=shown)
        )


def serialize_members(
    service: Service, operation: Operation[Any], members: Mapping[str, Any]
) -> HttpRequest | None:
    """Return None: members travel in too many places. See `WireProtocol`."""
    return None


def _plain_query(value: Any) -> Any:
    return [str(each) for each in value] if is_sequence(value) else str(value)


def _header_item(text: str) -> str:
    if '"' in text or "," in text:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return text


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the members of a class travel, beside its body."""

    labels: Mapping[str, str]
    """Labels of the path to fields."""
    queries: Sequence[tuple[str, Marker]]
    headers: Sequence[tuple[str, Marker]]
    is_raw: bool
    """Whether a field is the body as it is."""


@cache
def _places(cls: type[Structure]) -> _Places:
    bound = bindings_of(cls)
    markers = bound.markers.items()
    return _Places(
        {mark.name: field for field, mark in markers if isinstance(mark, InPath)},
        [(field, mark) for field, mark in markers if isinstance(mark, (InQuery, InQueryMap))],
        [(field, mark) for field, mark in markers if isinstance(mark, (InHeader, InHeaders))],
        bound.payload is not None and is_raw_payload(cls, bound.payload),
    )


@cache
def _kind(cls: type[Structure], field: str) -> Any:
    return value_type(cls.__pydantic_fields__[field].annotation)


@cache
def _markers(cls: type[Structure], field: str) -> tuple[Any, ...]:
    """Return the markers of a field's value, or of its items."""
    member = cls.__pydantic_fields__[field]
    return (*member.metadata, *markers_in(member.annotation))


@cache
def _is_json_text(cls: type[Structure], field: str) -> bool:
    return any(isinstance(mark, JsonText) for mark in _markers(cls, field))


def parse(operation: Operation[Any], status: int, headers: Headers, body: Any) -> Structure:
    """Read a 2xx answer: see `WireProtocol`."""
    cls = operation.response_class
    bound = bindings_of(cls)
    problem: ValidationError | str
    try:
        if bound.payload is None and bound.unbound:
            structure = read_json(cls, body)
        else:
            structure = cls.from_wire({})
        found = dict(_header_members(cls, status, headers))
        if bound.payload is not None:
            found[bound.payload] = _read_payload(operation, cls, bound.payload, headers, body)
        vars(structure).update(found)
        structure.__pydantic_fields_set__.update(found)
    except ValidationError as error:
        problem = error
    except ValueError as error:
        problem = type(error).__name__
    except RecursionError:
        problem = "it is JSON, but nested too deep"
    else:
        return structure
    # Outside the handler: the error holds the body, and would be the context.
    raise unreadable(operation, cls, status, headers, body, problem)


def parse_error(
    service: Service,
    operation: Operation[Any],
    status: int,
    headers: Headers,
    body: bytes,
) -> ServiceError:
    """Read an answer that is no 2xx: see `WireProtocol`."""
    error = parse_json_error(service, operation, status, headers, body)
    structure = error_structure(service, type(error))
    if structure is None:
        return error
    names = describe(structure).wire_names
    try:
        bound = {names[field]: v for field, v in _header_members(structure, status, headers)}
    except RecursionError:  # JSON in a header, nested very deep: the error is told all the same
        bound = {}
    return type(error)({**bound, **error.response}, operation.name)


def _read_payload(
    operation: Operation[Any],
    cls: type[Structure],
    field: str,
    headers: Mapping[str, str],
    body: Any,
) -> Any:
    kind = _kind(cls, field)
    if kind is bytes:
        return bytes(body)
    if kind is StreamingBody:
        return StreamingBody(body, operation.name)
    if get_origin(kind) is EventStream:
        return open_events(operation, kind, headers, body)
    if isinstance(kind, type) and issubclass(kind, Structure):
        return read_json(kind, body) if body.strip() else None
    if kind is str:
        return body.decode() if body else None
    if _is_enum(kind):
        return kind(body.decode()) if body else None
    return json.loads(body) if body.strip() else None


def _header_members(
    cls: type[Structure], status: int, headers: Headers
) -> Iterator[tuple[str, Any]]:
    for field, marker in bindings_of(cls).markers.items():
        if isinstance(marker, InStatus):
            yield field, status
        elif isinstance(marker, InHeader):
            text = headers.get(marker.name.lower())
            if text is not None:
                yield field, _read_header(cls, field, text)
        elif isinstance(marker, InHeaders):
            prefix = marker.prefix.lower()
            yield (
                field,
                {
                    name[len(prefix) :]: text
                    for name, text in headers.sent.items()
                    if name.lower().startswith(prefix)
                },
            )


def _read_header(cls: type[Structure], field: str, text: str) -> Any:
    """Return the value of a header; text that is no such value stays text."""
    if _is_json_text(cls, field):
        try:
            return json.loads(b64decode(text))
        except ValueError:
            return text
    kind = _kind(cls, field)
    if kind is str:
        return text
    if get_origin(kind) is list:
        item = value_type(get_args(kind)[0])
        return [_read_header_value(item, each) for each in _header_items(item, text)]
    return _read_header_value(kind, text)


def _read_header_value(kind: Any, text: str) -> Any:
    try:
        if kind is bool:
            return text.strip().lower() == "true"
        if kind in (int, float):
            return kind(text)
        if kind is bytes:
            return b64decode(text)
    except ValueError:
        return text
    if kind is datetime:
        return read_time(text)
    return kind(text) if _is_enum(kind) else text


def _header_items(kind: Any, text: str) -> list[str]:
    if kind is datetime:  # an HTTP date has a comma of its own
        return [item.strip() for item in re.findall(r"\s*(?:\w{3}, [^,]+|[^,]+)", text)]
    if '"' not in text:
        return [item.strip() for item in text.split(",")]
    found = re.findall(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^,]+))\s*(?:,|$)', text)
    return [re.sub(r"\\(.)", r"\1", quoted) or plain.strip() for quoted, plain in found]
