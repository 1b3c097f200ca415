"""Life cycles as programs of boto3 and aiobotocore live them, against the embedded server."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from inspect import isawaitable
from typing import Any

import boto3
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

from aiobotantic.errors import ServiceError
from aiosagemaker_extras.testing import Invocation, SageMakerServer

ROLE = "arn:aws:iam::123456789012:role/tester"
QUICK = {"Delay": 0, "MaxAttempts": 6}
SETTINGS = {
    "region_name": "us-east-1",
    "aws_access_key_id": "testing",
    "aws_secret_access_key": "testing",
}
TRAINING = {
    "AlgorithmSpecification": {"TrainingImage": "image:1", "TrainingInputMode": "File"},
    "RoleArn": ROLE,
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}
VARIANT = {
    "VariantName": "AllTraffic",
    "ModelName": "m",
    "InitialInstanceCount": 1,
    "InstanceType": "ml.m5.large",
}
FEATURES = [
    {"FeatureName": "id", "FeatureType": "String"},
    {"FeatureName": "time", "FeatureType": "Fractional"},
    {"FeatureName": "price", "FeatureType": "Fractional"},
]


def boto(server: SageMakerServer[Any], service: str = "sagemaker") -> Any:
    once = Config(retries={"total_max_attempts": 1})
    return boto3.client(service, endpoint_url=server.url, config=once, **SETTINGS)  # type: ignore[call-overload]


class Waited:
    """Something of aiobotocore's, used from a thread as boto3's is."""

    def __init__(self, thing: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._thing = thing
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._thing, name)
        if not callable(value):
            return value

        def call(*args: Any, **options: Any) -> Any:
            return self._wrapped(value(*args, **options))

        return call

    def __iter__(self) -> Iterator[Any]:
        async def every() -> list[Any]:
            return [each async for each in self._thing]

        return iter(self._wait(every()))

    def _wrapped(self, result: Any) -> Any:
        if isawaitable(result):
            result = self._wait(result)
        if isinstance(result, dict):
            body = {"Body": Waited(result["Body"], self._loop)} if "Body" in result else {}
            return {**result, **body}
        ours = hasattr(result, "wait") or hasattr(result, "paginate")
        return Waited(result, self._loop) if ours or hasattr(result, "__aiter__") else result

    def _wait(self, result: Awaitable[Any]) -> Any:
        async def wait() -> Any:
            return await result

        return asyncio.run_coroutine_threadsafe(wait(), self._loop).result(30)


Make = Callable[..., Any]
"""Returns a client of a service, by default of the control plane."""


async def lived(library: str, server: SageMakerServer[Any], live: Callable[[Make], None]) -> None:
    """Let a program live in a thread, with clients of boto3 or of aiobotocore."""
    if library == "boto3":
        await asyncio.to_thread(live, lambda service="sagemaker": boto(server, service))
        return
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:

        def make(service: str = "sagemaker") -> Any:
            once = AioConfig(retries={"total_max_attempts": 1})
            client = get_session().create_client(
                service, endpoint_url=server.url, config=once, **SETTINGS
            )
            entered = asyncio.run_coroutine_threadsafe(stack.enter_async_context(client), loop)
            return Waited(entered.result(30), loop)

        await asyncio.to_thread(live, make)


def refused(code: str) -> Any:
    return pytest.raises(ClientError, match=rf"\({code}\)")


@pytest.mark.parametrize("library", ["boto3", "aiobotocore"])
async def test_training(library: str) -> None:
    async with SageMakerServer() as server:

        def live(client: Make) -> None:
            sagemaker = client()
            arn = sagemaker.create_training_job(
                TrainingJobName="j", Tags=[{"Key": "team", "Value": "a"}], **TRAINING
            )["TrainingJobArn"]
            assert arn == "arn:aws:sagemaker:us-east-1:123456789012:training-job/j"
            first = sagemaker.describe_training_job(TrainingJobName="j")
            assert (first["TrainingJobStatus"], first["SecondaryStatus"]) == (
                "InProgress",
                "Training",
            )
            sagemaker.get_waiter("training_job_completed_or_stopped").wait(
                TrainingJobName="j", WaiterConfig=QUICK
            )
            done = sagemaker.describe_training_job(TrainingJobName="j")
            assert (done["TrainingJobStatus"], done["SecondaryStatus"]) == ("Completed",) * 2
            assert done["TrainingEndTime"] >= done["CreationTime"]
            assert done["ResourceConfig"]["InstanceType"] == "ml.m5.large"
            assert done["ModelArtifacts"]["S3ModelArtifacts"]
            assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "a"}]
            with refused("ResourceInUse"):
                sagemaker.create_training_job(TrainingJobName="j", **TRAINING)
            with refused("ValidationException"):
                sagemaker.stop_training_job(TrainingJobName="j")
            sagemaker.create_training_job(TrainingJobName="other", **TRAINING)
            sagemaker.stop_training_job(TrainingJobName="other")
            sagemaker.get_waiter("training_job_completed_or_stopped").wait(
                TrainingJobName="other", WaiterConfig=QUICK
            )
            names = sagemaker.get_paginator("list_training_jobs").paginate(StatusEquals="Stopped")
            assert [
                each["TrainingJobName"] for page in names for each in page["TrainingJobSummaries"]
            ] == ["other"]
            with refused("ResourceNotFound"):
                sagemaker.describe_training_job(TrainingJobName="never")

        await lived(library, server, live)


@pytest.mark.parametrize("library", ["boto3", "aiobotocore"])
async def test_an_endpoint(library: str) -> None:
    async with SageMakerServer() as server:

        @server.endpoint("e")
        def model(invocation: Invocation) -> Any:
            return [number * 2 for number in invocation.json()]

        def live(client: Make) -> None:
            sagemaker, runtime = client(), client("sagemaker-runtime")
            with refused("ValidationException") as caught:
                sagemaker.create_endpoint_config(
                    EndpointConfigName="c", ProductionVariants=[VARIANT]
                )
            assert 'Could not find model with ProductionVariants.*.ModelName "m".' in str(
                caught.value
            )
            sagemaker.create_model(
                ModelName="m", PrimaryContainer={"Image": "image:1"}, ExecutionRoleArn=ROLE
            )
            sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[VARIANT])
            with refused("ValidationException"):
                sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="other")
            with refused("ValidationError") as caught:
                invoke(runtime)
            assert "Endpoint e of account 123456789012 not found." in str(caught.value)
            sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")
            with refused("ModelNotReadyException"):
                invoke(runtime)
            sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="e", WaiterConfig=QUICK)
            answer = invoke(runtime)
            assert json.loads(answer["Body"].read()) == [2, 4]
            assert answer["ContentType"] == "application/json"
            stream = runtime.invoke_endpoint_with_response_stream(EndpointName="e", Body=b"[3]")
            assert [each["PayloadPart"]["Bytes"] for each in stream["Body"]] == [b"[6]"]
            sagemaker.update_endpoint(EndpointName="e", EndpointConfigName="c")
            with refused("ValidationException"):
                sagemaker.delete_endpoint(EndpointName="e")
            sagemaker.get_waiter("endpoint_in_service").wait(EndpointName="e", WaiterConfig=QUICK)
            sagemaker.delete_endpoint(EndpointName="e")
            sagemaker.get_waiter("endpoint_deleted").wait(EndpointName="e", WaiterConfig=QUICK)
            assert sagemaker.list_endpoints()["Endpoints"] == []
            with refused("ValidationError"):
                invoke(runtime)

        def invoke(runtime: Any) -> Any:
            return runtime.invoke_endpoint(
                EndpointName="e", Body=b"[1, 2]", ContentType="application/json"
            )

        await lived(library, server, live)
        server.assert_called("CreateEndpoint", EndpointName="e", EndpointConfigName="c")


async def test_asynchronous_inference_with_boto3() -> None:
    async with SageMakerServer(steps=0) as server:

        @server.endpoint("e")
        async def model(invocation: Invocation) -> bytes:
            if not invocation.body:
                raise ValueError("an empty body")
            return invocation.body.upper()

        def live() -> None:
            sagemaker, s3 = boto(server), boto(server, "s3")
            runtime = boto(server, "sagemaker-runtime")
            sagemaker.create_model(ModelName="m", ExecutionRoleArn=ROLE)
            sagemaker.create_endpoint_config(
                EndpointConfigName="c",
                ProductionVariants=[VARIANT],
                AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": "s3://results/out"}},
            )
            sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")
            s3.create_bucket(Bucket="inputs")
            s3.put_object(Bucket="inputs", Key="a b/1.txt", Body=b"hello")
            s3.upload_fileobj(io.BytesIO(b""), "inputs", "empty")
            answer = runtime.invoke_endpoint_async(
                EndpointName="e", InputLocation="s3://inputs/a b/1.txt", InferenceId="one"
            )
            assert answer["OutputLocation"] == "s3://results/out/one.out"
            assert s3.get_object(Bucket="results", Key="out/one.out")["Body"].read() == b"HELLO"
            failed = runtime.invoke_endpoint_async(
                EndpointName="e", InputLocation="s3://inputs/empty", InferenceId="two"
            )
            key = failed["FailureLocation"].removeprefix("s3://results/")
            assert b"an empty body" in s3.get_object(Bucket="results", Key=key)["Body"].read()
            with pytest.raises(ClientError, match="NoSuchKey"):
                s3.get_object(Bucket="results", Key="out/two.out")
            listed = s3.list_objects_v2(Bucket="inputs", MaxKeys=1)
            assert ([each["Key"] for each in listed["Contents"]], listed["IsTruncated"]) == (
                ["a b/1.txt"],
                True,
            )
            pages = s3.get_paginator("list_objects_v2").paginate(
                Bucket="inputs", PaginationConfig={"PageSize": 1}
            )
            assert [each["Key"] for page in pages for each in page["Contents"]] == [
                "a b/1.txt",
                "empty",
            ]
            assert s3.head_object(Bucket="inputs", Key="a b/1.txt")["ContentLength"] == 5
            s3.delete_object(Bucket="inputs", Key="empty")

        await asyncio.to_thread(live)
        assert list(server.objects) == [
            "s3://inputs/a b/1.txt",
            "s3://results/out/failure/two-error.out",
            "s3://results/out/one.out",
        ]


@pytest.mark.parametrize("library", ["boto3", "aiobotocore"])
async def test_a_pipeline(library: str) -> None:
    async with SageMakerServer() as server:

        def live(client: Make) -> None:
            sagemaker = client()
            arn = sagemaker.create_pipeline(
                PipelineName="p",
                PipelineDefinition="{}",
                ClientRequestToken="t" * 32,
                RoleArn=ROLE,
            )["PipelineArn"]
            with refused("ResourceNotFound"):
                sagemaker.start_pipeline_execution(
                    PipelineName="other", ClientRequestToken="t" * 32
                )
            runs = [
                sagemaker.start_pipeline_execution(
                    PipelineName=name, ClientRequestToken=f"{number}" * 32
                )["PipelineExecutionArn"]
                for number, name in enumerate(("p", arn))
            ]
            assert len(set(runs)) == 2
            assert all(run.startswith(f"{arn}/execution/") for run in runs)
            sagemaker.stop_pipeline_execution(
                PipelineExecutionArn=runs[0], ClientRequestToken="s" * 32
            )
            statuses = [describe(sagemaker, runs[0]) for _ in range(2)]
            assert statuses == ["Stopping", "Stopped"]
            assert [describe(sagemaker, runs[1]) for _ in range(2)] == ["Executing", "Succeeded"]
            for name in ("p", arn):
                listed = sagemaker.list_pipeline_executions(PipelineName=name)
                shown = listed["PipelineExecutionSummaries"]
                assert {each["PipelineExecutionArn"] for each in shown} == {*runs}
                assert all(each["StartTime"] for each in shown)
            sagemaker.update_pipeline(PipelineName="p", PipelineDescription="new")
            assert sagemaker.describe_pipeline(PipelineName=arn)["PipelineDescription"] == "new"
            sagemaker.delete_pipeline(PipelineName="p", ClientRequestToken="d" * 32)
            sagemaker.list_pipelines()
            with refused("ResourceNotFound"):
                sagemaker.describe_pipeline(PipelineName="p")

        def describe(sagemaker: Any, run: str) -> Any:
            answer = sagemaker.describe_pipeline_execution(PipelineExecutionArn=run)
            assert answer["PipelineArn"] == run.partition("/execution/")[0]
            return answer["PipelineExecutionStatus"]

        await lived(library, server, live)


@pytest.mark.parametrize("library", ["boto3", "aiobotocore"])
async def test_a_feature_store(library: str) -> None:
    async with SageMakerServer() as server:

        def live(client: Make) -> None:
            sagemaker = client()
            store = client("sagemaker-featurestore-runtime")
            with refused("ValidationError"):
                put(store, "a", 1, 10)
            sagemaker.create_feature_group(
                FeatureGroupName="g",
                RecordIdentifierFeatureName="id",
                EventTimeFeatureName="time",
                FeatureDefinitions=FEATURES,
                OnlineStoreConfig={"EnableOnlineStore": True},
                RoleArn=ROLE,
            )
            described = sagemaker.describe_feature_group(FeatureGroupName="g")
            assert described["NextToken"] == ""  # or a program that pages never ends
            put(store, "a", 5, 10)
            put(store, "a", 3, 99)  # happened before
            put(store, "b", 5, 20)
            assert price(store, "a") == "10"
            found = store.batch_get_record(
                Identifiers=[
                    {"FeatureGroupName": "g", "RecordIdentifiersValueAsString": ["a", "b", "c"]},
                    {"FeatureGroupName": "none", "RecordIdentifiersValueAsString": ["a"]},
                ]
            )
            assert [each["RecordIdentifierValueAsString"] for each in found["Records"]] == [
                "a",
                "b",
            ]
            assert [each["ErrorCode"] for each in found["Errors"]] == ["ResourceNotFound"]
            store.delete_record(
                FeatureGroupName="g", RecordIdentifierValueAsString="a", EventTime="6"
            )
            assert price(store, "a") is None
            put(store, "a", 5, 10)
            assert price(store, "a") is None
            put(store, "a", 7, 11)
            assert price(store, "a") == "11"
            with refused("ValidationError") as caught:
                store.put_record(
                    FeatureGroupName="g",
                    Record=[{"FeatureName": "colour", "ValueAsString": "blue"}],
                )
            assert "colour is none of feature group g, which has id, price, time." in str(
                caught.value
            )
            with refused("ValidationError") as caught:
                put(store, "a", 8, "dear")
            assert "Feature 'price' is Fractional, and 'dear' is not." in str(caught.value)
            more = {"FeatureName": "colour", "FeatureType": "String"}
            sagemaker.update_feature_group(FeatureGroupName="g", FeatureAdditions=[more])
            described = sagemaker.describe_feature_group(FeatureGroupName="g")
            assert described["FeatureDefinitions"] == [*FEATURES, more]
            blue = [
                {"FeatureName": name, "ValueAsString": value}
                for name, value in {"id": "c", "time": "1", "colour": "blue"}.items()
            ]
            store.put_record(FeatureGroupName="g", Record=blue)
            sagemaker.delete_feature_group(FeatureGroupName="g")
            sagemaker.list_feature_groups()
            with refused("ResourceNotFound"):
                price(store, "a")

        def put(store: Any, name: str, time: int, price: object) -> None:
            values = {"id": name, "time": str(time), "price": str(price)}
            record = [{"FeatureName": k, "ValueAsString": v} for k, v in values.items()]
            store.put_record(FeatureGroupName="g", Record=record)

        def price(store: Any, name: str) -> str | None:
            answer = store.get_record(
                FeatureGroupName="g", RecordIdentifierValueAsString=name, FeatureNames=["price"]
            )
            return next((each["ValueAsString"] for each in answer.get("Record", [])), None)

        await lived(library, server, live)


@pytest.mark.parametrize("library", ["boto3", "aiobotocore"])
async def test_a_notebook(library: str) -> None:
    notebook = {"NotebookInstanceName": "nb"}
    async with SageMakerServer() as server:

        def live(client: Make) -> None:
            sagemaker = client()
            sagemaker.create_notebook_instance(
                **notebook, InstanceType="ml.p4d.24xlarge", RoleArn=ROLE
            )
            with refused("ValidationException"):
                sagemaker.stop_notebook_instance(**notebook)
            reached("in_service", sagemaker)
            sagemaker.stop_notebook_instance(**notebook)
            reached("stopped", sagemaker)
            sagemaker.update_notebook_instance(**notebook, InstanceType="ml.inf1.xlarge")
            found = sagemaker.describe_notebook_instance(**notebook)
            assert (found["NotebookInstanceStatus"], found["InstanceType"]) == (
                "Updating",
                "ml.inf1.xlarge",
            )
            reached("stopped", sagemaker)
            sagemaker.start_notebook_instance(**notebook)
            reached("in_service", sagemaker)
            sagemaker.stop_notebook_instance(**notebook)
            reached("stopped", sagemaker)
            sagemaker.delete_notebook_instance(**notebook)
            reached("deleted", sagemaker)
            assert sagemaker.list_notebook_instances()["NotebookInstances"] == []

        def reached(state: str, sagemaker: Any) -> None:
            waiter = sagemaker.get_waiter(f"notebook_instance_{state}")
            waiter.wait(**notebook, WaiterConfig=QUICK)

        await lived(library, server, live)


@pytest.mark.parametrize("library", ["boto3", "aiobotocore"])
async def test_an_inference_experiment(library: str) -> None:
    variant = {
        "ModelName": "m",
        "VariantName": "v",
        "InfrastructureConfig": {
            "InfrastructureType": "RealTimeInference",
            "RealTimeInferenceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        },
    }
    shadow = {
        "SourceModelVariantName": "v",
        "ShadowModelVariants": [{"ShadowModelVariantName": "w", "SamplingPercentage": 10}],
    }
    async with SageMakerServer() as server:

        def live(client: Make) -> None:
            sagemaker = client()
            sagemaker.create_inference_experiment(
                Name="x",
                Type="ShadowMode",
                RoleArn=ROLE,
                EndpointName="e",
                ModelVariants=[variant, {**variant, "VariantName": "w"}],
                ShadowModeConfig=shadow,
            )
            statuses = [
                sagemaker.describe_inference_experiment(Name="x")["Status"] for _ in range(2)
            ]
            assert statuses == ["Creating", "Running"]
            with refused("ConflictException"):
                sagemaker.delete_inference_experiment(Name="x")
            sagemaker.stop_inference_experiment(Name="x", ModelVariantActions={"v": "Retain"})
            sagemaker.describe_inference_experiment(Name="x")
            sagemaker.delete_inference_experiment(Name="x")
            with refused("ResourceNotFound"):
                sagemaker.describe_inference_experiment(Name="x")

        await lived(library, server, live)


async def test_training_and_an_endpoint_with_aiobotocore() -> None:
    async with (
        SageMakerServer() as server,
        get_session().create_client("sagemaker", endpoint_url=server.url, **SETTINGS) as client,
        get_session().create_client(
            "sagemaker-runtime", endpoint_url=server.url, **SETTINGS
        ) as runtime,
    ):

        @server.endpoint("e")
        def model(invocation: Invocation) -> Any:
            for word in invocation.body.split():
                if word == b"stop":
                    raise RuntimeError("a word that stops")
                yield word

        await client.create_training_job(TrainingJobName="j", **TRAINING)
        await client.get_waiter("training_job_completed_or_stopped").wait(
            TrainingJobName="j", WaiterConfig=QUICK
        )
        await client.create_model(ModelName="m", ExecutionRoleArn=ROLE)
        await client.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[VARIANT])
        await client.create_endpoint(EndpointName="e", EndpointConfigName="c")
        with pytest.raises(WaiterError):
            await client.get_waiter("endpoint_deleted").wait(
                EndpointName="e", WaiterConfig={"Delay": 0, "MaxAttempts": 2}
            )
        answer = await runtime.invoke_endpoint_with_response_stream(
            EndpointName="e", Body=b"one two"
        )
        parts = [each["PayloadPart"]["Bytes"] async for each in answer["Body"]]
        assert parts == [b"one", b"two"]
        answer = await runtime.invoke_endpoint_with_response_stream(
            EndpointName="e", Body=b"one stop"
        )
        with pytest.raises(Exception, match="a word that stops"):
            _ = [each async for each in answer["Body"]]
        with pytest.raises(ClientError, match=r'\(ModelError\).*"RuntimeError: a word that stops"'):
            await runtime.invoke_endpoint(EndpointName="e", Body=b"stop")


@pytest.mark.parametrize("library", ["boto3", "aiobotocore"])
async def test_apps_of_one_name_are_each_of_their_user(library: str) -> None:
    async with SageMakerServer() as server:

        def live(client: Make) -> None:
            sagemaker = client()
            domain = sagemaker.create_domain(
                DomainName="d",
                AuthMode="IAM",
                DefaultUserSettings={"ExecutionRole": ROLE},
                SubnetIds=["subnet-1"],
                VpcId="vpc-1",
            )["DomainId"]
            app = {"DomainId": domain, "AppType": "JupyterServer", "AppName": "default"}
            arns = {
                sagemaker.create_app(**app, UserProfileName=user)["AppArn"] for user in ("a", "b")
            }
            assert len(arns) == 2
            with refused("ResourceInUse"):
                sagemaker.create_app(**app, UserProfileName="a")
            sagemaker.create_app(**app, SpaceName="a")
            shown = sagemaker.describe_app(**app, UserProfileName="b")
            assert shown["UserProfileName"] == "b"
            with refused("ResourceNotFound"):
                sagemaker.describe_app(**app, UserProfileName="c")
            sagemaker.describe_app(**app, UserProfileName="b")
            sagemaker.delete_app(**app, UserProfileName="b")
            left = sagemaker.list_apps(UserProfileNameEquals="a")["Apps"]
            assert [each["UserProfileName"] for each in left] == ["a"]

        await lived(library, server, live)


async def test_a_version_that_is_not_kept_is_not_described() -> None:
    async with SageMakerServer() as server, server.client() as sagemaker:
        card = {"ModelCardName": "c", "ModelCardStatus": "Draft"}
        await sagemaker.wire.create_model_card(**card, Content="{}")
        await sagemaker.wire.update_model_card(**card)

        newest = await sagemaker.describe_model_card(model_card_name="c")
        same = await sagemaker.describe_model_card(model_card_name="c", model_card_version=2)
        with pytest.raises(ServiceError) as caught:
            await sagemaker.describe_model_card(model_card_name="c", model_card_version=1)

    assert newest.model_card_version == same.model_card_version == 2
    assert 'ModelCardName "c" and ModelCardVersion "1"' in str(caught.value)
