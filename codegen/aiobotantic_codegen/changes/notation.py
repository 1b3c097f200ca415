"""What was added to a request or a response, as the dicts of change pages show it.

A member is a key, a list or a map of members is not seen; added values of an enum are a set. A new
member is a word for its type, `'A | B'` for an enum, and nested for what holds others:
`{'Tags': [{'Key': 'string'}]}`. A structure inside itself is `()`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pprint import PrettyPrinter
from typing import Any

from aiobotantic_codegen.changes.names import steps
from aiobotantic_codegen.changes.record import Entry, Kind
from aiobotantic_codegen.load.documents import ShapeDocument

NEW_MEMBERS = (Kind.MEMBER_ADDED, Kind.UNION_ARM_ADDED)
SHOWN = (*NEW_MEMBERS, Kind.ENUM_VALUE_ADDED)

_RECURSION = ()
_INSIDE = {"[]": "member", "{}": "value", "{key}": "key"}


def added(
    entries: Iterable[Entry], root: str, shapes: Mapping[str, ShapeDocument]
) -> dict[str, Any]:
    """Return what one direction of an operation has more, empty if nothing.

    Args:
        entries: Of one operation and one direction.
        root: The structure in the newer model that their paths start at.
        shapes: The newer model's.
    """
    tree: dict[str, Any] = {}
    for entry in entries:
        if entry.kind not in SHOWN:
            continue
        *above, last = (step for step in steps(entry.path) if step not in (".", *_INSIDE))
        place = tree
        for member in above:
            inner = place.setdefault(member, {})
            if not isinstance(inner, dict):  # new keys of a map whose values changed too
                inner = place[member] = {}
            place = inner
        if entry.kind in NEW_MEMBERS:
            *way, target = _way(entry.path, root, shapes)
            place[last] = described(target, shapes, frozenset(way))
        else:
            values = place.setdefault(last, set())
            if isinstance(values, set):
                values.update(entry.values)
    return tree


def described(
    name: str, shapes: Mapping[str, ShapeDocument], above: frozenset[str] = frozenset()
) -> Any:
    """Return what a new shape is; `()` for one that stands above it."""
    if name in above:
        return _RECURSION
    shape, inside = shapes[name], above | {name}
    if shape.type == "structure":
        return {
            member: described(each.shape, shapes, inside) for member, each in shape.members.items()
        }
    if shape.type == "list" and shape.member:
        return [described(shape.member.shape, shapes, inside)]
    if shape.type == "map" and shape.key and shape.value:
        key = described(shape.key.shape, shapes, inside)
        return {key: described(shape.value.shape, shapes, inside)}
    return " | ".join(shape.enum) if shape.enum else shape.type


def written(tree: dict[str, Any]) -> str:
    """Return a dict in the layout of the pages: keys and values sorted, 80 columns."""
    return _Sorted(width=80).pformat(tree)


class _Sorted(PrettyPrinter):
    """Python's, with the values of short sets sorted too."""

    def format(
        self,
        object: Any,  # noqa: A002
        context: dict[int, int],
        maxlevels: int,
        level: int,
    ) -> tuple[str, bool, bool]:
        if isinstance(object, set):
            return f"{{{', '.join(map(repr, sorted(object)))}}}", True, False
        return super().format(object, context, maxlevels, level)


def _way(path: str, root: str, shapes: Mapping[str, ShapeDocument]) -> list[str]:
    """Return the shapes on a path, from the root to the one that it leads to."""
    way = [root]
    for step in steps(path):
        shape = shapes[way[-1]]
        if step in _INSIDE:
            way.append(getattr(shape, _INSIDE[step]).shape)
        elif step != ".":
            way.append(shape.members[step].shape)
    return way
