"""Logs of jobs: read and followed, against the embedded server and moto."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from aiobotocore.session import get_session

from aiobotantic.errors import ClientClosedError, ConfigurationError, ServiceError
from aiosagemaker import SageMaker
from aiosagemaker.logs import LogEvent
from aiosagemaker_extras.log_groups import LogGroup, Logs
from aiosagemaker_extras.testing import SageMakerServer

START = 1_700_000_000.0
ROLE = "arn:aws:iam::123456789012:role/tester"
TRAINING: dict[str, Any] = {
    "AlgorithmSpecification": {"TrainingImage": "image:1", "TrainingInputMode": "File"},
    "RoleArn": ROLE,
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}
KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}


@pytest.fixture
async def server() -> AsyncIterator[SageMakerServer]:
    """A server whose training jobs run until its clock is put forward, and write nothing."""
    async with SageMakerServer(lasting={"training_job": 300}, now=lambda: START) as server:
        server.logs["TrainingJobs"].lines(lambda _: [])
        yield server


@pytest.fixture
async def sagemaker(server: SageMakerServer) -> AsyncIterator[SageMaker]:
    async with server.client() as client:
        yield client


@pytest.fixture
def group(server: SageMakerServer) -> LogGroup:
    return server.logs["TrainingJobs"]


async def train(sagemaker: SageMaker, name: str = "j") -> None:
    await sagemaker.wire.create_training_job(TrainingJobName=name, **TRAINING)


async def texts(events: AsyncIterator[LogEvent]) -> list[str]:
    return [event.message async for event in events]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  (what the server has seen tells no event)
            await asyncio.sleep(0.005)


async def test_all_instances_are_merged_in_order_of_time(
    server: SageMakerServer, sagemaker: SageMaker, group: LogGroup
) -> None:
    for number in range(30):
        group.write("j", f"{number}", instance=1 + number % 3, ago=40 - number)
    group.write("j-2", "another job's")
    events = [event async for event in sagemaker.training_job_logs("j", endpoint_url=server.url)]
    assert [event.message for event in events] == [str(number) for number in range(30)]
    assert events[1] == LogEvent(
        timestamp=datetime.fromtimestamp(START - 39, UTC),
        message="1",
        stream="j/algo-2-1700000000",
        ingestion_time=datetime.fromtimestamp(START, UTC),
    )


async def test_a_job_is_followed_until_it_has_ended_and_no_line_is_lost_or_doubled(
    server: SageMakerServer, sagemaker: SageMaker, group: LogGroup
) -> None:
    await train(sagemaker)
    seen: list[str] = []

    async def follow() -> None:
        logs = sagemaker.training_job_logs("j", follow=True, delay=0.02, endpoint_url=server.url)
        async for event in logs:
            seen.append(event.message)

    following = asyncio.create_task(follow())
    await until(lambda: len(server.requests("DescribeTrainingJob")) > 2)
    written: list[str] = []
    for number in range(40):
        written.append(f"line {number}")
        group.write("j", written[-1], instance=1 + number // 20)
        await asyncio.sleep(0.004)
    await until(lambda: len(seen) == 40)
    assert not following.done()
    group.write("j", "the last", instance=2)
    server.clock.advance(minutes=6)
    async with asyncio.timeout(10):
        await following
    assert sorted(seen) == sorted([*written, "the last"])
    assert seen[-1] == "the last"


async def test_lines_that_arrive_late_after_the_end_are_waited_for(
    server: SageMakerServer, sagemaker: SageMaker, group: LogGroup
) -> None:
    await train(sagemaker)
    server.clock.advance(minutes=6)
    group.write("j", "in time")
    seen: list[str] = []
    logs = sagemaker.training_job_logs("j", follow=True, delay=0.05, endpoint_url=server.url)
    async for event in logs:
        seen.append(event.message)
        if len(seen) < 3:
            asyncio.get_running_loop().call_later(0.02, group.write, "j", f"late {len(seen)}")
    assert seen == ["in time", "late 1", "late 2"]


async def test_a_job_that_is_not_followed_costs_no_describe_and_ends_at_once(
    server: SageMakerServer, sagemaker: SageMaker, group: LogGroup
) -> None:
    await train(sagemaker)
    group.write("j", "one")
    assert await texts(sagemaker.training_job_logs("j", endpoint_url=server.url)) == ["one"]
    server.assert_called("DescribeTrainingJob", times=0)


async def test_a_job_that_is_none_is_an_error_and_one_without_lines_is_not(
    server: SageMakerServer, sagemaker: SageMaker
) -> None:
    await train(sagemaker)
    assert await texts(sagemaker.training_job_logs("j", endpoint_url=server.url)) == []
    for follow in (False, True):
        with pytest.raises(ServiceError, match='training job with TrainingJobName "typo"'):
            await texts(sagemaker.training_job_logs("typo", follow=follow, endpoint_url=server.url))


@pytest.mark.parametrize("tail", [0, 1, 7, 25, 100])
async def test_the_tail_is_the_last_lines_of_all_streams_and_what_follows(
    server: SageMakerServer, sagemaker: SageMaker, group: LogGroup, tail: int
) -> None:
    await train(sagemaker)
    for number in range(25):
        group.write("j", f"{number}", instance=1 + number % 2, ago=30 - number)
    logs = sagemaker.training_job_logs(
        "j", tail=tail, follow=True, delay=0.02, endpoint_url=server.url
    )
    last = [str(number) for number in range(25)][max(0, 25 - tail) :]
    seen: list[str] = []

    async def follow() -> None:
        async for event in logs:
            seen.append(event.message)

    following = asyncio.create_task(follow())
    await until(lambda: len(server.requests("DescribeTrainingJob")) > 2 and len(seen) == len(last))
    group.write("j", "new", instance=3)
    group.write("j", "newer")
    server.clock.advance(minutes=6)
    async with asyncio.timeout(10):
        await following
    assert seen[: len(last)] == last
    assert sorted(seen[len(last) :]) == ["new", "newer"]


async def test_logs_start_from_a_moment_or_so_long_ago(
    server: SageMakerServer, sagemaker: SageMaker, group: LogGroup
) -> None:
    for seconds in (300, 200, 100, 0):
        group.write("j", f"{seconds}", ago=seconds)

    async def since(start_from: datetime | timedelta, **options: Any) -> list[str]:
        return await texts(
            sagemaker.training_job_logs(
                "j", start_from=start_from, endpoint_url=server.url, **options
            )
        )

    moment = datetime.fromtimestamp(START - 200, UTC)
    assert await since(moment) == ["200", "100", "0"]
    assert await since(moment + timedelta(seconds=1)) == ["100", "0"]
    assert await since(moment, tail=2) == ["100", "0"]
    assert await since(moment, tail=9) == ["200", "100", "0"]
    assert await since(timedelta(seconds=1)) == []
    assert await since(timedelta(days=40_000)) == ["300", "200", "100", "0"]


async def test_more_lines_than_a_page_holds_are_all_read(
    server: SageMakerServer, sagemaker: SageMaker, group: LogGroup
) -> None:
    for instance in (1, 2):
        group.write("j", *[f"{instance}-{number}" for number in range(11_000)], instance=instance)
    assert len(await texts(sagemaker.training_job_logs("j", endpoint_url=server.url))) == 22_000
    logs = sagemaker.training_job_logs("j", tail=12_000, endpoint_url=server.url)
    assert len(await texts(logs)) == 12_000


async def test_leaving_early_leaves_nothing_open(
    server: SageMakerServer, sagemaker: SageMaker, group: LogGroup
) -> None:
    await train(sagemaker)
    group.write("j", "one", "two")
    before, tasks = server.connections, asyncio.all_tasks()
    logs = sagemaker.training_job_logs("j", follow=True, endpoint_url=server.url)
    async with aclosing(logs) as events:
        async for event in events:
            assert event.message == "one"
            assert server.connections == before + 1
            break
    await until(lambda: server.connections == before)
    async for _ in sagemaker.training_job_logs("j", follow=True, endpoint_url=server.url):
        break  # without aclosing: the loop closes what was left
    gc.collect()
    await until(lambda: server.connections == before and asyncio.all_tasks() == tasks)
    following = asyncio.create_task(
        texts(sagemaker.training_job_logs("j", follow=True, endpoint_url=server.url))
    )
    await until(lambda: server.connections == before + 1)
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following
    await until(lambda: server.connections == before)


async def test_one_logs_client_serves_many_jobs_and_stays_open(
    server: SageMakerServer, sagemaker: SageMaker, group: LogGroup
) -> None:
    async with get_session().create_client(
        "logs", region_name="us-east-1", endpoint_url=server.url, **KEYS
    ) as logs:
        for number in range(3):
            group.write(f"j-{number}", f"of {number}")
        assert [
            await texts(sagemaker.training_job_logs(f"j-{number}", logs=logs))
            for number in range(3)
        ] == [["of 0"], ["of 1"], ["of 2"]]
        assert (await logs.describe_log_groups())["logGroups"]


async def test_processing_and_transform_jobs_have_logs() -> None:
    async with SageMakerServer() as server, server.client() as sagemaker:
        cluster = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 5}
        await sagemaker.wire.create_processing_job(
            ProcessingJobName="p",
            ProcessingResources={"ClusterConfig": cluster},
            AppSpecification={"ImageUri": "image:1"},
            RoleArn=ROLE,
        )
        await sagemaker.wire.create_model(ModelName="m", ExecutionRoleArn=ROLE)
        await sagemaker.wire.create_transform_job(
            TransformJobName="t",
            ModelName="m",
            TransformInput={
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/in"}}
            },
            TransformOutput={"S3OutputPath": "s3://b/out"},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        )
        options: dict[str, Any] = {"follow": True, "delay": 0.01, "endpoint_url": server.url}
        assert (await texts(sagemaker.processing_job_logs("p", **options)))[-2:] == ["Done."] * 2
        assert (await texts(sagemaker.transform_job_logs("t", **options)))[-1] == "Done."


async def test_throttling_is_waited_out_and_other_errors_are_raised_typed(
    server: SageMakerServer, sagemaker: SageMaker, group: LogGroup
) -> None:
    group.write("j", "one", "two")
    refusals: list[str] = []
    answer = Logs.answer.__get__(server.logs)

    def refusing(request: Any) -> Any:
        served = answer(request)
        if refusals:
            body = b'{"__type": "%s", "message": "no"}' % refusals.pop(0).encode()
            return type(served)(400, body, served.headers)
        return served

    server.outside["logs"] = refusing
    refusals += ["ThrottlingException"] * 5  # more than aiobotocore's own three
    logs = sagemaker.training_job_logs("j", delay=0.1, endpoint_url=server.url)
    assert await texts(logs) == ["one", "two"]
    refusals.append("AccessDeniedException")
    with pytest.raises(ServiceError, match="DescribeLogStreams operation: no") as caught:
        await texts(sagemaker.training_job_logs("j", endpoint_url=server.url))
    assert caught.value.code == "AccessDeniedException"


async def test_a_throttled_description_ends_no_follower(
    server: SageMakerServer, sagemaker: SageMaker, group: LogGroup
) -> None:
    group.write("j", "one")
    await train(sagemaker)
    server.clock.advance(minutes=6)
    server.fail_next("DescribeTrainingJob", "ThrottlingException", times=2)
    options: Any = {"follow": True, "delay": 0.05, "endpoint_url": server.url}

    lines = await texts(sagemaker.with_options(retries=0).training_job_logs("j", **options))

    assert lines == ["one"]
    assert len(server.requests("DescribeTrainingJob")) == 3


async def test_logs_are_read_as_the_client_signs(
    server: SageMakerServer, group: LogGroup, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    group.write("j", "one")
    signed: list[str] = []
    answer = server.logs.answer

    def noting(request: Any) -> Any:
        signed.append(request.headers["Authorization"].partition(",")[0].partition(" ")[2])
        return answer(request)

    server.outside["logs"] = noting
    profile = tmp_path / "config"
    profile.write_text(
        "[profile research]\nregion = eu-west-1\n"
        "aws_access_key_id = AKIDPROFILE\naws_secret_access_key = s\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(profile))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    given = {"aws_access_key_id": "AKIDGIVEN", "aws_secret_access_key": "s"}
    for options in ({"profile_name": "research"}, {"region_name": "us-west-2"}, given):
        settings: dict[str, Any] = {"region_name": None, **options, "endpoint_url": server.url}
        if options is given:
            settings["region_name"] = "us-east-2"
        async with SageMaker(**settings) as sagemaker:
            await texts(sagemaker.training_job_logs("j", endpoint_url=server.url))
            view = sagemaker.with_options(region_name="ap-south-1")
            await texts(view.training_job_logs("j", endpoint_url=server.url))
    found = {" ".join(each.removeprefix("Credential=").split("/")[:3:2]) for each in signed}
    assert found == {
        *("AKIDPROFILE eu-west-1", "AKIDPROFILE ap-south-1"),
        *("AKIDENVIRONMENT us-west-2", "AKIDENVIRONMENT ap-south-1"),
        *("AKIDGIVEN us-east-2", "AKIDGIVEN ap-south-1"),
    }


async def test_options_that_cannot_be_are_refused(sagemaker: SageMaker) -> None:
    with pytest.raises(ConfigurationError, match="tail is -1: pass the number of lines"):
        sagemaker.training_job_logs("j", tail=-1)
    with pytest.raises(ConfigurationError, match=r"without a time zone: pass one such as datetime"):
        sagemaker.training_job_logs("j", start_from=datetime(2026, 1, 1))
    with pytest.raises(ConfigurationError, match="delay is -1: pass seconds"):
        sagemaker.processing_job_logs("j", delay=-1)
    with pytest.raises(ClientClosedError, match="SageMaker is not open"):
        await texts(SageMaker(region_name="us-east-1").training_job_logs("j"))


MOTO = """
import json
from http.server import BaseHTTPRequestHandler, HTTPServer
import boto3
from botocore import xform_name
from botocore.exceptions import ClientError
from moto import mock_aws

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        members = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        method = xform_name(self.headers["X-Amz-Target"].partition(".")[2])
        try:
            status, answer = 200, getattr(logs, method)(**members)
        except ClientError as error:
            told = error.response["Error"]
            status, answer = 400, {"__type": told["Code"], "message": told["Message"]}
        body = json.dumps(answer, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass

with mock_aws():
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    logs = boto3.client("logs", region_name="us-east-1", **keys)
    server = HTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
"""
"""moto's CloudWatch Logs by HTTP; moto's own server needs more than is installed."""


@pytest.fixture
def moto() -> Iterator[str]:
    """The address of moto's logs, in a process of its own: it changes botocore's handlers."""
    program = [sys.executable, "-c", MOTO]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.kill()


async def test_logs_out_of_moto(moto: str, sagemaker: SageMaker) -> None:
    begun = datetime.now(UTC).replace(microsecond=0)
    async with get_session().create_client(
        "logs", region_name="us-east-1", endpoint_url=moto, **KEYS
    ) as logs:
        name = "/aws/sagemaker/TrainingJobs"
        await logs.create_log_group(logGroupName=name)
        for instance in (1, 2):
            stream = f"j/algo-{instance}-1700000000"
            await logs.create_log_stream(logGroupName=name, logStreamName=stream)
            numbers = iter(range(instance, 51, 2))
            while batch := list(islice(numbers, 10)):
                events = [
                    {
                        "timestamp": int(begun.timestamp() * 1000) - 10_000 + number,
                        "message": f"{number}",
                    }
                    for number in batch
                ]
                await logs.put_log_events(logGroupName=name, logStreamName=stream, logEvents=events)
    everything = [str(number) for number in range(1, 51)]
    assert await texts(sagemaker.training_job_logs("j", endpoint_url=moto)) == everything
    await train(sagemaker)
    following = sagemaker.training_job_logs("j", tail=5, endpoint_url=moto)
    assert await texts(following) == everything[-5:]
