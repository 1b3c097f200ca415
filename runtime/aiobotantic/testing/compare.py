"""Two requests side by side, for fakes: copies that nobody changes, and what differs in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

from aiobotantic.structure import MASK, Structure, describe, is_mapping, is_sequence, to_plain

S = TypeVar("S", bound=Structure)


def copied(value: S) -> S:
    """Return a structure of the same values, whose structures, lists and maps are its own."""
    copy: S = _copied(value)
    return copy


def _copied(value: Any) -> Any:
    """A deep copy of what can be copied: not of a file or an iterator that a request streams."""
    if isinstance(value, Structure):
        copy = value.model_copy()
        fields, extra = vars(copy), copy.__pydantic_extra__ or {}
        fields.update({name: _copied(each) for name, each in fields.items()})
        copy.__pydantic_extra__ = {name: _copied(each) for name, each in extra.items()}
        return copy
    if is_sequence(value):
        return [_copied(each) for each in value]
    if is_mapping(value):
        return {key: _copied(each) for key, each in value.items()}
    return value


def differences(
    expected: Structure, came: Structure, fields: Iterator[str] | None = None
) -> list[str]:
    """Return what differs between two structures, a line for each place.

    Sensitive values are masked. `fields`: the fields to compare; all of them by default.
    """
    members = describe(type(expected))
    lines: list[str] = []
    for name in members.wire_names if fields is None else fields:
        pair = getattr(expected, name), getattr(came, name, None)
        lines += _differences(*pair, name, name in members.sensitive)
    return lines


def _differences(expected: Any, came: Any, path: str, masked: bool) -> Iterator[str]:
    if isinstance(expected, Structure) and type(expected) is type(came):
        members = describe(type(expected))
        for name in members.wire_names:
            pair = getattr(expected, name), getattr(came, name)
            yield from _differences(*pair, f"{path}.{name}", masked or name in members.sensitive)
    elif is_sequence(expected) and is_sequence(came) and len(expected) == len(came):
        for place, pair in enumerate(zip(expected, came, strict=True)):
            yield from _differences(*pair, f"{path}[{place}]", masked)
    elif is_mapping(expected) and is_mapping(came) and set(expected) == set(came):
        for key in expected:
            shown = MASK if masked else repr(to_plain(key))
            yield from _differences(expected[key], came[key], f"{path}[{shown}]", masked)
    elif _comparable(expected) != _comparable(came):
        yield f"{path}: {_shown(expected, masked)} was expected, {_shown(came, masked)} came"


def _comparable(value: Any) -> Any:
    """Return a value as the wire has it: a naive time is taken as UTC."""
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    if isinstance(value, Structure):
        return _comparable(value.to_wire())
    if is_sequence(value):
        return [_comparable(each) for each in value]
    if is_mapping(value):
        return {to_plain(key): _comparable(each) for key, each in value.items()}
    return value


def _shown(value: Any, masked: bool) -> str:
    if value is None:
        return "nothing"
    text = MASK if masked else repr(value if isinstance(value, Structure) else to_plain(value))
    return text if len(text) <= 100 else f"{text[:97]}..."


def in_words(request: Structure) -> str:
    """Return the arguments of a request as a call has them, sensitive ones masked."""
    text = ", ".join(f"{name}={value!r}" for name, value in request.__repr_args__())
    return text if len(text) <= 400 else f"{text[:397]}..."
