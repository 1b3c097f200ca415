"""Every operation is answered: botocore sends a valid request and reads a whole answer."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore_peer import botocore_client, botocore_data

from aiobotantic.structure import describe
from aiobotantic.testing.build import build
from aiosagemaker.sagemaker.client import SageMaker
from aiosagemaker_extras.testing import SageMakerServer

OPERATIONS = SageMaker.operations()
KEPT = ("NotebookInstance", "InferenceExperiment")
LATER = {"Schedule": {"StartTime": datetime(2100, 1, 1, tzinfo=UTC)}}
LIVES: list[tuple[str, dict[str, Any], list[str]]] = [
    (
        "NotebookInstance",
        {"NotebookInstanceName": "kept"},
        [
            *("Create", "Describe", "Lists", "Stop", "Describe", "Update", "Describe"),
            *("Start", "Describe", "Stop", "Describe", "Delete"),
        ],
    ),
    (
        "InferenceExperiment",
        {"Name": "now"},
        ["Create", "Describe", "Update", "Describe", "Lists", "Stop", "Describe", "Delete"],
    ),
    ("InferenceExperiment", {"Name": "later"} | LATER, ["Create", "Describe", "Start"]),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return botocore_data(tmp_path_factory.mktemp("botocore"))


def request_of(operation: str, seed: int = 0) -> dict[str, Any]:
    members = build(OPERATIONS[operation].request_class, seed=seed).to_wire()
    return {name: value for name, value in members.items() if name != "NextToken"}


def paths(value: Any, at: str = "") -> set[str]:
    """Return the place of every leaf, whatever its value."""
    if isinstance(value, dict):
        return {path for name, each in value.items() for path in paths(each, f"{at}/{name}")} | {at}
    if isinstance(value, list):
        return {path for n, each in enumerate(value) for path in paths(each, f"{at}/{n}")} | {at}
    return {at}


class Peer:
    """A botocore client that also keeps the bytes of the last answer."""

    def __init__(self, url: str, data: Path) -> None:
        self.client = botocore_client(url, data)
        self.client.meta.events.register("response-received.sagemaker", self._keep)
        self.body = b""

    def _keep(self, response_dict: Any = None, **_: Any) -> None:
        self.body = response_dict["body"]

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        # The client's methods have Python names; this is what they all call.
        answer: dict[str, Any] = self.client._make_api_call(operation, request)
        del answer["ResponseMetadata"]
        return answer


async def test_every_operation_is_answered_and_botocore_reads_all_of_it(data: Path) -> None:
    others = [name for name in OPERATIONS if not name.removesuffix("s").endswith(KEPT)]

    def ask(url: str) -> None:
        peer = Peer(url, data)
        for name in others:
            answer = peer.call(name, request_of(name))
            if OPERATIONS[name].response is None:
                assert (answer, peer.body) == ({}, b""), name
            else:
                assert paths(answer) == paths(json.loads(peer.body)), name
        for kind, members, verbs in LIVES:
            for verb in verbs:
                name = f"List{kind}s" if verb == "Lists" else f"{verb}{kind}"
                answer = peer.call(name, least(name) | taken(name, members))
                if peer.body:
                    assert paths(answer) == paths(json.loads(peer.body)), name

    def least(name: str) -> dict[str, Any]:
        return build(OPERATIONS[name].request_class, optional=False).to_wire()

    def taken(name: str, members: dict[str, Any]) -> dict[str, Any]:
        known = describe(OPERATIONS[name].request_class).by_wire_name
        return {member: value for member, value in members.items() if member in known}

    async with SageMakerServer(stateless=True) as server:
        await asyncio.to_thread(ask, server.url)

        assert {entry.status for entry in server.journal} == {200}
        assert {entry.operation for entry in server.journal} == set(OPERATIONS)
        assert len(OPERATIONS) > 400


async def test_the_same_request_gets_the_same_answer(data: Path) -> None:
    answers = []
    for _ in range(2):
        async with SageMakerServer(stateless=True) as server:
            peer = Peer(server.url, data)
            answers += [
                await asyncio.to_thread(peer.call, "DescribeEndpoint", {"EndpointName": name})
                for name in ("one", "one", "other")
            ]

    assert answers[:3] == answers[3:]
    assert answers[0] == answers[1] != answers[2]
    assert [each["EndpointName"] for each in answers[:3]] == ["one", "one", "other"]


async def test_made_up_resources_are_called_by_their_name_and_at_rest(data: Path) -> None:
    async with SageMakerServer(
        region="eu-central-1", account="210987654321", stateless=True
    ) as server:
        peer = Peer(server.url, data)
        created = await asyncio.to_thread(peer.call, "CreateModel", {"ModelName": "m"})
        described = await asyncio.to_thread(peer.call, "DescribeModel", {"ModelName": "m"})
        job = await asyncio.to_thread(peer.call, "DescribeTrainingJob", {"TrainingJobName": "j"})

    assert created["ModelArn"] == "arn:aws:sagemaker:eu-central-1:210987654321:model/m"
    assert described["ModelArn"] == created["ModelArn"]
    assert described["ModelName"] == "m"
    assert job["TrainingJobStatus"] == "Completed"
    assert "FailureReason" not in job


async def test_a_list_that_is_made_up_has_one_page(data: Path) -> None:
    async with SageMakerServer(stateless=True) as server:
        peer = Peer(server.url, data)

        def pages() -> list[Any]:
            return list(peer.client.get_paginator("list_models").paginate())

        (page,) = await asyncio.to_thread(pages)

    assert len(page["Models"]) == 2


async def test_waiters_of_made_up_resources_end(data: Path) -> None:
    async with SageMakerServer(stateless=True) as server:
        peer = Peer(server.url, data)
        quick = {"Delay": 0, "MaxAttempts": 1}

        def wait() -> None:
            peer.client.get_waiter("endpoint_in_service").wait(EndpointName="e", WaiterConfig=quick)
            peer.client.get_waiter("image_created").wait(ImageName="i", WaiterConfig=quick)
            peer.client.get_waiter("training_job_completed_or_stopped").wait(
                TrainingJobName="t", WaiterConfig=quick
            )

        await asyncio.to_thread(wait)
        assert [entry.operation for entry in server.journal] == [
            "DescribeEndpoint",
            "DescribeImage",
            "DescribeTrainingJob",
        ]
