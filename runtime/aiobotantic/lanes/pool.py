"""aiohttp's pool of connections: nothing waits for ever for answers that nobody reads.

A streamed answer holds its connection until it is read to its end or closed. Calls beyond the pool
wait for a connection, as long as those that are held are being used.
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from aiobotantic.lanes.http_errors import PoolIsHeldError


def watch(session: aiohttp.ClientSession) -> None:
    """Let no request of a session wait behind answers that nobody reads, nor be repeated by it.

    After the time that a connection may take, such a request raises `PoolIsHeldError`.
    """
    watched: Any = session
    watched._retry_connection = False  # it would repeat a lost GET, and tell nobody
    connector: Any = session.connector
    patience = session.timeout.sock_connect
    if patience is None or "_wait_for_available_connection" in vars(connector):
        return
    wait_in_turn = connector._wait_for_available_connection

    async def wait(key: Any, traces: Any) -> None:
        while True:
            before = _unread(connector)
            try:
                async with asyncio.timeout(patience):
                    await wait_in_turn(key, traces)
                    return
            except TimeoutError:
                if connector._available_connections(key) > 0:
                    return
                unread = _unread(connector)
                if len(unread) >= connector.limit and unread == before:
                    raise PoolIsHeldError(
                        f"all {connector.limit} connections are held by answers that nobody reads: "
                        "use streamed answers in `async with`, or close them; "
                        "AioConfig(max_pool_connections=...) allows for more"
                    ) from None

    connector._wait_for_available_connection = wait


def _unread(connector: Any) -> dict[Any, int]:
    """Return connections whose answer has begun and is not being read, with how far it was."""
    found: dict[Any, int] = {}
    for protocol in connector._acquired:
        payload = getattr(protocol, "_payload", None)
        if payload is not None and not payload.is_eof() and payload._waiter is None:
            found[protocol] = payload._cursor
    return found
