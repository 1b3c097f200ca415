"""The calls of a cassette: which one comes next, and what is said of one that nobody recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from aiobotantic.structure import is_mapping, is_sequence
from aiobotantic.testing.answering import UnexpectedCallError
from aiobotantic.testing.recorded_values import CassetteError
from aiobotantic.testing.scrubbing import same_text

Match: TypeAlias = Literal["strict", "lenient"]

REMEDY = 'If the program changed, record again: mode="record", or pytest --cassettes=record'


class UnusedCallsError(AssertionError):
    """A program made fewer calls than its cassette has."""


@dataclass
class RecordedCall:
    """A call that was recorded."""

    number: int
    service: str
    operation: str
    request: Mapping[str, Any]
    entry: Mapping[str, Any]
    used: bool = False

    @property
    def place(self) -> str:
        """Where in the cassette it stands."""
        return f"calls[{self.number}]"

    def __str__(self) -> str:
        return f"{self.place}, {in_words(self.operation, self.request)}"


@dataclass
class RecordedCalls:
    """All calls of a cassette that is replayed."""

    file: str
    match: Match
    calls: list[RecordedCall]
    unexpected: list[UnexpectedCallError] = field(default_factory=list[UnexpectedCallError])
    _next: int = 0

    def take(self, service: str, operation: str, request: Mapping[str, Any]) -> RecordedCall:
        """Return the call that is meant.

        Raises:
            UnexpectedCallError: there is none.
        """
        call = (self._in_order if self.match == "strict" else self._anywhere)(
            service, operation, request
        )
        if call is None:
            error = UnexpectedCallError(
                f"{in_words(operation, request)} was not expected.\n"
                f"{self._nearest(service, operation, request)}\n{REMEDY}"
            )
            self.unexpected.append(error)
            raise error
        call.used = True
        return call

    def _in_order(
        self, service: str, operation: str, request: Mapping[str, Any]
    ) -> RecordedCall | None:
        call = self.calls[self._next] if self._next < len(self.calls) else None
        if call is None or not _is(call, service, operation, request):
            return None
        self._next += 1
        return call

    def _anywhere(
        self, service: str, operation: str, request: Mapping[str, Any]
    ) -> RecordedCall | None:
        same = [call for call in self.calls if _is(call, service, operation, request)]
        same = [call for call in same if not call.entry.get("cancelled")] or same
        return next((call for call in same if not call.used), same[-1] if same else None)

    def _nearest(self, service: str, operation: str, request: Mapping[str, Any]) -> str:
        if self.match == "strict":
            if self._next == len(self.calls):
                return f"{self.file} has no more than {_counted(len(self.calls))}."
            call = self.calls[self._next]
            if (call.service, call.operation) != (service, operation):
                return f"Next in {self.file} is {call}."
            return self._but(f"Next in {self.file} is", call, request)
        alike = [c for c in self.calls if (c.service, c.operation) == (service, operation)]
        if not alike:
            names = ", ".join(dict.fromkeys(call.operation for call in self.calls))
            return f"{self.file} has no {operation}; it has {names or 'no call'}."
        nearest = min(alike, key=lambda call: len(list(_differences(call.request, request, ""))))
        return self._but(f"Nearest in {self.file} is", nearest, request)

    def _but(self, what: str, call: RecordedCall, request: Mapping[str, Any]) -> str:
        lines = [f"  {line}" for line in _differences(call.request, request, "")]
        return "\n".join([f"{what} {call.place}, but", *lines])

    def check_used(self) -> None:
        """Check that each call was made, but for those that were cancelled.

        Raises:
            UnusedCallsError: one was not.
        """
        unused = [c for c in self.calls if not c.used and not c.entry.get("cancelled")]
        if unused and self.match == "strict":
            lines = [f"  {call}" for call in unused[:5]]
            more = [f"  and {len(unused) - 5} more"] if len(unused) > 5 else []
            raise UnusedCallsError(
                "\n".join(
                    [
                        f"{self.file} has {_counted(len(unused))} that the program did not make:",
                        *lines,
                        *more,
                        REMEDY,
                    ]
                )
            )


def read_calls(file: str, match: Match, document: Any) -> RecordedCalls:
    """Return the calls of a cassette's document.

    Raises:
        CassetteError: it is none.
    """
    if not is_mapping(document) or document.get("cassette") != 1:
        raise CassetteError('it is no cassette: an object with "cassette": 1 was expected')
    entries = document.get("calls")
    if not is_sequence(entries):
        raise CassetteError("calls: a list was expected")
    return RecordedCalls(file, match, [_call(n, each) for n, each in enumerate(entries)])


def _call(number: int, entry: Any) -> RecordedCall:
    place = f"calls[{number}]"
    if not is_mapping(entry):
        raise CassetteError(f"{place}: an object was expected")
    for name, kind, words in (
        ("service", str, "a text"),
        ("operation", str, "a text"),
        ("request", Mapping, "an object"),
    ):
        if not isinstance(entry.get(name), kind):
            raise CassetteError(f"{place}.{name}: {words} was expected")
    if not {"response", "error", "failure", "cancelled"} & set(entry):
        raise CassetteError(f"{place} has neither response nor error")
    return RecordedCall(number, entry["service"], entry["operation"], entry["request"], entry)


def _is(call: RecordedCall, service: str, operation: str, request: Mapping[str, Any]) -> bool:
    if (call.service, call.operation) != (service, operation):
        return False
    return next(_differences(call.request, request, ""), None) is None


def _differences(recorded: Any, came: Any, path: str) -> Iterator[str]:
    if is_mapping(recorded) and is_mapping(came):
        for name in sorted({*recorded, *came}):
            inner = f"{path}.{name}" if path else name
            if name in recorded and name in came:
                yield from _differences(recorded[name], came[name], inner)
            else:
                yield f"{inner}: {_shown(recorded, name)} was expected, {_shown(came, name)} came"
    elif is_sequence(recorded) and is_sequence(came) and len(recorded) == len(came):
        for place, pair in enumerate(zip(recorded, came, strict=True)):
            yield from _differences(*pair, f"{path}[{place}]")
    elif isinstance(recorded, str) and isinstance(came, str):
        if not same_text(recorded, came):
            yield f"{path}: {_short(recorded)} was expected, {_short(came)} came"
    elif recorded != came:
        yield f"{path}: {_short(recorded)} was expected, {_short(came)} came"


def _shown(members: Mapping[str, Any], name: str) -> str:
    return _short(members[name]) if name in members else "nothing"


def _short(value: Any, most: int = 100) -> str:
    text = repr(value)
    return text if len(text) <= most else f"{text[: most - 3]}..."


def in_words(operation: str, request: Mapping[str, Any]) -> str:
    """Return a call as text."""
    text = ", ".join(f"{name}={_short(value)}" for name, value in request.items())
    text = text if len(text) <= 400 else f"{text[:397]}..."
    return f"{operation}({text})"


def _counted(number: int) -> str:
    return f"{number} call" if number == 1 else f"{number} calls"
