"""What a page prints about an updated method: a literal, read and laid over the syntax blocks.

The page's own rules, which this file turns round: a set (or, on pages made from stored records, a
list) of strings holds the values that an enum got; a member that is new prints its type, a word,
`'A | B'` for an enum, `[item]`, `{key: value}`, a structure as a dict of all its members, `()`
where it holds itself; of what existed only the changed parts show, and its lists and maps leave no
mark.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeAlias

from aiobotantic_codegen.changes.page_lines import Cursor, Lines
from aiobotantic_codegen.changes.record import ChangeClass, Direction, Entry, Kind
from aiobotantic_codegen.changes.syntax import Syntax, SyntaxKind

Delta: TypeAlias = str | dict[str, "Delta"] | list["Delta"] | frozenset[str] | tuple[()]

WORDS = {
    SyntaxKind.STRING: {"string", "character"},
    SyntaxKind.INTEGER: {"integer", "long", "short", "byte", "bigInteger"},
    SyntaxKind.FLOAT: {"double", "float"},
    SyntaxKind.BOOLEAN: {"boolean"},
    SyntaxKind.TIMESTAMP: {"timestamp"},
    SyntaxKind.BLOB: {"blob"},
    SyntaxKind.STREAM: {"blob"},
    SyntaxKind.DOCUMENT: {"string"},
    SyntaxKind.OTHER: {"float", "character", "short", "byte", "bigInteger", "bigDecimal"},
}
HOLDERS = {SyntaxKind.STRUCTURE, SyntaxKind.EVENTS}


class Misfit(Exception):  # noqa: N818
    """A printed change that a syntax block does not bear out; the text says why."""


def read_delta(lines: Lines, start: int, skip: int = 0) -> tuple[dict[str, Delta], int]:
    """Read the literal that begins on a line, and return the index behind it."""
    tokens, end = lines.block(start, skip)
    delta = _value(Cursor(lines, tokens))
    if not isinstance(delta, dict) or not delta:
        lines.fail(start, "expected a dict of changed members")
    return delta, end


def _value(cursor: Cursor) -> Delta:
    if cursor.sort == "text":
        return _text(cursor)
    if cursor.take("(", ")"):
        return ()
    if cursor.take("["):
        items: list[Delta] = []
        while not cursor.take("]"):
            items.append(_value(cursor))
            if not cursor.is_next("]"):
                cursor.expect(",")
        if not items:
            cursor.fail("a list of changes is empty")
        return items
    cursor.expect("{")
    return _braces(cursor)


def _braces(cursor: Cursor) -> Delta:
    if cursor.take("}"):
        return {}
    first = _text(cursor)
    if not cursor.is_next(":"):
        values = [first]
        while not cursor.take("}"):
            cursor.expect(",")
            values.append(_text(cursor))
        if len(set(values)) < len(values):
            cursor.fail("an added value stands twice")
        return frozenset(values)
    members: dict[str, Delta] = {}
    name = first
    while True:
        cursor.expect(":")
        if name in members:
            cursor.fail(f"the changed member {name} stands twice")
        members[name] = _value(cursor)
        if cursor.take("}"):
            return members
        cursor.expect(",")
        name = _text(cursor)


def _text(cursor: Cursor) -> str:
    """Read a string; strings beside each other are one."""
    if cursor.sort != "text":
        cursor.fail(f"expected a string, found {cursor.text!r}")
    parts = []
    while cursor.sort == "text":
        parts.append(str(ast.literal_eval(cursor.read().text)))
    return "".join(parts)


def has_sets(delta: Delta) -> bool:
    """Say whether a literal prints added values in braces, not in brackets."""
    if isinstance(delta, dict):
        return any(map(has_sets, delta.values()))
    return isinstance(delta, frozenset)


class Overlay:
    """Lays printed changes over the request or the response of one operation.

    Args:
        operation: The operation's name.
        direction: Which of the two the syntax is.
        sets: Whether the page prints added values in braces: then a list is a new list.
    """

    def __init__(self, operation: str, direction: Direction, *, sets: bool) -> None:
        self._operation, self._direction, self._sets = operation, direction, sets

    def entries(self, delta: dict[str, Delta], root: Syntax) -> tuple[Entry, ...]:
        """Return the facts in the page's order.

        Raises:
            Misfit: The syntax block says otherwise, or allows two readings.
        """
        return tuple(self._members(delta, root, ""))

    def _members(self, delta: dict[str, Delta], syntax: Syntax, path: str) -> Iterator[Entry]:
        for name, change in delta.items():
            member = syntax.member(name)
            here = f"{path}.{name}" if path else name
            if member is None:
                raise Misfit(f"the {self._direction} syntax has no {here}")
            yield from self._change(change, member.syntax, here)

    def _change(self, delta: Delta, syntax: Syntax, path: str) -> Iterator[Entry]:
        new = is_type(delta, syntax)
        inner = self._readable(delta, syntax, path) if new else [*self._inside(delta, syntax, path)]
        if new and inner:
            problem = f"{path} can be a new member, or one that existed and got values"
            raise Misfit(f"{problem}; the page does not say which")
        if new:
            yield self._entry(path, Kind.MEMBER_ADDED, spoken_type(delta, syntax))
        elif inner:
            yield from inner
        else:
            raise Misfit(f"{path} is {syntax.kind} in the {self._direction} syntax, {delta!r} here")

    def _readable(self, delta: Delta, syntax: Syntax, path: str) -> list[Entry]:
        """Return the other reading of what looks like a whole new type; empty if there is none.

        A structure of which all members print as new is new; one that existed without members
        looks the same, and only the models can tell.
        """
        in_map = syntax.kind is SyntaxKind.MAP
        in_list = syntax.kind is SyntaxKind.LIST and not self._sets
        try:
            return list(self._inside(delta, syntax, path)) if in_map or in_list else []
        except Misfit:
            return []

    def _inside(self, delta: Delta, syntax: Syntax, path: str) -> Iterator[Entry]:
        """Yield the changes inside something that existed; none if that cannot be."""
        if syntax.kind is SyntaxKind.LIST and syntax.item:
            yield from self._item(delta, syntax.item, f"{path}[]")
        elif syntax.kind is SyntaxKind.MAP and syntax.item:
            yield from self._item(delta, syntax.item, f"{path}{{}}")
        elif syntax.kind in HOLDERS and isinstance(delta, dict):
            yield from self._members(delta, syntax, path)
        elif syntax.kind is SyntaxKind.ENUM and (added := added_values(delta)):
            if unknown := sorted(added - set(syntax.values)):
                raise Misfit(
                    f"{', '.join(unknown)} was added to {path}, but the {self._direction} syntax "
                    "does not list it"
                )
            values = tuple(value for value in syntax.values if value in added)
            yield self._entry(path, Kind.ENUM_VALUE_ADDED, values)

    def _item(self, delta: Delta, item: Syntax, path: str) -> Iterator[Entry]:
        """Yield the changes of a list's items or a map's values, which exist as the list does."""
        found = list(self._inside(delta, item, path))
        if not found and isinstance(delta, dict) and item.kind not in HOLDERS:
            raise Misfit(f"{path} is {item.kind} in the {self._direction} syntax, {delta!r} here")
        yield from found

    def _entry(self, path: str, kind: Kind, values: tuple[str, ...]) -> Entry:
        return Entry(
            operation=self._operation,
            direction=self._direction,
            path=path,
            kind=kind,
            change_class=ChangeClass.ADDITIVE,
            values=values,
        )


def added_values(delta: Delta) -> frozenset[str]:
    """Return the values of a set, or of a list that stands for one; none for anything else."""
    if isinstance(delta, list):
        texts = [value for value in delta if isinstance(value, str)]
        return frozenset(texts) if len(texts) == len(delta) == len(set(texts)) else frozenset()
    return delta if isinstance(delta, frozenset) else frozenset()


def is_type(delta: Delta, syntax: Syntax) -> bool:
    """Say whether a literal is how a page prints this type when it is new, whole."""
    kind = syntax.kind
    if kind is SyntaxKind.RECURSION:
        return isinstance(delta, dict | list | tuple)
    match delta:
        case str():
            if kind is SyntaxKind.ENUM:
                return delta == " | ".join(syntax.values)
            return delta in WORDS.get(kind, ())
        case dict() if kind is SyntaxKind.MAP:
            value, *more = delta.values() or [""]
            return not more and syntax.item is not None and is_type(value, syntax.item)
        case dict() if kind is SyntaxKind.DOCUMENT:
            return not delta
        case dict() if kind is SyntaxKind.EVENTS and not syntax.members:
            return True
        case dict() if kind in HOLDERS:
            members = {member.name: member.syntax for member in syntax.members}
            return delta.keys() == members.keys() and all(
                is_type(delta[name], member) for name, member in members.items()
            )
        case [item] if kind is SyntaxKind.LIST:
            return syntax.item is not None and is_type(item, syntax.item)
    return False


def spoken_type(delta: Delta, syntax: Syntax) -> tuple[str, ...]:
    """Return a new member's type: the values of an enum, else the page's word or the kind."""
    if syntax.kind is SyntaxKind.ENUM:
        return syntax.values
    if isinstance(delta, str):
        return (delta,)
    if syntax.kind in {SyntaxKind.LIST, SyntaxKind.MAP}:
        return (syntax.kind.value,)
    return ("list" if isinstance(delta, list) else "structure",)
