"""Waiters, against a server that changes its mind."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from botocore.exceptions import WaiterError as BotocoreWaiterError
from http_service import Answer, HttpService, answer, error
from sample_service import Workshop
from sample_service.workshop.errors import MachineNotFound
from sample_service.workshop.models import DescribeMachineInput, DescribeMachineOutput, Tag

from aiobotantic.errors import (
    AccessDeniedException,
    CallTimeoutError,
    ConfigurationError,
    WaiterFailed,
    WaiterTimedOut,
)
from aiobotantic.waiters import Acceptor, Matcher, Waiter, backing_off


def status(text: str) -> Answer:
    return answer({"MachineName": "m", "MachineStatus": text})


async def test_it_asks_until_the_answer_fits_and_returns_it(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [status("Pending"), status("Pending"), status("InService")]

    started = time.monotonic()
    machine = await workshop.wait_until_machine_in_service(machine_name="m", delay=0.1)

    assert machine.machine_status == "InService"
    assert len(service.sent) == 3
    assert 0.02 <= time.monotonic() - started < 5


async def test_a_failure_state_carries_the_last_response(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [status("Pending"), status("Failed")]

    with pytest.raises(WaiterFailed) as caught:
        await workshop.wait_until_machine_in_service(machine_name="m", delay=0)

    assert str(caught.value) == (
        "MachineInService cannot be reached: it ended in the failure state MachineStatus is Failed"
    )
    assert isinstance(caught.value, BotocoreWaiterError)
    assert caught.value.name == "MachineInService"
    assert caught.value.last_response == DescribeMachineOutput(
        machine_name="m", machine_status="Failed"
    )
    assert caught.value.error is None


async def test_an_error_may_be_the_success(service: HttpService, workshop: Workshop) -> None:
    service.script = [status("Pending"), error("MachineNotFound")]

    gone = await workshop.wait_until_machine_deleted(machine_name="m", delay=0)

    assert gone is None
    assert len(service.sent) == 2


async def test_an_error_that_nobody_expects_ends_it(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [status("Pending"), error("AccessDeniedException")]

    with pytest.raises(WaiterFailed, match="AccessDeniedException!") as caught:
        await workshop.wait_until_machine_in_service(machine_name="m", delay=0)

    assert isinstance(caught.value.error, AccessDeniedException)
    assert caught.value.__cause__ is caught.value.error
    assert caught.value.last_response is None


async def test_a_throttling_ends_no_wait_and_makes_the_longest_pause(
    service: HttpService, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused: list[float] = []

    async def sleep(seconds: float) -> None:
        paused.append(seconds)

    monkeypatch.setattr("aiobotantic.waiters.random.random", lambda: 0.0)
    monkeypatch.setattr("aiobotantic.waiters.asyncio.sleep", sleep)
    throttled = error("ThrottlingException")
    service.script = [status("Pending"), throttled, throttled, status("InService")]
    polled: list[str] = []

    await workshop.with_options(retries=0).wait_until_machine_in_service(
        machine_name="m", delay=10, on_poll=lambda each: polled.append(each.machine_status or "")
    )
    service.script = [throttled, status("InService")]
    answered = await workshop.with_options(retries=0).wait_for(
        DescribeMachineInput(machine_name="m"),
        until=lambda each: each.machine_status == "InService",
        delay=10,
    )

    assert polled == ["Pending", "InService"]
    assert answered.machine_status == "InService"
    assert [pause for pause in paused if pause >= 1] == [1, 10, 10, 10]


async def test_the_deadline_also_ends_a_call_and_a_pause(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [status("Pending"), answer(delay=30)]

    for delay in (0.01, 30):
        started = time.monotonic()
        with pytest.raises(WaiterTimedOut, match=r"MachineInService .* within 0.3 s") as caught:
            await workshop.wait_until_machine_in_service(machine_name="m", timeout=0.3, delay=delay)
        assert time.monotonic() - started < 5
        assert isinstance(caught.value, TimeoutError)
        service.script = [status("Pending")]

    assert caught.value.last_response is not None
    assert caught.value.last_response["MachineStatus"] == "Pending"


async def test_a_calls_own_deadline_is_another_matter(
    service: HttpService, workshop: Workshop
) -> None:
    service.script = [answer(delay=30)]

    with pytest.raises(CallTimeoutError, match=r"DescribeMachine took longer than its 0.1 s"):
        await workshop.with_options(timeout=0.1).wait_until_machine_in_service(machine_name="m")


async def test_the_default_deadline_is_the_models() -> None:
    path = Acceptor("success", "path", "InService", "MachineStatus")
    calls = 0

    async def call() -> DescribeMachineOutput:
        nonlocal calls
        calls += 1
        return DescribeMachineOutput(machine_status="Pending")

    started = time.monotonic()
    with pytest.raises(WaiterTimedOut, match=r"Never was not reached within 0.2 s"):
        await Waiter("Never", 0.05, 4, (path,)).wait(call)

    assert 0.2 <= time.monotonic() - started < 2
    assert 2 <= calls <= 20


async def test_it_can_be_cancelled(service: HttpService, workshop: Workshop) -> None:
    service.script = [status("Pending")]
    waiting = asyncio.create_task(workshop.wait_until_machine_in_service(machine_name="m"))
    await service.first_request()
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting


MACHINE = DescribeMachineOutput(
    machine_status="InService", tags=[Tag(key="a", value="x"), Tag(key="b", value="x")]
)


@pytest.mark.parametrize(
    ("matcher", "expected", "argument", "matches"),
    [
        ("path", "InService", "MachineStatus", True),
        ("path", "Failed", "MachineStatus", False),
        ("path", True, "length(Tags) == `2`", True),
        ("pathAll", "x", "Tags[].Value", True),
        ("pathAll", "a", "Tags[].Key", False),
        ("pathAll", "x", "Spares[].Value", False),
        ("pathAny", "a", "Tags[].Key", True),
        ("pathAny", "c", "Tags[].Key", False),
        ("pathAny", "x", "MachineStatus", False),
        ("error", False, None, True),
        ("error", True, None, False),
        ("error", "MachineNotFound", None, False),
    ],
)
def test_matchers_on_an_answer(
    matcher: Matcher, expected: str | bool, argument: str | None, matches: bool
) -> None:
    assert Acceptor("success", matcher, expected, argument).matches(MACHINE, None) is matches


@pytest.mark.parametrize(
    ("matcher", "expected", "matches"),
    [
        ("error", "MachineNotFound", True),
        ("error", "Other", False),
        ("error", True, True),
        ("error", False, False),
        ("status", 404, True),
        ("status", 200, False),
        ("path", "InService", False),
    ],
)
def test_matchers_on_an_error(matcher: Matcher, expected: str | int, matches: bool) -> None:
    response = {
        "Error": {"Code": "MachineNotFound"},
        "ResponseMetadata": {"HTTPStatusCode": 404},
    }
    missing = MachineNotFound(response, "DescribeMachine")

    assert Acceptor("success", matcher, expected, "MachineStatus").matches(None, missing) is matches


async def test_pauses_begin_short_and_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def note(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", note)
    turn = backing_off(30)
    for number in range(12):
        await turn(number)

    whole = [3 * 1.6**number for number in range(11)]
    assert len(pauses) == 11
    for pause, most in zip(pauses, whole, strict=True):
        assert 0.75 * min(most, 30) <= pause <= min(most, 30)


async def test_each_response_is_told(service: HttpService, workshop: Workshop) -> None:
    service.script = [error("MachineNotFound"), status("Pending"), status("InService")]
    told: list[str] = []

    async def note(machine: DescribeMachineOutput) -> None:
        await asyncio.sleep(0)
        told.append(str(machine.machine_status))

    service.script.pop(0)
    await workshop.wait_until_machine_in_service(machine_name="m", delay=0, on_poll=note)
    service.script = [status("Pending"), status("InService")]
    await workshop.wait_until_machine_in_service(
        machine_name="m", delay=0, on_poll=lambda machine: told.append("plain")
    )

    assert told == ["Pending", "InService", "plain", "plain"]


async def test_what_a_failure_is_said_to_be_stands_in_the_error() -> None:
    ends = Acceptor("failure", "path", "Failed", "MachineStatus")

    async def call() -> DescribeMachineOutput:
        return DescribeMachineOutput(machine_status="Failed", machine_name="out of oil")

    waiter = Waiter("Ready", 1, 2, (ends,), reasons=("tags", "machine_name"))
    with pytest.raises(WaiterFailed, match="MachineStatus is Failed: out of oil") as caught:
        await waiter.wait(call)

    assert caught.value.reason == "out of oil"


async def test_any_answer_can_be_waited_for(service: HttpService, workshop: Workshop) -> None:
    service.script = [status("Pending"), status("Pending"), status("Odd")]
    told: list[DescribeMachineOutput] = []

    machine = await workshop.wait_for(
        DescribeMachineInput(machine_name="m"),
        until=lambda answer: answer.machine_status == "Odd",
        delay=0,
        on_poll=told.append,
    )

    assert machine.machine_status == "Odd"
    assert len(told) == 3


async def test_waiting_for_any_answer_ends_with_an_error_or_the_deadline(
    service: HttpService, workshop: Workshop
) -> None:
    request = DescribeMachineInput(machine_name="m")
    service.script = [status("Pending"), error("MachineNotFound")]

    with pytest.raises(MachineNotFound):
        await workshop.wait_for(request, until=lambda answer: False, delay=0)

    service.script = [status("Pending")]
    with pytest.raises(WaiterTimedOut, match="What was waited for of DescribeMachine") as caught:
        await workshop.wait_for(request, until=lambda answer: False, delay=0, timeout=0.2)
    assert caught.value.last_response is not None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timeout": "x"}, "timeout is 'x': pass seconds, for example 30"),
        ({"timeout": float("nan")}, "timeout is nan"),
        ({"delay": -1}, "delay is -1"),
        ({"delay": True}, "delay is True"),
    ],
)
async def test_what_is_no_number_of_seconds_is_refused(
    service: HttpService, workshop: Workshop, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        await workshop.wait_until_machine_in_service(machine_name="m", **options)
    request = DescribeMachineInput(machine_name="m")
    with pytest.raises(ConfigurationError, match=message):
        await workshop.wait_for(request, until=lambda machine: True, **options)

    assert service.sent == []
