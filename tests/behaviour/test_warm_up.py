"""Warming a client up, and what clients share."""

from __future__ import annotations

from typing import Any

import pytest
from http_service import HttpService
from sample_service import Workshop


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
            lane: Any = client._connection.lane
            if pipeline is None:
                exchange = lane.footing.http()
            else:
                exchange = lane.client._endpoint.http_session.exchange
            contexts.append(exchange.pool._context)

    assert contexts[0] is contexts[1]
    assert contexts[2] is not contexts[0]
    assert (contexts[0].check_hostname, contexts[2].check_hostname) == (True, False)
