"""Lists: filters by rule, order, and pages whose tokens survive deletions."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
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
    selected = [record for record in records if _selects(request, record, resource, act, words)]
    sort_by = str(request.get(words.sort_by) or act.sort_by or resource.identity[-1])
    member = resource.aliases.get(sort_by, sort_by)
    order = request.get(words.sort_order)
    descending = act.descending if order is None else order.lower().startswith(words.descending)

    def key(record: Members) -> Key:
        value = _comparable(record.get(member))
        names = "/".join(str(record.get(each)) for each in resource.identity)
        return value is not None, "" if value is None else value, names

    selected.sort(key=key, reverse=descending)
    query = _digest({name: request[name] for name in request if name not in _paging(words)})
    if (token := request.get(words.token)) is not None:
        last = _read_token(str(token), query, words)
        selected = [
            record
            for record in selected
            if (key(record) < last if descending else key(record) > last)
        ]
    size = int(request.get(words.page_size) or words.default_page_size)
    shown = selected[:size]
    if len(selected) <= size:
        return shown, None
    return shown, _write_token(key(shown[-1]), query)


def _paging(words: Lists) -> tuple[str, str]:
    return words.token, words.page_size


def _selects(request: Members, record: Members, resource: Resource, act: Act, words: Lists) -> bool:
    reserved = (*_paging(words), words.sort_by, words.sort_order, *act.ignored)
    return all(
        _holds(argument, wanted, record, resource, words)
        for argument, wanted in request.items()
        if argument not in reserved
    )


def _holds(argument: str, wanted: Any, record: Members, resource: Resource, words: Lists) -> bool:
    rule: Rule = "equals"
    for end, meant in words.rules.items():
        if argument.endswith(end) and argument != end:
            argument, rule = argument.removesuffix(end), meant
            break
    value = record.get(resource.aliases.get(argument, argument))
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
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return _comparable(value)


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
