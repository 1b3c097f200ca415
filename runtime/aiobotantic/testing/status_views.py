"""What the status page shows of a server: plain values, with what is sensitive masked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from aiobotantic.masking import masked_wire
from aiobotantic.operation import Operation
from aiobotantic.structure import MASK, Structure, describe
from aiobotantic.testing.behaviour import inner
from aiobotantic.testing.json_values import is_array, is_object
from aiobotantic.testing.kinds import Key, Record, ResourceKind
from aiobotantic.testing.words import marked

if TYPE_CHECKING:
    from aiobotantic.testing.journal import JournalEntry
    from aiobotantic.testing.server import Server

_USUAL: Final = (
    "AccessDeniedException",
    "InternalFailure",
    "ServiceUnavailable",
    "ThrottlingException",
    "ValidationException",
)
"""Codes that any operation may answer with, listed by its model or not."""


class Views:
    """What is shown of a server.

    Args:
        server: the server.
        show_sensitive: whether members that the model calls sensitive are shown as they are.
    """

    def __init__(self, server: Server, show_sensitive: bool) -> None:
        self._server = server
        self._show_sensitive = show_sensitive
        self._classes: dict[str, list[type[Structure]]] = {}

    def resources(self, wanted: str, limit: int) -> dict[str, Any]:
        """Return the resources whose line has a text, in the order of families and creation."""
        lines = [self._line(kind, key, record) for kind, key, record in self._records()]
        fitting = [line for line in lines if _has(wanted, line.values())]
        return {
            "now": self._server.clock.now(),
            "kept": len(lines),
            "fitting": len(fitting),
            "resources": fitting[:limit],
        }

    def resource(self, mark: str) -> dict[str, Any] | None:
        """Return the members of the resource that a line is of; None: it is gone."""
        for kind, key, record in self._records():
            if _mark(kind, key) == mark:
                members = {name: self._member(kind, record, name) for name in record.members}
                return {**self._line(kind, key, record), "members": members}
        return None

    def journal(self, wanted: str, limit: int) -> dict[str, Any]:
        """Return the newest requests whose line has a text, newest first."""
        requests: list[dict[str, Any]] = []
        for entry in reversed(self._server.journal):
            line = self._entry(entry)
            if _has(wanted, (line["operation"], line["status"], line["error"], line["message"])):
                requests.append(line)
                if len(requests) == limit:
                    break
        return {"kept": len(self._server.journal), "requests": requests}

    def request(self, request_id: str) -> dict[str, Any] | None:
        """Return a request with its members; None: it is no longer in the journal."""
        for entry in reversed(self._server.journal):
            if entry.request_id == request_id:
                shown = {"connection": entry.connection, "members": self._asked(entry)}
                return {**self._entry(entry), **shown}
        return None

    def faults(self) -> dict[str, Any]:
        """Return the errors that are switched on."""
        return {
            "faults": [
                {
                    "operation": fault.operation,
                    "code": fault.code,
                    "message": fault.message,
                    "status": fault.status,
                    "times": fault.times,
                    "probability": fault.probability,
                }
                for fault in self._server.faults
            ]
        }

    def operations(self) -> dict[str, Any]:
        """Return the operations of all services with the codes of their errors."""
        return {
            "operations": {
                name: sorted({*operation.errors, *_USUAL})
                for name, operation in sorted(self._operations.items())
            }
        }

    @cached_property
    def _operations(self) -> Mapping[str, Operation[Any]]:
        return self._server.every_operation()

    def _records(self) -> Iterator[tuple[ResourceKind, Key, Record]]:
        for kind in list(self._server.state.kinds.values()):  # further ones may be loaded
            kind.wear_out()
            for key, record in kind.records.items():
                yield kind, key, record

    def _line(self, kind: ResourceKind, key: Key, record: Record) -> dict[str, Any]:
        resource = kind.resource
        status, created, *identity = [
            self._member(kind, record, name)
            for name in (resource.status, resource.created, *resource.identity)
        ]
        return {
            "id": _mark(kind, key),
            "family": kind.name,
            "label": resource.label,
            "identity": dict(zip(resource.identity, identity, strict=True)),
            "status": status,
            "created": created,
        }

    def _member(self, kind: ResourceKind, record: Record, name: str | None) -> Any:
        """Return a member of a resource, as far as some operation lists it as plain."""
        value = record.members.get(name or "")
        if self._show_sensitive or name is None or value is None:
            return value
        if kind.name not in self._classes:
            self._classes[kind.name] = list(_classes(kind, self._operations))
        return masked_by(self._classes[kind.name], name, value)

    def _entry(self, entry: JournalEntry) -> dict[str, Any]:
        return {
            "id": entry.request_id,
            "at": entry.at,
            "operation": entry.operation,
            "status": entry.status,
            "seconds": entry.seconds,
            "error": entry.error,
            "message": entry.message and self._said(entry, entry.message),
        }

    def _asked(self, entry: JournalEntry) -> Mapping[str, Any]:
        if self._show_sensitive or entry.operation is None:
            return entry.request
        return masked_wire(self._operations[entry.operation].request_class, entry.request)

    def _said(self, entry: JournalEntry, message: str) -> str:
        """Return an error's message, without what it repeats of masked members."""
        for text in sorted(_hidden(entry.request, self._asked(entry)), key=len, reverse=True):
            message = message.replace(text, MASK)
        return message


def _mark(kind: ResourceKind, key: Key) -> str:
    """Return what stands for a resource in addresses: its names may be sensitive."""
    return marked(kind.name, *map(str, key))


def _has(wanted: str, texts: Iterable[Any]) -> bool:
    """Return whether each word of a filter stands in one of the texts."""
    line = " ".join(map(str, texts)).lower()
    return all(word in line for word in wanted.lower().split())


def _classes(
    kind: ResourceKind, operations: Mapping[str, Operation[Any]]
) -> Iterator[type[Structure]]:
    """Yield what lists members of a kind: what they are stored from first, then what shows them."""
    acts = kind.resource.operations
    for name, act in acts.items():
        if act.does in ("create", "put", "change"):
            yield operations[name].request_class
    for name, act in acts.items():
        cls = operations[name].response_class
        within = act.items if act.does == "list" else kind.resource.within
        yield inner(cls, within) if within in describe(cls).by_wire_name else cls


def masked_by(classes: Iterable[type[Structure]], name: str, value: Any) -> Any:
    """Return a member as the first class has it that lists it.

    It is masked where none does, or any calls it sensitive.
    """
    known = [cls for cls in classes if name in describe(cls).by_wire_name]
    sensitive = any(describe(cls).by_wire_name[name] in describe(cls).sensitive for cls in known)
    if not known or sensitive:
        return MASK
    return masked_wire(known[0], {name: value})[name]


def _hidden(value: Any, shown: Any) -> Iterator[str]:
    """Yield the texts that stand where a mask is shown."""
    if is_object(value) and is_object(shown):
        for name, each in value.items():
            yield from _hidden(each, shown.get(name))
    elif is_array(value) and is_array(shown):
        for each, its in zip(value, shown, strict=False):
            yield from _hidden(each, its)
    elif shown == MASK:
        yield from filter(None, _texts(value))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, bytes):
        yield value.decode(errors="replace")
    elif is_object(value):
        for each in value.values():
            yield from _texts(each)
    elif is_array(value):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value
