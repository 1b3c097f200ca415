"""JSON in which no object holds a key twice: of two values one would be lost without a word."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from aiobotantic_codegen.errors import json_pointer


class RepeatedKey(ValueError):  # noqa: N818
    """An object holds a key twice.

    Attributes:
        pointer: JSON pointer to the object.
        problem: What is wrong, with the key.
    """

    def __init__(self, pointer: str, key: str) -> None:
        self.pointer = pointer
        self.problem = f"key {key!r} stands twice in one object"
        super().__init__(self.problem)


def read_unique(text: bytes, parse_constant: Callable[[str], Any] | None = None) -> Any:
    """Read JSON.

    Raises:
        RepeatedKey: An object holds a key twice.
        ValueError: The text is no JSON.
    """
    repeated: list[tuple[dict[str, Any], str]] = []

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        tree = dict(pairs)
        if len(tree) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            repeated.append((tree, next(key for key, count in counts.items() if count > 1)))
        return tree

    tree = json.loads(text, object_pairs_hook=unique, parse_constant=parse_constant)
    if repeated:
        # Of those that were found, the last one is the outermost: no later key hides it.
        found, key = repeated[-1]
        raise RepeatedKey(_pointer(tree, found), key)
    return tree


def _pointer(tree: Any, wanted: dict[str, Any]) -> str:
    """Return where an object stands in a tree."""
    pending: list[tuple[str, Any]] = [("", tree)]
    while pending:
        pointer, value = pending.pop()
        if value is wanted:
            return pointer
        if isinstance(value, dict):
            pending += [(pointer + json_pointer(key), child) for key, child in value.items()]
        elif isinstance(value, list):
            pending += [(pointer + json_pointer(at), child) for at, child in enumerate(value)]
    return ""
