"""Spans and durations of calls, read back from OpenTelemetry's own SDK."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from http_service import HttpService
from opentelemetry import context
from opentelemetry.instrumentation.botocore import AiobotocoreInstrumentor
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.propagators.aws import AwsXRayPropagator
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from sample_service import Workshop

from aiobotantic.errors import (
    AmbiguousResultError,
    CallTimeoutError,
    ConnectError,
    RequestValidationError,
    ServiceError,
)
from aiobotantic.opentelemetry import instrument
from aiobotantic.polling import SharedPoller
from aiosagemaker import SageMaker, SageMakerRuntime
from aiosagemaker.sagemaker.models import ListEndpointsOutput
from aiosagemaker.testing import FakeSageMaker, SageMakerServer, build

SECRET = "s3cr3t-of-this-test"


class Telemetry:
    """OpenTelemetry's SDK, which keeps what is recorded in memory."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.meters = MeterProvider([self._reader])

    def instrument(self, client: Any, **options: Any) -> None:
        instrument(client, tracer_provider=self.tracers, meter_provider=self.meters, **options)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self._exporter.get_finished_spans()

    def points(self) -> list[Any]:
        data: Any = self._reader.get_metrics_data()
        return [
            point
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if (metric.name, metric.unit) == ("rpc.client.call.duration", "s")
            for point in metric.data.data_points
        ]


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry()


@pytest.fixture
async def server() -> AsyncIterator[SageMakerServer]:
    async with SageMakerServer() as server:
        yield server


@pytest.fixture(params=[None, "botocore"], ids=["fast", "botocore"])
async def sagemaker(
    server: SageMakerServer, telemetry: Telemetry, request: pytest.FixtureRequest
) -> AsyncIterator[SageMaker]:
    async with server.client(pipeline=request.param) as client:
        telemetry.instrument(client)
        yield client


def facts(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


async def test_a_call(server: SageMakerServer, sagemaker: SageMaker, telemetry: Telemetry) -> None:
    answered = await sagemaker.list_endpoints()

    (span,) = telemetry.spans
    assert (span.name, span.kind) == ("SageMaker.ListEndpoints", SpanKind.CLIENT)
    assert span.status.status_code is StatusCode.UNSET
    assert facts(span) == {
        "rpc.system": "aws-api",
        "rpc.service": "SageMaker",
        "rpc.method": "ListEndpoints",
        "cloud.region": "us-east-1",
        "server.address": "127.0.0.1",
        "server.port": int(server.url.rpartition(":")[2]),
        "aws.request_id": answered.response_metadata.request_id,
        "http.response.status_code": 200,
    }
    (point,) = telemetry.points()
    assert point.count == 1
    assert span.end_time is not None and span.start_time is not None
    assert abs(point.sum - (span.end_time - span.start_time) / 1e9) < 0.05
    assert dict(point.attributes) == {
        name: value for name, value in facts(span).items() if name != "aws.request_id"
    }


async def test_an_error_of_the_service(sagemaker: SageMaker, telemetry: Telemetry) -> None:
    with pytest.raises(ServiceError) as caught:
        await sagemaker.describe_endpoint(endpoint_name="missing")

    (span,) = telemetry.spans
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == str(caught.value)
    assert facts(span)["error.type"] == "ValidationException"
    assert facts(span)["http.response.status_code"] == 400
    assert facts(span)["aws.request_id"] == caught.value.request_id
    assert [event.name for event in span.events] == ["exception"]
    (point,) = telemetry.points()
    assert point.attributes["error.type"] == "ValidationException"


async def test_retries(server: SageMakerServer, sagemaker: SageMaker, telemetry: Telemetry) -> None:
    server.fail_next("ListEndpoints", "ThrottlingException", times=2)
    await sagemaker.list_endpoints()

    (span,) = telemetry.spans
    assert facts(span)["http.request.resend_count"] == 2
    assert [event.name for event in span.events] == ["retry", "retry"]
    told = [dict(event.attributes or {}) for event in span.events]
    assert [each["error.type"] for each in told] == ["ThrottlingException"] * 2
    assert [each["http.request.resend_count"] for each in told] == [1, 2]
    assert "error.type" not in facts(span)


async def test_what_does_not_arrive(
    server: SageMakerServer, sagemaker: SageMaker, telemetry: Telemetry
) -> None:
    await server.__aexit__(None, None, None)
    with pytest.raises(ConnectError):
        await sagemaker.with_options(retries=0).list_endpoints()

    (span,) = telemetry.spans
    assert facts(span)["error.type"] == "aiobotantic.errors.ConnectError"
    assert "http.response.status_code" not in facts(span)


async def test_timeouts_and_cancellation(
    server: SageMakerServer, sagemaker: SageMaker, telemetry: Telemetry
) -> None:
    async def slow(*_: Any) -> None:
        await asyncio.sleep(5)

    server.on("ListEndpoints", slow)
    with pytest.raises((CallTimeoutError, AmbiguousResultError)):
        await sagemaker.with_options(timeout=0.1).list_endpoints()
    call = asyncio.create_task(sagemaker.list_endpoints())
    await asyncio.sleep(0.1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    late, cancelled = telemetry.spans
    assert late.status.status_code is StatusCode.ERROR
    assert facts(late)["error.type"].startswith("aiobotantic.errors.")
    assert cancelled.status.status_code is StatusCode.UNSET
    assert facts(cancelled)["error.type"] == "asyncio.exceptions.CancelledError"


async def test_a_request_that_is_refused_is_no_call(
    sagemaker: SageMaker, telemetry: Telemetry
) -> None:
    with pytest.raises(RequestValidationError):
        await sagemaker.describe_endpoint(endpoint_name="")
    assert telemetry.spans == ()


async def test_calls_at_once_have_their_own_parents(
    sagemaker: SageMaker, telemetry: Telemetry
) -> None:
    tracer = telemetry.tracers.get_tracer("test")

    async def work(number: int) -> None:
        with tracer.start_as_current_span(f"work {number}"):
            await asyncio.gather(*(sagemaker.list_endpoints(max_results=number) for _ in range(2)))
            await sagemaker.list_models()

    before = context.get_current()
    await asyncio.gather(*(work(number) for number in range(1, 9)))

    assert context.get_current() == before
    parents = {span.context.span_id: span.name for span in telemetry.spans if span.context}
    children = [span for span in telemetry.spans if span.kind is SpanKind.CLIENT]
    assert len(children) == 24
    found = sorted(parents[span.parent.span_id] for span in children if span.parent)
    assert found == sorted(f"work {number}" for number in range(1, 9) for _ in range(3))


async def test_pages_waiters_and_views(
    server: SageMakerServer, sagemaker: SageMaker, telemetry: Telemetry
) -> None:
    view = sagemaker.with_options(retries=1, poller=SharedPoller())
    assert [model async for model in view.iter_models()] == []
    await view.wait_until_notebook_instance_deleted(notebook_instance_name="nb")

    assert {span.name for span in telemetry.spans} >= {"SageMaker.ListModels"}
    assert any("NotebookInstance" in span.name for span in telemetry.spans)


async def test_streams(telemetry: Telemetry) -> None:
    async with SageMakerServer(SageMakerRuntime) as server, server.client() as runtime:
        server.endpoint("e")(lambda _: [b"a", b"b"])
        telemetry.instrument(runtime)
        streamed = await runtime.invoke_endpoint_with_response_stream(endpoint_name="e", text="q")
        assert len(telemetry.spans) == 1  # its head is there
        async with streamed.body as events:
            assert [text async for text in events.iter_text()] == ["a", "b"]

    assert telemetry.spans[0].name == "SageMaker Runtime.InvokeEndpointWithResponseStream"
    assert facts(telemetry.spans[0])["http.response.status_code"] == 200


async def test_a_propagator_writes_a_header(
    service: HttpService, workshop: Workshop, telemetry: Telemetry
) -> None:
    telemetry.instrument(workshop, propagator=AwsXRayPropagator())
    await workshop.describe_machine(machine_name="m")

    (span,) = telemetry.spans
    assert span.context is not None
    assert f"{span.context.span_id:016x}" in service.sent[0].headers["x-amzn-trace-id"]


async def test_a_second_time_changes_nothing(sagemaker: SageMaker, telemetry: Telemetry) -> None:
    telemetry.instrument(sagemaker)
    telemetry.instrument(sagemaker.with_options(retries=0))
    await sagemaker.list_endpoints()
    assert len(telemetry.spans) == 1


async def test_nothing_is_recorded_where_instrumentation_is_off(
    sagemaker: SageMaker, telemetry: Telemetry
) -> None:
    with suppress_instrumentation():
        await sagemaker.list_endpoints()
    assert telemetry.spans == ()
    assert telemetry.points() == []


async def test_members_are_not_recorded(sagemaker: SageMaker, telemetry: Telemetry) -> None:
    with pytest.raises(ServiceError):
        await sagemaker.describe_endpoint(endpoint_name=SECRET)
    told = [facts(span) for span in telemetry.spans], [
        point.attributes for point in telemetry.points()
    ]
    assert SECRET not in str(told)


async def test_fakes_are_recorded(telemetry: Telemetry) -> None:
    fake = FakeSageMaker()
    telemetry.instrument(fake)
    fake.list_endpoints.returns(build(ListEndpointsOutput))
    await fake.list_endpoints()
    assert [span.name for span in telemetry.spans] == ["SageMaker.ListEndpoints"]


def test_without_opentelemetry_the_client_loads() -> None:
    program = """
import sys
sys.modules["opentelemetry"] = None
import aiosagemaker; aiosagemaker.SageMaker(region_name="us-east-1")
try:
    import aiobotantic.opentelemetry
except ImportError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "opentelemetry" in done.stdout


# OpenTelemetry's contrib package


@pytest.fixture
def contrib(telemetry: Telemetry) -> Iterator[None]:
    instrumentor: Any = AiobotocoreInstrumentor()  # type: ignore[no-untyped-call]
    instrumentor.instrument(tracer_provider=telemetry.tracers)
    try:
        yield
    finally:
        instrumentor.uninstrument()


@pytest.mark.usefixtures("contrib")
@pytest.mark.parametrize("pipeline", [None, "botocore"])
async def test_the_instrumentor_of_the_contrib_package(
    server: SageMakerServer, telemetry: Telemetry, pipeline: Any
) -> None:
    async with server.client(pipeline=pipeline) as client:
        assert client.pipeline.lane == "botocore"
        answered = await client.list_endpoints()
        assert answered.endpoints == []
        with pytest.raises(ServiceError):
            await client.describe_endpoint(endpoint_name="missing")

    listed, failed = telemetry.spans
    assert listed.name == "SageMaker.ListEndpoints"
    assert facts(listed)["rpc.method"] == "ListEndpoints"
    assert facts(listed)["aws.request_id"] == answered.response_metadata.request_id
    assert failed.status.status_code is StatusCode.ERROR


async def test_ours_and_theirs_agree(server: SageMakerServer, telemetry: Telemetry) -> None:
    async with server.client() as client:
        telemetry.instrument(client)
        await client.list_endpoints()
    instrumentor: Any = AiobotocoreInstrumentor()  # type: ignore[no-untyped-call]
    instrumentor.instrument(tracer_provider=telemetry.tracers)
    try:
        async with server.client() as client:
            await client.list_endpoints()
    finally:
        instrumentor.uninstrument()

    ours, theirs = telemetry.spans
    assert (ours.name, ours.kind) == (theirs.name, theirs.kind)
    shared = facts(ours).keys() & facts(theirs).keys()
    assert shared >= {"rpc.system", "rpc.service", "rpc.method", "cloud.region", "aws.request_id"}
    for name in shared - {"aws.request_id"}:
        assert facts(ours)[name] == facts(theirs)[name], name
