"""From a method's printed changes and syntax blocks to entries, with the direction made out."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from aiobotantic_codegen.changes.page_delta import Misfit, Overlay
from aiobotantic_codegen.changes.page_intro import Change
from aiobotantic_codegen.changes.page_lines import Lines
from aiobotantic_codegen.changes.record import ChangeClass, Direction, Entry, Kind
from aiobotantic_codegen.changes.syntax import Syntax, SyntaxMember

ASK_THE_MODELS = "parse a copy of the page that kept its labels, or compare two models instead"


def updated_entries(
    lines: Lines,
    operation: str,
    changes: Collection[Change],
    syntaxes: dict[Direction, Syntax | None],
    *,
    sets: bool,
) -> tuple[Entry, ...]:
    """Return the entries of an updated method, request first.

    Args:
        lines: The page, for errors.
        operation: The name that the entries get.
        changes: What the page prints.
        syntaxes: The request's and the response's syntax, None for no response.
        sets: Whether the page prints added values in braces.
    """
    found: dict[Direction, tuple[Entry, ...]] = {}
    for change in changes:
        fits: dict[Direction, tuple[Entry, ...]] = {}
        misfits: list[str] = []
        for direction in change.directions or syntaxes:
            syntax = syntaxes[direction]
            try:
                if syntax is None:
                    raise Misfit("the method has no response")
                overlay = Overlay(operation, direction, sets=sets)
                fits[direction] = overlay.entries(change.delta, syntax)
            except Misfit as misfit:
                misfits.append(str(misfit))
        if not fits or (change.directions and misfits):
            lines.fail(change.index, f"{operation}: {'; '.join(misfits)}")
        if len(fits) > 1 and not change.directions:
            paths = ", ".join(entry.path for entry in fits[Direction.REQUEST])
            problem = f"{operation}: the request and the response both have {paths}, and the page"
            lines.fail(
                change.index, f"{problem} does not say which of them changed", ASK_THE_MODELS
            )
        found |= fits
    return tuple(entry for direction in syntaxes for entry in found.get(direction, ()))


def new_entry(operation: str) -> Entry:
    """Return the entry of a new method."""
    return Entry(
        operation=operation,
        direction=Direction.OPERATION,
        kind=Kind.OPERATION_ADDED,
        change_class=ChangeClass.ADDITIVE,
    )


def check_enums(
    lines: Lines,
    entries: Collection[tuple[Entry, Syntax, int]],
    known: dict[tuple[str, ...], Entry],
) -> None:
    """Refuse a page that says of one enum that it got these values here and those there.

    Args:
        lines: The page, for errors.
        entries: Entries, each with its syntax block and the line it is printed on.
        known: The enums seen so far, by all their values; grows.
    """
    for entry, root, index in entries:
        enum = root.at(entry.path)
        if entry.kind is not Kind.ENUM_VALUE_ADDED or enum is None:
            continue
        other = known.setdefault(enum.values, entry)
        if other.values != entry.values:
            problem = f"{entry.operation} and {other.operation} print other additions to one enum"
            apart = ", ".join(sorted({*other.values} ^ {*entry.values}))
            lines.fail(index, f"{problem}: {apart}")


def forget_known(request: Syntax, added: Collection[str]) -> Syntax:
    """Return an updated method's request with `required` only on what is new."""
    return _forget(request, "", frozenset(added))


def _forget(syntax: Syntax, path: str, added: frozenset[str]) -> Syntax:
    if path and path in added:
        return syntax
    item = syntax.item
    if item is not None:
        item = _forget(item, path + ("[]" if syntax.kind == "list" else "{}"), added)
    members = tuple(_forgotten(syntax, path, added))
    return syntax.model_copy(update={"members": members, "item": item})


def _forgotten(syntax: Syntax, path: str, added: frozenset[str]) -> Iterator[SyntaxMember]:
    for member in syntax.members:
        here = f"{path}.{member.name}" if path else member.name
        required = member.required if here in added else None
        inner = _forget(member.syntax, here, added)
        yield member.model_copy(update={"syntax": inner, "required": required})
