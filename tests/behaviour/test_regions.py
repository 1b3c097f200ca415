"""Views of a client in other regions: opened by their first call, closed with the client."""

from __future__ import annotations

import asyncio

import pytest
from http_service import HttpService, answer, until
from sample_service import Workshop

from aiobotantic.errors import ClientClosedError


def regions(service: HttpService) -> list[str]:
    return [sent.headers["authorization"].split("/")[2] for sent in service.sent]


async def test_a_view_calls_another_region(service: HttpService, workshop: Workshop) -> None:
    service.script = [answer({"MachineName": "m"})]
    elsewhere = workshop.with_options(region_name="eu-west-1")

    await workshop.describe_machine(machine_name="m")
    await elsewhere.describe_machine(machine_name="m")
    await elsewhere.with_options(retries=0).wire.describe_machine(MachineName="m")
    await elsewhere.with_options(region_name="us-east-1").describe_machine(machine_name="m")

    assert regions(service) == ["us-east-1", "eu-west-1", "eu-west-1", "us-east-1"]
    assert elsewhere.region_name == "eu-west-1"
    assert workshop.with_options(region_name="eu-west-1")._connection is elsewhere._connection
    assert workshop.with_options(region_name="us-east-1")._connection is workshop._connection


async def test_many_first_calls_open_a_region_once(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [answer({"MachineName": "m"}, delay=0.05)]
    elsewhere = workshop.with_options(region_name="eu-west-1")

    await asyncio.gather(*(elsewhere.describe_machine(machine_name="m") for _ in range(20)))

    assert len(workshop._connection._regions) == 1
    assert regions(service) == ["eu-west-1"] * 20


async def test_regions_close_with_the_client(service: HttpService, workshop: Workshop) -> None:
    elsewhere = workshop.with_options(region_name="eu-west-1")
    unused = workshop.with_options(region_name="eu-north-1")
    await elsewhere.describe_machine(machine_name="m")

    await workshop.close()

    for view in (elsewhere, unused):
        with pytest.raises(ClientClosedError, match="was closed"):
            await view.describe_machine(machine_name="m")
    assert len(service.sent) == 1
    await until(lambda: service.open_connections == 0)
