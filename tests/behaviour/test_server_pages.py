"""Iterating against the embedded server ends: what it makes up is the last page."""

from importlib import import_module
from typing import Any

import pytest
from minispec import Generate

from aiobotantic.client import Client
from aiobotantic.manifest import spec_versions
from aiobotantic.pages import Pagination
from aiobotantic.structure import describe
from aiobotantic.testing.build import build
from aiobotantic.testing.server import Server
from aiobotantic_codegen.ir.names import iterator_name
from aiosagemaker_extras.testing import SageMakerServer, client_class

SERVICES = sorted(spec_versions("aiosagemaker"))


def paginations(client: type[Client]) -> list[Pagination[Any, Any]]:
    modules = {operation.module for operation in client.operations().values()}
    values = [value for module in modules for value in vars(import_module(module)).values()]
    return [value for value in values if isinstance(value, Pagination)]


def arguments(pagination: Pagination[Any, Any]) -> dict[str, Any]:
    cls = pagination.operation.request_class
    request = build(cls)
    paging = (pagination.input_token, pagination.page_size)
    return {name: getattr(request, name) for name in describe(cls).wire_names if name not in paging}


def test_there_are_pages_to_iterate_over() -> None:
    counts = {service: len(paginations(client_class(service))) for service in SERVICES}

    assert {service: count for service, count in counts.items() if count} == {
        "sagemaker": 102,
        "sagemaker-a2i-runtime": 1,
        "sagemaker-featurestore-runtime": 1,
        "sagemaker-geospatial": 4,
    }


@pytest.mark.parametrize("service", SERVICES)
async def test_every_iteration_ends_after_one_page(service: str) -> None:
    cls = client_class(service)
    async with SageMakerServer(cls, stateless=True) as server, server.client() as client:
        for pagination in paginations(cls):
            operation = pagination.operation.name
            iterate = getattr(client, iterator_name(operation))

            pages = [page async for page in iterate(**arguments(pagination)).pages()]

            assert len(pages) == len(server.requests(operation)) == 1, operation
            assert getattr(pages[0], pagination.output_token) is None, operation


@pytest.mark.parametrize("service", SERVICES)
async def test_the_page_after_any_token_is_the_last(service: str) -> None:
    cls = client_class(service)
    async with SageMakerServer(cls, stateless=True) as server, server.client() as client:
        for pagination in paginations(cls):
            operation = pagination.operation
            request = build(operation.request_class)

            answer = await client.send(request)

            assert getattr(request, pagination.input_token)
            assert getattr(answer, pagination.output_token) is None, operation.name


PAGED = {
    "operations": {
        "ListByFlag": {"input": "ListRequest", "output": "Flagged"},
        "ListInside": {"input": "ListRequest", "output": "Inside"},
    },
    "shapes": {
        "ListRequest": {"members": {"From": "String"}},
        "Flagged": {
            "members": {"Names": "Names", "LastName": "String", "More": "Boolean"},
            "required": ["Names", "LastName", "More"],
        },
        "Inside": {"members": {"Found": "Found"}},
        "Found": {"members": {"Names": "Names", "Last": "String", "More": "Boolean"}},
        "Names": {"member": "String"},
    },
    "paginators": {
        "ListByFlag": {
            "input_token": "From",
            "output_token": "LastName",
            "more_results": "More",
            "result_key": "Names",
        },
        "ListInside": {
            "input_token": "From",
            "output_token": "Found.Last",
            "more_results": "Found.More",
            "result_key": "Found.Names",
        },
    },
}


@pytest.mark.parametrize("protocol", ["json", "rest-json"])
async def test_flags_and_tokens_inside_members_end_it_too(
    protocol: str, generated: Generate
) -> None:
    operations = {
        name: facts | {"http": {"requestUri": f"/{name}", "method": "POST"}}
        for name, facts in PAGED["operations"].items()
    }
    mini = generated(PAGED | {"operations": operations, "metadata": {"protocol": protocol}})
    async with (
        Server(mini.module("client").Mini) as server,
        mini.module("client").Mini(region_name="us-east-1", endpoint_url=server.url) as client,
    ):
        [flagged] = [page async for page in client.iter_by_flag().pages()]
        [inside] = [page async for page in client.iter_inside()]

    assert len(flagged.names) == 2
    assert (flagged.last_name, flagged.more) == (None, False)
    assert len(inside.found.names) == 1
    assert (inside.found.last, inside.found.more) == (None, False)
