"""Types of members, as facts: what a value is, and what limits a request's value has."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Scalar(StrEnum):
    """A type without parts. The values are Python's names of them."""

    BOOLEAN = "bool"
    INTEGER = "int"
    FLOAT = "float"
    STRING = "str"
    TIMESTAMP = "datetime"
    BLOB = "bytes"
    DOCUMENT = "JsonValue"


@dataclass(frozen=True)
class Ref:
    """An enum or a structure, by its shape's wire name."""

    shape: str


@dataclass(frozen=True)
class ListOf:
    """A list."""

    item: Value


@dataclass(frozen=True)
class MapOf:
    """A map from strings, or from an enum's values."""

    key: Value
    value: Value


Kind: TypeAlias = Scalar | Ref | ListOf | MapOf


@dataclass(frozen=True)
class Value:
    """A type with the limits that the model sets on it."""

    kind: Kind
    min: float | None = None
    max: float | None = None
    pattern: str | None = None
    sensitive: bool = False
    time_format: str | None = None
    """`iso8601`, `rfc822` or `unixTimestamp` where the model says so."""
    sparse: bool = False
    """Whether it is a list or a map that may hold nulls."""
    events: bool = False
    """Whether it is a stream of events; the kind refers to their union."""

    @property
    def masked(self) -> bool:
        """Whether it is sensitive, or a list or map of what is."""
        match self.kind:
            case ListOf(item):
                return self.sensitive or item.masked
            case MapOf(key, entry):
                return self.sensitive or key.masked or entry.masked
            case _:
                return self.sensitive

    @property
    def is_range(self) -> bool:
        """Whether min and max bound a number, not a length."""
        return self.kind in (Scalar.INTEGER, Scalar.FLOAT)
