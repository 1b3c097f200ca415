"""A page against two models: whether what it says is true, and what it does not say."""

from __future__ import annotations

from collections.abc import Iterator

from aiobotantic_codegen.changes.fit import SCALARS, misfits
from aiobotantic_codegen.changes.models import Model
from aiobotantic_codegen.changes.page import Page
from aiobotantic_codegen.changes.record import ChangeDocument, Difference, Direction, Entry, Kind
from aiobotantic_codegen.load.documents import ServiceDocument

_ADDED = (Kind.MEMBER_ADDED, Kind.UNION_ARM_ADDED)


class Verification(ChangeDocument):
    """What came of it.

    Attributes:
        contained: Whether every fact of the page is in the difference.
        confirmed: Entries of the page that the difference has.
        missing: Entries of the page that it does not have.
        misfits: What the syntax blocks show otherwise than the newer model: it is not of that day.
        beyond: Entries of the difference that the page does not tell.
    """

    contained: bool
    confirmed: tuple[Entry, ...] = ()
    missing: tuple[Entry, ...] = ()
    misfits: tuple[str, ...] = ()
    beyond: tuple[Entry, ...] = ()


def verify_page(page: Page, difference: Difference, new: Model) -> Verification:
    """Compare a page with what two models differ in.

    Args:
        page: The page.
        difference: Of the two models.
        new: The newer one.

    Raises:
        PageError: The page has a method that the newer model does not have.
    """
    document = new.loaded.service
    page = page.resolve(tuple(document.operations))
    told: dict[int, set[str]] = {}
    confirmed: list[Entry] = []
    missing: list[Entry] = []
    for entry in page.entries:
        found = [
            (at, _told(entry, other))
            for at, other in enumerate(difference.entries)
            if _tells(entry, other)
        ]
        (confirmed if found else missing).append(entry)
        for at, values in found:
            told.setdefault(at, set()).update(values)
    wrong = tuple(syntax_misfits(page, document))
    return Verification(
        contained=not missing,
        confirmed=tuple(confirmed),
        missing=tuple(missing),
        misfits=wrong,
        beyond=tuple(_beyond(difference, told)),
    )


def syntax_misfits(page: Page, document: ServiceDocument) -> Iterator[str]:
    """Yield what the page's syntax blocks show otherwise than a model."""
    for method in page.methods:
        operation = document.operations[method.operation]
        ends = {Direction.REQUEST: operation.input, Direction.RESPONSE: operation.output}
        for direction, end in ends.items():
            syntax = method.syntax(direction)
            if syntax is not None:
                for misfit in misfits(syntax, end.shape if end else None, document.shapes):
                    yield f"{method.operation} {direction}: {misfit}"


def _tells(entry: Entry, other: Entry) -> bool:
    """Return whether an entry of a difference has what an entry of a page says."""
    if entry.operation != other.operation or entry.direction != other.direction:
        return False
    match entry.kind:
        case Kind.ENUM_VALUE_ADDED:
            same = other.kind is entry.kind and entry.path == other.path
            return (same and {*entry.values} <= {*other.values}) or _holds(other, entry.path)
        case Kind.MEMBER_ADDED:
            if other.kind in _ADDED and entry.path == other.path:
                return _same_type(entry.values, other.values)
            # A structure that had no members looks on a page as if it were new itself.
            below = other.kind in _ADDED and _is_below(other.path, entry.path)
            return below or _holds(other, entry.path)
        case kind:
            return other.kind is kind


def _told(entry: Entry, other: Entry) -> set[str]:
    return set(entry.values if entry.kind is Kind.ENUM_VALUE_ADDED else other.values)


def _holds(other: Entry, path: str) -> bool:
    """Return whether an entry adds what a path lies in."""
    return other.kind in _ADDED and _is_below(path, other.path)


def _is_below(path: str, above: str) -> bool:
    return path.startswith(above) and path[len(above) : len(above) + 1] in (".", "[", "{")


def _same_type(page: tuple[str, ...], model: tuple[str, ...]) -> bool:
    """Return whether a page's word for a new member is the model's type, or both are one enum."""
    if page == model:
        return True
    return any({*page, *model} <= {*words} for words in SCALARS.values())


def _beyond(difference: Difference, told: dict[int, set[str]]) -> Iterator[Entry]:
    for at, entry in enumerate(difference.entries):
        if at not in told:
            yield entry
        elif rest := tuple(value for value in entry.values if value not in told[at]):
            yield entry.model_copy(update={"values": rest, "python": ()})
