"""Requests that keep every limit, by strict clients of plain settings, beside botocore's.

They are checked on their bytes where they are structures, and written in one pass where they come
by AWS's names.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from behaviour.botocore_peer import botocore_data
from protocol.raw_server import Answer, RawServer

from aiobotantic.lanes.fast import FastLane
from aiobotantic.lanes.footing import PlainFooting
from aiobotantic.testing.build import build
from differential.beside import KEYS, TOKENS, Botocores, Pair
from differential.test_same_as_botocore import CLIENTS

TOKEN = "0" * 36
BODY = b'{"__type": "ValidationException", "message": "no"}'
REFUSED = Answer(400, {"Content-Length": str(len(BODY))}, BODY)
"""Every operation may be answered so, and it is not sent again."""


@pytest.mark.parametrize("service", sorted(CLIENTS))
def test_what_strict_clients_send(
    service: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    most = max(2, request.config.getoption("--examples") // 5)
    with asyncio.Runner() as runner:
        pair, operations = runner.run(compare(service, most, tmp_path))
    assert pair.compared.problems == {}
    assert pair.compared.requests == pair.compared.errors == operations * most * 2


async def compare(service: str, most: int, folder: Path) -> tuple[Pair, int]:
    """Send requests through both doors; return what was compared, and how many operations."""
    token = TOKENS[1]
    async with (
        RawServer() as server,
        CLIENTS[service](
            region_name="eu-central-1",
            endpoint_url=f"http://127.0.0.1:{server.port}",
            aws_session_token=token,
            **KEYS,
        ) as client,
    ):
        lane = client._connection.lane
        assert isinstance(lane, FastLane)
        assert isinstance(lane.footing, PlainFooting)
        data = botocore_data(folder / "data", service)
        theirs = Botocores(service, client.endpoint_url, data, token, "eu-central-1")
        pair = Pair(server, client, theirs)
        for operation in client.operations().values():
            for number in range(most):
                made = build(operation.request_class, seed=number, optional=number != 1)
                members = with_tokens(made.to_wire(), theirs.model(operation.name).input_shape)
                made = operation.request_class.from_wire(members)
                await pair.trip(operation, members, REFUSED, made)
                await pair.trip(operation, members, REFUSED)
        theirs.client.close()
        return pair, len(client.operations())


def with_tokens(members: dict[str, Any], shape: Any) -> dict[str, Any]:
    """Return members with the tokens that each client would make up."""
    each = shape.members.items() if shape else ()
    tokens = {name: TOKEN for name, member in each if member.metadata.get("idempotencyToken")}
    return {**tokens, **members}
