"""Clients that are not open, not any more, not here, or opened very often."""

from __future__ import annotations

import asyncio
import gc
import os
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from faulty import create, describe

from aiobotantic import errors
from aiosagemaker import SageMaker
from aiosagemaker.testing import SageMakerServer

DOORS: list[Callable[[SageMaker], Awaitable[Any]]] = [
    describe,
    create,
    lambda client: client.wire.describe_image(ImageName="m"),
    lambda client: client.with_options(retries=0).describe_image(image_name="m"),
    lambda client: anext(aiter(client.iter_images())),
    lambda client: client.wait_until_image_created(image_name="m", timeout=5),
    lambda client: client.warm_up("describe_image"),
]


@pytest.mark.parametrize("door", DOORS)
async def test_every_way_in_says_that_the_client_is_closed(
    server: SageMakerServer, pipeline: Any, door: Callable[[SageMaker], Awaitable[Any]]
) -> None:
    client = server.client(pipeline=pipeline)
    with pytest.raises(errors.ClientClosedError, match="SageMaker is not open: use it in `async w"):
        await door(client)
    async with client:
        await door(client)
    with pytest.raises(errors.ClientClosedError, match="SageMaker was closed: make a new client"):
        await door(client)


def test_a_client_of_another_loop_says_so_at_the_call(pipeline: Any) -> None:
    async def opened() -> SageMaker:
        return await SageMaker(region_name="us-east-1", pipeline=pipeline).open()

    async def use(client: SageMaker) -> None:
        with pytest.raises(errors.WrongEventLoopError, match="open one client for each loop"):
            await describe(client)
        with pytest.raises(errors.WrongEventLoopError):
            await client.close()

    client = asyncio.run(opened())
    asyncio.run(use(client))
    client._connection.lane = None


async def test_a_client_of_the_parent_says_so_after_a_fork(
    server: SageMakerServer, pipeline: Any
) -> None:
    read, write = os.pipe()
    async with server.client(pipeline=pipeline) as client:
        await describe(client)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads
            child = os.fork()
        if child == 0:
            said = b"no error"
            try:
                describe(client).__await__().__next__()  # one step: the loop is the parent's
            except errors.ClientClosedError as caught:
                said = str(caught).encode()
            finally:
                os.write(write, said)
                os._exit(0)
        await asyncio.to_thread(os.waitpid, child, 0)
        await describe(client)  # the parent's goes on

    assert os.read(read, 1_000) == (
        b"SageMaker was opened in another process: open a client after the fork"
    )
    os.close(read)
    os.close(write)


async def test_regions_that_are_asked_for_while_a_client_closes_open_nothing(
    server: SageMakerServer, pipeline: Any
) -> None:
    client = await server.client(pipeline=pipeline).open()
    for region in ("eu-west-1", "eu-west-2"):
        await client.with_options(region_name=region).delete_image(image_name="m")
    closing = asyncio.create_task(client.close())
    for number in range(1, 10):
        await asyncio.sleep(0)
        view = client.with_options(region_name=f"us-west-{number}")
        if client._connection.closed:
            with pytest.raises(errors.ClientClosedError, match="was closed"):
                await view.delete_image(image_name="m")
    await closing
    await asyncio.sleep(0.05)

    assert server.connections == 0


async def test_clients_that_open_and_close_leave_nothing(
    server: SageMakerServer, pipeline: Any
) -> None:
    async def cycle(times: int) -> tuple[int, int]:
        for _ in range(times):
            async with server.client(pipeline=pipeline) as client:
                await client.delete_image(image_name="m")
        await asyncio.sleep(0.05)
        gc.collect()
        server.journal.clear()
        files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
        return sum(type(each) is not dict for each in gc.get_objects()), files

    await cycle(5)
    objects, files = await cycle(5)
    more_objects, more_files = await cycle(60)

    assert more_files <= files
    assert more_objects - objects < 600  # one of each cycle would be ten times as many
    assert server.connections == 0


async def test_idle_connections_are_closed_before_the_server_closes_them(
    server: SageMakerServer, pipeline: Any
) -> None:
    config = AioConfig(connector_args={"keepalive_timeout": 0.2})
    async with server.client(pipeline=pipeline, config=config) as client:
        await describe(client)
        assert server.connections == 1
        await asyncio.sleep(0.6)
        await create(client)

    assert [entry.connection for entry in server.journal] == [1, 2]
    async with server.client(pipeline=pipeline) as client:
        lane: Any = client._connection.lane
        if pipeline is None:
            exchange = lane.footing.http()
        else:
            exchange = lane.client._endpoint.http_session.exchange
        # AWS's load balancers keep idle connections for a minute and more.
        assert 0 < exchange.pool._limits.keep_alive < 60
