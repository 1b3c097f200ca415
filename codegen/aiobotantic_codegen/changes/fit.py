"""Whether a page's syntax block shows a shape of a model, member for member and value for value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aiobotantic_codegen.changes.syntax import Syntax, SyntaxKind
from aiobotantic_codegen.load.documents import ShapeDocument

SCALARS = {
    SyntaxKind.STRING: ("string",),
    SyntaxKind.INTEGER: ("integer", "long"),
    SyntaxKind.FLOAT: ("float", "double"),
    SyntaxKind.BOOLEAN: ("boolean",),
    SyntaxKind.TIMESTAMP: ("timestamp",),
    SyntaxKind.BLOB: ("blob",),
    SyntaxKind.STREAM: ("blob",),
}


def misfits(
    syntax: Syntax, shape: str | None, shapes: Mapping[str, ShapeDocument], path: str = ""
) -> Iterator[str]:
    """Yield what a syntax block shows otherwise than the model has it, each with its path.

    Args:
        syntax: What the page shows.
        shape: Name of the shape; None for an operation without one.
        shapes: Those of the model.
        path: Where both stand.
    """
    document = shapes[shape] if shape is not None else ShapeDocument(type="structure")
    here = path or "the whole"
    match syntax.kind:
        case SyntaxKind.RECURSION | SyntaxKind.OTHER:
            return
        case SyntaxKind.STRUCTURE | SyntaxKind.EVENTS if document.type == "structure":
            yield from _members(syntax, document, shapes, path)
        case SyntaxKind.DOCUMENT if document.document:
            return
        case SyntaxKind.LIST if document.member and syntax.item:
            yield from misfits(syntax.item, document.member.shape, shapes, f"{path}[]")
        case SyntaxKind.MAP if document.value and syntax.item:
            yield from misfits(syntax.item, document.value.shape, shapes, f"{path}{{}}")
        case SyntaxKind.ENUM if document.enum:
            yield from _values(syntax, document, here)
        case kind if document.type in SCALARS.get(kind, ()) and not document.enum:
            return
        case kind:
            yield f"{here} is {kind} on the page, {document.type} in the model"


def _members(
    syntax: Syntax, document: ShapeDocument, shapes: Mapping[str, ShapeDocument], path: str
) -> Iterator[str]:
    shown = {member.name: member for member in syntax.members}
    for name, member in document.members.items():
        here = f"{path}.{name}" if path else name
        if name in shown:
            yield from _required(shown[name].required, name in document.required, here)
            yield from misfits(shown[name].syntax, member.shape, shapes, here)
        elif not _unshown(document, shapes[member.shape]):
            yield f"{here} is in the model, and not on the page"
    for name in shown:
        if name not in document.members:
            here = f"{path}.{name}" if path else name
            yield f"{here} is on the page, and not in the model"


def _required(shown: bool | None, held: bool, here: str) -> Iterator[str]:
    """Yield that only one says `[REQUIRED]`; a page says it of what is new in a request."""
    if shown is not None and shown != held:
        ends = ("the page", "the model") if shown else ("the model", "the page")
        yield f"{here} is required on {ends[0]}, and not on {ends[1]}"


def _unshown(document: ShapeDocument, member: ShapeDocument) -> bool:
    """Return whether pages leave a member out: the errors of an event stream."""
    return document.eventstream and member.exception


def _values(syntax: Syntax, document: ShapeDocument, here: str) -> Iterator[str]:
    shown, held = dict.fromkeys(syntax.values), dict.fromkeys(document.enum or ())
    for values, place in (
        ([value for value in shown if value not in held], "on the page, and not in the model"),
        ([value for value in held if value not in shown], "in the model, and not on the page"),
    ):
        if values:
            yield f"{here}: {', '.join(values)}: {place}"
