"""Many calls at once against a real server: bounds, order, failures, leaving, pace."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

import pytest
from aiohttp import web
from http_service import HttpService, answer, until
from sample_service import Workshop
from sample_service.workshop.errors import MachineNotFound
from sample_service.workshop.models import DescribeMachineInput

from aiobotantic.concurrency import CallResult, map_calls, progress_bar
from aiobotantic.errors import ConfigurationError, ThrottlingError
from aiobotantic.pacing import AdaptivePacing, Pace


def workers() -> list[asyncio.Task[Any]]:
    """Return the tasks that make calls."""
    tasks = asyncio.all_tasks()
    return [task for task in tasks if "_work" in getattr(task.get_coro(), "__qualname__", "")]


def requests(count: int) -> list[DescribeMachineInput]:
    return [DescribeMachineInput(machine_name=f"m{number}") for number in range(count)]


async def echo(request: web.Request) -> web.StreamResponse:
    """Answer with the name that was asked for, the later ones of ten sooner."""
    name = json.loads(await request.read())["MachineName"]
    await asyncio.sleep(0.02 * (9 - int(name[1:]) % 10) / 9)
    return await answer({"MachineName": name})(request)


def failing(*names: str) -> Any:
    """Answer like `echo`, and with an error to some names."""

    async def respond(request: web.Request) -> web.StreamResponse:
        name = json.loads(await request.read())["MachineName"]
        if name not in names:
            return await echo(request)
        body = {"__type": "MachineNotFound", "message": f"no {name}"}
        return await answer(body, status=400)(request)

    return respond


def names(results: list[CallResult[Any]]) -> list[str]:
    return [result.result().machine_name for result in results]


async def test_every_request_has_its_result_and_no_more_than_limit_run_at_once(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [echo]
    asked = requests(40)

    results = [done async for done in map_calls(workshop, asked, limit=7)]

    assert [done.index for done in results] != list(range(40))
    results.sort(key=lambda done: done.index)
    assert names(results) == [f"m{number}" for number in range(40)]
    assert [done.request for done in results] == asked
    assert service.most_at_once == 7


async def test_results_come_in_the_order_of_the_requests_where_asked(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [echo]

    calls = map_calls(workshop, requests(40), limit=7, ordered=True)

    assert names([done async for done in calls]) == [f"m{number}" for number in range(40)]


async def test_an_async_iterable_is_taken_as_calls_end(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [echo]
    taken = closed = 0

    async def endless() -> AsyncIterator[DescribeMachineInput]:
        nonlocal taken, closed
        try:
            while True:
                await asyncio.sleep(0)
                taken += 1
                yield DescribeMachineInput(machine_name=f"m{taken}")
        finally:
            closed += 1

    async with aclosing(map_calls(workshop, endless(), limit=3)) as calls:
        given = 0
        async for _ in calls:
            given += 1
            assert taken <= given + 6  # as many at work, and as many waiting
            if given == 20:
                break

    assert closed == 1


async def test_a_slow_caller_holds_requests_back(service: HttpService, workshop: Workshop) -> None:
    service.script = [echo]
    taken = 0

    def counted() -> Iterator[DescribeMachineInput]:
        nonlocal taken
        for request in requests(100):
            taken += 1
            yield request

    async with aclosing(map_calls(workshop, counted(), limit=2)) as calls:
        await anext(calls)
        await asyncio.sleep(0.3)
        assert taken <= 5
        await anext(calls)


async def test_a_failure_stops_and_loses_no_result(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [failing("m5")]
    results = []

    with pytest.raises(MachineNotFound, match="no m5"):
        async for done in map_calls(workshop, requests(1000), limit=4):
            results.append(done)

    arrived = [sent.body["MachineName"] for sent in service.sent]
    assert sorted(names(results)) == sorted(set(arrived) - {"m5"})
    assert len(arrived) < 20


async def test_failures_that_come_together_are_all_named(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [failing("m0", "m1")]

    with pytest.raises(MachineNotFound) as caught:
        async for _ in map_calls(workshop, requests(2), limit=2, ordered=True):
            pass

    assert "no m0" in str(caught.value)
    (note,) = caught.value.__notes__
    assert "no m1" in note


async def test_failures_are_collected_where_asked(service: HttpService, workshop: Workshop) -> None:
    service.script = [failing("m3", "m11")]

    calls = map_calls(workshop, requests(20), limit=4, ordered=True, on_error="collect")
    results = [done async for done in calls]

    assert [done.index for done in results] == list(range(20))
    assert [done.index for done in results if done.error is not None] == [3, 11]
    with pytest.raises(MachineNotFound, match="no m11"):
        results[11].result()


async def test_what_the_iterable_raises_comes_after_the_results(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [echo]

    def broken() -> Iterator[DescribeMachineInput]:
        yield from requests(5)
        raise LookupError("the file has no sixth line")

    results = []
    with pytest.raises(LookupError, match="no sixth line"):
        async for done in map_calls(workshop, broken(), limit=3):
            results.append(done)

    assert len(results) == 5


@pytest.mark.parametrize("how", ["break", "cancel", "cancel_in_the_loop"])
async def test_leaving_cancels_what_is_under_way(
    service: HttpService, workshop: Workshop, how: str
) -> None:
    service.script = [answer({"MachineName": "m"}), answer(delay=1)]

    async def consume() -> None:
        async with aclosing(map_calls(workshop, requests(100), limit=10)) as calls:
            async for _ in calls:
                if how == "break":
                    return
                if how == "cancel_in_the_loop":
                    await asyncio.Event().wait()

    task = asyncio.create_task(consume())
    await service.first_request()
    if how == "break":
        await task
    else:
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert workers() == []
    service.script = [answer({"MachineName": "still"})]
    assert (await workshop.describe_machine(machine_name="m")).machine_name == "still"
    await until(lambda: service.open_connections == 1)


async def test_a_loop_left_early_ends_its_tasks_without_aclosing(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [answer({"MachineName": "m"}), answer(delay=1)]

    async for _ in map_calls(workshop, requests(100), limit=10):
        break

    await until(lambda: not workers())


async def test_no_requests_give_no_results(workshop: Workshop) -> None:
    assert [done async for done in map_calls(workshop, [])] == []


async def test_progress_is_told_with_the_number_of_all_where_it_is_known(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [echo]
    told: list[tuple[int, int | None]] = []
    untold: list[tuple[int, int | None]] = []

    def note(ended: int, total: int | None) -> None:
        told.append((ended, total))

    async for _ in map_calls(workshop, requests(5), progress=note):
        pass
    async for _ in map_calls(
        workshop, iter(requests(2)), progress=lambda *each: untold.append(each)
    ):
        pass

    assert told == [(number, 5) for number in range(1, 6)]
    assert untold == [(1, None), (2, None)]


async def test_a_bar_shows_the_progress(
    service: HttpService, workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    service.script = [echo]

    with progress_bar("machines") as progress:
        async for _ in map_calls(workshop, requests(5), progress=progress):
            pass

    shown = capsys.readouterr().out
    assert "machines" in shown
    assert "5/5" in shown


async def test_calls_are_begun_at_a_rate(service: HttpService, workshop: Workshop) -> None:
    """Ten calls at 50 a second take nine steps of 20 ms; more where the machine is slow."""
    service.script = [answer({"MachineName": "m"})]
    loop = asyncio.get_running_loop()

    start = loop.time()
    async for _ in map_calls(workshop, requests(10), limit=10, rate=50):
        pass

    assert loop.time() - start >= 0.17


async def test_a_pace_that_is_shared_holds_for_all(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [answer({"MachineName": "m"})]
    loop = asyncio.get_running_loop()
    pace = Pace(50, burst=5)

    async def use() -> None:
        async for _ in map_calls(workshop, requests(10), rate=pace):
            pass

    start = loop.time()
    await asyncio.gather(use(), use())

    assert loop.time() - start >= 14 / 50  # five begin at once


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limit": 0}, "limit is 0: pass how many calls may run at once, from 1"),
        ({"limit": True}, "limit is True"),
        ({"rate": 0}, "rate is 0: pass calls a second, more than 0"),
        ({"rate": "fast"}, "rate is 'fast'"),
        ({"on_error": "ignore"}, "on_error is 'ignore': pass 'raise' or 'collect'"),
    ],
)
async def test_odd_arguments_are_refused_at_once(
    workshop: Workshop, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        map_calls(workshop, [], **options)


class Limited:
    """A service that throttles above so many requests in a tenth of a second."""

    def __init__(self, in_a_tenth: int) -> None:
        self.in_a_tenth = in_a_tenth
        self.throttled = 0
        self._times: list[float] = []

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        now = asyncio.get_running_loop().time()
        self._times = [each for each in self._times if each > now - 0.1]
        if len(self._times) >= self.in_a_tenth:
            self.throttled += 1
            body = {"__type": "ThrottlingException", "message": "Rate exceeded"}
            return await answer(body, status=400)(request)
        self._times.append(now)
        return await answer({"MachineName": "m"})(request)


async def test_pacing_follows_what_the_service_refuses(
    service: HttpService, workshop: Workshop
) -> None:
    limited = Limited(8)
    service.script = [limited]
    patient = workshop.with_options(retries=20)
    pacing = AdaptivePacing()
    pacing.attach(workshop)
    assert pacing.rate("DescribeMachine") is None

    results = [done async for done in map_calls(patient, requests(80), limit=20)]

    assert len(results) == 80
    rate = pacing.rate("DescribeMachine")
    assert rate is not None
    assert 1 < rate < 200
    assert 0 < limited.throttled < 100
    assert pacing.rate("CreateMachine") is None


async def test_a_throttling_that_ends_a_call_slows_the_next_ones(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [Limited(0)]
    pacing = AdaptivePacing()
    pacing.attach(workshop)

    with pytest.raises(ThrottlingError):
        await workshop.with_options(retries=0).describe_machine(machine_name="m")

    rate = pacing.rate("DescribeMachine")
    assert rate == pytest.approx(0.7)


async def test_a_request_that_is_none_loses_no_other(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [echo]
    given: Any = [requests(1)[0], None, *requests(2)]

    results = [each async for each in map_calls(workshop, given, on_error="collect")]

    assert sorted(each.index for each in results) == [0, 1, 2, 3]
    assert [each.index for each in results if each.error is not None] == [1]


async def test_waits_that_are_cancelled_cost_the_next_ones_nothing() -> None:
    pace, loop = Pace(10), asyncio.get_running_loop()
    await pace.wait()
    waits = [asyncio.create_task(pace.wait()) for _ in range(100)]
    await asyncio.sleep(0)
    for wait in waits:
        wait.cancel()
    await asyncio.gather(*waits, return_exceptions=True)

    start = loop.time()
    await pace.wait()

    assert loop.time() - start < 5  # ten seconds before


async def test_an_async_condition_is_awaited(service: HttpService, workshop: Workshop) -> None:
    service.script = [answer({"MachineName": name}) for name in ("a", "b")]

    async def is_b(response: Any) -> bool:
        await asyncio.sleep(0)
        return bool(response.machine_name == "b")

    found = await workshop.wait_for(requests(1)[0], until=is_b, delay=0.01)

    assert found.machine_name == "b"
