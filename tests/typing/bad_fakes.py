"""What users get wrong about fakes. Each mistake names what each checker must say about its line."""

from __future__ import annotations

from aiosagemaker import SageMakerRuntime
from aiosagemaker.sagemaker.models import (
    DescribeEndpointConfigOutput,
    DescribeEndpointOutput,
    DescribeEndpointInput,
    ListEndpointsOutput,
)
from aiosagemaker.testing import FakeSageMaker, build, event_stream


async def calls(fake: FakeSageMaker) -> None:
    await fake.describe_endpoint(endpoint_nam="e")  # error: endpoint_nam
    await fake.describe_endpoint()  # error: endpoint_name
    await fake.describe_endpoint("e")  # error: positional argument
    await fake.describe_endpoint(endpoint_name=1)  # error: "str"
    answer = await fake.describe_endpoint(endpoint_name="e")
    print(answer.endpoint_nam)  # error: endpoint_nam
    await fake.describe_endpoints(endpoint_name="e")  # error: describe_endpoints
    client: SageMakerRuntime = fake  # error: "SageMakerRuntime"
    print(client)


def told(fake: FakeSageMaker, output: DescribeEndpointOutput) -> None:
    fake.describe_endpoint.returns(DescribeEndpointConfigOutput())  # error: DescribeEndpointConfigOutput
    fake.describe_endpoint.returns({"EndpointName": "e"})  # error: dict[str, str]
    fake.describe_endpoint.returns()  # error: argument
    fake.describe_endpoint.returns_each(output, ListEndpointsOutput())  # error: ListEndpointsOutput
    fake.describe_endpoint.answers(lambda request: ListEndpointsOutput())  # error: ListEndpointsOutput
    fake.describe_endpoint.answers(lambda request: build(DescribeEndpointOutput, endpoint_name=request.endpoint_nam))  # error: endpoint_nam
    fake.describe_endpoint.when(endpoint_nam="e").returns(output)  # error: endpoint_nam
    fake.describe_endpoint.when(endpoint_name="e").returns(ListEndpointsOutput())  # error: ListEndpointsOutput
    fake.delete_endpoint.returns(output)  # error: DescribeEndpointOutput
    fake.describe_endpoint.raises(404)  # error: Exception | str
    fake.describe_endpoint.return_value = output  # error: return_value
    event_stream(output)  # error: DescribeEndpointOutput


def asked(fake: FakeSageMaker) -> None:
    fake.describe_endpoint.assert_called_with(endpoint_nam="e")  # error: endpoint_nam
    fake.describe_endpoint.assert_called_once_with(endpoint_name=1)  # error: "str"
    fake.describe_endpoint.assert_any_call()  # error: endpoint_name
    fake.describe_endpoint.assert_called_twice()  # error: assert_called_twice
    request: DescribeEndpointInput = fake.list_endpoints.calls[0]  # error: ListEndpointsInput
    print(request)
