"""What generated docstrings say: facts, in lines that editors show well."""

from __future__ import annotations

from aiobotantic_codegen.ir.docs import error_facts, facts
from aiobotantic_codegen.ir.service import Member, Operation, Service, Waiter
from aiobotantic_codegen.ir.types import ListOf, MapOf, Ref, Scalar, Value
from aiobotantic_codegen.render.annotations import Annotations

_PAGING = (
    ("limit", "Most items to yield. Default: all."),
    ("page_size", "Most items to ask for in one request. Default: the service's."),
    ("starting_token", "Where an earlier iterator stopped: its `resume_token`."),
)
_WAITING = (
    ("timeout", "Seconds to wait at most. Default: {timeout:g}."),
    ("delay", "Seconds between two polls. Default: {delay:g}."),
)


class Docstrings:
    """Docstrings of one service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.annotations = Annotations(service)

    def limits(self, value: Value) -> str:
        """The facts of a value; empty where it has none."""
        enum = self.annotations.is_enum(value)
        return facts(value, enum=self._name(value) if enum else None)

    def field(self, member: Member, *, sent: bool) -> str:
        """What stands beneath a field: its limits, where a request is checked against them."""
        sentences = [] if self.annotations.is_enum(member.value) else [self.limits(member.value)]
        if not sent:
            sentences = [s for s in sentences if s and member.value.kind is not Scalar.TIMESTAMP]
        return " ".join(filter(None, [*sentences, *self._notes(member)]))

    def argument(self, member: Member) -> str:
        """What the Args section says of an argument: always a sentence."""
        text = self.limits(member.value) or f"{self._kind(member.value)}."
        return " ".join([text, *self._notes(member)])

    def operation(self, operation: Operation) -> str:
        """The docstring of a method."""
        return self._method(
            f"Call `{operation.wire}`.",
            [(m.name, self.argument(m)) for m in operation.arguments],
            [(e.name, error_facts(e.code)) for e in operation.errors],
            operation.reference,
        )

    def iterator(self, operation: Operation) -> str:
        """The docstring of an iterator."""
        arguments: list[tuple[str, str]] = [(m.name, self.argument(m)) for m in operation.filters]
        paging = [p for p in _PAGING if p[0] != "page_size" or self._has_page_size(operation)]
        return self._method(
            f"Iterate over what `{operation.wire}` lists: items, or whole responses by `.pages()`.",
            [*arguments, *paging],
            [],
            operation.reference,
        )

    def waiter(self, waiter: Waiter, operation: Operation) -> str:
        """The docstring of a waiter."""
        numbers = {"timeout": waiter.delay * waiter.max_attempts, "delay": waiter.delay}
        arguments: list[tuple[str, str]] = [(m.name, self.argument(m)) for m in operation.arguments]
        waiting = [(name, text.format(**numbers)) for name, text in _WAITING]
        errors = [
            ("WaiterFailed", "A failure state was reached."),
            ("WaiterTimedOut", "The deadline passed."),
        ]
        end = "None where an error of the service was the end waited for."
        returns = f"The last response{'; ' + end if waiter.may_end_without_response else '.'}"
        return self._method(
            f"Poll `{operation.wire}` until the waiter `{waiter.name}` is satisfied.",
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
        blocks = [summary]
        if arguments:
            blocks.append(_section("Args", arguments))
        if returns:
            blocks.append(f"Returns:\n    {returns}")
        if errors:
            blocks.append(_section("Raises", errors))
        blocks.append(f"[AWS API reference]({reference})")
        return "\n\n".join(blocks) + "\n"

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
    return "\n".join([f"{title}:", *(f"    {name}: {text}" for name, text in entries)])
