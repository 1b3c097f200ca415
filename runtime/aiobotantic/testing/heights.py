"""How deep values must be: structures may hold themselves, some without end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from aiobotantic.constraints import Length
from aiobotantic.structure import Structure, describe
from aiobotantic.unions import UnionStructure


def height(annotation: Any, markers: tuple[Any, ...] = ()) -> int | None:
    """Return how deep the smallest value of a type is that keeps all limits; None if without end.

    Args:
        annotation: The type.
        markers: Limits that stand beside it.
    """
    heights = [_height(cls) for cls in _needed(annotation, markers)]
    known = [each for each in heights if each is not None]
    return max(known, default=0) if len(known) == len(heights) else None


@cache
def _height(cls: type[Structure]) -> int | None:
    needs = dict[type[Structure], list[frozenset[type[Structure]]]]()
    pending = [cls]
    while pending:
        each = pending.pop()
        if each not in needs:
            needs[each] = list(_ways(each))
            pending += [needed for way in needs[each] for needed in way]
    heights = dict[type[Structure], int]()
    level = 0
    while ending := [c for c in needs if c not in heights and _ends(needs[c], heights)]:
        level += 1
        heights.update(dict.fromkeys(ending, level))
    return heights.get(cls)


def _ends(ways: list[frozenset[type[Structure]]], known: Mapping[type[Structure], int]) -> bool:
    return any(way <= known.keys() for way in ways)


def _ways(cls: type[Structure]) -> Iterator[frozenset[type[Structure]]]:
    """Yield for each smallest instance of a class the classes that it holds directly."""
    members = describe(cls)
    if issubclass(cls, UnionStructure) and members.wire_names:
        yield from (_needed_by(cls, arm) for arm in members.wire_names)
    else:
        yield _needed_by(cls, *members.required)


def _needed_by(cls: type[Structure], *names: str) -> frozenset[type[Structure]]:
    fields = (cls.__pydantic_fields__[name] for name in names)
    return frozenset(
        needed for field in fields for needed in _needed(field.annotation, tuple(field.metadata))
    )


def _needed(annotation: Any, markers: tuple[Any, ...] = ()) -> Iterator[type[Structure]]:
    """Yield the structures that the smallest value of a type holds."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _needed(args[0], (*markers, *args[1:]))
    elif origin in (Union, UnionType):
        yield from _needed(next(arg for arg in args if arg is not NoneType), markers)
    elif origin in (list, dict):
        if any(isinstance(mark, Length) and mark.min for mark in markers):
            yield from (needed for arg in args for needed in _needed(arg))
    elif isinstance(annotation, type) and issubclass(annotation, Structure):
        yield annotation
