"""Documents to the IR: every name, type, place and retry class of a service is decided here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, NoReturn

from aiobotantic_codegen.errors import NameCollision, SpecError, json_pointer
from aiobotantic_codegen.ir import docs, names, placement
from aiobotantic_codegen.ir.families import service_behaviour
from aiobotantic_codegen.ir.http import check_http
from aiobotantic_codegen.ir.overrides import Overrides
from aiobotantic_codegen.ir.paging import build_paginator, inferred_paginator
from aiobotantic_codegen.ir.runtime_errors import COMMON_CODES
from aiobotantic_codegen.ir.service import (
    Binding,
    Enum,
    Error,
    Location,
    Member,
    Module,
    Operation,
    Paginator,
    Service,
    Structure,
    shapes_of,
)
from aiobotantic_codegen.ir.spoken import pipeline_traits, refusal, spoken
from aiobotantic_codegen.ir.types import ListOf, MapOf, Ref, Scalar, Value
from aiobotantic_codegen.ir.waiting import Waiters
from aiobotantic_codegen.load.documents import (
    MemberDocument,
    OperationDocument,
    ServiceDocument,
    ShapeDocument,
    ShapeRef,
    WaiterDocument,
)
from aiobotantic_codegen.load.service import LoadedService, ServiceOverrides

_SCALARS = {
    "boolean": Scalar.BOOLEAN,
    "integer": Scalar.INTEGER,
    "long": Scalar.INTEGER,
    "float": Scalar.FLOAT,
    "double": Scalar.FLOAT,
    "string": Scalar.STRING,
    "timestamp": Scalar.TIMESTAMP,
    "blob": Scalar.BLOB,
}
_REPEAT = ("read", "repeatable", "unless_timed_out", "once")
_ITERATOR_ARGUMENTS = ("limit", "page_size", "starting_token")
_WAITER_ARGUMENTS = ("timeout", "delay", "on_poll")
_REFERENCE = "https://docs.aws.amazon.com/goto/WebAPI/{uid}/{operation}"


def build_service(
    loaded: LoadedService, entries: ServiceOverrides, behaviour: Mapping[str, Any]
) -> Service:
    """Build the IR of one service.

    Args:
        loaded: its documents.
        entries: its quirks, from overrides.toml.
        behaviour: the whole of behaviour.toml.

    Raises:
        SpecError: a protocol that the runtime does not speak, no operations, a place that HTTP does
            not have, an override that matches nothing.
        NameCollision: two names of the model are one in Python.
    """
    return _Builder(loaded, entries, behaviour).service()


class _Builder:
    def __init__(
        self, loaded: LoadedService, entries: ServiceOverrides, behaviour: Mapping[str, Any]
    ) -> None:
        if (refused := refusal(loaded.name, loaded.service)) is not None:
            raise refused
        self.loaded = loaded
        document, self.left_out = spoken(loaded.service)
        self.document = _with_inputs(document)
        self.file = f"{loaded.name}/service-2.json"
        self.behaviour = behaviour
        self.entries = entries
        self.overrides = Overrides(loaded.name, entries, self.document)
        self.shapes = self.document.shapes
        self._check_errors()
        check_http(self.document, self.file)
        self.value = cache(self._value)
        self.holders: list[str] = []
        self.references = cache(self._references)
        self.inputs = {o.input.shape: name for name, o in self._operations() if o.input}
        self.outputs = {o.output.shape: name for name, o in self._operations() if o.output}
        self.sent = self._reach(self.inputs)
        self.received = self._reach(self.outputs)
        self.class_names = self._class_names()

    def service(self) -> Service:
        metadata = self.document.metadata
        structures = {
            name: self._structure(name, shape)
            for name, shape in self.shapes.items()
            if shape.type == "structure"
            and not shape.document
            and (
                not self._is_error(name)
                or name in self.sent | self.received
                or self._is_structured(name)
            )
        }
        enums = {name: self._enum(name, s) for name, s in self.shapes.items() if s.enum}
        errors = {
            name: self._error(name, shape)
            for name, shape in self.shapes.items()
            if self._is_error(name)
        }
        families = placement.families(self.document.operations, self.overrides.families)
        waiters = Waiters(
            *(self.loaded.name, self.document, self._waiters(), structures),
            *(self.entries, self.behaviour),
        )
        operations = tuple(
            self._operation(name, operation, families, structures, errors, waiters)
            for name, operation in self._operations()
        )
        self._check_methods(operations)
        return Service(
            name=self.loaded.name,
            module=self._module_name(),
            class_name=self._client_name(),
            full_name=docs.one_line(metadata.service_full_name),
            metadata=metadata.model_dump(by_alias=True, exclude_none=True, exclude_unset=True),
            endpoint_rules=self.loaded.endpoint_rules,
            behaviour=service_behaviour(self.document, self.loaded.name, self.behaviour),
            operations=operations,
            errors=tuple(errors.values()),
            modules=self._modules(structures, enums, families),
            camel_case=self._is_camel_case(structures.values()),
            mixin=self.overrides.mixin(self._client_name()),
            left_out=self.left_out,
        )

    def _operations(self) -> Iterable[tuple[str, OperationDocument]]:
        return self.document.operations.items()

    def _module_name(self) -> str:
        name = names.module_name(self.loaded.name)
        return names.check_python_name(name, self.file, "", "Give its folder another name.")

    def _client_name(self) -> names.ClassName:
        metadata = self.document.metadata
        name = self.overrides.class_name or names.service_class_name(
            self.loaded.name, metadata.service_id
        )
        remedy = f"Set class_name under [services.{self.loaded.name}] in specs/overrides.toml."
        names.check_python_name(name, self.file, "/metadata/serviceId", remedy)
        return names.ClassName(name)

    def _check_methods(self, operations: Iterable[Operation]) -> None:
        """Operations, iterators and waiters are methods of one client."""
        methods: dict[str, str] = {}
        for operation in operations:
            methods[operation.wire] = operation.method
            if operation.paginator is not None:
                methods[f"the iterator of {operation.wire}"] = operation.paginator.method
                methods[f"the pages of {operation.wire}"] = f"{operation.method}_pages"
            for waiter in operation.waiters:
                methods[f"the waiter {waiter.name}"] = waiter.method
        names.unique(
            methods,
            methods.__getitem__,
            file=self.file,
            pointer="/operations",
            what="method",
            remedy="No override renames a method: leave one of them out of the specs.",
        )

    def _check_errors(self) -> None:
        """Old models have errors that are no exceptions; they can be compared, not generated."""
        for name, operation in self._operations():
            for at, error in enumerate(operation.errors):
                if not self._is_error(error.shape):
                    raise SpecError(
                        self.file,
                        json_pointer("operations", name, "errors", at, "shape"),
                        f"`{error.shape}` is no exception",
                        "Refer to a structure with `exception`.",
                    )

    def _is_error(self, name: str) -> bool:
        return bool(self.shapes[name].exception)

    def _references(self, shape: str) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for member in self._own_members(shape).values():
            found.update(dict.fromkeys(shapes_of(self.value(member.shape))))
        return tuple(found)

    def _own_members(self, shape: str) -> Mapping[str, MemberDocument]:
        """Return the members of a structure; the errors of an event stream are raised instead."""
        document = self.shapes[shape]
        if not document.eventstream:
            return document.members
        return {
            name: member
            for name, member in document.members.items()
            if not self._is_error(member.shape)
        }

    def _reach(self, roots: Iterable[str]) -> set[str]:
        reached: set[str] = set()
        pending = list(roots)
        while pending:
            shape = pending.pop()
            if shape not in reached:
                reached.add(shape)
                pending.extend(self.references(shape))
        return reached

    def _value(self, name: str) -> Value:
        shape = self.shapes[name]
        sensitive = bool(shape.sensitive) or self.overrides.is_sensitive(name)
        match shape.type:
            case "structure" if shape.document:
                return Value(Scalar.DOCUMENT, sensitive=sensitive)
            case "structure":
                return Value(Ref(name), sensitive=sensitive, events=shape.eventstream)
            case "string" if shape.enum:
                return Value(Ref(name), sensitive=sensitive)
            case "list" if shape.member is not None:
                kind: Any = ListOf(self._inner(name, shape.member.shape))
            case "map" if shape.key is not None and shape.value is not None:
                kind = MapOf(
                    self._inner(name, shape.key.shape), self._inner(name, shape.value.shape)
                )
            case known if known in _SCALARS:
                kind = _SCALARS[known]
            case unknown:
                raise SpecError(
                    self.file,
                    f"/shapes/{name}/type",
                    f"{unknown!r} is not a type that a member can have",
                    f"Known: structure, list, map, {', '.join(_SCALARS)}.",
                )
        limits = (shape.min, shape.max, shape.pattern)
        return Value(kind, *limits, sensitive, shape.timestamp_format, sparse=shape.sparse)

    def _inner(self, holder: str, name: str) -> Value:
        if holder in self.holders:
            raise SpecError(
                self.file,
                json_pointer("shapes", holder),
                f"{holder!r} holds itself without a structure between",
                "Correct the shape: such a value has no type.",
            )
        self.holders.append(holder)
        value = self.value(name)
        self.holders.pop()
        return value

    def _class_names(self) -> dict[str, str]:
        named = [
            name
            for name, shape in self.shapes.items()
            if (shape.type == "structure" and not shape.document) or shape.enum
        ]
        return names.unique(
            named,
            lambda name: self.overrides.name(name) or names.class_name(name),
            file=self.file,
            pointer="/shapes",
            what="shape",
        )

    def _members(self, name: str, shape: ShapeDocument) -> tuple[Member, ...]:
        def decide(member: str) -> str:
            if self._is_error(name):
                return names.error_field_name(member)
            return names.field_name(member, union=shape.union)

        fields = names.unique(
            self._own_members(name),
            lambda member: self.overrides.name(name, member) or decide(member),
            file=self.file,
            pointer=f"/shapes/{name}/members",
            what="member",
        )
        required = set(shape.required or ())
        members = tuple(
            self._member(name, wire, fields[wire], member, wire in required)
            for wire, member in self._own_members(name).items()
        )
        return self._with_own_keys(name, members)

    def _with_own_keys(self, name: str, members: tuple[Member, ...]) -> tuple[Member, ...]:
        """Return members whose keys differ: of two, only one can stand in the JSON body."""
        in_body = [member for member in members if member.binding is None]
        keys = {member.wire: member.key for member in in_body}
        names.unique(
            keys,
            keys.__getitem__,
            file=self.file,
            pointer=f"/shapes/{name}/members",
            what="member",
            where="in the JSON body",
            remedy="Give one of them another locationName.",
        )
        taken = set(keys.values())
        return tuple(
            (
                replace(member, renamed=f"{member.wire}@{member.binding.location}")
                if member.binding is not None and member.wire in taken
                else member
            )
            for member in members
        )

    def _member(
        self, owner: str, wire: str, field: str, member: MemberDocument, required: bool
    ) -> Member:
        value = self.value(member.shape)
        if self.overrides.is_sensitive(owner, wire):
            value = replace(value, sensitive=True)
        shape = self.shapes[member.shape]
        # In a body it is plain text, as botocore has it.
        json_text = member.jsonvalue and member.location == "header"
        if json_text:
            value = Value(Scalar.DOCUMENT, sensitive=value.sensitive)
        return Member(
            wire=wire,
            name=names.FieldName(field),
            value=value,
            required=required,
            # botocore makes one up in a request, not in a structure inside it.
            token=member.idempotency_token and owner in self.inputs,
            deprecated=bool(member.deprecated),
            binding=self._binding(owner, wire, member),
            json_text=json_text,
            streaming=shape.type == "blob" and (shape.streaming or member.streaming),
            renamed=self._renamed(owner, wire, member),
        )

    def _renamed(self, owner: str, wire: str, member: MemberDocument) -> str | None:
        """Return the key of a member of a JSON body, where its name is another."""
        if self._binding(owner, wire, member) is not None or member.location_name == wire:
            return None
        return member.location_name

    def _binding(self, owner: str, wire: str, member: MemberDocument) -> Binding | None:
        shape = self.shapes[owner]
        if shape.payload == wire or member.eventpayload:
            return Binding(Location.PAYLOAD)
        if member.eventheader:
            return Binding(Location.EVENT_HEADER)
        name = member.location_name or wire
        match member.location:
            case None:
                return None
            case "querystring" if self.shapes[member.shape].type == "map":
                return Binding(Location.QUERY_MAP)
            case "headers":
                return Binding(Location.HEADERS, member.location_name or "")
            case location:
                return Binding(Location(location), name)

    def _structure(self, name: str, shape: ShapeDocument) -> Structure:
        return Structure(
            wire=name,
            name=names.ClassName(self.class_names[name]),
            members=self._members(name, shape),
            union=shape.union or shape.eventstream,
            sent=name in self.sent,
            received=name in self.received,
            input_of=self.inputs.get(name),
            output_of=self.outputs.get(name),
            exceptions=tuple(self._exceptions(shape)) if shape.eventstream else (),
            masked=bool(shape.sensitive) or self.overrides.is_sensitive(name),
            open_format=self.outputs.get(name) in self.overrides.open_bodies,
        )

    def _exceptions(self, events: ShapeDocument) -> Iterable[tuple[str, str]]:
        for wire, member in events.members.items():
            if self._is_error(member.shape):
                code = self._code(member.shape, self.shapes[member.shape])
                if wire != code:
                    yield wire, code

    def _enum(self, name: str, shape: ShapeDocument) -> Enum:
        members = names.unique(
            dict.fromkeys(shape.enum or ()),
            lambda value: self.overrides.name(name, value) or names.enum_member(value),
            file=self.file,
            pointer=f"/shapes/{name}/enum",
            what="value",
        )
        return Enum(
            wire=name,
            name=names.ClassName(self.class_names[name]),
            members=tuple((names.EnumMember(member), value) for value, member in members.items()),
        )

    def _error(self, name: str, shape: ShapeDocument) -> Error:
        return Error(
            wire=name,
            name=names.ClassName(self.class_names[name]),
            code=self._code(name, shape),
            members=self._members(name, shape),
            status=shape.error.http_status_code if shape.error else None,
            retryable=shape.retryable is not None,
            common=name in COMMON_CODES,
            structured=self._is_structured(name),
        )

    def _code(self, name: str, shape: ShapeDocument) -> str:
        return (shape.error.code if shape.error else None) or name

    def _is_structured(self, error: str) -> bool:
        """Return whether a member of an error is no plain JSON, or stands in a header."""
        members = self.shapes[error].members.items()
        return any(
            self._binding(error, wire, member) is not None
            or self._renamed(error, wire, member) is not None
            or not self._is_plain(self.value(member.shape))
            for wire, member in members
        )

    def _is_plain(self, value: Value) -> bool:
        match value.kind:
            case Ref(shape):
                return bool(self.shapes[shape].enum)
            case ListOf(item):
                return self._is_plain(item)
            case MapOf(key, entry):
                return self._is_plain(key) and self._is_plain(entry)
            case scalar:
                return scalar not in (Scalar.TIMESTAMP, Scalar.BLOB)

    def _operation(
        self,
        name: str,
        operation: OperationDocument,
        families: Mapping[str, names.FamilyName],
        structures: Mapping[str, Structure],
        errors: Mapping[str, Error],
        waiters: Waiters,
    ) -> Operation:
        assert operation.input is not None  # _with_inputs gave it one
        output = structures[operation.output.shape] if operation.output else None
        reference = self.overrides.reference or _REFERENCE
        paginator = self._paginator(name, structures[operation.input.shape], output)
        raised = tuple(errors[each.shape] for each in operation.errors or ())
        built = Operation(
            wire=name,
            method=names.method_name(name),
            constant=names.constant_name(name),
            family=families[name],
            input=structures[operation.input.shape],
            output=output,
            errors=raised,
            repeat=self._repeat(name),
            http_method=operation.http.method,
            uri=operation.http.request_uri,
            deprecated=bool(operation.deprecated),
            host_prefix=operation.endpoint.host_prefix if operation.endpoint else "",
            traits=pipeline_traits(operation, self.shapes[operation.input.shape]),
            open_body=name in self.overrides.open_bodies,
            reference=reference.replace("{operation}", name).replace(
                "{uid}", self.document.metadata.uid or ""
            ),
            paginator=paginator,
            waiters=waiters.of(name, raised),
        )
        self._check_arguments(built)
        return built

    def _check_arguments(self, operation: Operation) -> None:
        """Iterators and waiters have arguments of their own beside the operation's."""
        own = {*_ITERATOR_ARGUMENTS} if operation.paginator is not None else set[str]()
        if operation.paginator is not None and operation.paginator.page_size is None:
            own.remove("page_size")
        taken = [m for m in operation.filters if m.name in own]
        if operation.waiters:
            taken += [m for m in operation.arguments if m.name in _WAITER_ARGUMENTS]
        for member in taken:
            raise NameCollision(
                self.file,
                json_pointer("shapes", operation.input.wire, "members", member.wire),
                f"the member {member.wire!r} and an argument of the iterator or waiter of "
                f"{operation.wire} are both {member.name!r} in Python",
                "Give the member another name in specs/overrides.toml, with the reason.",
            )

    def _waiters(self) -> Mapping[str, WaiterDocument]:
        return self.loaded.waiters.waiters if self.loaded.waiters else {}

    def _repeat(self, operation: str) -> str:
        table = self.behaviour.get("repeat", {})
        own = self.behaviour.get("services", {}).get(self.loaded.name, {}).get("repeat", {})
        for name in own:
            if name not in self.document.operations:
                self._bad_repeat(name, f"there is no operation {name!r} in the model")
        if operation in own:
            kind = own[operation].get("class")
            if kind not in _REPEAT:
                self._bad_repeat(operation, f"{kind!r} is no class of repetition")
            return str(kind)
        words = names.method_name(operation).split("_")
        for kind in ("read", "repeatable"):
            if any(words[: len(v)] == v for v in (verb.split("_") for verb in table.get(kind, ()))):
                return kind
        return "once"

    def _bad_repeat(self, operation: str, problem: str) -> NoReturn:
        raise SpecError(
            "behaviour.toml",
            json_pointer("services", self.loaded.name, "repeat", operation),
            problem,
            f"Correct the entry, or remove it. Classes: {', '.join(_REPEAT)}.",
        )

    def _paginator(self, name: str, given: Structure, output: Structure | None) -> Paginator | None:
        documents = self.loaded.paginators.pagination if self.loaded.paginators else {}
        document = documents.get(name)
        if document is None:
            return inferred_paginator(name, given, output)
        file = f"{self.loaded.name}/paginators-1.json"
        return build_paginator(name, document, given, output, file)

    def _modules(
        self,
        structures: Mapping[str, Structure],
        enums: Mapping[str, Enum],
        families: Mapping[str, names.FamilyName],
    ) -> tuple[Module, ...]:
        shapes: dict[str, Structure | Enum] = {**structures, **enums}
        reached_by: dict[str, set[str]] = defaultdict(set)
        for name, operation in self._operations():
            ends = [end.shape for end in (operation.input, operation.output) if end]
            for shape in self._reach(ends):
                reached_by[shape].add(families[name])
        # A shape that no operation reaches counts as everyone's.
        everyone = frozenset(families.values())
        reached = {name: frozenset(reached_by.get(name, everyone)) for name in shapes}
        files = placement.places(reached, lambda name: shapes[name].references)
        by_file: dict[str, list[str]] = defaultdict(list)
        for name in sorted(files):
            by_file[files[name]].append(name)
        return tuple(
            Module(
                file,
                tuple(
                    shapes[name]
                    for name in placement.dependency_order(
                        by_file[file], lambda name: shapes[name].references
                    )
                ),
            )
            for file in sorted(by_file)
        )

    def _is_camel_case(self, structures: Iterable[Structure]) -> bool:
        first = [member.key[0] for structure in structures for member in structure.members]
        return sum(map(str.islower, first)) > len(first) / 2


def _with_inputs(document: ServiceDocument) -> ServiceDocument:
    """Return a service whose operations all have an input, an empty one where it has none."""
    shapes, operations = dict(document.shapes), dict(document.operations)
    for name, operation in document.operations.items():
        if operation.input is None:
            free = (f"{name}{end}" for end in ("Request", "Input", "RequestWithoutMembers"))
            shape = next(each for each in free if each not in shapes)
            shapes[shape] = ShapeDocument(type="structure")
            operations[name] = operation.model_copy(update={"input": ShapeRef(shape=shape)})
    return document.model_copy(update={"shapes": shapes, "operations": operations})
