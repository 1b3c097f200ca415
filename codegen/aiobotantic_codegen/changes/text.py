"""A difference in words: for a terminal, a pull request and a changelog."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from aiobotantic_codegen.changes.record import ChangeClass, Difference, Direction, Entry, Kind

_MOST_VALUES = 12
_MOST_PLACES = 8

_MEANING = {
    ChangeClass.BREAKING: "code that worked may fail",
    ChangeClass.ADDITIVE: "more than there was",
    ChangeClass.CONSTRAINT: "what is checked before sending",
    ChangeClass.WIRE: "what travels, and no name or type",
    ChangeClass.DOCS: "what documentation says",
    ChangeClass.NONE: "nothing that a caller can tell",
}


@dataclass(frozen=True)
class Statement:
    """One fact with all the places where it shows.

    Attributes:
        fact: In Python's names, e.g. "`InstanceType` gains `ML_P4D_24XLARGE`".
        places: Methods with their arguments or results.
    """

    change_class: ChangeClass
    fact: str
    places: tuple[str, ...]


def meaning(change_class: ChangeClass) -> str:
    """Return what a class means, in a few words."""
    return _MEANING[change_class]


def statements(entries: Iterable[Entry]) -> list[Statement]:
    """Join the entries that tell one fact; gravest first, then in the order of the entries."""
    places: dict[tuple[ChangeClass, str], dict[str, None]] = {}
    for entry in entries:
        where = places.setdefault((entry.change_class, _fact(entry)), {})
        if entry.operation and entry.python and _has_place(entry):
            where[entry.python[0]] = None
    order = list(ChangeClass)
    found = [Statement(kind, fact, tuple(where)) for (kind, fact), where in places.items()]
    return sorted(found, key=lambda statement: order.index(statement.change_class))


def as_text(difference: Difference) -> str:
    """Return a difference for a terminal: every entry with its AWS path and its Python names."""
    lines = [_headline(difference), ""]
    for change_class in ChangeClass:
        entries = [e for e in difference.entries if e.change_class is change_class]
        if entries:
            lines.append(f"{change_class} ({_MEANING[change_class]})")
            for entry in entries:
                place = " ".join(filter(None, (entry.operation, entry.direction, entry.path)))
                lines.append(f"  {entry.kind}  {place}")
                lines += [f"      {line}" for line in _details(entry)]
            lines.append("")
    lines.append(_counts(difference))
    return "\n".join(lines) + "\n"


def as_markdown(difference: Difference) -> str:
    """Return a difference for a pull request: facts in Python's names, each with its places."""
    lines = [f"## {_headline(difference)}", ""]
    shown: ChangeClass | None = None
    for statement in statements(difference.entries):
        if statement.change_class is not shown:
            shown = statement.change_class
            lines += ["", f"### {shown.capitalize()}: {_MEANING[shown]}", ""]
        lines.append(f"- {with_places(statement)}")
    lines += ["", _counts(difference)]
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def with_places(statement: Statement) -> str:
    """Return a statement in one line."""
    if not statement.places:
        return statement.fact
    return f"{statement.fact}: {_listed([f'`{place}`' for place in statement.places])}"


def _headline(difference: Difference) -> str:
    return (
        f"{difference.service}: {difference.old} to {difference.new}: {difference.verdict} "
        f"(semver: {difference.semver})"
    )


def _counts(difference: Difference) -> str:
    entries = _count(len(difference.entries), "entry", "entries")
    texts = difference.counts.documentation
    if texts is None:
        return f"{entries}; no documentation to compare"
    verb = "differs" if texts == 1 else "differ"
    return f"{entries}; documentation: {_count(texts, 'text')} {verb}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def _details(entry: Entry) -> Iterator[str]:
    if entry.values:
        separator = ", " if len(entry.values) != 2 or entry.kind in _LISTS else " -> "
        yield separator.join(value or "none" for value in _shortened(entry.values))
    method, *names = entry.python or ("",)
    yield from filter(None, (method, ", ".join(_shortened(names))))


_LISTS = {
    Kind.ENUM_VALUE_ADDED,
    Kind.ENUM_VALUE_REMOVED,
    Kind.MEMBER_ADDED,
    Kind.UNION_ARM_ADDED,
}


def _has_place(entry: Entry) -> bool:
    return entry.direction in (Direction.REQUEST, Direction.RESPONSE) or entry.kind in (
        Kind.ERROR_ADDED,
        Kind.ERROR_REMOVED,
    )


def _fact(entry: Entry) -> str:
    """Return what an entry says, without its place."""
    names = [f"`{name}`" for name in entry.python]
    last = names[-1] if names else f"`{entry.path or entry.direction}`"
    old, new = (entry.values[0], entry.values[-1]) if entry.values else ("", "")
    match entry.kind:
        case Kind.OPERATION_ADDED | Kind.MEMBER_ADDED | Kind.UNION_ARM_ADDED:
            return f"{last} is new"
        case Kind.OPERATION_REMOVED | Kind.MEMBER_REMOVED:
            return f"{last} is gone"
        case Kind.MEMBER_RETARGETED:
            return f"{names[-2]} gives way to {names[-1]}"
        case Kind.ENUM_VALUE_ADDED | Kind.ENUM_VALUE_REMOVED:
            enum = entry.python[-1].partition(".")[0]
            members = [f"`{name.partition('.')[2]}`" for name in entry.python if _is(name, enum)]
            verb = "gains" if entry.kind is Kind.ENUM_VALUE_ADDED else "loses"
            return f"`{enum}` {verb} {_listed(members)}"
        case Kind.REQUIRED_ADDED:
            return f"{last} is required now"
        case Kind.REQUIRED_REMOVED:
            return f"{last} is optional now"
        case Kind.TYPE_CHANGED:
            return f"type: {old}, now {new}"
        case Kind.CONSTRAINT_LOOSENED | Kind.CONSTRAINT_TIGHTENED:
            verb = entry.kind.removeprefix("constraint_")
            return f"limit {verb}: {old}, now {new}"
        case Kind.PATTERN_CHANGED:
            return f"pattern: `{old or 'none'}`, now `{new or 'none'}`"
        case Kind.ERROR_ADDED:
            return f"{last} may be raised"
        case Kind.ERROR_REMOVED:
            return f"{last} is no longer listed"
        case Kind.TRAIT_CHANGED if entry.direction is Direction.OPERATION:
            return f"{last}: {entry.path}: {old}, now {new}"
        case Kind.TRAIT_CHANGED:
            return f"{last}: {old}, now {new}"
        case Kind.PAGINATOR_CHANGED | Kind.WAITER_CHANGED if "present" in entry.values:
            return f"{names[0]} is {'new' if new == 'present' else 'gone'}"
        case Kind.PAGINATOR_CHANGED | Kind.WAITER_CHANGED:
            return f"{names[0]}: {entry.path}: {old}, now {new}"
        case Kind.ENDPOINT_CHANGED:
            return f"endpoint {entry.path}: changed"
        case Kind.METADATA_CHANGED:
            return f"{entry.path}: {old}, now {new}"


def _is(name: str, enum: str) -> bool:
    return name.startswith(f"{enum}.") and name.count(".") == 1


def _listed(names: Sequence[str]) -> str:
    """Join names with commas, the last ones as a count where they are many."""
    if len(names) <= _MOST_PLACES + 1:
        return ", ".join(names)
    return f"{', '.join(names[:_MOST_PLACES])} and {len(names) - _MOST_PLACES} more"


def _shortened(values: Sequence[str]) -> list[str]:
    if len(values) <= _MOST_VALUES + 1:
        return list(values)
    return [*values[:_MOST_VALUES], f"and {len(values) - _MOST_VALUES} more"]
