"""Every structure class of every service, and what an instance breaks of its own limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from aiobotantic.bindings import bindings_of, is_raw_payload
from aiobotantic.checks import check, check_bytes
from aiobotantic.constraints import Length
from aiobotantic.event_stream import EventStream
from aiobotantic.manifest import spec_versions
from aiobotantic.structure import Structure, describe, value_type, write_json
from aiobotantic.testing.json_values import encode
from aiosagemaker.testing import client_class

SERVICES = tuple(spec_versions("aiosagemaker"))


@cache
def structures(service: str) -> list[type[Structure]]:
    """Return the structure classes of a service, unions included."""
    models = import_module(f"{client_class(service).SERVICE.package}.models")
    found = [getattr(models, name) for name in dir(models)]
    return [cls for cls in found if isinstance(cls, type) and issubclass(cls, Structure)]


def refusals(structure: Structure) -> list[str]:
    """Return what the client says of a structure before it is sent, bodies that are no JSON too."""
    cls = type(structure)
    plain = cls.__module__.startswith("aiosagemaker.sagemaker.")
    # To make 1,600 serializers takes long, and all of that service's members are plain JSON.
    streamed = bindings_of(cls).payload  # written as it is, it need not be text
    document = json.loads(
        encode(structure.to_wire()) if plain else write_json(structure, without=streamed)
    )
    problems = list(_payloads(structure, document))
    found = check(cls, json.dumps(document).encode(), wire=True)
    return [*problems, *map(str, [*found, *check_bytes(structure, wire=True)])]


def _payloads(structure: Structure, document: Any) -> Iterator[str]:
    """Take what is no JSON out of a document, and yield what is wrong with it."""
    cls = type(structure)
    for name, key in describe(cls).json_names.items():
        value, member = getattr(structure, name), cls.__pydantic_fields__[name]
        kind: Any = value_type(member.annotation)
        if value is None:
            continue
        if is_raw_payload(cls, name):
            document.pop(key, None)
            if getattr(kind, "__origin__", None) is EventStream:
                for event in value:
                    yield from refusals(event)
                continue
            length = next((mark for mark in member.metadata if isinstance(mark, Length)), Length())
            if not (length.min or 0) <= len(value) <= (length.max or len(value)):
                yield f"{name} has {len(value)} bytes or characters: {length.text}"
        elif isinstance(value, Structure):
            yield from _payloads(value, document[key])
