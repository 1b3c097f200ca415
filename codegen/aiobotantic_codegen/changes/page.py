"""A page of awsapichanges.com as a typed record: text or HTML in, facts out, or an error.

Three forms are read: the site's HTML, text that kept its headings and labels, and text that lost
them; docs/changes.md shows each. Nothing is guessed: what a page does not say is not in the record,
and a page that is cut or contradicts itself is a PageError.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Self

from botocore import xform_name
from pydantic import Field, model_validator

from aiobotantic_codegen.changes.page_delta import has_sets
from aiobotantic_codegen.changes.page_docs import DocReader, is_label
from aiobotantic_codegen.changes.page_entries import (
    check_enums,
    forget_known,
    new_entry,
    updated_entries,
)
from aiobotantic_codegen.changes.page_html import is_html, lines_of_html
from aiobotantic_codegen.changes.page_intro import HEADING, Intro, read_intro
from aiobotantic_codegen.changes.page_lines import Lines
from aiobotantic_codegen.changes.record import ChangeDocument, Direction, Entry, Kind
from aiobotantic_codegen.changes.syntax import Syntax, read_call, read_response
from aiobotantic_codegen.errors import PageError

HEADLINE = re.compile(
    r"(?P<date>\d{4}/\d{2}/\d{2}) - (?P<service>\S.*\S) - "
    r"(?:(?P<new>\d+) new ?)?(?:(?P<updated>\d+) updated ?)?api methods"
)
LIKE_HEADLINE = re.compile(r"\d{4}/\d{2}/\d{2}\W.*api methods?\b")
FORM = "a page begins with a line such as `2023/05/26 - Some Service - 8 updated api methods`"


class Status(StrEnum):
    """Whether a method existed before."""

    NEW = "new"
    UPDATED = "updated"


class Method(ChangeDocument):
    """What a page says about one method.

    Attributes:
        operation: AWS's name: as the heading has it, or derived from `method` where the page lost
            its headings. A derived name knows no acronyms: `Page.resolve` puts the true one in.
        method: The name that the page calls, `create_notebook_instance`; always the page's own.
        status: New or updated.
        entries: The facts, the request's first; one `operation_added` for a new method.
        request_syntax: The request as the page shows it, after the change.
        response_syntax: The response, None for a method without one.
    """

    operation: str
    method: str
    status: Status
    entries: tuple[Entry, ...]
    request_syntax: Syntax
    response_syntax: Syntax | None = None

    def syntax(self, direction: Direction) -> Syntax | None:
        """Return the request's or the response's syntax, None for no response."""
        return self.request_syntax if direction is Direction.REQUEST else self.response_syntax


class Page(ChangeDocument):
    """One change of one service.

    Attributes:
        date: The day.
        service: The service as the page names it.
        title: The headline.
        sentence: AWS's sentence about the change: prose, apart from the facts; empty if none.
        methods: In the page's order.
        entries: Those of all methods, in order.
        place: The name of the page in errors; not part of its JSON.
    """

    date: datetime.date
    service: str
    title: str
    sentence: str = ""
    methods: tuple[Method, ...]
    entries: tuple[Entry, ...]
    place: str = Field(default="page", exclude=True)

    @model_validator(mode="after")
    def _entries_agree(self) -> Self:
        if self.entries != tuple(entry for method in self.methods for entry in method.entries):
            raise ValueError("the entries of the page are not those of its methods")
        return self

    def resolve(self, operations: Mapping[str, str] | Iterable[str]) -> Page:
        """Return the page with the true names of operations.

        Args:
            operations: AWS's names of the operations of a model, or a mapping of the names that
                pages call (`list_things`) to AWS's names. New methods are only in the new model.

        Raises:
            PageError: A method is none of these operations.
        """
        if isinstance(operations, Mapping):
            names = dict(operations)
        else:
            names = {str(xform_name(name)): name for name in operations}
        return _page(self, [self._renamed(method, names) for method in self.methods])

    def _renamed(self, method: Method, names: Mapping[str, str]) -> Method:
        name = names.get(method.method)
        if name is None:
            problem = f"the model has no operation for client.{method.method}"
            remedy = "give the model of the page's service; a new method is only in the newer one"
            raise PageError(self.place, "", problem, remedy)
        entries = tuple(entry.model_copy(update={"operation": name}) for entry in method.entries)
        return method.model_copy(update={"operation": name, "entries": entries})


def parse_page(text: str, place: str) -> Page:
    """Read a page.

    Args:
        text: The page, HTML or text.
        place: Its name in errors.

    Raises:
        PageError: The page is none, is cut, or contradicts itself.
    """
    lines = lines_of_html(text, place) if is_html(text) else Lines.of_text(text, place)
    return _Reader(lines).page()


def decode_page(content: bytes, place: str) -> str:
    """Return the text of a page's bytes, which must be UTF-8.

    Raises:
        PageError: They are not text.
    """
    remedy = "save the page as UTF-8 text or HTML"
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = f"the bytes here are no UTF-8: {error.reason}"
        raise PageError(place, f"line {line}", problem, remedy) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise PageError(place, f"line {line}", "a NUL byte stands here: this is no text", remedy)
    return text


class _Reader:
    """Reads one page from top to bottom."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._top, self._headline = self._find_headline()
        texts = [lines.text(index) for index in range(self._top, len(lines))]
        self._headings = any(map(HEADING.fullmatch, texts))
        labels = any(is_label(text, name) for text in texts for name in ("rtype", "returns"))
        self._docs = DocReader(lines, self._top + 1, labels=labels)
        self._ends = [
            index for index in range(self._top, len(lines)) if lines.text(index) == "Request Syntax"
        ]

    def _find_headline(self) -> tuple[int, re.Match[str]]:
        lines = self._lines
        found = [i for i in range(len(lines)) if LIKE_HEADLINE.match(lines.text(i))]
        if not found:
            lines.fail(0, "no headline of a change is on the page", FORM)
        match = HEADLINE.fullmatch(lines.text(found[0]))
        if match is None or not (match["new"] or match["updated"]):
            lines.fail(found[0], "the headline has not the form of one", FORM)
        names = match["service"].split(" - ")
        if not match["service"].isascii() or len(set(names)) < len(names):
            lines.fail(found[0], "the service's name is garbled", FORM)
        if len(found) > 1:
            remedy = "give the page of one change: follow the link of its headline"
            lines.fail(found[1], "a second headline is on the page", remedy)
        for index in range(found[0]):
            if lines.text(index) in {"Request Syntax", "Response Syntax"}:
                lines.fail(index, "a method stands before the headline")
        return found[0], match

    def page(self) -> Page:
        """Read everything."""
        lines, headline = self._lines, self._headline
        sentence = self._sentence()
        intros: list[Intro] = []
        read: list[tuple[str, Syntax, Syntax | None]] = []
        for end in self._ends:
            if end < self._docs.index:
                lines.fail(end, "`Request Syntax` stands where a method is not at its end")
            intro = read_intro(lines, self._docs.index, end, self._docs, headings=self._headings)
            intros.append(intro)
            read.append(self._method(intro, end))
            twins = [(read[at][0], other.is_new) for at, other in enumerate(intros)]
            if twins.count(twins[-1]) > 1:
                lines.fail(end + 1, f"client.{twins[-1][0]} is on the page twice")
        self._check_end()
        self._check_counts(intros)
        sets = any(has_sets(change.delta) for intro in intros for change in intro.changes)
        enums: dict[tuple[str, ...], Entry] = {}
        methods = [
            self._made(intro, *parts, sets=sets, enums=enums)
            for intro, parts in zip(intros, read, strict=True)
        ]
        # The site counts a new method also as updated where it uses a structure that changed.
        new = {method.method for method in methods if method.status is Status.NEW}
        methods = [
            (
                method.model_copy(update={"entries": ()})
                if method.method in new and method.status is Status.UPDATED
                else method
            )
            for method in methods
        ]
        counts = [f"{headline[kind]} {kind} " for kind in ("new", "updated") if headline[kind]]
        title = f"{headline['date']} - {headline['service']} - {''.join(counts)}api methods"
        try:
            date = datetime.date.fromisoformat(headline["date"].replace("/", "-"))
        except ValueError:
            lines.fail(self._top, f"{headline['date']} is no date", FORM)
        page = Page(
            date=date,
            service=headline["service"],
            title=title,
            sentence=sentence,
            methods=(),
            entries=(),
            place=lines.place,
        )
        return _page(page, methods)

    def _sentence(self) -> str:
        """Read the prose behind `Changes`; in a page without headings it is one line."""
        lines, docs = self._lines, self._docs
        if not lines.text(docs.index).startswith("Changes "):
            return ""
        parts = [lines.text(docs.index).removeprefix("Changes ").strip()]
        docs.index += 1
        while self._headings and docs.index < len(lines):
            if HEADING.fullmatch(lines.text(docs.index)):
                break
            if docs.is_structural(docs.index):
                break
            parts.append(lines.text(docs.index))
            docs.index += 1
        return " ".join(parts)

    def _method(self, intro: Intro, end: int) -> tuple[str, Syntax, Syntax | None]:
        """Read a method from its `Request Syntax` to the end of its documentation."""
        lines, docs = self._lines, self._docs
        name, request, docs.index = read_call(lines, end + 1)
        if intro.operation and xform_name(intro.operation) != name:
            lines.fail(end + 1, f"client.{name} is not the method of {intro.operation}")
        if end_of_note := lines.left_out(docs.index):
            docs.index = end_of_note
        else:
            request = docs.parameters(request)
        if not self._has_response(name):
            return name, request, None
        docs.skip_to("Response Syntax", f"the `Response Syntax` of {name}")
        response, docs.index = read_response(lines, docs.index)
        if end_of_note := lines.left_out(docs.index):
            docs.index = end_of_note
            return name, request, response
        if lines.text(docs.index) != "Response Structure":
            lines.fail(docs.index, f"expected the `Response Structure` of {name}")
        docs.index += 1
        return name, request, docs.structure(response)

    def _has_response(self, name: str) -> bool:
        """Go to where the return value is described, and say whether there is one."""
        lines, docs = self._lines, self._docs
        while True:
            text = lines.text(docs.index)
            if docs.labels:
                if is_label(text, "returns"):
                    if lines.text(docs.index + 1) != "None":
                        lines.fail(docs.index, f"expected `rtype:` of {name} before this")
                    docs.index += 2
                    return False
                if is_label(text, "rtype"):
                    if lines.text(docs.index + 1) != "dict":
                        lines.fail(docs.index + 1, "expected `dict`")
                    if not is_label(lines.text(docs.index + 2), "returns"):
                        lines.fail(docs.index + 2, "expected `returns:`")
                    docs.index += 3
                    return True
            elif text == "dict":
                docs.index += 1
                return True
            elif text == "None" and not self._responds_later():
                docs.index += 1
                return False
            docs.skip_prose(f"what {name} returns")

    def _responds_later(self) -> bool:
        """Say whether a `Response Syntax` comes before the next method."""
        for index in range(self._docs.index, len(self._lines)):
            if self._lines.text(index) in {"Request Syntax", "Response Syntax"}:
                return self._lines.text(index) == "Response Syntax"
        return False

    def _check_end(self) -> None:
        lines, docs = self._lines, self._docs
        for index in range(docs.index, len(lines)):
            if docs.is_structural(index) or HEADING.fullmatch(lines.text(index)):
                problem = f"{lines.text(index)[:60]!r} begins a method that has no `Request Syntax`"
                lines.fail(index, problem)

    def _check_counts(self, intros: list[Intro]) -> None:
        said = {kind: int(self._headline[kind] or 0) for kind in Status}
        found = dict.fromkeys(Status, 0)
        for intro in intros:
            found[Status.NEW if intro.is_new else Status.UPDATED] += 1
        if said != found:
            shown = " and ".join(f"{count} {kind}" for kind, count in said.items())
            held = " and ".join(f"{count} {kind}" for kind, count in found.items())
            self._lines.fail(self._top, f"the headline says {shown} methods, the page holds {held}")

    def _made(
        self,
        intro: Intro,
        name: str,
        request: Syntax,
        response: Syntax | None,
        *,
        sets: bool,
        enums: dict[tuple[str, ...], Entry],
    ) -> Method:
        operation = intro.operation or "".join(part.capitalize() for part in name.split("_"))
        if intro.is_new:
            entries: tuple[Entry, ...] = (new_entry(operation),)
        else:
            syntaxes = {Direction.REQUEST: request, Direction.RESPONSE: response}
            entries = updated_entries(self._lines, operation, intro.changes, syntaxes, sets=sets)
            index = intro.changes[0].index
            placed = [(entry, syntaxes[entry.direction] or request, index) for entry in entries]
            check_enums(self._lines, placed, enums)
            added = [
                entry.path
                for entry in entries
                if entry.kind is Kind.MEMBER_ADDED and entry.direction is Direction.REQUEST
            ]
            request = forget_known(request, added)
        return Method(
            operation=operation,
            method=name,
            status=Status.NEW if intro.is_new else Status.UPDATED,
            entries=entries,
            request_syntax=request,
            response_syntax=response,
        )


def _page(page: Page, methods: list[Method]) -> Page:
    """Return a page with other methods, and their entries."""
    entries = tuple(entry for method in methods for entry in method.entries)
    return page.model_copy(update={"methods": tuple(methods), "entries": entries})
