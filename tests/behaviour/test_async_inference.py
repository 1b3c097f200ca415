"""Asynchronous inference as one call, against the embedded server and its small S3."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiobotocore.session import get_session

from aiobotantic.errors import (
    ClientClosedError,
    RequestValidationError,
    ResponseParseError,
    ServiceError,
    WaiterFailed,
    WaiterTimedOut,
)
from aiosagemaker import SageMakerRuntime
from aiosagemaker.sagemaker_runtime.models import InvokeEndpointAsyncOutput
from aiosagemaker.testing import FakeSageMakerRuntime, Invocation, SageMakerServer

PLACE = "s3://sagemaker-us-east-1-123456789012/output"


@dataclass
class Served:
    server: SageMakerServer[SageMakerRuntime]
    runtime: SageMakerRuntime
    came: list[Invocation] = field(default_factory=list[Invocation])


@pytest.fixture
async def served(pipeline: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    async with SageMakerServer(SageMakerRuntime) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.url)
        async with server.client(pipeline=pipeline) as runtime:
            served = Served(server, runtime)

            @server.endpoint("upper")
            def model(invocation: Invocation) -> bytes:
                served.came.append(invocation)
                if invocation.body == b"bad":
                    raise ValueError("cannot read it")
                return invocation.body.upper()

            yield served


async def test_a_small_input_goes_with_the_request(served: Served) -> None:
    output = await served.runtime.invoke_endpoint_async_and_wait(
        endpoint_name="upper", text='{"a": 1}', inference_id="one"
    )

    assert output.json() == {"A": 1}
    assert (output.body, output.text()) == (b'{"A": 1}', '{"A": 1}')
    assert (output.inference_id, output.output_location) == ("one", f"{PLACE}/one.out")
    assert served.came[0].content_type == "text/plain"
    assert list(served.server.objects) == [f"{PLACE}/one.out"]


async def test_a_large_input_is_put_into_s3(served: Served) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"a" * 1_000

    output = await served.runtime.invoke_endpoint_async_and_wait(
        endpoint_name="upper", body=pieces(), upload_to="s3://inputs/batch/", inference_id="one"
    )

    assert output.body == b"A" * 200_000
    [uploaded] = [uri for uri in served.server.objects if uri.startswith("s3://inputs/batch/")]
    assert served.server.objects.read(uploaded) == b"a" * 200_000
    assert served.came[0].members["InputLocation"] == uploaded


async def test_an_input_may_be_in_s3_already(served: Served) -> None:
    served.server.objects.write("s3://inputs/there", b"there")
    output = await served.runtime.invoke_endpoint_async_and_wait(
        endpoint_name="upper", input_location="s3://inputs/there"
    )
    assert output.body == b"THERE"


async def test_the_failure_in_s3_is_raised(served: Served) -> None:
    with pytest.raises(WaiterFailed) as raised:
        await served.runtime.invoke_endpoint_async_and_wait(
            endpoint_name="upper", body=b"bad", inference_id="one"
        )

    assert raised.value.reason is not None
    assert "ValueError: cannot read it" in raised.value.reason
    assert str(raised.value) == (
        "The output of InvokeEndpointAsync cannot be reached: the failure is at "
        f"{PLACE}/failure/one-error.out: {raised.value.reason}"
    )
    assert isinstance(raised.value.last_response, InvokeEndpointAsyncOutput)


async def later(served: Served, uri: str, body: bytes) -> None:
    await asyncio.sleep(0.15)
    served.server.objects.write(uri, body)


async def test_the_output_is_waited_for(served: Served) -> None:
    async with get_session().create_client(
        "s3", region_name="us-east-1", endpoint_url=served.server.url
    ) as s3:
        served.server.answer_with("InvokeEndpointAsync", answering(f"{PLACE}/later.out"))
        writing = asyncio.create_task(later(served, f"{PLACE}/later.out", b"done"))
        output = await served.runtime.invoke_endpoint_async_and_wait(
            endpoint_name="upper", body=b"x", delay=0.05, s3=s3
        )
        await writing
        assert output.body == b"done"

        served.server.answer_with("InvokeEndpointAsync", answering(f"{PLACE}/never.out"))
        with pytest.raises(WaiterTimedOut) as raised:
            await served.runtime.invoke_endpoint_async_and_wait(
                endpoint_name="upper", body=b"x", delay=0.05, timeout=0.2, s3=s3
            )
    assert str(raised.value) == "The output of InvokeEndpointAsync was not reached within 0.2 s"
    assert isinstance(raised.value.last_response, InvokeEndpointAsyncOutput)
    assert raised.value.last_response.output_location == f"{PLACE}/never.out"


async def test_what_s3_refuses_ends_the_wait_or_is_its_cause(served: Served) -> None:
    answer, refusals = served.server.outside["s3"], ["NoSuchBucket"]

    def refusing(request: Any) -> Any:
        found = answer(request)
        if request.method == "GET":
            body = f"<Error><Code>{refusals[0]}</Code><Message>no</Message></Error>"
            return type(found)(403, body.encode(), found.headers)
        return found

    served.server.outside["s3"] = refusing
    served.server.answer_with("InvokeEndpointAsync", answering(f"{PLACE}/never.out"))

    async def call() -> None:
        await served.runtime.invoke_endpoint_async_and_wait(
            endpoint_name="upper", body=b"x", delay=0.05, timeout=2
        )

    with pytest.raises(ServiceError, match="NoSuchBucket"):
        await call()
    refusals[0] = "AccessDenied"  # said, too, of what is not there by who may not list
    with pytest.raises(WaiterTimedOut) as raised:
        await call()
    assert "AccessDenied" in str(raised.value.__cause__)


def answering(location: str) -> Any:
    return lambda request: {"InferenceId": "one", "OutputLocation": location}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "the body is missing: pass one of body, json and text. Nothing was sent"),
        (
            {"input_location": "s3://b/k", "text": "x"},
            "input_location and the input itself are given: pass one of them. Nothing was sent",
        ),
        (
            {"body": bytes(128_001)},
            "the input has 128001 bytes, and a request holds 128000: pass "
            'upload_to="s3://bucket/prefix", where an object with it is made. Nothing was sent',
        ),
        (
            {"body": b"x", "upload_to": "bucket/prefix"},
            "upload_to is 'bucket/prefix': pass a place in S3, s3://bucket/prefix. Nothing was "
            "sent",
        ),
    ],
)
async def test_what_cannot_be_sent_is_refused(served: Served, given: Any, message: str) -> None:
    with pytest.raises(RequestValidationError) as raised:
        await served.runtime.invoke_endpoint_async_and_wait(endpoint_name="upper", **given)
    assert str(raised.value) == message
    assert served.server.journal == []


async def test_an_answer_that_names_no_object_is_an_error(served: Served) -> None:
    served.server.answer_with("InvokeEndpointAsync", answering("https://elsewhere"))
    with pytest.raises(ResponseParseError, match="OutputLocation of the answer is no object in S3"):
        await served.runtime.invoke_endpoint_async_and_wait(endpoint_name="upper", body=b"x")


async def test_a_client_that_is_not_open_says_so() -> None:
    with pytest.raises(ClientClosedError, match="SageMakerRuntime is not open"):
        await SageMakerRuntime(region_name="us-east-1").invoke_endpoint_async_and_wait(
            endpoint_name="e", body=b"x"
        )


async def test_fakes_wait_too(served: Served) -> None:
    fake = FakeSageMakerRuntime()
    fake.invoke_endpoint_async.returns(InvokeEndpointAsyncOutput(output_location="s3://out/put"))
    served.server.objects.write("s3://out/put", b"[1]")
    async with get_session().create_client(
        "s3", region_name="us-east-1", endpoint_url=served.server.url
    ) as s3:
        output = await fake.invoke_endpoint_async_and_wait(endpoint_name="e", json={"n": 1}, s3=s3)
    assert output.json() == [1]
    [request] = fake.invoke_endpoint_async.calls
    assert (request.body, request.content_type) == (b'{"n":1}', "application/json")
    assert "[1]" not in repr(output)
