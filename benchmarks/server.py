"""The canned server: fixed answers on loopback, keep-alive, in a process of its own.

It prints its address and runs until its standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Final

import work

HEAD: Final = (
    b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n"
    b"x-amzn-RequestId: 11111111-2222-4333-8444-555555555555\r\n"
    b"Date: Thu, 29 Feb 2024 12:00:00 GMT\r\n\r\n"
)
JSON: Final = b"application/x-amz-json-1.1"
BYTES: Final = b"application/octet-stream"
EVENTS: Final = b"application/vnd.amazon.eventstream"


def answer(content_type: bytes, body: bytes, status: bytes = b"200 OK") -> bytes:
    """Return the bytes of an answer."""
    return HEAD % (status, content_type, len(body)) + body


TARGETS: Final = {k.encode(): answer(JSON, body) for k, body in work.ANSWERS.items()}
STREAM: Final = answer(EVENTS, work.stream())
INVOKED: Final = {
    len(work.body(kind)): answer(BYTES, work.body(kind)) for kind in ("invoke_1k", "invoke_1m")
}
DEEP: Final = b"SageMaker.CreateModelPackage"
CHANGED: Final = answer(JSON, b'{"__type": "ChangedRequest"}', b"400 Bad Request")
UNKNOWN: Final = answer(JSON, b'{"__type": "UnknownOperationException"}', b"400 Bad Request")


class Canned(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._head = b""
        self._length = -1
        self._received = bytearray()
        self._compared = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while self._take():
            pass

    def _take(self) -> bool:
        """Answer a request that has arrived as a whole; say whether there was one."""
        if self._length < 0:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return False
            self._head = bytes(self._received[: end + 2])
            del self._received[: end + 4]
            self._length = int(_header(self._head, b"content-length") or 0)
        if len(self._received) < self._length:
            return False
        body = bytes(self._received[: self._length])
        del self._received[: self._length]
        self._length = -1
        self._transport.write(self._answer(body))
        return True

    def _answer(self, body: bytes) -> bytes:
        target = _header(self._head, b"x-amz-target")
        if target == DEEP and not self._compared:  # once: it takes this process time
            self._compared = True
            if not _is_whole(body):
                return CHANGED
        if target:
            return TARGETS.get(target, UNKNOWN)
        path = self._head.split(b" ", 2)[1]
        if path.endswith(b"/invocations"):
            return INVOKED.get(len(body), UNKNOWN)
        return STREAM if path.endswith(b"/invocations-response-stream") else UNKNOWN


def _header(head: bytes, name: bytes) -> bytes:
    start = head.lower().find(b"\r\n" + name + b":")
    if start < 0:
        return b""
    start += len(name) + 3
    return head[start : head.find(b"\r\n", start)].strip()


def _is_whole(body: bytes) -> bool:
    """Return whether a peer sends all of the deep request, and nothing but a token beside it."""
    members = json.loads(body)
    members.pop("ClientToken", None)
    return bool(members == work.deep())


async def main() -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Canned, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
