"""Typed fakes: clients without a service, told what to answer."""

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime
from importlib import import_module

import pytest

from aiobotantic.errors import (
    AccessDeniedException,
    ClientClosedError,
    ConnectionLost,
    PaginationError,
    RequestValidationError,
    ServiceError,
    WaiterFailed,
    WaiterTimedOut,
)
from aiobotantic.manifest import spec_versions
from aiobotantic.structure import EmptyOutput, describe
from aiosagemaker import SageMaker, SageMakerRuntime, fakes
from aiosagemaker.sagemaker import models
from aiosagemaker.sagemaker.errors import ResourceLimitExceeded, ResourceNotFound
from aiosagemaker.sagemaker.models import (
    CreateEndpointOutput,
    DescribeEndpointConfigOutput,
    DescribeEndpointInput,
    DescribeEndpointOutput,
    EndpointStatus,
    ListEndpointsOutput,
    Tag,
)
from aiosagemaker.sagemaker_runtime.errors import ModelError, ModelStreamError
from aiosagemaker.sagemaker_runtime.models import (
    InvokeEndpointWithResponseStreamOutput,
    PayloadPart,
    ResponseStream,
)
from aiosagemaker.testing import (
    FakeSageMaker,
    FakeSageMakerRuntime,
    ServedError,
    UnexpectedCallError,
    build,
    client_class,
    event_stream,
)

ARN = "arn:aws:sagemaker:us-east-1:123456789012:endpoint"


@pytest.fixture
def fake() -> FakeSageMaker:
    return FakeSageMaker()


def endpoint(status: str = "InService", **members: object) -> DescribeEndpointOutput:
    return build(DescribeEndpointOutput, endpoint_status=status, **members)


async def test_a_fake_stands_for_its_client(fake: FakeSageMaker) -> None:
    fake.describe_endpoint.returns(endpoint(endpoint_name="e"))

    async def code_under_test(client: SageMaker) -> str | None:
        assert isinstance(client, SageMaker)
        async with client:
            return (await client.describe_endpoint(endpoint_name="e")).endpoint_name

    assert await code_under_test(fake) == "e"
    fake.describe_endpoint.assert_called_once_with(endpoint_name="e")
    assert fake.closed
    with pytest.raises(ClientClosedError, match="FakeSageMaker was closed"):
        await fake.describe_endpoint(endpoint_name="e")


@pytest.mark.parametrize("service", spec_versions("aiosagemaker"))
def test_every_service_has_a_fake_of_every_operation(service: str) -> None:
    client = client_class(service)
    package = client.SERVICE.package
    fake = import_module(f"{package}.fakes")
    cls = getattr(fake, f"Fake{client.__name__}")

    assert issubclass(cls, client)
    assert getattr(fakes, cls.__name__) is cls
    made = cls()
    told = [name for name in dir(client) if hasattr(getattr(made, name, None), "returns")]
    assert {getattr(made, name)._told.operation for name in told} == {*client.operations().values()}


async def test_what_a_call_returns_is_its_own_copy(fake: FakeSageMaker) -> None:
    told = endpoint(endpoint_name="e")
    fake.describe_endpoint.returns(told)

    first = await fake.describe_endpoint(endpoint_name="e")
    assert first.production_variants
    first.production_variants.clear()
    first.endpoint_name = "changed"
    second = await fake.describe_endpoint(endpoint_name="e")

    assert second.to_wire() == told.to_wire()
    assert second.response_metadata.status_code == 200
    assert not hasattr(told, "response_metadata")


async def test_a_sequence_ends_in_an_unexpected_call(fake: FakeSageMaker) -> None:
    fake.describe_endpoint.returns_each(
        endpoint("Creating"), ResourceNotFound("gone"), endpoint("Failed")
    )

    first = await fake.describe_endpoint(endpoint_name="e")
    with pytest.raises(ResourceNotFound, match="gone"):
        await fake.describe_endpoint(endpoint_name="e")
    third = await fake.describe_endpoint(endpoint_name="e")

    assert (first.endpoint_status, third.endpoint_status) == ("Creating", "Failed")
    with pytest.raises(UnexpectedCallError) as caught:
        await fake.describe_endpoint(endpoint_name="e")
    assert str(caught.value) == (
        "describe_endpoint(endpoint_name='e') was not expected.\n"
        "describe_endpoint has given each of its 3 answers.\n"
        "Say what comes: fake.describe_endpoint.returns(DescribeEndpointOutput(...))"
    )


async def test_functions_make_answers_of_requests(fake: FakeSageMaker) -> None:
    async def create(request: models.CreateEndpointInput) -> CreateEndpointOutput:
        await asyncio.sleep(0)
        if request.endpoint_name == "full":
            raise ResourceLimitExceeded("no more")
        return CreateEndpointOutput(endpoint_arn=f"arn:{request.endpoint_name}")

    fake.create_endpoint.answers(create)
    fake.describe_endpoint.answers(lambda request: endpoint(endpoint_name=request.endpoint_name))

    made = await fake.create_endpoint(endpoint_name="e", endpoint_config_name="c")
    described = await fake.describe_endpoint(endpoint_name="other")
    with pytest.raises(ResourceLimitExceeded) as caught:
        await fake.create_endpoint(endpoint_name="full", endpoint_config_name="c")

    assert (made.endpoint_arn, described.endpoint_name) == ("arn:e", "other")
    assert caught.value.operation == "CreateEndpoint"


@pytest.mark.parametrize(
    ("raised", "cls", "code", "status"),
    [
        (ResourceNotFound("none"), ResourceNotFound, "ResourceNotFound", 400),
        (AccessDeniedException("none"), AccessDeniedException, "AccessDeniedException", 400),
        (ServedError("Odd", "none", 418), ServiceError, "Odd", 418),
        (ResourceNotFound({"Error": {"Message": "none"}}, "x"), ResourceNotFound, "Unknown", 400),
    ],
)
async def test_errors_come_as_the_service_sends_them(
    fake: FakeSageMaker, raised: Exception, cls: type[ServiceError], code: str, status: int
) -> None:
    fake.describe_endpoint.raises(raised)

    for _ in range(2):
        with pytest.raises(cls) as caught:
            await fake.describe_endpoint(endpoint_name="e")
        error = caught.value
        assert type(error) is cls
        assert error is not raised
        assert (error.code, error.message, error.status_code) == (code, "none", status)
        assert error.request_id and error.operation == "DescribeEndpoint"
        assert str(error) == (
            f"An error occurred ({code}) when calling the DescribeEndpoint operation: none"
        )


async def test_errors_by_code_and_of_the_network(fake: FakeSageMaker) -> None:
    fake.describe_endpoint.raises("ResourceNotFound", "none")
    fake.list_endpoints.raises(ConnectionLost("the cable", operation="ListEndpoints"))

    with pytest.raises(ResourceNotFound, match="none"):
        await fake.describe_endpoint(endpoint_name="e")
    with pytest.raises(ConnectionLost, match="the cable"):
        await fake.list_endpoints()


async def test_members_of_an_error() -> None:
    runtime = FakeSageMakerRuntime()
    runtime.invoke_endpoint.raises(
        ServedError("ModelError", "boom", members={"OriginalStatusCode": 503})
    )

    with pytest.raises(ModelError) as caught:
        await runtime.invoke_endpoint(endpoint_name="e", body=b"1")

    assert caught.value.original_status_code == 503
    assert caught.value.message == "boom"


async def test_answers_to_certain_arguments(fake: FakeSageMaker) -> None:
    fake.describe_endpoint.returns(endpoint(endpoint_name="any"))
    fake.describe_endpoint.when(endpoint_name="a").returns(endpoint(endpoint_name="told"))
    fake.describe_endpoint.when(endpoint_name="b").raises(ResourceNotFound("no b"))
    fake.list_endpoints.when(name_contains="x").returns(ListEndpointsOutput(endpoints=[]))

    assert (await fake.describe_endpoint(endpoint_name="a")).endpoint_name == "told"
    assert (await fake.describe_endpoint(endpoint_name="c")).endpoint_name == "any"
    with pytest.raises(ResourceNotFound):
        await fake.describe_endpoint(endpoint_name="b")
    assert (await fake.list_endpoints(name_contains="x", max_results=5)).endpoints == []
    fake.describe_endpoint.when(endpoint_name="a").returns_each(endpoint(endpoint_name="again"))
    names = [(await fake.describe_endpoint(endpoint_name="a")).endpoint_name for _ in range(2)]
    assert names == ["again", "any"]


async def test_an_unexpected_call_names_the_nearest_expectation(fake: FakeSageMaker) -> None:
    async def message() -> str:
        with pytest.raises(UnexpectedCallError) as caught:
            await fake.add_tags(resource_arn=f"{ARN}/b", tags=[Tag(key="k", value="v")])
        return str(caught.value)

    start = f"add_tags(resource_arn='{ARN}/b', tags=[Tag(key='k', value='v')]) was not expected.\n"
    end = "\nSay what comes: fake.add_tags.returns(AddTagsOutput(...))"
    assert await message() == f"{start}The fake was told nothing.{end}"

    fake.list_tags.returns(models.ListTagsOutput())
    fake.describe_endpoint.returns(endpoint())
    assert await message() == (
        f"{start}Nearest: list_tags was told what to answer, add_tags was not.{end}"
    )

    fake.add_tags.when(resource_arn=f"{ARN}/a", tags=[]).returns(models.AddTagsOutput())
    tags = [Tag(key="k", value="w")]
    fake.add_tags.when(resource_arn=f"{ARN}/b", tags=tags).returns(models.AddTagsOutput())
    assert await message() == (
        f"{start}"
        f"Nearest: add_tags.when(resource_arn='{ARN}/b', tags=[Tag(key='k', value='w')]), but\n"
        f"  tags[0].value: 'w' was expected, 'v' came{end}"
    )
    assert len(fake.unexpected_calls) == 3


async def test_sensitive_arguments_are_masked_in_messages() -> None:
    runtime = FakeSageMakerRuntime()
    runtime.invoke_endpoint.when(endpoint_name="e", body=b"secret-1").raises("ModelError")

    with pytest.raises(UnexpectedCallError) as caught:
        await runtime.invoke_endpoint(endpoint_name="e", body=b"secret-2")

    assert "secret" not in str(caught.value)
    assert "body: *** was expected, *** came" in str(caught.value)


async def test_requests_are_checked_as_the_client_checks_them(fake: FakeSageMaker) -> None:
    fake.list_endpoints.returns(ListEndpointsOutput())

    with pytest.raises(RequestValidationError, match="max_results = 1000: must be at most 100"):
        await fake.list_endpoints(max_results=1000)
    fake.list_endpoints.assert_not_called()
    await fake.with_options(validation="off").list_endpoints(max_results=1000)
    await FakeSageMaker(validation="off").with_options(timeout=5).warm_up("list_endpoints")
    fake.list_endpoints.assert_called_once_with(max_results=1000)
    with pytest.raises(TypeError, match="unexpected keyword argument 'max_result'"):
        await fake.list_endpoints(max_result=1)  # type: ignore[call-arg]


async def test_the_other_doors_of_the_client(fake: FakeSageMaker) -> None:
    fake.describe_endpoint.answers(lambda request: endpoint(endpoint_name=request.endpoint_name))

    sent = await fake.send(DescribeEndpointInput(endpoint_name="sent"))
    wire = await fake.wire.describe_endpoint(EndpointName="wire")
    view = await fake.with_options(timeout=5).describe_endpoint(endpoint_name="view")

    assert [sent.endpoint_name, wire.endpoint_name, view.endpoint_name] == ["sent", "wire", "view"]
    assert [str(call) for call in fake.all_calls] == [
        f"describe_endpoint(endpoint_name='{name}')" for name in ("sent", "wire", "view")
    ]


async def test_pages_are_those_that_were_told(fake: FakeSageMaker) -> None:
    page = build(ListEndpointsOutput, next_token=None)
    names = [each.endpoint_name for each in page.endpoints or ()]
    first = build(ListEndpointsOutput, next_token="2")
    fake.list_endpoints.when(next_token="2").returns(page)
    fake.list_endpoints.returns(first)

    found = [each.endpoint_name async for each in fake.iter_endpoints(name_contains="x")]

    assert found == [*(each.endpoint_name for each in first.endpoints or ()), *names]
    assert [call.next_token for call in fake.list_endpoints.calls] == [None, "2"]
    fake.list_endpoints.assert_called_with(name_contains="x", next_token="2", max_results=100)
    endless = FakeSageMaker()
    endless.list_endpoints.returns(first)
    with pytest.raises(PaginationError, match="the pages would never end"):
        [each async for each in endless.iter_endpoints()]


async def test_waiters_do_not_sleep(fake: FakeSageMaker) -> None:
    fake.describe_endpoint.returns_each(*[endpoint("Creating")] * 40, endpoint("InService"))

    async with asyncio.timeout(5):
        ready = await fake.wait_until_endpoint_in_service(endpoint_name="e")

        assert ready.endpoint_status == EndpointStatus.IN_SERVICE
        assert fake.describe_endpoint.call_count == 41
        fake.describe_endpoint.returns(endpoint("Creating"))
        with pytest.raises(WaiterTimedOut, match=r"^EndpointInService was not reached") as caught:
            await fake.wait_until_endpoint_in_service(endpoint_name="e", timeout=100, delay=30)
        assert fake.describe_endpoint.call_count == 41 + 7  # after 0, 3, 7.8, 15, 28, 47 and 77 s
        assert caught.value.last_response is not None
        fake.describe_endpoint.returns(endpoint("Failed"))
        with pytest.raises(WaiterFailed):
            await fake.wait_until_endpoint_in_service(endpoint_name="e")
        fake.describe_endpoint.raises("ValidationException", "Could not find endpoint")
        assert await fake.wait_until_endpoint_deleted(endpoint_name="e") is None


async def test_operations_without_output(fake: FakeSageMaker) -> None:
    fake.delete_endpoint.returns()

    assert type(await fake.delete_endpoint(endpoint_name="e")) is EmptyOutput
    with pytest.raises(TypeError, match=r"describe_endpoint\.returns\(\) takes one output, not 0"):
        fake.describe_endpoint.returns()  # type: ignore[call-arg]


async def test_what_is_no_output_is_refused(fake: FakeSageMaker) -> None:
    other = DescribeEndpointConfigOutput(
        endpoint_config_name="c",
        endpoint_config_arn="arn",
        production_variants=[],
        creation_time=datetime.now(UTC),
    )
    words = "DescribeEndpoint answers DescribeEndpointOutput; build(DescribeEndpointOutput) makes"
    with pytest.raises(TypeError) as caught:
        fake.describe_endpoint.returns(other)  # type: ignore[arg-type]
    assert words in str(caught.value)
    assert "returns() of describe_endpoint gave DescribeEndpointConfigOutput" in str(caught.value)
    fake.describe_endpoint.answers(lambda request: other)  # type: ignore[arg-type, return-value]
    with pytest.raises(TypeError, match="the function of describe_endpoint gave Describe"):
        await fake.describe_endpoint(endpoint_name="e")
    with pytest.raises(TypeError, match=r"raises\(\) takes an error or its code"):
        fake.describe_endpoint.raises(404)  # type: ignore[arg-type]


async def test_assertions_say_what_came_instead(fake: FakeSageMaker) -> None:
    def says(text: str) -> object:
        return pytest.raises(AssertionError, match=f"(?s)^{text}$")

    call = fake.describe_endpoint
    with says("describe_endpoint was not called; nothing else was"):
        call.assert_called()
    call.returns(endpoint())
    fake.list_endpoints.returns(ListEndpointsOutput())
    await fake.list_endpoints()
    with says("describe_endpoint was not called; these were: list_endpoints"):
        call.assert_called_with(endpoint_name="a")
    await call(endpoint_name="a")
    call.assert_called_once()
    call.assert_called_once_with(endpoint_name="a")
    await call(endpoint_name="b")
    listed = r"\nIts calls:\n  1. describe_endpoint\(endpoint_name='a'\)\n  2. .*'b'\)"
    call.assert_called_with(endpoint_name="b")
    call.assert_any_call(endpoint_name="a")
    with says(
        "describe_endpoint was last called with other arguments:"
        f"\n  endpoint_name: 'a' was expected, 'b' came{listed}"
    ):
        call.assert_called_with(endpoint_name="a")
    with says(f"describe_endpoint was called 2 times{listed}"):
        call.assert_called_once_with(endpoint_name="b")
    with says(
        "describe_endpoint was never called with these arguments; nearest:"
        f"\n  endpoint_name: 'c' was expected, 'a' came{listed}"
    ):
        call.assert_any_call(endpoint_name="c")
    with says(f"describe_endpoint was called{listed}"):
        call.assert_not_called()
    with pytest.raises(AssertionError, match="max_results: nothing was expected"):
        await fake.list_endpoints(max_results=5)
        fake.list_endpoints.assert_called_with()
    with pytest.raises(RequestValidationError, match="endpoint_nam: is not in the model"):
        call.assert_called_with(endpoint_nam="a")  # type: ignore[call-arg]


async def test_calls_are_kept_as_they_came(fake: FakeSageMaker) -> None:
    fake.add_tags.returns(models.AddTagsOutput())
    tags = [Tag(key="k", value="v")]

    await fake.add_tags(resource_arn=ARN, tags=tags)
    tags[0].value = "changed"
    tags.clear()

    fake.add_tags.assert_called_with(resource_arn=ARN, tags=(Tag(key="k", value="v"),))
    naive, aware = datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)
    fake.list_endpoints.returns(ListEndpointsOutput())
    await fake.list_endpoints(creation_time_after=naive, sort_order="Ascending")
    fake.list_endpoints.assert_called_with(creation_time_after=aware, sort_order="Ascending")


async def test_a_token_that_the_client_makes_up_is_no_difference(fake: FakeSageMaker) -> None:
    fake.create_pipeline.returns(models.CreatePipelineResponse())
    arguments = {"pipeline_name": "p", "role_arn": "arn:aws:iam::123456789012:role/x"}

    await fake.create_pipeline(**arguments, pipeline_definition="{}")

    (request,) = fake.create_pipeline.calls
    assert request.client_request_token
    fake.create_pipeline.assert_called_with(**arguments, pipeline_definition="{}")
    token = describe(type(request)).wire_names["client_request_token"]
    assert token in request
    with pytest.raises(AssertionError, match=r"client_request_token: .x+. was expected"):
        fake.create_pipeline.assert_called_with(
            **arguments, pipeline_definition="{}", client_request_token="x" * 32
        )


async def test_events_are_streamed_and_errors_among_them() -> None:
    runtime = FakeSageMakerRuntime()
    one, two = (ResponseStream(payload_part=PayloadPart(bytes_=part)) for part in (b"1", b"2"))
    stream = event_stream(one, two, ModelStreamError("out of memory"))
    call = runtime.invoke_endpoint_with_response_stream
    call.returns(InvokeEndpointWithResponseStreamOutput(body=stream))

    for _ in range(2):  # each answer has a stream of its own
        answer = await call(endpoint_name="e", body=b"")
        found = []
        with pytest.raises(ModelStreamError, match="out of memory"):
            async with answer.body as events:
                async for event in events:
                    found.append(event)
        assert found == [one, two]
        assert events.closed
    with pytest.raises(ClientClosedError):
        await anext(events)
    call.returns(build(InvokeEndpointWithResponseStreamOutput))
    async with (await call(endpoint_name="e", body=b"")).body as events:
        assert [event.is_known async for event in events] == [True, True]


async def test_bodies_are_streamed() -> None:
    geospatial = import_module("aiosagemaker.sagemaker_geospatial.models")
    from aiosagemaker.testing import FakeSageMakerGeospatial, streaming_body

    fake = FakeSageMakerGeospatial()
    arguments = {
        "arn": "arn:aws:sagemaker-geospatial:us-west-2:123456789012:"
        "earth-observation-job/abcdefghij0123456789",
        "image_assets": ["a"],
        "target": "INPUT",
        "x": 1,
        "y": 2,
        "z": 3,
    }
    fake.get_tile.returns(geospatial.GetTileOutput(binary_file=streaming_body(b"ab", b"", b"c")))

    for _ in range(2):
        async with (await fake.get_tile(**arguments)).binary_file as tile:
            assert [chunk async for chunk in tile] == [b"ab", b"c"]
    broken = streaming_body(b"ab", ConnectionLost("the cable"))
    fake.get_tile.returns(geospatial.GetTileOutput(binary_file=broken))
    with pytest.raises(ConnectionLost, match="the cable"):
        await (await fake.get_tile(**arguments)).binary_file.read()
    fake.get_tile.returns(build(geospatial.GetTileOutput, binary_file=b"built"))
    assert await (await fake.get_tile(**arguments)).binary_file.read() == b"built"


def test_a_fake_belongs_to_no_loop() -> None:
    fake = FakeSageMaker(region_name="eu-west-1")
    fake.describe_endpoint.returns(endpoint())
    client: SageMaker = fake

    for _ in range(2):
        asyncio.run(client.describe_endpoint(endpoint_name="e"))

    assert fake.describe_endpoint.call_count == 2
    assert client.region_name == "eu-west-1"
    assert not issubclass(FakeSageMaker, SageMakerRuntime)
    assert repr(fake) == "<FakeSageMaker, 2 calls>"
    assert repr(fake.describe_endpoint) == f"<describe_endpoint of {fake!r}, 2 calls>"
    assert str(fake.with_options(timeout=1).pipeline) == "fake: nothing is sent"


def test_clients_do_not_import_fakes() -> None:
    program = (
        "import sys, json\n"
        "import aiosagemaker, aiosagemaker.sagemaker.client, aiosagemaker.testing\n"
        "print(json.dumps([name for name in sys.modules if 'testing' in name or 'fake' in name]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert json.loads(run.stdout) == ["aiosagemaker.testing"]


def test_all_of_testing_is_offered_in_one_place() -> None:
    testing, extras = import_module("aiosagemaker.testing"), import_module(
        "aiosagemaker_extras.testing"
    )

    assert {*fakes.__all__} < {*extras.__all__}
    assert dir(testing) == sorted(extras.__all__)
    assert all(getattr(testing, name) is getattr(extras, name) for name in extras.__all__)
    with pytest.raises(ImportError, match="cannot import name 'FakeSageMakr'"):
        from aiosagemaker.testing import FakeSageMakr  # type: ignore[attr-defined]  # noqa: F401
