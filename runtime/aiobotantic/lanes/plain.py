"""Clients of plain settings: what they need is resolved without aiobotocore.

aiobotocore's session and client take longer to import and to make than a hundred calls. Where the
arguments, the environment and the files in ~/.aws say no more than a region, keys, an address and
authorities, the answer is known here, and the tests compare it with aiobotocore's. Keys that must
be fetched (a role, a process, a container) its session fetches, and no client of it is made. At
anything else, known or not, `plain_facts` gives up, and aiobotocore resolves it.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from string import ascii_letters, digits
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import aiobotocore
import botocore
from botocore.exceptions import BotoCoreError, PartialCredentialsError

from aiobotantic.lanes import Settings
from aiobotantic.lanes.endpoints import (
    UnknownRuleError,
    endpoint_rules,
    is_known_region,
    resolve_endpoint,
)
from aiobotantic.lanes.gate import is_untouched
from aiobotantic.operation import Service
from aiobotantic.pickling import resolve

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
"""Beginnings of variables that change nothing but where keys come from."""
_OF_KEYS: Final = (
    *("AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    *("AWS_EC2_METADATA_", "AWS_METADATA_SERVICE_"),
)
"""Beginnings of variables that say where keys are fetched."""
_PROFILE: Final = frozenset(
    {
        *("region", "output", "aws_access_key_id", "aws_secret_access_key", "aws_session_token"),
        *("cli_pager", "cli_auto_prompt", "cli_history", "cli_timestamp_format"),
    }
)
"""What the default profile may say."""
_PROFILE_OF_KEYS: Final = frozenset(
    {
        *("role_arn", "source_profile", "credential_source", "role_session_name", "external_id"),
        *("duration_seconds", "mfa_serial", "web_identity_token_file", "credential_process"),
        *("sso_session", "sso_start_url", "sso_region", "sso_account_id", "sso_role_name"),
    }
)
"""What it may say of keys that are fetched."""
_ADDRESS: Final = (  # compiled when there is one
    r"https?://(?=.{1,200}\Z)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.(?=[A-Za-z0-9])|(?=[:/]|\Z)))+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?"
)
_REGION: Final = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-[0-9]")
_SYSTEMS: Final = {"Linux": "linux", "Darwin": "macos", "Windows": "windows"}
_IN_WORDS: Final = frozenset(f"{ascii_letters}{digits}.+_-")


class StaticCredentials:
    """Keys that do not change."""

    __slots__ = ("access_key", "secret_key", "token")

    def __init__(self, access_key: str, secret_key: str, token: str | None) -> None:
        self.access_key = access_key
        self.secret_key = secret_key
        self.token = token

    async def get_frozen_credentials(self) -> StaticCredentials:
        """Return the keys: these."""
        return self

    def options(self) -> dict[str, str | None]:
        """Return them as aiobotocore's `create_client` takes them."""
        return {
            "aws_access_key_id": self.access_key,
            "aws_secret_access_key": self.secret_key,
            "aws_session_token": self.token,
        }


class PlainFacts(NamedTuple):
    """What was resolved for a client."""

    region_name: str
    given_endpoint: str | None
    endpoint_url: str
    credentials: StaticCredentials | None
    """Keys; None where aiobotocore's session must fetch them."""
    keys_by_service: bool
    """Whether it may have to ask a service for them."""
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
    try:
        if not (_is_plain(environment) and _is_plain_service(service) and is_untouched()):
            return None
        files = _default_profile(environment)
        if files is None:
            return None
        return _facts(service, settings, environment, *files)
    except (UnknownRuleError, BotoCoreError, OSError, ValueError, RuntimeError):
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
    try:
        credentials = _credentials(settings, environment, profile, key_sections)
    except PartialCredentialsError:
        return None
    given = settings.endpoint_url
    if given is None:
        given = environment.get("AWS_ENDPOINT_URL")
    verify = _verify(settings, environment)
    agent = _user_agent(environment)
    if (
        verify is None
        or agent is None
        or not _REGION.fullmatch(region)
        or not is_known_region(region)
        or (given is not None and not re.fullmatch(_ADDRESS, given))
        or _has_proxy(given)
    ):
        return None
    return PlainFacts(
        region_name=region,
        given_endpoint=given,
        endpoint_url=resolve_endpoint(endpoint_rules(service.package), region, given, {}),
        credentials=credentials,
        keys_by_service="AWS_ROLE_ARN" in environment or not _PROFILE_OF_KEYS.isdisjoint(profile),
        verify=verify,
        user_agent=agent,
    )


def _is_plain(environment: Mapping[str, str]) -> bool:
    """Return whether no variable says more than is read here."""
    if Path("~/.aws/models").expanduser().exists():  # data of the user's own
        return False
    return not any(
        name.startswith(("AWS_", "BOTOCORE_"))
        and name not in _READ
        and not name.startswith((*_WITHOUT_EFFECT, *_OF_KEYS))
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
    in_config: Any = {}
    if _is_file(config):
        in_config = resolve("botocore.configloader", "load_config")(config)["profiles"]
        in_config = in_config.get("default", {})
    in_keys: Any = {}
    if _is_file(keys):
        in_keys = resolve("botocore.configloader", "raw_config_parse")(keys).get("default", {})
    merged: dict[str, Any] = {**in_config, **in_keys}
    if not (_PROFILE | _PROFILE_OF_KEYS).issuperset(merged) or not all(
        isinstance(v, str) for v in merged.values()
    ):
        return None
    return merged, [in_keys, in_config]


def _is_file(path: str) -> bool:
    """Return whether botocore would read a file: its reader takes longer to import than to ask."""
    return os.path.isfile(os.path.expanduser(os.path.expandvars(path)))  # noqa: PTH111, PTH113


def _credentials(
    settings: Settings,
    environment: Mapping[str, str],
    profile: Mapping[str, str],
    sections: list[Mapping[str, str]],
) -> StaticCredentials | None:
    """Return keys that are written somewhere; None where they must be fetched.

    Raises:
        PartialCredentialsError: a part of them is missing.
    """
    id_, secret = settings.aws_access_key_id, settings.aws_secret_access_key
    token = settings.aws_session_token
    if id_ is None and secret is None and token is None:
        if id_ := environment.get("AWS_ACCESS_KEY_ID"):
            secret = environment.get("AWS_SECRET_ACCESS_KEY")
            token = environment.get("AWS_SECURITY_TOKEN") or environment.get("AWS_SESSION_TOKEN")
        elif _PROFILE_OF_KEYS.isdisjoint(profile) and not any(
            name.startswith(_OF_KEYS) for name in environment if name not in _WITHOUT_EFFECT
        ):
            section = next((one for one in sections if "aws_access_key_id" in one), None)
            if section is None:
                return None
            id_, secret = section["aws_access_key_id"], section.get("aws_secret_access_key")
            token = section.get("aws_session_token")
        else:
            return None
    if not id_ or not secret:
        raise PartialCredentialsError(provider="plain", cred_var="secret_key")
    return StaticCredentials(id_, secret, token or None)


def _verify(settings: Settings, environment: Mapping[str, str]) -> bool | str | None:
    verify: Any = settings.verify
    if verify is None:
        verify = environment.get("AWS_CA_BUNDLE", environment.get("REQUESTS_CA_BUNDLE", True))
    plain = isinstance(verify, bool) or (isinstance(verify, str) and verify.strip())
    return verify if plain else None


def _has_proxy(endpoint_url: str | None) -> bool:
    asks_system = sys.platform in ("darwin", "win32")
    if not asks_system and not any(name.lower().endswith("_proxy") for name in os.environ):
        return False
    from urllib.request import getproxies, proxy_bypass  # slow to import

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
    plain = all(word and _IN_WORDS.issuperset(word) for word in words)
    if system is None or find_spec("awscrt") or not plain:
        return None
    parts = [
        f"aiobotocore/{aiobotocore.__version__} md/Botocore#{botocore.__version__} ua/2.1",
        f"os/{system}#{release} md/arch#{machine} lang/python#{python} md/pyimpl#{kind}",
        *([f"exec-env/{where}"] if environment.get("AWS_EXECUTION_ENV") else []),
        f"cfg/retry-mode#standard botocore/{botocore.__version__}",
    ]
    return " ".join(parts)
