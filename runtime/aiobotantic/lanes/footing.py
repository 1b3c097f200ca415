"""What a client has resolved when it opens: all that the fast lane needs of aiobotocore."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeAlias

from aiobotantic.lanes import Settings, tls
from aiobotantic.lanes.connections import Pool, PoolLimits
from aiobotantic.lanes.endpoints import UnknownRuleError, endpoint_rules, resolve_endpoint
from aiobotantic.lanes.http import Exchange
from aiobotantic.lanes.http_errors import NotConnectedError
from aiobotantic.lanes.plain import PlainFacts
from aiobotantic.lanes.retries import Retries
from aiobotantic.lanes.signing import Signer
from aiobotantic.operation import Operation, Service
from aiobotantic.pickling import resolve

if TYPE_CHECKING:
    from ssl import SSLContext

    from aiobotantic.lanes.compat import CompatLane
    from aiobotantic.lanes.direct import DirectSession

OpenCompat: TypeAlias = "Callable[[Settings], Awaitable[CompatLane]]"

MAX_POOL_CONNECTIONS: Final = 100
_LIMITS: Final = PoolLimits(
    connections=MAX_POOL_CONNECTIONS, connect_timeout=60, read_timeout=60, keep_alive=12
)
"""aiobotocore's, of more connections."""


class Route(NamedTuple):
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

    def http(self) -> Exchange:
        """Return what requests are sent by."""
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

    def http(self) -> Exchange:
        """Return what requests are sent by."""
        session: DirectSession = self._compat.client._endpoint.http_session
        return session.exchange

    async def route(self, operation: Operation[Any]) -> Route:
        """Let botocore's endpoint rules say where an operation goes."""
        return await self._compat.route(operation)

    async def compat(self) -> CompatLane:
        """Return the lane through aiobotocore's pipeline."""
        return self._compat

    async def close(self) -> None:
        """Close every connection."""
        await self._compat.close()


class PlainFooting:
    """The footing of a client of plain settings: aiobotocore's client is made when it is needed."""

    def __init__(
        self,
        service: Service,
        settings: Settings,
        facts: PlainFacts,
        open_compat: OpenCompat,
        session: Any = None,
    ) -> None:
        self.region_name: str | None = facts.region_name
        self.endpoint_url = facts.endpoint_url
        self.user_agent = facts.user_agent
        self.credentials: Any = session._credentials if session else facts.credentials
        self.retries = Retries(service, {"mode": "standard"})
        self._service = service
        self._settings = settings
        self._facts = facts
        self._session = session  # kept for clients that open later: they share its credentials
        self._open_compat = open_compat
        self._compat: CompatLane | None = None
        self._http: Exchange | None = None
        self._closed = False
        self._making = asyncio.Lock()

    def http(self) -> Exchange:
        """Return what requests are sent by."""
        if self._closed:
            raise NotConnectedError("the client was closed")
        if self._http is None:
            self._http = Exchange(Pool(_LIMITS, self._tls_context))
        return self._http

    def _tls_context(self) -> SSLContext:
        verify = self._facts.verify
        if tls.is_made_here():
            return tls.shared_context(verify, lambda: tls.make_context(verify))
        direct = import_module("aiobotantic.lanes.direct")
        context: SSLContext = direct.DirectSession(verify=verify)._build_ssl_contexts(None)[0]
        return context

    async def route(self, operation: Operation[Any]) -> Route:
        """Let the endpoint rules say where an operation goes."""
        facts = self._facts
        static = operation.traits.get("staticContextParams", {})
        try:
            endpoint = resolve_endpoint(
                endpoint_rules(self._service.package),
                facts.region_name,
                facts.given_endpoint,
                static,
            )
        except UnknownRuleError:
            return await (await self.compat()).route(operation)
        metadata = self._service.metadata
        name = metadata.get("signingName") or metadata["endpointPrefix"]
        return Route(endpoint, {}, Signer(facts.region_name, name))

    async def compat(self) -> CompatLane:
        """Return the lane through aiobotocore's pipeline; it is made when it is first needed."""
        if self._compat is None:
            async with self._making:
                http = self.http()
                if self._compat is None:
                    self._compat = await self._make_compat(http)
        return self._compat

    async def _make_compat(self, http: Exchange) -> CompatLane:
        """Make an aiobotocore client that has what was resolved here."""
        facts = self._facts
        make_config = await asyncio.to_thread(resolve, "aiobotocore.config", "AioConfig")
        compat = await self._open_compat(
            replace(
                self._settings,
                config=make_config(
                    retries={"mode": "standard"},
                    ignore_configured_endpoint_urls=True,
                    use_fips_endpoint=False,
                    use_dualstack_endpoint=False,
                ),
                region_name=facts.region_name,
                endpoint_url=facts.given_endpoint,
                verify=facts.verify,
                session=self._session,
                **(facts.credentials.options() if facts.credentials is not None else {}),
            )
        )
        compat.retries = self.retries
        compat.client._endpoint.http_session.adopt(http)
        return compat

    async def close(self) -> None:
        """Close every connection."""
        self._closed = True
        async with self._making:
            try:
                if self._compat is not None:
                    await self._compat.close()
            finally:
                if self._http is not None:
                    await self._http.close()
