"""A service as the generator sees it: frozen, complete, every name decided, no source text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from aiobotantic_codegen.ir.names import ClassName, EnumMember, FamilyName, FieldName, MethodName
from aiobotantic_codegen.ir.types import ListOf, MapOf, Ref, Scalar, Value


class Location(StrEnum):
    """Where a member of a REST operation travels, where it is not the JSON body."""

    PATH = "uri"
    QUERY = "querystring"
    QUERY_MAP = "query map"
    HEADER = "header"
    HEADERS = "headers"
    STATUS = "statusCode"
    PAYLOAD = "payload"
    EVENT_HEADER = "event header"


@dataclass(frozen=True)
class Binding:
    """The place of a member outside the JSON body."""

    location: Location
    name: str = ""


@dataclass(frozen=True)
class Member:
    """A member of a structure."""

    wire: str
    name: FieldName
    value: Value
    required: bool
    token: bool = False
    """Whether it is the idempotency token, filled in where the caller gives none."""
    deprecated: bool = False
    binding: Binding | None = None
    json_text: bool = False
    """Whether it travels as JSON in a header, in base64."""
    streaming: bool = False
    """Whether it is a body that is read or written while it travels."""
    renamed: str | None = None
    """Its key in a JSON body, where that is not its wire name."""

    @property
    def key(self) -> str:
        """Its key in a JSON body."""
        return self.renamed or self.wire

    @property
    def is_payload(self) -> bool:
        """Whether it is the whole body."""
        return self.binding is not None and self.binding.location is Location.PAYLOAD


@dataclass(frozen=True)
class Structure:
    """A structure or a union."""

    wire: str
    name: ClassName
    members: tuple[Member, ...]
    union: bool
    sent: bool
    """Whether a request reaches it: its limits are checked."""
    received: bool
    """Whether a response reaches it: every member may be absent."""
    input_of: str | None = None
    """Operation whose input it is."""
    output_of: str | None = None
    exceptions: tuple[tuple[str, str], ...] = ()
    """Of events, what is raised instead: member and the error's code, where they differ."""
    masked: bool = False
    """Whether it is sensitive as a whole."""
    open_format: bool = False
    """Whether it is an output whose body, if it is bytes, is of any format."""

    @property
    def open_body(self) -> bool:
        """Whether its body is bytes of any format, and is read as JSON and text, too."""
        bodies = (m for m in self.members if m.is_payload and not m.streaming)
        return self.open_format and any(m.value.kind is Scalar.BLOB for m in bodies)

    @cached_property
    def references(self) -> tuple[str, ...]:
        """Wire names of the shapes that its members mention, each once, in order."""
        found: dict[str, None] = {}
        for member in self.members:
            found.update(dict.fromkeys(shapes_of(member.value)))
        return tuple(found)

    @cached_property
    def token(self) -> Member | None:
        """The idempotency token, where it has one."""
        return next((member for member in self.members if member.token), None)


@dataclass(frozen=True)
class Enum:
    """An enum: its values in model order, with their Python names."""

    wire: str
    name: ClassName
    members: tuple[tuple[EnumMember, str], ...]

    @property
    def references(self) -> tuple[str, ...]:
        """An enum mentions no other shape."""
        return ()


@dataclass(frozen=True)
class Error:
    """An error that the model lists."""

    wire: str
    name: ClassName
    code: str
    members: tuple[Member, ...]
    status: int | None
    retryable: bool
    common: bool
    """Whether aiobotantic.errors has a class of that name: it is the base."""
    structured: bool = False
    """Whether its members are more than plain JSON, and are read as a structure of its name."""


@dataclass(frozen=True)
class Paginator:
    """How an operation's pages follow each other."""

    operation: str
    method: MethodName
    input_token: Member
    output_token: str
    """Field of the response, or a JMESPath expression over AWS's names."""
    more_results: str | None
    """The same, of what says whether there is a next page; None where the token says it."""
    items: Member | None
    """The list of a page; None where the pages themselves are iterated."""
    page_size: Member | None

    @property
    def largest_page(self) -> int | None:
        """The most items that may be asked for in one request; None where nobody says."""
        limits = None if self.page_size is None else self.page_size.value
        if limits is None or limits.kind is not Scalar.INTEGER or limits.max is None:
            return None
        return int(limits.max)

    @property
    def item(self) -> Value | None:
        """The type of an item of the list."""
        match self.items:
            case Member(value=Value(kind=ListOf(item))):
                return item
            case _:
                return None


@dataclass(frozen=True)
class Acceptor:
    """What ends a waiter."""

    state: str
    matcher: str
    expected: str | int | bool
    argument: str | None

    @property
    def expects_error(self) -> bool:
        """Whether the answer that it waits for is an error of the service."""
        if self.matcher == "status":
            return self.expected not in range(200, 300)
        return self.matcher == "error" and self.expected is not False


@dataclass(frozen=True)
class Listing:
    """Where the status that is waited for also stands in a list."""

    operation: str
    """AWS's name of the List operation."""
    items: str
    """Its field that holds the items."""
    identity: str
    """Field of the items, and of the request that is polled, which says whose status it is."""
    status: str
    """Field of the items that holds the status."""
    largest_page: int | None


@dataclass(frozen=True)
class Waiter:
    """A waiter, modelled by AWS or inferred."""

    name: str
    constant: str
    method: MethodName
    operation: str
    delay: int
    max_attempts: int
    acceptors: tuple[Acceptor, ...]
    reasons: tuple[str, ...] = ()
    """Fields of the response that say why something failed."""
    listing: Listing | None = None
    rule: str = ""
    """Why there is the waiter, where AWS's models do not have it."""

    @property
    def may_end_without_response(self) -> bool:
        """Whether an error is a success: then there is no last response to return."""
        return any(a.state == "success" and a.expects_error for a in self.acceptors)


@dataclass(frozen=True)
class Operation:
    """One operation."""

    wire: str
    method: MethodName
    constant: str
    family: FamilyName
    input: Structure
    output: Structure | None
    errors: tuple[Error, ...]
    repeat: str
    http_method: str
    uri: str
    deprecated: bool
    reference: str
    """Address of AWS's page about it."""
    host_prefix: str = ""
    """What stands before the host name; members in braces."""
    traits: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What botocore's pipeline does by itself, as botocore's model says it."""
    paginator: Paginator | None = None
    waiters: tuple[Waiter, ...] = ()
    open_body: bool = False
    """Whether its body is of any format, and is given as JSON and text, too."""

    @property
    def streams(self) -> bool:
        """Whether the response is read while it arrives."""
        return self.streamed is not None

    @cached_property
    def streamed(self) -> Member | None:
        """The member of the response that is read while it arrives."""
        members = self.output.members if self.output else ()
        return next((m for m in members if m.streaming or m.value.events), None)

    @cached_property
    def arguments(self) -> tuple[Member, ...]:
        """The input's members, required ones first, as a signature lists them."""
        members = self.input.members
        needed = [m for m in members if m.required and not m.token]
        return (*needed, *(m for m in members if not m.required or m.token))

    @cached_property
    def filters(self) -> tuple[Member, ...]:
        """The arguments of the iterator: those that do not say which page."""
        if self.paginator is None:
            return ()
        paging = {self.paginator.input_token.wire}
        if self.paginator.page_size is not None:
            paging.add(self.paginator.page_size.wire)
        return tuple(member for member in self.arguments if member.wire not in paging)


@dataclass(frozen=True)
class Module:
    """One file of shapes."""

    name: str
    """`notebook_instance`, or `common`."""
    shapes: tuple[Structure | Enum, ...]
    """In dependency order: what a shape mentions stands above it, recursion aside."""


@dataclass(frozen=True)
class Mixin:
    """A hand-written class that the client has for a base, before the operations."""

    module: str
    name: ClassName


@dataclass(frozen=True)
class Service:
    """One service."""

    name: str
    module: str
    class_name: ClassName
    full_name: str
    metadata: Mapping[str, Any]
    endpoint_rules: Mapping[str, Any]
    behaviour: Mapping[str, Any]
    operations: tuple[Operation, ...]
    errors: tuple[Error, ...]
    modules: tuple[Module, ...]
    camel_case: bool
    """Whether wire names follow from field names as camelCase, not PascalCase."""
    mixin: Mixin | None = None
    left_out: Mapping[str, str] = field(default_factory=dict[str, str])
    """Operations that the runtime does not speak, with the reason."""

    @cached_property
    def families(self) -> dict[FamilyName, tuple[Operation, ...]]:
        """Operations by the resource noun they belong to."""
        families: dict[FamilyName, list[Operation]] = {}
        for operation in self.operations:
            families.setdefault(operation.family, []).append(operation)
        return {family: tuple(families[family]) for family in sorted(families)}

    @cached_property
    def shapes(self) -> dict[str, Structure | Enum]:
        """Every structure and enum by wire name."""
        return {shape.wire: shape for module in self.modules for shape in module.shapes}

    @cached_property
    def module_of(self) -> dict[str, str]:
        """Shape's wire name to the name of its file."""
        return {shape.wire: module.name for module in self.modules for shape in module.shapes}

    @cached_property
    def waiters(self) -> tuple[Waiter, ...]:
        """Every waiter."""
        return tuple(waiter for operation in self.operations for waiter in operation.waiters)


def shapes_of(value: Value) -> Iterator[str]:
    """Yield the wire names of the shapes that a type mentions."""
    match value.kind:
        case Ref(shape):
            yield shape
        case ListOf(item):
            yield from shapes_of(item)
        case MapOf(key, entry):
            yield from shapes_of(key)
            yield from shapes_of(entry)
        case _:
            return
