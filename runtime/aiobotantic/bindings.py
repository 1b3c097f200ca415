"""Where a member of a REST operation travels, where it is not the JSON body.

Inert markers in annotations, read once for each class; pydantic ignores them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from aiobotantic.structure import Structure, describe, value_type


@dataclass(frozen=True)
class InPath:
    """A label of the path."""

    name: str


@dataclass(frozen=True)
class InQuery:
    """A parameter of the query; a list repeats it."""

    name: str


@dataclass(frozen=True)
class InQueryMap:
    """Any parameters of the query, by name."""


@dataclass(frozen=True)
class InHeader:
    """A header."""

    name: str


@dataclass(frozen=True)
class InHeaders:
    """Any headers whose name begins with a prefix, by the rest of the name."""

    prefix: str


@dataclass(frozen=True)
class InStatus:
    """The HTTP status of the answer."""


@dataclass(frozen=True)
class AsPayload:
    """The whole body."""


@dataclass(frozen=True)
class InEventHeader:
    """A header of an event."""


Marker = InPath | InQuery | InQueryMap | InHeader | InHeaders | InStatus | AsPayload | InEventHeader
_MARKERS: Final = Marker.__args__


def is_raw_payload(cls: type[Structure], field: str) -> bool:
    """Return whether a field is the body as it is, not JSON."""
    member = cls.__pydantic_fields__[field]
    if not any(isinstance(mark, AsPayload) for mark in member.metadata):
        return False
    kind = value_type(member.annotation)
    return not (isinstance(kind, type) and issubclass(kind, Structure))


@dataclass(frozen=True)
class Bindings:
    """What travels where, by field name."""

    markers: Mapping[str, Marker] = field(default_factory=dict[str, Marker])
    payload: str | None = None
    """The field that is the body."""
    unbound: frozenset[str] = frozenset()
    """The fields that the JSON body holds."""


@cache
def bindings_of(cls: type[Structure]) -> Bindings:
    """Return the bindings of a structure class."""
    describe(cls)  # completes a recursive class
    markers: dict[str, Any] = {}
    for name, member in cls.__pydantic_fields__.items():
        found = next((mark for mark in member.metadata if isinstance(mark, _MARKERS)), None)
        if found is not None:
            markers[name] = found
    payload = next((name for name, mark in markers.items() if isinstance(mark, AsPayload)), None)
    unbound = frozenset(cls.__pydantic_fields__) - markers.keys()
    return Bindings(markers, payload, frozenset() if payload is not None else unbound)
