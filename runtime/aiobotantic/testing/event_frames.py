"""Events as a server writes them: `application/vnd.amazon.eventstream`, frame by frame.

What `stream_next` takes is here: typed events, and what no service should send.
"""

from __future__ import annotations

import json
import struct
from binascii import crc32
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Final, TypeAlias, get_args, get_origin

from aiobotantic.bindings import InEventHeader, bindings_of
from aiobotantic.errors import COMMON_ERRORS, ServiceError
from aiobotantic.event_stream import EventStream
from aiobotantic.operation import Service
from aiobotantic.protocols import error_class
from aiobotantic.structure import Structure, describe, is_mapping, value_type
from aiobotantic.testing.faults import ServedError, body_of
from aiobotantic.testing.http_text import written_json
from aiobotantic.unions import UnionStructure

CONTENT_TYPE: Final = "application/vnd.amazon.eventstream"

HeaderValue: TypeAlias = bool | int | bytes | str | datetime


@dataclass(frozen=True)
class RawEvent:
    """An event as it goes over the wire, whether the model lists it or not."""

    event_type: str
    payload: bytes = b""
    headers: Mapping[str, HeaderValue] = field(default_factory=dict[str, HeaderValue])
    """Further headers; `:message-type` and `:event-type` can be set anew."""


@dataclass(frozen=True)
class Truncated:
    """The first bytes of an event, after which the body ends as if it were whole."""

    event: StreamItem
    size: int = 10
    """Bytes."""


@dataclass(frozen=True)
class Damaged:
    """An event with a checksum that is not its own."""

    event: StreamItem
    prelude: bool = False
    """Whether it is the checksum of the lengths; else it is that of the whole event."""


@dataclass(frozen=True)
class HangUp:
    """The connection is closed in the middle of the body. Nothing can follow."""


StreamItem: TypeAlias = (
    UnionStructure | ServiceError | ServedError | RawEvent | Truncated | Damaged | HangUp | bytes
)
"""What a streamed body can be made of; bytes go out as they are."""


@dataclass(frozen=True)
class Chunks:
    """A body that is sent piece by piece, without its length."""

    pieces: Sequence[bytes]
    hangs_up: bool = False
    """Whether the connection is closed after the last piece, in the middle of the body."""
    later: AsyncGenerator[bytes, None] | None = None
    """What follows the pieces, each sent when it is there."""


def bytes_of(items: Sequence[StreamItem]) -> Chunks:
    """Return the body that pieces of bytes make.

    Raises:
        ValueError: a piece is an event.
    """
    pieces: list[bytes] = []
    for item in items[:-1] if _hangs_up(items) else items:
        if not isinstance(item, bytes):
            raise ValueError(f"the body is bytes, and no stream of events: {item!r}")
        pieces.append(item)
    return Chunks(pieces, _hangs_up(items))


@cache
def events_of(cls: type[Structure]) -> tuple[str, type[UnionStructure]] | None:
    """Return the member of a response that is its events, and their union; None if it has none."""
    for field_name, wire in describe(cls).wire_names.items():
        kind = value_type(cls.__pydantic_fields__[field_name].annotation)
        if get_origin(kind) is EventStream:
            return wire, get_args(kind)[0]
    return None


def frames_of(
    service: Service,
    events: type[UnionStructure],
    items: Sequence[StreamItem | Mapping[str, Any]] | AsyncGenerator[StreamItem, None],
) -> Chunks:
    """Return the body that events make, a piece for each.

    Args:
        service: whose errors tell a modelled exception from any other.
        events: the union of the events.
        items: the events; a mapping is one by wire names. Those of a generator are sent as they
            come.

    Raises:
        ValueError: an item is no event of this stream.
    """
    if isinstance(items, AsyncGenerator):
        return Chunks((), later=_frames_of_later(service, events, items))
    whole = items[:-1] if _hangs_up(items) else items
    return Chunks([_frame_of(service, events, item) for item in whole], _hangs_up(items))


async def _frames_of_later(
    service: Service, events: type[UnionStructure], items: AsyncGenerator[StreamItem, None]
) -> AsyncGenerator[bytes, None]:
    async with aclosing(items):
        async for item in items:
            yield _frame_of(service, events, item)


def _hangs_up(items: Sequence[object]) -> bool:
    return bool(items) and isinstance(items[-1], HangUp)


def _frame_of(service: Service, events: type[UnionStructure], item: object) -> bytes:
    if isinstance(item, bytes):
        return item
    if isinstance(item, Truncated):
        return _frame_of(service, events, item.event)[: item.size]
    if isinstance(item, Damaged):
        whole = bytearray(_frame_of(service, events, item.event))
        whole[8 if item.prelude else -1] ^= 0xFF
        return bytes(whole)
    if isinstance(item, RawEvent):
        fixed: dict[str, HeaderValue] = {":message-type": "event", ":event-type": item.event_type}
        return frame(fixed | dict(item.headers), item.payload)
    if isinstance(item, ServiceError):
        item = _served(item)
    if isinstance(item, ServedError):
        return _error_frame(service, item)
    if isinstance(item, events):
        return _event_frame(events, item.to_wire())
    if is_mapping(item):
        return _event_frame(events, item)
    last = " after which something follows" if isinstance(item, HangUp) else ""
    raise ValueError(f"no event of {events.__name__}: {item!r}{last}")


def _served(error: ServiceError) -> ServedError:
    hidden = ("Error", "ResponseMetadata")
    members = {name: value for name, value in error.response.items() if name not in hidden}
    return ServedError(error.code, error.message, members=members)


def _error_frame(service: Service, error: ServedError) -> bytes:
    cls = error_class(service, error.code)
    if cls is ServiceError or cls is COMMON_ERRORS.get(error.code):
        return frame(
            {
                ":message-type": "error",
                ":error-code": error.code,
                ":error-message": error.message,
            },
            b"",
        )
    body = json.dumps(body_of(error)).encode()
    return frame(
        {
            ":message-type": "exception",
            ":exception-type": error.code,
            ":content-type": "application/json",
        },
        body,
    )


def _event_frame(events: type[UnionStructure], members: Mapping[str, Any]) -> bytes:
    name = next(iter(members), "")
    event: Any = members.get(name)
    field_name = describe(events).by_wire_name.get(name)
    if len(members) != 1 or field_name is None:
        raise ValueError(f"no event of {events.__name__}: it has the members {sorted(members)}")
    arm: type[Structure] = value_type(events.__pydantic_fields__[field_name].annotation)
    headers: dict[str, HeaderValue] = {":message-type": "event", ":event-type": name}
    bound, names = bindings_of(arm), describe(arm).wire_names
    for member, marker in bound.markers.items():
        value = event.get(names[member])
        if isinstance(marker, InEventHeader) and value is not None:
            headers[names[member]] = value
    if bound.payload is not None:
        content_type, payload = _payload(arm, bound.payload, event.get(names[bound.payload]))
    else:
        body = {names[member]: event.get(names[member]) for member in bound.unbound}
        shown = {wire: value for wire, value in body.items() if value is not None}
        content_type, payload = "application/json", _json(arm, shown)
    if payload or bound.payload is not None:
        headers[":content-type"] = content_type
    return frame(headers, payload)


def _payload(arm: type[Structure], member: str, value: Any) -> tuple[str, bytes]:
    kind = value_type(arm.__pydantic_fields__[member].annotation)
    if kind is bytes:
        return "application/octet-stream", value or b""
    if kind is str or (isinstance(kind, type) and issubclass(kind, Enum)):
        text = value.value if isinstance(value, Enum) else value
        return "text/plain", str(text or "").encode()
    return "application/json", _json(kind, value or {})


def _json(cls: Any, value: Any) -> bytes:
    return json.dumps(written_json(cls, (), value), separators=(",", ":")).encode()


def frame(headers: Mapping[str, HeaderValue], payload: bytes) -> bytes:
    """Return a whole message: lengths, their checksum, headers, payload, the checksum of all."""
    head = b"".join(_header(name, value) for name, value in headers.items())
    lengths = struct.pack("!II", 16 + len(head) + len(payload), len(head))
    message = lengths + struct.pack("!I", crc32(lengths)) + head + payload
    return message + struct.pack("!I", crc32(message))


def _header(name: str, value: HeaderValue) -> bytes:
    encoded = name.encode()
    return struct.pack("!B", len(encoded)) + encoded + _header_value(value)


def _header_value(value: HeaderValue) -> bytes:
    if isinstance(value, bool):
        return b"\x00" if value else b"\x01"
    if isinstance(value, int):
        small = -(2**31) <= value < 2**31
        return struct.pack("!Bi", 4, value) if small else struct.pack("!Bq", 5, value)
    if isinstance(value, datetime):
        return struct.pack("!Bq", 8, round(value.timestamp() * 1000))
    if isinstance(value, bytes):
        return struct.pack("!BH", 6, len(value)) + value
    text = str(value.value if isinstance(value, Enum) else value).encode()
    return struct.pack("!BH", 7, len(text)) + text
