"""Strings that match a pattern: written from the pattern's own tree, then checked.

AWS's patterns are written for several engines, so a text is first turned into what Python parses,
a string is written from the parse tree, and the string counts only if a full match accepts it:
Rust's engine, as for requests, or Python's where Rust cannot take the pattern.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from random import Random
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any, Final

from pydantic_core import SchemaValidator, ValidationError
from pydantic_core import core_schema as cs

from aiobotantic.checks import pattern_schema
from aiobotantic.constraints import Length

_parser: Any = import_module("re._parser")

_EASY: Final = ascii_lowercase + digits + ascii_uppercase + "-_./:=+@ ,"
"""What a character is chosen from, the most readable first."""
_COMFORT: Final = 8
"""Characters beyond the shortest string that a pattern gets where it takes them."""
_MOST: Final = 1 << 20
_SPREAD_ATTEMPTS: Final = 500
_UNICODE_CLASSES: Final = {
    "L": "a-zA-Z",
    "M": "\u0301",
    "N": "0-9",
    "P": r"\-._",
    "S": "+=",
    "Z": " ",
    "ASCII": r"\x00-\x7f",
    "Alnum": "a-zA-Z0-9",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Graph": "!-~",
    "Lower": "a-z",
    "Print": " -~",
    "Punct": r"!-/:-@\[-`{-~",
    "Space": r"\s",
    "Upper": "A-Z",
}
_CLASSES: Final = re.compile(r"\\p\{(?:Is)?(\w+)\}|\\z|\\.|[\[\]]|[^\\\[\]]+", re.DOTALL)

_ANY_LENGTH: Final = Length()


def matching(text: str, length: Length = _ANY_LENGTH, *, seed: int = 0) -> str | None:
    """Return a string that the whole of pattern `text` matches, of a length that `length` allows.

    The same arguments give the same string. None: no such string was found.
    """
    accepts = acceptor(text, length)
    tree = _tree(text)
    if tree is None:
        return None
    random = Random(seed)
    for size, spread in _attempts(tree, length, random):
        string = _Writer(random, spread=spread).sequence(tree, size)
        if accepts(string):
            return string
    return None


def looks_around(text: str) -> bool:
    """Return whether a pattern says what must, or must not, stand beside a place in the string."""
    written = repr(_tree(text))
    return any(kind in written for kind in ("ASSERT", "BOUNDARY", "GROUPREF"))


def repeated_class(text: str) -> tuple[list[str], int, int] | None:
    """Return what a pattern repeats, where it is one class of characters, and how often.

    Of the class, the characters of Latin scripts.
    """
    nodes: list[Any] = [node for node in _tree(text) or () if str(node[0]) != "AT"]
    if len(nodes) != 1 or str(nodes[0][0]) not in ("MAX_REPEAT", "MIN_REPEAT"):
        return None
    low, high, ((kind, detail), *more) = nodes[0][1]
    if more or str(kind) != "IN":
        return None
    test = re.compile(_class_text(detail))
    latin = [each for each in map(chr, range(0x20, 0x250)) if test.fullmatch(each)]
    return (latin, int(low), min(int(high), _MOST)) if latin else None


@cache
def acceptor(text: str, length: Length = _ANY_LENGTH) -> Callable[[str], bool]:
    """Return what tells whether a whole string matches a pattern and has an allowed length."""
    schema = pattern_schema(text, length)
    if schema is not None:
        validator = SchemaValidator(cs.str_schema(**schema))

        def accepted_by_rust(string: str) -> bool:
            try:
                validator.validate_python(string)
            except ValidationError:
                return False
            return True

        return accepted_by_rust

    compiled = _compiled(text)
    low, high = length.min or 0, _MOST if length.max is None else length.max
    return lambda string: (
        low <= len(string) <= high and compiled is not None and bool(compiled.fullmatch(string))
    )


def python_pattern(text: str) -> str:
    """Return a pattern in Python's words: Unicode classes in ASCII, surrogate pairs joined."""
    text = _with_ascii_classes(text)
    text = re.sub(r"\\u([dD][89abAB]\w\w)\\u([dD][c-fC-F]\w\w)", _joined, text)
    return re.sub(r"\$\{\d+,?\d*\}", "$", text)


def _with_ascii_classes(text: str) -> str:
    parts: list[str] = []
    inside = False
    for found in _CLASSES.finditer(text):
        part = found[0]
        if found[1] is not None:
            members = _UNICODE_CLASSES.get(found[1], "")
            part = members if inside or not members else f"[{members}]"
        elif part == r"\z" and not inside:
            part = r"\Z"
        elif part in "[]":
            inside = part == "["
        parts.append(part)
    return "".join(parts)


def _joined(found: re.Match[str]) -> str:
    high, low = int(found[1], 16) - 0xD800, int(found[2], 16) - 0xDC00
    return f"\\U{0x10000 + high * 0x400 + low:08x}"


def _compiled(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(python_pattern(text))
    except (re.error, OverflowError, RecursionError):
        return None


def _tree(text: str) -> Any:
    """Return what Python's parser makes of a pattern; None if it cannot read it."""
    try:
        return _parser.parse(python_pattern(text))
    except (re.error, OverflowError, RecursionError):
        return None


def _attempts(tree: Any, length: Length, random: Random) -> Iterator[tuple[int, bool]]:
    """Yield sizes to try, and whether to spread them at random over what can take more."""
    shortest, longest = tree.getwidth()
    low = max(shortest, length.min or 0)
    high = min(longest, _MOST if length.max is None else length.max)
    yield min(max(low, shortest + _COMFORT), high), False
    for size in range(low, min(high, low + 64) + 1):
        yield size, False
    for _ in range(_SPREAD_ATTEMPTS):
        yield random.randint(low, max(low, min(high, low + 2 * _COMFORT))), True


class _Writer:
    """Writes a string of about the wanted size from a parse tree of `re`."""

    def __init__(self, random: Random, *, spread: bool) -> None:
        self._random = random
        self._spread = spread
        self._groups: dict[int, str] = {}

    def sequence(self, tree: Any, size: int) -> str:
        """Write the nodes of a tree; what is left of `size` goes to the last that can take it."""
        nodes = list(tree)
        widths = [type(tree)(tree.state, [node]).getwidth() for node in nodes]
        sizes = [low for low, _ in widths]
        left = size - sum(sizes)
        places = list(reversed(range(len(nodes))))
        if self._spread:
            self._random.shuffle(places)
        for place in places:
            if left <= 0:
                break
            low, high = widths[place]
            taken = min(left, high - low)
            sizes[place] += taken
            left -= taken
        return "".join(self._node(node, size) for node, size in zip(nodes, sizes, strict=True))

    def _node(self, node: tuple[Any, Any], size: int) -> str:
        kind, detail = str(node[0]), node[1]
        if kind == "LITERAL":
            return chr(detail)
        if kind in ("ANY", "NOT_LITERAL", "IN"):
            return self._character(kind, detail)
        if kind in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            low, high, item = detail
            return self._repeat(low, high, item, size)
        if kind == "BRANCH":
            return self._branch(detail[1], size)
        if kind == "SUBPATTERN":
            group, _, _, inner = detail
            string = self.sequence(inner, size)
            if group is not None:
                self._groups[group] = string
            return string
        if kind == "ATOMIC_GROUP":
            return self.sequence(detail, size)
        if kind == "GROUPREF":
            return self._groups.get(detail, "")
        return ""  # anchors and looks around write nothing; the final check sees to them

    def _repeat(self, low: int, high: int, item: Any, size: int) -> str:
        shortest, longest = item.getwidth()
        count = size // shortest if shortest else min(size, 1)
        count = max(int(low), min(count, int(high)))
        parts: list[str] = []
        left = size
        for place in range(count):
            share = left // (count - place)
            if self._spread:
                share += self._random.randint(-1, 1)
            share = max(shortest, min(longest, share))
            parts.append(self.sequence(item, share))
            left -= share
        return "".join(parts)

    def _branch(self, arms: list[Any], size: int) -> str:
        widths = [arm.getwidth() for arm in arms]
        fitting = [
            arm for arm, (low, high) in zip(arms, widths, strict=True) if low <= size <= high
        ]
        return self.sequence(self._random.choice(fitting or arms), size)

    def _character(self, kind: str, detail: Any) -> str:
        if kind == "ANY":
            return self._random.choice(ascii_lowercase)
        test = re.compile(_class_text(detail) if kind == "IN" else f"[^{_escaped(detail)}]")
        for choice in (ascii_lowercase, digits, ascii_uppercase):
            if fitting := [character for character in choice if test.fullmatch(character)]:
                return self._random.choice(fitting)
        rest = (*_EASY, *map(chr, range(0x20, 0x300)), "\t", "\n", "\U00010000")
        return next((character for character in rest if test.fullmatch(character)), "")


def _class_text(items: list[tuple[Any, Any]]) -> str:
    text = ""
    for kind, detail in items:
        name = str(kind)
        if name == "NEGATE":
            text += "^"
        elif name == "LITERAL":
            text += _escaped(detail)
        elif name == "RANGE":
            text += f"{_escaped(detail[0])}-{_escaped(detail[1])}"
        elif name == "CATEGORY":
            text += _CATEGORIES[str(detail)]
    return f"[{text}]"


_CATEGORIES: Final = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}


def _escaped(code: int) -> str:
    return f"\\U{code:08x}"
