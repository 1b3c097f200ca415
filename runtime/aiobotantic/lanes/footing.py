"""What a client has resolved when it opens: all that the fast lane needs of aiobotocore."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from aiobotantic.lanes.retries import Retries
from aiobotantic.lanes.signing import Signer
from aiobotantic.operation import Operation

if TYPE_CHECKING:
    import aiohttp

    from aiobotantic.lanes.compat import CompatLane


@dataclass(frozen=True, slots=True)
class Route:
    """Where the requests of an operation go, and what signs them."""

    endpoint: str
    headers: dict[str, str]
    signer: Signer


class Footing(Protocol):
    """Region, credentials, connections and the rest of one open client."""

    region_name: str | None
    endpoint_url: str
    user_agent: str
    credentials: Any
    """Has `get_frozen_credentials`, as aiobotocore's have."""
    retries: Retries

    async def http(self) -> aiohttp.ClientSession:
        """Return the session whose connections requests take."""
        ...

    async def route(self, operation: Operation[Any]) -> Route:
        """Let the endpoint rules say where an operation goes."""
        ...

    async def compat(self) -> CompatLane:
        """Return the lane through aiobotocore's pipeline; it is made when it is first needed."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


class OpenFooting:
    """The footing of a client that has an aiobotocore client from the beginning."""

    def __init__(self, compat: CompatLane) -> None:
        client = compat.client
        self.region_name = compat.region_name
        self.endpoint_url = compat.endpoint_url
        self.user_agent: str = client._user_agent_creator.to_string()
        self.credentials: Any = client._request_signer._credentials
        self.retries = compat.retries
        self._compat = compat

    async def http(self) -> aiohttp.ClientSession:
        """Return the session whose connections requests take."""
        session: aiohttp.ClientSession = (
            await self._compat.client._endpoint.http_session.plain_session()
        )
        return session

    async def route(self, operation: Operation[Any]) -> Route:
        """Let botocore's endpoint rules say where an operation goes."""
        return await self._compat.route(operation)

    async def compat(self) -> CompatLane:
        """Return the lane through aiobotocore's pipeline."""
        return self._compat

    async def close(self) -> None:
        """Close every connection."""
        await self._compat.close()
