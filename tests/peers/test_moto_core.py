"""Every operation of every service through `moto.core`, both directions.

moto.core parses what our clients send and writes what our clients read, given the models as they
stand in specs/. A request must arrive as it was given, a response must be read as it was written,
and a modelled error must be raised as its class.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime
from enum import Enum
from importlib import import_module
from typing import Any

import pytest
from aiohttp import web

import aiosagemaker
from aiobotantic.bodies import StreamingBody
from aiobotantic.client import Client
from aiobotantic.event_stream import EventStream
from aiobotantic.manifest import spec_versions
from aiobotantic.structure import Structure
from aiobotantic.testing.build import build
from peers.moto_peer import SPECS, Peer, moto_error

SEEDS = (0, 1)
CLIENTS: dict[str, type[Client]] = {
    client.SERVICE.name: client
    for client in (getattr(aiosagemaker, name) for name in dir(aiosagemaker))
    if isinstance(client, type) and issubclass(client, Client)
}
SERVICES = sorted(folder.name for folder in SPECS.iterdir() if folder.is_dir())

_OVERWRITTEN = "moto.core writes a Content-Type of its own over the member's"
_DROPPED = "moto.core writes no headers that are members beside an event stream"
PEER_MISSES = {
    ("InvokeEndpoint response", "ContentType"): _OVERWRITTEN,
    ("InvokeInferenceRouter response", "ContentType"): _OVERWRITTEN,
    ("Sample response", "ContentType"): _OVERWRITTEN,
    ("SampleTrainingSession response", "contentType"): _OVERWRITTEN,
    ("InvokeEndpointWithResponseStream response", "ContentType"): _DROPPED,
    ("InvokeEndpointWithResponseStream response", "CustomAttributes"): _DROPPED,
    ("InvokeEndpointWithResponseStream response", "InvokedProductionVariant"): _DROPPED,
    ("SampleTrainingSessionWithResponseStream response", "contentType"): _OVERWRITTEN,
    ("SampleWithResponseStream response", "ContentType"): _OVERWRITTEN,
}
"""Operation and direction, and the member that moto.core gets wrong, with the reason."""


@pytest.fixture
async def peer(service_name: str) -> AsyncIterator[Peer]:
    peer = Peer(service_name)
    runner = web.ServerRunner(web.Server(peer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    peer.url = site.name
    yield peer
    await runner.cleanup()


@pytest.fixture
async def client(service_name: str, peer: Peer) -> AsyncIterator[Client]:
    async with CLIENTS[service_name](region_name="us-east-1", endpoint_url=peer.url) as client:
        yield client.with_options(retries=0)


def test_every_service_is_here() -> None:
    assert len(SERVICES) == 10
    assert sorted(CLIENTS) == SERVICES == sorted(spec_versions("aiosagemaker"))


@pytest.mark.parametrize("service_name", SERVICES)
async def test_operations_round_trip(service_name: str, peer: Peer, client: Client) -> None:
    operations = client.operations()
    assert set(operations) == set(peer.names)
    differing: set[tuple[str, str]] = set()
    for name, operation in operations.items():
        for seed in SEEDS:
            request = build(operation.request_class, seed=seed)
            response = build(operation.response_class, seed=seed)
            peer.answer = await plain(response)
            returned = await client.send(request)
            assert type(returned) is operation.response_class
            assert returned.response_metadata.request_id == f"peer-{name}"
            for direction, found, expected in (
                ("request", peer.received, await plain(request)),
                ("response", await plain(returned), await plain(response)),
            ):
                found = await plain(found)
                differing |= {(f"{name} {direction}", member) for member in differ(found, expected)}
    assert differing == {miss for miss in PEER_MISSES if miss[0].partition(" ")[0] in operations}


@pytest.mark.parametrize("service_name", SERVICES)
async def test_modelled_errors_are_raised_as_their_class(
    service_name: str, peer: Peer, client: Client
) -> None:
    errors = import_module(f"{client.SERVICE.package}.errors").ERRORS
    for name, operation in client.operations().items():
        request = build(operation.request_class)
        for code in operation.errors:
            members = {wire: MEMBERS[kind] for wire, kind in peer.error_members(code)}
            peer.answer = moto_error(code, f"{name} went wrong", members)
            with pytest.raises(errors[code]) as raised:
                await client.send(request)
            error = raised.value
            assert type(error) is errors[code]
            assert (error.code, error.message) == (code, f"{name} went wrong")
            assert error.request_id == f"peer-{name}"
            attributes = {wire: getattr(error, field) for field, wire in error.MEMBERS.items()}
            assert attributes == members


MEMBERS = {"string": "text", "integer": 503, "list": ["one", "two"]}
"""What a member of an error holds, by the type of its shape."""


async def plain(value: Any) -> Any:
    """Return plain data: times as seconds, so that time zones do not matter; streams as read."""
    if isinstance(value, StreamingBody):
        return await value.read()
    if isinstance(value, EventStream):
        return [await plain(event) async for event in value]
    if isinstance(value, Structure):
        members = {name: value[name] for name in value.to_wire()}
        return {name: await plain(each) for name, each in members.items()}
    if isinstance(value, Mapping):
        return {str(await plain(key)): await plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [await plain(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    return value.timestamp() if isinstance(value, datetime) else value


def differ(found: Mapping[str, Any], expected: Mapping[str, Any]) -> Iterator[str]:
    """Yield the members that differ."""
    for name in sorted({*found, *expected}):
        if found.get(name) != expected.get(name):
            yield name
