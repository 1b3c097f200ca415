"""Secrets planted in every sensitive member of a structure, each another one."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, get_args, get_origin
from urllib.parse import quote

from pydantic import JsonValue

from aiobotantic.bindings import AsPayload, InHeader, InStatus, bindings_of
from aiobotantic.bodies import StreamingBody
from aiobotantic.event_stream import EventStream
from aiobotantic.operation import Operation
from aiobotantic.structure import Structure, describe, value_type, write_json
from aiobotantic.testing.build import build
from aiobotantic.testing.event_frames import frame
from aiobotantic.unions import UnionStructure

_FIRST = datetime(2031, 3, 7, 5, 8, 9, tzinfo=UTC)


class Loud:
    """What JSON cannot hold, and what tells a secret wherever it is shown."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def __repr__(self) -> str:
        return f"Loud({self._secret})"


class Secrets:
    """Makes secrets, and finds them in texts, however they are spelled there."""

    def __init__(self, *known: str) -> None:
        self.made = 0
        self._spellings: set[str] = set(known)
        self._pattern: re.Pattern[str] | None = None

    def text(self) -> str:
        """Return a secret of ten letters and digits, which nearly every pattern takes."""
        self.made += 1
        return self._kept(f"Hush{self.made:06}")

    def number(self) -> int:
        """Return a number that stands nowhere else."""
        self.made += 1
        number = 7_310_000_000 + self.made
        self._kept(str(number))
        return number

    def moment(self) -> datetime:
        """Return a time that stands nowhere else."""
        self.made += 1
        moment = _FIRST + timedelta(seconds=self.made)
        for text in (moment.isoformat()[:19], str(moment)[:19], str(int(moment.timestamp()))):
            self._kept(text)
        self._kept(repr(moment).partition(", tzinfo")[0])
        return moment

    def found_in(self, text: str | bytes) -> str | None:
        """Return the first secret that stands in a text."""
        if self._pattern is None:
            self._pattern = re.compile("|".join(map(re.escape, sorted(self._spellings))))
        if isinstance(text, bytes):
            text = text.decode("latin-1")
        found = self._pattern.search(text)
        return found and found[0]

    def _kept(self, text: str) -> str:
        self._pattern = None
        encoded = b64encode(text.encode()).decode().rstrip("=")
        self._spellings |= {text, encoded, quote(text, safe="")}
        return text

    def value(self, annotation: Any, wrong: str | None = None) -> Any:
        """Return a planted value of a type; `wrong` makes one that no request can be sent with."""
        kind = value_type(annotation)
        if wrong == "type":
            return {self.text(): [self.text()]}
        if wrong == "value":
            return Loud(self.text())
        if wrong == "length":
            return self.text() * 10_000
        if get_origin(kind) is list:
            return [self.value(get_args(kind)[0])]
        if get_origin(kind) is dict:
            key, each = get_args(kind)
            return {self.value(key): self.value(each)}
        if isinstance(kind, type) and issubclass(kind, Structure):
            return self._filled(kind)
        if kind is JsonValue:
            return {self.text(): [self.text()]}
        if kind is datetime:
            return self.moment()
        if kind in (int, float):
            return kind(self.number())
        if kind is str or (isinstance(kind, type) and issubclass(kind, Enum)):
            return self.text()
        assert kind in (bytes, Any, StreamingBody), kind
        return self.text().encode()

    def _filled(self, cls: type[Structure]) -> Structure:
        """Return a structure whose every member is a secret, but for what leads back to it."""
        union, fields = issubclass(cls, UnionStructure), {}
        for name in describe(cls).blank:
            annotation = cls.__pydantic_fields__[name].annotation
            if cls not in set(_classes(annotation)):
                fields[name] = self.value(annotation)
                if union:
                    break
        return cls(**fields)


def planted(cls: type[Structure], secrets: Secrets, at: int = 0, wrong: str | None = None) -> Any:
    """Return a valid structure with a secret in every sensitive member, nested ones included.

    Args:
        at: Which arm of each union that leads to a secret.
        wrong: See `Secrets.value`.
    """
    structure = _plain(cls)
    known = describe(cls)
    names = [name for name in known.blank if name in known.sensitive or _leads(cls, name)]
    if issubclass(cls, UnionStructure):
        names = [names[at % len(names)]]
        structure = cls()
    for name in names:
        annotation = cls.__pydantic_fields__[name].annotation
        if name in known.sensitive:
            value = secrets.value(annotation, wrong)
        else:
            value = _around(annotation, secrets, at, wrong)
        setattr(structure, name, value)
    return structure


def _plain(cls: type[Structure]) -> Structure:
    """Return a structure with what it must have, and short values in the place of secrets."""
    known = describe(cls)
    hidden = {name: None for name in known.sensitive if name not in known.required}
    return build(cls, optional=False, **hidden)


def arms(cls: type[Structure]) -> int:
    """Return how many structures it takes to have planted every arm of every union."""
    most, pending, seen = 1, [cls], set[Any]()
    while pending:
        here = pending.pop()
        if here in seen:
            continue
        seen.add(here)
        leading = [name for name in describe(here).blank if _leads(here, name)]
        if issubclass(here, UnionStructure):
            most = max(most, len(leading) + len(describe(here).sensitive))
        for name in leading:
            pending += _classes(here.__pydantic_fields__[name].annotation)
    return most


def holds_secrets(cls: type[Structure]) -> bool:
    """Return whether a member of a structure, at any depth, is sensitive."""
    return _holds(cls, frozenset())


def _holds(cls: type[Structure], seen: frozenset[type[Structure]]) -> bool:
    if cls in seen:
        return False
    if describe(cls).sensitive:
        return True
    nested = describe(cls).nested.values()
    return any(_holds(each, seen | {cls}) for kind in nested for each in _classes(kind))


def _leads(cls: type[Structure], name: str) -> bool:
    annotation = describe(cls).nested.get(name)
    return annotation is not None and any(map(holds_secrets, _classes(annotation)))


def _classes(annotation: Any) -> Iterator[type[Structure]]:
    kind = value_type(annotation)
    if isinstance(kind, type) and issubclass(kind, Structure):
        yield kind
    for part in get_args(kind):
        yield from _classes(part)


def _around(annotation: Any, secrets: Secrets, at: int, wrong: str | None) -> Any:
    kind = value_type(annotation)
    if get_origin(kind) is EventStream:
        return [planted(get_args(kind)[0], secrets, at, wrong)]
    if get_origin(kind) is list:
        return [_around(get_args(kind)[0], secrets, at, wrong)]
    if get_origin(kind) is dict:
        return {"key": _around(get_args(kind)[1], secrets, at, wrong)}
    return planted(kind, secrets, at, wrong)


def answer_of(operation: Operation[Any], structure: Structure) -> tuple[dict[str, str], bytes]:
    """Return the headers and the body that an answer is."""
    cls = type(structure)
    bound = bindings_of(cls)
    if not bound.markers:
        return {}, write_json(structure)
    headers: dict[str, str] = {}
    for name, marker in bound.markers.items():
        value = getattr(structure, name)
        if isinstance(marker, InHeader) and value is not None:
            headers[marker.name] = str(value)
        assert isinstance(marker, (InHeader, InStatus, AsPayload)), marker
    body = write_json(structure, fields=bound.unbound)
    if bound.payload is not None:
        payload = getattr(structure, bound.payload)
        if isinstance(payload, list):
            body = b"".join(map(_frame, payload))
        elif isinstance(payload, Structure):
            body = write_json(payload)
        else:
            body = payload or b""
    return headers, body


def _frame(event: UnionStructure) -> bytes:
    name, value = event.arm or ("", None)
    payload = bindings_of(type(value)).payload
    headers = {
        ":message-type": "event",
        ":event-type": describe(type(event)).wire_names[name],
        ":content-type": "application/octet-stream",
    }
    body = write_json(value) if payload is None else getattr(value, payload)
    return frame(headers, body)


def spoiled(body: bytes) -> bytes:
    """Return a JSON body in which every text and number is of another type."""

    def other(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: other(each) for key, each in value.items()}
        if isinstance(value, list):
            return [other(each) for each in value] or {}
        return {"not": [value]}

    return json.dumps(other(json.loads(body))).encode()
