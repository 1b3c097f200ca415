"""The documentation below a syntax block: one line for each place of the tree, in its order.

The lines say what the block cannot: what is required, and the types of scalars that it shortens.
They also prove that nothing is missing: a line too many or too few is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aiobotantic_codegen.changes.page_lines import Lines, unusual
from aiobotantic_codegen.changes.syntax import Syntax, SyntaxKind, SyntaxMember

REQUIRED = "[REQUIRED]"
SPECIAL = {
    "bytes or seekable file-like object": "bytes",
    "JSON serializable": "document",
    ":ref:`document<document>`": "document",
    "document": "document",
    ":class:`.StreamingBody`": "bytes",
    "StreamingBody": "bytes",
    ":class:`.EventStream`": "dict",
    "EventStream": "dict",
}
PLAIN = {"string", "integer", "float", "boolean", "datetime", "list", "dict", "bytes"}
WORDS = PLAIN | SPECIAL.keys()
ALLOWED = {
    SyntaxKind.STRUCTURE: {"dict"},
    SyntaxKind.EVENTS: {"dict"},
    SyntaxKind.MAP: {"dict"},
    SyntaxKind.LIST: {"list"},
    SyntaxKind.ENUM: {"string"},
    SyntaxKind.STRING: {"string"},
    SyntaxKind.INTEGER: {"integer"},
    SyntaxKind.FLOAT: {"float"},
    SyntaxKind.BOOLEAN: {"boolean"},
    SyntaxKind.TIMESTAMP: {"datetime"},
    SyntaxKind.BLOB: {"bytes"},
    SyntaxKind.STREAM: {"bytes"},
    SyntaxKind.DOCUMENT: {"document"},
    SyntaxKind.RECURSION: {"dict", "list"},
}
MARKER = re.compile(
    rf"(?:(?P<name>[^\s()]+) )?\((?P<type>{'|'.join(map(re.escape, SPECIAL))}|[a-zA-Z]+)\) --"
    r"(?P<rest>\s.*|$)"
)
GARBLED_MARKER = re.compile(r"(?:[^\s()]+ )?\([a-zA-Z]+\) [^\w\s]{1,2}(?: \[REQUIRED\])?")
HEADINGS = {"Request Syntax", "Response Syntax", "Response Structure"}
LABEL = re.compile(r"(?:type|param) [A-Za-z_][\w.-]*:?|(?:rtype|returns):?")


@dataclass(frozen=True, slots=True)
class Marker:
    """A line of documentation that stands for one place of the tree."""

    name: str
    type: str
    required: bool


class DocReader:
    """Walks syntax trees and reads the lines that belong to them.

    Args:
        lines: The page.
        start: The index of the line to begin with; `index` is where the reader stands.
        labels: Whether the page has `type X:` and `param X:` before top-level parameters; pages
            that lost them name no top-level parameter.
    """

    def __init__(self, lines: Lines, start: int, *, labels: bool) -> None:
        self._lines, self.index, self.labels = lines, start, labels

    def parameters(self, request: Syntax) -> Syntax:
        """Read the documentation of a request's members; returns the request with types."""
        return request.model_copy(update={"members": tuple(map(self._parameter, request.members))})

    def _parameter(self, member: SyntaxMember) -> SyntaxMember:
        name, lines = member.name, self._lines
        what = f"the type of the parameter {name}"
        if self.labels:
            self.skip_to(f"type {name}", f"`type {name}:`")
        else:
            while lines.text(self.index) not in WORDS:
                self.skip_prose(what)
        word = lines.text(self.index)
        if word not in WORDS and member.syntax.kind is not SyntaxKind.OTHER:
            lines.fail(self.index, f"expected {what}, found {word[:40]!r}")
        self.index += 1
        syntax = self._typed(member.syntax, SPECIAL.get(word, word), name)
        if self.labels:
            if not is_label(lines.text(self.index), f"param {name}"):
                lines.fail(self.index, f"expected `param {name}:`")
            self.index += 1
        required = says_required(lines.text(self.index))
        self.index += required
        return member.model_copy(
            update={"syntax": self._nested(syntax, name), "required": required}
        )

    def structure(self, response: Syntax) -> Syntax:
        """Read the documentation below `Response Structure`."""
        marker = self._marker("", "the response")
        return self._nested(self._typed(response, marker.type, "the response"), "", request=False)

    def _nested(self, syntax: Syntax, path: str, *, request: bool = True) -> Syntax:
        """Read the lines of what a type holds."""
        match syntax.kind:
            case SyntaxKind.STRUCTURE | SyntaxKind.EVENTS:
                members = [self._member(member, path, request) for member in syntax.members]
                return syntax.model_copy(update={"members": tuple(members)})
            case SyntaxKind.LIST | SyntaxKind.MAP if syntax.item:
                of_list = syntax.kind is SyntaxKind.LIST
                here = path + ("[]" if of_list else "{}")
                if not of_list and self._marker("", f"the keys of {path}").type != "string":
                    self._lines.fail(self.index - 1, f"the keys of {path} are strings")
                marker = self._marker("", f"{here}")
                item = self._typed(syntax.item, marker.type, here)
                return syntax.model_copy(update={"item": self._nested(item, here, request=request)})
        return syntax

    def _member(self, member: SyntaxMember, path: str, request: bool) -> SyntaxMember:
        here = f"{path}.{member.name}" if path else member.name
        marker = self._marker(member.name, here)
        # The place that closes a circle says no `[REQUIRED]` even where it is required.
        says = request and member.syntax.kind is not SyntaxKind.RECURSION
        syntax = self._nested(self._typed(member.syntax, marker.type, here), here, request=request)
        return member.model_copy(
            update={"syntax": syntax, "required": marker.required if says else None}
        )

    def _marker(self, name: str, what: str) -> Marker:
        shown = f"`{name} (type) --`" if name else "`(type) --`"
        while (marker := read_marker(self._lines.text(self.index))) is None:
            self.skip_prose(f"{shown}, the documentation of {what}")
        if marker.name != name:
            found = self._lines.text(self.index).split(" --")[0]
            problem = f"expected {shown}, the documentation of {what}; found `{found} --`"
            self._lines.fail(self.index, problem)
        self.index += 1
        return marker

    def _typed(self, syntax: Syntax, word: str, what: str) -> Syntax:
        allowed = ALLOWED.get(syntax.kind)
        if allowed is not None and word not in allowed:
            problem = (
                f"{what} is {syntax.kind} in the syntax block, but {word} in the documentation"
            )
            self._lines.fail(max(self.index - 1, 0), problem)
        return syntax.model_copy(update={"type": word})

    def skip_to(self, text: str, what: str) -> None:
        """Go behind the next line that is this text, over prose alone."""
        while not is_label(self._lines.text(self.index), text):
            self.skip_prose(what)
        self.index += 1

    def skip_prose(self, expected: str) -> None:
        """Go over one line that must be prose."""
        if self.index >= len(self._lines) or self.is_structural(self.index):
            found = self._lines.text(self.index)
            found = f", found {found[:60]!r}" if found else ""
            self._lines.fail(self.index, f"expected {expected}{found}")
        self.index += 1

    def is_structural(self, index: int) -> bool:
        """Say whether a line cannot be prose."""
        text = self._lines.text(index)
        if text in HEADINGS or says_required(text) or read_marker(text) or is_garbled(text):
            return True
        if (text.startswith("client.") and "(" in text) or text.startswith("{'"):
            return True
        return bool(LABEL.fullmatch(text)) if self.labels else text in WORDS


def is_label(text: str, label: str) -> bool:
    """Say whether a line is this label, with or without its colon."""
    return text == label or text == f"{label}:"


def is_garbled(text: str) -> bool:
    """Say whether a line is `Name (type) --` with other dashes."""
    return bool(GARBLED_MARKER.fullmatch(text)) and bool(unusual(text))


def says_required(text: str) -> bool:
    """Say whether a line is `[REQUIRED]`, alone or before prose."""
    return text == REQUIRED or text.startswith(f"{REQUIRED} ")


def read_marker(text: str) -> Marker | None:
    """Read `Name (type) -- [REQUIRED]`, None if a line is no such thing."""
    match = MARKER.match(text)
    if match is None or (
        match["type"] not in WORDS and match["rest"].strip() not in {"", REQUIRED}
    ):
        return None
    word = SPECIAL.get(match["type"], match["type"])
    required = match["rest"].lstrip().startswith(REQUIRED)
    return Marker(match["name"] or "", word, required)
