"""A real HTTP server on loopback that answers by a script, and remembers what it was sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Sent:
    """One request as it arrived."""

    operation: str
    body: dict[str, Any]
    headers: dict[str, str]
    connection: int
    content: bytes = b""
    target: str = "/"
    lines: tuple[tuple[str, str], ...] = ()
    """Name, in lower case, and value of each header, those included that stand twice."""


def answer(
    body: Any = None, status: int = 200, headers: dict[str, str] | None = None, delay: float = 0
) -> Answer:
    """Answer with JSON, or with bytes as they are."""
    content = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()

    async def respond(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(delay)
        known = {"x-amzn-RequestId": "request-1", "Content-Type": "application/x-amz-json-1.1"}
        return web.Response(body=content, status=status, headers={**known, **(headers or {})})

    return respond


def error(
    code: str, status: int = 400, headers: dict[str, str] | None = None, **members: Any
) -> Answer:
    """Answer with an error as AWS's JSON services write it."""
    body = {"__type": f"com.amazonaws.workshop#{code}", "message": f"{code}!", **members}
    return answer(body, status, headers)


async def hang_up(request: web.Request) -> web.StreamResponse:
    """Read the request and close the connection."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def cut(request: web.Request) -> web.StreamResponse:
    """Answer with half of what the headers announce, and close the connection."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"MachineName": "half')
    assert request.transport is not None
    request.transport.close()
    return response


async def until(done: Callable[[], bool]) -> None:
    """Wait for what others bring about; a second is ages."""
    async with asyncio.timeout(20):
        while not done():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class HttpService:
    """Gives the answers of `script` in order, the last one for ever."""

    def __init__(self, script: Sequence[Answer] = (answer(),)) -> None:
        self.script = list(script)
        self.sent: list[Sent] = []
        self.at_once = 0
        self.most_at_once = 0
        self._arrived = asyncio.Event()
        self._connections: dict[asyncio.BaseTransport, int] = {}

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @property
    def operations(self) -> list[str]:
        """The operations of all requests, in order."""
        return [sent.operation for sent in self.sent]

    @property
    def open_connections(self) -> int:
        """Connections that the client has not closed."""
        assert self._runner.server is not None
        return len(self._runner.server.connections)

    async def first_request(self) -> None:
        """Wait until a request has arrived."""
        await self._arrived.wait()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        content = await request.read()
        self.sent.append(
            Sent(
                request.headers.get("X-Amz-Target", "").partition(".")[2],
                _object(content),
                {name.lower(): value for name, value in request.headers.items()},
                self._connections.setdefault(request.transport, len(self._connections)),
                content,
                request.raw_path,
                tuple((name.lower(), value) for name, value in request.headers.items()),
            )
        )
        self._arrived.set()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            respond = self.script.pop(0) if len(self.script) > 1 else self.script[0]
            return await respond(request)
        finally:
            self.at_once -= 1


def _object(content: bytes) -> dict[str, Any]:
    """Return a body of JSON; a raw one has no members."""
    try:
        return dict(json.loads(content))
    except (TypeError, ValueError):
        return {}
