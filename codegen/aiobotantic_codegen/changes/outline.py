"""A docutils tree as the lines of text that a change page shows."""

from __future__ import annotations

from collections.abc import Iterator

from docutils import nodes

_BULLET = "• "
_STEP = " " * len(_BULLET)


def outline(tree: nodes.document) -> str:
    """Return a tree as paragraphs, with an empty line between them."""
    return "\n\n".join("\n".join(lines) for lines in _blocks(tree))


def _blocks(parent: nodes.Node, depth: int = 0) -> Iterator[list[str]]:
    """Yield the blocks of text at or below a node, each in lines."""
    for node in parent.children:
        match node:
            case nodes.literal_block():
                yield node.astext().split("\n")
            case nodes.bullet_list() | nodes.enumerated_list():
                yield from _items(node, depth)
            case nodes.Admonition():
                yield [type(node).__name__.capitalize()]
                yield from _blocks(node, depth)
            case nodes.field_name():
                yield [f"{node.astext()}:"]
            case nodes.TextElement():
                yield [" ".join(node.astext().split())]
            case _:
                yield from _blocks(node, depth)


def _items(items: nodes.Node, depth: int) -> Iterator[list[str]]:
    """Yield the blocks of a list; the outermost one stands indented too."""
    indent = "" if depth else _STEP
    for item in items.children:
        bullet = _BULLET
        for block in _blocks(item, depth + 1):
            yield [indent + bullet + block[0], *(_indented(indent, line) for line in block[1:])]
            bullet = _STEP


def _indented(indent: str, line: str) -> str:
    return f"{indent}{_STEP}{line}" if line else line
