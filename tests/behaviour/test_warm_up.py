"""Warming a client up, and what clients share."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest
from http_service import HttpService
from sample_service import Workshop

from aiobotantic.lanes import tls


async def test_warming_up_sends_nothing_and_makes_what_the_first_call_needs(
    service: HttpService, workshop: Workshop
) -> None:
    await workshop.warm_up("create_machine", "update_machine")

    assert service.sent == []
    operation = workshop.operations()["CreateMachine"]
    for cls in (operation.request_class, operation.response_class):
        assert cls.__pydantic_complete__
    await workshop.create_machine(machine_name="m", machine_kind="mill.large")
    assert service.operations == ["CreateMachine"]


async def test_warming_up_what_is_not_there(workshop: Workshop) -> None:
    with pytest.raises(
        AttributeError, match=r"has no method 'creat_machine'\. Did you mean 'create_machine'"
    ):
        await workshop.warm_up("creat_machine")


async def test_clients_share_the_authorities_that_they_trust(pipeline: Any) -> None:
    contexts = []
    for verify in (None, None, False):
        async with Workshop(region_name="us-east-1", verify=verify, pipeline=pipeline) as client:
            await client.warm_up()
            contexts.append(context_of(client, pipeline))

    assert contexts[0] is contexts[1]
    assert contexts[2] is not contexts[0]
    assert (contexts[0].check_hostname, contexts[2].check_hostname) == (True, False)


async def test_clients_that_start_together_share_one_context(
    pipeline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "_contexts", {})
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(Workshop(region_name="us-east-1", pipeline=pipeline))
            for _ in range(5)
        ]
        await asyncio.gather(*(client.warm_up() for client in clients))
        contexts = {id(context_of(client, pipeline)) for client in clients}

    assert len(contexts) == 1


def context_of(client: Workshop, pipeline: Any) -> Any:
    lane: Any = client._connection.lane
    if pipeline is None:
        return lane.footing.http().pool._context
    return lane.client._endpoint.http_session.exchange.pool._context
