"""The status page of a server: one page for a browser on this machine, and the JSON that it reads.

It answers unsigned requests, which no operation of AWS has, and only those that come from this
machine, for a loopback name, and not from a page of another origin: such names and pages are how
web sites reach into a network. What changes something needs a header that no form can send.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from aiobotantic.testing.faults import ServedError
from aiobotantic.testing.json_protocol import HttpRequest, parse_json
from aiobotantic.testing.json_values import is_object, plain
from aiobotantic.testing.status_views import Views

if TYPE_CHECKING:
    from aiobotantic.testing.server import Server

PATH: Final = "/_status"
HEADER: Final = "X-Status-Page"
"""What requests that change something must have, with any value."""
_SHOWN: Final = 200
_LONGEST_STEP: Final = 366 * 86_400
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_POLICY: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@dataclass(frozen=True)
class Shown:
    """What goes back to the browser."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class _RefusedError(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def is_for_page(request: HttpRequest) -> bool:
    """Return whether a request is for the status page, and for no service."""
    path = request.target.partition("?")[0]
    return "Authorization" not in request.headers and (path == PATH or path.startswith(f"{PATH}/"))


class StatusPage:
    """Answers requests for the status page.

    Args:
        server: what it shows.
        show_sensitive: whether members that the model calls sensitive are shown as they are.
    """

    def __init__(self, server: Server, show_sensitive: bool) -> None:
        self._server = server
        self._views = Views(server, show_sensitive)
        self._routes: dict[str, dict[str, Callable[[Mapping[str, str], bytes], Any]]] = {
            "state": {"GET": self._state},
            "journal": {"GET": self._journal},
            "faults": {"GET": self._faults, "POST": self._switch_on, "DELETE": self._switch_off},
            "operations": {"GET": lambda query, body: self._views.operations()},
            "clock": {"POST": self._advance_clock},
            "statuses": {"POST": self._advance_statuses},
        }

    def answer(self, request: HttpRequest, peer: str | None) -> Shown:
        """Answer a request.

        Args:
            request: one that `is_for_page`.
            peer: the address that it came from.
        """
        path, _, query = request.target.partition("?")
        try:
            _check_place(request, peer)
            if path.rstrip("/") == PATH:
                if request.method != "GET":
                    raise _RefusedError(405, f"{request.method} {path}: the page is read by GET.")
                return _page()
            _check_origin(request)
            routes = self._routes.get(path.removeprefix(f"{PATH}/"))
            if routes is None:
                there = ", ".join(f"{PATH}/{name}" for name in self._routes)
                raise _RefusedError(404, f"There is no {path}; there are: {there}.")
            if request.method not in routes:
                raise _RefusedError(
                    405, f"{request.method} {path}: it takes {' and '.join(routes)}."
                )
            if request.method != "GET" and HEADER not in request.headers:
                raise _RefusedError(
                    403, f"{request.method} {path} changes something: send the header {HEADER}: 1."
                )
            return _json(200, routes[request.method](dict(parse_qsl(query)), request.body))
        except _RefusedError as refusal:
            return _json(refusal.status, {"message": str(refusal)})
        except ServedError as fault:
            return _json(400, {"message": fault.message})
        except ValueError as error:
            return _json(400, {"message": str(error)})

    def _state(self, query: Mapping[str, str], body: bytes) -> Any:
        if "id" in query:
            return _found(self._views.resource(query["id"]), "The resource is gone.")
        return self._views.resources(query.get("filter", ""), _limit(query))

    def _journal(self, query: Mapping[str, str], body: bytes) -> Any:
        if "id" in query:
            request = self._views.request(query["id"])
            return _found(request, "The request is no longer in the journal.")
        return self._views.journal(query.get("filter", ""), _limit(query))

    def _faults(self, query: Mapping[str, str], body: bytes) -> Any:
        return self._views.faults()

    def _switch_on(self, query: Mapping[str, str], body: bytes) -> Any:
        asked = _object(body, {"operation", "code", "times", "probability", "message", "status"})
        operation, code = _text(asked, "operation"), _text(asked, "code")
        if not operation or not code:
            missing = "code" if operation else "operation"
            raise ValueError(f"a fault needs its {missing}, such as " + _EXAMPLES[missing])
        status = None if asked.get("status") is None else int(_number(asked, "status", 400, 599))
        more: dict[str, Any] = {"message": _text(asked, "message"), "status": status}
        if asked.get("probability") is not None:
            self._server.fail_often(operation, code, _number(asked, "probability", 0, 1), **more)
        else:
            times = int(_number({"times": 1, **asked}, "times", 1, 1_000_000))
            self._server.fail_next(operation, code, times, **more)
        return self._views.faults()

    def _switch_off(self, query: Mapping[str, str], body: bytes) -> Any:
        self._server.faults.clear(query.get("operation"))
        return self._views.faults()

    def _advance_clock(self, query: Mapping[str, str], body: bytes) -> Any:
        self._server.clock.advance(_number(_object(body, {"seconds"}), "seconds", 0, _LONGEST_STEP))
        return {"now": self._server.clock.now()}

    def _advance_statuses(self, query: Mapping[str, str], body: bytes) -> Any:
        self._server.state.advance()
        return {"now": self._server.clock.now()}


_EXAMPLES: Final = {"operation": "DescribeEndpoint.", "code": "ThrottlingException."}


def _check_place(request: HttpRequest, peer: str | None) -> None:
    """Refuse what comes from another machine, or for a name that is another machine's."""
    if not _is_loopback(peer or ""):
        raise _RefusedError(403, "The status page is for this machine alone: open it from there.")
    host = request.headers.get("Host", "")
    name = re.sub(r":[0-9]+\Z", "", host).removeprefix("[").removesuffix("]")
    if name.lower() != "localhost" and not _is_loopback(name):
        raise _RefusedError(
            403, f"{host!r} is no loopback name: open the page at 127.0.0.1 or localhost."
        )


def _check_origin(request: HttpRequest) -> None:
    """Refuse what a page of another origin asks for."""
    headers = request.headers
    own = f"http://{headers.get('Host', '')}"
    site = headers.get("Sec-Fetch-Site", "none")
    if headers.get("Origin", own) != own or site not in ("none", "same-origin"):
        raise _RefusedError(403, f"A page of another origin asks: only {own}{PATH} may.")


def _is_loopback(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


@cache
def _page() -> Shown:
    """Return the page; its policy lets its own style and script run, and nothing else."""
    text = (files("aiobotantic.testing") / "status_page.html").read_text("utf-8")
    allowed = "; ".join(
        f"{directive} '{_hash(tag, text)}'"
        for directive, tag in (("script-src", "script"), ("style-src", "style"))
    )
    policy = f"{_POLICY}; connect-src 'self'; img-src data:; {allowed}"
    headers = {
        **_HEADERS,
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": f"{policy}; require-trusted-types-for 'script'",
    }
    return Shown(200, text.encode(), headers)


def _hash(tag: str, text: str) -> str:
    inside = text.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
    return f"sha256-{b64encode(sha256(inside.encode()).digest()).decode()}"


def _json(status: int, value: Any) -> Shown:
    body = json.dumps(value, default=plain).encode()
    headers = {"Content-Type": "application/json", "Content-Security-Policy": _POLICY}
    return Shown(status, body, {**_HEADERS, **headers})


def _found(value: Any, absent: str) -> Any:
    if value is None:
        raise _RefusedError(404, absent)
    return value


def _object(body: bytes, names: set[str]) -> dict[str, Any]:
    value = parse_json(body)
    if not is_object(value):
        raise ValueError("the body is not a JSON object")
    if unknown := sorted(value.keys() - names):
        raise ValueError(f"{', '.join(unknown)}: choose from {', '.join(sorted(names))}")
    return value


def _text(asked: Mapping[str, Any], name: str) -> str | None:
    value = asked.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name} is {json.dumps(value)}: pass a text")
    return value


def _number(asked: Mapping[str, Any], name: str, low: float, high: float) -> float:
    value = asked.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ValueError(f"{name} is {json.dumps(value)}: pass a number from {low} to {high}")
    return value


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", str(_SHOWN))
    if not re.fullmatch("[0-9]{1,5}", text) or not int(text):
        raise ValueError(f"limit is {text!r}: pass a number from 1 to 99999")
    return int(text)
