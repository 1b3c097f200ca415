"""The resources of a server's services: which kind an operation works on, and what it needs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import deepcopy
from difflib import get_close_matches
from functools import cached_property
from typing import Any, Final, TypeGuard

from aiobotantic.operation import Operation
from aiobotantic.structure import Structure, describe, value_type
from aiobotantic.testing.behaviour import Act, Behaviour, FaultTable, TagAct, annotation_of, inner
from aiobotantic.testing.json_values import is_array, is_object
from aiobotantic.testing.kinds import Key, Members, Record, RefusedError, ResourceKind, Rules
from aiobotantic.testing.queries import Joins

_FAULTS: Final[Mapping[str, FaultTable]] = {
    "absent": FaultTable(
        code=("ResourceNotFound",), message="Could not find {label} with {named}."
    ),
    "duplicate": FaultTable(
        code=("ResourceInUse",), message="Cannot create already existing {label} with {named}."
    ),
    "refused": FaultTable(
        code=("ValidationException",),
        message="Status ({status}) not in ([{allowed}]). Unable to transition to ({next}) for "
        "{label} with {named}.",
    ),
    "held": FaultTable(
        code=("ResourceInUse",), message="Cannot delete {label} with {named}: it has a {holder}."
    ),
    "limited": FaultTable(
        code=("ResourceLimitExceeded",),
        message="The limit of {limit} for {label} is reached: {held} exist.",
    ),
}


class State:
    """The resources of one service: `state.notebook_instances["nb"]` is one's members."""

    def __init__(self) -> None:
        self.kinds: dict[str, ResourceKind] = {}
        self._acts: dict[str, tuple[ResourceKind, Act]] = {}
        self._tags: dict[str, TagAct] = {}
        self._needs: dict[str, Mapping[str, str]] = {}
        self._operations: dict[str, Operation[Any]] = {}
        self._answered: dict[tuple[str, str], Members] = {}
        self._faults: Mapping[str, FaultTable] = _FAULTS

    def add(
        self, behaviour: Behaviour, rules: Rules, operations: Mapping[str, Operation[Any]]
    ) -> None:
        """Keep the resources of one more service.

        Args:
            behaviour: the service's table.
            rules: what its kinds of resources share.
            operations: its operations, by name.
        """
        faults = {**_FAULTS, **behaviour.faults}
        for name, resource in behaviour.resources.items():
            kind = self.kinds[name] = ResourceKind(name, resource, rules, faults, self)
            self._acts |= {operation: (kind, act) for operation, act in resource.operations.items()}
        self._tags |= behaviour.tags
        self._needs |= behaviour.needs
        self._operations |= operations
        self._faults = faults
        self.__dict__.pop("_holders", None)

    def __getattr__(self, name: str) -> Mapping[Any, Members]:
        kinds: dict[str, ResourceKind] = self.__dict__.get("kinds", {})
        plurals = {_plural(kind): kept for kind, kept in kinds.items()}
        if name in plurals:
            return Kept(plurals[name])
        near = get_close_matches(name, plurals)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(plurals)}"
        raise AttributeError(f"no resources called {name} are kept: {hint}")

    def keeps(self, operation: str) -> bool:
        """Return whether an operation works on resources that are kept."""
        return operation in self._acts or operation in self._tags

    def carry_out(self, operation: str, request: Mapping[str, Any]) -> Members:
        """Carry an operation out and return the members that its answer may show.

        Raises:
            ServedError: the resource is absent, exists already, or is in a status that forbids it.
        """
        try:
            if operation in self._tags:
                return self._carry_out_tags(self._tags[operation], request)
            kind, act = self._acts[operation]
            token = self._token(operation, request) if act.does == "create" else None
            if token is not None and token in self._answered:
                return self._answered[token]
            request = {**request, **self.require(act.needs, request)}
            answer = kind.carry_out(operation, act, request)
            if token is not None:
                self._answered[token] = dict(answer)
            return answer
        except RefusedError as refusal:
            raise refusal.of(self._operations[operation].errors) from None

    def _token(self, operation: str, request: Mapping[str, Any]) -> tuple[str, str] | None:
        """Return what makes a request the same as another: it is then carried out once."""
        found = self._operations[operation]
        if found.token is None:
            return None
        wire = describe(found.request_class).wire_names[found.token]
        return (operation, request[wire]) if wire in request else None

    def fills(self, operation: str) -> tuple[str | None, Sequence[str]]:
        """Return what an answer does not lack, and the member that holds it; None: the answer."""
        if operation not in self._acts:
            return None, ()
        kind, act = self._acts[operation]
        return act.items if act.does == "list" else kind.resource.within, act.fills

    def require_of(self, operation: str, request: Mapping[str, Any]) -> None:
        """Refuse an operation of no family whose request names resources that do not exist."""
        try:
            self.require(self._needs.get(operation, {}), request)
        except RefusedError as refusal:
            raise refusal.of(self._operations[operation].errors) from None

    def require(self, needs: Mapping[str, str], request: Mapping[str, Any]) -> Members:
        """Refuse a request whose arguments name resources that do not exist.

        Returns:
            Arguments that hold an ARN, to the name that it stands for.
        """
        names: Members = {}
        for path, kind in needs.items():
            for value in _every(request, path.split(".")):
                key = self.kinds[kind].find((path.rpartition(".")[2],), (value,))
                if key is not None:
                    names |= {path: key[0]} if "." not in path and key[0] != value else {}
                else:
                    label = self.kinds[kind].resource.label
                    raise RefusedError(
                        self._faults["absent"], {"label": label, "named": f'{path} "{value}"'}
                    )
        return names

    def look(self, kind: str, name: str) -> Members | None:
        """Return the members of the resource of that name or ARN; None: there is none."""
        kept = self.kinds[kind]
        key = kept.find(kept.resource.identity, (name,))
        return None if key is None else kept.records[key].members

    def holder(self, operation: str, kind: str, record: Record) -> str | None:
        """Return the label of a kind of which one exists that cannot be without a resource."""
        if not {*self._faults["held"].code} & {*self._operations[operation].errors}:
            return None
        for other, members in self._holders.get(kind, ()):
            wanted = [record.members.get(each) for each in members]
            for each in other.records.values():
                if [each.members.get(member) for member in members] == wanted:
                    return other.resource.label
        return None

    @cached_property
    def _holders(self) -> Mapping[str, list[tuple[ResourceKind, list[str]]]]:
        """Kinds to those whose resources are within theirs, and the members that say in which."""
        found: dict[str, list[tuple[ResourceKind, list[str]]]] = {}
        for other in self.kinds.values():
            for act in other.resource.operations.values():
                for path, kind in act.needs.items() if act.does == "create" else ():
                    if path in other.resource.identity:
                        found.setdefault(kind, []).append((other, [path]))
        return found

    def find_arn(self, arn: str) -> tuple[ResourceKind, Key] | None:
        """Return the kind and the key of the resource that an ARN names."""
        for kind in self.kinds.values():
            if arn in kind.by_arn:
                return kind, kind.by_arn[arn]
        return None

    def joined(self, joins: Joins, value: Any) -> Collection[Any]:
        """Return what a value stands for by way of other kinds of resources."""
        found = {value}
        for kind, asked, following in joins:
            records = self.kinds[kind].records.values()
            found = {r.members[following] for r in records if r.members.get(asked) in found}
        return found

    def kind(self, name: str) -> ResourceKind:
        """Return a kind of resources.

        Raises:
            ValueError: there is none of that name.
        """
        if name in self.kinds:
            return self.kinds[name]
        near = get_close_matches(name, self.kinds)
        hint = (
            f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(self.kinds)}"
        )
        raise ValueError(f"no kind of resources is called {name}: {hint}")

    def check(self, kind: ResourceKind, members: Mapping[str, Any]) -> None:
        """Refuse members that no resource of a kind has, and a status that its enum does not list.

        Raises:
            ValueError: an unknown name, a name that identifies the resource, or an unknown status.
        """
        resource = kind.resource
        classes = self._shown_by(kind)
        for name, value in members.items():
            if name in (*resource.identity, *resource.arn_members):
                raise ValueError(f"{name} names the {resource.label}: it does not change")
            cls = next((each for each in classes if name in describe(each).by_wire_name), None)
            if cls is None:
                known = list(
                    dict.fromkeys(w for each in classes for w in describe(each).by_wire_name)
                )
                near = get_close_matches(name, known)
                hint = (
                    f"did you mean {' or '.join(near)}?" if near else f"it has: {', '.join(known)}"
                )
                raise ValueError(f"no {resource.label} has a member {name}: {hint}")
            if name == resource.status:
                values = [str(each) for each in value_type(annotation_of(cls, name))]
                if value not in values:
                    raise ValueError(f"{value} is no {name}: pass one of {', '.join(values)}")

    def _shown_by(self, kind: ResourceKind) -> list[type[Structure]]:
        """Return the structures in which operations show a resource."""
        found: list[type[Structure]] = []
        for operation, act in kind.resource.operations.items():
            cls = self._operations[operation].response_class
            if act.does == "describe":
                within = kind.resource.within
                found.insert(0, cls if within is None else inner(cls, within))
            elif act.does == "list" and act.items is not None:
                found.append(inner(cls, act.items))
        return found

    def advance(self) -> None:
        """Move every resource whose status passes by itself on to the next status."""
        for kind in self.kinds.values():
            for key in list(kind.records):
                kind.move_on(key)

    def snapshot(self) -> dict[str, Any]:
        """Return everything that is kept, as plain values."""
        return {kind: kept.snapshot() for kind, kept in self.kinds.items() if kept.records}

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Keep what a snapshot holds, and nothing else.

        Raises:
            ValueError: the snapshot has a kind of resources that is not kept.
        """
        if unknown := sorted(set(snapshot) - set(self.kinds)):
            raise ValueError(f"the snapshot has resources that are not kept: {', '.join(unknown)}")
        self._answered.clear()
        for name, kind in self.kinds.items():
            kind.restore(snapshot.get(name, {}))

    def _carry_out_tags(self, act: TagAct, request: Mapping[str, Any]) -> Members:
        arn = str(request[act.arn])
        found = self.find_arn(arn)
        if found is None:
            raise RefusedError(
                self._faults["absent"], {"label": "resource", "named": f'{act.arn} "{arn}"'}
            )
        kind, key = found
        members = kind.records[key].members
        tags: Any = members.get("Tags", [])
        given: Any = request.get("Tags", [])
        keys = request.get("TagKeys", ())
        if is_object(given) or is_object(tags):
            tags = {**(tags or {}), **(given or {})}
            members["Tags"] = {name: value for name, value in tags.items() if name not in keys}
        else:
            gone = {*keys, *(each["Key"] for each in given)}
            members["Tags"] = [each for each in tags if each["Key"] not in gone] + list(given)
        return {"Tags": members["Tags"]}


class Kept(Mapping[Any, Members]):
    """The resources of one kind, by name; by names, in a tuple, where one alone does not do."""

    def __init__(self, kind: ResourceKind) -> None:
        self._kind = kind

    def __getitem__(self, name: Any) -> Members:
        return deepcopy(self._kind.records[self.key(name)].members)

    def key(self, name: Any) -> Key:
        """Return the key of a resource, by its names or its ARN.

        Raises:
            KeyError: there is none.
        """
        self._kind.wear_out()
        key: Key = name if is_key(name) else (name,)
        found = key if key in self._kind.records else self._kind.by_arn.get(str(name))
        if found is None:
            shown = ", ".join(map(repr, self)) or "none"
            raise KeyError(f"no {self._kind.resource.label} {name!r} is kept; there are: {shown}")
        return found

    def __iter__(self) -> Iterator[Any]:
        self._kind.wear_out()
        return iter([key[0] if len(key) == 1 else key for key in self._kind.records])

    def __len__(self) -> int:
        return len(self._kind.records)


def is_key(name: Any) -> TypeGuard[Key]:
    """Return whether a name is several names."""
    return isinstance(name, tuple)


def _plural(kind: str) -> str:
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"


def _every(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """Yield what a path of arguments leads to; `*` is each item of a list."""
    if not path:
        yield value
    elif path[0] == "*":
        for each in value if is_array(value) else ():
            yield from _every(each, path[1:])
    elif is_object(value) and path[0] in value:
        yield from _every(value[path[0]], path[1:])
