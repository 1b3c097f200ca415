"""Two models of a service to every fact that differs, as entries.

The truth about an API change: pages and release notes tell a part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import Any

from pydantic import BaseModel

from aiobotantic_codegen.changes.classify import Subject, classify
from aiobotantic_codegen.changes.models import Model
from aiobotantic_codegen.changes.names import Names
from aiobotantic_codegen.changes.record import (
    Counts,
    Difference,
    Direction,
    Entry,
    Kind,
    gravest,
    semver_of,
)
from aiobotantic_codegen.changes.walk import Fact, Pair, Walk, written
from aiobotantic_codegen.errors import SpecError
from aiobotantic_codegen.load.documents import OperationDocument, ServiceDocument
from aiobotantic_codegen.load.service import SERVICE, LoadedService, ServiceOverrides

_NOT_METADATA = {
    "deprecated_message",
    "documentation",
    "examples",
    "metadata",
    "operations",
    "shapes",
    "version",
    "xml_namespace",
}
_NOT_TRAITS = {
    "alias",
    "deprecated_message",
    "deprecated_since",
    "documentation",
    "documentation_url",
    "errors",
    "http",
    "input",
    "name",
    "output",
}


def diff_models(old: Model, new: Model, overrides: ServiceOverrides | None = None) -> Difference:
    """Compare two models of one service.

    Args:
        old: The model before.
        new: The model after.
        overrides: The service's quirks, for names of the generated client.

    Raises:
        SpecError: They are models of two services.
    """
    _check_same(old, new)
    names = Names(
        old.loaded.service, new.loaded.service, overrides or ServiceOverrides(), new.service
    )
    entries = tuple(_entries(old, new, names))
    verdict = gravest(entry.change_class for entry in entries)
    return Difference(
        service=new.service,
        old=old.source,
        new=new.source,
        verdict=verdict,
        semver=semver_of(verdict),
        counts=count_silent(old, new),
        entries=entries,
    )


def iter_entries(old: Model, new: Model) -> Iterator[Entry]:
    """Yield what `diff_models` tells, without names of the generated client: for counting.

    Raises:
        SpecError: They are models of two services.
    """
    _check_same(old, new)
    yield from _entries(old, new, None)


def count_silent(old: Model, new: Model) -> Counts:
    """Count what changed without an entry."""
    return Counts(documentation=_documentation(old, new), box=_boxes(old, new))


def _check_same(old: Model, new: Model) -> None:
    before, after = old.loaded.service.metadata, new.loaded.service.metadata
    if old.service != new.service and before.service_id != after.service_id:
        problem = f"{old.source} is a model of {old.service}, {new.source} one of {new.service}"
        raise SpecError(old.source, "/metadata", problem, "Name two models of one service.")


def _entries(old: Model, new: Model, names: Names | None) -> Iterator[Entry]:
    whole = old.whole and new.whole
    return _Comparison(old.loaded, new.loaded, names).entries(whole=whole)


class _Comparison:
    def __init__(self, old: LoadedService, new: LoadedService, names: Names | None) -> None:
        self.before = old
        self.after = new
        self.old: ServiceDocument = old.service
        self.new: ServiceDocument = new.service
        self.names = names
        self.roots = dict(self._roots())
        self.walk = Walk(
            self.old.shapes,
            self.new.shapes,
            self.roots.values(),
            str(self.after.path / SERVICE),
        )

    def entries(self, *, whole: bool) -> Iterator[Entry]:
        """Yield all entries: of the service, then operation by operation."""
        yield from self._metadata()
        if whole:
            yield from self._endpoints()
        yield from self._error_members()
        for name in _merged(self.old.operations, self.new.operations):
            yield from self._operation(name, whole=whole)

    def _roots(self) -> Iterator[tuple[tuple[str, Direction], Pair]]:
        for name, new in self.new.operations.items():
            old = self.old.operations.get(name)
            if old is not None:
                yield (name, Direction.REQUEST), _pair(old.input, new.input)
                yield (name, Direction.RESPONSE), _pair(old.output, new.output)
        listed = _errors(self.old) & _errors(self.new)
        for name in self.new.shapes:
            if name in listed:
                yield (name, Direction.SERVICE), (name, name)

    def _metadata(self) -> Iterator[Entry]:
        changed = _changed_keys(self.old.metadata, self.new.metadata)
        changed += _changed_keys(self.old, self.new, but=_NOT_METADATA)
        for key, values in changed:
            # A model from before 2018 has no serviceId; the client has its name all the same.
            untold = key == "serviceId" and "" in values
            place = ("", Direction.SERVICE, key, Kind.METADATA_CHANGED, values)
            yield self._entry(*place, trait=key, harmless=untold)

    def _endpoints(self) -> Iterator[Entry]:
        old, new = self.before.endpoint_rules, self.after.endpoint_rules
        for key in _merged(old, new):
            if old.get(key) != new.get(key):
                yield self._entry("", Direction.SERVICE, key, Kind.ENDPOINT_CHANGED, ())

    def _error_members(self) -> Iterator[Entry]:
        for (name, direction), pair in self.roots.items():
            if direction is Direction.SERVICE:
                for path, fact in self.walk.changes(pair):
                    place = f"{name}.{path}" if path else name
                    yield self._of_fact("", direction, place, fact)

    def _operation(self, name: str, *, whole: bool) -> Iterator[Entry]:
        old, new = self.old.operations.get(name), self.new.operations.get(name)
        if old is None or new is None:
            kind = Kind.OPERATION_ADDED if old is None else Kind.OPERATION_REMOVED
            yield self._entry(name, Direction.OPERATION, "", kind, ())
            return
        yield from self._traits(name, old, new)
        yield from self._errors(name, old, new)
        if whole:
            yield from self._paginator(name)
            yield from self._waiters(name)
        for direction in (Direction.REQUEST, Direction.RESPONSE):
            for path, fact in self.walk.changes(self.roots[name, direction]):
                yield self._of_fact(name, direction, path, fact)

    def _traits(self, name: str, old: OperationDocument, new: OperationDocument) -> Iterator[Entry]:
        changed = [(f"http.{key}", values) for key, values in _changed_keys(old.http, new.http)]
        changed += _changed_keys(old, new, but=_NOT_TRAITS)
        for key, values in changed:
            yield self._entry(name, Direction.OPERATION, key, Kind.TRAIT_CHANGED, values, trait=key)

    def _errors(self, name: str, old: OperationDocument, new: OperationDocument) -> Iterator[Entry]:
        before = dict.fromkeys(each.shape for each in old.errors)
        after = dict.fromkeys(each.shape for each in new.errors)
        for error in after:
            if error not in before:
                yield self._entry(
                    name, Direction.OPERATION, error, Kind.ERROR_ADDED, (), shape=error
                )
        for error in before:
            if error not in after:
                yield self._entry(
                    name,
                    Direction.OPERATION,
                    error,
                    Kind.ERROR_REMOVED,
                    (),
                    shape=error,
                    harmless=error in self.new.shapes,
                )

    def _paginator(self, name: str) -> Iterator[Entry]:
        old = self.before.paginators.pagination.get(name)
        new = self.after.paginators.pagination.get(name)
        for key, values in _states(old, new):
            yield self._entry(
                name, Direction.OPERATION, key, Kind.PAGINATOR_CHANGED, values, trait=key
            )

    def _waiters(self, name: str) -> Iterator[Entry]:
        before, after = self.before.waiters.waiters, self.after.waiters.waiters
        for waiter in _merged(before, after):
            ends = [side.get(waiter) for side in (before, after)]
            old, new = (end if end is not None and end.operation == name else None for end in ends)
            for key, values in _states(old, new):
                path = f"{waiter}.{key}" if key else waiter
                yield self._entry(
                    name,
                    Direction.OPERATION,
                    path,
                    Kind.WAITER_CHANGED,
                    values,
                    trait=key,
                    member=waiter,
                )

    def _of_fact(self, operation: str, direction: Direction, path: str, fact: Fact) -> Entry:
        # The client makes up a token of the request itself, of nothing inside it.
        own = direction is Direction.REQUEST and path == fact.member
        if fact.trait == "idempotencyToken":
            harmless = not own
        else:
            harmless = fact.harmless or (fact.token and own)
        return self._entry(
            operation,
            direction,
            path,
            fact.kind,
            self._added(fact) if fact.kind in _ADDED else fact.values,
            trait=fact.trait,
            shape=fact.shape,
            member=fact.member,
            required=fact.required,
            harmless=harmless,
        )

    def _added(self, fact: Fact) -> tuple[str, ...]:
        """Return what a new member is: a word, or the values of an enum."""
        shape = self.new.shapes[self.new.shapes[fact.shape].members[fact.member].shape]
        return tuple(shape.enum or (shape.type,))

    def _entry(
        self,
        operation: str,
        direction: Direction,
        path: str,
        kind: Kind,
        values: tuple[str, ...],
        *,
        trait: str = "",
        shape: str = "",
        member: str = "",
        required: bool = False,
        harmless: bool = False,
    ) -> Entry:
        subject = Subject(kind, direction, values, trait, required, harmless)
        touched = (operation, direction, path, kind, values, shape, member)
        return Entry(
            operation=operation,
            direction=direction,
            path=path,
            kind=kind,
            change_class=classify(subject),
            values=values,
            python=self.names.touched(*touched) if self.names else (),
        )


_ADDED = (Kind.MEMBER_ADDED, Kind.UNION_ARM_ADDED)


def _errors(service: ServiceDocument) -> set[str]:
    """Return what operations and event streams raise."""
    listed = {e.shape for operation in service.operations.values() for e in operation.errors}
    return listed | {name for name, shape in service.shapes.items() if shape.exception}


def _pair(old: Any, new: Any) -> Pair:
    return (old.shape if old else None, new.shape if new else None)


def _merged(old: Iterable[str], new: Iterable[str]) -> list[str]:
    """Return the names of both, in the newer one's order, removed ones where they stood."""
    before, after = list(old), list(new)
    kept = set(after)
    if before == after:
        return after
    merged: list[str] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            merged += [name for name in before[a:b] if name not in kept]
        merged += after[c:d]
    return merged


def _changed_keys(
    old: BaseModel, new: BaseModel, but: Iterable[str] = ()
) -> list[tuple[str, tuple[str, str]]]:
    """Return the keys, by their names in the file, whose values differ."""
    fields = type(new).model_fields
    return [
        (field.alias or name, (_text(getattr(old, name)), _text(getattr(new, name))))
        for name, field in fields.items()
        if name not in but and getattr(old, name) != getattr(new, name)
    ]


def _states(old: BaseModel | None, new: BaseModel | None) -> list[tuple[str, tuple[str, str]]]:
    """Return what changed of a thing; the empty key if it came or went."""
    if old is None and new is None:
        return []
    if old is None or new is None:
        return [("", ("none", "present") if old is None else ("present", "none"))]
    return _changed_keys(old, new, but=("documentation", "description"))


def _text(value: Any) -> str:
    return written(value, unset=value is False or value in ((), {}))


def _documentation(old: Model, new: Model) -> int | None:
    """Return how many texts differ; None where a model carries none."""
    before, after = old.documentation, new.documentation
    if before is None or after is None:
        return None
    return sum(before.get(place) != after.get(place) for place in before.keys() | after.keys())


def _boxes(old: Model, new: Model) -> int:
    before, after = old.loaded.service.shapes, new.loaded.service.shapes
    return sum(before[n].box != shape.box for n, shape in after.items() if n in before) + sum(
        before[n].members[m].box != member.box
        for n, shape in after.items()
        if n in before
        for m, member in shape.members.items()
        if m in before[n].members
    )
