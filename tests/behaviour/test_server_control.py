"""What a test does with the server itself: its clock, limits, keys, journal, state and file."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from aiobotantic.client import Client
from aiobotantic.errors import ServiceError
from aiosagemaker import SageMaker, SageMakerA2IRuntime, SageMakerGeospatial, SageMakerRuntime
from aiosagemaker.sagemaker.errors import (
    ConflictException,
    ResourceInUse,
    ResourceLimitExceeded,
    ValidationException,
)
from aiosagemaker.sagemaker.models import ContainerDefinition
from aiosagemaker_extras.server_cli import main
from aiosagemaker_extras.testing import Invocation, SageMakerServer, ServedError

ROLE = "arn:aws:iam::123456789012:role/tester"
FLOW = "arn:aws:sagemaker:us-east-1:123456789012:flow-definition/f"
TRAINING: dict[str, Any] = {
    "AlgorithmSpecification": {"TrainingImage": "image:1", "TrainingInputMode": "File"},
    "RoleArn": ROLE,
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}
PROGRAM = [sys.executable, "-m", "aiosagemaker_extras.server_cli"]


async def train(sagemaker: SageMaker, name: str = "j") -> None:
    await sagemaker.wire.create_training_job(TrainingJobName=name, **TRAINING)


async def status(sagemaker: SageMaker, name: str = "j") -> str:
    answer = await sagemaker.describe_training_job(training_job_name=name)
    return str(answer.training_job_status)


async def test_a_status_lasts_for_seconds_of_the_clock() -> None:
    start = 1_700_000_000.0
    async with (
        SageMakerServer(lasting={"training_job": 300}, now=lambda: start) as server,
        server.client() as sagemaker,
    ):
        await train(sagemaker)
        assert [await status(sagemaker) for _ in range(3)] == ["InProgress"] * 3
        server.clock.advance(minutes=4, seconds=59)
        assert await status(sagemaker) == "InProgress"
        server.clock.advance(1)
        assert await status(sagemaker) == "Completed"
        done = await sagemaker.describe_training_job(training_job_name="j")
        assert done.creation_time is not None
        assert done.creation_time.timestamp() == start
        await train(sagemaker, "k")
        server.clock.advance(minutes=7)
        assert server.state.training_jobs["k"]["TrainingJobStatus"] == "Completed"
        listed = await sagemaker.list_training_jobs(status_equals="InProgress")
        assert listed.training_job_summaries == []


def test_a_clock_does_not_go_back() -> None:
    with pytest.raises(ValueError, match=r"^the clock cannot be put back by 60 seconds"):
        SageMakerServer().clock.advance(minutes=-1)


async def test_a_limit_is_an_error_of_the_service() -> None:
    async with SageMakerServer() as server, server.client() as sagemaker:
        server.limits["training_job"] = 1
        await train(sagemaker)
        with pytest.raises(
            ResourceLimitExceeded,
            match=r"service limit for training job is 1, with a current utilization of 1",
        ):
            await train(sagemaker, "k")
        del server.limits["training_job"]
        await train(sagemaker, "k")


async def test_what_holds_others_is_not_deleted() -> None:
    async with SageMakerServer(steps=0) as server, server.client() as sagemaker:
        domain = await sagemaker.wire.create_domain(
            DomainName="d", AuthMode="IAM", DefaultUserSettings={"ExecutionRole": ROLE}
        )
        identity = domain["DomainId"]
        assert domain["DomainArn"].endswith(f":domain/{identity}")
        with pytest.raises(ValidationException, match='Could not find domain with DomainId "d-x"'):
            await sagemaker.create_user_profile(domain_id="d-x", user_profile_name="u")
        await sagemaker.create_user_profile(domain_id=identity, user_profile_name="u")
        with pytest.raises(ResourceInUse, match="it still has a user profile"):
            await sagemaker.delete_domain(domain_id=identity)
        assert list(server.state.user_profiles) == [(identity, "u")]
        await sagemaker.delete_user_profile(domain_id=identity, user_profile_name="u")
        await sagemaker.delete_domain(domain_id=identity)


async def test_versions_count_and_the_newest_is_meant() -> None:
    async with SageMakerServer(steps=0) as server, server.client() as sagemaker:
        await sagemaker.create_image(image_name="i", role_arn=ROLE)
        arns = [
            (await sagemaker.create_image_version(image_name="i", base_image="b")).image_version_arn
            for _ in range(2)
        ]
        assert [arn and arn.rpartition("/")[2] for arn in arns] == ["1", "2"]
        newest = await sagemaker.describe_image_version(image_name="i")
        first = await sagemaker.describe_image_version(image_name="i", version=1)
        assert (newest.version, first.version) == (2, 1)
        await sagemaker.create_model_package_group(model_package_group_name="g")
        packages = [
            (await sagemaker.create_model_package(model_package_group_name="g")).model_package_arn
            for _ in range(3)
        ]
        assert [arn and arn.partition("package/")[2] for arn in packages] == ["g/1", "g/2", "g/3"]
        assert packages[2] is not None
        await sagemaker.update_model_package(
            model_package_arn=packages[2], model_approval_status="Approved"
        )
        third = await sagemaker.describe_model_package(model_package_name=packages[2])
        assert third.model_package_version == 3


async def test_a_creation_with_the_token_of_another_is_that_one() -> None:
    pipeline = {"PipelineName": "p", "PipelineDefinition": "{}", "RoleArn": ROLE}
    async with SageMakerServer() as server, server.client() as sagemaker:
        for _ in range(2):
            await sagemaker.wire.create_pipeline(**pipeline, ClientRequestToken="t" * 32)
        with pytest.raises(ConflictException, match="Cannot create already existing pipeline"):
            await sagemaker.wire.create_pipeline(**pipeline, ClientRequestToken="u" * 32)
        runs = {
            (
                await sagemaker.start_pipeline_execution(
                    pipeline_name="p", client_request_token=token * 32
                )
            ).pipeline_execution_arn
            for token in "aab"
        }
        assert len(runs) == len(server.state.pipeline_executions) == 2


async def test_state_is_seen_kept_and_put_back() -> None:
    async with SageMakerServer() as server, server.client() as sagemaker:
        await sagemaker.create_model(
            model_name="m", primary_container=ContainerDefinition(image="one:1")
        )
        await train(sagemaker)
        server.objects.write("s3://bucket/key", b"\0")
        assert server.state.models["m"]["PrimaryContainer"] == {"Image": "one:1"}
        assert server.state.models["arn:aws:sagemaker:us-east-1:123456789012:model/m"]
        with pytest.raises(KeyError, match="no model 'n' is kept; there are: 'm'"):
            server.state.models["n"]
        with pytest.raises(AttributeError, match="no resources called modles are kept: did you"):
            _ = server.state.modles
        before = json.loads(json.dumps(server.snapshot()))

        await sagemaker.delete_model(model_name="m")
        assert await status(sagemaker) == "InProgress"
        assert await status(sagemaker) == "Completed"
        server.restore(before)
        assert await status(sagemaker) == "InProgress"
        assert [*server.state.models] == ["m"]
        assert server.objects.read("s3://bucket/key") == b"\0"
        assert json.loads(json.dumps(server.snapshot()))["objects"] == before["objects"]
        with pytest.raises(ValueError, match="pass what snapshot\\(\\) returned"):
            server.restore({"version": 7})
        with pytest.raises(ValueError, match="resources that are not kept: dream"):
            server.restore({"version": 1, "resources": {"dream": {}}})


async def test_the_journal_asserts_and_names_the_nearest_call() -> None:
    async with SageMakerServer() as server, server.client() as sagemaker:
        with pytest.raises(AssertionError, match=r"CreateModel was not called at all. Called: not"):
            server.assert_called("CreateModel")
        await sagemaker.create_model(
            model_name="m", primary_container=ContainerDefinition(image="one:1", mode="SingleModel")
        )
        with pytest.raises(ValidationException):
            await sagemaker.describe_model(model_name="n")
        server.assert_called("CreateModel")
        server.assert_called("CreateModel", ModelName="m", PrimaryContainer={"Image": "one:1"})
        server.assert_called("DeleteModel", times=0)
        with pytest.raises(AssertionError) as caught:
            server.assert_called("CreateModel", ModelName="m", PrimaryContainer={"Image": "two:1"})
        assert str(caught.value) == (
            'CreateModel(ModelName="m", PrimaryContainer={"Image": "two:1"}) was called 0 times, '
            'not at least once: the nearest call has PrimaryContainer.Image="one:1", where "two:1" '
            "is wanted."
        )
        with pytest.raises(AssertionError, match="no ExecutionRoleArn, where"):
            server.assert_called("CreateModel", ExecutionRoleArn=ROLE)
        with pytest.raises(AssertionError, match="was called 1 time, not 2 times"):
            server.assert_called("CreateModel", times=2)
        with pytest.raises(ValueError, match="did you mean CreateModel"):
            server.assert_called("CreateModle")
        assert server.journal[-1].message == 'Could not find model with ModelName "n".'


async def test_lists_follow_what_changes_between_their_pages() -> None:
    async with SageMakerServer(now=lambda: 1_700_000_000.0) as server, server.client() as sagemaker:

        async def names(**options: Any) -> list[str]:
            asked = sagemaker.iter_experiments(page_size=2, **options)
            return [str(each.experiment_name) async for each in asked]

        for name in ("a", "b", "c", "d"):
            server.clock.advance(seconds=1)
            await sagemaker.create_experiment(experiment_name=name)
        assert await names(sort_by="CreationTime", sort_order="Descending") == ["d", "c", "b", "a"]
        assert await names(sort_by="Name", sort_order="Ascending") == ["a", "b", "c", "d"]
        first = await sagemaker.list_experiments(
            max_results=2, sort_by="Name", sort_order="Ascending"
        )
        await sagemaker.delete_experiment(experiment_name="b")
        await sagemaker.create_experiment(experiment_name="aa")
        await sagemaker.create_experiment(experiment_name="bb")
        rest = await sagemaker.list_experiments(
            next_token=first.next_token, sort_by="Name", sort_order="Ascending"
        )
        assert [each.experiment_name for each in rest.experiment_summaries or ()] == [
            *("bb", "c", "d")
        ]
        before = server.snapshot()
        await sagemaker.delete_experiment(experiment_name="a")
        server.restore(before)
        assert await names(sort_by="Name", sort_order="Descending") == ["d", "c", "bb", "aa", "a"]


async def test_the_journal_is_bounded_and_assertions_say_so() -> None:
    async with SageMakerServer() as server, server.client() as sagemaker:
        server.journal.limit = 3
        for number in range(5):
            await sagemaker.create_experiment(experiment_name=f"x-{number}")
        names = [each["ExperimentName"] for each in server.requests("CreateExperiment")]
        assert (names, server.journal.dropped) == (["x-2", "x-3", "x-4"], 2)
        server.assert_called("CreateExperiment", ExperimentName="x-3")
        dropped = (
            "2 older requests were dropped from the journal, and may have been such: give it a"
        )
        with pytest.raises(AssertionError, match=dropped):
            server.assert_called("CreateExperiment", ExperimentName="x-1")
        for times in (0, 3):
            with pytest.raises(AssertionError, match=dropped):
                server.assert_called("CreateExperiment", times=times)
        server.journal.clear()
        server.assert_called("CreateExperiment", times=0)


async def test_the_journal_does_not_keep_more_bytes_of_bodies_than_it_may() -> None:
    async with (
        SageMakerServer(SageMakerRuntime) as server,
        server.client(SageMakerRuntime) as runtime,
    ):
        server.journal.most_bytes = 2_500
        for number in range(4):
            await runtime.invoke_endpoint(endpoint_name=f"e-{number}", body=bytes(1_000))
        assert [each["EndpointName"] for each in server.requests("InvokeEndpoint")] == [
            "e-2",
            "e-3",
        ]
        await runtime.invoke_endpoint(endpoint_name="e-4", body=bytes(9_000))
        assert [entry.size for entry in server.journal] == [9_000]
        assert server.journal.dropped == 4


async def code(client: Client, **options: Any) -> str:
    with pytest.raises(ServiceError) as caught:
        await client.list_models(**options)  # type: ignore[attr-defined]
    return f"{caught.value.code}: {caught.value}"


async def test_signatures_are_checked_where_keys_are_given(monkeypatch: Any) -> None:
    keys = {"AKIDKNOWN": "secret", "AKIDSESSION": ("secret", "token")}
    async with SageMakerServer(keys=keys) as server:
        async with (
            server.client() as known,
            server.client(SageMakerA2IRuntime) as loops,
            server.client(SageMakerRuntime) as runtime,
        ):
            await known.list_models()
            await loops.list_human_loops(flow_definition_arn=FLOW, max_results=2, next_token=None)
            with pytest.raises(ServiceError, match="Endpoint a of account"):
                await runtime.invoke_endpoint(
                    endpoint_name="a", body=b"x", target_model="a, b", custom_attributes="a  b"
                )
        session = {
            "aws_access_key_id": "AKIDSESSION",
            "aws_secret_access_key": "secret",
            "aws_session_token": "token",
        }
        async with server.client(**session) as with_token:
            await with_token.list_models()
        async with server.client(**session | {"aws_session_token": "other"}) as stale:
            assert "security token included in the request is invalid" in await code(stale)
        async with server.client(aws_access_key_id="AKIDOTHER") as unknown:
            assert "UnrecognizedClientException" in await code(unknown)
        async with server.client(aws_secret_access_key="wrong") as wrong:
            assert "signature we calculated does not match" in await code(wrong)
        async with server.client(region_name="eu-west-1") as elsewhere:
            assert "not 'eu-west-1': the server's is 'us-east-1'" in await code(elsewhere)

        def boto() -> None:
            now = Config(retries={"total_max_attempts": 1})
            client = boto3.client(
                "sagemaker",
                region_name="us-east-1",
                endpoint_url=server.url,
                aws_access_key_id="AKIDKNOWN",
                aws_secret_access_key="secret",
                config=now,
            )
            client.list_models()
            server._access.check = lambda request, now: check(request, now + 3600)  # type: ignore
            with pytest.raises(ClientError, match=r"Signature expired: .* more than 15 minutes"):
                client.list_models()

        check = server._access.check  # type: ignore[union-attr]
        await asyncio.to_thread(boto)


async def test_every_service_is_at_the_one_address() -> None:
    async with (
        SageMakerServer(steps=0) as server,
        server.client(SageMakerA2IRuntime) as loops,
        server.client(SageMakerGeospatial) as geospatial,
    ):
        await loops.wire.start_human_loop(
            HumanLoopName="h", FlowDefinitionArn=FLOW, HumanLoopInput={"InputContent": "{}"}
        )
        listed = await loops.list_human_loops(flow_definition_arn=FLOW)
        assert [each.human_loop_name for each in listed.human_loop_summaries or []] == ["h"]
        assert [*server.state.human_loops] == ["h"]
        with pytest.raises(ServiceError) as caught:
            await geospatial.get_earth_observation_job(
                arn="arn:aws:sagemaker-geospatial:us-east-1:123456789012:"
                "earth-observation-job/abcdefghijkl"
            )
        assert caught.value.code == "ResourceNotFoundException"
        assert (await geospatial.list_raster_data_collections()).raster_data_collection_summaries


async def test_functions_answer_without_a_control_plane_and_any_operation() -> None:
    async with SageMakerServer(SageMakerRuntime) as server, server.client() as runtime:

        @server.endpoint("e")
        def model(invocation: Invocation) -> str:
            assert invocation.content_type == "text/csv"
            return invocation.body.decode()[::-1]

        answer = await runtime.invoke_endpoint(
            endpoint_name="e", body=b"1,2", content_type="text/csv"
        )
        assert (answer.body, answer.content_type) == (b"2,1", "text/plain")
        with pytest.raises(ServiceError, match="AssertionError") as caught:
            await runtime.invoke_endpoint(endpoint_name="e", body=b"1,2")
        assert caught.value.code == "ModelError"
        server.endpoint("pieces")(lambda invocation: [b"a", b"b"])
        server.endpoint("values")(lambda invocation: [1, 2])
        server.endpoint("odd")(lambda invocation: object())
        pieces = await runtime.invoke_endpoint(endpoint_name="pieces", body=b"")
        values = await runtime.invoke_endpoint(endpoint_name="values", body=b"")
        assert (pieces.body, values.body) == (b"ab", b"[1, 2]")
        with pytest.raises(ServiceError, match="not JSON serializable") as caught:
            await runtime.invoke_endpoint(endpoint_name="odd", body=b"")
        assert caught.value.code == "ModelError"
        made_up = await runtime.invoke_endpoint(endpoint_name="other", body=b"1,2")
        assert made_up.body == b"1,2"
        sent = await runtime.invoke_endpoint_async(endpoint_name="e", input_location="s3://b/none")
        assert b"no object s3://b/none; there are: none" in server.objects.read(
            sent.failure_location or ""
        )

    async with SageMakerServer() as plane, plane.client() as sagemaker:

        async def search(request: Any) -> Any:
            if request["Resource"] == "Endpoint":
                raise ServedError("ValidationException", "nothing to search for")
            return {"Results": []} if request["Resource"] == "Model" else None

        plane.answer_with("Search", search)
        assert (await sagemaker.search(resource="Model")).results == []
        assert (await sagemaker.search(resource="Project")).results
        with pytest.raises(ValidationException, match="nothing to search for"):
            await sagemaker.search(resource="Endpoint")


@contextmanager
def program(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with subprocess.Popen([*PROGRAM, *arguments], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        try:
            yield running, running.stdout.readline().decode().strip()
        finally:
            running.kill()


def test_the_program_keeps_its_state_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "state.json"

    def client(url: str, service: str = "sagemaker") -> Any:
        keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
        return boto3.client(service, region_name="us-east-1", endpoint_url=url, **keys)  # type: ignore[call-overload]

    with program("--state", str(file)) as (running, url):
        client(url).create_model(ModelName="m", ExecutionRoleArn=ROLE)
        client(url, "s3").put_object(Bucket="b", Key="k", Body=b"kept")
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=20) == 0
    with program("--state", str(file)) as (running, url):
        assert client(url).describe_model(ModelName="m")["ExecutionRoleArn"] == ROLE
        assert client(url, "s3").get_object(Bucket="b", Key="k")["Body"].read() == b"kept"
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=20) == 0
    assert json.loads(file.read_text())["resources"]["model"]["made"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "state.json cannot be read: Expecting property name"),
        ('{"version": 9}', "state.json cannot be read: this is no snapshot of version 1"),
        ("[]", "state.json cannot be read: 'list' object has no attribute"),
    ],
)
def test_the_program_refuses_a_file_that_is_none_of_its_own(
    tmp_path: Path, text: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "state.json"
    file.write_text(text)

    assert main(["--state", str(file)]) == 1

    said = capsys.readouterr().err
    assert says in said
    assert "Name a file that this program has written, or one that is not there yet." in said
    assert file.read_text() == text


def test_the_program_names_a_folder_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "none" / "state.json"

    assert main(["--state", str(file)]) == 1

    assert capsys.readouterr().err == (
        f"aiosagemaker-server: --state {file}: there is no folder {file.parent}\n"
    )
