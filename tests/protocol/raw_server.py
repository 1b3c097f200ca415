"""A loopback HTTP server without a framework: what arrives stays as it is, and so do answers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp.abc import AbstractResolver, ResolveResult


@dataclass(frozen=True)
class Arrived:
    """One request."""

    method: str
    target: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What is sent back, with no header beside these: where they say no length, the end does."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b"{}"
    cuts: tuple[int, ...] = ()
    """Where the body is cut into pieces that are sent one by one."""

    def __bytes__(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} Answer"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        length = {name.lower(): value for name, value in self.headers.items()}.get("content-length")
        body = self.body.ljust(int(length)) if length else self.body
        return "\r\n".join([*lines, "", ""]).encode() + body


class RawServer:
    """Gives one answer to every request, and keeps what arrived."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.host = host
        self.answer = Answer()
        self.arrived: list[Arrived] = []
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self.host, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            says_length = True
            while says_length:
                head = await reader.readuntil(b"\r\n\r\n")
                first, *lines = head.decode().removesuffix("\r\n\r\n").split("\r\n")
                method, target, _ = first.split(" ")
                pairs = [line.split(": ", 1) for line in lines]
                headers: dict[str, str] = {}
                for name, value in pairs:
                    again = name.lower() in headers
                    headers[name.lower()] = f"twice: {value}" if again else value
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.arrived.append(Arrived(method, target, headers, body))
                answer, sent = bytes(self.answer), 0
                start = len(answer) - len(self.answer.body)
                for cut in (*(start + place for place in self.answer.cuts), len(answer)):
                    writer.write(answer[sent:cut])
                    await writer.drain()
                    await asyncio.sleep(0)
                    sent = cut
                says_length = "content-length" in map(str.lower, self.answer.headers)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


class Loopback(AbstractResolver):
    """Leads every host name to this machine, so that host prefixes arrive."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found: Any = {
            "hostname": host,
            "host": "127.0.0.1",
            "port": port,
            "family": socket.AF_INET,
            "proto": 0,
            "flags": socket.AI_NUMERICHOST,
        }
        return [found]

    async def close(self) -> None:
        """Nothing to close."""
