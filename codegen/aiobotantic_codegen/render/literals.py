"""The one place where text from a spec becomes Python source.

Whatever a spec holds, quotes, backslashes, newlines, braces, bidi controls, comes out as a literal
of the same value: never as code, never as another character on the screen.
"""

from __future__ import annotations

import json
from typing import Any


def literal(value: Any) -> str:
    """Return a Python literal of plain data, in ASCII."""
    if isinstance(value, str):
        text = ascii(value)
        return text if '"' in value else json.dumps(value) if _is_plain(value) else text
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, float) and value.is_integer():
        return repr(int(value))
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, tuple):
        inside = ", ".join(map(literal, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    raise TypeError(f"no literal for {type(value).__name__}")


def _is_plain(value: str) -> bool:
    return value.isascii() and value.isprintable() and "\\" not in value


def docstring(text: str, indent: int = 0) -> str:
    """Return a docstring literal whose lines after the first stand `indent` columns in."""
    lines = [_docstring_line(line.rstrip()) for line in text.split("\n")]
    margin = " " * indent
    body = "\n".join([lines[0], *(f"{margin}{line}" if line else "" for line in lines[1:])])
    if text.endswith("\n"):
        body = f"{body}{margin}"
    return f'"""{body}"""'


def _docstring_line(line: str) -> str:
    if line.endswith('"'):
        return f'{_docstring_line(line[:-1])}\\"'
    if not _is_plain(line):
        line = "".join(map(_shown, line))
    return line.replace('"""', '\\"\\"\\"')


def _shown(char: str) -> str:
    if char == "\\":
        return "\\\\"
    if char.isascii() and char.isprintable():
        return char
    return ascii(char)[1:-1]
