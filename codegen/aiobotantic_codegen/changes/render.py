"""The page of an API change: what awsapichanges.com says of it, and what it cannot show.

The page is the site's up to its last method. What follows is ours, in a section of its own: what
was taken away or bounded, and what the whole means for callers of the generated client.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from aiobotantic_codegen.changes.models import Model
from aiobotantic_codegen.changes.notation import SHOWN, added, written
from aiobotantic_codegen.changes.record import ChangeClass, Difference, Direction, Entry, Kind
from aiobotantic_codegen.changes.reference import Reference, References
from aiobotantic_codegen.changes.text import Statement, meaning, statements
from aiobotantic_codegen.changes.walk import too_many_places
from aiobotantic_codegen.load.documents import OperationDocument
from aiobotantic_codegen.load.service import SERVICE

OWN_HEADING = "Beyond the page"
"""Heading of what is ours; in HTML a section of the class `beyond` besides."""

UNSHOWN_HEADING = "Not shown above"
CALLERS_HEADING = "For callers of the generated client"


MOST_LINES = 120_000
"""Of one method's reference, about; the longest of any service, Quick Sight's, has half of that."""


@dataclass(frozen=True)
class Change:
    """A dict of the page.

    Attributes:
        heading: `Request` or `Response` where a method has one dict for each, else empty.
    """

    heading: str
    text: str


@dataclass(frozen=True)
class Method:
    """One operation on the page.

    Attributes:
        sides: `request`, `response`, `request, response`, or `both` if one dict holds for both.
    """

    name: str
    is_new: bool
    sides: str
    changes: tuple[Change, ...]
    reference: Reference

    @property
    def status(self) -> str:
        """`new` or `updated`."""
        return "new" if self.is_new else "updated"


@dataclass(frozen=True)
class Page:
    """What a page says.

    Attributes:
        title: Name of the service.
        day: As the site writes it, `2023/05/26`; `undated` if nobody said.
        prose: What the service's team said of the change; may be empty.
        methods: New ones first, each kind in the model's order.
        unshown: What has no place in the dicts.
        callers: Every fact in Python's names, gravest first.
    """

    title: str
    day: str
    prose: str
    difference: Difference
    methods: tuple[Method, ...]
    unshown: tuple[Entry, ...]
    callers: tuple[Statement, ...]

    @property
    def header(self) -> str:
        """The first line, e.g. `2023/05/26 - Amazon SageMaker Service - 8 updated api methods`."""
        new = sum(method.is_new for method in self.methods)
        updated = len(self.methods) - new
        counts = [f"{new} new"] if new else []
        counts += [f"{updated} updated"] if updated or not new else []
        return f"{self.day} - {self.title} - {' '.join(counts)} api methods"

    @property
    def verdict(self) -> str:
        """What the whole means."""
        return (
            f"{self.difference.old} to {self.difference.new}: {self.difference.verdict} "
            f"(semver: {self.difference.semver})"
        )

    @property
    def groups(self) -> list[tuple[str, list[Statement]]]:
        """The facts for callers by class, with what the class means."""
        return [
            (f"{kind.capitalize()}: {meaning(kind)}", found)
            for kind in ChangeClass
            if (found := [each for each in self.callers if each.change_class is kind])
        ]


def build_page(
    difference: Difference,
    new: Model,
    *,
    title: str = "",
    prose: str = "",
    day: date | None = None,
) -> Page:
    """Put a page together.

    Args:
        difference: What changed.
        new: The newer of the models.
        title: Name of the service; empty for the model's own.
        prose: What the service's team said of the change.
        day: When it was published.
    """
    metadata = new.loaded.service.metadata
    return Page(
        title=" ".join((title or metadata.service_full_name or new.service).split()),
        day=day.strftime("%Y/%m/%d") if day else "undated",
        prose=" ".join(prose.split()),
        difference=difference,
        methods=tuple(sorted(_methods(difference, new), key=lambda method: not method.is_new)),
        unshown=tuple(entry for entry in difference.entries if not _is_shown(entry)),
        callers=tuple(statements(difference.entries)),
    )


def as_text(page: Page) -> str:
    """Return a page as text, the method's references in full."""
    return "\n".join(_lines(page)) + "\n"


def as_html(page: Page) -> str:
    """Return a page as one file of HTML that needs no other."""
    return _environment().get_template("page.html.jinja").render(page=page)


def _methods(difference: Difference, new: Model) -> Iterator[Method]:
    references = References(new.trees[SERVICE], new.service)
    entries: dict[str, list[Entry]] = {}
    for entry in difference.entries:
        if _is_shown(entry):
            entries.setdefault(entry.operation, []).append(entry)
    for name, document in new.loaded.service.operations.items():
        if name in entries:
            _check_size(document, new)
            is_new = entries[name][0].kind is Kind.OPERATION_ADDED
            sides, changes = ("", ()) if is_new else _changes(entries[name], document, new)
            yield Method(name, is_new, sides, changes, references.of(name))


def _check_size(operation: OperationDocument, model: Model) -> None:
    """Refuse what no reference could be made of: each path through the shapes is a line of it."""
    shapes = model.loaded.service.shapes
    ends = [end.shape for end in (operation.input, operation.output) if end]
    pending: list[tuple[str, frozenset[str]]] = [(end, frozenset()) for end in ends]
    lines = 0
    while pending:
        name, above = pending.pop()
        lines += 1
        if lines > MOST_LINES:
            raise too_many_places(str(model.loaded.path / SERVICE), ends[0], MOST_LINES)
        if name not in above:
            shape, inside = shapes[name], above | {name}
            held = (*shape.members.values(), shape.member, shape.key, shape.value)
            pending += [(each.shape, inside) for each in held if each is not None]


def _changes(
    entries: list[Entry], operation: OperationDocument, new: Model
) -> tuple[str, tuple[Change, ...]]:
    found: dict[Direction, dict[str, Any]] = {}
    ends = {Direction.REQUEST: operation.input, Direction.RESPONSE: operation.output}
    for direction, end in ends.items():
        some = [entry for entry in entries if entry.direction is direction]
        if some and end:
            found[direction] = added(some, end.shape, new.loaded.service.shapes)
    texts = [written(tree) for tree in found.values()]
    if len(texts) == 2 and texts[0] == texts[1]:
        return "both", (Change("", texts[0]),)
    headings = [side.capitalize() if len(found) == 2 else "" for side in found]
    return ", ".join(found), tuple(map(Change, headings, texts))


def _is_shown(entry: Entry) -> bool:
    """Return whether the site's own part of the page shows it."""
    if entry.kind is Kind.OPERATION_ADDED:
        return True
    return entry.kind in SHOWN and entry.direction in (Direction.REQUEST, Direction.RESPONSE)


def _lines(page: Page) -> Iterator[str]:
    yield from (page.title, "", page.header, "")
    if page.prose:
        yield from (f"Changes  {page.prose}", "")
    for method in page.methods:
        yield f"{method.name} ({method.status}) Link ¶"
        if method.changes:
            yield f"Changes ({method.sides})"
        for change in method.changes:
            yield from filter(None, (change.heading, change.text))
        yield from ("", method.reference.text(), "")
    yield from (OWN_HEADING, "", page.verdict, "")
    if page.unshown:
        yield from (UNSHOWN_HEADING, "")
        yield from (f"  • {entry.change_class}: {said(entry)}" for entry in page.unshown)
        yield ""
    if page.callers:
        yield from (CALLERS_HEADING, "")
    for heading, facts in page.groups:
        yield heading
        for statement in facts:
            yield f"  • {statement.fact}"
            yield from (f"    • {place}" for place in statement.places)
        yield ""


def said(entry: Entry) -> str:
    """Return an entry in AWS's names, e.g. `CreateApp request: Kind: enum value removed: A, B`."""
    place = f"{entry.operation} {entry.direction}" if entry.operation else str(entry.direction)
    separator = ", " if entry.kind is Kind.ENUM_VALUE_REMOVED else " -> "
    parts = (place, entry.path, entry.kind.replace("_", " "), separator.join(entry.values))
    return ": ".join(filter(None, parts))


def _marked(fact: str) -> Markup:
    """Return a fact with its Markdown code as HTML's."""
    code = Markup("<code>{}</code>")
    pieces = enumerate(fact.split("`"))
    return Markup("").join(code.format(piece) if place % 2 else piece for place, piece in pieces)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("aiobotantic_codegen.changes", "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["marked"] = _marked
    environment.filters["said"] = said
    environment.filters["reference"] = lambda reference: Markup(reference.html())
    environment.globals["own_heading"] = OWN_HEADING
    environment.globals["unshown_heading"] = UNSHOWN_HEADING
    environment.globals["callers_heading"] = CALLERS_HEADING
    return environment
