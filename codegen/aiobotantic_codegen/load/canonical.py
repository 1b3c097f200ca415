"""The one form in which specs are written: facts only, one fact a line, model order kept.

Commas lead, so that adding a fact adds lines and changes none:

    "enum": [
      "ml.t2.medium"
     ,"ml.t2.large"
     ]

An object that holds a single fact stays on the line of its name: `"Tags": {"shape": "TagList"}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from aiobotantic_codegen.load.documents import CatalogDocument

# The keys of these objects are names that a service chose; a name may well be "documentation".
_NAMED = frozenset(
    {
        "authorizers",
        "clientContextParams",
        "members",
        "operationContextParams",
        "operations",
        "pagination",
        "parameters",
        "shapes",
        "staticContextParams",
        "waiters",
    }
)
PROSE = frozenset({"deprecatedMessage", "documentation", "documentationUrl"})
WAITERS_PROSE = PROSE | {"description"}
# Not searched: the conditions of endpoint rules call anything anything.
_VERBATIM = frozenset({"rules"})

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def facts_only(document: Mapping[str, Any], prose: frozenset[str] = PROSE) -> dict[str, Any]:
    """A spec file without its prose; names stay, also one that is called "documentation"."""
    return _definition(document, prose)


def canonical_json(document: Mapping[str, Any]) -> bytes:
    """Write a document in the canonical form: ASCII, leading commas, a newline at the end.

    Raises:
        ValueError: A number is not finite.
    """
    return "".join((*_lines(document, 0), "\n")).encode("ascii")


def canonical_catalog(catalog: CatalogDocument) -> bytes:
    """Write `catalog.toml`: services and files sorted by name, one fact a line, UTF-8."""
    lines = ["# Written by `aiobotantic sync`. Do not edit.\n"]
    for name, entry in sorted(catalog.services.items()):
        lines.append(f"\n[services.{_toml_key(name)}]\n")
        lines.append(f"api_version = {_toml_string(entry.api_version)}\n")
        lines.append(f"source = {_toml_string(entry.source)}\n")
        if entry.provisional is not None:
            lines.append(f"provisional = {_toml_string(entry.provisional)}\n")
        lines.append(f"\n[services.{_toml_key(name)}.files]\n")
        lines += (
            f"{_toml_key(file)} = {_toml_string(digest)}\n"
            for file, digest in sorted(entry.files.items())
        )
    return "".join(lines).encode()


def _toml_key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _toml_string(name)


def _toml_string(text: str) -> str:
    # TOML knows JSON's escapes, but no surrogates, and wants DEL escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _definition(mapping: Mapping[str, Any], prose: frozenset[str]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for key, value in mapping.items():
        if key in prose:
            continue
        if key in _VERBATIM:
            facts[key] = value
        elif key in _NAMED and isinstance(value, Mapping):
            facts[key] = {name: _facts(named, prose) for name, named in value.items()}
        else:
            facts[key] = _facts(value, prose)
    return facts


def _facts(value: Any, prose: frozenset[str]) -> Any:
    if isinstance(value, Mapping):
        return _definition(value, prose)
    if isinstance(value, list):
        return [_facts(item, prose) for item in value]
    return value


def _lines(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, Mapping) and not _is_single_fact(value):
        entries = ((f"{json.dumps(key)}: ", item) for key, item in value.items())
        opening, closing = "{", "}"
    elif isinstance(value, list) and value:
        entries = (("", item) for item in value)
        opening, closing = "[", "]"
    else:
        yield json.dumps(value, allow_nan=False)
        return
    margin = "\n" + " " * depth
    comma = " "
    yield opening
    for label, item in entries:
        yield f"{margin}{comma}{label}"
        yield from _lines(item, depth + 2)
        comma = ","
    yield f"{margin}{closing}"


def _is_single_fact(mapping: Mapping[str, Any]) -> bool:
    if len(mapping) > 1:
        return False
    return not any(isinstance(item, (Mapping, list)) for item in mapping.values())
