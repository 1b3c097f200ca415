"""Connections that cannot be made, or not in time: nothing was sent."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiobotocore.config import AioConfig
from botocore import exceptions as botocore
from faulty import create, describe

from aiobotantic import errors
from aiobotantic.testing.front import Front
from aiobotantic.testing.mishaps import Cut, Instead
from aiosagemaker import SageMaker, SageMakerRuntime
from aiosagemaker.sagemaker_runtime.models import PayloadPart, ResponseStream
from aiosagemaker.testing import SageMakerServer

STREAM = "InvokeEndpointWithResponseStream"


async def test_a_connection_that_is_refused_is_tried_again_by_every_operation(
    server: SageMakerServer, front: Front, client: SageMaker
) -> None:
    async with front.refused():
        with pytest.raises(errors.ConnectError, match="CreateImage: no connection at") as caught:
            await create(client)

    assert isinstance(caught.value, botocore.EndpointConnectionError)
    assert (caught.value.sent, caught.value.attempts) == (False, 3)
    assert server.journal == []

    async with front.refused():
        call = asyncio.ensure_future(create(client.with_options(retries=5)))
        await asyncio.sleep(0.1)
    assert (await call).response_metadata.attempts > 1
    assert len(server.requests("CreateImage")) == 1


async def test_a_name_that_nobody_knows(
    server: SageMakerServer, pipeline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(host: Any, *args: Any, **options: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with server.client(endpoint_url="http://service.invalid:1", pipeline=pipeline) as client:
        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        with pytest.raises(errors.ConnectError, match=r"service\.invalid.*not known") as caught:
            await create(client.with_options(retries=1))

    assert isinstance(caught.value, botocore.EndpointConnectionError)
    assert (caught.value.sent, caught.value.attempts) == (False, 2)


async def test_a_host_that_does_not_answer(server: SageMakerServer, pipeline: Any) -> None:
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    callers = [socket.socket() for _ in range(4)]
    for caller in callers:  # whoever comes after those waits
        caller.setblocking(False)
        caller.connect_ex(full.getsockname())
    config = AioConfig(connect_timeout=0.2)
    url = f"http://127.0.0.1:{full.getsockname()[1]}"
    async with server.client(endpoint_url=url, pipeline=pipeline, config=config) as client:
        with pytest.raises(errors.ConnectTimedOut, match="no connection in time") as caught:
            await create(client.with_options(retries=0))
    for each in (full, *callers):
        each.close()

    assert isinstance(caught.value, botocore.ConnectTimeoutError)
    assert not caught.value.sent


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """An authority that nobody trusts, and what serves at 127.0.0.1 with a certificate of it."""
    authority = trustme.CA()
    file = tmp_path_factory.mktemp("tls") / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return file, context


@pytest.fixture
async def tls_front(
    server: SageMakerServer, certificate: tuple[Path, ssl.SSLContext]
) -> AsyncIterator[Front]:
    """A front that speaks TLS with that certificate."""
    async with server.front(tls=certificate[1]) as running:
        yield running


async def test_an_early_answer_over_tls_keeps_no_connection_with_an_upload_on_it(
    certificate: tuple[Path, ssl.SSLContext],
) -> None:
    heads: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        body = b'{"message": "no"}'
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await asyncio.sleep(5)
        writer.close()

    serving = {"ssl": certificate[1], "limit": 1000}
    async with await asyncio.start_server(refuse, "127.0.0.1", 0, **serving) as raw:
        url = f"https://127.0.0.1:{raw.sockets[0].getsockname()[1]}"
        keys: Any = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
        async with SageMakerRuntime(
            region_name="us-east-1", endpoint_url=url, verify=str(certificate[0]), **keys
        ) as runtime:
            view = runtime.with_options(retries=0, timeout=4)
            for size in (6_000_000, 1):
                with pytest.raises(errors.ServiceError):
                    await view.invoke_endpoint(endpoint_name="e", body=b"x" * size)

    assert len(heads) == 2


async def test_an_upload_over_tls_that_goes_on_is_not_late(
    certificate: tuple[Path, ssl.SSLContext],
) -> None:
    """It takes longer than `read_timeout`, and bytes leave all the time."""
    size, took = 40_000_000, 0.0

    async def sip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal took
        begun = time.monotonic()
        await reader.readuntil(b"\r\n\r\n")
        left = size
        while left:
            left -= len(await reader.read(min(left, 400_000)))
            await asyncio.sleep(0.01)
        took = time.monotonic() - begun
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!")
        await writer.drain()

    serving = {"ssl": certificate[1], "limit": 64_000}
    async with await asyncio.start_server(sip, "127.0.0.1", 0, **serving) as raw:
        url = f"https://127.0.0.1:{raw.sockets[0].getsockname()[1]}"
        keys: Any = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
        config = AioConfig(read_timeout=1)
        async with SageMakerRuntime(
            region_name="us-east-1",
            endpoint_url=url,
            verify=str(certificate[0]),
            config=config,
            **keys,
        ) as runtime:
            view = runtime.with_options(retries=0, timeout=60, validation="off")
            answer = await view.invoke_endpoint(endpoint_name="e", body=b"x" * size)

    assert answer.body == b"!"
    assert took > 1


async def test_a_certificate_that_nobody_signed_is_refused_by_default(
    server: SageMakerServer,
    tls_front: Front,
    certificate: tuple[Path, ssl.SSLContext],
    pipeline: Any,
) -> None:
    at = {"endpoint_url": tls_front.url, "pipeline": pipeline}
    async with server.client(**at) as client:
        with pytest.raises(errors.TLSError, match="CERTIFICATE_VERIFY_FAILED") as caught:
            await create(client.with_options(retries=0))
    assert isinstance(caught.value, botocore.SSLError)
    assert not caught.value.sent
    assert server.journal == []

    for verify in (str(certificate[0]), False):
        async with server.client(**at, verify=verify) as client:
            await create(client)
    assert len(server.journal) == 2

    other = tls_front.url.replace("127.0.0.1", "localhost")
    async with server.client(
        endpoint_url=other, pipeline=pipeline, verify=str(certificate[0])
    ) as client:
        with pytest.raises(errors.TLSError, match=r"(?i)hostname|not valid for"):
            await create(client.with_options(retries=0))


async def test_a_port_that_speaks_no_tls(server: SageMakerServer, pipeline: Any) -> None:
    url = server.url.replace("http", "https")
    async with server.client(endpoint_url=url, pipeline=pipeline) as client:
        with pytest.raises(errors.TransportError) as caught:
            await create(client.with_options(retries=0))

    assert not caught.value.sent


@asynccontextmanager
async def through(
    server: SageMakerServer, proxy: str, pipeline: Any, endpoint_url: str
) -> AsyncIterator[SageMaker]:
    config = AioConfig(proxies={"http": proxy, "https": proxy}, connect_timeout=2)
    async with server.client(endpoint_url=endpoint_url, pipeline=pipeline, config=config) as client:
        yield client.with_options(retries=1)


@pytest.mark.parametrize("status", [403, 407, 502])
async def test_a_proxy_that_refuses(server: SageMakerServer, status: int, pipeline: Any) -> None:
    async with server.front() as proxy:
        proxy.next(None, *[Instead(status)] * 2)
        secret = proxy.url.replace("//", "//user:hush@")
        async with through(server, secret, pipeline, "https://127.0.0.1:1") as client:
            with pytest.raises(errors.ProxyError, match="no connection through the proxy") as met:
                await create(client)

    assert isinstance(met.value, botocore.ProxyConnectionError)
    assert not met.value.sent
    assert "hush" not in f"{met.value}{met.value!r}{met.value.kwargs}"
    assert server.journal == []


async def test_a_proxy_that_is_not_there_or_breaks(server: SageMakerServer, pipeline: Any) -> None:
    async with (
        server.front() as proxy,
        through(server, proxy.url, pipeline, "https://127.0.0.1:1") as client,
    ):
        proxy.next(None, Cut("request"), Cut("request", reset=False))
        with pytest.raises(errors.TransportError):
            await create(client)
        async with proxy.refused():
            with pytest.raises(errors.TransportError) as caught:
                await create(client)

    assert not caught.value.sent


async def test_streams_that_are_left_unread_do_not_stop_calls_for_ever(
    endpoint: SageMakerServer[SageMakerRuntime], pipeline: Any
) -> None:
    long = [ResponseStream(payload_part=PayloadPart(bytes_=b"x" * 500_000))] * 8
    config = AioConfig(max_pool_connections=3, connect_timeout=0.5)
    async with (
        endpoint.client(pipeline=pipeline, config=config) as runtime,
        AsyncExitStack() as stack,
    ):
        for _ in range(3):
            endpoint.stream_next(STREAM, long)
        held = [
            await runtime.invoke_endpoint_with_response_stream(endpoint_name="e", body=b"1")
            for _ in range(3)
        ]
        started = time.monotonic()
        with pytest.raises(errors.PoolTimedOut) as caught:
            await runtime.invoke_endpoint(endpoint_name="e", body=b"1")
        assert 0.4 < time.monotonic() - started < 5
        waiting = asyncio.create_task(runtime.invoke_endpoint(endpoint_name="e", body=b"1"))
        await asyncio.sleep(0.2)
        first = await stack.enter_async_context(held[0].body)
        assert len([event async for event in first]) == 8
        await waiting
        for each in held[1:]:
            await each.body.close()
        await runtime.invoke_endpoint(endpoint_name="e", body=b"1")

    assert isinstance(caught.value, botocore.ConnectTimeoutError)
    assert (caught.value.sent, caught.value.attempts) == (False, 1)
    assert str(caught.value).startswith("InvokeEndpoint: no connection in time at http://127.0.0.1")
    assert str(caught.value).endswith(
        "all 3 connections are held by answers that nobody reads: use streamed answers in "
        "`async with`, or close them; AioConfig(max_pool_connections=...) allows for more"
    )


async def test_calls_under_way_may_fill_the_pool_for_any_time(
    server: SageMakerServer, pipeline: Any
) -> None:
    async def wait(operation: str, members: Any) -> None:
        await asyncio.sleep(0.6)

    server.on("DescribeImage", wait)
    config = AioConfig(max_pool_connections=2, connect_timeout=0.2)
    async with server.client(pipeline=pipeline, config=config) as client:
        found = await asyncio.gather(*(describe(client) for _ in range(6)))
        with pytest.raises(errors.CallTimeoutError, match=r"took longer than its 0\.1 s"):
            await asyncio.gather(*(describe(client.with_options(timeout=0.1)) for _ in range(3)))

    assert {each.response_metadata.attempts for each in found} == {1}


async def test_a_wrong_address_is_one_of_the_family(server: SageMakerServer, pipeline: Any) -> None:
    for url in ("http://127.0.0.1:99999", f"http://{'a' * 70}.invalid", "http://0.0.0.0:1"):
        with pytest.raises(errors.AioBotanticError):
            async with server.client(endpoint_url=url, pipeline=pipeline) as client:
                await describe(client.with_options(retries=0))
