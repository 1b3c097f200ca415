"""AWS's documentation of a service, read where it is needed: specs hold none of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiobotantic_codegen.load.botocore import ModelSource
from aiobotantic_codegen.load.service import SERVICE


@dataclass(frozen=True)
class Prose:
    """HTML by the names of a model; what AWS says nothing about is not there.

    Attributes:
        operations: By operation.
        shapes: By shape: structures, enums, errors.
        members: By structure and member.
    """

    operations: Mapping[str, str] = field(default_factory=dict[str, str])
    shapes: Mapping[str, str] = field(default_factory=dict[str, str])
    members: Mapping[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])


def load_prose(source: ModelSource, service: str) -> Prose:
    """Read the prose of one service, from its newest API version.

    A source that does not have the service, or a part of it, gives none: specs may be newer than
    the source.

    Raises:
        SyncError: A file of the service cannot be read.
    """
    if service not in source.services(service):
        return Prose()
    model = source.read(service).files[SERVICE]
    shapes = dict(_named(model, "shapes"))
    return Prose(
        operations=_documented(_named(model, "operations")),
        shapes=_documented(shapes.items()),
        members={
            (name, member): text
            for name, shape in shapes.items()
            for member, text in _documented(_named(shape, "members")).items()
        },
    )


def _named(tree: Mapping[str, Any], key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what has a name below a key; what is of another form has no prose to give."""
    named = tree.get(key)
    for name, each in named.items() if isinstance(named, dict) else ():
        if isinstance(each, dict):
            yield name, each


def _documented(named: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, str]:
    texts = {name: each.get("documentation") for name, each in named}
    return {name: text for name, text in texts.items() if isinstance(text, str)}
