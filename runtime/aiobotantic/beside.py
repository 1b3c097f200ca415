"""Other services of AWS, through aiobotocore, with what a client of ours was made with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import Any, TypeVar

from aiobotantic.botocore_errors import BotoCoreError, ClientError
from aiobotantic.client import Client
from aiobotantic.errors import AioBotanticError
from aiobotantic.protocols import error_class

Answer = TypeVar("Answer")


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
        ConfigurationError: an option, the environment or the profile cannot be used.
        CredentialsError: credentials were found, but not all, or they cannot be loaded.
    """
    connection = client._connection  # pyright: ignore[reportPrivateUsage]
    (connection.home or connection).ready()
    settings = connection.settings
    # In a thread: the import takes longer than an event loop should wait.
    sessions = await asyncio.to_thread(import_module, "aiobotantic.lanes.session")
    session = sessions.base_session(settings)
    config = sessions.client_config(session, settings.config)
    await sessions.prepare(session, settings, config)
    loader = session.get_component("data_loader")
    for file in ("service-2", "endpoint-rule-set-1"):  # which take the loop long, and are kept
        loading = asyncio.to_thread(loader.load_service_model, service, file)
        await ask(client, f"a client of {service}", loading)
    made = session.create_client(
        service,
        region_name=client.region_name,
        endpoint_url=endpoint_url,
        config=config,
        **settings.access,
    )
    async with AsyncExitStack() as stack:
        yield await ask(client, f"a client of {service}", stack.enter_async_context(made))


async def ask(client: Client, operation: str, answer: Awaitable[Answer]) -> Answer:
    """Return an answer of another service's client; its errors become ours.

    Args:
        client: The client of ours that the other one was opened with.
        operation: AWS's name of the operation, for the messages.
        answer: What the other client's method returned.

    Raises:
        ServiceError: the other service answered with an error.
        TransportError: no whole answer arrived.
        CredentialsError: there are no credentials, or they cannot be fetched.
        ConfigurationError: an option, the environment or the profile cannot be used.
    """
    try:
        return await answer
    except Exception as error:
        told = _told(client, operation, error)
        if told is error:
            raise
    # Outside the handler: what aiobotocore raised would be the context, and may show secrets.
    raise told


def _told(client: Client, operation: str, error: Exception) -> Exception:
    if isinstance(error, AioBotanticError):
        return error
    if isinstance(error, ClientError):
        response: Any = vars(error)["response"]
        code = str(response.get("Error", {}).get("Code"))
        return error_class(client.SERVICE, code)(response, operation)
    lost = import_module("aiobotantic.lanes.transport").transport_error_of(error, operation)
    if lost is not None:
        return lost  # type: ignore[no-any-return]
    if isinstance(error, BotoCoreError):
        told: Exception = import_module("aiobotantic.lanes.compat").setup_error(error)
        return told
    return error
