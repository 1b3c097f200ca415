"""The resources of one kind, and what is done to them.

Nothing here waits: a status that passes by itself is shown `steps` times, by Describe or List, and
then gives way to the next; or it lasts for seconds of the server's clock, where that is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, MutableMapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from aiobotantic.testing.behaviour import Act, FaultTable, Lists, Resource
from aiobotantic.testing.clock import Clock
from aiobotantic.testing.faults import ServedError
from aiobotantic.testing.queries import Joins, Order, page, reach
from aiobotantic.testing.words import Place, marked

Members = dict[str, Any]
Key = tuple[Any, ...]


@dataclass
class Record:
    """One resource that exists."""

    members: Members
    """What is known of it, by wire name."""
    previous: str = ""
    """The status before the present one."""
    shown: int = 0
    """How often the present status was shown."""
    since: float = 0.0
    """When the present status was reached."""


@dataclass
class Ending:
    """Where the next resources of a kind come to rest, instead of where they would."""

    status: str
    members: Members
    """What else is then known of them, by wire name."""
    key: Key | None
    """The one that is meant; None: any."""
    times: int


class Limits(dict[str, int]):
    """Kinds of resources to how many of them may exist.

    Args:
        check: raises ValueError where a name is no kind's.
    """

    def __init__(self, check: Callable[[str], object]) -> None:
        super().__init__()
        self._check = check

    def __setitem__(self, kind: str, limit: int) -> None:
        self._check(kind)
        super().__setitem__(kind, limit)


@dataclass(frozen=True)
class Rules:
    """What all kinds of resources of one server share."""

    place: Place
    steps: int
    clock: Clock
    lists: Lists | None = None
    limits: Mapping[str, int] = field(default_factory=dict[str, int])
    """Kinds to how many may exist."""
    lasting: Mapping[str, float] = field(default_factory=dict[str, float])
    """Kinds to the seconds that each passing status lasts; others are shown `steps` times."""


class RefusedError(Exception):
    """An error by its table: its code is chosen among those that the operation lists."""

    def __init__(self, table: FaultTable, names: Mapping[str, Any]) -> None:
        super().__init__(table.message)
        self._table = table
        self._names = names

    def of(self, listed: Sequence[str]) -> ServedError:
        """Return the error that an operation answers with."""
        codes = self._table.code
        code = next((each for each in codes if each in listed), codes[-1])
        return ServedError(code, self._table.message.format_map(self._names))


class Kin(Protocol):
    """What a kind of resources must know of the others."""

    def holder(self, operation: str, kind: str, record: Record) -> str | None:
        """Return the label of a kind of which one exists that cannot be without a resource."""
        ...

    def find_arn(self, arn: str) -> tuple[Any, Key] | None:
        """Return the kind and the key of the resource that an ARN names."""
        ...

    def joined(self, joins: Joins, value: Any) -> Collection[Any]:
        """Return what a value stands for by way of other kinds of resources."""
        ...


class ResourceKind:
    """The resources of one kind, and what is done to them."""

    def __init__(
        self,
        name: str,
        resource: Resource,
        rules: Rules,
        faults: Mapping[str, FaultTable],
        kin: Kin,
    ) -> None:
        self.name = name
        self.resource = resource
        self.records: dict[Key, Record] = {}
        """The resources by what names them."""
        self.by_arn: dict[str, Key] = {}
        self.endings: list[Ending] = []
        """Are used in their order."""
        self.made = 0
        """How many were ever created: what is made up differs after a deletion too."""
        self.watchers: list[Callable[[Members], None]] = []
        """Are given the members of each resource that reaches a status."""
        self.completers: list[Callable[[Members], None]] = []
        """Add to a resource that is created or changed what follows from its members."""
        self._rules = rules
        self._faults = faults
        self._kin = kin
        self._orders: dict[str, Order] = {}

    def carry_out(self, operation: str, act: Act, request: Mapping[str, Any]) -> Members:
        """Do what `act` says of an operation, and return the members that its answer may show."""
        if act.each is None:
            return self._carry_out(operation, act, request)
        common = {name: value for name, value in request.items() if name != act.each}
        for item in request.get(act.each, ()):
            own = item if act.each_is is None else {act.each_is: item}
            self._carry_out(operation, act, {**common, **own})
        return common

    def find(self, by: Sequence[str], values: Key) -> Key | None:
        """Return the key of the resource that arguments name: its names, its ARN or a part."""
        self.wear_out()
        if values in self.records:
            return values
        if len(values) == 1 and (key := self.by_arn.get(str(values[0]))) is not None:
            return key
        identity = self.resource.identity
        if len(by) == len(identity) and by[0] in identity:  # names of it stand for their ARNs too
            return self._by_arns(values)
        for key in reversed(self.records):  # of versions the newest
            members = self.records[key].members
            if all(members.get(name) == value for name, value in zip(by, values, strict=True)):
                return key
        return None

    def move_on(self, key: Key) -> None:
        """Move a resource on to the status that follows its own, if that passes by itself."""
        record = self.records[key]
        status = self.resource.status
        transition = self.resource.transitions.get(record.members.get(status or "", ""))
        if transition is None:
            return
        following = transition.to
        if following not in self.resource.transitions and (ending := self._ending_of(key)):
            self._enter(key, ending.status, ending.members)
            return
        if following is None:
            self._remove(key)
            return
        if transition.ahead and transition.waits:
            time = reach(record.members, transition.ahead)
            if time is not None and time > self._rules.clock.now():
                following = transition.waits
        names = self._names(record.members) | {"previous": record.previous}
        self._set_status(record, following.format_map(names))
        self._sort_in(key, record)

    def _ending_of(self, key: Key) -> Ending | None:
        for ending in self.endings:
            if ending.key is None or ending.key == key:
                ending.times -= 1
                if not ending.times:
                    self.endings.remove(ending)
                return ending
        return None

    def change(self, key: Key, members: Mapping[str, Any]) -> None:
        """Let members of a resource have other values from now on."""
        self._enter(key, members.get(self.resource.status or ""), members)

    def wear_out(self) -> None:
        """Move resources on through the statuses whose seconds are over."""
        lasts = self._rules.lasting.get(self.name)
        for key in list(self.records) if lasts is not None else ():
            self._wear_out_of(key, lasts or 0)

    def snapshot(self) -> dict[str, Any]:
        """Return the resources as plain values."""
        self.wear_out()
        return {
            "made": self.made,
            "records": [
                {
                    "members": deepcopy(record.members),
                    "previous": record.previous,
                    "shown": record.shown,
                    "since": record.since,
                }
                for record in self.records.values()
            ],
        }

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Keep what a snapshot of these resources holds, and nothing else."""
        self.records.clear()
        self.by_arn.clear()
        self._orders.clear()
        self.made = snapshot.get("made", 0)
        for each in snapshot.get("records", ()):
            self._keep(Record(**deepcopy(dict(each))))

    def _carry_out(self, operation: str, act: Act, request: Mapping[str, Any]) -> Members:
        if act.does == "list":
            return self._list(act, request)
        if act.does in ("create", "put"):
            return self._shown(self._create(act, request))
        by = act.by or self.resource.identity
        if self.resource.latest and by == self.resource.identity and by[-1] not in request:
            by = by[:-1]
        values = tuple(request.get(each) for each in by)
        key = self.find(by, values)
        if key is None:
            raise self._refusal("absent", {**request, "named": _named(by, values)})
        record = self.records[key]
        if act.does == "describe":
            other = {
                name: value
                for name, value in request.items()
                if name not in by and record.members.get(name, value) != value
            }
            if other:  # a version that is no longer kept, as nothing but the newest is
                named = _named((*by, *other), (*values, *other.values()))
                raise self._refusal("absent", {**request, "named": named})
            return self._shown(self._look(key))
        self._require(act, record)
        if act.does == "delete":
            if (holder := self._kin.holder(operation, self.name, record)) is not None:
                raise self._refusal("held", record.members | {"holder": holder})
            if act.status is None:
                self._remove(key)
                return record.members
        if act.does == "change":
            self._change(act, record, request)
        self._enter(key, act.status)
        return self._shown(record.members)

    def _change(self, act: Act, record: Record, request: Mapping[str, Any]) -> None:
        named = {*(act.by or ()), *self.resource.identity, *act.adds}
        self._store(record.members, {k: v for k, v in request.items() if k not in named})
        for argument, member in act.clears.items():
            if request.get(argument):
                record.members.pop(member, None)
        for argument, member in act.adds.items():
            items = [*record.members.get(member, ()), *request.get(argument, ())]
            record.members[member] = items
        for complete in self.completers:
            complete(record.members)
        if (counted := self._counted) is not None:
            record.members[counted] += 1

    @property
    def _counted(self) -> str | None:
        """The member that counts changes; one that is made up names the resource instead."""
        counts = self.resource.counts
        return None if counts in self.resource.made else counts

    def _create(self, act: Act, request: Mapping[str, Any]) -> Members:
        members: Members = {}
        self._store(members, request)
        self._make_up(members)
        resource, now = self.resource, self._rules.clock.now()
        key = self._key(members)
        if (existing := self.records.get(key)) is not None:
            if act.does == "create":
                raise self._refusal("duplicate", existing.members)
            self._remove(key)
        limit = self._rules.limits.get(self.name)
        if limit is not None and len(self.records) >= limit:
            raise self._refusal("limited", members | {"limit": limit, "held": len(self.records)})
        for path, value in resource.defaults.items():
            if reach(members, path) is None:
                filled = value.format_map(self._names(members)) if isinstance(value, str) else value
                _put(members, path, filled)
        if (counted := self._counted) is not None:
            members[counted] = 1
        if resource.created:
            members[resource.created] = now
        for complete in self.completers:
            complete(members)
        self.made += 1
        self._keep(Record(members))
        self._enter(key, act.status)
        return members

    def _make_up(self, members: Members) -> None:
        """Make up what the service makes up: identifiers and the ARN."""
        resource = self.resource
        given = [str(members[each]) for each in resource.identity if each in members]
        mark = marked(self.name, *given, str(self.made))
        within = resource.identity[:-1] if resource.serial is None else resource.serial
        names = {**self._names(members), "mark": mark, "MARK": mark.upper()}
        for member, template in resource.made.items():
            if member in members:
                continue
            if "{serial}" in template:
                if not all(each in members for each in within):
                    continue
                names["serial"] = self._serial(member, members, within)
            text = template.format_map(names)
            members[member] = int(text) if template == "{serial}" else text
        arn = _first_filled(resource.arn, {**names, **members})
        if arn is not None:
            members |= dict.fromkeys(resource.arn_members, arn)

    def _serial(self, member: str, members: Members, within: Sequence[str]) -> int:
        """Return the number that follows the greatest one among its kin."""
        kin = [
            record.members[member]
            for record in self.records.values()
            if member in record.members
            and all(record.members.get(each) == members[each] for each in within)
        ]
        return max((int(str(each).partition(".")[0]) for each in kin), default=0) + 1

    def _list(self, act: Act, request: Mapping[str, Any]) -> Members:
        words = self._rules.lists
        if words is None or act.items is None:
            raise ValueError("behaviour: a list operation needs /lists and its own `items`")
        self.wear_out()
        request = {
            name: self._name_for(value) if name.endswith("Name") else value
            for name, value in request.items()
        }
        shown, token = page(self._ordered, request, self.resource, act, words, self._kin.joined)
        items = [self._look(self._key(members)) for members in shown]
        answer: Members = {act.items: items}
        return answer if token is None else answer | {words.token: token}

    def _name_for(self, value: Any) -> Any:
        """Return the name that an ARN stands for, where an argument takes either."""
        found = self._kin.find_arn(value) if str(value).startswith("arn:") else None
        return value if found is None else found[1][-1]

    def _ordered(self, member: str) -> Order:
        """Return the resources in the order of a member; it is kept from then on."""
        order = self._orders.get(member)
        if order is None:
            order = self._orders[member] = Order(member, self.resource.identity)
            for key, record in self.records.items():
                order.put(key, record.members)
        return order

    def _sort_in(self, key: Key, record: Record) -> None:
        for order in self._orders.values():
            order.put(key, record.members)

    def _look(self, key: Key) -> Members:
        """Return the members as they stand; a status that passes has then been shown once more."""
        record = self.records[key]
        members = dict(record.members)
        for copy, member in self.resource.copies.items():
            if member in members:
                members[copy] = members[member]
        record.shown += 1
        if self.name not in self._rules.lasting and record.shown >= self._rules.steps:
            self.move_on(key)
        return members

    def _shown(self, members: Members) -> Members:
        within = self.resource.within
        return members if within is None else {**members, within: members}

    def _wear_out_of(self, key: Key, lasts: float) -> None:
        while (record := self.records.get(key)) is not None:
            status = record.members.get(self.resource.status or "", "")
            over = record.since + lasts
            if status not in self.resource.transitions or over > self._rules.clock.now():
                return
            self.move_on(key)
            record.since = over

    def _require(self, act: Act, record: Record) -> None:
        status = record.members.get(self.resource.status or "")
        if act.allowed and status not in act.allowed:
            following = act.status or ("Deleted" if act.does == "delete" else "Updated")
            allowed = ", ".join(act.allowed)
            facts = {"status": status, "allowed": allowed, "next": following}
            raise self._refusal("refused", record.members | facts)

    def _enter(
        self, key: Key, status: str | None, said: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        record = self.records[key]
        if self.resource.modified:
            record.members[self.resource.modified] = self._rules.clock.now()
        if status is not None:
            self._set_status(record, status, said)
        else:
            record.members |= deepcopy(dict(said))
        self._sort_in(key, record)
        if status is not None and self._rules.steps <= 0 and self.name not in self._rules.lasting:
            for _ in self.resource.transitions:  # none is ever seen
                if key in self.records:
                    self.move_on(key)

    def _set_status(
        self, record: Record, status: str, said: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        name = self.resource.status
        if name is None:
            return
        members = record.members
        record.previous = members.get(name, "")
        record.shown = 0
        record.since = self._rules.clock.now()
        members[name] = status
        if (stamp := self.resource.stamps.get(status)) is not None:
            members[stamp] = record.since
        for member, (first, last) in self.resource.lasted.items():
            if first in members and last in members:
                members[member] = int(members[last] - members[first])
        for member, by_status in self.resource.beside.items():
            members[member] = by_status.get(status, members.get(member))
        for member, parts in self.resource.parts.items():
            part = parts.by_status.get(status, parts.otherwise)
            members[member] = [{**item, parts.status: part} for item in members.get(member, ())]
        members |= deepcopy(dict(said))
        for watcher in self.watchers:
            watcher(members)

    def _store(self, members: Members, request: Mapping[str, Any]) -> None:
        for argument, value in request.items():
            _put(members, self.resource.renamed.get(argument, argument), value)

    def _key(self, members: Mapping[str, Any]) -> Key:
        return tuple(members.get(each) for each in self.resource.identity)

    def _keep(self, record: Record) -> None:
        key = self._key(record.members)
        self.records[key] = record
        self._sort_in(key, record)
        for member in self.resource.arn_members[:1]:
            if member in record.members:
                self.by_arn[record.members[member]] = key

    def _remove(self, key: Key) -> None:
        record = self.records.pop(key)
        for order in self._orders.values():
            order.drop(key)
        for member in self.resource.arn_members[:1]:
            self.by_arn.pop(record.members.get(member, ""), None)

    def _by_arns(self, values: Key) -> Key | None:
        """Return the key for names of which some are ARNs of the resource or of its parents."""
        key = tuple(map(self._name_for, values))
        return key if key in self.records else None

    def _names(self, members: Mapping[str, Any]) -> dict[str, Any]:
        place = self._rules.place
        of_place = {"region": place.region, "account": place.account, "service": place.service}
        resource = self.resource
        arn = members.get(resource.arn_members[0]) if resource.arn_members else None
        if arn is None:
            arn = _first_filled(resource.arn, {**members, **of_place})
        return {"label": resource.label, **members, **of_place, "arn": arn}

    def _refusal(self, fault: str, members: Mapping[str, Any]) -> RefusedError:
        table: FaultTable = getattr(self.resource, fault, None) or self._faults[fault]
        named = _named(self.resource.identity, self._key(members))
        return RefusedError(table, {"named": named, **self._names(members)})


def _named(by: Sequence[str], values: Key) -> str:
    pairs = zip(by, values, strict=True)
    return " and ".join(f'{name} "{value}"' for name, value in pairs if value is not None)


def _first_filled(templates: Sequence[str], names: Mapping[str, Any]) -> str | None:
    """Return the first template whose names are all known, filled in."""
    for template in templates:
        try:
            return template.format_map(names)
        except KeyError:
            continue
    return None


def _put(members: MutableMapping[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    for step in above:
        members = members.setdefault(step, {})
    members[last] = value
