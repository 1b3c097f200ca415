"""Every operation of every service: what the spec allows, through our pipeline and botocore's.

`nox -s differential -- --examples 200` is the long run. Its seed is printed; `--seed` repeats it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from pathlib import Path
from random import SystemRandom
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from behaviour.botocore_peer import botocore_data
from botocore.auth import AUTH_TYPE_MAPS
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from protocol.raw_server import RawServer

import aiosagemaker
from aiobotantic.client import Client
from differential.beside import KEYS, OPTIONS, TOKENS, Botocores, Compared, Pair
from differential.from_spec import answers, errors, members

CLIENTS: dict[str, type[Client]] = {
    client.SERVICE.name: client
    for client in (getattr(aiosagemaker, name) for name in dir(aiosagemaker))
    if isinstance(client, type) and issubclass(client, Client)
}
OPERATIONS = {name: sorted(client.operations()) for name, client in CLIENTS.items()}

ONE_ERROR_IN = 5
"""Examples; errors of one operation are few."""
MOST_TURNS = 50
"""Draws of examples until an operation has enough answers."""


@pytest.fixture(scope="session")
def run_seed(request: pytest.FixtureRequest) -> int:
    """The seed of all examples of this run."""
    given_seed: int | None = request.config.getoption("--seed")
    return SystemRandom().randrange(2**32) if given_seed is None else given_seed


def test_botocore_signs_with_the_signer_that_is_compared(request: pytest.FixtureRequest) -> None:
    """Where awscrt is installed, its signers take the place of botocore's."""
    name = {"botocore": "SigV4Auth", "awscrt": "CrtSigV4Auth"}[request.config.getoption("--signer")]
    assert AUTH_TYPE_MAPS["v4"].__name__ == name


@pytest.mark.parametrize("service_name", sorted(CLIENTS))
def test_requests_and_answers(
    service_name: str, run_seed: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    examples = request.config.getoption("--examples")
    print(f"--seed {run_seed} --examples {examples}")
    with asyncio.Runner() as runner:
        compared = compare_service(runner, service_name, run_seed, examples, tmp_path)
    print(
        f"{service_name}: {compared.requests} requests, {compared.answers} answers, "
        f"{compared.errors} errors"
    )
    problems = [f"{place}: {text}" for place, text in compared.problems.items()]
    assert not problems, f"--seed {run_seed} repeats this:\n" + "\n".join(problems)
    assert compared.requests == compared.answers + compared.errors


def compare_service(
    runner: asyncio.Runner, service: str, run_seed: int, examples: int, folder: Path
) -> Compared:
    """Compare the examples of every operation, with a session token and without."""
    server = runner.run(RawServer().__aenter__())
    url = f"http://127.0.0.1:{server.port}"
    data = botocore_data(folder / "data", service)
    pairs = []
    for token in TOKENS:
        client = CLIENTS[service](
            region_name="us-east-1",
            endpoint_url=url,
            config=AioConfig(**OPTIONS),
            validation="off",
            aws_session_token=token or None,
            **KEYS,
        )
        runner.run(client.open())
        theirs = Botocores(service, url, data, token)
        pairs.append(Pair(server, client, theirs))
    compared = pairs[0].compared
    for pair in pairs:
        pair.compared = compared
    try:
        for name in OPERATIONS[service]:
            compare_operation(runner, pairs, name, run_seed, examples)
    finally:
        for pair in pairs:
            runner.run(pair.ours.close())
            pair.theirs.client.close()
        runner.run(server.__aexit__())
    return compared


def compare_operation(
    runner: asyncio.Runner, pairs: list[Pair], name: str, run_seed: int, examples: int
) -> None:
    """Compare the examples of one operation; what differs is noted, and the next one follows."""
    operation = pairs[0].ours.operations()[name]
    model = pairs[0].theirs.model(name)

    simplest = simplest_members(model.input_shape)
    calls = count()
    compared = pairs[0].compared
    requests, answered, errors_before = compared.requests, compared.answers, compared.errors

    async def trips(sent: dict[str, Any], answer: Any, error: Any, pair: Pair) -> None:
        await pair.trip(operation, sent, answer)
        if next(calls) % ONE_ERROR_IN == 0:
            await pair.trip(operation, simplest, error)

    turn = 0
    # Streams may end in an error, and where little can differ there are fewer in a turn.
    while (missing := examples - (compared.answers - answered)) > 0 and turn < MOST_TURNS:
        draw_examples(model, pairs, run_seed + turn, missing, lambda *it: runner.run(trips(*it)))
        turn += 1
    made = compared.requests - requests, compared.answers - answered
    if min(made) < examples or compared.errors == errors_before:
        compared.note(f"{name}: examples", f"only {made[0]} requests, {made[1]} answers")


def draw_examples(
    model: Any, pairs: list[Pair], run_seed: int, examples: int, trips: Callable[..., None]
) -> None:
    """Call a function with members, an answer, an error and a pair, so many times at most."""

    @seed(run_seed)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        members(model.input_shape) if model.input_shape else st.just({}),
        answers(model),
        errors(model),
        st.sampled_from(pairs),
    )
    def draw(sent: dict[str, Any], answer: Any, error: Any, pair: Pair) -> None:
        trips(sent, answer, error, pair)

    draw()


def simplest_members(shape: Any) -> dict[str, Any]:
    """Return what a path needs, and a token: each client would make up its own."""
    members = shape.members if shape else {}
    return {
        name: "x"
        for name, each in members.items()
        if each.serialization.get("location") == "uri" or each.metadata.get("idempotencyToken")
    }
