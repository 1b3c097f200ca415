"""Opens the lane that a client takes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from aiobotantic.lanes import Lane, Pipeline, Settings
from aiobotantic.lanes.fast import FastLane
from aiobotantic.lanes.footing import OpenFooting, PlainFooting
from aiobotantic.lanes.gate import client_reason, own_handlers
from aiobotantic.lanes.plain import plain_facts
from aiobotantic.lanes.quiet_logs import masked_logs
from aiobotantic.operation import Operation, Service
from aiobotantic.protocols import WireProtocol

if TYPE_CHECKING:
    from aiobotantic.lanes.compat import CompatLane


async def open_lane(
    service: Service,
    operations: Mapping[str, Operation[Any]],
    protocol: WireProtocol,
    settings: Settings,
) -> Lane:
    """Open the fast lane, or aiobotocore's own pipeline where something asks for it.

    Raises:
        ConfigurationError: an option, the environment or the profile cannot be used.
        CredentialsError: credentials were found, but not all, or they cannot be loaded.
    """

    async def open_compat(settings: Settings) -> CompatLane:
        # In a thread: the import takes longer than an event loop should wait.
        module = await asyncio.to_thread(import_module, "aiobotantic.lanes.compat")
        lane: CompatLane = await module.CompatLane.open(service, operations, protocol, settings)
        return lane

    facts = await asyncio.to_thread(plain_facts, service, settings)
    if facts is not None:
        session = None
        if facts.credentials is None:
            loaded = await asyncio.to_thread(import_module, "aiobotantic.lanes.session")
            with masked_logs():
                session = await loaded.session_with_keys(
                    facts.region_name, by_service=facts.keys_by_service
                )
        if facts.credentials is not None or session is not None:
            footing = PlainFooting(service, settings, facts, open_compat, session)
            return FastLane(footing, protocol)
    compat = await open_compat(settings)
    if settings.pipeline is not None:
        return compat
    await asyncio.to_thread(own_handlers)  # asked once, 20 ms
    reason = client_reason(compat.session, compat.client)
    if reason is None:
        return FastLane(OpenFooting(compat), protocol)
    compat.pipeline = Pipeline("botocore", reason)
    return compat
