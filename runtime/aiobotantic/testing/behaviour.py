"""How a service's resources behave: the tables of behaviour.json, read strictly."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from aiobotantic.operation import Operation
from aiobotantic.structure import Structure, describe


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FaultTable(_Table):
    """An error: its code, and its message with `{names}` filled in from the resource."""

    code: str
    message: str


class Transition(_Table):
    """What follows a status that passes by itself."""

    to: str | None = None
    """The next status; `{previous}` is the one before. None: the resource is gone."""
    ahead: str | None = None
    """Dotted path of a time; while it lies ahead, `waits` follows instead."""
    waits: str | None = None


class Parts(_Table):
    """The status of each item of a list that a resource holds."""

    status: str
    otherwise: str
    by_status: dict[str, str] = {}
    """The resource's status to the items'."""


class Act(_Table):
    """What one operation does to a resource."""

    does: Literal["create", "describe", "change", "delete", "list"]
    status: str | None = None
    """The resource's status from then on; a deletion without one is immediate."""
    allowed: tuple[str, ...] = ()
    """Statuses in which the operation is allowed; none: in all."""
    clears: dict[str, str] = {}
    """Arguments that, when true, take a member away."""
    items: str | None = None
    """The member of a list's response that holds the resources."""
    sort_by: str | None = None
    descending: bool = False


class Resource(_Table):
    """One kind of resource."""

    identity: str
    """The member that names a resource, in requests and in answers."""
    arn: str
    arn_members: tuple[str, ...]
    status: str
    created: str | None = None
    modified: str | None = None
    stamps: dict[str, str] = {}
    """Statuses to the members that hold when they were reached."""
    renamed: dict[str, str] = {}
    """Arguments to dotted paths under which they are kept."""
    defaults: dict[str, Any] = {}
    """Dotted paths to what a creation sets where its request does not; strings are templates."""
    aliases: dict[str, str] = {}
    """What lists call a member that they filter or sort by."""
    parts: dict[str, Parts] = {}
    absent: FaultTable
    duplicate: FaultTable
    refused: FaultTable
    transitions: dict[str, Transition]
    operations: dict[str, Act]


Rule = Literal["equals", "contains", "after", "before"]


class Lists(_Table):
    """What List operations call their arguments."""

    page_size: str
    default_page_size: int
    token: str
    sort_by: str
    sort_order: str
    descending: str
    invalid_token: FaultTable
    rules: dict[str, Rule]


class Answers(_Table):
    """Answers of operations whose resources are not kept."""

    omitted: frozenset[str] = frozenset()
    settling: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()


class Behaviour(_Table):
    """The table of one service. `repeat` is the generator's, and is not read here."""

    repeat: dict[str, Any] = {}
    answers: Answers = Answers()
    lists: Lists | None = None
    resources: dict[str, Resource] = {}


def load_behaviour(package: str) -> Behaviour:
    """Read `behaviour.json` of a generated service package; an absent or empty one is no state.

    Raises:
        ValueError: the file has an entry that the server does not know.
    """
    file = files(package) / "behaviour.json"
    tables: dict[str, Any] = json.loads(file.read_text()) if file.is_file() else {}
    return read_behaviour(tables, f"{package}/behaviour.json")


def read_behaviour(tables: Mapping[str, Any], source: str = "behaviour") -> Behaviour:
    """Read the table of one service from plain values.

    Raises:
        ValueError: `tables` has an entry that the server does not know.
    """
    try:
        return Behaviour.model_validate(tables)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        pointer = "".join(f"/{step}" for step in first["loc"])
        raise ValueError(
            f"{source} {pointer}: {first['msg']}. Change it in specs/behaviour.toml and generate."
        ) from None


def mismatches(behaviour: Behaviour, operations: Iterable[Operation[Any]]) -> list[str]:
    """Return what the tables name and the operations' classes do not have."""
    known = {operation.name: operation for operation in operations}
    found: list[str] = []
    for kind, resource in behaviour.resources.items():
        at = f"/resources/{kind}"
        kept: set[str] = set()
        for name, act in resource.operations.items():
            if name not in known:
                found.append(f"{at}/operations/{name}: no such operation")
                continue
            given = _wire_names(known[name].request_class)
            returned = _wire_names(known[name].response_class)
            if act.does == "describe":
                kept |= returned
            if act.does == "list" and act.items not in returned:
                found.append(f"{at}/operations/{name}/items: no such member: {act.items}")
            if act.does != "list" and resource.identity not in given:
                found.append(f"{at}/identity: {name} does not take {resource.identity}")
            found += [
                f"{at}/operations/{name}/clears: no such argument: {argument}"
                for argument in act.clears
                if argument not in given
            ]
        described = [
            resource.status,
            *resource.arn_members[:1],
            *(member for member in (resource.created, resource.modified) if member),
            *resource.stamps.values(),
            *resource.parts,
            *(path.partition(".")[0] for path in resource.renamed.values()),
            *resource.aliases.values(),
        ]
        found += [f"{at}: no such member: {name}" for name in described if name not in kept]
    return found


def _wire_names(cls: type[Structure]) -> set[str]:
    return set(describe(cls).by_wire_name)
