"""A made-up answer of an operation that pages is the last page: a client that asks on ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

from aiobotantic.operation import Operation
from aiobotantic.pages import Pagination
from aiobotantic.structure import describe
from aiobotantic.testing.json_values import is_object


def end_pages(operation: Operation[Any], members: dict[str, Any]) -> None:
    """Take away what names a next page, and say no where a member says whether there is one."""
    pagination = _paginations(operation.module).get(operation.name)
    if pagination is None:
        return
    holder, name = _place(operation, pagination.output_token, members)
    holder.pop(name, None)
    if pagination.more_results is not None:
        holder, name = _place(operation, pagination.more_results, members)
        holder[name] = False


def _place(
    operation: Operation[Any], place: str, members: dict[str, Any]
) -> tuple[dict[str, Any], str]:
    """Return the object that holds a member, and the member's name in it.

    Args:
        operation: the one that answers.
        place: a field of its response, or an expression of AWS's names with dots between them.
        members: the answer.
    """
    if place.isidentifier():
        return members, describe(operation.response_class).wire_names[place]
    *above, last = place.split(".")
    for step in above:
        inner = members.get(step)
        members = inner if is_object(inner) else {}
    return members, last


@cache
def _paginations(module: str) -> Mapping[str, Pagination[Any, Any]]:
    """Return how the operations of a generated module page, by AWS's name."""
    values: Iterable[Any] = vars(import_module(module)).values()
    found: list[Pagination[Any, Any]] = [each for each in values if isinstance(each, Pagination)]
    return {pagination.operation.name: pagination for pagination in found}
