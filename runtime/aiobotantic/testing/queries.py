"""Lists: filters by rule, order, and pages whose tokens survive deletions."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from hashlib import blake2b
from heapq import nlargest, nsmallest
from operator import itemgetter
from typing import Any

from aiobotantic.testing.behaviour import Act, Lists, Resource, Rule
from aiobotantic.testing.faults import ServedError
from aiobotantic.testing.json_values import plain

Members = Mapping[str, Any]
Key = tuple[bool, Any, str]


def page(
    records: Sequence[Members], request: Members, resource: Resource, act: Act, words: Lists
) -> tuple[list[Members], str | None]:
    """Return the records that a List request asks for, and the token of the next page.

    Raises:
        ServedError: the token is none of this server's, or belongs to another query.
    """
    holds = _filters(request, resource, act, words)
    selected = [record for record in records if all(each(record) for each in holds)]
    sort_by = str(request.get(words.sort_by) or act.sort_by or resource.identity[-1])
    member = resource.aliases.get(sort_by, sort_by)
    order = request.get(words.sort_order)
    descending = act.descending if order is None else order.lower().startswith(words.descending)
    identity = resource.identity

    def key(record: Members) -> Key:
        value = record.get(member)
        return (
            value is not None,
            "" if value is None else _comparable(value),
            "/".join([str(record.get(each)) for each in identity]),
        )

    query = _digest({name: request[name] for name in request if name not in _paging(words)})
    keyed = [(key(record), record) for record in selected]
    if (token := request.get(words.token)) is not None:
        last = _read_token(str(token), query, words)
        keyed = [pair for pair in keyed if (pair[0] < last if descending else pair[0] > last)]
    size = int(request.get(words.page_size) or words.default_page_size)
    choose = nlargest if descending else nsmallest
    shown = choose(size + 1, keyed, key=itemgetter(0))
    if len(shown) <= size:
        return [record for _, record in shown], None
    return [record for _, record in shown[:size]], _write_token(shown[size - 1][0], query)


def _paging(words: Lists) -> tuple[str, str]:
    return words.token, words.page_size


def _filters(
    request: Members, resource: Resource, act: Act, words: Lists
) -> list[Callable[[Members], bool]]:
    """Return what a request wants of a record, argument by argument."""
    reserved = (*_paging(words), words.sort_by, words.sort_order, *act.ignored)
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


def _holds(member: str, rule: Rule, wanted: Any, record: Members) -> bool:
    value = record.get(member)
    if value is None:
        return False
    if rule == "contains" or (isinstance(value, list) and rule == "equals"):
        return wanted in value
    if rule == "after":
        return bool(_moment(value) > _moment(wanted))
    if rule == "before":
        return bool(_moment(value) < _moment(wanted))
    return bool(_comparable(value) == _comparable(wanted))


def _moment(value: Any) -> Any:
    """Return the seconds since 1970 that a time is, in whatever form it was given."""
    return _comparable(datetime.fromisoformat(value) if isinstance(value, str) else value)


def _comparable(value: Any) -> Any:
    """Return what stands for a value in an order: of a time the seconds since 1970."""
    return value.timestamp() if isinstance(value, datetime) else value


def _digest(query: Members) -> str:
    text = json.dumps(query, sort_keys=True, default=plain)
    return blake2b(text.encode(), digest_size=6).hexdigest()


def _write_token(key: Key, query: str) -> str:
    return urlsafe_b64encode(json.dumps([query, *key]).encode()).decode()


def _read_token(token: str, query: str, words: Lists) -> Key:
    fault = ServedError(words.invalid_token.code[-1], words.invalid_token.message)
    try:
        asked, present, value, identity = json.loads(urlsafe_b64decode(token))
    except ValueError:
        raise fault from None
    if asked != query:
        raise fault
    return present, value, identity
