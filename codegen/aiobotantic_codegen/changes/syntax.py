"""The syntax blocks of a page: `client.create_x( Name='string', ... )` as a tree of types."""

from __future__ import annotations

import re
from enum import StrEnum

from pydantic import SerializerFunctionWrapHandler, model_serializer

from aiobotantic_codegen.changes.page_lines import Cursor, Lines
from aiobotantic_codegen.changes.record import ChangeDocument

CALL = re.compile(r"client\.(?P<method>[a-z0-9_]+)(?=\s*\()")
ANY_VALUE = "{...}|[...]|123|123.4|'string'|True|None"


class SyntaxKind(StrEnum):
    """What stands at one place of a syntax block."""

    STRUCTURE = "structure"
    LIST = "list"
    MAP = "map"
    ENUM = "enum"
    STRING = "string"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"
    BLOB = "blob"
    DOCUMENT = "document"
    RECURSION = "recursion"
    STREAM = "stream"
    EVENTS = "events"
    OTHER = "other"


class Syntax(ChangeDocument):
    """The type at one place, and what it holds.

    Attributes:
        kind: What it is. STREAM is a blob that is read or written in pieces, EVENTS an event
            stream, OTHER a scalar that the block writes as `...`.
        type: The word that the page's documentation uses: string, integer, float, boolean,
            datetime, bytes, list, dict and so on; empty where the page documents nothing.
        members: Of a structure or an event stream, in the model's order.
        item: What a list's items or a map's values are.
        values: Of an enum, in the model's order.
    """

    kind: SyntaxKind
    type: str = ""
    members: tuple[SyntaxMember, ...] = ()
    item: Syntax | None = None
    values: tuple[str, ...] = ()

    @model_serializer(mode="wrap")
    def _without_blanks(self, dump: SerializerFunctionWrapHandler) -> dict[str, object]:
        tree: dict[str, object] = dump(self)
        return {key: value for key, value in tree.items() if value not in ("", (), [], None)}

    def member(self, name: str) -> SyntaxMember | None:
        """Return a member by AWS's name."""
        return next((member for member in self.members if member.name == name), None)

    def at(self, path: str) -> Syntax | None:
        """Return what stands at a path of the notation of `Entry.path`, None if nothing does."""
        here: Syntax | None = self
        for step in re.findall(r"\[\]|\{\}|[^.\[\]{}]+", path):
            if here is None:
                return None
            if step in {"[]", "{}"}:
                kind = SyntaxKind.LIST if step == "[]" else SyntaxKind.MAP
                here = here.item if here.kind is kind else None
            else:
                member = here.member(step)
                here = member.syntax if member else None
        return here


class SyntaxMember(ChangeDocument):
    """One member of a structure.

    Attributes:
        name: AWS's name.
        syntax: Its type.
        required: Whether the page says `[REQUIRED]`, of what is new; None of what existed, since
            that is the model's to say, and of responses, which say nothing about it.
    """

    name: str
    syntax: Syntax
    required: bool | None = None


def read_call(lines: Lines, start: int) -> tuple[str, Syntax, int]:
    """Read a request's syntax: the method's name, the request, the index behind it."""
    match = CALL.match(lines.text(start))
    if match is None:
        _fail_if_left_out(lines, start)
        lines.fail(start, "expected `client.<method>(` below `Request Syntax`")
    tokens, end = lines.block(start, match.end())
    cursor = Cursor(lines, tokens)
    cursor.expect("(")
    return match["method"], _structure(cursor, "=", ")"), end


def read_response(lines: Lines, start: int) -> tuple[Syntax, int]:
    """Read a response's syntax, and the index behind it."""
    if not lines.text(start).startswith("{"):
        _fail_if_left_out(lines, start)
        lines.fail(start, "expected a `{` below `Response Syntax`")
    tokens, end = lines.block(start)
    cursor = Cursor(lines, tokens)
    cursor.expect("{")
    return _structure(cursor, ":", "}"), end


def _fail_if_left_out(lines: Lines, start: int) -> None:
    if lines.left_out(start):
        remedy = "compare two models instead: this page does not hold what it takes"
        lines.fail(start, "the page leaves this syntax out because it is long", remedy)


def _structure(cursor: Cursor, sign: str, close: str) -> Syntax:
    members: dict[str, SyntaxMember] = {}
    if not cursor.take(close):
        while True:
            token = cursor.read()
            if token.sort != ("text" if sign == ":" else "word"):
                cursor.fail(f"{token.text!r} is no name of a member")
            name = token.text[1:-1] if sign == ":" else token.text
            if name in members:
                cursor.fail(f"the member {name} stands twice in a syntax block")
            cursor.expect(sign)
            members[name] = SyntaxMember(name=name, syntax=_value(cursor))
            if not cursor.take(","):
                break
        cursor.expect(close)
    return Syntax(kind=SyntaxKind.STRUCTURE, members=tuple(members.values()))


def _value(cursor: Cursor) -> Syntax:
    match cursor.sort:
        case "text":
            return _strings(cursor)
        case "bytes":
            cursor.read()
            streams = cursor.take("|", "file")
            return Syntax(kind=SyntaxKind.STREAM if streams else SyntaxKind.BLOB)
        case "number":
            whole = "." not in cursor.read().text
            return Syntax(kind=SyntaxKind.INTEGER if whole else SyntaxKind.FLOAT)
        case "dots":
            cursor.read()
            return Syntax(kind=SyntaxKind.OTHER)
        case "word":
            return _named(cursor)
    if cursor.take("["):
        item = _value(cursor)
        cursor.take(",")
        cursor.expect("]")
        return Syntax(kind=SyntaxKind.LIST, item=item)
    return _braces(cursor)


def _strings(cursor: Cursor) -> Syntax:
    values = [cursor.read().text[1:-1]]
    while cursor.take("|"):
        if cursor.sort != "text":
            cursor.fail("expected another value of an enum")
        values.append(cursor.read().text[1:-1])
    if len(set(values)) < len(values):
        cursor.fail("a value of an enum stands twice")
    if values == ["string"]:
        return Syntax(kind=SyntaxKind.STRING)
    return Syntax(kind=SyntaxKind.ENUM, values=tuple(values))


def _named(cursor: Cursor) -> Syntax:
    if cursor.take("True", "|", "False"):
        return Syntax(kind=SyntaxKind.BOOLEAN)
    if cursor.take("datetime", "(", "2015", ",", "1", ",", "1", ")"):
        return Syntax(kind=SyntaxKind.TIMESTAMP)
    if cursor.take("StreamingBody", "(", ")"):
        return Syntax(kind=SyntaxKind.STREAM)
    if cursor.take("EventStream", "("):
        if cursor.take(")"):
            return Syntax(kind=SyntaxKind.EVENTS)
        cursor.expect("{")
        events = _structure(cursor, ":", "}")
        cursor.expect(")")
        return events.model_copy(update={"kind": SyntaxKind.EVENTS})
    cursor.fail(f"{cursor.text!r} is no value of a syntax block")


def _braces(cursor: Cursor) -> Syntax:
    cursor.expect("{")
    if cursor.take("...", "}"):
        if not cursor.is_next("|"):
            return Syntax(kind=SyntaxKind.EVENTS)
        for part in ANY_VALUE.split("|")[1:]:
            cursor.expect("|")
            for text in ("[", "...", "]") if part == "[...]" else (part,):
                cursor.expect(text)
        return Syntax(kind=SyntaxKind.DOCUMENT)
    if cursor.take("'... recursive ...'", "}"):
        return Syntax(kind=SyntaxKind.RECURSION)
    if cursor.take("'string'", ":"):
        item = _value(cursor)
        cursor.expect("}")
        return Syntax(kind=SyntaxKind.MAP, item=item)
    return _structure(cursor, ":", "}")
