"""Which operation a method and a target are for, by the URI templates of the model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

from aiobotantic.operation import Operation

_PART: Final = re.compile(r"\{([^{}]+?)(\+?)\}|([^{}]+)")

Query = dict[str, list[str]]


@dataclass(frozen=True)
class Route:
    """What a target says beside the operation's name."""

    operation: Operation[Any]
    labels: Mapping[str, str]
    """Percent-decoded."""
    query: Query
    """Names to their values, in order, without those that the template fixes."""


@dataclass(frozen=True)
class _Template:
    operation: Operation[Any]
    path: re.Pattern[str]
    labels: tuple[str, ...]
    fixed: Query
    rank: tuple[Any, ...]
    """Sorts the most specific template first."""


class Routes:
    """The templates of a service."""

    def __init__(self, operations: Iterable[Operation[Any]]) -> None:
        self._templates = sorted(map(_template, operations), key=lambda template: template.rank)

    def find(self, method: str, target: str) -> Route | None:
        """Return the route of a request; None where no template takes it.

        Raises:
            ValueError: a part is no UTF-8, or its percent-encoding is broken.
        """
        path, _, query_text = target.partition("?")
        query = read_query(query_text)
        for template in self._templates:
            match = template.path.fullmatch(path)
            if match is None or template.operation.method != method:
                continue
            if any(query.get(name) != values for name, values in template.fixed.items()):
                continue
            labels = zip(template.labels, map(decoded, match.groups()), strict=True)
            free = {name: value for name, value in query.items() if name not in template.fixed}
            return Route(template.operation, dict(labels), free)
        return None


def read_query(text: str) -> Query:
    """Return the parameters of a query. A `+` is a plus sign: AWS's services have no forms.

    Raises:
        ValueError: a part is no UTF-8, or its percent-encoding is broken.
    """
    query: Query = {}
    for part in filter(None, text.split("&")):
        name, _, value = part.partition("=")
        query.setdefault(decoded(name), []).append(decoded(value))
    return query


def decoded(text: str) -> str:
    """Return a percent-decoded text.

    Raises:
        ValueError: it is no UTF-8, or its percent-encoding is broken.
    """
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise ValueError(f"{text!r} has a percent sign that encodes nothing")
    return unquote_to_bytes(text).decode()


def _template(operation: Operation[Any]) -> _Template:
    path, _, query = operation.uri.partition("?")
    pattern, labels = "", list[str]()
    for match in _PART.finditer(path):
        name, greedy, literal = match.groups()
        if name is None:
            pattern += "".join(map(_literal, literal))
        else:
            labels.append(name)
            pattern += "(.+)" if greedy else "([^/]+)"
    fixed = read_query(query)
    rank = (-len(fixed), [_generality(segment) for segment in path.split("/")], operation.name)
    return _Template(operation, re.compile(pattern), tuple(labels), fixed, rank)


def _generality(segment: str) -> int:
    return 0 if "{" not in segment else 2 if "+}" in segment else 1


def _literal(character: str) -> str:
    """Return a pattern for a character that may arrive percent-encoded."""
    encoded = quote(character, safe="")
    plain = re.escape(character)
    return plain if encoded == character else f"(?:{plain}|(?i:{encoded}))"
