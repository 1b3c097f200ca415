"""The IR to the texts of a package: which template makes which file, and with what facts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from jinja2 import Environment

from aiobotantic_codegen.ir.names import FieldName
from aiobotantic_codegen.ir.service import (
    Enum,
    Error,
    Member,
    Module,
    Operation,
    Service,
    Structure,
    shapes_of,
)
from aiobotantic_codegen.ir.types import ListOf, MapOf, Scalar, Value
from aiobotantic_codegen.load.prose import Prose
from aiobotantic_codegen.render.annotations import Annotations, Field
from aiobotantic_codegen.render.docstrings import Docstrings
from aiobotantic_codegen.render.environment import render
from aiobotantic_codegen.render.imports import Imports
from aiobotantic_codegen.render.names import family_class


@dataclass(frozen=True)
class FieldView:
    """A field of a structure as a template prints it."""

    name: FieldName
    annotation: str
    default: str | None
    doc: str


@dataclass(frozen=True)
class ArgumentView:
    """An argument of a method as a template prints it."""

    name: str
    annotation: str
    default: str | None


class Sources:
    """Renders one service of a package."""

    def __init__(
        self, env: Environment, package: str, service: Service, prose: Prose | None = None
    ) -> None:
        self.env = env
        self.package = package
        self.service = service
        self.home = f"{package}.{service.module}"
        self.annotations = Annotations(service)
        self.docs = Docstrings(service, prose)
        self._outputs = {o.wire: o.output for o in service.operations}

    def files(self) -> Iterator[tuple[str, str]]:
        """Yield each file's path below the package, and its text before formatting."""
        at = self.service.module
        for module in self.service.modules:
            yield f"{at}/_shapes/{module.name}.py", self._shapes(module)
        for family, operations in self.service.families.items():
            yield f"{at}/_operations/{family}.py", self._operations(family, operations)
        yield f"{at}/_shapes/__init__.py", self._render("package.py.jinja", doc="Shapes.")
        yield f"{at}/_operations/__init__.py", self._render("package.py.jinja", doc="Operations.")
        yield f"{at}/__init__.py", self._render("service.py.jinja")
        yield f"{at}/client.py", self._render("client.py.jinja")
        yield f"{at}/errors.py", self._errors()
        yield f"{at}/fakes.py", self._render("fakes.py.jinja")
        yield f"{at}/models.py", self._render("models.py.jinja")
        yield f"{at}/waiters.py", self._render("waiters.py.jinja")
        yield f"{at}/wire.py", self._wire()
        yield f"{at}/endpoint_rules.json", _json(self.service.endpoint_rules)
        yield f"{at}/behaviour.json", _json(self.service.behaviour)

    def _render(self, template: str, **facts: object) -> str:
        return render(
            self.env, template, package=self.package, home=self.home, service=self.service, **facts
        )

    def _shapes(self, module: Module) -> str:
        imports = Imports()
        above: set[str] = set()
        shapes = []
        for shape in module.shapes:
            if isinstance(shape, Enum):
                imports.add("aiobotantic.enums", "OpenEnum")
                shapes.append({"kind": "enum", "shape": shape, "doc": self.docs.enum(shape)})
            else:
                shapes.append(self._structure(shape, module, above, imports))
            above.add(shape.wire)
        return self._render(
            "_shapes/family.py.jinja", module=module, shapes=shapes, imports=imports
        )

    def _structure(
        self, shape: Structure, module: Module, above: set[str], imports: Imports
    ) -> dict[str, object]:
        def below(wire: str) -> bool:
            return self.service.module_of[wire] == module.name and wire not in above

        regular = _regular_names(self.service.camel_case)
        fields = []
        for member in shape.members:
            wire = None if regular(member.name) == member.key else member.key
            field = self.annotations.field(shape, member, wire, below)
            fields.append(
                FieldView(
                    member.name,
                    field.annotation,
                    field.default,
                    self.docs.field(shape, member),
                )
            )
            self._import_field(field, member, module, imports)
        return {
            "kind": "structure",
            "shape": shape,
            "base": self._base(shape, module, imports),
            "doc": self.docs.structure(shape),
            "fields": fields,
        }

    def _import_field(self, field: Field, member: Member, module: Module, imports: Imports) -> None:
        imports.add_used_names(f"{field.annotation} {field.default}")
        for wire in shapes_of(member.value):
            if (home := self.service.module_of[wire]) != module.name:
                imports.add(f"{self.home}._shapes.{home}", self.service.shapes[wire].name)

    def _base(self, shape: Structure, module: Module, imports: Imports) -> str:
        base = self._base_class(shape, module, imports)
        if not self.service.camel_case:
            return base
        imports.add("aiobotantic.structure", "camel_case")
        return f"{base}, alias_generator=camel_case"

    def _base_class(self, shape: Structure, module: Module, imports: Imports) -> str:
        if shape.input_of is not None:
            imports.add("aiobotantic.structure", "Request")
            output = self._outputs[shape.input_of]
            if output is None:
                imports.add("aiobotantic.structure", "EmptyOutput")
                return "Request[EmptyOutput]"
            if (home := self.service.module_of[output.wire]) != module.name:
                imports.add_for_checkers(f"{self.home}._shapes.{home}", output.name)
            return f'Request["{output.name}"]'
        if shape.union:
            imports.add("aiobotantic.unions", "UnionStructure")
            return "UnionStructure"
        if shape.open_body:
            imports.add_used_names("OpenBody")
            return "OpenBody"
        imports.add("aiobotantic.structure", "Structure")
        return "Structure"

    def _operations(self, family: str, operations: tuple[Operation, ...]) -> str:
        imports, shapes = Imports(), set[str]()
        methods = []
        for operation in operations:
            arguments = [self._argument(m) for m in operation.arguments]
            filters = [self._argument(m) for m in operation.filters]
            signature = self._signature(operation)
            for argument in (*signature, *filters):
                imports.add_used_names(argument.annotation, for_checkers=True)
            for member in operation.arguments:
                shapes.update(self._mentioned(member.value))
            if operation.output is not None:
                shapes.add(operation.output.name)
            returns = operation.output.name if operation.output else "EmptyOutput"
            item = str(returns)
            if operation.paginator is not None and operation.paginator.item is not None:
                shapes.update(self._mentioned(operation.paginator.item))
                item = self.annotations.plain(operation.paginator.item)
                imports.add_used_names(item, for_checkers=True)
            streamed = "" if operation.streamed is None else self._streamed(operation, imports)
            if operation.streamed is not None:
                shapes.update(self._mentioned(operation.streamed.value))
            methods.append(
                {
                    "operation": operation,
                    "returns": returns,
                    "streamed": streamed,
                    "arguments": arguments,
                    "signature": signature,
                    "filters": filters,
                    "item": item,
                    "doc": self.docs.operation(operation),
                    "iterator_doc": self.docs.iterator(operation) if operation.paginator else "",
                    "waiters": [(w, self.docs.waiter(w, operation)) for w in operation.waiters],
                }
            )
            if operation.open_body and not operation.streams:
                imports.add("aiobotantic.open_bodies", "open_body")
            if operation.output is None:
                imports.add_for_checkers("aiobotantic.structure", "EmptyOutput")
            if operation.repeat != "once":
                imports.add("aiobotantic.operation", "Repeat")
            if operation.paginator is not None:
                imports.add("aiobotantic.pages", "Pagination", "Paginator")
            if operation.waiters:
                imports.add(self.home, "waiters")
                imports.add_for_checkers("collections.abc", "Callable")
        imports.add("aiobotantic.client", "Operations")
        imports.add_for_checkers("typing", "Any", "ClassVar")
        imports.add("aiobotantic.operation", "Operation")
        if shapes:
            imports.add_for_checkers(f"{self.home}.models", *shapes)
        return self._render(
            "_operations/family.py.jinja",
            family=family,
            class_name=family_class(family),
            methods=methods,
            imports=imports,
        )

    def _streamed(self, operation: Operation, imports: Imports) -> str:
        """Return the type of what an answer streams, imported."""
        assert operation.streamed is not None
        text = self.annotations.streamed(operation.streamed)
        imports.add_used_names(text, for_checkers=True)
        imports.add("aiobotantic.streamed_call", "StreamedCall")
        return text

    def _mentioned(self, value: Value) -> Iterable[str]:
        return (self.service.shapes[wire].name for wire in shapes_of(value))

    def _signature(self, operation: Operation) -> list[ArgumentView]:
        """The arguments of a method: those of the call, and further forms of an open body."""
        views: list[ArgumentView] = []
        for member in operation.arguments:
            if operation.open_body and member.is_payload:
                views.append(ArgumentView(member.name, "BytesInput | None", "None"))
                views.append(ArgumentView("json", "Any", "None"))
                views.append(ArgumentView("text", "str | None", "None"))
            else:
                views.append(self._argument(member))
        return views

    def _argument(self, member: Member) -> ArgumentView:
        annotation = self.annotations.argument(member.value)
        if member.streaming:
            annotation = "BytesInput"
        if member.required and not member.token:
            return ArgumentView(member.name, annotation, None)
        return ArgumentView(member.name, f"{annotation} | None", "None")

    def _errors(self) -> str:
        imports, views = Imports(), []
        for error in self.service.errors:
            fields = [(m.name, m.wire, self._error_field(m)) for m in _own_members(error)]
            for _, _, annotation in fields:
                imports.add_used_names(annotation)
            docs = {m.name: self.docs.error_field(error, m) for m in _own_members(error)}
            doc = self.docs.error(error)
            views.append({"error": error, "fields": fields, "doc": doc, "field_docs": docs})
        return self._render("errors.py.jinja", errors=views, imports=imports)

    def _error_field(self, member: Member) -> str:
        """Members of errors are read as plain data: the model lists few, and none is nested."""
        match member.value.kind:
            case Scalar() as scalar:
                return str(scalar)
            case ListOf():
                return "list[Any]"
            case MapOf():
                return "dict[str, Any]"
            case _:
                return "str" if self.annotations.is_enum(member.value) else "dict[str, Any]"

    def _wire(self) -> str:
        operations = [
            (o.method, o.output.name if o.output else "EmptyOutput")
            for o in self.service.operations
        ]
        outputs = sorted({o.output.name for o in self.service.operations if o.output})
        empty = any(o.output is None for o in self.service.operations)
        return self._render("wire.py.jinja", operations=operations, outputs=outputs, empty=empty)


def _own_members(error: Error) -> list[Member]:
    """Members beside the message and code, which every error has."""
    return [m for m in error.members if m.wire.lower() not in ("message", "code")]


def _regular_names(camel: bool) -> Callable[[str], str]:
    def pascal_case(name: str) -> str:
        return "".join(part[:1].upper() + part[1:] for part in name.split("_"))

    def camel_case(name: str) -> str:
        pascal = pascal_case(name)
        return pascal[:1].lower() + pascal[1:]

    return camel_case if camel else pascal_case


def _json(facts: Mapping[str, object]) -> str:
    return json.dumps(facts, indent=1, ensure_ascii=True) + "\n"
