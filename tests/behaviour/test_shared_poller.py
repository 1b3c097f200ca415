"""Many waiters, one poller: lists are read, and each resource is described when it has moved."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from http_service import HttpService, answer, until

from aiobotantic import polling
from aiobotantic.errors import ConfigurationError, WaiterFailed, WaiterTimedOut
from aiobotantic.hooks import BeforeCall
from aiobotantic.polling import SharedPoller
from aiosagemaker import SageMaker


class Jobs:
    """Training jobs that end after some looks at the list, at a service that may throttle."""

    def __init__(self, count: int, *, page: int = 100, lists_a_tenth: int = 1000) -> None:
        self.names = [f"job-{number}" for number in range(count)]
        self.status = dict.fromkeys(self.names, "InProgress")
        self.page = page
        self.lists_a_tenth = lists_a_tenth
        self.calls: Counter[str] = Counter()
        self.throttled = 0
        self.refused = False
        self._lists: list[float] = []

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        operation = request.headers["X-Amz-Target"].partition(".")[2]
        body = json.loads(await request.read())
        self.calls[operation] += 1
        if operation == "ListTrainingJobs":
            return await self._list(body)(request)
        name = body["TrainingJobName"]
        if name not in self.status:
            return await _error("ValidationException", "Requested resource not found.")(request)
        found = {"TrainingJobName": name, "TrainingJobStatus": self.status[name]}
        return await answer({**found, "FailureReason": f"{name} ran out"})(request)

    def _list(self, body: dict[str, Any]) -> Any:
        now = asyncio.get_running_loop().time()
        self._lists = [each for each in self._lists if each > now - 0.1]
        if self.refused:
            return _error("AccessDeniedException", "no lists for you")
        if len(self._lists) >= self.lists_a_tenth:
            self.throttled += 1
            return _error("ThrottlingException", "Rate exceeded")
        self._lists.append(now)
        start = int(body.get("NextToken", "0"))
        assert body["MaxResults"] == 100
        end = start + self.page
        items = [
            {
                "TrainingJobName": name,
                "TrainingJobArn": f"arn:aws:sagemaker:us-east-1:123456789012:training-job/{name}",
                "CreationTime": 1700000000,
                "TrainingJobStatus": self.status[name],
            }
            for name in list(self.status)[start:end]
        ]
        more = {"NextToken": str(end)} if end < len(self.status) else {}
        return answer({"TrainingJobSummaries": items, **more})


def _error(code: str, message: str) -> Any:
    return answer({"__type": code, "message": message}, status=400)


@pytest.fixture
async def sagemaker(service: HttpService, pipeline: Any) -> AsyncIterator[SageMaker]:
    async with SageMaker(
        region_name="us-east-1", endpoint_url=service.url, pipeline=pipeline
    ) as client:
        yield client


def poller() -> SharedPoller:
    return SharedPoller(list_rate=200, describe_rate=2000)


async def wait(client: SageMaker, name: str, **options: Any) -> Any:
    return await client.wait_until_training_job_completed_or_stopped(
        training_job_name=name, **{"delay": 0.1, **options}
    )


async def test_lists_are_read_and_each_is_described_once(
    service: HttpService, sagemaker: SageMaker
) -> None:
    jobs = Jobs(60, page=25)
    service.script = [jobs]
    shared = sagemaker.with_options(poller=poller())
    tasks = [asyncio.create_task(wait(shared, name)) for name in jobs.names]
    await until(lambda: jobs.calls["ListTrainingJobs"] >= 6)
    assert jobs.calls["DescribeTrainingJob"] == 0

    for name in jobs.names[:40]:
        jobs.status[name] = "Completed"
    await asyncio.gather(*tasks[:40])
    for name in jobs.names[40:]:
        jobs.status[name] = "Stopped"
    ended = await asyncio.gather(*tasks)

    assert [each.training_job_name for each in ended] == jobs.names
    assert {str(each.training_job_status) for each in ended} == {"Completed", "Stopped"}
    assert jobs.calls["DescribeTrainingJob"] == 60


async def test_failures_and_what_is_in_no_list_end_as_they_would_alone(
    service: HttpService, sagemaker: SageMaker
) -> None:
    jobs = Jobs(5)
    service.script = [jobs]
    jobs.status["job-0"] = "Failed"
    for name in jobs.names[1:]:
        jobs.status[name] = "Completed"
    shared = sagemaker.with_options(poller=poller())

    results = await asyncio.gather(
        *(wait(shared, name) for name in [*jobs.names, "gone"]), return_exceptions=True
    )

    assert isinstance(results[0], WaiterFailed)
    assert results[0].reason == "job-0 ran out"
    assert isinstance(results[5], WaiterFailed)
    assert "Requested resource not found" in str(results[5])
    assert all(each.training_job_status == "Completed" for each in results[1:5])


async def test_a_throttled_list_is_read_more_slowly_and_all_end(
    service: HttpService, sagemaker: SageMaker
) -> None:
    jobs = Jobs(30, lists_a_tenth=1)
    service.script = [jobs]
    shared = sagemaker.with_options(poller=poller(), retries=0)
    tasks = [asyncio.create_task(wait(shared, name, delay=0.05)) for name in jobs.names]
    await until(lambda: jobs.throttled >= 1)

    jobs.status = dict.fromkeys(jobs.names, "Completed")

    assert len(await asyncio.gather(*tasks)) == 30


async def test_where_the_list_is_refused_each_asks_for_itself(
    service: HttpService, sagemaker: SageMaker
) -> None:
    jobs = Jobs(10)
    jobs.refused = True
    service.script = [jobs]
    shared = sagemaker.with_options(poller=poller())
    tasks = [asyncio.create_task(wait(shared, name)) for name in jobs.names]
    await until(lambda: jobs.calls["DescribeTrainingJob"] >= 12)

    jobs.status = dict.fromkeys(jobs.names, "Completed")
    await asyncio.gather(*tasks)

    assert jobs.calls["ListTrainingJobs"] == 1


async def test_a_list_that_was_refused_is_tried_again_by_who_waits_then(
    service: HttpService, sagemaker: SageMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "_BROKEN", 0.2)
    jobs = Jobs(10)
    jobs.refused = True
    service.script = [jobs]
    shared = sagemaker.with_options(poller=poller())
    tasks = [asyncio.create_task(wait(shared, name)) for name in jobs.names]
    await until(lambda: jobs.calls["DescribeTrainingJob"] >= 12)

    jobs.refused = False
    await until(lambda: jobs.calls["ListTrainingJobs"] >= 3)
    jobs.status = dict.fromkeys(jobs.names, "Completed")
    await asyncio.gather(*tasks)


async def test_who_is_in_a_hurry_sets_the_pace_of_the_list(
    service: HttpService, sagemaker: SageMaker
) -> None:
    jobs = Jobs(10)
    service.script = [jobs]
    shared = sagemaker.with_options(poller=poller())
    slow = [asyncio.create_task(wait(shared, name, delay=600)) for name in jobs.names[1:]]
    await until(lambda: jobs.calls["ListTrainingJobs"] >= 1)
    quick = asyncio.create_task(wait(shared, jobs.names[0], delay=0.1))
    await until(lambda: jobs.calls["ListTrainingJobs"] >= 3)

    jobs.status[jobs.names[0]] = "Completed"
    await asyncio.wait_for(quick, 10)

    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)


async def test_who_waits_for_a_version_asks_for_it(
    service: HttpService, sagemaker: SageMaker
) -> None:
    service.script = [answer({"ModelCardName": "c", "ModelCardStatus": "Approved"})]
    shared = sagemaker.with_options(poller=poller())

    waits = [
        shared.wait_until_model_card_approved(
            model_card_name="c", model_card_version=1, timeout=5, delay=0.1
        )
        for _ in range(4)
    ]
    await asyncio.gather(*waits)

    operations = {sent.headers["x-amz-target"].partition(".")[2] for sent in service.sent}
    assert operations == {"DescribeModelCard"}


async def test_a_few_waiters_need_no_list(service: HttpService, sagemaker: SageMaker) -> None:
    jobs = Jobs(2)
    service.script = [jobs]
    shared = sagemaker.with_options(poller=poller())
    tasks = [asyncio.create_task(wait(shared, name)) for name in jobs.names]
    await until(lambda: jobs.calls["DescribeTrainingJob"] >= 3)

    jobs.status = dict.fromkeys(jobs.names, "Completed")
    await asyncio.gather(*tasks)

    assert jobs.calls["ListTrainingJobs"] == 0


async def test_waiters_of_what_no_list_has_are_paced(
    service: HttpService, sagemaker: SageMaker
) -> None:
    service.script = [answer({"Status": "InService", "AppName": "a"})]
    shared = sagemaker.with_options(poller=SharedPoller(describe_rate=50))
    loop = asyncio.get_running_loop()

    start = loop.time()
    await asyncio.gather(
        *(
            shared.wait_until_app_in_service(
                domain_id="d-1", app_type="JupyterLab", app_name=f"a{number}"
            )
            for number in range(10)
        )
    )

    assert loop.time() - start >= 9 / 50 * 0.95


async def test_a_deadline_and_a_cancel_leave_nothing_behind(
    service: HttpService, sagemaker: SageMaker
) -> None:
    jobs = Jobs(20)
    service.script = [jobs]
    shared = sagemaker.with_options(poller=poller())

    results = await asyncio.gather(
        *(wait(shared, name, timeout=0.3) for name in jobs.names[:10]), return_exceptions=True
    )
    assert {type(each) for each in results} == {WaiterTimedOut}
    tasks = [asyncio.create_task(wait(shared, name)) for name in jobs.names]
    await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0.01)

    running = [
        task
        for task in asyncio.all_tasks()
        if "_List" in getattr(task.get_coro(), "__qualname__", "")
    ]
    assert running == []


def test_a_rate_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="rate is 0: pass calls a second"):
        SharedPoller(list_rate=0)


async def test_what_a_hook_raises_ends_the_waits_and_hangs_none(
    service: HttpService, sagemaker: SageMaker
) -> None:
    service.script = [Jobs(5)]

    @sagemaker.before_call
    def refuse(event: BeforeCall) -> None:
        raise PermissionError(f"{event.operation} is not for you")

    shared = sagemaker.with_options(poller=poller())
    results = await asyncio.gather(
        *(wait(shared, f"job-{number}") for number in range(5)), return_exceptions=True
    )

    assert {str(each) for each in results} == {"DescribeTrainingJob is not for you"}


async def test_clients_share_a_poller_and_nothing_of_their_lists(
    service: HttpService, sagemaker: SageMaker, pipeline: Any
) -> None:
    jobs = Jobs(5)
    jobs.refused = True
    service.script = [jobs]
    both = poller()
    for name in jobs.names:
        jobs.status[name] = "Completed"
    shared = sagemaker.with_options(poller=both)
    await asyncio.gather(*(wait(shared, name) for name in jobs.names))
    jobs.refused = False

    async with SageMaker(
        region_name="us-east-1", endpoint_url=service.url, pipeline=pipeline
    ) as other:
        view = other.with_options(poller=both)
        await asyncio.gather(*(wait(view, name) for name in jobs.names))

    assert jobs.calls["ListTrainingJobs"] == 2  # one that was refused, and the other client's
