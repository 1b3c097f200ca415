"""Types as source text: what a field's and an argument's annotation says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiobotantic_codegen.ir.service import Enum, Member, Service, Structure
from aiobotantic_codegen.ir.types import ListOf, MapOf, Ref, Scalar, Value
from aiobotantic_codegen.render.literals import literal


@dataclass(frozen=True)
class Field:
    """The annotation of a field, and its default where it has one."""

    annotation: str
    default: str | None = None


class Annotations:
    """Annotations of one service; `quoted` names the shapes that stand below their use."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def is_enum(self, value: Value) -> bool:
        """Whether the value is of an enum."""
        return isinstance(value.kind, Ref) and isinstance(
            self.service.shapes[value.kind.shape], Enum
        )

    def holds_enum(self, value: Value) -> bool:
        """Whether an enum stands somewhere in the type, structures aside."""
        match value.kind:
            case ListOf(item):
                return self.holds_enum(item)
            case MapOf(key, entry):
                return self.holds_enum(key) or self.holds_enum(entry)
            case _:
                return self.is_enum(value)

    def plain(self, value: Value, quote: Callable[[str], bool] = lambda _: False) -> str:
        """What an attribute reads as: `list[Tag]`."""
        match value.kind:
            case Ref(shape):
                name = self.service.shapes[shape].name
                return literal(str(name)) if quote(shape) else str(name)
            case ListOf(item):
                return f"list[{self.plain(item, quote)}]"
            case MapOf(key, entry):
                return f"dict[{self.plain(key, quote)}, {self.plain(entry, quote)}]"
            case scalar:
                return str(scalar)

    def argument(self, value: Value, quote: Callable[[str], bool] = lambda _: False) -> str:
        """What an argument takes: `Sequence[Tag]`, `InstanceType | str`."""
        match value.kind:
            case Ref():
                name = self.plain(value, quote)
                return f"{name} | str" if self.is_enum(value) else name
            case ListOf(item):
                return f"Sequence[{self.argument(item, quote)}]"
            case MapOf(key, entry):
                taken = self.argument(entry, quote)
                plain = f"Mapping[str, {taken}]"
                if self.is_enum(key):
                    return f"Mapping[{self.plain(key)}, {taken}] | {plain}"
                return plain
            case scalar:
                return str(scalar)

    def limited(self, value: Value, quote: Callable[[str], bool]) -> str:
        """What a request's field is, with its limits."""
        match value.kind:
            case ListOf(item):
                text = f"list[{self.limited(item, quote)}]"
            case MapOf(key, entry):
                text = f"dict[{self.limited(key, quote)}, {self.limited(entry, quote)}]"
            case _:
                text = self.plain(value, quote)
        limits = [*self._limits(value), *(["SENSITIVE"] if value.sensitive else [])]
        return f"Annotated[{', '.join([text, *limits])}]" if limits else text

    def field(
        self, owner: Structure, member: Member, wire: str | None, quote: Callable[[str], bool]
    ) -> Field:
        """Return a field's annotation: honest in both directions.

        Args:
            owner: the structure.
            member: the member.
            wire: the wire name where it does not follow from the field's name.
            quote: says of which shapes a forward reference is written.
        """
        value = member.value
        required = member.required and not member.token and not owner.union
        if owner.sent:
            text = self.limited(value, quote)
        else:
            text = _annotate(self.plain(value, quote), ["SENSITIVE"] if value.masked else [])
        if not (owner.sent and required) or (owner.received and self.holds_enum(value)):
            text = _optional(text)
        # On the outside: pydantic looks for names of fields nowhere else.
        text = _annotate(text, [f"wire_name({literal(wire)})"] if wire is not None else [])
        if not owner.sent:
            return Field(text, "None")
        if self.holds_enum(value):
            taken = self.argument(value, quote)
            if required:
                return Field(f"In[{text}, {taken}]")
            return Field(f"In[{text}, {taken} | None]", "ABSENT")
        if required:
            return Field(f"Required[{text}]" if owner.received else text)
        return Field(text, "None")

    def _limits(self, value: Value) -> list[str]:
        if self.is_enum(value) or isinstance(value.kind, Ref):
            return []
        if value.kind in (Scalar.BOOLEAN, Scalar.TIMESTAMP):
            return []
        low = value.min if value.is_range or value.min else None
        found = []
        if low is not None or value.max is not None:
            found.append(_between("Range" if value.is_range else "Length", low, value.max))
        if value.pattern is not None:
            found.append(f"Pattern({literal(value.pattern)})")
        return found


def _optional(text: str) -> str:
    """`T | None`, inside the quotes where `T` is a forward reference: a str takes no `|`."""
    return f'{text[:-1]} | None"' if text.startswith('"') else f"{text} | None"


def _between(marker: str, low: float | None, high: float | None) -> str:
    if low is None:
        return f"{marker}(max={literal(high)})"
    if high is None:
        return f"{marker}({literal(low)})"
    return f"{marker}({literal(low)}, {literal(high)})"


def _annotate(text: str, marks: list[str]) -> str:
    if not marks:
        return text
    if text.startswith("Annotated[") and text.endswith("]"):
        return f"{text[:-1]}, {', '.join(marks)}]"
    return f"Annotated[{text}, {', '.join(marks)}]"
