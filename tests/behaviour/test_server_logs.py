"""The server's small CloudWatch Logs, as boto3 reads it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from aiosagemaker import SageMaker
from aiosagemaker_extras.testing import SageMakerServer

GROUP = "/aws/sagemaker/TrainingJobs"
START = 1_700_000_000.0
ROLE = "arn:aws:iam::123456789012:role/tester"
TRAINING: dict[str, Any] = {
    "AlgorithmSpecification": {"TrainingImage": "image:1", "TrainingInputMode": "File"},
    "RoleArn": ROLE,
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 5},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}
CLUSTER = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5}
S3_IN = {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in"}}}


def boto(server: SageMakerServer[Any]) -> Any:
    return boto3.client(
        "logs",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1}),
    )


async def train(sagemaker: SageMaker, name: str = "j", **more: Any) -> None:
    await sagemaker.wire.create_training_job(TrainingJobName=name, **{**TRAINING, **more})


async def test_jobs_write_as_they_move_through_their_statuses() -> None:
    async with (
        SageMakerServer(lasting={"training_job": 300}, now=lambda: START) as server,
        server.client() as sagemaker,
    ):
        await train(sagemaker)
        written = server.logs["TrainingJobs"]
        assert list(written.streams) == ["j/algo-1-1700000000", "j/algo-2-1700000000"]
        first = written.read("j")
        assert (first[0], first.count("Starting."), first.count("Done.")) == ("Starting.", 2, 0)
        server.clock.advance(minutes=5)
        assert written.read("j") == [*first, "Done.", "Done."]
        assert list(server.logs) == ["TrainingJobs", "ProcessingJobs", "TransformJobs"]
        with pytest.raises(
            KeyError, match="no log group 'Trainings'; there are: TrainingJobs, Pro"
        ):
            server.logs["Trainings"]


async def test_jobs_of_each_kind_write() -> None:
    async with SageMakerServer(steps=0) as server, server.client() as sagemaker:
        await train(sagemaker)
        await sagemaker.wire.create_processing_job(
            ProcessingJobName="p",
            ProcessingResources={"ClusterConfig": {**CLUSTER, "InstanceCount": 3}},
            AppSpecification={"ImageUri": "image:1"},
            RoleArn=ROLE,
        )
        await sagemaker.wire.create_model(ModelName="m", ExecutionRoleArn=ROLE)
        await sagemaker.wire.create_transform_job(
            TransformJobName="t",
            ModelName="m",
            TransformInput=S3_IN,
            TransformOutput={"S3OutputPath": "s3://bucket/out"},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        )
        done = {
            name: group.read(job).count("Done.")
            for (name, group), job in zip(server.logs.items(), ("j", "p", "t"), strict=True)
        }
        assert done == {"TrainingJobs": 2, "ProcessingJobs": 3, "TransformJobs": 1}
        await train(sagemaker, "k", ResourceConfig=CLUSTER)
        assert server.logs["TrainingJobs"].read("k")[-1] == "Done."


async def test_a_test_says_what_jobs_write() -> None:
    async with SageMakerServer(now=lambda: START) as server, server.client() as sagemaker:

        @server.logs["TrainingJobs"].lines
        def lines(job: Mapping[str, Any]) -> Iterable[str]:
            yield f"{job['TrainingJobName']} is {job['TrainingJobStatus']}"

        await train(sagemaker, ResourceConfig=CLUSTER)
        server.logs["TrainingJobs"].write("j", "loss 0.5", "loss 0.25")
        server.logs["TrainingJobs"].write("j", "an older one", ago=60, instance=2)
        await sagemaker.describe_training_job(training_job_name="j")
        await sagemaker.describe_training_job(training_job_name="j")
        expected = ["an older one", "j is InProgress", "loss 0.5", "loss 0.25", "j is Completed"]
        assert server.logs["TrainingJobs"].read("j") == expected
        before = json.loads(json.dumps(server.snapshot()))
        server.logs["TrainingJobs"].write("j", "afterwards")
        server.restore(before)
        assert server.logs["TrainingJobs"].read("j") == expected
        server.logs["TrainingJobs"].write("j", "again")
        assert len(server.logs["TrainingJobs"].streams) == 2


async def test_streams_are_described_by_prefix_and_in_pages() -> None:
    async with SageMakerServer(SageMaker, now=lambda: START) as server:
        group = server.logs["TrainingJobs"]
        for number in range(1, 71):
            group.write("job", "a line", instance=number)
        group.write("job-2", "another's", ago=5)
        logs = boto(server)

        def names(**options: Any) -> list[str]:
            pages = logs.get_paginator("describe_log_streams").paginate(
                logGroupName=GROUP, **options
            )
            return [each["logStreamName"] for page in pages for each in page["logStreams"]]

        def live() -> None:
            ours = names(logStreamNamePrefix="job/")
            assert len(ours) == 70 == len(set(ours))
            assert names(logStreamNamePrefix="job/", PaginationConfig={"PageSize": 7}) == ours
            assert names(logStreamNamePrefix="none/") == []
            assert names(orderBy="LastEventTime")[0] == "job-2/algo-1-1700000000"
            assert names(descending=True)[-1] == "job-2/algo-1-1700000000"
            shown = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix="job-2/")[
                "logStreams"
            ]
            assert shown == [
                {
                    "logStreamName": "job-2/algo-1-1700000000",
                    "arn": f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}"
                    ":log-stream:job-2/algo-1-1700000000",
                    "creationTime": 1_700_000_000_000,
                    "firstEventTimestamp": 1_699_999_995_000,
                    "lastEventTimestamp": 1_699_999_995_000,
                    "lastIngestionTime": 1_700_000_000_000,
                    "storedBytes": 0,
                }
            ]
            groups = logs.describe_log_groups(logGroupNamePrefix="/aws/sagemaker/T")["logGroups"]
            assert [each["logGroupName"] for each in groups] == [
                "/aws/sagemaker/TrainingJobs",
                "/aws/sagemaker/TransformJobs",
            ]

        await asyncio.to_thread(live)


async def test_events_are_read_from_either_end_and_tokens_repeat_there() -> None:
    async with SageMakerServer(SageMaker, now=lambda: START) as server:
        group = server.logs["TrainingJobs"]
        for number in range(10):
            group.write("j", f"line {number}", ago=10 - number)
        logs = boto(server)
        stream = "j/algo-1-1700000000"

        def read(**options: Any) -> tuple[list[str], str, str]:
            answer = logs.get_log_events(logGroupName=GROUP, logStreamName=stream, **options)
            texts = [each["message"].removeprefix("line ") for each in answer["events"]]
            return texts, answer["nextForwardToken"], answer["nextBackwardToken"]

        def live() -> None:
            texts, forward, backward = read(startFromHead=True, limit=4)
            assert texts == ["0", "1", "2", "3"]
            assert read(nextToken=backward)[0] == []
            assert read(nextToken=backward)[2] == backward
            texts, forward, _ = read(nextToken=forward, limit=4)
            assert texts == ["4", "5", "6", "7"]
            texts, forward, backward = read(nextToken=forward, limit=4)
            assert texts == ["8", "9"]
            assert read(nextToken=forward)[:2] == ([], forward)
            group.write("j", "line 10")
            assert read(nextToken=forward)[0] == ["10"]
            assert read(nextToken=backward, limit=3)[0] == ["5", "6", "7"]
            assert read(limit=2)[0] == ["9", "10"]
            within = {"startTime": 1_699_999_993_000, "endTime": 1_699_999_996_000}
            texts, forward, backward = read(startFromHead=True, **within)
            assert texts == ["3", "4", "5"]
            assert read(nextToken=forward, **within)[0] == []
            assert read(limit=1, **within)[0] == ["5"]
            with pytest.raises(ClientError, match=r"\(ResourceNotFoundException\).*'none'"):
                logs.get_log_events(logGroupName=GROUP, logStreamName="none")
            with pytest.raises(ClientError, match=r"\(ResourceNotFoundException\).*'/other'"):
                logs.get_log_events(logGroupName="/other", logStreamName=stream)
            with pytest.raises(ClientError, match=r"\(InvalidParameterException\).*nextToken"):
                read(nextToken="x/12")
            with pytest.raises(
                ClientError, match="DeleteLogGroup is not served: of CloudWatch Logs"
            ):
                logs.delete_log_group(logGroupName=GROUP)

        await asyncio.to_thread(live)


async def test_events_are_filtered_by_words_streams_and_time() -> None:
    async with SageMakerServer(SageMaker, now=lambda: START) as server:
        group = server.logs["TrainingJobs"]
        for number in range(6):
            group.write("j", f"loss {number} of net", ago=10 - number, instance=1 + number % 2)
        group.write("k", "loss of another")
        logs = boto(server)

        def found(**options: Any) -> list[str]:
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, **options)
            return [each["message"].split()[1] for page in pages for each in page["events"]]

        def live() -> None:
            assert found(logStreamNamePrefix="j/") == ["0", "1", "2", "3", "4", "5"]
            assert found(filterPattern='loss "3 of"') == ["3"]
            assert found(PaginationConfig={"PageSize": 2}) == ["0", "1", "2", "3", "4", "5", "of"]
            assert found(logStreamNames=["j/algo-2-1700000000"]) == ["1", "3", "5"]
            assert found(startTime=1_699_999_995_000, logStreamNamePrefix="j/") == ["5"]
            with pytest.raises(ClientError, match=r"\(InvalidParameterException\).*pass words"):
                found(filterPattern="{ $.loss > 3 }")

        await asyncio.to_thread(live)
