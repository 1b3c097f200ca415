"""Hypothesis strategies of what a spec allows: members of requests, and answers on the wire.

They are made from botocore's own reading of the spec, not from what we generated of it.
"""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from typing import Any

from botocore.model import OperationModel, Shape
from hypothesis import strategies as st
from protocol.raw_server import Answer

from aiobotantic.testing.event_frames import frame

Draw = Any
"""What hypothesis gives to a composite strategy."""

UNLISTED = "NotListed"
"""A member that no model lists, which answers have now and then."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DEEPEST = 4
_SPELLINGS = ["", " ", "a", "ä ö", "日本", "😀", "a/b", "%2F", "a+b&c=d", '"\\', "null", "1", "~-._", "\t"]
_TEXT = st.one_of(st.sampled_from(_SPELLINGS), st.text(max_size=8))
_LABEL = st.one_of(
    st.sampled_from([text for text in _SPELLINGS if text]), st.text(min_size=1, max_size=8)
).filter(lambda text: text not in (".", "..") and "\0" not in text)
_PRINTED = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S")), max_size=8)
_HEADER = st.one_of(_PRINTED, st.sampled_from(["a  b", "a, b", '"a", b', "x=1; y=2", "é", "日本"]))
_BYTES = st.binary(max_size=12)
_INTEGERS = {"integer": st.integers(-(2**31), 2**31 - 1), "long": st.integers(-(2**63), 2**63 - 1)}
_FLOAT = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, -0.0, 1.0, 0.1, 1e22, 1e-7, 5e-324, 1.7976931348623157e308]),
)
_SECONDS = st.integers(0, 253402300799)
_DOCUMENT = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-99, 99), _TEXT),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)


@cache
def members(shape: Shape) -> st.SearchStrategy[dict[str, Any]]:
    """Return members of a request, as botocore and the wire door take them."""
    return _members(shape)


@st.composite
def _members(draw: Draw, shape: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in draw(_chosen(shape, 0)):
        member = shape.members[name]
        location = member.serialization.get("location")
        payload = shape.serialization.get("payload") == name
        if payload and member.type_name == "blob":
            found[name] = draw(_BYTES)
        elif location == "uri":
            found[name] = draw(_label(member))
        elif location == "header":
            found[name] = draw(_in_header(member))
        else:
            found[name] = draw(_value(member, 1))
    return found


def _label(shape: Any) -> st.SearchStrategy[Any]:
    return _LABEL if shape.type_name == "string" else _scalar(shape)


def _in_header(shape: Any) -> st.SearchStrategy[Any]:
    return _HEADER if shape.type_name == "string" else _scalar(shape)


@cache
def _chosen(shape: Any, depth: int) -> st.SearchStrategy[list[str]]:
    """Return names of members: one of a union, of others what is required and some more."""
    names = list(shape.members)
    if getattr(shape, "is_tagged_union", False):
        return st.sampled_from(names).map(lambda name: [name])
    required = [
        name
        for name in names
        if name in shape.required_members or shape.members[name].serialization.get("location") == "uri"
    ]
    tokens = [name for name in names if shape.members[name].metadata.get("idempotencyToken")]
    free = [name for name in names if name not in required and name not in tokens]
    fixed = [*required, *tokens]  # a token that is left out is made up, another on each side
    if not free or depth > _DEEPEST:
        return st.just(fixed)
    masks = st.integers(0, 2 ** len(free) - 1)
    if depth:  # fewer, the deeper: half of all members of all structures would be thousands
        masks = st.one_of(st.just(0), st.sets(st.integers(0, len(free) - 1), max_size=2).map(_mask))
    else:
        masks = st.one_of(masks, st.just(2 ** len(free) - 1))
    return masks.map(lambda mask: [*fixed, *(n for at, n in enumerate(free) if mask >> at & 1)])


def _mask(places: set[int]) -> int:
    return sum(1 << place for place in places)


@cache
def _value(shape: Any, depth: int) -> st.SearchStrategy[Any]:
    match shape.type_name:
        case "structure" if getattr(shape, "is_document_type", False):
            return _DOCUMENT
        case "structure":
            return _structure(shape, depth)
        case "list":
            most = 2 if depth < _DEEPEST else 0
            item = st.deferred(lambda: _value(shape.member, depth + 1))
            return st.lists(item, max_size=most)
        case "map":
            most = 2 if depth < _DEEPEST else 0
            value = st.deferred(lambda: _value(shape.value, depth + 1))
            return st.dictionaries(_scalar(shape.key), value, max_size=most)
        case _:
            return _scalar(shape)


@st.composite
def _structure(draw: Draw, shape: Any, depth: int) -> dict[str, Any]:
    return {name: draw(_value(shape.members[name], depth + 1)) for name in draw(_chosen(shape, depth))}


@cache
def _scalar(shape: Any) -> st.SearchStrategy[Any]:
    match shape.type_name:
        case "string" if shape.enum:
            return st.one_of(st.sampled_from(shape.enum), st.just("Newer"))
        case "string":
            return _TEXT
        case "boolean":
            return st.booleans()
        case "integer" | "long":
            return _INTEGERS[shape.type_name]
        case "float" | "double":
            return _FLOAT
        case "timestamp":
            return _SECONDS.map(lambda seconds: _EPOCH + timedelta(seconds=seconds))
        case "blob":
            return _BYTES
    raise AssertionError(f"a shape of the type {shape.type_name}")


@cache
def answers(operation: OperationModel) -> st.SearchStrategy[Answer]:
    """Return 200s of an operation, with whatever its output may hold and some more."""
    return _answers(operation)


@st.composite
def _answers(draw: Draw, operation: Any) -> Answer:
    shape = operation.output_shape
    rest = operation.service_model.protocol == "rest-json"
    headers = {"x-amzn-RequestId": "request-1", "Content-Type": "application/json"}
    status = operation.http.get("responseCode", 200)
    body: bytes | list[bytes] = b"" if shape is None else b"{}"
    if shape is not None:
        found = {name: shape.members[name] for name in draw(_chosen(shape, 0))}
        payload = shape.serialization.get("payload")
        inside = {}
        for name, member in found.items():
            location = member.serialization.get("location") if rest else None
            wire = member.serialization.get("name", name)
            if location == "header":
                headers[wire] = draw(_in_header(member))
            elif location is None and name != payload:
                inside[wire] = draw(_wire_value(member, 1))
        if operation.has_event_stream_output:
            body = draw(st.lists(_frames(shape.members[payload]), max_size=4))
        elif payload is None:
            inside |= draw(_unlisted())
            body = json.dumps(inside).encode()
        elif payload not in found:
            body = b""
        elif found[payload].type_name == "blob":
            body = draw(_BYTES)
        else:
            body = json.dumps(draw(_wire_value(found[payload], 1))).encode()
    return wire_answer(status, headers, body, draw)


def wire_answer(
    status: int, headers: dict[str, str], body: bytes | list[bytes], draw: Draw = None
) -> Answer:
    """Return an answer with its length; frames are one body."""
    content = b"".join(body) if isinstance(body, list) else body
    return Answer(status, {**headers, "Content-Length": str(len(content))}, content)


@cache
def _unlisted() -> st.SearchStrategy[dict[str, Any]]:
    """Return members that no model lists."""
    return st.one_of(st.just({}), st.just({}), st.just({UNLISTED: {"a": [1, None]}}))


@cache
def _wire_value(shape: Any, depth: int) -> st.SearchStrategy[Any]:
    """Return a value as JSON holds it."""
    match shape.type_name:
        case "structure" if getattr(shape, "is_document_type", False):
            return _DOCUMENT
        case "structure":
            return _wire_structure(shape, depth)
        case "list":
            most = 2 if depth < _DEEPEST else 0
            item = st.deferred(lambda: _wire_value(shape.member, depth + 1))
            return st.lists(item, max_size=most)
        case "map":
            most = 2 if depth < _DEEPEST else 0
            value = st.deferred(lambda: _wire_value(shape.value, depth + 1))
            return st.dictionaries(_scalar(shape.key), value, max_size=most)
        case "blob":
            return _BYTES.map(lambda value: b64encode(value).decode())
        case "timestamp":
            return _WIRE_TIME
        case "float" | "double":
            return st.one_of(_FLOAT, st.integers(-99, 99), st.sampled_from(["NaN", "Infinity"]))
        case _:
            return _scalar(shape)


@st.composite
def _wire_structure(draw: Draw, shape: Any, depth: int) -> dict[str, Any]:
    names = draw(_chosen(shape, depth))
    found = {
        shape.members[name].serialization.get("name", name): draw(
            _wire_value(shape.members[name], depth + 1)
        )
        for name in names
    }
    if not getattr(shape, "is_tagged_union", False):
        found |= draw(_nothing(shape))
    return found


@cache
def _nothing(shape: Any) -> st.SearchStrategy[dict[str, None]]:
    """Return a member that is null, now and then: it counts as absent."""
    free = [name for name in shape.members if name not in shape.required_members]
    if not free:
        return st.just({})
    return st.one_of(st.just({}), st.just({}), st.just({}), st.sampled_from(free).map(lambda n: {n: None}))


def _time(seconds: int, form: int) -> Any:
    moment = _EPOCH + timedelta(seconds=seconds)
    match form:
        case 0:
            return seconds
        case 1:
            return seconds + 0.123
        case 2:
            return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        case 3:
            return moment.isoformat()
        case _:
            return format_datetime(moment, usegmt=True)


_WIRE_TIME = st.builds(_time, st.integers(0, 4102444800), st.integers(0, 4))


@st.composite
def _frames(draw: Draw, union: Any) -> bytes:
    """Return one event, of those that are no errors."""
    events = {n: m for n, m in union.members.items() if not m.metadata.get("exception")}
    name = draw(st.sampled_from(sorted(events)))
    shape = events[name]
    headers: dict[str, Any] = {":message-type": "event", ":event-type": name}
    inside, payload = {}, b""
    for member_name in draw(_chosen(shape, 1)) or list(shape.members):
        member = shape.members[member_name]
        if member.serialization.get("eventheader"):
            headers[member_name] = draw(_scalar(member))
        elif member.serialization.get("eventpayload"):
            payload = draw(_BYTES if member.type_name == "blob" else _TEXT.map(str.encode))
        else:
            inside[member_name] = draw(_wire_value(member, 2))
    has_payload = any(m.serialization.get("eventpayload") for m in shape.members.values())
    return frame(headers, payload if has_payload else json.dumps(inside).encode())
