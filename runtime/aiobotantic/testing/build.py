"""`build`: a valid instance of any generated structure, the same for the same arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from hashlib import blake2b
from random import Random
from typing import Annotated, Any, Final, TypeVar, get_args, get_origin

from aiobotantic.bindings import InStatus
from aiobotantic.bodies import StreamingBody
from aiobotantic.constraints import Length, Pattern, Range
from aiobotantic.event_stream import EventStream
from aiobotantic.structure import Structure, describe, value_type
from aiobotantic.testing.heights import height
from aiobotantic.testing.patterns import acceptor, matching
from aiobotantic.testing.words import Place, candidates, fitted, is_later, kebab, located, singular
from aiobotantic.unions import UnionStructure

S = TypeVar("S", bound=Structure)

_EPOCH: Final = datetime(2024, 1, 1, tzinfo=UTC)
_SPAN: Final = timedelta(days=180)
_STREAMED_LINES: Final = 2_000
_EVENTS_OF_A_KIND: Final = 2


class BuildError(ValueError):
    """A structure that cannot be built.

    No made-up string satisfies a pattern, or each value of a type holds another one without end.
    """


def build(cls: type[S], *, seed: int | str = 0, optional: bool = True, **overrides: Any) -> S:
    """Return an instance of a structure class that keeps every limit its annotations state.

    What a response streams is there at once: a `StreamingBody` as bytes, an `EventStream` as a
    list of events, some of each kind.

    Args:
        cls: any generated structure, unions included.
        seed: other seeds give other values; the same one gives the same instance in any process.
        optional: whether members that may be absent are filled in too. A union always gets one
            member, and recursion ends where a member may be absent.
        overrides: values of fields, taken as they are; None leaves a field out.

    Raises:
        RequestValidationError: an override that the class does not have.
        BuildError: a pattern that no made-up string satisfies, or a member that holds its own type
            without end; override that member.
    """
    builder = Builder(seed=seed, optional=optional, place=Place(service=_service(cls)))
    structure = builder.structure(cls, overrides)
    if builder.unsatisfied:
        raise BuildError(
            f"cannot build {cls.__name__}: "
            + "; ".join(builder.unsatisfied)
            + ". Pass the value of that member to build() instead."
        )
    return structure


def _service(cls: type[Structure]) -> str:
    package, mark, _ = cls.__module__.partition("._shapes")
    return package.rpartition(".")[2] if mark else Place.service


@dataclass
class Builder:
    """Builds structures from their annotations; one serves one structure or one answer."""

    seed: int | str = 0
    optional: bool = True
    place: Place = field(default_factory=Place)
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    """Strings that are known of the resource that is built about, by wire name."""
    preferred: Sequence[str] = ()
    """Enum values that are chosen first where an enum of a `settling` member lists them."""
    settling: Sequence[str] = ()
    """Ends of the wire names of members whose enum value is chosen from `preferred`."""
    omitted: frozenset[str] = frozenset()
    """Wire names of members that are left out, unless they are required."""
    unsatisfied: list[str] = field(default_factory=list[str])
    """What no made-up value satisfies: a pattern, with its member, or a type without end."""
    _path: list[str] = field(default_factory=list[str])
    _open: list[type[Structure]] = field(default_factory=list[type[Structure]])

    def structure(self, cls: type[S], overrides: Mapping[str, Any] | None = None) -> S:
        """Return an instance of `cls`; `overrides` are fields by their Python names."""
        given = dict(overrides or {})
        self._open.append(cls)
        try:
            members = describe(cls)
            for name in self._chosen(cls, given):
                wire = members.wire_names[name]
                self._path.append(wire)
                member = cls.__pydantic_fields__[name]
                given[name] = self._value(member.annotation, tuple(member.metadata), wire)
                self._path.pop()
        finally:
            self._open.pop()
        names = members.wire_names
        kept = {
            name: value for name, value in given.items() if value is not None or name not in names
        }
        if any(self._height(cls, name) is None for name in members.required if name not in kept):
            return cls.from_wire({names.get(name, name): value for name, value in kept.items()})
        return cls(**kept)

    def value(self, cls: type[Structure], wire: str) -> Any:
        """Return a made-up value of one member of `cls`, by its wire name."""
        self._open.append(cls)
        self._path.append(wire)
        member = cls.__pydantic_fields__[describe(cls).by_wire_name[wire]]
        made = self._value(member.annotation, tuple(member.metadata), wire)
        self._path.pop()
        self._open.pop()
        return made

    def _chosen(self, cls: type[Structure], given: Mapping[str, Any]) -> list[str]:
        """Return the fields that get made-up values."""
        members = describe(cls)
        fields = [name for name in members.wire_names if name not in given]
        heights = {name: self._height(cls, name) for name in fields}
        endless = [name for name in fields if heights[name] is None]
        fields = [name for name in fields if name not in endless]
        if issubclass(cls, UnionStructure):
            if any(value is not None for value in given.values()):
                return []
            if not fields:
                self._leave_out(cls, endless)
                return []
            ending = [name for name in fields if not self._recurses(cls, name)]
            if not ending:  # at any depth the way out is the shortest one
                ending = [min(fields, key=lambda name: heights[name] or 0)]
            return [self._random().choice(ending)]
        self._leave_out(cls, [name for name in endless if name in members.required])
        return [
            name
            for name in fields
            if name in members.required
            or (
                self.optional
                and members.wire_names[name] not in self.omitted
                and not self._recurses(cls, name)
            )
        ]

    def _height(self, cls: type[Structure], name: str) -> int | None:
        member = cls.__pydantic_fields__[name]
        return height(member.annotation, tuple(member.metadata))

    def _leave_out(self, cls: type[Structure], names: Sequence[str]) -> None:
        for name in names:
            place = ".".join((*self._path, describe(cls).wire_names[name]))
            self.unsatisfied.append(f"each value of {place} holds another one, without end")

    def _recurses(self, cls: type[Structure], name: str) -> bool:
        return _leads_to(cls.__pydantic_fields__[name].annotation, self._open)

    def _random(self) -> Random:
        """Return random numbers of this place: one more member changes no other's value."""
        text = "\0".join((str(self.seed), self._open[0].__name__, *self._path))
        return Random(int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big"))

    def _value(self, annotation: Any, markers: tuple[Any, ...], name: str) -> Any:
        if get_origin(annotation) is Annotated:
            inner, *more = get_args(annotation)
            return self._value(inner, (*markers, *more), name)
        kind = value_type(annotation)
        if kind is not annotation:
            optional = [arg for arg in get_args(annotation) if arg is not type(None)]
            return self._value(optional[0], markers, name)
        origin = get_origin(kind)
        if origin is EventStream:
            return self._events(get_args(kind)[0])
        if origin is list:
            return self._items(get_args(kind)[0], _marker(markers, Length), name)
        if origin is dict:
            key, value = get_args(kind)
            return self._entries(key, value, _marker(markers, Length), name)
        if isinstance(kind, type) and issubclass(kind, Structure):
            return self.structure(kind)
        if isinstance(kind, type) and issubclass(kind, Enum):
            return self._enum(kind, name)
        if any(isinstance(mark, InStatus) for mark in markers):
            return 200
        return self._scalar(kind, markers, name)

    def _events(self, union: type[Structure]) -> list[Structure]:
        built: list[Structure] = []
        for field_name, wire in describe(union).wire_names.items():
            arm = value_type(union.__pydantic_fields__[field_name].annotation)
            for number in range(_EVENTS_OF_A_KIND):
                self._path.append(f"{wire}{number}")
                built.append(union(**{field_name: self.structure(arm)}))
                self._path.pop()
        return built

    def _items(self, item: Any, length: Length | None, name: str) -> list[Any]:
        low, high = length or Length()
        wanted = 2 if len(self._path) == 1 else 1
        count = max(low or 0, wanted if high is None else min(high, wanted))
        if height(item) is None or _leads_to(item, self._open):
            count = low or 0
        built: list[Any] = []
        for place in range(count):
            self._path.append(str(place))
            built.append(self._value(item, (), singular(name)))
            self._path.pop()
        return built

    def _entries(self, key: Any, value: Any, length: Length | None, name: str) -> dict[Any, Any]:
        stops = height(value) is None or _leads_to(value, self._open)
        count = max((length or Length()).min or 0, 0 if stops else 1)
        kind = value_type(key)
        if isinstance(kind, type) and issubclass(kind, Enum):
            keys: list[Any] = list(kind)[:count]
        else:
            keys = []
            while len(keys) < count:
                self._path.append(f"key{len(keys)}")
                made = self._value(key, (), f"{name}Key")
                self._path.pop()
                keys.append(made if made not in keys else f"{made}{len(keys)}")
        built: dict[Any, Any] = {}
        for each in keys:
            self._path.append(str(each))
            built[each] = self._value(value, (), name)
            self._path.pop()
        return built

    def _enum(self, kind: type[Enum], name: str) -> Enum | str:
        listed = list(kind)
        if not listed:
            return kebab(name)
        if name.endswith(tuple(self.settling)):
            for value in self.preferred:
                if value in kind._value2member_map_:
                    return kind(value)
        return self._random().choice(listed)

    def _scalar(self, kind: Any, markers: tuple[Any, ...], name: str) -> Any:
        low, high = _marker(markers, Range) or Range()
        length = _marker(markers, Length) or Length()
        random = self._random()
        if kind is str:
            return self._string(markers, length, name, random)
        if kind is bool:
            return random.random() < 0.5
        if kind is int:
            first = int(low) if low is not None else 1 if high is None else min(1, int(high))
            last = first + 99 if high is None else min(first + 99, int(high))
            return random.randint(first, max(first, last))
        if kind is float:
            least = low if low is not None else 0.0 if high is None else min(0.0, high)
            most = least + 1 if high is None else min(least + 1, high)
            return min(max(round(random.uniform(least, most), 3), least), most)
        if kind is datetime:
            start = _EPOCH + _SPAN if is_later(name) else _EPOCH
            return start + random.randrange(int(_SPAN.total_seconds())) * timedelta(seconds=1)
        if kind is StreamingBody:
            lines = (f"{kebab(name)} {number}\n" for number in range(_STREAMED_LINES))
            return "".join(lines).encode()
        if kind in (bytes, Any):  # Any: what a request streams
            return fitted(kebab(name), length).encode()
        return {"value": kebab(name)}

    def _string(self, markers: tuple[Any, ...], length: Length, name: str, random: Random) -> str:
        pattern = _marker(markers, Pattern)
        likely = [
            fitted(text, length) for text in candidates(name, self.place, random, self._known(name))
        ]
        if pattern is None:
            return likely[0]
        accepts = acceptor(pattern.text, length)
        if (suitable := next(filter(accepts, likely), None)) is not None:
            return suitable
        found = matching(pattern.text, length, seed=random.getrandbits(32))
        if found is None:
            place = ".".join(self._path)
            self.unsatisfied.append(f"no string was found for {place}, pattern {pattern.text}")
            return likely[0]
        return next(filter(accepts, located(found, self.place)), found)

    def _known(self, name: str) -> str | None:
        """Return what is known to name the resource whose ARN or name a member holds."""
        if name in self.names:
            return self.names[name]
        noun = name.removesuffix("Arn").removesuffix("ARN")
        return self.names.get(f"{noun}Name") if noun != name else None


M = TypeVar("M")


def _marker(markers: tuple[Any, ...], kind: type[M]) -> M | None:
    return next((mark for mark in markers if isinstance(mark, kind)), None)


def _leads_to(annotation: Any, classes: Sequence[type[Structure]]) -> bool:
    """Return whether a value of this type is, or directly holds, one of these structures."""
    if get_origin(annotation) is not None:
        return any(_leads_to(arg, classes) for arg in get_args(annotation))
    return annotation in classes
