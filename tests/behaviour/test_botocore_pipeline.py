"""What the compat lane does in aiobotocore's place gives the same, and what others hang in runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from unittest import mock

import aiobotocore.httpsession
import aiohttp
import botocore.auth
import botocore.awsrequest
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.awsrequest import AWSRequest, HeadersDict
from botocore.credentials import ReadOnlyCredentials
from botocore.useragent import register_feature_id
from http_service import HttpService, answer, hang_up
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_service import Workshop

from aiobotantic.errors import ConnectionLost
from aiobotantic.lanes.auth import KeptKeyAuth
from aiobotantic.lanes.http_errors import DisconnectedError
from aiobotantic.lanes.prepared import QuickEndpoint
from aiobotantic.pickling import resolve

SigV4Auth = resolve("botocore.auth", "SigV4Auth")
AioEndpoint = resolve("aiobotocore.endpoint", "AioEndpoint")
WORD = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=5)
VALUE = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "Zs")), max_size=9)
NAMES = [
    *("Content-Type", "X-Amz-Target", "x-AMZ-meta-a", "Host", "Date", "X-Amz-Date"),
    *("User-Agent", "Expect", "traceparent", "Authorization", "X-Amz-Content-SHA256"),
    *("Content-Length", "Transfer-Encoding", "X-Amz-Security-Token"),
]
BODIES: list[Any] = [b"", b'{"Name":"n"}', None, "text", bytearray(b"array"), BytesIO(b"file")]
URLS = [
    *("https://example.com/", "http://127.0.0.1:8080/", "https://example.com:443/a//b/../c%20d"),
    *("http://[::1]:80/x?b=2&a=1&a=0&c", "https://example.com/é/~?q=%2F+"),
]
NOW = datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)


def request_of(
    url: str, body: Any, headers: list[tuple[str, str]], context: dict[str, Any], method: str
) -> AWSRequest:
    """Return a request of botocore's: headers of one name stand there twice, as in botocore."""
    if isinstance(body, BytesIO):
        body = BytesIO(body.getvalue())
    request = AWSRequest(method=method, url=url, data=body, params={})
    for name, value in headers:
        request.headers[name] = value
    request.context = dict(context)
    return request


HEADERS = st.lists(st.tuples(st.sampled_from(NAMES), VALUE), max_size=8)
CONTEXTS = st.sampled_from(
    [
        {},
        {"payload_signing_enabled": False},
        {"checksum": {"request_algorithm": {"algorithm": "crc32", "in": "trailer"}}},
        {"checksum": {"request_algorithm": {"algorithm": "crc32", "in": "header"}}},
    ]
)
METHODS = st.sampled_from(["POST", "GET", "put", "HEAD"])
REQUESTS = st.tuples(st.sampled_from(URLS), st.sampled_from(BODIES), HEADERS, CONTEXTS, METHODS)


@given(REQUESTS, st.sampled_from([None, "token"]))
@settings(deadline=None, max_examples=200)
def test_a_request_is_signed_as_botocore_signs_it(given: Any, token: str | None) -> None:
    credentials = ReadOnlyCredentials("AKIDEXAMPLE", "secret", token)
    theirs, ours = request_of(*given), request_of(*given)
    kept = KeptKeyAuth(credentials, "sagemaker", "us-east-1")
    kept._signers, kept._shift = {}, lambda: timedelta(0)
    with mock.patch("botocore.auth.get_current_datetime", lambda **_: NOW):
        SigV4Auth(credentials, "sagemaker", "us-east-1").add_auth(theirs)
        kept.add_auth(ours)

    assert ours.headers.items() == theirs.headers.items()


@given(REQUESTS)
@settings(deadline=None, max_examples=200)
def test_a_request_is_prepared_as_botocore_prepares_it(given: Any) -> None:
    theirs, ours = (
        cls("https://example.com", "example", None, object(), object()).prepare_request(
            request_of(*given)
        )
        for cls in (AioEndpoint, QuickEndpoint)
    )

    for name in ("method", "url", "stream_output", "context"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert type(ours.headers) is HeadersDict
    assert list(ours.headers.items()) == [(name, value) for name, value in theirs.headers.items()]
    for each in (ours, theirs):
        each.body = each.body.read() if isinstance(each.body, BytesIO) else each.body
    assert ours.body == theirs.body


@pytest.fixture
def session() -> AioSession:
    return AioSession()


@pytest.fixture
async def workshop(service: HttpService, session: AioSession) -> AsyncIterator[Workshop]:
    async with Workshop(
        session, region_name="us-east-1", endpoint_url=service.url, pipeline="botocore"
    ) as client:
        yield client


async def describe(client: Workshop) -> Any:
    return await client.describe_machine(machine_name="m")


async def test_headers_that_handlers_set_arrive_and_are_signed(
    service: HttpService, session: AioSession
) -> None:
    def before_sign(request: Any, **_: Any) -> None:
        request.headers["Host"] = "behind.example.com"
        request.headers["X-Signed"] = "by  us"

    def before_send(request: Any, **_: Any) -> None:
        request.headers["X-Late"] = "é"
        request.headers["Accept-Encoding"] = "br"
        del request.headers["amz-sdk-request"]

    session.register("before-sign.workshop", before_sign)
    session.register("before-send.workshop", before_send)
    async with Workshop(
        session, region_name="us-east-1", endpoint_url=service.url, pipeline="botocore"
    ) as client:
        await describe(client)

    headers = service.sent[0].headers
    assert headers["host"] == "behind.example.com"
    assert (headers["x-signed"], headers["x-late"]) == ("by  us", "é")
    assert headers["accept-encoding"] == "identity"
    assert "amz-sdk-request" not in headers
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-target;x-signed" in (
        headers["authorization"]
    )


@pytest.mark.parametrize(
    ("name", "value"), [("Transfer-Encoding", "chunked"), ("Expect", "100-continue")]
)
async def test_headers_that_change_how_a_request_is_sent_are_minded(
    service: HttpService, session: AioSession, name: str, value: str
) -> None:
    def before_send(request: Any, **_: Any) -> None:
        del request.headers["Content-Length"]
        request.headers[name] = value

    session.register("before-send.workshop", before_send)
    async with Workshop(
        session, region_name="us-east-1", endpoint_url=service.url, pipeline="botocore"
    ) as client:
        await describe(client)

    assert service.sent[0].headers[name.lower()] == value
    assert service.sent[0].body == {"MachineName": "m"}


async def test_handlers_see_the_answer_as_aiobotocore_shows_it(
    service: HttpService, session: AioSession
) -> None:
    service.script = [answer({"MachineName": "m"}, headers={"X-Odd": "a"})]
    seen: list[Any] = []

    async def before_parse(response_dict: Any, **_: Any) -> None:
        seen.append((response_dict["status_code"], response_dict["body"]))
        response_dict["headers"]["X-Added"] = "by a handler"

    async def after_call(http_response: Any, parsed: Any, **_: Any) -> None:
        seen.append((http_response.status_code, await http_response.content))
        seen.append((http_response.raw.status, await http_response.raw.read()))
        seen.append((http_response.url, http_response.headers["x-odd"], await http_response.text))
        seen.append(parsed["MachineName"])

    session.register("before-parse.workshop", before_parse)
    session.register("after-call.workshop", after_call)
    async with Workshop(
        session, region_name="us-east-1", endpoint_url=service.url, pipeline="botocore"
    ) as client:
        machine = await describe(client)

    body = b'{"MachineName": "m"}'
    assert seen == [
        *((200, body), (200, body), (200, body)),
        *((f"{service.url}/", "a", body.decode()), "m"),
    ]
    assert machine.response_metadata.headers["x-added"] == "by a handler"


async def test_the_user_agent_says_what_a_call_made_use_of_and_only_that(
    service: HttpService, session: AioSession
) -> None:
    def once(**_: Any) -> None:
        if not service.sent:
            register_feature_id("WAITER")

    session.register("before-call.workshop", once)
    config = AioConfig(user_agent_extra="team/mill", user_agent_appid="app")
    async with Workshop(
        *(session,),
        region_name="us-east-1",
        endpoint_url=service.url,
        pipeline="botocore",
        config=config,
    ) as client:
        for _ in range(3):
            await describe(client)

    agents = [sent.headers["user-agent"].split(" ") for sent in service.sent]
    features = [
        set(part.removeprefix("m/").split(","))
        for agent in agents
        for part in agent
        if part.startswith("m/")
    ]
    assert features[0] == features[1] | {"B"}
    assert features[1] == features[2]
    for agent in agents:
        assert {"app/app", "team/mill"} < set(agent)


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (aiobotocore.httpsession.AIOHTTPSession, "send"),
        (aiohttp.ClientSession, "_request"),
        (botocore.awsrequest.AWSRequest, "prepare"),
        (AioEndpoint, "prepare_request"),
        (botocore.auth.SigV4Auth, "canonical_request"),
        (botocore.auth.SigV4Auth, "canonical_headers"),
        (botocore.auth.SigV4Auth, "headers_to_sign"),
        (botocore.auth.SigV4Auth, "signature"),
        (botocore.auth.SigV4Auth, "_inject_signature_to_request"),
    ],
)
async def test_what_is_left_out_is_called_where_somebody_replaced_it(
    service: HttpService, workshop: Workshop, owner: Any, name: str
) -> None:
    await describe(workshop)
    original = getattr(owner, name)
    seen: list[str] = []

    def replacement(*args: Any, **kwargs: Any) -> Any:
        seen.append(name)
        return original(*args, **kwargs)

    with mock.patch.object(owner, name, replacement):
        await describe(workshop)
    called = len(seen)
    await describe(workshop)

    assert 1 <= called == len(seen)
    assert [sent.body for sent in service.sent] == [{"MachineName": "m"}] * 3


async def test_a_connection_that_is_lost_is_said_as_aiobotocore_says_it(
    service: HttpService, session: AioSession, workshop: Workshop
) -> None:
    seen: list[Exception] = []

    def received(exception: Any, **_: Any) -> None:
        seen.append(exception)

    session.register("response-received.workshop", received)
    service.script = [hang_up]
    async with Workshop(
        session, region_name="us-east-1", endpoint_url=service.url, pipeline="botocore"
    ) as client:
        with pytest.raises(ConnectionLost):
            await client.with_options(retries=0).describe_machine(machine_name="m")

    assert [type(error).__name__ for error in seen] == ["ConnectionClosedError"]
    assert isinstance(seen[0].__cause__, DisconnectedError)


async def test_cookies_are_not_kept(service: HttpService, workshop: Workshop) -> None:
    service.script = [answer(headers={"Set-Cookie": "a=b"})]
    await describe(workshop)
    await describe(workshop)

    assert "cookie" not in service.sent[1].headers
