"""Answers of operations whose resources are not kept: made from the response's class.

The same request gets the same answer in any process. Members that request and response share come
back as they were sent. Pages end with the first.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from functools import cache
from hashlib import blake2b
from typing import Any, get_args, get_origin

from aiobotantic.bodies import StreamingBody
from aiobotantic.operation import Operation
from aiobotantic.structure import Structure, describe, value_type
from aiobotantic.testing.behaviour import Answers
from aiobotantic.testing.build import Builder
from aiobotantic.testing.json_values import is_array, is_object, plain
from aiobotantic.testing.last_page import end_pages
from aiobotantic.testing.words import Place

_log = logging.getLogger(__name__)


def made_up(
    operation: Operation[Any], request: Mapping[str, Any], answers: Answers, place: Place
) -> dict[str, Any]:
    """Return the members of an answer to a request."""
    builder = Builder(
        seed=f"{operation.name}{_fingerprint(request)}",
        place=place,
        names={name: value for name, value in request.items() if isinstance(value, str)},
        preferred=answers.settled,
        settling=answers.settling,
        omitted=answers.omitted,
    )
    members = builder.structure(operation.response_class).to_wire()
    for unsatisfied in builder.unsatisfied:
        _log.warning("%s: %s", operation.name, unsatisfied)
    for name in shared(operation.request_class, operation.response_class):
        if name in request and name not in answers.omitted:
            members[name] = request[name]
    end_pages(operation, members)
    return members


def fill_up(
    cls: type[Structure], members: dict[str, Any], fills: Iterable[str], answers: Answers
) -> None:
    """Make up those members of a resource that its structure must not lack.

    One that says nothing where it is made up, such as the token of a page, is an empty text.
    """
    for wire in fills:
        if wire in answers.omitted:
            members.setdefault(wire, "")
        elif members.get(wire) is None:
            members[wire] = _filling(cls, wire, answers.settled, answers.settling)


@cache
def _filling(
    cls: type[Structure], wire: str, settled: Sequence[str], settling: Sequence[str]
) -> Any:
    builder = Builder(preferred=settled, settling=settling)
    return to_plain(builder.value(cls, wire))


def to_plain(value: Any) -> Any:
    """Return a made-up value as members hold it: a structure as its wire members."""
    if isinstance(value, Structure):
        return value.to_wire()
    if is_array(value):
        return [to_plain(each) for each in value]
    return str(value) if isinstance(value, Enum) else value


def selected(cls: type[Structure], members: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of a resource's members that a structure has, its lists' items likewise."""
    shown: dict[str, Any] = {}
    for wire, fit in _fitters(cls).items():
        if (value := members.get(wire)) is not None:
            shown[wire] = value if fit is None else fit(value)
    return shown


Fit = Callable[[Any], Any]


@cache
def _fitters(cls: type[Structure]) -> Mapping[str, Fit | None]:
    """Return the members of a structure, and what makes their values fit, where anything does."""
    return {
        wire: _fitter(cls.__pydantic_fields__[name].annotation)
        for name, wire in describe(cls).wire_names.items()
    }


def _fitter(annotation: Any) -> Fit | None:
    kind = value_type(annotation)
    if isinstance(kind, type) and issubclass(kind, Structure):
        return lambda value: selected(kind, value) if is_object(value) else value
    if get_origin(kind) is list and (fit := _fitter(get_args(kind)[0])) is not None:
        return lambda value: [fit(each) for each in value] if is_array(value) else value
    return None


def _fingerprint(request: Mapping[str, Any]) -> str:
    """Return a text that two requests share only where they say the same: 1 and 1.0 do."""
    text = json.dumps(request, sort_keys=True, default=_digest)
    return re.sub(r"\.0(?=[],}])", "", text)


def _digest(value: Any) -> Any:
    """Stand for a value that JSON cannot hold: a body may have megabytes."""
    return blake2b(value).hexdigest() if isinstance(value, bytes) else plain(value)


def shared(request: type[Structure], response: type[Structure]) -> list[str]:
    """Return the wire names that two structures have with one and the same type."""
    given, returned = describe(request).by_wire_name, describe(response).by_wire_name
    return [
        wire
        for wire, name in given.items()
        if wire in returned and _kind(request, name) == _kind(response, returned[wire])
    ]


def _kind(cls: type[Structure], field: str) -> Any:
    """Return a field's type; what is streamed is bytes."""
    kind = value_type(cls.__pydantic_fields__[field].annotation)
    return bytes if kind in (StreamingBody, Any) else kind
