"""The front itself: what it passes on, what it spoils, and what it writes down."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from aiohttp import ClientSession
from faulty import ROLE, create, describe
from http_service import HttpService, answer

from aiobotantic import errors
from aiobotantic.testing.front import Front, Passage
from aiobotantic.testing.mishaps import Changed, Cut, Huge, Instead, Slow, refusal
from aiosagemaker import SageMaker, SageMakerRuntime
from aiosagemaker.testing import SageMakerServer, ServedError


async def test_what_meets_nothing_arrives_as_it_is(
    server: SageMakerServer, front: Front, client: SageMaker
) -> None:
    through = await client.create_image(image_name="m", role_arn=ROLE)
    async with server.client() as direct:
        plain = await direct.create_image(image_name="m", role_arn=ROLE)

    assert through == plain
    assert list(front.journal) == [Passage("CreateImage", None, 1, True, 200, "whole")]
    assert front.passages("CreateImage") == list(front.journal)
    assert front.passages("DescribeImage") == []


async def test_a_script_is_followed_for_its_operation_in_order(
    front: Front, client: SageMaker
) -> None:
    front.next("DescribeImage", Cut("answer"), None)
    front.next("DescribeImage", Instead(400, b"{}"))
    once = client.with_options(retries=0)

    with pytest.raises(errors.ConnectionLost):
        await describe(once)
    await create(once)
    await describe(once)
    with pytest.raises(errors.ServiceError):
        await describe(once)
    await describe(once)

    assert [
        (each.operation, each.to_server, each.status, each.to_client) for each in front.journal
    ] == [
        ("DescribeImage", True, 200, "nothing"),
        ("CreateImage", True, 200, "whole"),
        ("DescribeImage", True, 200, "whole"),
        ("DescribeImage", False, None, "other"),
        ("DescribeImage", True, 200, "whole"),
    ]
    assert [each.connection for each in front.journal] == [1, 2, 2, 2, 2]


@pytest.mark.parametrize(
    ("mishap", "to_server", "to_client"),
    [
        (Cut("request"), False, "nothing"),
        (Cut("answer"), True, "nothing"),
        (Cut("body"), True, "part"),
        (Cut("end"), True, "whole"),
        (Instead(503), False, "other"),
        (Changed(body=b"{}"), True, "other"),
        (Slow(drop=50), True, "whole"),
        (Huge(1_000), True, "other"),
        (Huge(1_000, announced=False), True, "other"),
    ],
    ids=str,
)
async def test_the_journal_says_how_far_an_exchange_got(
    server: SageMakerServer, mishap: Any, to_server: bool, to_client: str
) -> None:
    async with server.front() as front, server.client(endpoint_url=front.url) as client:
        front.next("DescribeImage", mishap)
        try:
            await describe(client.with_options(retries=0))
        except errors.AioBotanticError:
            assert to_client != "whole"

    (passage,) = front.journal
    assert (passage.mishap, passage.to_server, passage.to_client) == (mishap, to_server, to_client)
    assert len(server.journal) == to_server


async def test_chance_is_the_same_for_the_same_seed(server: SageMakerServer) -> None:
    async def met(seed: int, probability: float = 0.3) -> list[str]:
        async with server.front(seed=seed) as front, server.client(endpoint_url=front.url) as made:
            front.sometimes(probability, Instead(400), refusal("Busy"), operations=["ListModels"])
            once = made.with_options(retries=0)
            for _ in range(60):
                with suppress(errors.ServiceError):
                    await once.list_models()
            await describe(once)
        return [str(each.mishap) for each in front.journal]

    first = await met(1)

    assert first == await met(1)
    assert first != await met(2)
    assert await met(3, 0) == ["None"] * 61
    counted = Counter(first)
    assert len(counted) == 3
    assert 5 < 61 - counted["None"] < 35
    assert first[-1] == "None"


async def test_connections_are_refused_for_a_while(front: Front, client: SageMaker) -> None:
    await describe(client)
    before = front.url

    async with front.refused():
        with pytest.raises(errors.ConnectError):
            await describe(client.with_options(retries=0))

    assert front.url == before
    await describe(client)


async def test_operations_of_a_path_are_named_too(
    endpoint: SageMakerServer[SageMakerRuntime],
) -> None:
    async with endpoint.front() as front, endpoint.client(endpoint_url=front.url) as runtime:
        front.next("InvokeEndpoint", refusal("ThrottlingException"))
        answered = await runtime.invoke_endpoint(endpoint_name="e", body=b"1,2")
        streamed = await runtime.invoke_endpoint_with_response_stream(endpoint_name="e", body=b"1")
        async with streamed.body as events:
            count = len([event async for event in events])

    assert answered.response_metadata.attempts == 2
    assert count > 0
    assert [each.operation for each in front.journal] == [
        *("InvokeEndpoint", "InvokeEndpoint", "InvokeEndpointWithResponseStream"),
    ]


async def test_it_stands_before_any_server(service: HttpService) -> None:
    service.script = [answer({"A": 1})]
    async with Front(service.url) as front, ClientSession() as session:
        front.next("Describe", None, None)
        target = {"X-Amz-Target": "Workshop.Describe"}
        async with session.post(front.url, json={}, headers=target) as answered:
            assert await answered.read() == b'{"A": 1}'
        async with session.post(front.url, data=_pieces(), headers=target) as answered:
            assert answered.status == 200
        async with session.get(front.url) as answered:
            assert answered.status == 200

    assert [each.operation for each in front.journal] == ["Describe", "Describe", None]
    assert [sent.content for sent in service.sent] == [b"{}", b"[]", b""]


async def _pieces() -> Any:
    yield b"["
    yield b"]"


def test_a_front_that_does_not_run_has_no_address() -> None:
    with pytest.raises(RuntimeError, match=r"use `async with`, or await start\(\)"):
        Front("http://127.0.0.1:1").url  # noqa: B018


async def test_a_hook_is_called_before_a_request_is_carried_out(
    server: SageMakerServer, pipeline: Any
) -> None:
    seen: list[tuple[str, Any]] = []

    async def note(operation: str, members: Any) -> None:
        seen.append((operation, members["ImageName"]))
        if members["ImageName"] == "late":
            raise ServedError("ResourceLimitExceeded", "no more")

    server.on("DescribeImage", note)
    server.on(None, note)
    with pytest.raises(ValueError, match="has no operation DescribeImge: did you mean Describe"):
        server.on("DescribeImge", note)
    async with server.client(pipeline=pipeline) as client:
        await describe(client)
        await create(client)
        with pytest.raises(errors.ServiceError, match="no more"):
            await client.create_image(image_name="late", role_arn=ROLE)

    assert seen == [
        *(("DescribeImage", "m"), ("DescribeImage", "m"), ("CreateImage", "m")),
        ("CreateImage", "late"),
    ]
    assert server.journal[-1].error == "ResourceLimitExceeded"
