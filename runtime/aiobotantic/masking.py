"""Secrets kept out of what is written down: masked wire dicts, and errors that repeat one.

Structures mask themselves in `repr`; this is for what has left them: plain dicts, and texts that
the service made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

from aiobotantic.errors import ServiceError
from aiobotantic.structure import MASK, Structure, describe, is_mapping, is_sequence, value_type

_SHORTEST: Final = 6
"""Characters of a secret that is looked for in a text: shorter ones stand in many words."""
_TOKEN: Final = re.compile(r"(?i)(x-amz-security-token[\"']?\s*[:=]\s*[\"']?)[^\s\"'&,;\\]+")
"""A session token in the canonical request that AWS repeats when a signature is wrong."""


def masked_wire(cls: type[Structure], members: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request or an answer, as `to_wire` gives it, without what is sensitive.

    For whatever keeps calls: recordings, audit logs. Sensitive members are `***`, and so are those
    that the model does not list, since nobody knows what they are, and what stands where a
    structure should.

    Args:
        cls: The structure's class: `operation.request_class`, `operation.response_class`.
        members: Its members by AWS's names.
    """
    known = describe(cls)
    shown: dict[str, Any] = {}
    for wire, value in members.items():
        name = known.by_wire_name.get(wire)
        if name is None or name in known.sensitive:
            shown[wire] = MASK
        elif name in known.nested and value is not None:
            shown[wire] = _masked(known.nested[name], value)
        else:
            shown[wire] = value
    return shown


def _masked(annotation: Any, value: Any) -> Any:
    kind = value_type(annotation)
    args = get_args(kind)
    if args and is_sequence(value):
        return [_masked(args[-1], each) for each in value]
    if args and is_mapping(value):
        return {key: _masked(args[-1], each) for key, each in value.items()}
    if not args and is_mapping(value):
        return masked_wire(kind, value)
    return MASK


def secrets_in(structure: Structure) -> Iterator[str | bytes]:
    """Yield the texts and bytes that stand in sensitive members, at any depth."""
    known = describe(type(structure))
    for name in known.blank:
        value = structure.__dict__.get(name)
        if name in known.sensitive:
            yield from _texts(value)
        elif name in known.nested:
            yield from _nested(value)


def _nested(value: Any) -> Iterator[str | bytes]:
    if isinstance(value, Structure):
        yield from secrets_in(value)
    elif is_sequence(value):
        for each in value:
            yield from _nested(each)
    elif is_mapping(value):
        for each in value.values():
            yield from _nested(each)


def _texts(value: Any) -> Iterator[str | bytes]:
    if isinstance(value, (str, bytes)):
        yield value
    elif isinstance(value, Structure):
        for each in value.__dict__.values():
            yield from _texts(each)
    elif is_sequence(value):
        for each in value:
            yield from _texts(each)
    elif is_mapping(value):
        for key, each in value.items():
            yield from _texts(key)
            yield from _texts(each)


def hide_repeated(error: ServiceError, request: Structure) -> None:
    """Mask what the service's error repeats of the request: sensitive members, the session token.

    AWS repeats values that it refuses, and the whole canonical request where the signature is
    wrong.
    """
    longest = len(json.dumps(error.response, default=str))
    found: set[str] = set()
    for secret in secrets_in(request):
        if _SHORTEST <= len(secret) <= longest:
            text = secret if isinstance(secret, str) else secret.decode(errors="replace")
            found |= {text, json.dumps(text)[1:-1], " ".join(text.split())}
    texts = sorted((each for each in found if len(each) >= _SHORTEST), key=len, reverse=True)
    response = _without(error.response, texts)
    if response != error.response:
        error.response = response
        error.args = (str(error),)
        for name, wire in error.MEMBERS.items():
            if name != "message":
                setattr(error, name, response.get(wire))


def _without(value: Any, texts: list[str]) -> Any:
    if isinstance(value, str):
        for text in texts:
            value = value.replace(text, MASK)
        return _TOKEN.sub(rf"\1{MASK}", value)
    if is_mapping(value):
        return {key: _without(each, texts) for key, each in value.items()}
    if is_sequence(value):
        return [_without(each, texts) for each in value]
    return value
