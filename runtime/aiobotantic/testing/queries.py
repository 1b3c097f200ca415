"""Lists: filters by rule, order, and pages whose tokens survive deletions."""

from __future__ import annotations

import json
import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from hashlib import blake2b
from itertools import islice
from typing import Any

from aiobotantic.testing.behaviour import Act, Lists, Resource, Rule
from aiobotantic.testing.faults import ServedError
from aiobotantic.testing.json_values import is_object, plain

_log = logging.getLogger(__name__)

Members = Mapping[str, Any]
Place = tuple[bool, Any, str]
Joins = Sequence[tuple[str, str, str]]
"""See `Act.through`."""


class Order:
    """The resources of one kind in the order of one member.

    It is kept from list to list, so that a page costs what it shows, however many there are.

    Args:
        member: what is sorted by; resources without it come first.
        identity: the members that name a resource, which decide where `member` is the same.
    """

    def __init__(self, member: str, identity: Sequence[str]) -> None:
        self._member = member
        self._identity = identity
        self._sorted: list[Place] = []
        self._members: dict[Place, Members] = {}
        self._places: dict[tuple[Any, ...], Place] = {}

    def put(self, key: tuple[Any, ...], members: Members) -> None:
        """Take a resource in, or to where it now belongs.

        Args:
            key: what names it.
            members: its members, which are not copied.
        """
        place = self.place(members)
        if place != self._places.get(key):
            self.drop(key)
            insort(self._sorted, place)
            self._members[place] = members
            self._places[key] = place

    def drop(self, key: tuple[Any, ...]) -> None:
        """Forget a resource, if it is here."""
        if (place := self._places.pop(key, None)) is not None:
            del self._sorted[bisect_left(self._sorted, place)]
            del self._members[place]

    def place(self, members: Members) -> Place:
        """Return what a resource is sorted by."""
        value = members.get(self._member)
        return (
            value is not None,
            "" if value is None else _comparable(value),
            "\0".join([str(members.get(each)) for each in self._identity]),
        )

    def after(self, last: Place | None, *, descending: bool) -> Iterator[Members]:
        """Yield the resources that follow a place; None: all of them."""
        if descending:
            end = len(self._sorted) if last is None else bisect_left(self._sorted, last)
            numbers = range(end - 1, -1, -1)
        else:
            begin = 0 if last is None else bisect_right(self._sorted, last)
            numbers = range(begin, len(self._sorted))
        return (self._members[self._sorted[number]] for number in numbers)


def page(
    ordered: Callable[[str], Order],
    request: Members,
    resource: Resource,
    act: Act,
    words: Lists,
    joined: Callable[[Joins, Any], Collection[Any]],
) -> tuple[list[Members], str | None]:
    """Return the resources that a List request asks for, and the token of the next page.

    Args:
        ordered: returns the resources in the order of a member.
        request: the request's members.
        resource: the kind of resources.
        act: what the operation does.
        words: how lists are asked for.
        joined: returns what an argument's value stands for by way of other kinds.

    Raises:
        ServedError: the token is none of this server's, or belongs to another query.
    """
    sort_by = str(request.get(words.sort_by) or act.sort_by or resource.identity[-1])
    order = ordered(resource.aliases.get(sort_by, sort_by))
    direction = request.get(words.sort_order)
    descending = (
        act.descending if direction is None else direction.lower().startswith(words.descending)
    )
    query = _digest({name: request[name] for name in request if name not in _paging(words)})
    token = request.get(words.token)
    last = None if token is None else _read_token(str(token), query, words)
    found = order.after(last, descending=descending)
    holds = _filters(request, resource, act, words)
    for argument, joins in act.through.items():
        if request.get(argument) is not None:
            member = joins[-1][-1]
            holds.append(partial(_is_one_of, member, joined(joins, request[argument])))
    if holds:
        found = (record for record in found if all(each(record) for each in holds))
    size = int(request.get(words.page_size) or words.default_page_size)
    shown = list(islice(found, size + 1))
    if len(shown) <= size:
        return shown, None
    del shown[size]
    return shown, _write_token(order.place(shown[-1]), query)


def _paging(words: Lists) -> tuple[str, str]:
    return words.token, words.page_size


def _filters(
    request: Members, resource: Resource, act: Act, words: Lists
) -> list[Callable[[Members], bool]]:
    """Return what a request wants of a record, argument by argument."""
    for argument in act.ignored:
        if request.get(argument) is not None:
            _log.warning("the testing server lists everything, whatever %s says", argument)
    reserved = (*_paging(words), words.sort_by, words.sort_order, *act.ignored, *act.through)
    return [
        partial(_holds, *_asked(argument, resource, words), wanted)
        for argument, wanted in request.items()
        if argument not in reserved
    ]


def _asked(argument: str, resource: Resource, words: Lists) -> tuple[str, Rule]:
    """Return the member that an argument chooses by, and the comparison."""
    for end, rule in words.rules.items():
        if argument.endswith(end) and argument != end:
            stem = argument.removesuffix(end)
            return resource.aliases.get(stem, stem), rule
    return resource.aliases.get(argument, argument), "equals"


def _is_one_of(member: str, wanted: Collection[Any], record: Members) -> bool:
    return record.get(member) in wanted


def _holds(member: str, rule: Rule, wanted: Any, record: Members) -> bool:
    value = reach(record, member)
    if value is None:
        return False
    if rule == "prefix":
        return str(value).startswith(str(wanted))
    if rule == "contains" or (isinstance(value, list) and rule == "equals"):
        return wanted in value
    if rule == "after":
        return bool(_moment(value) > _moment(wanted))
    if rule == "before":
        return bool(_moment(value) < _moment(wanted))
    return bool(_comparable(value) == _comparable(wanted))


def reach(members: Members, path: str) -> Any:
    """Return what a dotted path of members leads to; None where it leads nowhere."""
    value: Any = members
    for step in path.split("."):
        if not is_object(value):
            return None
        value = value.get(step)
    return value


def _moment(value: Any) -> Any:
    """Return the seconds since 1970 that a time is, in whatever form it was given."""
    return _comparable(datetime.fromisoformat(value) if isinstance(value, str) else value)


def _comparable(value: Any) -> Any:
    """Return what stands for a value in an order: of a time the seconds since 1970."""
    return value.timestamp() if isinstance(value, datetime) else value


def _digest(query: Members) -> str:
    text = json.dumps(query, sort_keys=True, default=plain)
    return blake2b(text.encode(), digest_size=6).hexdigest()


def _write_token(place: Place, query: str) -> str:
    return urlsafe_b64encode(json.dumps([query, *place]).encode()).decode()


def _read_token(token: str, query: str, words: Lists) -> Place:
    fault = ServedError(words.invalid_token.code[-1], words.invalid_token.message)
    try:
        asked, present, value, identity = json.loads(urlsafe_b64decode(token))
    except ValueError:
        raise fault from None
    if asked != query:
        raise fault
    return present, value, identity
