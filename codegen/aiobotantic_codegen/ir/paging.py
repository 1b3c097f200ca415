"""Paginators: how an operation's pages follow each other, and what stands on them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from aiobotantic_codegen.errors import SpecError, json_pointer
from aiobotantic_codegen.ir import names
from aiobotantic_codegen.ir.service import Member, Paginator, Structure
from aiobotantic_codegen.ir.types import ListOf, Scalar
from aiobotantic_codegen.load.documents import PaginatorDocument

_FIRST_NAME = re.compile(r"[A-Za-z_]\w*(?=[.\[])")

_TOKEN = "nexttoken"

Names = str | tuple[str, ...] | None


def build_paginator(
    name: str, document: PaginatorDocument, given: Structure, output: Structure | None, file: str
) -> Paginator:
    """Build the paginator of the operation `name`.

    Where a page holds one list, its items are iterated; else the pages themselves are: where there
    are several lists, none, a map, or a list inside a structure.

    Raises:
        SpecError: a token or the limit is no member.
    """
    inputs = {member.wire: member for member in given.members}
    outputs = {member.wire: member for member in output.members} if output else {}
    try:
        items = outputs.get(_single(document.result_key) or "")
        more = document.more_results
        return Paginator(
            operation=name,
            method=names.iterator_name(name),
            input_token=inputs[_single(document.input_token) or "several tokens"],
            output_token=_place(outputs, _single(document.output_token) or "several tokens"),
            more_results=None if more is None else _place(outputs, more),
            items=items if items is not None and isinstance(items.value.kind, ListOf) else None,
            page_size=inputs[document.limit_key] if document.limit_key else None,
        )
    except KeyError as problem:
        raise SpecError(
            file,
            json_pointer("pagination", name),
            f"cannot page by {problem.args[0]!r}",
            "One token, and the limit, are members of the input; the next token is in the output.",
        ) from None


def inferred_paginator(name: str, given: Structure, output: Structure | None) -> Paginator | None:
    """Return the paginator of an operation that has a token each way, and none in the model."""
    inputs = {member.wire.lower(): member for member in given.members}
    outputs = {member.wire.lower(): member for member in output.members} if output else {}
    token, following = inputs.get(_TOKEN), outputs.get(_TOKEN)
    if token is None or following is None:
        return None
    if {token.value.kind, following.value.kind} != {Scalar.STRING} or token.required:
        return None
    lists = [member for member in outputs.values() if isinstance(member.value.kind, ListOf)]
    return Paginator(
        operation=name,
        method=names.iterator_name(name),
        input_token=token,
        output_token=following.name,
        more_results=None,
        items=lists[0] if len(lists) == 1 else None,
        page_size=inputs.get("maxresults"),
    )


def _place(outputs: Mapping[str, Member], name: str) -> str:
    """Return the field of a member; a JMESPath expression into a member stays as it is."""
    if name in outputs:
        return outputs[name].name
    first = _FIRST_NAME.match(name)
    if first is None or first[0] not in outputs:
        raise KeyError(name)
    return name


def _single(given: Names) -> str | None:
    if isinstance(given, str):
        return given
    return given[0] if given is not None and len(given) == 1 else None
