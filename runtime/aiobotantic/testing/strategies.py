"""Hypothesis strategies: valid instances of any generated structure.

`from_structure(DescribeEndpointOutput)`; `hypothesis.strategies.from_type` finds it as well. Values
are valid by construction, nothing is filtered: enums have listed values alone, unions one arm.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from string import ascii_letters, digits
from typing import Annotated, Any, Final, TypeVar, get_args, get_origin
from zlib import crc32

from aiobotantic.bindings import InHeader, InHeaders, InPath, InStatus
from aiobotantic.bodies import StreamingBody
from aiobotantic.constraints import Length, Pattern, Range
from aiobotantic.errors import constructor_error
from aiobotantic.event_stream import EventStream
from aiobotantic.structure import Structure, describe, value_type
from aiobotantic.testing.patterns import (
    acceptor,
    looks_around,
    matching,
    python_pattern,
    repeated_class,
)
from aiobotantic.testing.words import kebab
from aiobotantic.unions import UnionStructure

try:
    from hypothesis import strategies as st
    from hypothesis.errors import InvalidArgument
except ImportError as error:
    raise ImportError(
        "aiobotantic.testing.strategies needs hypothesis: pip install hypothesis"
    ) from error

__all__ = ["from_structure"]

S = TypeVar("S", bound=Structure)
Strategy = st.SearchStrategy[Any]

_DEEPEST: Final = 4
"""Structures within structures beyond which nothing is filled in that may be absent."""
_MORE_CHARACTERS: Final = 32
_MORE_ITEMS: Final = 2
"""What a value has at most beyond the least, where the model allows as much."""
_PLAIN: Final = ascii_letters + digits + "-_"
_UNPLAIN: Final = re.compile(r"[^ -~]|^ | $|^\.{0,2}$")
"""What paths and headers do not hold, or not unchanged."""
_SECONDS: Final = st.integers(946_684_800, 4_102_444_799)  # 2000 to 2099
_DOCUMENTS: Final = st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=2)


def from_structure(cls: type[S], **overrides: Any) -> st.SearchStrategy[S]:
    """Return a strategy of instances that keep every limit that the annotations of `cls` state.

    What a response streams is there at once: a `StreamingBody` as bytes, an `EventStream` as a
    list of events.

    Args:
        cls: any generated structure, unions included.
        overrides: values of fields, or strategies of them; None leaves a field out.

    Raises:
        RequestValidationError: an override that the class does not have.
    """
    known = describe(cls).wire_names
    if unknown := [name for name in overrides if name not in known]:
        raise constructor_error(cls.__name__, unknown, [], list(known))
    return _structures(cls, 0) if not overrides else _composite(cls, 0, overrides)


@cache
def _structures(cls: type[S], depth: int) -> st.SearchStrategy[S]:
    return _composite(cls, depth, {})


def _composite(cls: type[S], depth: int, overrides: Mapping[str, Any]) -> st.SearchStrategy[S]:
    chosen = _chosen(cls, depth, overrides)
    wanted: dict[str, Strategy] = {
        name: value if isinstance(value, st.SearchStrategy) else st.just(value)
        for name, value in overrides.items()
    }

    def structure(draw: st.DrawFn) -> S:
        values = {name: draw(_member(cls, name, depth)) for name in draw(chosen)}
        values |= {name: draw(given) for name, given in wanted.items()}
        return cls(**{name: value for name, value in values.items() if value is not None})

    structure.__name__ = cls.__name__
    return st.composite(structure)()


def _chosen(
    cls: type[Structure], depth: int, overrides: Mapping[str, Any]
) -> st.SearchStrategy[list[str]]:
    """Return fields to fill: one of a union, of others what is required and some more."""
    required = describe(cls).required
    names = [name for name in describe(cls).wire_names if name not in overrides]
    if issubclass(cls, UnionStructure):
        if any(value is not None for value in overrides.values()):
            return st.just([])
        least = min(_height(cls, name) for name in names)
        ends = [name for name in names if depth <= _DEEPEST or _height(cls, name) == least]
        return st.sampled_from([[name] for name in ends])
    fixed = [name for name in names if name in required]
    free = [name for name in names if name not in required]
    if not free or depth > _DEEPEST:
        return st.just(fixed)
    if depth:  # few: half of all members of all structures would be thousands
        return st.lists(st.sampled_from(free), max_size=2, unique=True).map(lambda n: fixed + n)
    masks = st.integers(0, 2 ** len(free) - 1)  # hypothesis tries the ends often
    return masks.map(lambda mask: [*fixed, *(n for at, n in enumerate(free) if mask >> at & 1)])


@cache
def _height(cls: type[Structure], name: str) -> float:
    """Return how many structures stand in one another at least in a member, itself included."""
    return _least(cls.__pydantic_fields__[name].annotation, ())


def _least(annotation: Any, above: tuple[Any, ...]) -> float:
    kind = value_type(annotation)
    if not (isinstance(kind, type) and issubclass(kind, Structure)):
        return 0  # a list may be empty, unless a limit says otherwise: then it is finite, or never
    if kind in above:
        return float("inf")
    fields = kind.__pydantic_fields__
    describe(kind)  # completes a recursive class
    if issubclass(kind, UnionStructure):
        return 1 + min(_least(member.annotation, (*above, kind)) for member in fields.values())
    needed = (fields[name].annotation for name in describe(kind).required)
    return 1 + max((_least(each, (*above, kind)) for each in needed), default=0)


@cache
def _member(cls: type[Structure], name: str, depth: int) -> Strategy:
    member = cls.__pydantic_fields__[name]
    return _value(member.annotation, tuple(member.metadata), describe(cls).wire_names[name], depth)


def _value(annotation: Any, markers: tuple[Any, ...], name: str, depth: int) -> Strategy:
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return _value(inner, (*markers, *more), name, depth)
    kind = value_type(annotation)
    if kind is not annotation:
        inner = next(arg for arg in get_args(annotation) if arg is not type(None))
        return _value(inner, markers, name, depth)
    origin, args = get_origin(kind), get_args(kind)
    low, high = _sizes(_marker(markers, Length) or Length(), _MORE_ITEMS, depth)
    if origin is EventStream:
        return st.lists(_structures(args[0], depth + 1), max_size=3)
    if origin is list:
        return st.lists(_value(args[0], (), name, depth), min_size=low, max_size=high)
    if origin is dict:
        places = tuple(mark for mark in markers if isinstance(mark, InHeaders))
        keys = _value(args[0], places, name, depth)
        values = _value(args[1], places, name, depth)
        return st.dictionaries(keys, values, min_size=low, max_size=high)
    if isinstance(kind, type) and issubclass(kind, Structure):
        return st.deferred(lambda: _structures(kind, depth + 1))
    if isinstance(kind, type) and issubclass(kind, Enum):
        listed: list[Any] = list(kind)
        return st.sampled_from(listed or [kebab(name)])
    if any(isinstance(mark, InStatus) for mark in markers):
        return st.just(200)
    return _scalar(kind, markers)


def _scalar(kind: Any, markers: tuple[Any, ...]) -> Strategy:
    length = _marker(markers, Length) or Length()
    limits = _marker(markers, Range) or Range()
    if kind is str:
        plain = any(isinstance(mark, (InHeader, InHeaders, InPath)) for mark in markers)
        pattern = _marker(markers, Pattern)
        return _texts(length, plain) if pattern is None else _matching(pattern, length, plain)
    if kind is bool:
        return st.booleans()
    if kind is int:
        low = -(2**31) if limits.min is None else int(limits.min)
        return st.integers(low, 2**31 - 1 if limits.max is None else int(limits.max))
    if kind is float:
        return st.floats(limits.min, limits.max, allow_nan=False, allow_infinity=False)
    if kind is datetime:
        return _SECONDS.map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
    if kind in (bytes, StreamingBody, Any):  # Any: what a request streams
        low, high = _sizes(length, _MORE_CHARACTERS, 0)
        return st.binary(min_size=low, max_size=high)
    return _DOCUMENTS


def _sizes(length: Length, more: int, depth: int) -> tuple[int, int]:
    """Return the fewest and the most entries of a value."""
    low = length.min or 0
    high = low if depth > _DEEPEST else low + more
    return low, high if length.max is None else min(high, length.max)


def _texts(length: Length, plain: bool) -> st.SearchStrategy[str]:
    low, high = _sizes(length, _MORE_CHARACTERS, 0)
    if plain:
        return st.text(_PLAIN, min_size=max(low, 1), max_size=max(high, 1))
    return st.text(st.characters(codec="utf-8"), min_size=low, max_size=high)


@cache
def _matching(pattern: Pattern, length: Length, plain: bool) -> st.SearchStrategy[str]:
    """Return strings that the whole pattern matches, of an allowed length.

    Hypothesis writes them from the pattern. It knows neither the length nor what the engine of
    requests makes of the pattern: what is refused makes place for one of ours.
    """
    accepts = acceptor(pattern.text, length)

    def fitting(text: str) -> str:
        if accepts(text) and not (plain and _UNPLAIN.search(text)):
            return text
        return _ours(pattern, length, crc32(text.encode("utf-8", "surrogatepass")))

    if (repeated := repeated_class(pattern.text)) is not None:
        characters, least, most = repeated
        low, high = _sizes(length, _MORE_CHARACTERS, 0)
        low = max(low, least)
        written = st.text(characters, min_size=low, max_size=max(low, min(high, most)))
    elif looks_around(pattern.text):  # hypothesis would filter
        written = st.integers(0, 2**16).map(str)
    else:
        written = _by_hypothesis(pattern)
    return written.map(fitting)


def _by_hypothesis(pattern: Pattern) -> st.SearchStrategy[str]:
    written = st.from_regex(python_pattern(pattern.text), fullmatch=True)
    try:
        written.validate()
    except (re.error, OverflowError, NotImplementedError):
        return st.integers(0, 2**16).map(str)
    return written


def _ours(pattern: Pattern, length: Length, seed: int) -> str:
    found = matching(pattern.text, length, seed=seed)
    if found is None:
        raise InvalidArgument(
            f"no string was found for the pattern {pattern.text}: pass a strategy of that member "
            "to from_structure()"
        )
    return found


M = TypeVar("M")


def _marker(markers: tuple[Any, ...], kind: type[M]) -> M | None:
    return next((mark for mark in markers if isinstance(mark, kind)), None)
