"""Every operation through `moto.core`, both directions: not moto's server, its protocol code.

moto.core parses what our client sends and writes what our client reads, given the model as it
stands in specs/. A request must arrive as it was given, a response must be read as it was written,
and a modelled error must be raised as its class.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from moto.core.model import ServiceModel
from moto.core.parse import JSONParser
from moto.core.serialize import JSONSerializer

from aiobotantic.testing.build import build
from aiosagemaker import SageMaker
from aiosagemaker.sagemaker import errors

SPEC = Path(__file__).parents[2] / "specs" / "sagemaker" / "service-2.json"
SEEDS = (0, 1)
OPERATIONS = SageMaker.operations()
ERRORS = [(name, code) for name, operation in OPERATIONS.items() for code in operation.errors]

PEER_MISSES: dict[str, str] = {}
"""Operations that moto.core itself gets wrong, with the reason. None for this service."""


class Peer:
    """An HTTP server whose bodies moto.core parses and writes."""

    def __init__(self) -> None:
        self.model = ServiceModel(json.loads(SPEC.read_text()), "sagemaker")
        self.received: dict[str, Any] = {}
        self.answer: Any = None
        self.url = ""

    async def __call__(self, request: web.Request) -> web.Response:
        name = request.headers["X-Amz-Target"].partition(".")[2]
        operation = self.model.operation_model(name)
        body = await request.read()
        self.received = JSONParser(operation).parse({"body": body})  # type: ignore[typeddict-item]
        answer = JSONSerializer(operation).serialize(self.answer)
        headers = {**answer["headers"], "x-amzn-requestid": f"peer-{name}"}
        return web.Response(
            status=answer["status_code"], headers=headers, body=answer["body"].encode()
        )


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer()
    runner = web.ServerRunner(web.Server(peer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    peer.url = site.name
    yield peer
    await runner.cleanup()


@pytest.fixture
async def sagemaker(peer: Peer) -> AsyncIterator[SageMaker]:
    async with SageMaker(
        region_name="us-east-1",
        endpoint_url=peer.url,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
    ) as client:
        yield client


def test_every_operation_is_here() -> None:
    assert len(OPERATIONS) == 425
    assert set(OPERATIONS) == set(json.loads(SPEC.read_text())["operations"])


async def test_operations_round_trip(peer: Peer, sagemaker: SageMaker) -> None:
    differing = []
    for name, operation in OPERATIONS.items():
        for seed in SEEDS:
            request = build(operation.request_class, seed=seed)
            response = build(operation.response_class, seed=seed)
            peer.answer = response.to_wire()
            returned = await sagemaker.send(request)
            if plain(peer.received) != plain(request.to_wire()):
                differing.append(f"{name} request, seed {seed}")
            if type(returned) is not operation.response_class:
                differing.append(f"{name} response class, seed {seed}")
            if plain(returned.to_wire()) != plain(response.to_wire()):
                differing.append(f"{name} response, seed {seed}")
            assert returned.response_metadata.request_id == f"peer-{name}"
    assert sorted(differing) == sorted(PEER_MISSES)


async def test_modelled_errors_are_raised_as_their_class(peer: Peer, sagemaker: SageMaker) -> None:
    assert len(ERRORS) > 300
    for name, code in ERRORS:
        peer.answer = _moto_error(code, f"{name} went wrong")
        with pytest.raises(errors.ERRORS[code]) as raised:
            await sagemaker.send(build(OPERATIONS[name].request_class))
        assert type(raised.value) is errors.ERRORS[code]
        assert raised.value.code == code
        assert f"{name} went wrong" in str(raised.value)
        assert raised.value.request_id == f"peer-{name}"


def _moto_error(code: str, message: str) -> Exception:
    error = type(code, (Exception,), {"code": code, "message": message})(message)
    assert isinstance(error, Exception)
    return error


def plain(value: Any) -> Any:
    """Times as seconds since the epoch, so that time zones do not matter."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, datetime):
        return value.timestamp()
    return value
