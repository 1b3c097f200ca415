"""The aiobotocore session and Config of a client: copies, so that the user's own stay as they are.

The service's model and endpoint rules come from the generated package, never from the botocore
that happens to be installed; partitions and the rest come from the session's own loader.
"""

from __future__ import annotations

import asyncio
import copy
import os
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from aiobotocore.httpsession import AIOHTTPSession
from botocore import UNSIGNED
from botocore.exceptions import BotoCoreError, UnknownServiceError

from aiobotantic.errors import ConfigurationError
from aiobotantic.lanes import Settings
from aiobotantic.lanes.direct import DirectSession
from aiobotantic.lanes.endpoints import endpoint_rules
from aiobotantic.lanes.footing import MAX_POOL_CONNECTIONS
from aiobotantic.lanes.gate import is_untouched
from aiobotantic.operation import Operation, Service
from aiobotantic.pickling import resolve

# Not imported by name: they have no type information, and checkers would say so at each use.
_AioConfig = resolve("aiobotocore.config", "AioConfig")
_AioSession = resolve("aiobotocore.session", "AioSession")
_create_loader = resolve("botocore.loaders", "create_loader")

_defaults: WeakValueDictionary[Any, Any] = WeakValueDictionary()
_locks: WeakKeyDictionary[Any, tuple[asyncio.AbstractEventLoop, asyncio.Lock]] = WeakKeyDictionary()


def base_session(settings: Settings) -> Any:
    """Return the session that a client starts from: the user's, or a new one.

    Raises:
        ConfigurationError: both a session and a profile were given.
    """
    if settings.session is None:
        return _default_session(settings.profile_name)
    if settings.profile_name is not None:
        raise ConfigurationError(
            "session and profile_name were both given: a session has its profile, so make it with "
            "AioSession(profile=...), or leave the session out"
        )
    return settings.session


def _default_session(profile: str | None) -> Any:
    """Return the session of clients that were given none.

    Those that are open at the same time share one, and so one set of credentials, unless the
    environment or the event loop is another.
    """
    environment = frozenset(
        (name, value) for name, value in os.environ.items() if name.startswith(("AWS_", "HOME"))
    )
    key = (profile, id(asyncio.get_running_loop()), environment)
    session = _defaults.get(key)
    if session is None:
        session = _defaults[key] = _AioSession(profile=profile)
        session.register_component(
            "data_loader", _shared_loader(session.get_config_variable("data_path"))
        )
    return session


def client_config(session: Any, config: Any) -> Any:
    """Return the Config of a client: the user's, then the session's, then ours."""
    ours = _AioConfig(max_pool_connections=MAX_POOL_CONNECTIONS, http_session_cls=AIOHTTPSession)
    for other in (session.get_default_client_config(), config):
        if other is not None:
            ours = ours.merge(other)
    retries = dict(ours.retries or {})  # botocore changes it
    if "mode" not in retries and not _names_retry_mode(session):
        retries["mode"] = "standard"
    ours = ours.merge(_AioConfig(retries=retries))
    if ours.http_session_cls is AIOHTTPSession:
        ours = ours.merge(_AioConfig(http_session_cls=DirectSession))
    return ours


def _names_retry_mode(session: Any) -> bool:
    """Return whether the environment, the profile or the session says which retry mode to use.

    botocore's own default, `legacy`, cannot be told from a choice by its value alone.
    """
    return (
        session.get_config_variable("retry_mode") != "legacy"
        or "AWS_RETRY_MODE" in os.environ
        or "retry_mode" in session.get_scoped_config()
        or "retry_mode" in session.instance_variables()
    )


async def session_with_keys(region_name: str, *, by_service: bool) -> Any:
    """Return the session of clients that were given none, when it has fetched credentials.

    None where it finds none or fails, or where somebody changed what it does.

    Args:
        region_name: Where services are asked for them.
        by_service: Whether a service may be asked, whose client needs data.
    """
    session = _default_session(None)
    config = _AioConfig(region_name=region_name)
    try:
        async with _lock_of(session):
            # A credential provider that calls STS does so in the region of the last client.
            session._resolve_region_name(region_name, config)
            if by_service:
                await asyncio.to_thread(_warm, session.get_component("data_loader"))
            found = await session.get_credentials()
    except (BotoCoreError, ValueError):
        return None  # said when aiobotocore's client is made
    return session if found is not None and is_untouched() else None


async def prepare(session: Any, settings: Settings, config: Any) -> None:
    """Load what a client needs, once for each session, in a thread, and fetch credentials once."""
    async with _lock_of(session):
        # A credential provider that calls STS does so in the region of the session's last client.
        session._resolve_region_name(settings.region_name, config)
        await asyncio.to_thread(_warm, session.get_component("data_loader"))
        explicit = settings.aws_access_key_id is not None
        if not explicit and config.signature_version is not UNSIGNED:
            await session.get_credentials()


def own_session(session: Any, service: Service, operations: Iterable[Operation[Any]]) -> Any:
    """Return a copy of a session that knows one service: by what its generated package says."""
    own = copy.copy(session)
    own._components = copy.copy(session._components)
    own._components._components = dict(session._components._components)
    own._components._deferred = dict(session._components._deferred)
    own.register_component(
        "data_loader", ModelLoader(session.get_component("data_loader"), service, operations)
    )
    return own


class ModelLoader:
    """A data loader that serves one service from its generated package, the rest from another."""

    def __init__(self, inner: Any, service: Service, operations: Iterable[Operation[Any]]) -> None:
        self._inner = inner
        self._service = service
        self._operations = operations

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def list_available_services(self, type_name: str) -> list[str]:
        """Return the services that have a file of a type."""
        return sorted({*self._inner.list_available_services(type_name), self._service.name})

    def list_api_versions(self, service_name: str, type_name: str) -> list[str]:
        """Return the API versions of a service."""
        if service_name == self._service.name:
            return [self._service.api_version]
        versions: list[str] = self._inner.list_api_versions(service_name, type_name)
        return versions

    def determine_latest_version(self, service_name: str, type_name: str) -> str:
        """Return the newest API version of a service."""
        return max(self.list_api_versions(service_name, type_name))

    def load_service_model(
        self, service_name: str, type_name: str, api_version: str | None = None
    ) -> Any:
        """Return a file of a service: for ours operations, or endpoint rules."""
        if service_name != self._service.name:
            return self._inner.load_service_model(service_name, type_name, api_version)
        if type_name == "service-2":
            return service_model(self._service, self._operations)
        rules = endpoint_rules(self._service.package)
        if type_name == "endpoint-rule-set-1" and rules is not None:
            return rules
        raise UnknownServiceError(service_name=service_name, known_service_names="")


def service_model(service: Service, operations: Iterable[Operation[Any]]) -> dict[str, Any]:
    """Return botocore's model of a service without shapes: our protocols read and write them."""
    return {
        "version": "2.0",
        "metadata": dict(service.metadata),
        "operations": {operation.name: _operation_model(operation) for operation in operations},
        "shapes": {
            **{
                f"{operation.name}Input": _context_shape(operation.context_params)
                for operation in operations
                if operation.context_params
            },
            "Text": {"type": "string"},
            "Streamed": {
                "type": "structure",
                "members": {"Body": {"shape": "Bytes", "streaming": True}},
                "payload": "Body",
            },
            "Bytes": {"type": "blob", "streaming": True},
        },
    }


def _operation_model(operation: Operation[Any]) -> dict[str, Any]:
    return {
        "name": operation.name,
        "http": {"method": operation.method, "requestUri": operation.uri},
        "deprecated": operation.deprecated,
        **operation.traits,
        **({"input": {"shape": f"{operation.name}Input"}} if operation.context_params else {}),
        **({"output": {"shape": "Streamed"}} if operation.streams else {}),
    }


def _context_shape(parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return an input with the members that choose the endpoint."""
    members = {
        member: {"shape": "Text", "contextParam": {"name": parameter}}
        for member, parameter in parameters.items()
    }
    return {"type": "structure", "members": members}


@cache
def _shared_loader(data_path: str | None) -> Any:
    return _create_loader(data_path)


def _warm(loader: Any) -> None:
    loader.load_data_with_path("endpoints")
    loader.load_data("partitions")
    loader.load_data("sdk-default-configuration")


def _lock_of(session: Any) -> asyncio.Lock:
    loop = asyncio.get_running_loop()
    known = _locks.get(session)
    if known is None or known[0] is not loop:
        known = _locks[session] = loop, asyncio.Lock()
    return known[1]
