"""What generated docstrings say: facts, in lines that editors show well."""

from __future__ import annotations

from collections.abc import Iterable

from aiobotantic_codegen.ir.docs import error_facts, facts, one_line
from aiobotantic_codegen.ir.service import (
    Enum,
    Error,
    Member,
    Operation,
    Service,
    Structure,
    Waiter,
)
from aiobotantic_codegen.ir.types import ListOf, MapOf, Ref, Scalar, Value
from aiobotantic_codegen.load.prose import Prose
from aiobotantic_codegen.render.annotations import Annotations
from aiobotantic_codegen.render.prose import Block, blocks, layout, with_facts

_CLASS_WIDTH = 96
_METHOD_WIDTH = 92
_ENTRY_WIDTH = 84
"""Columns of a line in a docstring of a class, of a method, and of an entry of its sections."""
_QUOTES = '"""'

_PAGING = (
    ("limit", "Most items to yield. Default: all."),
    ("page_size", "Most items to ask for in one request. Default: {largest}."),
    ("starting_token", "Where an earlier iterator stopped: its `resume_token`."),
)
_BODY_FORMS = (
    ("json", "In place of `body`: what JSON can hold. Content type: application/json."),
    ("text", "In place of `body`: text, in UTF-8. Content type: text/plain."),
)
_WAITING = (
    ("timeout", "Seconds to wait at most. Default: {timeout:g}."),
    ("delay", "Most seconds between two polls; the first ones are closer. Default: {delay:g}."),
    ("on_poll", "Is called with each response, and awaited where it is async."),
)


class Docstrings:
    """Docstrings of one service: a line that sums up, AWS's prose where it is given, facts."""

    def __init__(self, service: Service, prose: Prose | None = None) -> None:
        self.service = service
        self.prose = prose or Prose()
        self.annotations = Annotations(service)

    def limits(self, value: Value) -> str:
        """The facts of a value; empty where it has none."""
        enum = self.annotations.is_enum(value)
        return facts(value, enum=self._name(value) if enum else None)

    def structure(self, shape: Structure) -> str:
        """The docstring of a structure."""
        return self._class(self._about(shape), shape.wire)

    def enum(self, shape: Enum) -> str:
        """The docstring of an enum."""
        return self._class(f"Values of `{shape.wire}`.", shape.wire)

    def error(self, error: Error) -> str:
        """The docstring of an error."""
        return self._class(f"The service answered `{one_line(error.code)}`.", error.wire)

    def field(self, owner: Structure, member: Member) -> str:
        """What stands beneath a field: its limits, where a request is checked against them."""
        sentences = [] if self.annotations.is_enum(member.value) else [self.limits(member.value)]
        if not owner.sent:
            sentences = [s for s in sentences if s and member.value.kind is not Scalar.TIMESTAMP]
        return self._beneath(owner.wire, member, _sentences(*sentences, *self._notes(member)))

    def error_field(self, error: Error, member: Member) -> str:
        """What stands beneath a field of an error."""
        return self._beneath(error.wire, member, "")

    def argument(self, owner: Structure, member: Member) -> str:
        """What the Args section says of an argument: always a sentence."""
        prose = blocks(self.prose.members.get((owner.wire, member.wire), ""))
        limits = self.limits(member.value)
        if not prose:
            return _sentences(limits or f"{self._kind(member.value)}.", *self._notes(member))
        return _entry(member.name, with_facts(prose, _sentences(limits, *self._notes(member))))

    def operation(self, operation: Operation) -> str:
        """The docstring of a method."""
        line = f"Call `{operation.wire}`."
        if operation.streams:
            line = f"{line[:-1]}: await it for the answer, or enter it for what the answer streams."
        return self._method(
            self._summary(line, operation),
            self._arguments(operation, operation.arguments),
            [(e.name, self._raised(e)) for e in operation.errors],
            operation.reference,
        )

    def iterator(self, operation: Operation) -> str:
        """The docstring of an iterator."""
        arguments = self._arguments(operation, operation.filters)
        largest = operation.paginator.largest_page if operation.paginator else None
        most = "the service's" if largest is None else f"{largest}, the most there are"
        paging = [
            (name, text.format(largest=most))
            for name, text in _PAGING
            if name != "page_size" or self._has_page_size(operation)
        ]
        what = "items, or whole responses by `.pages()`"
        summary = f"Iterate over what `{operation.wire}` lists: {what}."
        if operation.paginator is not None and operation.paginator.items is None:
            summary = f"Iterate over the responses of `{operation.wire}`, page by page."
            paging[0] = ("limit", "Most responses to yield. Default: all.")
        return self._method(
            self._summary(summary, operation),
            [*arguments, *paging],
            [],
            operation.reference,
        )

    def waiter(self, waiter: Waiter, operation: Operation) -> str:
        """The docstring of a waiter."""
        numbers = {"timeout": waiter.delay * waiter.max_attempts, "delay": waiter.delay}
        arguments = self._arguments(operation, operation.arguments)
        waiting = [(name, text.format(**numbers)) for name, text in _WAITING]
        errors = [
            ("WaiterFailed", "A failure state was reached."),
            ("WaiterTimedOut", "The deadline passed."),
        ]
        end = "None where an error of the service was the end waited for."
        returns = f"The last response{'; ' + end if waiter.may_end_without_response else '.'}"
        return self._method(
            f"Poll `{operation.wire}` until the waiter `{waiter.name}` is satisfied."
            + (f"\n\nInferred: {waiter.rule}." if waiter.rule else ""),
            [*arguments, *waiting],
            errors,
            operation.reference,
            returns,
        )

    def _method(
        self,
        summary: str,
        arguments: list[tuple[str, str]],
        errors: list[tuple[str, str]],
        reference: str,
        returns: str | None = None,
    ) -> str:
        parts = [summary]
        if arguments:
            parts.append(_section("Args", arguments))
        if returns:
            parts.append(f"Returns:\n    {returns}")
        if errors:
            parts.append(_section("Raises", errors))
        parts.append(f"[AWS API reference]({reference})")
        return "\n\n".join(parts) + "\n"

    def _arguments(self, operation: Operation, members: Iterable[Member]) -> list[tuple[str, str]]:
        entries: list[tuple[str, str]] = []
        for member in members:
            text = self.argument(operation.input, member)
            if operation.open_body and member.is_payload:
                text = f"{text} A file or an iterator is read as a whole first."
                entries += [(member.name, text), *_BODY_FORMS]
            else:
                entries.append((member.name, text))
        return entries

    def _summary(self, line: str, operation: Operation) -> str:
        prose = blocks(self.prose.operations.get(operation.wire, ""))
        return f"{line}\n\n{layout(prose, _METHOD_WIDTH)}" if prose else line

    def _raised(self, error: Error) -> str:
        prose = blocks(self.prose.shapes.get(error.wire, ""))
        return _entry(error.name, prose) if prose else error_facts(error.code)

    def _class(self, line: str, wire: str) -> str:
        prose = blocks(self.prose.shapes.get(wire, ""))
        return f"{line}\n\n{layout(prose, _CLASS_WIDTH)}\n" if prose else line

    def _beneath(self, owner: str, member: Member, limits: str) -> str:
        prose = blocks(self.prose.members.get((owner, member.wire), ""))
        if not prose:
            return limits
        text = layout(with_facts(prose, limits), _CLASS_WIDTH, len(_QUOTES))
        is_line = "\n" not in text and len(text) <= _CLASS_WIDTH - 2 * len(_QUOTES)
        return text if is_line else f"{text}\n"

    def _about(self, shape: Structure) -> str:
        if shape.input_of is not None:
            return f"Request of `{shape.input_of}`."
        if shape.output_of is not None:
            return f"Response of `{shape.output_of}`."
        if shape.union:
            return f"`{shape.wire}`: exactly one member is set."
        return f"`{shape.wire}`."

    def _has_page_size(self, operation: Operation) -> bool:
        return operation.paginator is not None and operation.paginator.page_size is not None

    def _notes(self, member: Member) -> list[str]:
        notes = []
        if member.token:
            notes.append("Made up where it is not given.")
        if member.value.masked:
            notes.append("Sensitive: masked in repr, errors and logs.")
        if member.deprecated:
            notes.append("Deprecated.")
        return notes

    def _kind(self, value: Value) -> str:
        match value.kind:
            case Ref():
                return f"`{self._name(value)}`"
            case ListOf(item):
                inner = self._kind(item)
                return f"A list of {inner[0].lower()}{inner[1:]}"
            case MapOf():
                return "A mapping"
            case Scalar.BOOLEAN:
                return "True or False"
            case Scalar.STRING:
                return "Text"
            case Scalar.BLOB:
                return "Bytes"
            case Scalar.TIMESTAMP:
                return "A time"
            case _:
                return "A number"

    def _name(self, value: Value) -> str:
        if not isinstance(value.kind, Ref):
            return ""
        return str(self.service.shapes[value.kind.shape].name)


def _section(title: str, entries: list[tuple[str, str]]) -> str:
    lines = [f"    {name}: {text}".replace("\n", f"\n{' ' * 8}") for name, text in entries]
    return "\n".join([f"{title}:", *lines])


def _entry(name: str, prose: Iterable[Block]) -> str:
    """Return what stands after the name in a section; further lines stand four columns in."""
    return layout(prose, _ENTRY_WIDTH, len(f"{name}: ") - 4)


def _sentences(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
