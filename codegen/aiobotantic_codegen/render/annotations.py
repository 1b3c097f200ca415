"""Types as source text: what a field's and an argument's annotation says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiobotantic_codegen.ir.service import Enum, Location, Member, Service, Structure
from aiobotantic_codegen.ir.types import ListOf, MapOf, Ref, Scalar, Value
from aiobotantic_codegen.render.literals import literal

_MARKERS = {
    Location.PATH: ("InPath", True),
    Location.QUERY: ("InQuery", True),
    Location.QUERY_MAP: ("InQueryMap", False),
    Location.HEADER: ("InHeader", True),
    Location.HEADERS: ("InHeaders", True),
    Location.STATUS: ("InStatus", False),
    Location.PAYLOAD: ("AsPayload", False),
    Location.EVENT_HEADER: ("InEventHeader", False),
}
_FORMATS = {"iso8601": "ISO8601", "rfc822": "RFC822", "unixTimestamp": "UNIX_TIME"}


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
                return f"list[{_entry(value, self.plain(item, quote))}]"
            case MapOf(key, entry):
                taken = _entry(value, self.plain(entry, quote))
                return f"dict[{self.plain(key, quote)}, {taken}]"
            case Scalar.DOCUMENT:
                return "JsonValue"
            case scalar:
                return str(scalar)

    def argument(self, value: Value, quote: Callable[[str], bool] = lambda _: False) -> str:
        """What an argument takes: `Sequence[Tag]`, `InstanceType | str`."""
        match value.kind:
            case Ref():
                name = self.plain(value, quote)
                return f"{name} | str" if self.is_enum(value) else name
            case ListOf(item):
                return f"Sequence[{_entry(value, self.argument(item, quote))}]"
            case MapOf(key, entry):
                taken = _entry(value, self.argument(entry, quote))
                plain = f"Mapping[str, {taken}]"
                if self.is_enum(key):
                    return f"Mapping[{self.plain(key)}, {taken}] | {plain}"
                return plain
            case scalar:
                return str(scalar)

    def limited(self, value: Value, quote: Callable[[str], bool]) -> str:
        """What a request's field is, with its limits."""
        text = self._parts(value, quote, self.limited)
        limits = [*self._limits(value), *(["SENSITIVE"] if value.sensitive else [])]
        return f"Annotated[{', '.join([text, *limits])}]" if limits else text

    def read(self, value: Value, quote: Callable[[str], bool]) -> str:
        """What a response's field is."""
        return self._parts(value, quote, self.read)

    def _parts(
        self,
        value: Value,
        quote: Callable[[str], bool],
        annotate: Callable[[Value, Callable[[str], bool]], str],
    ) -> str:
        """Annotate items and entries, times among them in the format that the model gives."""

        def part(inner: Value) -> str:
            forms = [_FORMATS[inner.time_format]] if inner.time_format else []
            return _annotate(annotate(inner, quote), forms)

        match value.kind:
            case ListOf(item):
                return f"list[{_entry(value, part(item))}]"
            case MapOf(key, entry):
                return f"dict[{part(key)}, {_entry(value, part(entry))}]"
            case _:
                return self.plain(value, quote)

    def field(
        self, owner: Structure, member: Member, wire: str | None, quote: Callable[[str], bool]
    ) -> Field:
        """Return a field's annotation: honest in both directions.

        Args:
            owner: the structure.
            member: the member.
            wire: the key in JSON where it does not follow from the field's name.
            quote: says of which shapes a forward reference is written.
        """
        if (body := self._body(owner, member, wire, quote)) is not None:
            return body
        value = member.value
        required = member.required and not member.token and not owner.union
        if owner.sent:
            text = self.limited(value, quote)
        else:
            text = _annotate(self.read(value, quote), ["SENSITIVE"] if value.masked else [])
        text = _annotate(text, self._forms(member))
        if not (owner.sent and required) or (owner.received and self.holds_enum(value)):
            text = _optional(text)
        # On the outside: pydantic looks for names of fields nowhere else.
        text = _annotate(text, self._places(member, wire))
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

    def streamed(self, member: Member) -> str:
        """Return the type of what is read while it arrives."""
        return (
            f"EventStream[{self.plain(member.value)}]" if member.value.events else "StreamingBody"
        )

    def _body(
        self,
        owner: Structure,
        member: Member,
        wire: str | None,
        quote: Callable[[str], bool],
    ) -> Field | None:
        """Return the annotation of a body that is no JSON; None for any other member."""
        named = [f"wire_name({literal(wire)})"] if wire is not None else []
        marks = [*named, "AsPayload()", *(["SENSITIVE"] if member.value.masked else [])]
        if member.value.events:
            return Field(_annotate(f"EventStream[{self.plain(member.value, quote)}]", marks))
        if not member.is_payload or member.value.kind is not Scalar.BLOB:
            return None
        if owner.output_of is not None and owner.input_of is None:
            if member.streaming:
                return Field(_annotate("StreamingBody", marks))
            return Field(_annotate("bytes", marks), 'b""')
        limits = [*self._limits(member.value), *marks]
        if not member.streaming:
            text = "bytes" if member.required else "bytes | None"
            return Field(_annotate(text, limits), None if member.required else "None")
        read = _annotate("Any", limits)
        if member.required:
            return Field(f"In[{read}, BytesInput]")
        return Field(f"In[{read}, BytesInput | None]", "ABSENT")

    def _forms(self, member: Member) -> list[str]:
        """Return how a value is written in JSON, where that is not JSON's own way."""
        bound = member.binding is not None
        form = member.value.time_format
        found = []
        if form is not None and (bound or form != "unixTimestamp"):
            found.append(_FORMATS[form])
        if member.json_text:
            found.append("JSON_TEXT")
        return found

    def _places(self, member: Member, wire: str | None) -> list[str]:
        """Return the name on the wire, and the place outside the JSON body."""
        found = [f"wire_name({literal(wire)})"] if wire is not None else []
        if member.renamed is not None:
            found.append(f"ApiName({literal(member.wire)})")
        if member.binding is not None:
            marker, named = _MARKERS[member.binding.location]
            found.append(f"{marker}({literal(member.binding.name) if named else ''})")
        return found

    def _limits(self, value: Value) -> list[str]:
        if self.is_enum(value) or isinstance(value.kind, Ref):
            return []
        if value.kind in (Scalar.BOOLEAN, Scalar.TIMESTAMP, Scalar.DOCUMENT):
            return []
        low = value.min if value.is_range or value.min else None
        found = []
        if low is not None or value.max is not None:
            found.append(_between("Range" if value.is_range else "Length", low, value.max))
        if value.pattern is not None:
            found.append(f"Pattern({literal(value.pattern)})")
        return found


def _entry(holder: Value, text: str) -> str:
    return _optional(text) if holder.sparse else text


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
