"""Clients of plain settings: what they need is resolved without aiobotocore.

aiobotocore's session and client take longer to import and to make than a hundred calls. Where the
arguments, the environment and the files in ~/.aws say no more than a region, static keys, an
address and authorities, the answer is known here, and the tests compare it with aiobotocore's. At
anything else, known or not, `plain_facts` gives up, and aiobotocore resolves it.
"""

from __future__ import annotations

import asyncio
import os
import platform
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiobotocore
import aiohttp
import botocore
from botocore import configloader
from botocore.exceptions import BotoCoreError, ConfigNotFound

from aiobotantic.lanes import Settings, tls
from aiobotantic.lanes.endpoints import (
    UnknownRuleError,
    endpoint_rules,
    is_known_region,
    resolve_endpoint,
)
from aiobotantic.lanes.footing import Route
from aiobotantic.lanes.gate import is_untouched
from aiobotantic.lanes.retries import Retries
from aiobotantic.lanes.signing import Signer
from aiobotantic.operation import Operation, Service
from aiobotantic.pickling import resolve

if TYPE_CHECKING:
    from aiobotantic.lanes.compat import CompatLane

OpenCompat: TypeAlias = "Callable[[Settings], Awaitable[CompatLane]]"

MAX_POOL_CONNECTIONS: Final = 100
_KEEP_ALIVE: Final = 12
_TIMEOUT: Final = 60
_READ: Final = frozenset(
    {
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"),
        *("AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_EXECUTION_ENV"),
        *("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"),
    }
)
"""Variables that are read here."""
_WITHOUT_EFFECT: Final = (
    # botocore does not read them, or only where it finds no keys.
    *("AWS_REGION", "AWS_LAMBDA_", "AWS_CONTAINER_", "AWS_EC2_METADATA_DISABLED"),
    *("AWS_XRAY_", "AWS_PAGER", "AWS_CLI_"),
)
"""Beginnings of variables that change nothing for static keys."""
_PROFILE: Final = frozenset(
    {
        *("region", "output", "aws_access_key_id", "aws_secret_access_key", "aws_session_token"),
        *("cli_pager", "cli_auto_prompt", "cli_history", "cli_timestamp_format"),
    }
)
"""What the default profile may say."""
_ADDRESS: Final = re.compile(
    r"https?://(?=.{1,200}\Z)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?"
)
_REGION: Final = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-[0-9]")
_SYSTEMS: Final = {"Linux": "linux", "Darwin": "macos", "Windows": "windows"}
_WORD: Final = re.compile(r"[A-Za-z0-9.+_-]+")


@dataclass(frozen=True, slots=True)
class StaticCredentials:
    """Keys that do not change."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(repr=False)

    async def get_frozen_credentials(self) -> StaticCredentials:
        """Return the keys: these."""
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainFacts:
    """What was resolved for a client."""

    region_name: str
    given_endpoint: str | None
    endpoint_url: str
    credentials: StaticCredentials
    verify: bool | str
    user_agent: str


def plain_facts(service: Service, settings: Settings) -> PlainFacts | None:
    """Return what aiobotocore would resolve; None where it must be asked. Reads files.

    Args:
        service: The service.
        settings: What the client was made with.
    """
    if any(
        given is not None
        for given in (settings.session, settings.config, settings.pipeline, settings.profile_name)
    ):
        return None
    environment = dict(os.environ)
    if not (_is_plain(environment) and _is_plain_service(service) and is_untouched()):
        return None
    try:
        files = _default_profile(environment)
        if files is None:
            return None
        return _facts(service, settings, environment, *files)
    except (UnknownRuleError, BotoCoreError, OSError, ValueError):
        return None  # aiobotocore says what is wrong


def _facts(
    service: Service,
    settings: Settings,
    environment: Mapping[str, str],
    profile: Mapping[str, str],
    key_sections: list[Mapping[str, str]],
) -> PlainFacts | None:
    region = settings.region_name
    if region is None:
        region = environment.get("AWS_DEFAULT_REGION", profile.get("region", ""))
    credentials = _credentials(settings, environment, key_sections)
    given = settings.endpoint_url
    if given is None:
        given = environment.get("AWS_ENDPOINT_URL")
    verify = _verify(settings, environment)
    agent = _user_agent(environment)
    if (
        credentials is None
        or verify is None
        or agent is None
        or not _REGION.fullmatch(region)
        or not is_known_region(region)
        or (given is not None and not _ADDRESS.fullmatch(given))
        or _has_proxy(given)
    ):
        return None
    return PlainFacts(
        region_name=region,
        given_endpoint=given,
        endpoint_url=resolve_endpoint(endpoint_rules(service.package), region, given, {}),
        credentials=credentials,
        verify=verify,
        user_agent=agent,
    )


def _is_plain(environment: Mapping[str, str]) -> bool:
    """Return whether no variable says more than is read here."""
    if (Path("~/.aws/models").expanduser()).exists():  # data of the user's own
        return False
    return not any(
        name.startswith(("AWS_", "BOTOCORE_"))
        and name not in _READ
        and not name.startswith(_WITHOUT_EFFECT)
        for name in environment
    )


def _is_plain_service(service: Service) -> bool:
    facts = service.metadata
    return (
        facts.get("signatureVersion") == "v4"
        and tuple(facts.get("auth", ("aws.auth#sigv4",))) == ("aws.auth#sigv4",)
        and endpoint_rules(service.package) is not None
    )


def _default_profile(
    environment: Mapping[str, str],
) -> tuple[Mapping[str, str], list[Mapping[str, str]]] | None:
    """Return the default profile, and the sections that may have keys, the first one first.

    None where the profile says more than is read here.
    """
    config = environment.get("AWS_CONFIG_FILE", "~/.aws/config")
    keys = environment.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")
    try:
        in_config = configloader.load_config(config)["profiles"].get("default", {})
    except ConfigNotFound:
        in_config = {}
    try:
        in_keys = configloader.raw_config_parse(keys).get("default", {})
    except ConfigNotFound:
        in_keys = {}
    merged: dict[str, Any] = {**in_config, **in_keys}
    if not _PROFILE.issuperset(merged) or not all(isinstance(v, str) for v in merged.values()):
        return None
    return merged, [in_keys, in_config]


def _credentials(
    settings: Settings, environment: Mapping[str, str], sections: list[Mapping[str, str]]
) -> StaticCredentials | None:
    """Return keys where all of them are in one place."""
    id_, secret = settings.aws_access_key_id, settings.aws_secret_access_key
    token = settings.aws_session_token
    if id_ is None and secret is None and token is None:
        if id_ := environment.get("AWS_ACCESS_KEY_ID"):
            secret = environment.get("AWS_SECRET_ACCESS_KEY")
            token = environment.get("AWS_SECURITY_TOKEN") or environment.get("AWS_SESSION_TOKEN")
        else:
            section = next((one for one in sections if "aws_access_key_id" in one), {})
            id_, secret = section.get("aws_access_key_id"), section.get("aws_secret_access_key")
            token = section.get("aws_session_token")
    return StaticCredentials(id_, secret, token or None) if id_ and secret else None


def _verify(settings: Settings, environment: Mapping[str, str]) -> bool | str | None:
    verify: Any = settings.verify
    if verify is None:
        verify = environment.get("AWS_CA_BUNDLE", environment.get("REQUESTS_CA_BUNDLE", True))
    plain = isinstance(verify, bool) or (isinstance(verify, str) and verify.strip())
    return verify if plain else None


def _has_proxy(endpoint_url: str | None) -> bool:
    if not set(getproxies()) - {"no"}:
        return False
    return endpoint_url is None or not proxy_bypass(urlsplit(endpoint_url).netloc)


def _user_agent(environment: Mapping[str, str]) -> str | None:
    """Return aiobotocore's user agent, its features aside, which no call has used yet."""
    system = _SYSTEMS.get(platform.system())
    release, machine = platform.release(), platform.machine().lower()
    python, kind = platform.python_version(), platform.python_implementation()
    where = environment.get("AWS_EXECUTION_ENV") or "plain"
    words = (release, machine, python, kind, where)
    if system is None or find_spec("awscrt") or not all(_WORD.fullmatch(w) for w in words):
        return None
    parts = [
        f"aiobotocore/{aiobotocore.__version__} md/Botocore#{botocore.__version__} ua/2.1",
        f"os/{system}#{release} md/arch#{machine} lang/python#{python} md/pyimpl#{kind}",
        *([f"exec-env/{where}"] if environment.get("AWS_EXECUTION_ENV") else []),
        f"cfg/retry-mode#standard botocore/{botocore.__version__}",
    ]
    return " ".join(parts)


class PlainFooting:
    """See `aiobotantic.lanes.footing.Footing`. Makes aiobotocore's client when it is needed."""

    def __init__(
        self, service: Service, settings: Settings, facts: PlainFacts, open_compat: OpenCompat
    ) -> None:
        self.region_name: str | None = facts.region_name
        self.endpoint_url = facts.endpoint_url
        self.user_agent = facts.user_agent
        self.credentials = facts.credentials
        self.retries = Retries(service, {"mode": "standard"})
        self._service = service
        self._settings = settings
        self._facts = facts
        self._open_compat = open_compat
        self._compat: CompatLane | None = None
        self._http: aiohttp.ClientSession | None = None
        self._closed = False
        self._making = asyncio.Lock()

    async def http(self) -> aiohttp.ClientSession:
        """Return the session whose connections requests take."""
        if self._http is None:
            async with self._making:
                if self._closed:
                    raise aiohttp.ClientConnectionError("the client was closed")
                if self._http is None:
                    self._http = await self._make_http()
        return self._http

    async def _make_http(self) -> aiohttp.ClientSession:
        # Without TLS no context is needed: nothing leads elsewhere, since redirects are off.
        secure = not self.endpoint_url.startswith("http:")
        context = await asyncio.to_thread(self._context) if secure else True
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=MAX_POOL_CONNECTIONS, ssl=context, keepalive_timeout=_KEEP_ALIVE
            ),
            timeout=aiohttp.ClientTimeout(sock_connect=_TIMEOUT, sock_read=_TIMEOUT),
            skip_auto_headers={"CONTENT-TYPE"},
            auto_decompress=False,
        )

    def _context(self) -> Any:
        verify = self._facts.verify
        if tls.is_made_here():
            return tls.shared_context(verify, lambda: tls.make_context(verify))
        direct = import_module("aiobotantic.lanes.direct")
        return direct.DirectSession(verify=verify)._build_ssl_contexts(None)[0]

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
            http = await self.http()
            async with self._making:
                if self._closed:
                    raise aiohttp.ClientConnectionError("the client was closed")
                if self._compat is None:
                    self._compat = await self._make_compat(http)
        return self._compat

    async def _make_compat(self, http: aiohttp.ClientSession) -> CompatLane:
        """Make an aiobotocore client that has what was resolved here."""
        facts = self._facts
        keys = facts.credentials
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
                aws_access_key_id=keys.access_key,
                aws_secret_access_key=keys.secret_key,
                aws_session_token=keys.token,
                verify=facts.verify,
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
