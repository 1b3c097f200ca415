"""Pages that no model has, how large they are, and pages that are fetched ahead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from http_service import HttpService, answer, error, until

from aiobotantic.errors import PaginationError
from aiosagemaker import SageMaker
from aiosagemaker.sagemaker.errors import ResourceNotFound

ARN = "arn:aws:sagemaker:us-east-1:123456789012:artifact/a"
TOKENS_WITHOUT_A_PAGINATOR = {
    "iter_hubs": "hub_name",
    "iter_hub_contents": "hub_content_name",
    "iter_hub_content_versions": "hub_content_version",
    "iter_projects": "project_name",
    "iter_describe_device": "model_name",
    "iter_describe_edge_deployment_plan": "stage_name",
    "iter_describe_feature_group": "feature_name",
    "iter_query_lineage": None,
}
"""The methods, and a field of their items; None where the responses are."""


@pytest.fixture
async def sagemaker(service: HttpService, pipeline: Any) -> AsyncIterator[SageMaker]:
    async with SageMaker(
        region_name="us-east-1", endpoint_url=service.url, pipeline=pipeline
    ) as client:
        yield client


def hubs(*names: str, token: str | None = None) -> Any:
    more = {"NextToken": token} if token else {}
    return answer({"HubSummaries": [{"HubName": name} for name in names], **more})


def asked(service: HttpService) -> list[tuple[Any, Any]]:
    return [(sent.body.get("NextToken"), sent.body.get("MaxResults")) for sent in service.sent]


def test_every_operation_with_a_token_each_way_has_an_iterator() -> None:
    assert TOKENS_WITHOUT_A_PAGINATOR.keys() <= set(dir(SageMaker))


async def test_inferred_pages_follow_their_tokens(
    service: HttpService, sagemaker: SageMaker
) -> None:
    service.script = [hubs("a", "b", token="t"), hubs("c")]

    names = [hub.hub_name async for hub in sagemaker.iter_hubs()]

    assert names == ["a", "b", "c"]
    assert asked(service) == [(None, 100), ("t", 100)]


async def test_pages_with_two_lists_are_given_whole(
    service: HttpService, sagemaker: SageMaker
) -> None:
    service.script = [answer({"Vertices": [{}], "NextToken": "t"}), answer({"Edges": [{}, {}]})]

    pages = [page async for page in sagemaker.iter_query_lineage(start_arns=[ARN])]

    assert [len(page.vertices or []) for page in pages] == [1, 0]
    assert [len(page.edges or []) for page in pages] == [0, 2]


@pytest.mark.parametrize(
    ("options", "size"), [({}, 100), ({"limit": 7}, 7), ({"page_size": 5, "limit": 7}, 5)]
)
async def test_pages_are_as_large_as_they_may_and_need_be(
    service: HttpService, sagemaker: SageMaker, options: dict[str, Any], size: int
) -> None:
    service.script = [hubs("a")]

    assert [hub.hub_name async for hub in sagemaker.iter_hubs(**options)] == ["a"]

    assert asked(service) == [(None, size)]


async def test_the_next_page_is_fetched_while_the_caller_works(
    service: HttpService, sagemaker: SageMaker
) -> None:
    service.script = [hubs("a", "b", token="1"), hubs("c", token="2"), hubs("d")]
    iterator = sagemaker.iter_hubs()
    seen = []

    async with aclosing(iterator.prefetched()) as items:
        async for hub in items:
            seen.append((hub.hub_name, iterator.resume_token is not None))
            if hub.hub_name == "a":
                await until(lambda: len(service.sent) == 2)

    assert seen == [("a", True), ("b", True), ("c", True), ("d", False)]


async def test_an_early_stop_of_pages_fetched_ahead_goes_on_where_it_stood(
    service: HttpService, sagemaker: SageMaker
) -> None:
    service.script = [hubs("a", "b", token="1"), hubs("c", token="2")]
    iterator = sagemaker.iter_hubs()
    async with aclosing(iterator.prefetched()) as items:
        assert (await anext(items)).hub_name == "a"
    token = iterator.resume_token

    service.script = [hubs("a", "b", token="1"), hubs("c")]
    rest = [hub.hub_name async for hub in sagemaker.iter_hubs(starting_token=token)]

    assert rest == ["b", "c"]
    assert not [task for task in asyncio.all_tasks() if "_Walk" in repr(task.get_coro())]


async def test_an_error_of_the_next_page_comes_after_the_items_before(
    service: HttpService, sagemaker: SageMaker
) -> None:
    service.script = [hubs("a", "b", token="1"), error("ResourceNotFound")]
    seen = []

    with pytest.raises(ResourceNotFound):
        async for hub in sagemaker.iter_hubs().prefetched():
            seen.append(hub.hub_name)

    assert seen == ["a", "b"]


async def test_pages_in_a_circle_are_an_error(service: HttpService, sagemaker: SageMaker) -> None:
    service.script = [hubs("x", token=token) for token in ("a", "b", "c", "a", "b", "c")]

    with pytest.raises(PaginationError, match="ListHubs named the same next page twice"):
        [hub async for hub in sagemaker.iter_hubs()]

    assert len(service.sent) == 4
