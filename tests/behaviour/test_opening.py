"""Opening a client: what is resolved is what aiobotocore resolves, and little is loaded for it."""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from aiobotocore.client import AioBaseClient
from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.session import AioSession
from botocore.auth import SIGNED_HEADERS_BLACKLIST, _host_from_url
from botocore.awsrequest import _urljoin
from botocore.loaders import create_loader
from botocore.utils import normalize_url_path, percent_encode_sequence
from http_service import HttpService, answer
from sample_service import Workshop

from aiobotantic import errors
from aiobotantic.lanes import addresses, tls
from aiobotantic.lanes.fast import FastLane
from aiobotantic.lanes.footing import PlainFooting
from aiosagemaker import SageMaker, SageMakerRuntime

HERE = Path(__file__).parents[1]
KEYS = {"aws_access_key_id": "AKIDGIVEN", "aws_secret_access_key": "given"}
FAST = "fast: nothing asks for aiobotocore's own pipeline"


def is_plain(client: Any) -> bool:
    """Return whether a client was opened without aiobotocore."""
    lane = client._connection.lane
    return isinstance(lane, FastLane) and isinstance(lane.footing, PlainFooting)


def has_compat(client: Any) -> bool:
    return client._connection.lane.footing._compat is not None


@cache
def loader() -> Any:
    """Return what reads botocore's data, for all sessions: it is slow to read."""
    return create_loader()


def new_session() -> AioSession:
    session = AioSession()
    session.register_component("data_loader", loader())
    return session


async def facts(client: Any) -> dict[str, Any]:
    """Return what a client goes by, when it takes the fast lane."""
    footing = client._connection.lane.footing
    keys = await footing.credentials.get_frozen_credentials()
    operation = next(iter(client.operations().values()))
    route = await footing.route(operation)
    pool = footing.http().pool
    return {
        "region": client.region_name,
        "address": client.endpoint_url,
        "route": (route.endpoint, route.headers, route.signer.region, route.signer.service),
        "keys": (keys.access_key, keys.secret_key, keys.token),
        "retries": (footing.retries.mode, footing.retries._limit),
        "agent": [word for word in footing.user_agent.split() if not word.startswith("m/")],
        "pool": pool._limits,
        "tls": pool._make_context(),
    }


async def same_as_with_a_session(cls: Any = Workshop, **options: Any) -> dict[str, Any]:
    """Return what a client goes by: the same as one that a session sends to aiobotocore."""
    async with cls(**options) as plain, cls(new_session(), **options) as other:
        assert is_plain(plain)
        assert not is_plain(other)
        found = await facts(plain)
        assert found == await facts(other)
        assert str(plain.pipeline) == str(other.pipeline) == FAST
    return found


REGIONS = [
    *("us-east-1", "eu-central-1", "ap-southeast-5", "mx-central-1", "cn-north-1"),
    *("us-gov-west-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "eusc-de-east-1"),
    *("us-west-9", "cn-south-7"),
]


@pytest.mark.parametrize("cls", [SageMaker, SageMakerRuntime])
async def test_addresses_are_those_of_aiobotocore(cls: Any) -> None:
    seen = {(await same_as_with_a_session(cls, region_name=r))["address"] for r in REGIONS}

    assert len(seen) == len(REGIONS)


SETTINGS: dict[str, list[dict[str, str]]] = {
    "region": [{"AWS_DEFAULT_REGION": "eu-west-1"}, {"AWS_REGION": "ap-south-1"}],
    "address": [{}, {"AWS_ENDPOINT_URL": "http://127.0.0.1:9/below"}],
    "rest": [
        {},
        {"AWS_SESSION_TOKEN": "token"},
        {"AWS_SECURITY_TOKEN": "first", "AWS_SESSION_TOKEN": "second"},
        {"AWS_EXECUTION_ENV": "AWS_Lambda_python3.12", "AWS_LAMBDA_FUNCTION_NAME": "f"},
    ],
}


@pytest.mark.parametrize("given", [{}, {"region_name": "us-west-2"}, KEYS])
async def test_arguments_and_the_environment(
    given: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[default]\nregion = sa-east-1\noutput = json\n")
    for chosen in product(*SETTINGS.values()):
        with monkeypatch.context() as patch:
            for name, value in {k: v for each in chosen for k, v in each.items()}.items():
                patch.setenv(name, value)
            await same_as_with_a_session(**given)


@pytest.mark.parametrize(
    ("config", "credentials"),
    [
        ("[default]\nregion = eu-west-3\n", "[default]\n{keys}aws_session_token = t\n"),
        ("[profile default]\nregion = eu-west-3\n", "[default]\n{keys}\n[other]\nrole_arn = x\n"),
        ("[default]\nregion = eu-west-3\n{keys}", ""),
        ("[default]\nregion = eu-west-3\n{keys}", "[default]\n{keys2}"),
        ("", "[default]\nregion = eu-west-3\n{keys}"),
    ],
)
async def test_files_of_the_default_profile(
    config: str, credentials: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    keys = "aws_access_key_id = FILE\naws_secret_access_key = s\n"
    for name, text in (("config", config), ("credentials", credentials)):
        text = text.format(keys=keys, keys2=keys.replace("FILE", "SECOND"))
        (tmp_path / name).write_text(text)

    found = await same_as_with_a_session()

    assert found["region"] == "eu-west-3"
    assert found["keys"][0] == ("SECOND" if "keys2" in credentials else "FILE")


async def test_keys_that_are_fetched_are_fetched_by_aiobotocores_session(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, service: HttpService
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    script = tmp_path / "keys.py"
    keys = {"Version": 1, "AccessKeyId": "AKIDMADE", "SecretAccessKey": "s", "SessionToken": "t"}
    script.write_text(f"print({json.dumps(keys)!r})")
    process = f"credential_process = {sys.executable} {script}"
    (tmp_path / "config").write_text(f"[default]\nregion = eu-west-3\n{process}\n")

    found = await same_as_with_a_session()

    assert found["keys"] == ("AKIDMADE", "s", "t")
    async with Workshop(endpoint_url=service.url) as client:
        await client.describe_machine(machine_name="m")
        assert not has_compat(client)
        seen = traced(monkeypatch)
        await client.describe_machine(machine_name="m")
    assert seen == ["DescribeMachine"]
    assert len(service.sent) == 2
    for sent in service.sent:
        assert "Credential=AKIDMADE/" in sent.headers["authorization"]
        assert sent.headers["x-amz-security-token"] == "t"


async def test_keys_of_a_container_are_fetched_once_for_many_clients(
    monkeypatch: pytest.MonkeyPatch, service: HttpService
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{service.url}/keys")
    soon = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    keys = {"AccessKeyId": "AKIDBOX", "SecretAccessKey": "s", "Token": "t", "Expiration": soon}
    service.script = [answer(keys)]
    options: dict[str, Any] = {"region_name": "us-east-1", "endpoint_url": service.url}

    clients = await asyncio.gather(*(Workshop(**options).open() for _ in range(20)))
    await asyncio.gather(*(client.describe_machine(machine_name="m") for client in clients))
    plain = [is_plain(client) and not has_compat(client) for client in clients]
    await asyncio.gather(*(client.close() for client in clients))

    assert plain == [True] * 20
    assert [sent.target for sent in service.sent].count("/keys") == 1
    signed = [sent.headers["authorization"] for sent in service.sent if sent.target == "/"]
    assert len(signed) == 20
    assert all("Credential=AKIDBOX/" in each for each in signed)


@pytest.mark.parametrize(
    "environment",
    [
        {"AWS_RETRY_MODE": "legacy"},
        {"AWS_MAX_ATTEMPTS": "7"},
        {"AWS_USE_FIPS_ENDPOINT": "true"},
        {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
        {"AWS_SDK_UA_APP_ID": "mine"},
        {"AWS_ENDPOINT_URL_WORKSHOP": "http://127.0.0.1:9"},
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
        {"AWS_CREDENTIAL_EXPIRATION": "2040-01-01T00:00:00Z"},
        {"AWS_SOMETHING_OF_TOMORROW": "1"},
        {"BOTOCORE_TCP_KEEPALIVE": "true"},
        {"HTTPS_PROXY": "http://127.0.0.1:9"},
        {"AWS_DEFAULT_REGION": "aws-global"},
        {"AWS_DEFAULT_REGION": "fips-us-east-1"},
    ],
    ids=lambda each: next(iter(each)),
)
async def test_where_more_is_said_aiobotocore_resolves_it(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    async with Workshop() as client:
        assert not is_plain(client)


@pytest.mark.parametrize(
    "text",
    [
        "[default]\nregion = us-east-1\nretry_mode = adaptive\n",
        "[default]\nregion = us-east-1\nendpoint_url = http://127.0.0.1:9\n",
        "[default]\nregion = us-east-1\ns3 =\n  addressing_style = path\n",
        "[default]\nregion = us-east-1\nca_bundle = /nowhere\n",
    ],
)
async def test_a_profile_that_says_more_is_aiobotocores(text: str, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(text)

    async with Workshop() as client:
        assert not is_plain(client)


@pytest.mark.parametrize(
    ("options", "environment", "error", "words"),
    [
        ({}, {}, errors.RegionError, "You must specify a region. Pass region_name"),
        ({"region_name": "no region"}, {}, errors.ConfigurationError, "no region"),
        ({"profile_name": "lost"}, {}, errors.ProfileError, "lost"),
        ({"region_name": "us-east-1", "endpoint_url": "::"}, {}, errors.ConfigurationError, "::"),
        ({"region_name": "us-east-1", "aws_access_key_id": "a"}, {}, errors.CredentialsError, "a"),
        ({"region_name": "us-east-1"}, {"AWS_SECRET_ACCESS_KEY": ""}, errors.CredentialsError, "E"),
        ({"region_name": "us-east-1"}, {"AWS_CA_BUNDLE": " "}, errors.ConfigurationError, "bundle"),
    ],
)
async def test_what_cannot_be_used_is_said_when_the_client_opens(
    options: dict[str, Any],
    environment: dict[str, str],
    error: type[Exception],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(error, match=words):
        await Workshop(**options).open()


@pytest.mark.parametrize("verify", [True, False])
def test_tls_is_set_up_as_aiobotocore_does(verify: bool) -> None:
    def traits(context: ssl.SSLContext) -> dict[str, Any]:
        names = (
            *("protocol", "options", "verify_mode", "verify_flags", "check_hostname"),
            *("minimum_version", "maximum_version", "post_handshake_auth", "keylog_filename"),
            *("security_level", "sni_callback", "hostname_checks_common_name", "num_tickets"),
        )
        found = {name: getattr(context, name) for name in names}
        return {**found, "authorities": context.get_ca_certs(), "ciphers": context.get_ciphers()}

    ours = tls.make_context(verify)

    theirs = AIOHTTPSession(verify=verify)._build_ssl_contexts(None)[0]
    assert traits(ours) == traits(theirs)
    assert tls.is_made_here()


URLS = [
    *("https://host", "https://host/", "http://HOST:80/a/", "https://host:443/a/b?x=1"),
    *("http://[::1]:8080/a", "https://host:8443", "http://host/%7Ea//b/../c/./"),
]
PATHS = ["", "/", "/a", "/a/b/", "//a//b", "/a/../../b", "/a/./b/..", "/%20/é", "a"]


def test_addresses_are_written_and_signed_as_botocore_does() -> None:
    for url, path, prefix in product(URLS, PATHS, (None, "pre.")):
        joined = addresses.join(url, path, prefix)
        assert joined == _urljoin(url, path, prefix)
        assert addresses.host_of(joined) == _host_from_url(joined)
    for path in PATHS:
        assert addresses.without_dots(path) == normalize_url_path(path)
    query = {"a b": "ü/~", "list": ["1", "&"], "number": 5, "empty": ""}
    assert addresses.query_text(query) == percent_encode_sequence(query)
    assert set(SIGNED_HEADERS_BLACKLIST) == addresses.UNSIGNED_HEADERS


# aiobotocore's client, when it is needed


def traced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Patch aiobotocore as instrumentation does, and return what grows at each call."""
    seen: list[str] = []
    original = AioBaseClient._make_api_call

    async def trace(self: Any, name: str, params: Any) -> Any:
        seen.append(name)
        return await original(self, name, params)

    monkeypatch.setattr(AioBaseClient, "_make_api_call", trace)
    return seen


async def test_calls_of_the_fast_lane_make_no_aiobotocore_client(service: HttpService) -> None:
    async with Workshop(region_name="us-east-1", endpoint_url=service.url) as client:
        await client.describe_machine(machine_name="m")
        await client.warm_up("describe_machine")
        service.script = [answer(status=500), answer()]
        await client.describe_machine(machine_name="m")
        assert not has_compat(client)
    assert client.closed


async def test_many_clients_opened_at_once_and_closed_unused(service: HttpService) -> None:
    options: dict[str, Any] = {"region_name": "us-east-1", "endpoint_url": service.url}
    clients = await asyncio.gather(*(Workshop(**options).open() for _ in range(50)))
    used = clients[:5]
    await asyncio.gather(*(client.describe_machine(machine_name="m") for client in used))
    await asyncio.gather(*(client.close() for client in clients))
    await asyncio.gather(*(client.close() for client in clients))

    assert len(service.sent) == 5
    with pytest.raises(errors.ClientClosedError):
        await clients[0].describe_machine(machine_name="m")


async def test_a_call_that_is_handed_over_later_goes_by_what_was_resolved(
    service: HttpService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One client, many calls at once: the environment changes after it was opened."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", service.url)
    async with Workshop(region_name="eu-west-1") as client:
        await client.describe_machine(machine_name="m")
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDOTHER")
        monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
        seen = traced(monkeypatch)
        await asyncio.gather(*(client.describe_machine(machine_name="m") for _ in range(5)))
        lane: Any = client._connection.lane
        compat = await lane.footing.compat()
        assert compat.retries is lane.retries
        assert compat.retries.mode == "standard"
        assert compat.client.meta.config.retries == {"mode": "standard"}

    assert seen == ["DescribeMachine"] * 5
    assert {each.headers["authorization"].split("/")[0] for each in service.sent} == {
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE"
    }
    assert all("/eu-west-1/" in each.headers["authorization"] for each in service.sent)
    assert len({each.connection for each in service.sent}) <= 5  # one pool


async def test_a_client_that_cannot_be_made_later_says_why(
    service: HttpService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Workshop(region_name="eu-west-1", endpoint_url=service.url) as client:
        monkeypatch.setenv("AWS_PROFILE", "lost")

        traced(monkeypatch)
        with pytest.raises(errors.ProfileError, match="lost"):
            await client.describe_machine(machine_name="m")


async def test_a_session_class_of_somebodys_own_is_asked(
    service: HttpService, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    original = AioSession.get_credentials

    async def get_credentials(self: Any) -> Any:
        asked.append("credentials")
        return await original(self)

    monkeypatch.setattr(AioSession, "get_credentials", get_credentials)
    async with Workshop(region_name="us-east-1", endpoint_url=service.url) as client:
        assert not is_plain(client)
    assert asked


async def test_options_of_a_config_are_aiobotocores(service: HttpService) -> None:
    config = AioConfig(read_timeout=1)
    async with Workshop(region_name="us-east-1", endpoint_url=service.url, config=config) as client:
        assert not is_plain(client)
        assert str(client.pipeline) == FAST


# What is loaded

SLOW = [
    *("aiobotocore.client", "aiobotocore.session", "aiobotocore.httpsession"),
    *("botocore.client", "botocore.session", "botocore.utils", "botocore.parsers", "urllib3"),
    *("aiohttp", "botocore.retries", "aiobotantic.retry"),
]
LOADED = """
import asyncio, json, sys
slow = json.loads(sys.argv[2])
sys.path[:0] = sys.argv[3:]
from sample_service import Workshop
told = []

def tell():
    told.append([name for name in slow if name in sys.modules])

async def main():
    tell()
    async with Workshop(region_name="us-east-1", endpoint_url=sys.argv[1]) as client:
        await client.describe_machine(machine_name="m")
        tell()
        import aiobotocore.client
        original = aiobotocore.client.AioBaseClient._make_api_call
        async def traced(self, name, params):
            print("called", name)
            return await original(self, name, params)
        aiobotocore.client.AioBaseClient._make_api_call = traced
        print(client.pipeline)
        await client.describe_machine(machine_name="m")
    print(json.dumps(told))

asyncio.run(main())
"""


async def test_the_first_call_loads_no_client_of_aiobotocore_and_no_aiohttp(
    service: HttpService,
) -> None:
    """What is patched after that is called: here in the one moment that it is loaded."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", LOADED, service.url, json.dumps(SLOW), str(HERE)],
        capture_output=True,
        text=True,
        check=False,
    )

    pipeline, called, told = done.stdout.splitlines() or [done.stderr, "", "[]"]
    assert json.loads(told) == [[], []]
    assert pipeline == "botocore: aiobotocore.client.AioBaseClient._make_api_call is patched"
    assert called == "called DescribeMachine"
