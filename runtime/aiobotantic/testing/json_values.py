"""Plain JSON values: what kind one is, and how one is written."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeGuard


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Return whether a value is a JSON object."""
    return isinstance(value, dict)


def is_array(value: Any) -> TypeGuard[list[Any]]:
    """Return whether a value is a JSON array."""
    return isinstance(value, list)


def encode(members: Mapping[str, Any]) -> bytes:
    """Return the JSON bytes of members: times as seconds since 1970, blobs in base64."""
    return json.dumps(members, default=plain, separators=(",", ":")).encode()


def without_null(value: Any) -> Any:
    """Return a value without those members of its objects that are null."""
    if is_object(value):
        return {name: without_null(each) for name, each in value.items() if each is not None}
    return [without_null(each) for each in value] if is_array(value) else value


def plain(value: Any) -> Any:
    """Return what JSON holds in place of a time or a blob."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return b64encode(value).decode()
    raise TypeError(f"cannot write {type(value).__name__} as JSON")
