"""Fixtures of the tests that let something go wrong: a server, and calls that meet mishaps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import count
from typing import Any

import pytest
from faulty import Make, Meet, Met, name_in

from aiobotantic.testing.front import Front
from aiobotantic.testing.mishaps import Mishap
from aiosagemaker import SageMaker, SageMakerRuntime
from aiosagemaker.testing import SageMakerServer


@pytest.fixture
async def server() -> AsyncIterator[SageMakerServer]:
    """The control plane."""
    async with SageMakerServer(stateless=True) as running:
        yield running


@pytest.fixture
async def endpoint() -> AsyncIterator[SageMakerServer[SageMakerRuntime]]:
    """The runtime, which streams."""
    async with SageMakerServer(SageMakerRuntime, stateless=True) as running:
        yield running


@pytest.fixture
async def front(server: SageMakerServer) -> AsyncIterator[Front]:
    """A front before the control plane."""
    async with server.front() as running:
        yield running


@pytest.fixture
async def client(server: SageMakerServer, front: Front, pipeline: Any) -> AsyncIterator[SageMaker]:
    """A client of that front, in each lane."""
    async with server.client(endpoint_url=front.url, pipeline=pipeline) as opened:
        assert opened.pipeline.lane == (pipeline or "fast")
        yield opened


@pytest.fixture
async def meet(server: SageMakerServer, pipeline: Any) -> AsyncIterator[Meet]:
    """Make a call whose requests meet mishaps; calls may run at once.

    At the end a call goes well: whatever happened leaves the clients usable.
    """
    clients: dict[Any, SageMaker] = {}
    numbers = count(1)
    async with AsyncExitStack() as stack:
        front = Front(server.url, operation_of=name_in)
        await stack.enter_async_context(front)

        async def opened(config: Any) -> SageMaker:
            if config not in clients:
                client = server.client(endpoint_url=front.url, pipeline=pipeline, config=config)
                clients[config] = client
                await stack.enter_async_context(client)
                assert client.pipeline.lane == (pipeline or "fast")
            return await clients[config].open()

        async def meet(
            make: Make, *mishaps: Mishap | None, config: Any = None, **options: Any
        ) -> Met:
            client = await opened(config)
            name = f"m{next(numbers)}"
            front.next(name, *mishaps)
            met = Met(mishaps)
            try:
                met.answer = await make(client.with_options(**options), name)
            except Exception as error:
                met.error = error
            met.passages = front.passages(name)
            return met

        yield meet
        await asyncio.sleep(0.05)  # what mishaps still do to connections
        for client in clients.values():
            await client.with_options(timeout=5).list_models()
