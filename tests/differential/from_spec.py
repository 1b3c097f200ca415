"""Hypothesis strategies of what a spec allows: members of requests, and answers on the wire.

They are made from botocore's own reading of the spec, not from what we generated of it.
"""

from __future__ import annotations

import json
import math
import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any

from botocore.compat import HAS_CRT
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
_SPELLINGS = [
    *(
        "",
        " ",
        "a",
        "ä ö",
        "日本",
        "😀",
        "a/b",
        "a//b",
        "/",
        "%2F",
        "%",
        "a+b&c=d",
        "?a#b;c",
        "..",
        ".",
    ),
    *('"\\', "null", "1", "~-._", "\t", "\u2028", "\x85", "\ud7ff", "a" * 300, "true", "{}", "é"),
    *("..", ".", "a../b", "./a", "a/../b", "e\u0301", "\N{ZERO WIDTH JOINER}", "\U0010ffff"),
]
_HEADERS = ["a  b", "a, b", '"a", b', "x=1; y=2", " a ", "a\u3000b", "\xa0", "=?utf-8?q?a?="]
_CHARACTERS = [
    *range(0x20, 0x7F),
    *range(0x20),
    *range(0xA0, 0x180),
    *range(0x2000, 0x2070),
    *range(0x4E00, 0x4E40),
    *range(0xD7F0, 0xD800),
    *range(0xE000, 0xE010),
    *range(0x1F600, 0x1F640),
]
_TEXTS = [
    "".join(chr(random.choice(_CHARACTERS)) for _ in range(random.randrange(1, 12)))
    for random in [Random(0)]
    for _ in range(1_000)
]
"""Drawn as a whole: a draw for each character would take most of the time of a run."""


def _odd_space(text: str) -> bool:
    """Return whether a text has spaces of Unicode's.

    botocore makes one plain space of them for the signature, and so do we; awscrt does not.
    """
    return any(each.isspace() and not each.isascii() for each in text)


_TEXT = st.sampled_from([*_SPELLINGS, *_TEXTS])
_LABEL = _TEXT.filter(lambda text: text not in ("", ".", ".."))
_UNSENT = re.compile(r"[\x00-\x1f\x7f]")
_HEADER = st.sampled_from(
    [
        text
        for text in (*_HEADERS, *_SPELLINGS, *_TEXTS)
        if not _UNSENT.search(text) and not (HAS_CRT and _odd_space(text))
    ]
)
_BYTES = st.binary(max_size=12)
_INTEGERS = {"integer": st.integers(-(2**31), 2**31 - 1), "long": st.integers(-(2**63), 2**63 - 1)}
_FLOAT = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, -0.0, 1.0, 0.1, 1e22, 1e-7, 5e-324, 1.7976931348623157e308]),
)
_SECONDS = st.integers(0, 4102444800)
_TIME = st.builds(
    lambda seconds, micros, hours: (
        _EPOCH + timedelta(seconds=seconds, microseconds=micros)
    ).astimezone(timezone(timedelta(hours=hours))),
    _SECONDS,
    st.sampled_from([0, 0, 500_000]),
    st.sampled_from([0, 0, -12, 5]),
)
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


def _is_label(member: Any) -> bool:
    return member.serialization.get("location") == "uri"


@cache
def _chosen(shape: Any, depth: int) -> st.SearchStrategy[list[str]]:
    """Return names of members: one of a union, of others what is required and some more."""
    names = list(shape.members)
    if getattr(shape, "is_tagged_union", False):
        return st.sampled_from(names).map(lambda name: [name])
    required = [
        name
        for name in names
        if name in shape.required_members
        or shape.members[name].serialization.get("location") == "uri"
    ]
    tokens = [name for name in names if shape.members[name].metadata.get("idempotencyToken")]
    free = [name for name in names if name not in required and name not in tokens]
    fixed = [*required, *tokens]  # a token that is left out is made up, another on each side
    if not free or depth > _DEEPEST:
        return st.just(fixed)
    if depth:  # few: half of all members of all structures would be thousands
        pairs = [list(pair) for pair in pairwise(free)]
        some: list[list[str]] = [[], *([name] for name in free), *pairs]
        return st.sampled_from([[*fixed, *names] for names in some])
    masks = st.integers(0, 2 ** len(free) - 1) | st.just(2 ** len(free) - 1)
    return masks.map(lambda mask: [*fixed, *(n for at, n in enumerate(free) if mask >> at & 1)])


@cache
def _value(shape: Any, depth: int) -> st.SearchStrategy[Any]:
    match shape.type_name:
        case "structure" if getattr(shape, "is_document_type", False):
            return _DOCUMENT.filter(lambda value: value is not None)  # that is absent, for us
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
    return {
        name: draw(_value(shape.members[name], depth + 1)) for name in draw(_chosen(shape, depth))
    }


@cache
def _scalar(shape: Any) -> st.SearchStrategy[Any]:
    match shape.type_name:
        case "string" if shape.enum:
            return st.sampled_from([*shape.enum, "Newer"])
        case "string":
            return _TEXT
        case "boolean":
            return st.booleans()
        case "integer" | "long":
            return _INTEGERS[shape.type_name]
        case "float" | "double":
            return st.one_of(_FLOAT, st.sampled_from([math.inf, -math.inf, math.nan]))
        case "timestamp":
            return _TIME
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
                headers[wire] = str(draw(_in_header(member))).strip(" \t")  # as HTTP has it
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
    content = b"".join(body) if isinstance(body, list) else body
    places = (
        st.sets(st.integers(0, len(content)), max_size=6)
        if operation.has_streaming_output
        else st.just(())
    )
    return with_length(status, headers, content, tuple(sorted(draw(places))))


def with_length(
    status: int, headers: dict[str, str], body: bytes, cuts: tuple[int, ...] = ()
) -> Answer:
    """Return an answer that says its length."""
    return Answer(status, {**headers, "Content-Length": str(len(body))}, body, cuts)


@cache
def errors(operation: OperationModel) -> st.SearchStrategy[Answer]:
    """Return answers that are errors: those of the operation, common ones, and unheard-of ones."""
    return _errors(operation)


_COMMON = [
    ("ThrottlingException", 400),
    ("ValidationException", 400),
    ("AccessDeniedException", 403),
    ("ExpiredTokenException", 403),
    ("InternalFailure", 500),
    ("ServiceUnavailable", 503),
    ("NeverHeardOf", 418),
    ("", 404),
    ("", 500),
]
_CODE_PLACES = {True: ["__type", "code", "header"], False: ["__type"]}
_PREFIXES = ("", "", "com.amazonaws.sagemaker#")
_SUFFIXES = ("", ":", ":http://internal.amazon.com/coral/com.amazon.coral.validate/")


@st.composite
def _errors(draw: Draw, operation: Any) -> Answer:
    modelled = [
        (shape.name, shape.metadata.get("error", {}).get("httpStatusCode", 400))
        for shape in operation.error_shapes
    ]
    name, status = draw(st.sampled_from(modelled * 3 + _COMMON))
    shapes = {shape.name: shape for shape in operation.error_shapes}
    body: dict[str, Any] = {}
    headers = {"x-amzn-RequestId": "request-1", "Content-Type": "application/x-amz-json-1.1"}
    if name in shapes:
        body |= {
            member_name: draw(_wire_value(member, 1))
            for member_name, member in shapes[name].members.items()
            if member_name.lower() not in ("message", "code") and draw(st.booleans())
        }
    # Without one, botocore's message is empty, and ours says the HTTP status.
    body[draw(st.sampled_from(["message", "Message"]))] = draw(_LABEL)
    code = f"{draw(st.sampled_from(_PREFIXES))}{name}{draw(st.sampled_from(_SUFFIXES))}"
    rest = operation.service_model.protocol == "rest-json"
    place = draw(st.sampled_from(_CODE_PLACES[rest])) if name else "nowhere"
    if place == "header":
        headers["x-amzn-ErrorType"] = f"{name}{draw(st.sampled_from(_SUFFIXES))}"
    elif place != "nowhere":
        body[place] = code
    return with_length(status, headers, json.dumps(body).encode())


@cache
def _unlisted() -> st.SearchStrategy[dict[str, Any]]:
    """Return members that no model lists."""
    return st.sampled_from([{}, {}, {UNLISTED: {"a": [1, None]}}])


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
            return st.one_of(_FLOAT, st.integers(-99, 99))
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
    return st.sampled_from([{}] * 3 * len(free) + [{name: None} for name in free])


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


_WIRE_TIME = st.builds(_time, _SECONDS, st.integers(0, 4))


@st.composite
def _frames(draw: Draw, union: Any) -> bytes:
    """Return one event; one in a while is an error, after which nothing is read."""
    name = draw(st.sampled_from(sorted(union.members)))
    shape = union.members[name]
    if shape.metadata.get("exception"):
        if draw(st.integers(0, 2)):
            return b""
        headers = {":message-type": "exception", ":exception-type": name}
        message = next(each for each in shape.members if each.lower() == "message")
        return frame(headers, json.dumps({message: draw(_LABEL)}).encode())
    headers = {":message-type": "event", ":event-type": name}
    inside, payload = {}, None
    for member_name in draw(_chosen(shape, 1)) or list(shape.members):
        member = shape.members[member_name]
        if member.serialization.get("eventheader"):
            headers[member_name] = draw(_event_header(member))
        elif not member.serialization.get("eventpayload"):
            inside[member_name] = draw(_wire_value(member, 2))
        elif member.type_name == "blob":
            payload = draw(_BYTES)
        elif member.type_name == "string":
            payload = draw(_TEXT).encode()
        else:
            payload = json.dumps(draw(_wire_value(member, 2))).encode()
    if payload is None:
        has_payload = any(m.serialization.get("eventpayload") for m in shape.members.values())
        payload = b"" if has_payload else json.dumps(inside).encode()
    return frame(headers, payload)


def _event_header(shape: Any) -> st.SearchStrategy[Any]:
    if shape.type_name == "timestamp":
        return _SECONDS.map(lambda seconds: _EPOCH + timedelta(seconds=seconds))
    return _scalar(shape)
