"""What tests with fakes and factories look like, and what type checkers must make of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, assert_type

from aiosagemaker import SageMaker, SageMakerRuntime
from aiosagemaker.sagemaker import models
from aiosagemaker.sagemaker.errors import ResourceNotFound
from aiosagemaker.sagemaker.models import (
    DescribeEndpointInput,
    DescribeEndpointOutput,
    EndpointSummary,
    ListEndpointsInput,
    ListEndpointsOutput,
)
from aiosagemaker.sagemaker_runtime.models import (
    InvokeEndpointWithResponseStreamOutput,
    PayloadPart,
    ResponseStream,
)
from aiosagemaker.testing import (
    FakeSageMaker,
    FakeSageMakerMetrics,
    FakeSageMakerRuntime,
    build,
    event_stream,
    streaming_body,
)

from aiobotantic.event_stream import EventStream

from aiobotantic.bodies import StreamingBody
from aiobotantic.event_stream import EventStream
from aiobotantic.structure import EmptyOutput, ResponseMetadata


async def code_under_test(client: SageMaker) -> str | None:
    return (await client.describe_endpoint(endpoint_name="e")).endpoint_arn


async def stands_for_a_client(fake: FakeSageMaker, runtime: FakeSageMakerRuntime) -> None:
    await code_under_test(fake)
    client: SageMaker = fake
    other: SageMakerRuntime = runtime
    method: Callable[..., Awaitable[DescribeEndpointOutput]] = fake.describe_endpoint
    assert_type(await fake.describe_endpoint(endpoint_name="e"), DescribeEndpointOutput)
    assert_type(await fake.delete_endpoint(endpoint_name="e"), EmptyOutput)
    assert_type(fake.with_options(validation="off"), FakeSageMaker)
    assert_type(
        (await fake.describe_endpoint(endpoint_name="e")).response_metadata, ResponseMetadata
    )
    async for item in fake.iter_endpoints(name_contains="e"):
        assert_type(item, EndpointSummary)
    assert_type(
        await fake.wait_until_endpoint_in_service(endpoint_name="e"), DescribeEndpointOutput
    )
    assert_type(await fake.send(DescribeEndpointInput(endpoint_name="e")), DescribeEndpointOutput)
    assert_type(await fake.wire.describe_endpoint(EndpointName="e"), DescribeEndpointOutput)
    async with fake as opened:
        assert_type(opened, FakeSageMaker)
    print(client, other, method, FakeSageMakerMetrics())


async def slowly(request: ListEndpointsInput) -> ListEndpointsOutput:
    return ListEndpointsOutput(next_token=request.next_token)


async def streams(runtime: SageMakerRuntime, fake: FakeSageMakerRuntime) -> None:
    async with runtime.invoke_endpoint_with_response_stream(endpoint_name="e") as events:
        assert_type(events, EventStream[ResponseStream])
    answer = await runtime.invoke_endpoint_with_response_stream(endpoint_name="e", text="x")
    assert_type(answer, InvokeEndpointWithResponseStreamOutput)
    async with fake.invoke_endpoint_with_response_stream(endpoint_name="e") as faked:
        assert_type(faked, EventStream[ResponseStream])


def is_told(fake: FakeSageMaker, runtime: FakeSageMakerRuntime) -> None:
    described = build(DescribeEndpointOutput, seed=3, optional=False, endpoint_name="e")
    assert_type(described, DescribeEndpointOutput)
    fake.describe_endpoint.returns(described)
    fake.describe_endpoint.returns_each(described, ResourceNotFound("gone"), described)
    fake.describe_endpoint.answers(
        lambda request: DescribeEndpointOutput(endpoint_name=request.endpoint_name)
    )
    fake.list_endpoints.answers(slowly)
    fake.describe_endpoint.raises(ResourceNotFound("gone"))
    fake.describe_endpoint.raises("ThrottlingException", "too fast")
    fake.describe_endpoint.when(endpoint_name="e").returns(described)
    fake.delete_endpoint.returns()
    fake.delete_endpoint.when(endpoint_name="e").returns()
    events = event_stream(ResponseStream(payload_part=PayloadPart(bytes_=b"1")), ResourceNotFound(""))
    assert_type(events, EventStream[ResponseStream])
    runtime.invoke_endpoint_with_response_stream.returns(
        InvokeEndpointWithResponseStreamOutput(body=events)
    )
    assert_type(streaming_body(b"1", b"2"), StreamingBody)


def is_asked(fake: FakeSageMaker) -> None:
    assert_type(fake.describe_endpoint.calls, list[DescribeEndpointInput])
    assert_type(fake.describe_endpoint.call_count, int)
    fake.describe_endpoint.assert_called_with(endpoint_name="e")
    fake.list_endpoints.assert_called_once_with(name_contains="e", max_results=5)
    fake.create_endpoint.assert_any_call(
        endpoint_name="e", endpoint_config_name="c", tags=[models.Tag(key="k", value="v")]
    )
    for call in fake.all_calls:
        print(call.method, call.request)
    unexpected: list[Any] = list(fake.unexpected_calls)
    print(unexpected)
