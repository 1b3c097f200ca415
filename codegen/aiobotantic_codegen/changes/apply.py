"""A page into a model: what it adds is put where it says, or nothing is.

A page does not say everything: limits, errors and names of shapes are not on it. What is made here
holds until the model itself comes; `sync` replaces it then and says what was otherwise.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from botocore import xform_name

from aiobotantic_codegen.changes.fit import misfits
from aiobotantic_codegen.changes.page import Method, Page, Status
from aiobotantic_codegen.changes.record import Direction, Entry, Kind
from aiobotantic_codegen.changes.syntax import Syntax, SyntaxKind
from aiobotantic_codegen.changes.verify import syntax_misfits
from aiobotantic_codegen.errors import PageError
from aiobotantic_codegen.ir import names
from aiobotantic_codegen.load.documents import ServiceDocument, ShapeDocument

Tree = dict[str, Any]

TAKE_THE_MODEL = "Take the change in by `aiobotantic update`, from the model itself."
_TYPES = {
    SyntaxKind.STRING: "string",
    SyntaxKind.INTEGER: "integer",
    SyntaxKind.FLOAT: "float",
    SyntaxKind.BOOLEAN: "boolean",
    SyntaxKind.TIMESTAMP: "timestamp",
    SyntaxKind.BLOB: "blob",
}
_WIDER = ("long", "double")
"""What only a printed new member says of a number."""
_CONSTRAINTS = ("enum", "max", "min", "pattern", "sensitive", "timestampFormat")


def apply_page(page: Page, tree: Tree) -> Tree:
    """Return a service model with what a page adds.

    Args:
        page: The page, of this service.
        tree: `service-2.json` as it was before the change, as plain JSON; it stays as it is.

    Raises:
        PageError: The model is not the one from before the change, or the page does not say enough.
    """
    return _Application(page, tree).applied()


def resolved(page: Page, tree: Tree) -> Page:
    """Return a page with the true names of the operations that a model has."""
    known = {str(xform_name(name)): name for name in tree["operations"]}
    new = {m.method: m.operation for m in page.methods if m.status is Status.NEW}
    return page.resolve({**new, **known})


class _Application:
    def __init__(self, page: Page, tree: Tree) -> None:
        self.page = resolved(page, tree)
        self.tree: Tree = {
            **tree,
            "operations": dict(tree["operations"]),
            "shapes": dict(tree["shapes"]),
        }
        self.document = ServiceDocument.model_validate_json(json.dumps(tree))
        self.shapes: Tree = self.tree["shapes"]
        self.documents = dict(self.document.shapes)
        operations = self.document.operations.values()
        self.ends = {end.shape for o in operations for end in (o.input, o.output, *o.errors) if end}
        self.classes = {names.class_name(name) for name in self.shapes}
        self.added: set[tuple[str, str]] = set()

    def applied(self) -> Tree:
        if not self.page.entries:
            self._fail("the page adds nothing")
        for method in self.page.methods:
            if method.status is Status.NEW and method.operation in self.document.operations:
                self._fail(f"{method.operation} is new on the page, and in the model already")
        # Requests come first: only they say what a structure requires that both ends use.
        for direction in (Direction.REQUEST, Direction.RESPONSE):
            for entry, syntax in self._entries(direction):
                if entry.kind is Kind.ENUM_VALUE_ADDED:
                    self._add_values(entry, syntax)
                else:
                    self._add_members(entry, syntax)
            for method in self.page.methods:
                if method.status is Status.NEW:
                    self._add_end(method, direction)
        after = ServiceDocument.model_validate_json(json.dumps(self.tree))
        for misfit in syntax_misfits(self.page, after):
            self._fail(f"the page is not of this model: {misfit}")
        return self.tree

    def _entries(self, direction: Direction) -> Iterator[tuple[Entry, Syntax]]:
        for method in self.page.methods:
            for entry in method.entries:
                if entry.direction is direction:
                    root = method.syntax(direction)
                    assert root is not None  # the page was parsed by it
                    yield entry, root

    def _root(self, entry: Entry) -> str:
        operation = self.document.operations.get(entry.operation)
        if operation is None:
            self._fail(f"the model has no operation {entry.operation}")
        end = operation.input if entry.direction is Direction.REQUEST else operation.output
        if end is None:
            self._fail(f"{entry.operation} has no {entry.direction} in the model")
        return end.shape

    def _add_values(self, entry: Entry, root: Syntax) -> None:
        """Append an enum's new values in the page's order; every place must tell the same."""
        name = self._reach(entry, entry.path)
        shown = root.at(entry.path)
        old, now = self.document.shapes[name].enum or (), self.shapes[name].get("enum", [])
        if not old or shown is None:
            self._fail(f"{entry.operation} {entry.path} is no enum in the model")
        if already := [value for value in entry.values if value in old]:
            self._fail(f"{name} has {', '.join(already)} already")
        after = [*old, *entry.values]
        if {*after} != {*shown.values}:
            apart = ", ".join(sorted({*after} ^ {*shown.values}))
            self._fail(f"{name} is not the enum before this change: {apart}")
        if now not in (list(old), after):
            self._fail(f"two places of {name} tell of different values")
        self._put(name, {**self.shapes[name], "enum": after})

    def _add_members(self, entry: Entry, root: Syntax) -> None:
        """Add the new member on the way to a place, and everything in it."""
        shape, path, way = self._root(entry), "", _steps(entry.path)
        for at, step in enumerate(way):
            document = self.shapes[shape]
            if step in ("[]", "{}"):
                held = document.get("member" if step == "[]" else "value")
                if held is None:
                    self._fail(f"{entry.operation} {path} is {document['type']} in the model")
                shape, path = held["shape"], path + step
                continue
            above, path = path, f"{path}.{step}" if path else step
            if document["type"] != "structure":
                self._fail(f"{entry.operation} {above} is {document['type']} in the model")
            if (shape, step) in self.added:
                return  # another way to this structure told of it
            if step not in document.get("members", {}):
                self._check_sent(entry, shape, step)
                word = entry.values[0] if at == len(way) - 1 else ""
                self._add_member(shape, root.at(above) if above else root, step, word)
                return
            shape = document["members"][step]["shape"]
            if at == len(way) - 1:
                self._add_missing(entry, shape, root)

    def _add_missing(self, entry: Entry, shape: str, root: Syntax) -> None:
        """Take what stands there as a structure that had no members."""
        syntax = root.at(entry.path)
        document = self.document.shapes[shape]
        if document.type != "structure" or document.members or syntax is None:
            self._fail(f"{entry.operation} {entry.path} is in the model already")
        for member in syntax.members:
            if member.name not in self.shapes[shape]["members"]:
                self._add_member(shape, syntax, member.name)

    def _check_sent(self, entry: Entry, shape: str, name: str) -> None:
        """Refuse a member that the service may send under another name or outside the body."""
        rest = self.document.metadata.protocol != "json"
        renamed = (
            member.location_name not in (None, each) and not member.location
            for document in self.document.shapes.values()
            for each, member in document.members.items()
        )
        if (rest and shape in self.ends) or any(renamed):
            problem = f"{entry.operation} {entry.direction} {entry.path} is new, and a page does"
            self._fail(f"{problem} not say where, or under which name, {name} is sent")

    def _add_member(self, shape: str, syntax: Syntax | None, name: str, word: str = "") -> None:
        """Add one member where the page's order has it."""
        assert syntax is not None  # the page was parsed by it
        member = syntax.member(name)
        assert member is not None
        document = dict(self.shapes[shape])
        reference = {"shape": self._shape(shape, name, member.syntax, word)}
        members = {**document.get("members", {}), name: reference}
        order = [m.name for m in syntax.members if m.name in members]
        if {*order} == {*members}:
            members = {each: members[each] for each in order}
        if member.required:
            required = {*document.get("required", ()), name}
            document["required"] = [each for each in members if each in required]
        document["members"] = members
        self._put(shape, document)
        self.added.add((shape, name))

    def _add_end(self, method: Method, direction: Direction) -> None:
        """Add a new operation with its request, or its response to it."""
        if self.document.metadata.protocol != "json":
            problem = f"{method.operation} is new, and a page does not say how its request is sent"
            self._fail(problem)
        operations: Tree = self.tree["operations"]
        if method.operation not in operations:
            http = {"method": "POST", "requestUri": "/"}
            operations[method.operation] = {"name": method.operation, "http": http}
            if list(self.document.operations) == sorted(self.document.operations):
                self.tree["operations"] = dict(sorted(operations.items()))
        syntax = method.syntax(direction)
        if syntax is not None:
            shape = self._free(f"{method.operation}{direction.capitalize()}", method.operation)
            self.ends.add(shape)
            self._put(shape, self._structure(shape, syntax))
            key = "input" if direction is Direction.REQUEST else "output"
            self.tree["operations"][method.operation][key] = {"shape": shape}

    def _shape(self, owner: str, name: str, syntax: Syntax, word: str = "") -> str:
        """Return the shape of a new member: one that is the same under this name, or a new one."""
        match syntax.kind:
            case kind if kind in _TYPES:
                return self._scalar(word if word in _WIDER else _TYPES[kind])
            case SyntaxKind.ENUM:
                same = [n for n, s in self.shapes.items() if s.get("enum") == list(syntax.values)]
                return _by_name(name, same) or self._new_enum(owner, name, syntax)
            case SyntaxKind.STRUCTURE:
                return self._alike(name, syntax) or self._new_structure(owner, name, syntax)
            case SyntaxKind.LIST if syntax.item is not None:
                item = self._shape(owner, names.singular(name), syntax.item)
                return self._new(owner, f"{name}List", {"type": "list", "member": {"shape": item}})
            case SyntaxKind.MAP if syntax.item is not None:
                held = {"key": {"shape": self._scalar("string")}}
                held["value"] = {"shape": self._shape(owner, names.singular(name), syntax.item)}
                return self._new(owner, f"{name}Map", {"type": "map", **held})
            case SyntaxKind.DOCUMENT:
                return self._new(
                    owner, name, {"type": "structure", "members": {}, "document": True}
                )
            case kind:
                self._fail(f"{owner}.{name} is a {kind} on the page, which does not say of what")

    def _scalar(self, kind: str) -> str:
        """Return a shape of this type without limits: a page tells of none."""
        name = kind.capitalize()
        free = [n for n in (name, f"Any{name}") if self._is_plain(n, kind)]
        return free[0] if free else self._new("", f"Any{name}", {"type": kind})

    def _is_plain(self, name: str, kind: str) -> bool:
        shape = self.shapes.get(name, {})
        return shape.get("type") == kind and not any(key in shape for key in _CONSTRAINTS)

    def _alike(self, name: str, syntax: Syntax) -> str | None:
        """Return a structure that is what the syntax shows, and whose name agrees."""
        shapes = self.documents
        fitting = [
            each
            for each, shape in shapes.items()
            if shape.members and each not in self.ends and not any(misfits(syntax, each, shapes))
        ]
        return _by_name(name, fitting)

    def _new_enum(self, owner: str, name: str, syntax: Syntax) -> str:
        return self._new(owner, name, {"type": "string", "enum": list(syntax.values)})

    def _new_structure(self, owner: str, name: str, syntax: Syntax) -> str:
        shape = self._free(name, owner)
        self._put(shape, self._structure(shape, syntax))
        return shape

    def _structure(self, shape: str, syntax: Syntax) -> Tree:
        members = {m.name: {"shape": self._shape(shape, m.name, m.syntax)} for m in syntax.members}
        required = [member.name for member in syntax.members if member.required]
        return {
            "type": "structure",
            **({"required": required} if required else {}),
            "members": members,
        }

    def _new(self, owner: str, name: str, shape: Tree) -> str:
        chosen = self._free(name, owner)
        self._put(chosen, shape)
        return chosen

    def _put(self, name: str, shape: Tree) -> None:
        self.shapes[name] = shape
        self.documents[name] = ShapeDocument.model_validate_json(json.dumps(shape))

    def _free(self, name: str, owner: str) -> str:
        """Return a name that no shape has, in Python neither, and take it."""
        name = f"{name[:1].upper()}{name[1:]}"
        for chosen in (name, f"{owner}{name}"):
            if names.class_name(chosen) not in self.classes:
                self.classes.add(names.class_name(chosen))
                return chosen
        self._fail(f"the model has shapes {name} and {owner}{name} already")

    def _reach(self, entry: Entry, path: str) -> str:
        shape = self._root(entry)
        for step in _steps(path):
            document = self.document.shapes[shape]
            inside = {"[]": document.member, "{}": document.value, **document.members}
            held = inside.get(step)
            if held is None:
                self._fail(f"the model has no {path} in {entry.operation}")
            shape = held.shape
        return shape

    def _fail(self, problem: str) -> NoReturn:
        raise PageError(self.page.place, "", problem, TAKE_THE_MODEL)


def _steps(path: str) -> list[str]:
    return re.findall(r"\[\]|\{\}|[^.\[\]{}]+", path)


def _by_name(name: str, shapes: list[str]) -> str | None:
    """Return the shape of this name, or the only one with a name that has this one in it."""
    called = names.class_name(name)
    alike = [shape for shape in shapes if called in names.class_name(shape)]
    same = [shape for shape in alike if called == names.class_name(shape)] or alike
    return same[0] if len(same) == 1 else None
