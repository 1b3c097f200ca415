"""Requests of AWS's names and plain values, checked and written without a structure between.

What this takes is what building a structure, writing it and checking the bytes would let through,
and the bytes are the same. What it does not take goes that way, which has the words for what is
wrong, and also takes None, tuples, other mappings and structures that were made before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from pydantic_core import PydanticSerializationError, ValidationError, to_json
from pydantic_core import core_schema as cs

from aiobotantic.checks import Schemas
from aiobotantic.constraints import Length, Range
from aiobotantic.structure import Structure, describe
from aiobotantic.values import TimeFormat, write_blob, write_time


def write_members(cls: type[Structure], members: Mapping[str, Any]) -> bytes | None:
    """Return the JSON bytes of a request that breaks no limit of `cls`.

    None says nothing but that the request must be built first.
    """
    reader = _reader(cls)
    if reader is None:
        return None
    try:
        read = reader.validate_python(members, strict=True)
        # Names that are not in the model were passed over: it is quicker to compare what is left.
        if read != members:
            read = _reader(cls, forbids=True).validate_python(members, strict=True)
        body: bytes = to_json(read, temporal_mode="seconds")
    except (ValidationError, PydanticSerializationError, RecursionError):
        return None
    return body


class _NotTakenError(Exception):
    """A class has a kind of member that is not read here."""


class _PlainSchemas(Schemas):
    """Reads AWS's names and plain values, and gives what JSON holds.

    Args:
        forbids: Whether names that are not in the model are refused, rather than passed over.
    """

    def __init__(self, *, forbids: bool) -> None:
        super().__init__()
        self.converts = False
        """Whether what is read may differ from what was given."""
        self.unknown = "forbid" if forbids else "ignore"

    def structure(self, cls: type[Structure]) -> Any:
        names = describe(cls)
        if names.wire_names != names.json_names:
            raise _NotTakenError
        return super().structure(cls)

    def number(self, limits: Range) -> Any:
        return cs.no_info_plain_validator_function(_number_within(limits))

    def time(self, form: TimeFormat | None) -> Any:
        self.converts = True
        return cs.no_info_plain_validator_function(_time_in(form))

    def blob(self, length: Length) -> Any:
        self.converts = True
        return cs.no_info_plain_validator_function(_blob_within(length))

    def anything(self) -> Any:
        raise _NotTakenError


@cache
def _reader(cls: type[Structure], *, forbids: bool = False) -> Any:
    """Return what checks members and makes of them what JSON holds."""
    schemas = _PlainSchemas(forbids=forbids)
    try:
        validator = schemas.validator(cls)
    except _NotTakenError:
        return None
    return _reader(cls, forbids=True) if schemas.converts and not forbids else validator


def _number_within(limits: Range) -> Callable[[Any], Any]:
    low = float("-inf") if limits.min is None else limits.min
    high = float("inf") if limits.max is None else limits.max

    def number(value: Any) -> Any:
        finite = type(value) in (int, float) and value - value == 0
        if finite and low <= value <= high:
            return value
        raise ValueError

    return number


def _time_in(form: TimeFormat | None) -> Callable[[Any], Any]:
    def time(value: Any) -> Any:
        moment = datetime.fromisoformat(value) if type(value) is str else value
        if type(moment) is datetime:
            return moment if form is None else write_time(moment, form.name)
        raise ValueError

    return time


def _blob_within(length: Length) -> Callable[[Any], Any]:
    def blob(value: Any) -> Any:
        low, high = length.min or 0, length.max
        if type(value) is bytes and low <= len(value) and (high is None or len(value) <= high):
            return write_blob(value)
        raise ValueError

    return blob
