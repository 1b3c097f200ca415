"""Opens the lane that a client takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiobotantic.lanes import Lane, Pipeline, Settings
from aiobotantic.lanes.compat import CompatLane
from aiobotantic.lanes.fast import FastLane
from aiobotantic.lanes.gate import client_reason
from aiobotantic.operation import Operation, Service
from aiobotantic.protocols import WireProtocol


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
    compat = await CompatLane.open(service, operations, protocol, settings)
    if settings.pipeline is not None:
        return compat
    reason = client_reason(compat.session, compat.client)
    if reason is None:
        return FastLane(compat)
    compat.pipeline = Pipeline("botocore", reason)
    return compat
