"""Waiters: the modelled ones, and those that follow from what a status may be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiobotantic_codegen.errors import SpecError, json_pointer
from aiobotantic_codegen.ir import names
from aiobotantic_codegen.ir.paging import inferred_paginator
from aiobotantic_codegen.ir.service import (
    Acceptor,
    Error,
    Listing,
    Member,
    Paginator,
    Structure,
    Waiter,
)
from aiobotantic_codegen.ir.types import Ref
from aiobotantic_codegen.load.documents import (
    ServiceDocument,
    ServiceOverrides,
    WaiterDocument,
    WaiterOverride,
    WaiterRules,
    parse_mapping,
)


@dataclass(frozen=True)
class _Status:
    """The status of what an operation describes."""

    operation: str
    resource: str
    """`TrainingJob` of `DescribeTrainingJob`."""
    member: Member
    enum: str
    values: tuple[str, ...]


class Waiters:
    """The waiters of one service.

    Raises:
        SpecError: rules that are none, or an override that matches nothing.
    """

    def __init__(
        self,
        service: str,
        document: ServiceDocument,
        modelled: Mapping[str, WaiterDocument],
        structures: Mapping[str, Structure],
        overrides: ServiceOverrides,
        behaviour: Mapping[str, Any],
    ) -> None:
        self._document = document
        self._modelled = modelled
        self._structures = structures
        self._overrides = {each.operation: each for each in overrides.waiters}
        rules = behaviour.get("waiters")
        self._rules = None if rules is None else parse_mapping(WaiterRules, rules, "behaviour.toml")
        self._taken = {names.waiter_method_name(name) for name in modelled}
        for at, entry in enumerate(overrides.waiters):
            self._check(entry, json_pointer("services", service, "waiters", at))

    def of(self, name: str, errors: tuple[Error, ...]) -> tuple[Waiter, ...]:
        """Return the waiters that poll an operation."""
        output = self._output(name)
        status = self._status(name)
        reasons = self._reasons(output)
        listing = None if status is None else self._listing(name, status)
        found = [
            _modelled(waiter, document)
            for waiter, document in self._modelled.items()
            if document.operation == name
        ]
        if status is not None:
            found += self._inferred(status, errors)
        return tuple(
            replace(waiter, reasons=reasons, listing=listing if _looks_at(waiter, status) else None)
            for waiter in found
        )

    def _inferred(self, status: _Status, errors: tuple[Error, ...]) -> Iterator[Waiter]:
        rules = self._rules
        assert rules is not None  # there is no status without
        words = {value: _word(value) for value in status.values}
        failed = [v for v in status.values if re.search(rules.failed, words[v])]
        is_job = any(word in rules.finished for word in words.values())
        ends = [v for v in status.values if words[v] in rules.ended and v not in failed]
        stopped = [v for v in ends if words[v] == "stopped"]
        for value in self._targets(status, words, is_job):
            others = [v for v in status.values if words[v] in rules.finished and v != value]
            final = [v for v in (*others, *ends) if is_job or v not in stopped]
            against = [*failed, *(v for v in final if v != value)]
            kind = "a job's good end" if is_job else "a status at rest"
            yield from self._waiter(
                status, _pascal(value), [value], against, f"`{value}` is {kind}"
            )
            if is_job and stopped and words[value] in rules.finished:
                left = [v for v in against if v not in stopped]
                yield from self._waiter(
                    *(status, f"{_pascal(value)}OrStopped", [value, *stopped], left),
                    f"`{value}` and `{stopped[0]}` are a job's ends",
                )
        yield from self._deleted(status, words, failed, errors)

    def _targets(self, status: _Status, words: Mapping[str, str], is_job: bool) -> list[str]:
        rules, override = self._rules, self._overrides.get(status.operation)
        assert rules is not None
        if override is not None and override.states is not None:
            return override.states
        wanted = [*rules.settled, *rules.finished]
        return [
            value
            for value in status.values
            if words[value] in wanted and not (is_job and words[value] in rules.ended)
        ]

    def _deleted(
        self,
        status: _Status,
        words: Mapping[str, str],
        failed: list[str],
        errors: tuple[Error, ...],
    ) -> Iterator[Waiter]:
        rules = self._rules
        assert rules is not None
        gone = [value for value in status.values if words[value] in rules.gone]
        if f"Delete{status.resource}" not in self._document.operations:
            return
        codes = [error.code for error in errors]
        code = next((c for c in rules.gone_errors if c in codes), rules.gone_errors[-1])
        against = [value for value in failed if "delete" in words[value]]
        if not against and not any(word in rules.finished for word in words.values()):
            against = [value for value in failed if words[value] == "failed"]
        because = f"`Delete{status.resource}` ends in the error `{code}`"
        ends = [Acceptor("success", "error", code, None)]
        yield from self._waiter(status, "Deleted", gone, against, because, ends)

    def _waiter(
        self,
        status: _Status,
        state: str,
        targets: Iterable[str],
        against: Iterable[str],
        rule: str,
        ends: Iterable[Acceptor] = (),
    ) -> Iterator[Waiter]:
        rules, name = self._rules, f"{status.resource}{state}"
        method = names.waiter_method_name(name)
        if rules is None or method in self._taken:
            return
        wire = status.member.wire
        yield Waiter(
            name=name,
            constant=names.constant_name(name),
            method=method,
            operation=status.operation,
            delay=rules.delay,
            max_attempts=rules.max_attempts,
            acceptors=(
                *ends,
                *(Acceptor("success", "path", value, wire) for value in targets),
                *(Acceptor("failure", "path", value, wire) for value in against),
            ),
            rule=rule,
        )

    def _status(self, name: str) -> _Status | None:
        resource = self._resource(name)
        output = self._output(name)
        if resource is None or output is None:
            return None
        found = {
            member.wire: member
            for member in output.members
            if member.wire.endswith(("Status", "State", "status")) and self._values(member)
        }
        entry = self._overrides.get(name)
        member = found.get((entry.status if entry else None) or "")
        for wire in (f"{resource}Status", "Status", "status", *self._shorter(resource)):
            member = member or found.get(wire)
        if member is None or not isinstance(member.value.kind, Ref):
            return None
        return _Status(name, resource, member, member.value.kind.shape, self._values(member))

    def _shorter(self, resource: str) -> Iterator[str]:
        """Yield names of a status that leave first words of the resource out."""
        for match in re.finditer(r"[A-Z]", resource[1:]):
            yield f"{resource[1 + match.start():]}Status"

    def _resource(self, operation: str) -> str | None:
        verbs = () if self._rules is None else self._rules.verbs
        verb = next((verb for verb in verbs if operation.startswith(verb)), None)
        return None if verb is None else operation.removeprefix(verb)

    def _values(self, member: Member) -> tuple[str, ...]:
        kind = member.value.kind
        return tuple(self._document.shapes[kind.shape].enum or ()) if isinstance(kind, Ref) else ()

    def _reasons(self, output: Structure | None) -> tuple[str, ...]:
        wanted = () if self._rules is None else self._rules.reasons
        fields = {member.wire: member.name for member in output.members} if output else {}
        return tuple(fields[wire] for wire in wanted if wire in fields)

    def _listing(self, name: str, status: _Status) -> Listing | None:
        """Return where a list has the same status, and a name that the request has, too."""
        operation = self._document.operations[name]
        given = self._structure(operation.input.shape if operation.input else None)
        if given is None or len(required := [m for m in given.members if m.required]) != 1:
            return None
        for wire, document in self._document.operations.items():
            if wire.rstrip("s") != f"List{status.resource}".rstrip("s"):
                continue
            asked = self._structure(document.input.shape if document.input else None)
            output = self._structure(document.output.shape if document.output else None)
            paging = None if asked is None else inferred_paginator(wire, asked, output)
            if asked is None or paging is None or paging.items is None or paging.page_size is None:
                continue
            if any(member.required for member in asked.members):
                continue
            return self._found_in(paging, required[0], status)
        return None

    def _found_in(self, paging: Paginator, identity: Member, status: _Status) -> Listing | None:
        item = None if paging.item is None else paging.item.kind
        structure = self._structure(item.shape if isinstance(item, Ref) else None)
        if structure is None:
            return None
        fields = {member.wire: member for member in structure.members}
        same = [
            member.name
            for member in structure.members
            if isinstance(member.value.kind, Ref) and member.value.kind.shape == status.enum
        ]
        found = fields.get(identity.wire)
        if found is None or len(same) != 1 or paging.items is None:
            return None
        return Listing(
            *(paging.operation, paging.items.name, found.name, same[0]), paging.largest_page
        )

    def _output(self, name: str) -> Structure | None:
        output = self._document.operations[name].output
        return self._structure(output.shape if output else None)

    def _structure(self, shape: str | None) -> Structure | None:
        return None if shape is None else self._structures.get(shape)

    def _check(self, entry: WaiterOverride, pointer: str) -> None:
        problem = ""
        status = None
        if self._rules is None or entry.operation not in self._document.operations:
            problem = f"there is no operation {entry.operation!r} that is polled"
        elif (status := self._status(entry.operation)) is None:
            problem = f"{entry.operation} has no status"
        elif entry.status is not None and status.member.wire != entry.status:
            problem = f"{entry.operation} has no status {entry.status!r}"
        elif unknown := [each for each in entry.states or () if each not in status.values]:
            problem = f"{status.member.wire} has no value {unknown[0]!r}"
        if problem:
            remedy = "Remove the entry, or correct the name it looks for."
            raise SpecError("overrides.toml", pointer, problem, remedy)


def _modelled(name: str, document: WaiterDocument) -> Waiter:
    return Waiter(
        name=name,
        constant=names.constant_name(name),
        method=names.waiter_method_name(name),
        operation=document.operation,
        delay=document.delay,
        max_attempts=document.max_attempts,
        acceptors=tuple(
            Acceptor(each.state, each.matcher, each.expected, each.argument)
            for each in document.acceptors
        ),
    )


def _looks_at(waiter: Waiter, status: _Status | None) -> bool:
    """Return whether a waiter looks at nothing but the status, and errors."""
    if status is None:
        return False
    return all(
        each.matcher == "error" or (each.matcher == "path" and each.argument == status.member.wire)
        for each in waiter.acceptors
    )


def _word(value: str) -> str:
    return value.replace("_", "").lower()


def _pascal(value: str) -> str:
    """`CREATE_FAILED` is `CreateFailed`, `InService` stays."""
    parts = value.split("_")
    return "".join(p.title() if p.isupper() else p[:1].upper() + p[1:] for p in parts)
