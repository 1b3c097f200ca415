"""Structures as a cassette has them: AWS's names, JSON that can be read, sorted, scrubbed."""

from __future__ import annotations

import math
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, TypeAlias, get_args, get_origin

from aiobotantic.bodies import Streamed
from aiobotantic.structure import (
    MASK,
    Structure,
    describe,
    is_mapping,
    is_sequence,
    value_type,
)
from aiobotantic.testing.scrubbing import (
    Scrubber,
    after_secret_options,
    base64_of,
    is_value,
    masked,
    names_a_secret,
    sounds_secret,
)
from aiobotantic.values import read_time, write_time

STREAMED: Final = "<streamed>"
"""What stands for a body of a request that is read while it is sent."""
_NUMBERS: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_EPOCH: Final = "1970-01-01T00:00:00Z"

ReadStream: TypeAlias = Callable[[Any, Any, str], Any]
"""Makes the stream of an answer: of its annotation, what was recorded, and the place."""


class CassetteError(Exception):
    """A cassette that is not there, or cannot be read: the message says where, and the way out."""


def write_members(
    structure: Structure, scrubber: Scrubber, *, without: str | None = None
) -> dict[str, Any]:
    """Return what is recorded of a structure; streams are left out.

    Args:
        without: a field that is left out.
    """
    cls = type(structure)
    known = describe(cls)
    found: dict[str, Any] = {}
    texts = {wire: structure.__dict__.get(name) for name, wire in known.wire_names.items()}
    values_are_secret = names_a_secret(texts)
    for name, wire in known.wire_names.items():
        value = structure.__dict__.get(name)
        if value is None or name == without or isinstance(value, Streamed):
            continue
        if name == "next_token" and isinstance(value, str):
            found[wire] = scrubber.token(value)
        elif wire not in scrubber.keep and (
            name in known.sensitive or (values_are_secret and is_value(wire))
        ):
            found[wire] = _masked(value)
        else:
            found[wire] = _written(value, wire, scrubber)
    if not cls.MASKED:
        # Nobody knows what they are.
        unknown = structure.__pydantic_extra__ or {}
        found |= {wire: MASK for wire, value in unknown.items() if value is not None}
    return dict(sorted(found.items()))


def write_blob(data: bytes) -> Any:
    """Return bytes as text where they are one, else in base64."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64_of(data)}


def _written(value: Any, member: str, scrubber: Scrubber) -> Any:
    if isinstance(value, Structure):
        return write_members(value, scrubber)
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        return scrubber.text(member, value)
    if isinstance(value, memoryview):
        value = value.tobytes()
    if isinstance(value, (bytes, bytearray)):
        return write_blob(scrubber.blob(member, bytes(value)))
    if isinstance(value, datetime):
        return write_time(value, "iso8601")
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if is_sequence(value):
        hidden = after_secret_options(value)
        return [
            MASK if at in hidden else _written(each, member, scrubber)
            for at, each in enumerate(value)
        ]
    if is_mapping(value):
        return _entries(value, scrubber)
    return STREAMED


def _entries(mapping: Any, scrubber: Scrubber) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in mapping.items():
        name = str(key.value if isinstance(key, Enum) else key)
        hidden = sounds_secret(name) and name not in scrubber.keep
        written = _masked(value) if hidden else _written(value, name, scrubber)
        found[scrubber.text("", name)] = written
    return dict(sorted(found.items()))


def _masked(value: Any) -> Any:
    if isinstance(value, Structure):
        wires = describe(type(value)).wire_names
        members = {wire: value.__dict__.get(name) for name, wire in wires.items()}
        return {wire: _masked(each) for wire, each in sorted(members.items()) if each is not None}
    if is_sequence(value):
        return [_masked(each) for each in value]
    if is_mapping(value):
        return {}  # the keys may be secrets
    if isinstance(value, datetime):
        return _EPOCH
    return None if value is None else masked(value)


def read_members(
    cls: type[Structure], members: Any, place: str, read_stream: ReadStream | None = None
) -> Structure:
    """Return the structure that was recorded.

    Args:
        place: where in the cassette it stands.
        read_stream: makes streams.

    Raises:
        CassetteError: it is none; the message begins with the place.
    """
    known = describe(cls)
    fields: dict[str, Any] = known.blank.copy()
    given: set[str] = set()
    extra: dict[str, Any] = {}
    for wire, value in _expect(dict, members, place, "an object").items():
        name = known.by_wire_name.get(wire)
        if name is None:
            extra[wire] = value
            continue
        annotation = cls.__pydantic_fields__[name].annotation
        fields[name] = _read(annotation, value, f"{place}.{wire}", read_stream)
        given.add(name)
    structure: Structure = _any(cls)._made(fields, given)
    structure.__pydantic_extra__ = extra
    return structure


def _any(value: Any) -> Any:
    return value


def _read(annotation: Any, value: Any, place: str, stream: ReadStream | None) -> Any:
    kind: Any = value_type(annotation)
    origin, args = get_origin(kind) or kind, get_args(kind)
    if value is None:
        return None
    if isinstance(origin, type) and issubclass(origin, Streamed) and stream is not None:
        return stream(kind, value, place)
    if origin is list:
        items = _expect(list, value, place, "a list")
        return [_read(args[0], each, f"{place}[{n}]", stream) for n, each in enumerate(items)]
    if origin is dict:
        entries = _expect(dict, value, place, "an object")
        return {
            _read(args[0], key, place, stream): _read(args[1], each, f"{place}[{key!r}]", stream)
            for key, each in entries.items()
        }
    if kind is datetime:
        return _moment(value, place)
    if kind is bytes:
        return read_blob(value, place)
    if kind is str:
        return _expect(str, value, place, "a text")
    if kind is bool:
        return _expect(bool, value, place, "true or false")
    if kind in (int, float):
        number: Any = _NUMBERS.get(value, value) if isinstance(value, str) else value
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise _damaged(place, "a number", value)
        return float(number) if kind is float else number
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(_expect(str, value, place, "a text"))
    if isinstance(kind, type) and issubclass(kind, Structure):
        return read_members(kind, value, place, stream)
    return value


def read_blob(value: Any, place: str) -> bytes:
    """Return the bytes that were recorded.

    Raises:
        CassetteError: there are none.
    """
    if isinstance(value, str):
        return value.encode(errors="surrogatepass")
    if is_mapping(value) and isinstance(text := value.get("base64"), str):
        try:
            return b64decode(text, validate=True)
        except ValueError:
            pass
    raise _damaged(place, 'a text, or bytes as {"base64": "..."}', value)


def _moment(value: Any, place: str) -> datetime:
    moment = read_time(value) if isinstance(value, str) else None
    if not isinstance(moment, datetime):
        raise _damaged(place, "a time", value)
    return moment.astimezone(UTC)


def _expect(kind: type, value: Any, place: str, words: str) -> Any:
    if not isinstance(value, kind):
        raise _damaged(place, words, value)
    return value


def _damaged(place: str, words: str, value: Any) -> CassetteError:
    shown = repr(value)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    return CassetteError(f"{place} is {shown}: {words} was expected")
