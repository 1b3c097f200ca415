"""How a test lets jobs, endpoints and other resources fail, before or after they are there."""

from __future__ import annotations

from typing import Any

import pytest

from aiobotantic.errors import WaiterFailed
from aiosagemaker import SageMaker
from aiosagemaker_extras.testing import SageMakerServer

ROLE = "arn:aws:iam::123456789012:role/tester"
TRAINING: dict[str, Any] = {
    "AlgorithmSpecification": {"TrainingImage": "image:1", "TrainingInputMode": "File"},
    "RoleArn": ROLE,
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}


async def train(sagemaker: SageMaker, name: str) -> None:
    await sagemaker.wire.create_training_job(TrainingJobName=name, **TRAINING)


async def wait(sagemaker: SageMaker, name: str) -> str | None:
    answer = await sagemaker.wait_until_training_job_completed_or_stopped(
        training_job_name=name, delay=0.01
    )
    return answer.training_job_status


@pytest.mark.parametrize("steps", [0, 1, 3])
async def test_the_next_job_fails_and_says_why(steps: int) -> None:
    async with SageMakerServer(steps=steps) as server, server.client() as sagemaker:
        server.end_next("training_job", "Failed", FailureReason="no memory")
        await train(sagemaker, "bad")
        await train(sagemaker, "good")

        with pytest.raises(WaiterFailed, match="no memory") as caught:
            await wait(sagemaker, "bad")
        assert caught.value.reason == "no memory"
        assert await wait(sagemaker, "good") == "Completed"

        failed = await sagemaker.describe_training_job(training_job_name="bad")
        assert failed.secondary_status == "Failed"
        assert failed.training_end_time is not None
        listed = [each async for each in sagemaker.iter_training_jobs(status_equals="Failed")]
        assert [each.training_job_name for each in listed] == ["bad"]


async def test_a_job_that_is_meant_by_its_name_and_two_of_any() -> None:
    async with SageMakerServer() as server, server.client() as sagemaker:
        server.end_next("training_job", "Failed", name="j-3")
        server.end_next("training_job", "Stopped", times=2)
        for number in range(5):
            await train(sagemaker, f"j-{number}")

        ends: list[str | None] = []
        for number in range(5):
            try:
                ends.append(await wait(sagemaker, f"j-{number}"))
            except WaiterFailed:
                ends.append("Failed")
        assert ends == ["Stopped", "Stopped", "Completed", "Failed", "Completed"]


async def test_a_deletion_that_fails_keeps_the_resource() -> None:
    async with SageMakerServer() as server, server.client() as sagemaker:
        wire = sagemaker.wire
        await wire.create_notebook_instance(
            NotebookInstanceName="nb", InstanceType="ml.t3.medium", RoleArn=ROLE
        )
        await sagemaker.wait_until_notebook_instance_in_service(
            notebook_instance_name="nb", delay=0.01
        )
        await sagemaker.stop_notebook_instance(notebook_instance_name="nb")
        await sagemaker.wait_until_notebook_instance_stopped(
            notebook_instance_name="nb", delay=0.01
        )
        server.end_next("notebook_instance", "Failed", FailureReason="network interface in use")
        await sagemaker.delete_notebook_instance(notebook_instance_name="nb")

        with pytest.raises(WaiterFailed, match="network interface in use"):
            await sagemaker.wait_until_notebook_instance_deleted(
                notebook_instance_name="nb", delay=0.01
            )


async def test_a_resource_at_rest_is_changed() -> None:
    now = [1_700_000_000.0]
    async with SageMakerServer(now=lambda: now[0]) as server, server.client() as sagemaker:
        await train(sagemaker, "j")
        now[0] += 90
        await wait(sagemaker, "j")
        ended = await sagemaker.describe_training_job(training_job_name="j")
        assert (ended.training_time_in_seconds, ended.billable_time_in_seconds) == (90, 90)
        arn = server.state.training_jobs["j"]["TrainingJobArn"]

        server.change("training_job", arn, TrainingJobStatus="Stopped", BillableTimeInSeconds=7)

        changed = await sagemaker.describe_training_job(training_job_name="j")
        assert (changed.training_job_status, changed.secondary_status) == ("Stopped", "Stopped")
        assert (changed.training_time_in_seconds, changed.billable_time_in_seconds) == (90, 7)
        assert changed.last_modified_time is not None
        assert changed.last_modified_time.timestamp() == now[0]


async def test_names_that_are_none() -> None:
    with pytest.raises(ValueError, match="called trainings: did you mean training_job"):
        SageMakerServer(lasting={"trainings": 5})
    async with SageMakerServer() as server, server.client() as sagemaker:
        await train(sagemaker, "j")
        with pytest.raises(ValueError, match="called endpoints: did you mean endpoint"):
            server.limits["endpoints"] = 1
        with pytest.raises(ValueError, match="called jobs: did you mean job"):
            server.end_next("jobs", "Failed")
        with pytest.raises(ValueError, match="Broken is no TrainingJobStatus: pass one of InProg"):
            server.end_next("training_job", "Broken")
        with pytest.raises(ValueError, match="a member Reason: did you mean FailureReason"):
            server.end_next("training_job", "Failed", Reason="x")
        with pytest.raises(ValueError, match="a model has no status"):
            server.end_next("model", "Failed")
        with pytest.raises(ValueError, match="times is 0: pass 1 or more"):
            server.end_next("training_job", "Failed", times=0)
        with pytest.raises(ValueError, match="TrainingJobArn names the training job"):
            server.change("training_job", "j", TrainingJobArn="x")
        with pytest.raises(KeyError, match="no training job 'typo' is kept; there are: 'j'"):
            server.change("training_job", "typo", FailureReason="x")
        server.limits["earth_observation_job"] = 1  # of another service, not yet asked for
