"""Both clients of a mini-spec."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiobotocore.config import AioConfig
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from minispec import Mini
from protocol.raw_server import RawServer

from aiobotantic.client import Client
from differential.beside import KEYS, OPTIONS, TOKENS, Botocores, Pair


@contextmanager
def mini_pair(mini: Mini, address: str, folder: Path) -> Iterator[tuple[asyncio.Runner, Pair]]:
    """Open both clients at an address whose host is this machine; the port is put in."""
    spec = mini.specs / "mini"
    version = json.loads((spec / "service-2.json").read_text())["metadata"]["apiVersion"]
    (folder / "mini").mkdir()
    (folder / "mini" / version).symlink_to(spec)
    host, slash, path = address.partition("/")
    with asyncio.Runner() as runner:
        server = runner.run(RawServer(host.strip("[]")).__aenter__())
        url = f"http://{host}:{server.port}{slash}{path}"
        client = mini.module("client").Mini(
            region_name="us-east-1",
            endpoint_url=url,
            config=AioConfig(**OPTIONS),
            validation="off",
            aws_session_token=TOKENS[1],
            **KEYS,
        )
        runner.run(client.open())
        assert runner.run(_lane_of(client)) == "fast"
        yield runner, Pair(server, client, Botocores("mini", url, folder, TOKENS[1]))
        runner.run(client.close())
        runner.run(server.__aexit__())


async def _lane_of(client: Client) -> str:
    return client.pipeline.lane


def compare(
    runner: asyncio.Runner,
    pair: Pair,
    name: str,
    members: st.SearchStrategy[Any],
    answers: st.SearchStrategy[Any],
    examples: int,
) -> None:
    """Compare examples of an operation."""
    operation = pair.ours.operations()[name]

    @seed(0)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(members, answers)
    def trip(sent: dict[str, Any], answer: Any) -> None:
        runner.run(pair.trip(operation, sent, answer))

    trip()


def problems_of(pair: Pair) -> str:
    """Return what differs, a line for each place."""
    return "\n".join(map(": ".join, pair.compared.problems.items()))
