"""TLS is verified by default, and an address without it on another machine is warned of."""

from __future__ import annotations

import ipaddress
import ssl
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sample_service import Workshop

from aiobotantic import errors, plain_http
from aiobotantic.plain_http import is_loopback


@pytest.fixture(autouse=True)
def nothing_was_warned_of_yet() -> Iterator[None]:
    plain_http._warned.clear()
    yield
    plain_http._warned.clear()


def certificate(folder: Path, host: str) -> Path:
    """Return a file with a certificate that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    try:
        known: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        known = x509.DNSName(host)
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([known]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / f"{host}.pem"
    file.write_bytes(secret + made.public_bytes(pem))
    return file


@asynccontextmanager
async def https(file: Path) -> AsyncIterator[tuple[str, list[str]]]:
    """A server on loopback with a certificate: its address, and the paths it was asked for."""
    asked: list[str] = []

    async def respond(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request.path)
        return web.json_response({})

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    runner = web.ServerRunner(web.Server(respond))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield f"https://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


async def call(url: str, pipeline: Any, **options: Any) -> None:
    async with Workshop(
        region_name="us-east-1", endpoint_url=url, pipeline=pipeline, **options
    ) as client:
        assert client.pipeline.lane == (pipeline or "fast")
        await client.with_options(retries=0).describe_machine(machine_name="m")


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    tmp_path: Path, pipeline: Any
) -> None:
    async with https(certificate(tmp_path, "127.0.0.1")) as (url, asked):
        with pytest.raises(errors.TLSError, match="certificate verify failed: self") as caught:
            await call(url, pipeline)

        assert not caught.value.sent
        assert asked == []


async def test_one_that_the_caller_trusts_is_taken(tmp_path: Path, pipeline: Any) -> None:
    file = certificate(tmp_path, "127.0.0.1")
    async with https(file) as (url, asked):
        await call(url, pipeline, verify=str(file))

        assert asked == ["/"]


async def test_one_of_another_host_is_refused(tmp_path: Path, pipeline: Any) -> None:
    file = certificate(tmp_path, "example.com")
    async with https(file) as (url, asked):
        with pytest.raises(errors.TLSError, match=r"IP address mismatch|is not valid for"):
            await call(url, pipeline, verify=str(file))

        assert asked == []


async def test_verification_ends_where_the_caller_says_so(tmp_path: Path, pipeline: Any) -> None:
    async with https(certificate(tmp_path, "example.com")) as (url, asked):
        await call(url, pipeline, verify=False)
        with pytest.raises(errors.TLSError):  # the context of the first client is not this one's
            await call(url, pipeline)

        assert asked == ["/"]


async def opened(url: str, pipeline: Any) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        client = Workshop(region_name="us-east-1", endpoint_url=url, pipeline=pipeline)
        await client.open()
        await client.close()
    return [each for each in warned if each.category is errors.InsecureEndpointWarning]


async def test_plain_http_to_another_machine_is_warned_of_once(pipeline: Any) -> None:
    (warned,) = await opened("http://workshop.example.com:8080/x", pipeline)

    assert "requests go to http://workshop.example.com:8080 without TLS" in str(warned.message)
    assert "Pass an https address as endpoint_url" in str(warned.message)
    assert warned.filename == __file__
    assert await opened("http://workshop.example.com:8080/y", pipeline) == []
    assert len(await opened("http://10.0.0.8:8080", pipeline)) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://workshop.example.com",
        "http://localhost:4566",
        "http://workshop.localhost:4566",
        "http://127.0.0.1:4566",
        "http://127.8.9.1",
        "http://[::1]:4566",
        "http://[::ffff:127.0.0.1]:4566",
    ],
)
async def test_tls_and_this_machine_are_fine(url: str) -> None:
    assert await opened(url, None) == []


async def test_the_environment_s_address_is_looked_at_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://user:hush@aws.example.com")

    with pytest.warns(errors.InsecureEndpointWarning, match="http://aws.example.com") as warned:
        async with Workshop(region_name="us-east-1"):
            pass

    assert "hush" not in str(warned[0].message)


@pytest.mark.parametrize(
    "host", ["", "0.0.0.0", "10.0.0.1", "127.0.0.1.example.com", "localhost.example.com", "::2"]
)
def test_other_hosts_are_other_machines(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("port", ["99999", "-1", "abc"])
async def test_a_port_that_is_none_is_refused_when_the_client_opens(
    pipeline: Any, port: str
) -> None:
    url = f"http://me:secret@127.0.0.1:{port}"
    client = Workshop(region_name="us-east-1", endpoint_url=url, pipeline=pipeline)

    problem = rf"endpoint_url is http://127\.0\.0\.1:{port}: "
    with pytest.raises(errors.ConfigurationError, match=problem) as caught:
        await client.open()

    assert client.closed
    assert "secret" not in str(caught.value)
