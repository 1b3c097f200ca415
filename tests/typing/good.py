"""What users write, and what type checkers must make of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, assert_type

from aiosagemaker import SageMaker, SageMakerRuntime, __version__
from aiosagemaker.sagemaker import errors, models
from aiosagemaker.sagemaker.models import (
    CreateInferenceExperimentRequest,
    CreateNotebookInstanceInput,
    CreateNotebookInstanceOutput,
    DeleteNotebookInstanceInput,
    DescribeEndpointOutput,
    DescribeImageResponse,
    DescribeNotebookInstanceOutput,
    InferenceExperimentSummary,
    InferenceExperimentType,
    InstanceType,
    ListNotebookInstancesOutput,
    ModelInfrastructureConfig,
    ModelInfrastructureType,
    ModelVariantConfig,
    NotebookInstanceStatus,
    NotebookInstanceSummary,
    RealTimeInferenceConfig,
    ShadowModeConfig,
    ShadowModelVariantConfig,
    Tag,
)

from aiobotantic.concurrency import CallResult, map_calls
from aiobotantic.framing import ServerSentEvent
from aiobotantic.structure import EmptyOutput, Request, ResponseMetadata

assert_type(__version__, str)
ROLE = "arn:aws:iam::123456789012:role/x"


async def methods(client: SageMaker, newer: str, tags: Sequence[Tag]) -> None:
    created = await client.create_notebook_instance(
        notebook_instance_name="nb", instance_type=InstanceType.ML_P4D_24XLARGE, role_arn=ROLE
    )
    assert_type(created, CreateNotebookInstanceOutput)
    assert_type(created.notebook_instance_arn, str | None)
    assert_type(created.response_metadata, ResponseMetadata)
    assert_type(created.response_metadata.request_id, str | None)
    await client.create_notebook_instance(
        notebook_instance_name="nb", instance_type=newer, role_arn=ROLE, tags=tags, subnet_id=None
    )
    await client.create_notebook_instance(
        notebook_instance_name="nb",
        instance_type="ml.p9.huge",
        role_arn=ROLE,
        tags=(Tag(key="k", value="v"),),
        volume_size_in_gb=5,
        security_group_ids=["sg-1"],
    )
    assert_type(await client.delete_notebook_instance(notebook_instance_name="nb"), EmptyOutput)


async def reads(client: SageMaker) -> None:
    described = await client.describe_notebook_instance(notebook_instance_name="nb")
    assert_type(described, DescribeNotebookInstanceOutput)
    assert_type(described.instance_type, InstanceType | None)
    assert_type(described.creation_time, datetime | None)
    assert_type(described.volume_size_in_gb, int | None)
    assert_type(described.security_groups, list[str] | None)
    assert_type(described["InstanceType"], Any)
    assert_type("InstanceType" in described, bool)
    assert_type(described.to_wire(), dict[str, Any])
    if described.instance_type is not None:
        assert_type(described.instance_type.is_known, bool)
        text: str = described.instance_type.value
        assert_type(f"{described.instance_type}{text}", str)
        print(described.instance_type.upper())


def structures(tag: Tag, variant: ModelVariantConfig) -> CreateInferenceExperimentRequest:
    # A request and a response share it: a response may lack what a request must have.
    assert_type(tag.key, str | None)
    assert_type(tag.value, str | None)
    # Only requests reach it.
    assert_type(variant.model_name, str)
    assert_type(variant.infrastructure_config, ModelInfrastructureConfig)
    infrastructure = ModelInfrastructureConfig(
        infrastructure_type="RealTimeInference",
        real_time_inference_config=RealTimeInferenceConfig(
            instance_type=models.ProductionVariantInstanceType.ML_T2_MEDIUM, instance_count=1
        ),
    )
    assert_type(infrastructure.infrastructure_type, ModelInfrastructureType | None)
    assert_type(infrastructure.real_time_inference_config, RealTimeInferenceConfig | None)
    infrastructure.infrastructure_type = "SomethingNewer"
    shadow = ShadowModeConfig(
        source_model_variant_name="v",
        shadow_model_variants=[
            ShadowModelVariantConfig(shadow_model_variant_name="s", sampling_percentage=50)
        ],
    )
    assert_type(shadow.shadow_model_variants, list[ShadowModelVariantConfig] | None)
    request = CreateInferenceExperimentRequest(
        name="e",
        type="ShadowMode",
        role_arn=ROLE,
        endpoint_name="e",
        model_variants=[
            ModelVariantConfig(
                model_name="m", variant_name="v", infrastructure_config=infrastructure
            )
        ],
        shadow_mode_config=shadow,
        tags=None,
    )
    assert_type(request.type, InferenceExperimentType)
    assert_type(request.tags, list[Tag] | None)
    return request


def enums(status: NotebookInstanceStatus) -> str:
    assert_type(NotebookInstanceStatus("Newer"), NotebookInstanceStatus)
    # Checkers take an enum for closed; a newer value gets here all the same.
    match status:
        case NotebookInstanceStatus.PENDING | NotebookInstanceStatus.UPDATING:
            return "soon"
        case NotebookInstanceStatus.IN_SERVICE:
            return "now"
        case NotebookInstanceStatus.STOPPING | NotebookInstanceStatus.STOPPED:
            return "later"
        case NotebookInstanceStatus.FAILED | NotebookInstanceStatus.DELETING:
            return "never"
        case _:
            return status.value


async def many_at_once(client: SageMaker, mixed: list[Request[Any]]) -> None:
    requests = [DeleteNotebookInstanceInput(notebook_instance_name="nb")]
    async for done in map_calls(client, requests):
        assert_type(done, CallResult[DeleteNotebookInstanceInput])
        assert_type(done.request.notebook_instance_name, str)
        assert_type(done.result(), EmptyOutput)
        assert_type(done.response, EmptyOutput | None)
    async for any_done in map_calls(client, mixed, on_error="collect"):
        assert_type(any_done.result(), Any)


async def other_doors(client: SageMaker) -> None:
    request = CreateNotebookInstanceInput(
        notebook_instance_name="nb", instance_type="ml.t2.medium", role_arn=ROLE
    )
    assert_type(request.instance_type, InstanceType)
    assert_type(await client.send(request), CreateNotebookInstanceOutput)
    deletion = DeleteNotebookInstanceInput(notebook_instance_name="nb")
    assert_type(await client.send(deletion), EmptyOutput)
    sent = await client.wire.create_notebook_instance(
        NotebookInstanceName="nb", InstanceType="ml.t2.medium", RoleArn=ROLE
    )
    assert_type(sent, CreateNotebookInstanceOutput)
    assert_type(client.with_options(validation="off", timeout=1.5, retries=0), SageMaker)
    assert_type(client.with_options(validation="warn").wire is client.wire, bool)


async def pages(client: SageMaker) -> AsyncIterator[str | None]:
    async for item in client.iter_notebook_instances(status_equals="InService", limit=10):
        assert_type(item, NotebookInstanceSummary)
        assert_type(item.notebook_instance_name, str | None)
        yield item.notebook_instance_name
    iterator = client.iter_notebook_instances(
        status_equals=NotebookInstanceStatus.FAILED, page_size=5, starting_token="t"
    )
    async for page in iterator.pages():
        assert_type(page, ListNotebookInstancesOutput)
        assert_type(page.notebook_instances, list[NotebookInstanceSummary] | None)
    assert_type(iterator.resume_token, str | None)
    assert_type(
        [each async for each in client.iter_inference_experiments()],
        list[InferenceExperimentSummary],
    )


async def waiters(client: SageMaker) -> None:
    done = await client.wait_until_notebook_instance_in_service(
        notebook_instance_name="nb", timeout=900, delay=0.5
    )
    assert_type(done, DescribeNotebookInstanceOutput)
    gone = await client.wait_until_endpoint_deleted(endpoint_name="e")
    assert_type(gone, DescribeEndpointOutput | None)
    assert_type(await client.wait_until_image_created(image_name="i"), DescribeImageResponse)


async def lifetime(headers: Mapping[str, str]) -> None:
    async with SageMaker(region_name="us-east-1", validation="warn") as client:
        assert_type(client, SageMaker)
    opened = await SageMaker(endpoint_url="http://localhost", pipeline="botocore").open()
    assert_type(opened, SageMaker)
    await opened.close()
    try:
        await methods(opened, "ml.t2.medium", [])
    except errors.ResourceNotFound as error:
        assert_type(error, errors.ResourceNotFound)
        assert_type(error.request_id, str | None)
        assert_type(error.retryable, bool)
    except (errors.ThrottlingException, errors.ServiceError) as error:
        assert_type(error.code, str)


async def bodies(runtime: SageMakerRuntime, pieces: AsyncIterator[bytes]) -> None:
    answer = await runtime.invoke_endpoint(endpoint_name="e", json={"inputs": [1]})
    assert_type(answer.text(), str)
    assert_type(answer.json(), Any)
    with open("body", "rb") as file:
        await runtime.invoke_endpoint(endpoint_name="e", body=file)
    await runtime.invoke_endpoint(endpoint_name="e", body=pieces)
    streamed = await runtime.invoke_endpoint_with_response_stream(endpoint_name="e", text="x")
    async with streamed.body as events:
        assert_type([blob async for blob in events.iter_bytes()], list[bytes])
        assert_type([text async for text in events.iter_text()], list[str])
        assert_type([line async for line in events.iter_lines()], list[str])
        assert_type([value async for value in events.iter_json()], list[Any])
        assert_type([event async for event in events.iter_sse()], list[ServerSentEvent])
