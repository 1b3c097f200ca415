"""The open state of a client, which its views share."""

from __future__ import annotations

import asyncio
import os
import warnings
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

from aiobotantic.errors import ClientClosedError, WrongEventLoopError
from aiobotantic.lanes import Lane, Settings
from aiobotantic.operation import Operation, Service
from aiobotantic.protocols import WireProtocol


class Connection:
    """Opens a lane, hands it to calls that may use it, and closes it."""

    def __init__(self, client: str, settings: Settings, home: Connection | None = None) -> None:
        self.client = client
        self.settings = settings
        self.home = home
        """The connection of the client itself, where this one is of another region."""
        self._regions: dict[str, Connection] = {}
        self.closed = False
        self.lane: Lane | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = 0
        self._opening: asyncio.Lock | None = None

    async def open(
        self,
        service: Service,
        operations: Mapping[str, Operation[Any]],
        protocol: WireProtocol,
    ) -> None:
        """Open the lane; nothing happens where it is open.

        Raises:
            ClientClosedError: the client was closed.
            WrongEventLoopError: it is open on another event loop.
        """
        if self._opening is None:
            self._opening = asyncio.Lock()
        async with self._opening:
            if self.lane is not None or self.closed:
                self.ready()
                return
            # In a thread: the import takes longer than an event loop should wait.
            lanes = await asyncio.to_thread(import_module, "aiobotantic.lanes.choice")
            lane = await lanes.open_lane(service, operations, protocol, self.settings)
            if self.closed:  # meanwhile
                await lane.close()
                self.ready()
            self._loop = asyncio.get_running_loop()
            self._process = os.getpid()
            self.lane = lane

    def in_region(self, region_name: str) -> Connection:
        """Return the connection to another region, which a call opens, and which ends with this."""
        if self.home is not None:
            return self.home.in_region(region_name)
        if self.closed:  # nobody would close another one: this one says so at the call
            return self
        if region_name == (self.lane.region_name if self.lane else self.settings.region_name):
            return self
        known = self._regions.get(region_name)
        if known is None:
            settings = replace(self.settings, region_name=region_name)
            known = self._regions[region_name] = Connection(self.client, settings, self)
        return known

    def ready(self) -> Lane:
        """Return the lane.

        Raises:
            ClientClosedError: the client is not open, or was opened in another process.
            WrongEventLoopError: it was opened on another event loop.
        """
        if self.lane is None:
            if self.closed:
                raise ClientClosedError(f"{self.client} was closed: make a new client")
            raise ClientClosedError(
                f"{self.client} is not open: use it in `async with {self.client}(...) as client:`, "
                f"or `client = await {self.client}(...).open()` and `await client.close()`"
            )
        if self._process != os.getpid():
            raise ClientClosedError(
                f"{self.client} was opened in another process: open a client after the fork"
            )
        if self._loop is not asyncio.get_running_loop():
            raise WrongEventLoopError(
                f"{self.client} was opened on another event loop: open one client for each loop"
            )
        return self.lane

    async def close(self) -> None:
        """Close every connection; nothing happens where there are none.

        Raises:
            WrongEventLoopError: the client was opened on another event loop.
        """
        if self.lane is None or self._process != os.getpid():
            # A forked process has copies of the parent's sockets: the parent closes them.
            self.lane, self.closed = None, True
            return
        lane = self.ready()
        self.lane, self.closed = None, True
        await asyncio.shield(self._close(lane))

    async def _close(self, lane: Lane) -> None:
        try:
            for other in list(self._regions.values()):
                await other.close()
        finally:
            await lane.close()

    def __del__(self) -> None:
        if self.lane is not None and self._process == os.getpid():
            warnings.warn(
                f"{self.client} was not closed: use `async with`, or `await client.close()`",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )
