"""The imports of a generated file, collected while its text is made."""

from __future__ import annotations

import re
from collections import defaultdict

_PLACES = {
    "ABSENT": "aiobotantic.structure",
    "Annotated": "typing",
    "Any": "typing",
    "ApiName": "aiobotantic.constraints",
    "AsPayload": "aiobotantic.bindings",
    "BytesInput": "aiobotantic.bodies",
    "EventStream": "aiobotantic.event_stream",
    "ISO8601": "aiobotantic.values",
    "In": "aiobotantic.structure",
    "InEventHeader": "aiobotantic.bindings",
    "InHeader": "aiobotantic.bindings",
    "InHeaders": "aiobotantic.bindings",
    "InPath": "aiobotantic.bindings",
    "InQuery": "aiobotantic.bindings",
    "InQueryMap": "aiobotantic.bindings",
    "InStatus": "aiobotantic.bindings",
    "JSON_TEXT": "aiobotantic.values",
    "JsonValue": "pydantic",
    "Length": "aiobotantic.constraints",
    "Mapping": "collections.abc",
    "OpenBody": "aiobotantic.open_bodies",
    "Pattern": "aiobotantic.constraints",
    "RFC822": "aiobotantic.values",
    "Range": "aiobotantic.constraints",
    "Required": "aiobotantic.structure",
    "SENSITIVE": "aiobotantic.constraints",
    "Sequence": "collections.abc",
    "StreamingBody": "aiobotantic.bodies",
    "UNIX_TIME": "aiobotantic.values",
    "datetime": "datetime",
    "wire_name": "aiobotantic.constraints",
}
_STRING = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"")
_NAME = re.compile(r"[A-Za-z_]\w*")


_LONGEST_LINE = 100
_STANDARD = {"collections.abc", "datetime", "typing"}
Group = list[str]


class Imports:
    """Names by the module that they come from, for run time and for type checkers alone."""

    def __init__(self) -> None:
        self._run_time: dict[str, set[str]] = defaultdict(set)
        self._checkers: dict[str, set[str]] = defaultdict(set)

    def add(self, module: str, *names: str) -> None:
        """Import names when the module runs."""
        self._run_time[module].update(map(str, names))

    def add_for_checkers(self, module: str, *names: str) -> None:
        """Import names under TYPE_CHECKING."""
        self._checkers[module].update(map(str, names))

    def add_used_names(self, source: str, *, for_checkers: bool = False) -> None:
        """Import what an annotation uses of typing, datetime and the runtime."""
        add = self.add_for_checkers if for_checkers else self.add
        for name in _NAME.findall(_STRING.sub("", source)):
            if name in _PLACES:
                add(_PLACES[name], name)

    @property
    def run_time(self) -> list[Group]:
        """The statements, sorted, the standard library apart."""
        needed = {module: set(names) for module, names in self._run_time.items()}
        if self.for_checkers:
            needed.setdefault("typing", set()).add("TYPE_CHECKING")
        return _groups(needed, "")

    @property
    def for_checkers(self) -> list[Group]:
        """The same for what only type checkers import."""
        names = {m: n - self._run_time.get(m, set()) for m, n in self._checkers.items()}
        return _groups({module: found for module, found in names.items() if found}, "    ")


def _groups(modules: dict[str, set[str]], margin: str) -> list[Group]:
    ordered = sorted(modules)
    groups = [[m for m in ordered if (m in _STANDARD) is standard] for standard in (True, False)]
    return [[_statement(m, sorted(modules[m]), margin) for m in group] for group in groups if group]


def _statement(module: str, names: list[str], margin: str) -> str:
    line = f"{margin}from {module} import {', '.join(names)}"
    if len(line) <= _LONGEST_LINE:
        return line
    inside = "".join(f"{margin}    {name},\n" for name in names)
    return f"{margin}from {module} import (\n{inside}{margin})"
