"""Request checkers: the limits of a structure, checked on the bytes that would be sent.

One pydantic-core validator for each request class, built at the first request from the inert
markers in its annotations. Checking the bytes covers nested, changed and re-sent values alike.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin

from pydantic_core import SchemaError, SchemaValidator, ValidationError
from pydantic_core import core_schema as cs

from aiobotantic.bindings import is_raw_payload
from aiobotantic.constraints import Length, Pattern, Range
from aiobotantic.structure import (
    MASK,
    Structure,
    describe,
    is_mapping,
    is_sequence,
    mentions_structure,
    value_type,
)
from aiobotantic.unions import UnionStructure
from aiobotantic.values import TimeFormat

UNWRITABLE: Final = "unwritable"
"""Kind of the refusals that hold in every mode: what no request can carry."""

NO_TEXT: Final = "must be bytes, not str: pass text.encode()"
_ANY_LENGTH: Final = Length()
_ANYTHING: Final = re.compile(r"\^?\[(\\S\\s|\\s\\S)\]\*\$?")
"""A pattern that every text has."""
_ONE_CLASS_REPEATED: Final = re.compile(
    r"\^?(?P<one>\[(?:\\.|[^\]\\\[])+\]|\.|\\[wWdDsS])\{(?P<min>\d+),(?P<max>\d+)\}\$?"
)
_PLAIN_PREFIX: Final = re.compile(r"(?:[A-Za-z0-9:/](?![?*{]))*")
_GROUP_REPEATED: Final = re.compile(r"(?<!\\)\)\{(\d+),(\d+)\}")
_IN_A_CLASS: Final = re.compile(r"\[[^\]]*\)\{")


@dataclass(frozen=True)
class Refusal:
    """One limit that a request breaks."""

    path: str
    """The argument, in the names that the caller used: `tags[0].key`, or `Tags[0].Key`."""
    problem: str
    """What the limit asks for."""
    kind: str
    value: str
    """The value that breaks it, shortened, masked where sensitive."""

    @property
    def limit(self) -> tuple[str, str]:
        """The argument and limit without positions and keys: what is warned of once."""
        return re.sub(r"\[.*?\](?=[.\[]|$)", "[]", self.path), self.kind

    def __str__(self) -> str:
        return f"{self.path} = {self.value}: {self.problem}" if self.value else self._short()

    def _short(self) -> str:
        return f"{self.path}: {self.problem}" if self.path else self.problem


def check(cls: type[Structure], body: bytes, *, wire: bool) -> list[Refusal]:
    """Return what a request's JSON bytes break of the limits of `cls`; nothing where it is fine.

    `wire` names arguments as AWS does, else as the generated class does.
    """
    try:
        checker(cls).validate_json(body)
    except ValidationError as error:
        details = error.errors(include_url=False)
        return [_refusal(cls, detail, wire=wire) for detail in details]
    return []


def check_bytes(request: Structure, *, wire: bool) -> list[Refusal]:
    """Return the members that are text where the model says bytes: JSON shows no difference."""
    cls = type(request)
    return [
        Refusal(path=locate(cls, at, wire=wire).path, problem=NO_TEXT, kind="bytes_type", value="")
        for at in _texts(request, cls, ())
    ]


def _texts(value: Any, annotation: Any, at: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    kind = value_type(annotation)
    if isinstance(value, str):
        if kind is bytes:
            yield at
    elif isinstance(value, Structure):
        cls = type(value)
        for name in _blob_fields(cls):
            member = cls.__pydantic_fields__[name]
            step = describe(cls).json_names[name]
            yield from _texts(getattr(value, name), member.annotation, (*at, step))
    elif args := get_args(kind):
        if is_sequence(value):
            for place, each in enumerate(value):
                yield from _texts(each, args[-1], (*at, place))
        elif is_mapping(value):
            for key, each in value.items():
                yield from _texts(each, args[-1], (*at, key))


@cache
def _blob_fields(cls: type[Structure]) -> tuple[str, ...]:
    """Return the fields that are bytes, or hold some."""
    if not _leads_to_bytes(cls):
        return ()
    fields = cls.__pydantic_fields__.items()
    return tuple(name for name, member in fields if _leads_to_bytes(member.annotation))


def _leads_to_bytes(annotation: Any) -> bool:
    pending, seen = [annotation], set[Any]()
    while pending:
        kind = value_type(pending.pop())
        if kind is bytes:
            return True
        if isinstance(kind, type) and issubclass(kind, Structure):
            if kind not in seen:
                seen.add(kind)
                describe(kind)  # completes a recursive class
                pending += [member.annotation for member in kind.__pydantic_fields__.values()]
        else:
            pending += get_args(kind)
    return False


@cache
def checker(cls: type[Structure]) -> SchemaValidator:
    """Return the strict validator of the JSON bytes of `cls`."""
    return Schemas().validator(cls)


def pattern_schema(text: str, length: Length = _ANY_LENGTH) -> dict[str, Any] | None:
    """Return pydantic-core's constraints for a full match; None if Rust cannot take the pattern.

    A class repeated `{m,n}` times becomes a length check: Rust would unroll it.
    """
    low, high = length
    if repeated := _ONE_CLASS_REPEATED.fullmatch(text):
        text = f"{repeated['one']}*"
        low = max(low or 0, int(repeated["min"]))
        high = int(repeated["max"]) if high is None else min(high, int(repeated["max"]))
    limits = _limits(Length(low, high))
    if _ANYTHING.fullmatch(text):
        return limits
    text = _without_idle_bounds(text, high)
    schema: dict[str, Any] = limits | {
        "pattern": rf"\A(?:{text})\z",
        "regex_engine": "rust-regex",
    }
    try:
        SchemaValidator(cs.str_schema(**schema))
    except SchemaError:
        return None
    return schema


def _without_idle_bounds(text: str, high: int | None) -> str:
    """Return a pattern without upper bounds of groups that no text within its length can reach.

    Rust unrolls a group with its bound, and then takes milliseconds for a text of 1,000 characters.
    """
    if high is None or "|" in text or _IN_A_CLASS.search(text):
        return text
    prefix = len(_PLAIN_PREFIX.match(text)[0])  # type: ignore[index]
    return _GROUP_REPEATED.sub(
        lambda found: f"){{{found[1]},}}" if int(found[2]) + prefix >= high else found[0], text
    )


def _limits(length: Length) -> dict[str, Any]:
    limits = {"min_length": length.min, "max_length": length.max}
    return {name: value for name, value in limits.items() if value is not None}


class Schemas:
    """Makes the strict schema of a request class from the markers in its annotations.

    It reads JSON. A subclass may read plain values, by other schemas of the kinds that JSON lacks.
    """

    unknown: Literal["forbid", "ignore"] = "forbid"
    """What is done with names that are not in the model."""

    def __init__(self) -> None:
        self._definitions: dict[str, Any] = {}

    def validator(self, cls: type[Structure]) -> SchemaValidator:
        """Return the validator of a class."""
        root = self.structure(cls)
        return SchemaValidator(cs.definitions_schema(root, list(self._definitions.values())))

    def structure(self, cls: type[Structure]) -> Any:
        """Return the schema of a structure."""
        reference = f"{cls.__module__}.{cls.__qualname__}"
        if reference not in self._definitions:
            self._definitions[reference] = None  # a recursive structure meets its own reference
            members = describe(cls)
            fields = {
                members.json_names[name]: cs.typed_dict_field(
                    self._value(member.annotation, tuple(member.metadata)),
                    required=member.is_required(),
                )
                for name, member in cls.__pydantic_fields__.items()
                if not is_raw_payload(cls, name)
            }
            schema: Any = cs.typed_dict_schema(fields, extra_behavior=self.unknown)
            if issubclass(cls, UnionStructure):
                schema = cs.chain_schema([cs.dict_schema(min_length=1, max_length=1), schema])
            self._definitions[reference] = schema | {"ref": reference}
        return cs.definition_reference_schema(reference)

    def number(self, limits: Range) -> Any:
        """Return the schema of a number with a fraction."""
        bounded = limits != Range()
        number = cs.float_schema(
            strict=True, allow_inf_nan=not bounded, ge=limits.min, le=limits.max
        )
        return cs.no_info_before_validator_function(_number, number)

    def time(self, form: TimeFormat | None) -> Any:
        """Return the schema of a time that is written in a format; None for seconds."""
        if form is not None and form.name != "unixTimestamp":
            return cs.str_schema()
        return cs.float_schema(strict=True, allow_inf_nan=False)

    def blob(self, length: Length) -> Any:
        """Return the schema of bytes."""
        text = cs.custom_error_schema(cs.str_schema(), "bytes_type")
        return cs.no_info_after_validator_function(_blob_checker(length), text)

    def anything(self) -> Any:
        """Return the schema of what the model says nothing of."""
        return cs.any_schema()

    def _value(self, annotation: Any, markers: tuple[Any, ...]) -> Any:
        if get_origin(annotation) is Annotated:
            inner, *more = get_args(annotation)
            return self._value(inner, (*markers, *more))
        kind = value_type(annotation)
        if kind is not annotation:
            optional = [arg for arg in get_args(annotation) if arg is not type(None)]
            return self._value(optional[0], markers)
        args = get_args(kind)
        length = next((mark for mark in markers if isinstance(mark, Length)), Length())
        limits = next((mark for mark in markers if isinstance(mark, Range)), Range())
        form = next((mark for mark in markers if isinstance(mark, TimeFormat)), None)
        origin = get_origin(kind)
        if origin is list:
            return cs.list_schema(self._entry(args[0]), **_limits(length))
        if origin is dict:
            return cs.dict_schema(self._entry(args[0]), self._entry(args[1]), **_limits(length))
        if kind is str:
            return self._string(markers, length)
        if kind is bool:
            return cs.bool_schema(strict=True)
        if kind is int:
            return cs.int_schema(strict=True, ge=_whole(limits.min), le=_whole(limits.max))
        if kind is datetime:
            return self.time(form)
        if kind is float:
            return self.number(limits)
        if kind is bytes:
            return self.blob(length)
        if isinstance(kind, type) and issubclass(kind, Enum):
            return cs.str_schema()
        if isinstance(kind, type) and issubclass(kind, Structure):
            return self.structure(kind)
        return self.anything()

    def _entry(self, annotation: Any) -> Any:
        """Return the schema of an item or entry; None may stand where the annotation says so."""
        schema = self._value(annotation, ())
        return cs.nullable_schema(schema) if _may_be_none(annotation) else schema

    def _string(self, markers: tuple[Any, ...], length: Length) -> Any:
        pattern = next((mark for mark in markers if isinstance(mark, Pattern)), None)
        if pattern is None or (constraints := pattern_schema(pattern.text, length)) is None:
            return cs.str_schema(**_limits(length))
        return cs.str_schema(**constraints)


def _may_be_none(annotation: Any) -> bool:
    if get_origin(annotation) is Annotated:
        return _may_be_none(get_args(annotation)[0])
    return type(None) in get_args(annotation) and get_origin(annotation) in (Union, UnionType)


def _number(value: Any) -> Any:
    """Return a number that JSON has no literal of: AWS writes its name."""
    return float(value) if value in ("NaN", "Infinity", "-Infinity") else value


def _whole(bound: float | None) -> int | None:
    return None if bound is None else int(bound)


def _blob_checker(length: Length) -> Any:
    def check_blob(text: str) -> str:
        size = len(b64decode(text))
        if (length.min or 0) > size or (length.max is not None and size > length.max):
            raise ValueError(f"must have {length.text} bytes, has {size}")
        return text

    return check_blob


_PROBLEMS = {
    "missing": "is required",
    "extra_forbidden": "is not in the model",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} entries, has {actual_length}",
    "too_long": "must have at most {max_length} entries, has {actual_length}",
    "string_type": "must be a string",
    "int_type": "must be an integer",
    "int_from_float": "must be an integer",
    "float_type": "must be a number (a datetime where the argument is a time)",
    "bool_type": "must be True or False",
    "finite_number": "must be a finite number",
    "list_type": "must be a list",
    "dict_type": "must be a structure or a mapping",
    "json_invalid": "cannot be read back as JSON: {error}",
    "bytes_type": "must be bytes",
    "value_error": "{error}",
}


def _refusal(cls: type[Structure], detail: Any, *, wire: bool) -> Refusal:
    kind, context = detail["type"], detail.get("ctx", {})
    place = locate(cls, detail["loc"], wire=wire)
    if kind == "string_pattern_mismatch":
        text = context["pattern"].removeprefix(r"\A(?:").removesuffix(r")\z")
        problem = f"must match the pattern {text} as a whole"
    elif place.union and kind in ("too_short", "too_long"):
        problem = f"is a union: exactly one member must be set, not {len(detail['input'])}"
    else:
        known = _PROBLEMS.get(kind)
        problem = detail["msg"] if known is None else known.format_map(context)
    hidden = kind in ("missing", "extra_forbidden")  # nobody knows whether the latter is sensitive
    # What stands in a structure's place may hold its sensitive members, in any spelling.
    hidden = hidden or place.composite
    shown = "" if hidden else _shown(detail["input"], sensitive=place.sensitive)
    return Refusal(path=place.path, problem=problem, kind=kind, value=shown)


def _shown(value: Any, *, sensitive: bool) -> str:
    if sensitive:
        return MASK
    if isinstance(value, (list, dict)):
        return ""  # may hold sensitive members; the problem says how many entries it has
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."


class Place(NamedTuple):
    """Where a value stands in a structure."""

    path: str
    """`tags[0].key`, or in AWS's names `Tags[0].Key`."""
    sensitive: bool
    """Whether the value, or what holds it, is masked."""
    union: bool
    """Whether the value is a union."""
    composite: bool
    """Whether a structure should stand there, or in it, or nobody knows what."""


def locate(cls: type[Structure], location: tuple[Any, ...], *, wire: bool) -> Place:
    """Return the place that pydantic gives as steps; `wire` names members as AWS does."""
    path, sensitive = "", False
    kind: Any = cls
    for step in _steps(location):
        if isinstance(kind, type) and issubclass(kind, Structure):
            members = describe(kind)
            name = members.by_json_name.get(step)
            if name is None:
                shown = MASK if sensitive else str(step)
                path += f".{shown}" if path else shown
                kind = Any
                continue
            sensitive = sensitive or name in members.sensitive
            kind = value_type(kind.__pydantic_fields__[name].annotation)
            step = members.wire_names[name] if wire else name
            path += f".{step}" if path else str(step)
        else:
            path += f"[{MASK if sensitive else repr(step)}]"
            args = get_args(kind)
            kind = value_type(args[-1]) if args else Any
    union = isinstance(kind, type) and issubclass(kind, UnionStructure)
    return Place(path, sensitive, union, kind is Any or mentions_structure(kind))


def _steps(location: tuple[Any, ...]) -> Iterator[Any]:
    return (step for step in location if step != "[key]")
