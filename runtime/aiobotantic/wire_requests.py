"""Requests of AWS's names and plain values, checked and written without a structure between.

What this takes is what building a structure, writing it and checking the bytes would let through,
and the bytes are the same. What it does not take goes that way, which has the words for what is
wrong, and also takes None, tuples, other mappings and structures that were made before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Annotated, Any, get_args, get_origin

from pydantic_core import PydanticSerializationError, SchemaValidator, ValidationError, to_json
from pydantic_core import core_schema as cs

from aiobotantic.checks import entry_limits, may_be_none, string_schema, whole
from aiobotantic.constraints import Length, Range
from aiobotantic.structure import Structure, describe, value_type
from aiobotantic.unions import UnionStructure
from aiobotantic.values import TimeFormat, write_blob, write_time


def write_members(cls: type[Structure], members: Mapping[str, Any]) -> bytes | None:
    """Return the JSON bytes of a request that breaks no limit of `cls`.

    None says nothing but that the request must be built first.
    """
    reader = _reader(cls)
    if reader is None:
        return None
    try:
        body: bytes = to_json(reader.validate_python(members, strict=True), temporal_mode="seconds")
    except (ValidationError, PydanticSerializationError, RecursionError):
        return None
    return body


class _NotTakenError(Exception):
    """A class has a kind of member that is not read here."""


@cache
def _reader(cls: type[Structure]) -> SchemaValidator | None:
    """Return what checks members and makes of them what JSON holds."""
    definitions: dict[str, Any] = {}
    try:
        root = _structure(cls, definitions)
    except _NotTakenError:
        return None
    return SchemaValidator(cs.definitions_schema(root, list(definitions.values())))


def _structure(cls: type[Structure], definitions: dict[str, Any]) -> Any:
    reference = f"{cls.__module__}.{cls.__qualname__}"
    if reference not in definitions:
        definitions[reference] = None  # a recursive structure meets its own reference
        names = describe(cls)
        if names.wire_names != names.json_names:
            raise _NotTakenError
        fields = {
            names.json_names[name]: cs.typed_dict_field(
                _value(member.annotation, tuple(member.metadata), definitions),
                required=member.is_required(),
            )
            for name, member in cls.__pydantic_fields__.items()
        }
        schema: Any = cs.typed_dict_schema(fields, extra_behavior="forbid")
        if issubclass(cls, UnionStructure):
            schema = cs.chain_schema([cs.dict_schema(min_length=1, max_length=1), schema])
        definitions[reference] = schema | {"ref": reference}
    return cs.definition_reference_schema(reference)


def _value(annotation: Any, markers: tuple[Any, ...], definitions: dict[str, Any]) -> Any:
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return _value(inner, (*markers, *more), definitions)
    kind = value_type(annotation)
    if kind is not annotation:
        optional = [arg for arg in get_args(annotation) if arg is not type(None)]
        return _value(optional[0], markers, definitions)
    length = next((mark for mark in markers if isinstance(mark, Length)), Length())
    limits = next((mark for mark in markers if isinstance(mark, Range)), Range())
    origin, args = get_origin(kind), get_args(kind)
    if origin is list:
        return cs.list_schema(_entry(args[0], definitions), **entry_limits(length))
    if origin is dict:
        key, value = (_entry(arg, definitions) for arg in args)
        return cs.dict_schema(key, value, **entry_limits(length))
    if kind is str:
        return string_schema(markers, length, definitions)
    if kind is bool:
        return cs.bool_schema()
    if kind is int:
        return cs.int_schema(ge=whole(limits.min), le=whole(limits.max))
    if kind is float:
        return cs.no_info_plain_validator_function(_number_within(limits))
    if kind is datetime:
        form = next((mark for mark in markers if isinstance(mark, TimeFormat)), None)
        return cs.no_info_plain_validator_function(_time_in(form))
    if kind is bytes:
        return cs.no_info_plain_validator_function(_blob_within(length))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return cs.str_schema()
    if isinstance(kind, type) and issubclass(kind, Structure):
        return _structure(kind, definitions)
    raise _NotTakenError


def _entry(annotation: Any, definitions: dict[str, Any]) -> Any:
    schema = _value(annotation, (), definitions)
    return cs.nullable_schema(schema) if may_be_none(annotation) else schema


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
