"""How a service's resources behave: the tables of behaviour.json, read strictly."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from aiobotantic.operation import Operation
from aiobotantic.structure import Structure, describe


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Names = Annotated[tuple[str, ...], BeforeValidator(lambda v: (v,) if isinstance(v, str) else v)]
"""Several names; one may stand alone."""


class FaultTable(_Table):
    """An error: its code, and its message with `{names}` filled in from the resource."""

    code: Names
    """The code; of several the first that the operation lists, else the last."""
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

    does: Literal["create", "put", "describe", "change", "delete", "list"]
    """`put` creates, and replaces what exists."""
    by: tuple[str, ...] = ()
    """Arguments that name the resource; none: those of its identity. One may hold its ARN."""
    each: str | None = None
    """An argument whose items are each a resource."""
    each_is: str | None = None
    """The member that such an item is, where it is no structure."""
    status: str | None = None
    """The resource's status from then on; a deletion without one is immediate."""
    allowed: tuple[str, ...] = ()
    """Statuses in which the operation is allowed; none: in all."""
    needs: dict[str, str] = {}
    """Paths of arguments to the kinds of resources that they must name."""
    clears: dict[str, str] = {}
    """Arguments that, when true, take a member away."""
    adds: dict[str, str] = {}
    """Arguments whose items are added to those of a member."""
    items: str | None = None
    """The member of a list's response that holds the resources."""
    fills: tuple[str, ...] = ()
    """Members that the answer, or each item of a list, does not lack: they are made up."""
    through: dict[str, tuple[tuple[str, str, str], ...]] = {}
    """Arguments of a list that choose by other kinds of resources, each in turn: the kind, its
    member that is asked for, and its member that is asked for next. The last is the identity's."""
    ignored: tuple[str, ...] = ()
    """Arguments of a list that choose by what is not kept."""
    sort_by: str | None = None
    descending: bool = False


class TagAct(_Table):
    """An operation on the tags of what an ARN names."""

    does: Literal["tag", "untag", "list_tags"]
    arn: str
    """The argument that holds the ARN."""


class Resource(_Table):
    """One kind of resource."""

    label: str = "resource"
    """What messages call it."""
    why: str | None = None
    """Why the table says more than is inferred."""
    identity: Names
    """The members that name a resource, in requests and in answers."""
    latest: bool = False
    """Whether requests may leave the last of the identity out, and mean the newest."""
    made: dict[str, str] = {}
    """Members that the service makes up: `{mark}` differs by resource, `{serial}` counts."""
    serial: tuple[str, ...] | None = None
    """The members within whose values `{serial}` counts; None: the identity's but the last."""
    arn: Names = ()
    """Templates of the ARN: the first whose names are known."""
    arn_members: tuple[str, ...] = ()
    status: str | None = None
    created: str | None = None
    modified: str | None = None
    counts: str | None = None
    """A member that is 1 at first, and one more after each change."""
    within: str | None = None
    """The member of an answer that holds the resource's members."""
    stamps: dict[str, str] = {}
    """Statuses to the members that hold when they were reached."""
    lasted: dict[str, tuple[str, str]] = {}
    """Members that hold the whole seconds between two times, which other members hold."""
    renamed: dict[str, str] = {}
    """Arguments to dotted paths under which they are kept."""
    defaults: dict[str, Any] = {}
    """Dotted paths to what a creation sets where its request does not; strings are templates."""
    aliases: dict[str, str] = {}
    """What lists call a member that they filter or sort by."""
    copies: dict[str, str] = {}
    """What summaries call members that are described by another name."""
    parts: dict[str, Parts] = {}
    beside: dict[str, dict[str, str]] = {}
    """Members to their values by status."""
    absent: FaultTable | None = None
    duplicate: FaultTable | None = None
    refused: FaultTable | None = None
    transitions: dict[str, Transition]
    operations: dict[str, Act]


Rule = Literal["equals", "contains", "prefix", "after", "before"]


class Lists(_Table):
    """What List operations call their arguments."""

    page_size: str
    default_page_size: int
    token: str
    sort_by: str
    sort_order: str
    descending: str
    """How the order that is not ascending begins, in lower case."""
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
    faults: dict[str, FaultTable] = {}
    """Errors of resources that have none: `absent`, `duplicate`, `refused`, `held`, `limited`."""
    resources: dict[str, Resource] = {}
    tags: dict[str, TagAct] = {}
    needs: dict[str, dict[str, str]] = {}
    """Operations of no family, to what they need: paths of arguments to kinds."""
    exceptions: dict[str, str] = {}
    """Operations of no family, to why they are of none."""


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
            kept |= _kept(resource, act, known[name])
            found += [
                f"{at}/operations/{name}{each}" for each in _wrong(resource, act, known[name])
            ]
        described = [
            *((resource.status,) if resource.status else ()),
            *resource.arn_members[:1],
            *(member for member in (resource.created, resource.modified) if member),
            *resource.stamps.values(),
            *resource.parts,
            *resource.beside,
            *(path.partition(".")[0] for path in resource.renamed.values()),
            *(path.partition(".")[0] for path in resource.aliases.values()),
        ]
        found += [f"{at}: no such member: {name}" for name in described if name not in kept]
    for table, names in (("tags", behaviour.tags), ("needs", behaviour.needs)):
        found += [f"/{table}/{name}: no such operation" for name in names if name not in known]
    return found


def _kept(resource: Resource, act: Act, operation: Operation[Any]) -> set[str]:
    """Return the members that an operation shows of a resource, or takes of a new one."""
    cls = operation.response_class
    if act.does in ("create", "put"):
        return _wire_names(operation.request_class) | _wire_names(cls)
    if act.does == "list" and act.items in describe(cls).by_wire_name:
        return _wire_names(inner(cls, act.items))
    if resource.within in describe(cls).by_wire_name:
        return _wire_names(inner(cls, resource.within))
    return _wire_names(cls)


def _wrong(resource: Resource, act: Act, operation: Operation[Any]) -> Iterator[str]:
    """Yield what an operation is said to have and does not."""
    given = _wire_names(operation.request_class)
    if act.does == "list":
        if act.items not in _wire_names(operation.response_class):
            yield f"/items: no such member: {act.items}"
        chosen = (*act.ignored, *act.through)
        yield from (f": no such argument: {each}" for each in chosen if each not in given)
        return
    if act.does not in ("create", "put") and act.each is None:
        named = act.by or resource.identity[: -1 if resource.latest else None]
        yield from (f"/by: it does not take {each}" for each in named if each not in given)
    for table in ("adds", "clears", "needs"):
        paths: dict[str, str] = getattr(act, table)
        heads = {path.partition(".")[0] for path in paths}
        yield from (f"/{table}: no such argument: {each}" for each in sorted(heads - given))


def annotation_of(cls: type[Structure], member: str) -> Any:
    """Return the annotation of a member, by its wire name."""
    return cls.__pydantic_fields__[describe(cls).by_wire_name[member]].annotation


def inner(cls: type[Structure], member: str) -> type[Structure]:
    """Return the structure that a member is, or that the items of a list are."""
    annotation = annotation_of(cls, member)
    while not (isinstance(annotation, type) and issubclass(annotation, Structure)):
        annotation = next(arg for arg in get_args(annotation) if arg is not type(None))
    return annotation


def _wire_names(cls: type[Structure]) -> set[str]:
    return set(describe(cls).by_wire_name)
