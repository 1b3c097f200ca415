"""Which lane a client takes: every case of the gate, and that what was hung in is really called."""

from __future__ import annotations

import asyncio
import functools
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import aiobotocore.httpsession
import botocore.handlers
import pytest
import wrapt
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore import UNSIGNED
from http_service import HttpService, answer
from minispec import Generate
from protocol.raw_server import Answer, RawServer
from sample_service import Workshop

from aiobotantic.errors import CredentialsError
from aiobotantic.lanes.gate import _PATCHED
from aiobotantic.pickling import resolve

PLACES = [f"{module}.{path}" for module, path in _PATCHED]
FAST = "fast: nothing asks for aiobotocore's own pipeline"


async def describe(client: Workshop) -> None:
    await client.describe_machine(machine_name="m")


@pytest.fixture
def lanes(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """A function that says which lane each call since the last look took."""
    caplog.set_level(logging.DEBUG)

    def look() -> list[str]:
        seen = []
        for record in caplog.records:
            if record.name == "aiobotantic.lanes.fast":
                seen.append("fast")
            elif record.name == "botocore.endpoint" and "Sending http request" in record.message:
                seen.append("botocore")
            elif record.name == "aiobotocore.endpoint" and "Sending http" in record.message:
                seen.append("botocore")
        caplog.clear()
        return seen

    return look


async def test_a_client_that_nothing_was_hung_into_takes_the_fast_lane(
    service: HttpService, lanes: Callable[[], list[str]]
) -> None:
    async with Workshop(region_name="us-east-1", endpoint_url=service.url) as client:
        await describe(client)
        assert str(client.pipeline) == FAST
    assert lanes() == ["fast"]


async def test_a_client_may_ask_for_the_other_lane(
    service: HttpService, lanes: Callable[[], list[str]]
) -> None:
    async with Workshop(
        region_name="us-east-1", endpoint_url=service.url, pipeline="botocore"
    ) as client:
        await describe(client)
        assert str(client.pipeline) == "botocore: the client was made with pipeline='botocore'"
    assert lanes() == ["botocore"]


async def test_a_session_of_the_users_own_that_is_as_new_takes_the_fast_lane(
    service: HttpService,
) -> None:
    async with Workshop(AioSession(), region_name="us-east-1", endpoint_url=service.url) as client:
        assert str(client.pipeline) == FAST


@pytest.mark.parametrize("how", ["register", "register_first", "register_last"])
async def test_a_handler_on_the_session_is_called(service: HttpService, how: str) -> None:
    session = AioSession()
    seen: list[str] = []
    emitter = session.get_component("event_emitter")
    getattr(emitter, how)("before-send.workshop", lambda **_: seen.append("called"))

    async with Workshop(session, region_name="us-east-1", endpoint_url=service.url) as client:
        await describe(client)
        found = str(client.pipeline)

    assert found == "botocore: a handler of before-send.workshop is registered with the session"
    assert seen == ["called"]


async def test_a_handler_that_was_taken_away_is_not_called(service: HttpService) -> None:
    session = AioSession()
    session.unregister("request-created", botocore.handlers.add_retry_headers)

    async with Workshop(session, region_name="us-east-1", endpoint_url=service.url) as client:
        await describe(client)
        found = str(client.pipeline)

    assert found == "botocore: a handler of request-created is registered with the session"
    assert "amz-sdk-request" not in service.sent[0].headers


async def test_a_handler_that_a_mock_adds_to_every_session_is_called(
    service: HttpService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`moto` does so when it is imported: its answers must not come from AWS itself."""

    seen: list[str] = []

    class Stub:
        def __call__(self, **_: Any) -> None:
            seen.append("called")

    handlers = [*botocore.handlers.BUILTIN_HANDLERS, ("before-send", Stub())]
    monkeypatch.setattr(botocore.handlers, "BUILTIN_HANDLERS", handlers)
    for session in (None, AioSession()):
        async with Workshop(session, region_name="us-east-1", endpoint_url=service.url) as client:
            await describe(client)
            found = str(client.pipeline)
        assert found == "botocore: a handler of before-send is registered with the session"
    assert seen == ["called", "called"]


Wrap = Callable[[Any, list[str]], Any]


def by_wrapt(original: Any, seen: list[str]) -> Any:
    def trace(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        seen.append("called")
        return wrapped(*args, **kwargs)

    return wrapt.FunctionWrapper(original, trace)


def by_functools(original: Any, seen: list[str]) -> Any:
    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        seen.append("called")
        return original(*args, **kwargs)

    return wrapper


def by_mock(original: Any, seen: list[str]) -> Any:
    class Called(mock.MagicMock):
        def __get__(self, instance: Any, owner: Any) -> Any:
            return self if instance is None else functools.partial(self, instance)

    def call(*args: Any, **kwargs: Any) -> Any:
        seen.append("called")
        return original(*args, **kwargs)

    return Called(side_effect=call)


@contextmanager
def replaced(place: str, wrap: Wrap) -> Iterator[list[str]]:
    """Replace a function, and yield what grows at each call of what stands in its place."""
    path, _, name = place.rpartition(".")
    module, _, cls = path.rpartition(".")
    owner = resolve(module, cls)
    seen: list[str] = []
    with mock.patch.object(owner, name, wrap(getattr(owner, name), seen)):
        yield seen


@pytest.mark.parametrize("wrap", [by_wrapt, by_functools, by_mock])
@pytest.mark.parametrize("place", PLACES)
async def test_a_patch_is_called_if_it_came_before_the_client_and_after(
    service: HttpService, place: str, wrap: Wrap
) -> None:
    options: dict[str, Any] = {"region_name": "us-east-1", "endpoint_url": service.url}
    with replaced(place, wrap) as seen:
        async with Workshop(**options) as client:
            await describe(client)
            assert str(client.pipeline) == f"botocore: {place} is patched"
            assert seen == ["called"]

    async with Workshop(**options) as client:
        await describe(client)
        assert str(client.pipeline) == FAST
        with replaced(place, wrap) as seen:
            await describe(client)
            assert str(client.pipeline) == f"botocore: {place} is patched"
            assert seen == ["called"]
        await describe(client)
        assert str(client.pipeline) == FAST


BEFORE = """
import asyncio, functools, sys
sys.path[:0] = sys.argv[2:]
import contrib.aiobotocore.patch as patch
from sample_service import Workshop

async def main():
    async with Workshop(region_name="us-east-1", endpoint_url=sys.argv[1]) as client:
        await client.describe_machine(machine_name="m")
        print(client.pipeline, patch.SEEN)

asyncio.run(main())
"""
PATCH = """
import functools
from aiobotocore.client import AioBaseClient

SEEN = []
original = AioBaseClient._make_api_call

@functools.wraps(original)
async def traced(self, name, params):
    SEEN.append(name)
    return await original(self, name, params)

AioBaseClient._make_api_call = traced
"""


async def test_a_patch_of_before_we_were_loaded_is_called(
    service: HttpService, tmp_path: Path
) -> None:
    folder = tmp_path / "contrib" / "aiobotocore"
    folder.mkdir(parents=True)
    (folder / "patch.py").write_text(PATCH)
    here = str(Path(__file__).parents[1])
    run = functools.partial(subprocess.run, capture_output=True, text=True, check=False)

    done = await asyncio.to_thread(
        run, [sys.executable, "-c", BEFORE, service.url, str(tmp_path), here]
    )

    assert done.stdout == (
        "botocore: aiobotocore.client.AioBaseClient._make_api_call is patched "
        "['DescribeMachine']\n"
    ), done.stderr


class Own(aiobotocore.httpsession.AIOHTTPSession):
    """An HTTP session of the user's."""


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"retries": {"mode": "adaptive"}}, "adaptive retries are aiobotocore's"),
        ({"signature_version": UNSIGNED}, "requests are not signed"),
        ({"signature_version": "v3"}, "the signature version is v3, not v4"),
        ({"auth_scheme_preference": "sigv4a"}, "the Config prefers an authentication scheme"),
        ({"http_session_cls": Own}, "the HTTP session is Own"),
    ],
)
async def test_options_that_only_aiobotocores_pipeline_knows(
    service: HttpService, config: dict[str, Any], reason: str, lanes: Callable[[], list[str]]
) -> None:
    async with Workshop(
        region_name="us-east-1", endpoint_url=service.url, config=AioConfig(**config)
    ) as client:
        await describe(client)
        assert str(client.pipeline) == f"botocore: {reason}"
    assert lanes() == ["botocore"]
    signed = "authorization" in service.sent[0].headers
    assert signed == (config.get("signature_version", "v4") in ("v4",))


async def test_retry_modes_that_are_ours_take_the_fast_lane(service: HttpService) -> None:
    for mode in ("legacy", "standard"):
        async with Workshop(
            region_name="us-east-1",
            endpoint_url=service.url,
            config=AioConfig(retries={"mode": mode}),
        ) as client:
            assert str(client.pipeline) == FAST


@pytest.mark.filterwarnings("ignore:requests go to http")
@pytest.mark.parametrize("how", ["config", "environment", "lower case", "all"])
async def test_a_proxy_is_used(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with RawServer() as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        config = None
        if how == "config":
            config = AioConfig(proxies={"http": url})
        else:
            names = {"environment": "HTTP_PROXY", "lower case": "http_proxy", "all": "ALL_PROXY"}
            monkeypatch.setenv(names[how], url)
        proxy.answer = Answer(200, {"Content-Length": "2"})
        async with Workshop(
            region_name="us-east-1", endpoint_url="http://workshop.invalid", config=config
        ) as client:
            if how == "all":  # botocore asks for the proxy of the address's own scheme only
                assert str(client.pipeline) == FAST
                return
            await describe(client)
            assert str(client.pipeline) == "botocore: requests go through a proxy"
    assert [sent.target for sent in proxy.arrived] == ["http://workshop.invalid/"]


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
async def test_an_address_that_no_proxy_names_takes_the_fast_lane(
    service: HttpService, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv(name, "127.0.0.1")
    async with Workshop(region_name="us-east-1", endpoint_url=service.url) as client:
        await describe(client)
        assert str(client.pipeline) == FAST
    assert service.operations == ["DescribeMachine"]


async def test_a_proxy_of_another_scheme_is_none(
    service: HttpService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    async with Workshop(region_name="us-east-1", endpoint_url=service.url) as client:
        await describe(client)
        assert str(client.pipeline) == FAST


async def test_without_credentials_aiobotocore_says_what_is_missing(
    service: HttpService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    async with Workshop(region_name="us-east-1", endpoint_url=service.url) as client:
        assert str(client.pipeline) == "botocore: there are no credentials"
        with pytest.raises(CredentialsError, match="aws_access_key_id"):
            await describe(client)
    assert service.sent == []


SPEC: dict[str, Any] = {
    "metadata": {"protocol": "rest-json"},
    "operations": {
        "Plain": {"http": {"method": "POST", "requestUri": "/plain"}, "input": "Named"},
        "Put": {"http": {"method": "POST", "requestUri": "/put"}, "input": "Upload"},
        "Get": {"http": {"method": "GET", "requestUri": "/get"}, "output": "Download"},
        "Listen": {"http": {"method": "GET", "requestUri": "/e"}, "output": "EventsResponse"},
        "Sum": {
            "http": {"method": "POST", "requestUri": "/sum"},
            "input": "Named",
            "httpChecksumRequired": True,
        },
        "Open": {
            "http": {"method": "POST", "requestUri": "/open"},
            "input": "Named",
            "authtype": "none",
        },
    },
    "shapes": {
        "Named": {"members": {"Name": "String"}},
        "Upload": {"members": {"Body": "Stream"}, "payload": "Body"},
        "Download": {"members": {"Body": "Stream"}, "payload": "Body"},
        "Stream": {"type": "blob", "streaming": True},
        "EventsResponse": {"members": {"Events": "Events"}, "payload": "Events"},
        "Events": {"members": {"Said": "Said"}, "eventstream": True},
        "Said": {"members": {"Text": "String"}, "event": True},
    },
}


class Readable:
    """A body that is read while it is sent."""

    def __init__(self) -> None:
        self.left = [b"ab", b"c"]

    async def read(self, size: int = -1) -> bytes:
        return self.left.pop(0) if self.left else b""


async def test_calls_that_send_a_stream_or_need_more_take_aiobotocores_pipeline(
    generated: Generate, service: HttpService, lanes: Callable[[], list[str]]
) -> None:
    mini = generated(SPEC)
    service.script = [answer(b"")]
    async with mini.module("client").Mini(
        region_name="us-east-1", endpoint_url=service.url
    ) as client:
        for call, lane in (
            (lambda: client.plain(name="n"), "fast"),
            (lambda: client.put(body=b"bytes"), "fast"),
            (lambda: client.put(body=Readable()), "botocore"),
            (lambda: client.get(), "fast"),
            (lambda: client.listen(), "fast"),
            (lambda: client.sum(name="n"), "botocore"),
            (lambda: client.open_(name="n"), "botocore"),
        ):
            gave = await call()
            assert lanes() == [lane], service.sent[-1].target
            for streamed in ("body", "events"):
                if hasattr(gave, streamed):
                    await getattr(gave, streamed).close()
        assert str(client.pipeline) == FAST
    sent = {each.target: each for each in service.sent}
    assert [each.content for each in service.sent if each.target == "/put"] == [b"bytes", b"abc"]
    assert "x-amz-checksum-crc32" in sent["/sum"].headers
    assert "authorization" not in sent["/open"].headers
    assert "authorization" in sent["/plain"].headers
