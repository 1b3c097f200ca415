"""Addresses of requests: as they are sent, and as they are signed.

What botocore's functions do, which the tests compare: their modules take longer to import than a
call takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

from aiobotantic.lanes.connections import Origin
from aiobotantic.structure import is_sequence

UNSIGNED_HEADERS: Final = frozenset(
    {
        *("baggage", "connection", "expect", "keep-alive", "proxy-authenticate"),
        *("proxy-authorization", "te", "traceparent", "tracestate", "trailer"),
        *("transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id"),
    }
)
"""Headers that may change on the way, in lower case."""
_PORTS: Final = {"http": 80, "https": 443}


def join(endpoint: str, path: str, host_prefix: str | None) -> str:
    """Return the address of a path below an endpoint."""
    parts = urlsplit(endpoint)
    if path in ("", "/"):
        whole = parts.path or "/"
    elif parts.path.endswith("/") and path.startswith("/"):
        whole = parts.path + path[1:]
    else:
        whole = parts.path + path
    host = f"{host_prefix or ''}{parts.netloc}"
    return urlunsplit((parts.scheme, host, whole, parts.query, parts.fragment))


def query_text(parameters: Mapping[str, Any]) -> str:
    """Return parameters as the query of an address; a list is one for each of its values."""
    pairs: list[tuple[str, Any]] = []
    for name, value in parameters.items():
        values = value if is_sequence(value) else [value]
        pairs += [(name, one) for one in values]
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)


def _quoted(value: Any) -> str:
    return quote(value if isinstance(value, (str, bytes)) else str(value), safe="-._~")


def origin_of(address: str) -> Origin:
    """Return where connections to an address go."""
    parts = urlsplit(address)
    port = parts.port or _PORTS.get(parts.scheme, 443)
    return Origin(parts.hostname or "", port, parts.scheme != "http")


def target_of(address: str) -> str:
    """Return path and query of an address."""
    parts = urlsplit(address)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.path or '/'}{query}"


def host_of(address: str) -> str:
    """Return the header `Host` of an address."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    if parts.port is not None and parts.port != _PORTS.get(parts.scheme):
        host = f"{host}:{parts.port}"
    return host


def without_dots(path: str) -> str:
    """Return a path without `.`, `..` and empty segments."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    first = "" if path and not path.startswith("/") else "/"
    last = "/" if kept and path.endswith("/") else ""
    return f"{first}{'/'.join(kept)}{last}"
