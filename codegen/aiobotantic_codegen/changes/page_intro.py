"""What stands between two methods of a page: a heading, the printed changes, a description."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aiobotantic_codegen.changes.page_delta import Delta, read_delta
from aiobotantic_codegen.changes.page_docs import DocReader
from aiobotantic_codegen.changes.page_lines import Lines
from aiobotantic_codegen.changes.record import Direction

HEADING = re.compile(r"(?P<name>[A-Za-z]\w*) \((?P<status>new|updated)\)(?: Link(?: \u00b6)?)?")
CHANGES = re.compile(r"Changes \((?P<where>request|response|both|request, response)\)")
SIDE = re.compile(r"(?P<side>Request|Response)(?=$|\s*\{)")
BOTH = (Direction.REQUEST, Direction.RESPONSE)
WHERE = {
    "request": (Direction.REQUEST,),
    "response": (Direction.RESPONSE,),
    "both": BOTH,
    "request, response": BOTH,
}


@dataclass(frozen=True, slots=True)
class Change:
    """One printed literal.

    Attributes:
        delta: What it says.
        directions: Where it belongs, as far as the page says so; empty if it does not.
        index: The line that it begins on.
    """

    delta: dict[str, Delta]
    directions: tuple[Direction, ...]
    index: int


@dataclass(frozen=True, slots=True)
class Intro:
    """What a method's introduction says.

    Attributes:
        index: The line of the heading, or the first line.
        operation: The name in the heading, `""` where a page has no headings.
        is_new: What the heading says; where there is none, whether no change is printed.
        changes: The printed literals.
    """

    index: int
    operation: str
    is_new: bool
    changes: tuple[Change, ...]


def read_intro(lines: Lines, start: int, end: int, docs: DocReader, *, headings: bool) -> Intro:
    """Read the lines from `start` to the `Request Syntax` at `end`."""
    heading: re.Match[str] | None = None
    where: str | None = None
    side: str | None = None
    place = index = start
    changes: list[Change] = []
    after_changes = start
    while index < end:
        text = lines.text(index)
        if headings and (match := HEADING.fullmatch(text)):
            if heading is not None:
                lines.fail(index, f"expected the `Request Syntax` of {heading['name']} before this")
            heading, place, after_changes = match, index, index + 1
        elif match := CHANGES.fullmatch(text):
            if where is not None:
                lines.fail(index, "the label of the changes stands twice")
            where, after_changes = match["where"], index + 1
            if not lines.text(after_changes).startswith(("{", "Request")):
                lines.fail(after_changes, "expected the changes below their label")
        elif (match := SIDE.match(text)) and _has_dict(lines, index, match.end()):
            side = match["side"].lower()
            skip = match.end() if text[match.end() :].strip() else 0
            index += not skip
            delta, behind = read_delta(lines, index, skip)
            changes.append(Change(delta, WHERE[side], index))
            index = after_changes = behind
            continue
        elif text.startswith("{'"):
            if changes and index != after_changes:
                lines.fail(index, "changes are printed in two places of one method")
            delta, behind = read_delta(lines, index)
            changes.append(Change(delta, (), index))
            index = after_changes = behind
            continue
        elif docs.is_structural(index):
            lines.fail(index, f"{text[:60]!r} belongs to no method here")
        index += 1
    if headings and heading is None:
        lines.fail(end, "expected a heading such as `CreateThing (updated)` before this")
    if headings and changes and where is None:
        lines.fail(changes[0].index, "expected a label such as `Changes (request)` before this")
    found = _directed(lines, changes, where)
    if headings and found and (before := [c.index for c in found if c.index < place]):
        lines.fail(before[0], "changes are printed before the heading of their method")
    is_new = heading["status"] == "new" if heading else not found
    if is_new and found:
        lines.fail(found[0].index, "changes are printed for a method that is new")
    if not is_new and not found:
        lines.fail(place, f"the updated method {heading['name'] if heading else ''} has no changes")
    return Intro(place, heading["name"] if heading else "", is_new, found)


def _has_dict(lines: Lines, index: int, skip: int) -> bool:
    rest = lines.text(index)[skip:].strip()
    return (rest or lines.text(index + 1)).startswith("{'")


def _directed(lines: Lines, changes: list[Change], where: str | None) -> tuple[Change, ...]:
    """Give each printed change the direction that its label, or its place, says."""
    if where is not None and not changes:
        return ()
    if len(changes) == 1:
        (change,) = changes
        sides = change.delta
        if not change.directions and sides.keys() == {"request", "response"}:
            return tuple(
                Change(part, WHERE[side], change.index)
                for side in ("request", "response")
                if isinstance(part := sides[side], dict)
            )
        if where == "request, response":
            lines.fail(change.index, "the label says request and response, one change is printed")
        if change.directions:
            lines.fail(change.index, "expected a change below `Request` and one below `Response`")
        return (Change(change.delta, WHERE[where] if where else (), change.index),)
    if len(changes) == 2:
        first, second = changes
        said = [change.directions for change in changes]
        if where not in (None, "request, response"):
            lines.fail(second.index, f"the label says {where}, two changes are printed")
        if first.delta == second.delta:
            lines.fail(second.index, "the same change is printed twice")
        if said not in ([(), ()], [WHERE["request"], WHERE["response"]]):
            lines.fail(second.index, "expected a change of the request and one of the response")
        return (
            Change(first.delta, WHERE["request"], first.index),
            Change(second.delta, WHERE["response"], second.index),
        )
    if changes:
        lines.fail(changes[2].index, "a third change of one method is printed")
    return ()
