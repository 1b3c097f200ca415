"""Other services of AWS, through aiobotocore, with what a client of ours was made with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from aiobotantic.client import Client


@asynccontextmanager
async def aiobotocore_client(
    client: Client, service: str, *, endpoint_url: str | None = None
) -> AsyncGenerator[Any, None]:
    """Open an aiobotocore client of another service, and close it when the block is left.

    It has the region, the credentials, the Config and the certificates of `client`, and its session
    where that was given one.

    Args:
        client: An open client.
        service: botocore's name of the other service: `logs`.
        endpoint_url: Address of the other service. Default: what aiobotocore finds.

    Raises:
        ClientClosedError: the client is not open.
    """
    connection = client._connection  # pyright: ignore[reportPrivateUsage]
    (connection.home or connection).ready()
    settings = connection.settings
    # In a thread: the import takes longer than an event loop should wait.
    sessions = await asyncio.to_thread(import_module, "aiobotantic.lanes.session")
    session = sessions.base_session(settings)
    config = sessions.client_config(session, settings.config)
    await sessions.prepare(session, settings, config)
    async with session.create_client(
        service,
        region_name=client.region_name,
        endpoint_url=endpoint_url,
        config=config,
        **settings.access,
    ) as other:
        yield other
