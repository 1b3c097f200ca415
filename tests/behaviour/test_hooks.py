"""Hooks around calls, and deadlines that calls share, in both lanes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web
from http_service import HttpService, answer, error, hang_up
from sample_service import Workshop
from sample_service.workshop.errors import MachineNotFound

from aiobotantic.errors import (
    AmbiguousResultError,
    CallTimeoutError,
    ConfigurationError,
    RequestValidationError,
)
from aiobotantic.hooks import AfterCall, BeforeCall, CallEvent, CallFailed, CallRetried


def follow(client: Workshop) -> list[CallEvent]:
    """Return the events of a client, which grow as it calls."""
    events: list[CallEvent] = []
    client.before_call(events.append)
    client.after_call(events.append)
    client.on_error(events.append)
    client.on_retry(events.append)
    return events


async def describe(client: Workshop) -> Any:
    return await client.describe_machine(machine_name="m")


async def test_a_call_is_told_before_and_after(service: HttpService, workshop: Workshop) -> None:
    service.script = [answer({"MachineName": "m"})]
    events = follow(workshop)

    machine = await describe(workshop)

    before, after = events
    assert isinstance(before, BeforeCall)
    assert isinstance(after, AfterCall)
    assert (before.service, before.operation) == ("workshop", "DescribeMachine")
    assert (before.region_name, before.endpoint_url) == ("us-east-1", service.url)
    assert before.request.to_wire() == {"MachineName": "m"}
    assert after.response is machine
    assert 0 < after.seconds < 60
    assert after.context is before.context


async def test_a_retry_is_told_with_what_went_wrong(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [error("ThrottlingException"), hang_up, answer({"MachineName": "m"})]
    events = follow(workshop)

    await describe(workshop)

    _, first, second, after = events
    assert isinstance(first, CallRetried)
    assert isinstance(second, CallRetried)
    assert isinstance(after, AfterCall)
    assert [type(each.error).__name__ for each in (first, second)] == [
        "ThrottlingException",
        "ConnectionLost",
    ]
    assert [each.attempts for each in (first, second)] == [1, 2]
    assert min(first.delay, second.delay) >= 0
    assert after.response.response_metadata.attempts == 3


async def test_an_error_is_told_as_the_caller_gets_it(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [error("MachineNotFound")]
    events = follow(workshop)

    with pytest.raises(MachineNotFound) as caught:
        await describe(workshop)

    _, failed = events
    assert isinstance(failed, CallFailed)
    assert failed.error is caught.value
    assert failed.attempts == 1


async def test_an_ambiguous_result_is_told(service: HttpService, workshop: Workshop) -> None:
    service.script = [hang_up]
    events = follow(workshop)

    with pytest.raises(AmbiguousResultError):
        await workshop.create_machine(machine_name="m", machine_kind="mill.large")

    assert [type(event) for event in events] == [BeforeCall, CallFailed]


async def test_a_cancelled_call_is_told(service: HttpService, workshop: Workshop) -> None:
    arrived = asyncio.Event()

    async def never(request: web.Request) -> web.StreamResponse:
        arrived.set()
        return await answer(delay=30)(request)

    service.script = [never]
    events = follow(workshop)
    task = asyncio.create_task(describe(workshop))
    await arrived.wait()

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert isinstance(events[-1], CallFailed)
    assert isinstance(events[-1].error, asyncio.CancelledError)


async def test_a_deadline_is_told_as_an_error(service: HttpService, workshop: Workshop) -> None:
    service.script = [answer(delay=30)]
    events = follow(workshop)

    with pytest.raises(CallTimeoutError):
        await describe(workshop.with_options(timeout=0.2))

    assert [type(event) for event in events] == [BeforeCall, CallFailed]


async def test_a_refused_request_is_no_call(service: HttpService, workshop: Workshop) -> None:
    events = follow(workshop)

    with pytest.raises(RequestValidationError):
        await workshop.create_machine(machine_name="m ", machine_kind="x")

    assert events == []
    assert service.sent == []


async def test_headers_that_a_hook_adds_are_signed_and_sent(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [answer(), answer()]

    @workshop.before_call
    def add_header(event: BeforeCall) -> None:
        event.headers["X-Team"] = "research"

    await describe(workshop)
    await workshop.wire.describe_machine(MachineName="m")

    for sent in service.sent:
        assert sent.headers["x-team"] == "research"
        assert "x-team" in sent.headers["authorization"]


async def test_names_of_headers_are_compared_without_case(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [answer({"MachineName": "m"})]

    @workshop.before_call
    def mark(event: BeforeCall) -> None:
        event.headers.update({"X-Team": "research", "x-team": "sales", "content-type": "text/odd"})

    await describe(workshop)

    [sent] = service.sent
    assert [value for name, value in sent.lines if name == "x-team"] == ["sales"]
    assert [value for name, value in sent.lines if name == "content-type"] == ["text/odd"]


@pytest.mark.parametrize(
    "name",
    [
        *("host", "Host", "content-length", "authorization", "user-agent", "User-Agent"),
        *("x-amz-date", "amz-sdk-request", "Transfer-Encoding", "accept-encoding"),
    ],
)
async def test_a_header_that_the_client_writes_is_refused(
    service: HttpService, workshop: Workshop, name: str
) -> None:
    events = follow(workshop)
    workshop.before_call(lambda event: event.headers.update({name: "x"}))

    with pytest.raises(ConfigurationError, match=f"header '{name}', which the client writes"):
        await describe(workshop)

    assert service.sent == []
    assert isinstance(events[-1], CallFailed)
    assert events[-1].attempts == 0


async def test_a_header_that_is_no_text_is_refused(
    service: HttpService, workshop: Workshop
) -> None:
    workshop.before_call(lambda event: event.headers.update({"X-Count": 7}))  # type: ignore[dict-item]

    with pytest.raises(ConfigurationError, match="'X-Count' to a int"):
        await describe(workshop)

    assert service.sent == []


async def test_an_async_hook_is_awaited_and_may_end_the_call(
    service: HttpService, workshop: Workshop
) -> None:
    @workshop.before_call
    async def refuse(event: BeforeCall) -> None:
        await asyncio.sleep(0)
        raise PermissionError(f"{event.operation} is not for you")

    with pytest.raises(PermissionError, match="DescribeMachine is not for you"):
        await describe(workshop)

    assert service.sent == []


async def test_a_hook_that_raises_takes_no_other_hook_its_turn(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [answer({"MachineName": "m"})]
    refused: list[type[CallEvent]] = [AfterCall, BeforeCall]

    def refuse(event: CallEvent) -> None:
        if isinstance(event, refused[-1]):
            raise PermissionError("not for you")

    events: list[CallEvent] = []
    workshop.before_call(events.append)
    workshop.before_call(refuse)
    workshop.after_call(refuse)
    workshop.after_call(events.append)
    workshop.on_error(events.append)

    while refused:
        with pytest.raises(PermissionError, match="not for you"):
            await describe(workshop)
        refused.pop()

    kinds = [type(event) for event in events]
    assert kinds == [BeforeCall, CallFailed, BeforeCall, AfterCall]
    assert len(service.sent) == 1


async def test_a_cancellation_comes_before_what_a_hook_raised(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [answer({"MachineName": "m"})]

    @workshop.after_call
    def refuse(event: AfterCall) -> None:
        raise PermissionError("not for you")

    @workshop.after_call
    async def wait(event: AfterCall) -> None:
        waiting.set()
        await asyncio.sleep(60)

    waiting = asyncio.Event()
    call = asyncio.create_task(describe(workshop))
    await waiting.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_hooks_run_in_their_order_and_hold_for_views_and_the_wire_door(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [answer(), answer()]
    view = workshop.with_options(retries=0)
    order: list[str] = []
    view.before_call(lambda event: order.append(f"first {event.operation}"))
    workshop.before_call(lambda event: order.append("second"))

    await describe(view)
    await workshop.wire.describe_machine(MachineName="m")

    assert order == ["first DescribeMachine", "second"] * 2


async def test_the_request_of_a_wire_call_is_a_structure(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [answer()]
    events = follow(workshop)

    await workshop.wire.describe_machine(MachineName="m")

    assert type(events[0].request).__name__ == "DescribeMachineInput"
    assert events[0].request["MachineName"] == "m"


async def test_calls_share_what_is_left_until_a_deadline(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [answer({"MachineName": "m"}), answer(delay=30)]
    deadline = asyncio.get_running_loop().time() + 1
    hurried = workshop.with_options(deadline=deadline)

    await describe(hurried)
    with pytest.raises(CallTimeoutError, match="took longer than there was until its deadline"):
        await describe(hurried)
    with pytest.raises(CallTimeoutError, match="was not sent: its deadline has passed"):
        await describe(hurried)

    assert len(service.sent) == 2


async def test_the_earlier_of_timeout_and_deadline_holds(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [answer(delay=30)]
    later = asyncio.get_running_loop().time() + 60

    with pytest.raises(CallTimeoutError, match=r"took longer than its 0\.2 s"):
        await describe(workshop.with_options(timeout=0.2, deadline=later))
