"""Is a rendered page the published one? Compared as text, operation by operation.

The published text lacks what stood in `<dt>` and `<summary>` elements: headings, and the names of
parameters; and the word `Request` right after one, where a method has a dict for each direction.
White space does not count.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import zip_longest

_DICT = re.compile(r"^(?=\{')", re.MULTILINE)
_METHOD = re.compile(r"client\.([a-z0-9_]+)\(")
_VOID = {"br", "hr", "img", "input", "link", "meta", "wbr"}
_HIDDEN = {"dt", "head", "summary"}
_CONTEXT = 60


def same_page(html: str, seed_text: str) -> list[str]:
    """Return how a page of ours differs from a published one, a line for each operation.

    Args:
        html: Ours, of models with documentation, with the date and the prose of the published one.
        seed_text: The published one.
    """
    ours, seed = _pieces(html), _DICT.split(seed_text)
    found = []
    for number, (one, other) in enumerate(zip_longest(ours, seed, fillvalue="")):
        name = _METHOD.search(one + other)
        place = name[1] if name else f"piece {number}"
        found += [f"{place}: {difference}" for difference in _difference(one, other)]
    return found


def _difference(ours: str, seed: str) -> list[str]:
    one, other = "".join(ours.split()), "".join(seed.split())
    if one == other:
        return []
    at = next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    span = slice(max(0, at - _CONTEXT // 2), at + _CONTEXT)
    return [f"at {at}: ours {one[span]!r}, published {other[span]!r}"]


class _Page(HTMLParser):
    """Collects the text of a page, in a piece for what comes first and one for each method."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces = [""]
        self.hidden: list[bool] = []
        self.follows_summary = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            return
        classes = (dict(attrs).get("class") or "").split()
        if "method" in classes:
            self.pieces.append("")
        hides = tag in _HIDDEN or "beyond" in classes or (tag == "h4" and self.follows_summary)
        self.follows_summary = False
        self.hidden.append(hides or (bool(self.hidden) and self.hidden[-1]))

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            self.hidden.pop()
        self.follows_summary = tag == "summary"

    def handle_data(self, data: str) -> None:
        if not (self.hidden and self.hidden[-1]):
            self.pieces[-1] += data


def _pieces(html: str) -> list[str]:
    page = _Page()
    page.feed(html)
    page.close()
    return page.pieces
