"""Pages and items, against a server that pages; tokens, against botocore's own paginator."""

from __future__ import annotations

import gc
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from botocore.paginate import Paginator as BotocorePaginator
from http_service import HttpService, answer
from sample_service import Workshop

from aiobotantic.errors import PaginationError

NAMES = [f"m{number}" for number in range(7)]
Start = Callable[..., Awaitable[list[str]]]


def page(token: str | None, size: int = 3) -> dict[str, Any]:
    start = int(token or 0)
    end = start + size
    more = {"NextToken": str(end)} if end < len(NAMES) else {}
    return {"Machines": [{"MachineName": name} for name in NAMES[start:end]], **more}


@pytest.fixture(autouse=True)
def paging(service: HttpService) -> None:
    async def respond(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        return await answer(page(body.get("NextToken"), body.get("MaxResults", 3)))(request)

    service.script = [respond]


def by_botocore(limit: int | None, start: str | None = None) -> tuple[list[str], str | None]:
    """Return what botocore's paginator gives of the same pages, and its resume token."""
    config = {"input_token": "NextToken", "output_token": "NextToken", "result_key": "Machines"}
    paginator = BotocorePaginator(lambda **token: page(token.get("NextToken")), config, None)
    iterator = paginator.paginate(PaginationConfig={"MaxItems": limit, "StartingToken": start})
    names = [item["MachineName"] for each in iterator for item in each["Machines"]]
    return names, iterator.resume_token


async def test_items_of_every_page(service: HttpService, workshop: Workshop) -> None:
    machines = workshop.iter_machines(status_equals="InService")
    assert service.sent == []

    assert [machine.machine_name async for machine in machines] == NAMES
    assert machines.resume_token is None
    assert [sent.body for sent in service.sent] == [
        {"StatusEquals": "InService"},
        {"StatusEquals": "InService", "NextToken": "3"},
        {"StatusEquals": "InService", "NextToken": "6"},
    ]


async def test_pages_are_responses(workshop: Workshop) -> None:
    pages = [each async for each in workshop.iter_machines(page_size=4).pages()]

    assert [len(each.machines or []) for each in pages] == [4, 3]
    assert pages[0].response_metadata.request_id == "request-1"


async def test_iterating_again_starts_again(service: HttpService, workshop: Workshop) -> None:
    machines = workshop.iter_machines()

    for _ in range(2):
        assert [machine.machine_name async for machine in machines] == NAMES
    assert len(service.sent) == 6


@pytest.mark.parametrize("limit", range(9))
async def test_a_limit_stops_where_botocore_stops_and_resumes(
    workshop: Workshop, limit: int
) -> None:
    machines = workshop.iter_machines(limit=limit)

    names = [machine.machine_name async for machine in machines]

    assert names == NAMES[:limit]
    if limit == 0:
        return
    assert (names, machines.resume_token) == by_botocore(limit)
    if machines.resume_token is not None:
        rest = workshop.iter_machines(starting_token=machines.resume_token)
        assert [machine.machine_name async for machine in rest] == NAMES[limit:]
        assert by_botocore(None, machines.resume_token)[0] == NAMES[limit:]


@pytest.mark.parametrize("limit", range(1, 8))
async def test_pages_are_cut_to_the_limit_and_resume(workshop: Workshop, limit: int) -> None:
    machines = workshop.iter_machines(limit=limit)

    names = [item.machine_name async for each in machines.pages() for item in each.machines or []]

    assert (names, machines.resume_token) == by_botocore(limit)


@pytest.mark.parametrize(("start", "limit"), [(1, 1), (1, 3), (2, 4), (4, 2), (5, 9)])
async def test_a_second_part_with_a_limit_of_its_own(
    workshop: Workshop, start: int, limit: int
) -> None:
    _, token = by_botocore(start)
    machines = workshop.iter_machines(starting_token=token, limit=limit)

    names = [machine.machine_name async for machine in machines]

    assert (names, machines.resume_token) == by_botocore(limit, token)


@pytest.mark.parametrize("stop", range(1, 8))
async def test_leaving_early_resumes_at_the_next_item(workshop: Workshop, stop: int) -> None:
    machines = workshop.iter_machines()
    seen = []
    async for machine in machines:
        seen.append(machine.machine_name)
        if len(seen) == stop:
            break

    if machines.resume_token is None:
        assert stop == len(NAMES)
        return
    rest = workshop.iter_machines(starting_token=machines.resume_token)
    assert [machine.machine_name async for machine in rest] == NAMES[stop:]


async def test_leaving_early_leaves_nothing_behind(workshop: Workshop) -> None:
    async for _ in workshop.iter_machines():
        break

    gc.collect()
    assert not [each for each in gc.get_objects() if type(each).__name__ == "_Items"]


async def test_empty_pages_are_passed_over(service: HttpService, workshop: Workshop) -> None:
    service.script = [
        answer({"Machines": [], "NextToken": "a"}),
        answer({"NextToken": "b"}),
        answer({"Machines": [{"MachineName": "m"}], "NextToken": ""}),
    ]

    assert [each.machine_name async for each in workshop.iter_machines()] == ["m"]
    assert len(service.sent) == 3


async def test_the_same_token_twice_is_an_error(service: HttpService, workshop: Workshop) -> None:
    service.script = [answer({"Machines": [{"MachineName": "m"}], "NextToken": "same"})]
    names = []

    with pytest.raises(PaginationError, match="ListMachines named the same next page twice"):
        async for each in workshop.iter_machines():
            names.append(each.machine_name)

    assert names == ["m", "m"]
    assert len(service.sent) == 2


@pytest.mark.parametrize(
    "token", ["", "no base64!", "bm90IGpzb24=", "W10=", "eyJPdGhlciI6ICJ4In0="]
)
async def test_a_token_that_is_none(workshop: Workshop, token: str) -> None:
    with pytest.raises(PaginationError) as caught:
        workshop.iter_machines(starting_token=token)
    assert str(caught.value) == (
        f"starting_token is {token!r}: ListMachines cannot go on from it. Pass the `resume_token` "
        "of an earlier iteration over the same operation, or of boto3's paginator. A token out of "
        "a response is for `next_token` of the operation itself"
    )


async def test_a_token_that_is_no_text_or_very_long(workshop: Workshop) -> None:
    number: Any = 7
    with pytest.raises(PaginationError, match="starting_token is 7: ListMachines cannot"):
        workshop.iter_machines(starting_token=number)
    with pytest.raises(PaginationError, match=r"starting_token is 'x{96}\.\.\.: ListMachines"):
        workshop.iter_machines(starting_token="x" * 5_000)
    deep = b64encode(b"[" * 100_000 + b"]" * 100_000).decode()
    with pytest.raises(PaginationError, match="ListMachines cannot go on from it"):
        workshop.iter_machines(starting_token=deep)


async def test_a_negative_limit(workshop: Workshop) -> None:
    with pytest.raises(PaginationError, match="limit is -1: pass 0 or more"):
        workshop.iter_machines(limit=-1)
