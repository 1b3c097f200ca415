"""Resources that the server keeps: what each operation does to them, by the service's table.

Nothing here waits: a status that passes by itself is shown `steps` times, by Describe or List, and
then gives way to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiobotantic.testing.behaviour import Act, Behaviour, FaultTable, Lists, Resource
from aiobotantic.testing.faults import ServedError
from aiobotantic.testing.json_values import is_object
from aiobotantic.testing.queries import page
from aiobotantic.testing.words import Place

Members = dict[str, Any]


@dataclass
class Record:
    """One resource that exists."""

    members: Members
    """What is known of it, by wire name."""
    previous: str = ""
    """The status before the present one."""
    shown: int = 0
    """How often the present status was shown."""


@dataclass(frozen=True)
class Rules:
    """What all kinds of resources of one server share."""

    place: Place
    steps: int
    now: Callable[[], float]
    lists: Lists | None


class State:
    """The resources of one service."""

    def __init__(self, behaviour: Behaviour, rules: Rules) -> None:
        self.kinds = {
            kind: ResourceKind(resource, rules) for kind, resource in behaviour.resources.items()
        }
        self._acts = {
            operation: (self.kinds[kind], act)
            for kind, resource in behaviour.resources.items()
            for operation, act in resource.operations.items()
        }

    def keeps(self, operation: str) -> bool:
        """Return whether an operation works on resources that are kept."""
        return operation in self._acts

    def carry_out(self, operation: str, request: Mapping[str, Any]) -> Members:
        """Carry an operation out and return the members that its answer may show.

        Raises:
            ServedError: the resource is absent, exists already, or is in a status that forbids it.
        """
        kind, act = self._acts[operation]
        return kind.carry_out(act, request)

    def advance(self) -> None:
        """Move every resource whose status passes by itself on to the next status."""
        for kind in self.kinds.values():
            for name in list(kind.records):
                kind.move_on(name)


class ResourceKind:
    """The resources of one kind, and what is done to them."""

    def __init__(self, resource: Resource, rules: Rules) -> None:
        self.records: dict[str, Record] = {}
        """The resources by name."""
        self._resource = resource
        self._rules = rules

    def carry_out(self, act: Act, request: Mapping[str, Any]) -> Members:
        """Do what `act` says, and return the members that the answer may show."""
        if act.does == "list":
            return self._list(act, request)
        name = str(request[self._resource.identity])
        if act.does == "create":
            return self._create(act, name, request)
        record = self.records.get(name)
        if record is None:
            raise self._fault(self._resource.absent, self._named(name))
        if act.does == "describe":
            return self._show(name)
        self._require(act, record)
        if act.does == "delete" and act.status is None:
            del self.records[name]
            return record.members
        if act.does == "change":
            self._store(record.members, request)
            for argument, member in act.clears.items():
                if request.get(argument):
                    record.members.pop(member, None)
        self._enter(name, act.status)
        return record.members

    def move_on(self, name: str) -> None:
        """Move a resource on to the status that follows its own, if that passes by itself."""
        record = self.records[name]
        transition = self._resource.transitions.get(record.members[self._resource.status])
        if transition is None:
            return
        if transition.to is None:
            del self.records[name]
            return
        following = transition.to
        if transition.ahead and transition.waits:
            time = _reach(record.members, transition.ahead)
            if time is not None and time > self._rules.now():
                following = transition.waits
        self._set_status(record, self._filled(following, record))

    def _create(self, act: Act, name: str, request: Mapping[str, Any]) -> Members:
        if name in self.records:
            raise self._fault(self._resource.duplicate, self.records[name].members)
        members = self._named(name)
        self._store(members, request)
        for path, value in self._resource.defaults.items():
            if _reach(members, path) is None:
                filled = value.format_map(self._names(members)) if isinstance(value, str) else value
                _put(members, path, filled)
        if self._resource.created:
            members[self._resource.created] = self._rules.now()
        self.records[name] = Record(members)
        self._enter(name, act.status)
        return members

    def _list(self, act: Act, request: Mapping[str, Any]) -> Members:
        words = self._rules.lists
        if words is None or act.items is None:
            raise ValueError("behaviour: a list operation needs /lists and its own `items`")
        records = [record.members for record in self.records.values()]
        shown, token = page(records, request, self._resource, act, words)
        items = [self._show(str(members[self._resource.identity])) for members in shown]
        answer: Members = {act.items: items}
        return answer if token is None else answer | {words.token: token}

    def _show(self, name: str) -> Members:
        """Return the members as they stand; a status that passes has then been shown once more."""
        record = self.records[name]
        members = dict(record.members)
        record.shown += 1
        if record.shown >= self._rules.steps:
            self.move_on(name)
        return members

    def _require(self, act: Act, record: Record) -> None:
        status = record.members[self._resource.status]
        if act.allowed and status not in act.allowed:
            following = act.status or "Deleted"
            allowed = ", ".join(act.allowed)
            facts = {"status": status, "allowed": allowed, "next": following}
            raise self._fault(self._resource.refused, record.members | facts)

    def _enter(self, name: str, status: str | None) -> None:
        record = self.records[name]
        if self._resource.modified:
            record.members[self._resource.modified] = self._rules.now()
        if status is not None:
            self._set_status(record, status)
            if self._rules.steps <= 0:
                self.move_on(name)

    def _set_status(self, record: Record, status: str) -> None:
        members = record.members
        record.previous = members.get(self._resource.status, "")
        record.shown = 0
        members[self._resource.status] = status
        if (stamp := self._resource.stamps.get(status)) is not None:
            members[stamp] = self._rules.now()
        for member, parts in self._resource.parts.items():
            part = parts.by_status.get(status, parts.otherwise)
            members[member] = [{**item, parts.status: part} for item in members.get(member, ())]

    def _store(self, members: Members, request: Mapping[str, Any]) -> None:
        for argument, value in request.items():
            _put(members, self._resource.renamed.get(argument, argument), value)

    def _named(self, name: str) -> Members:
        members: Members = {self._resource.identity: name}
        arn = self._resource.arn.format_map(self._names(members))
        return members | dict.fromkeys(self._resource.arn_members, arn)

    def _names(self, members: Mapping[str, Any]) -> dict[str, Any]:
        arn = members.get(self._resource.arn_members[0])
        place = {"region": self._rules.place.region, "account": self._rules.place.account}
        return {**members, **place, "arn": arn}

    def _filled(self, template: str, record: Record) -> str:
        return template.format_map(self._names(record.members) | {"previous": record.previous})

    def _fault(self, table: FaultTable, members: Mapping[str, Any]) -> ServedError:
        return ServedError(table.code, table.message.format_map(self._names(members)))


def _reach(members: Mapping[str, Any], path: str) -> Any:
    value: Any = members
    for step in path.split("."):
        if not is_object(value):
            return None
        value = value.get(step)
    return value


def _put(members: Members, path: str, value: Any) -> None:
    *above, last = path.split(".")
    for step in above:
        members = members.setdefault(step, {})
    members[last] = value
