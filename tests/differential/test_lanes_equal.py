"""The same call in both lanes: what arrives is the same, byte for byte."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from http_service import HttpService
from protocol.raw_server import Answer, Arrived, RawServer
from sample_service import Workshop

import aiosagemaker
from aiobotantic.testing.build import build
from differential.beside import KEYS, OPTIONS, TOKENS, clock_at

RANDOM = ("amz-sdk-invocation-id",)
CALLS = [
    ("SageMaker", "CreateNotebookInstance"),
    ("SageMaker", "ListModels"),
    ("SageMakerRuntime", "InvokeEndpoint"),
    ("SageMakerRuntime", "InvokeEndpointAsync"),
    ("SageMakerA2IRuntime", "ListHumanLoops"),
    ("SageMakerGeospatial", "UntagResource"),
    ("SageMakerFeatureStoreRuntime", "PutRecord"),
    ("SageMakerMetrics", "BatchPutMetrics"),
]


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize(("client", "operation"), CALLS)
async def test_what_arrives_is_the_same(client: str, operation: str, token: str) -> None:
    moment = datetime.now(UTC)
    arrived: dict[str | None, Arrived] = {}
    async with RawServer() as server:
        server.answer = Answer(200, {"Content-Length": "2"})
        for pipeline in (None, "botocore"):
            options: dict[str, Any] = {
                "region_name": "eu-central-1",
                "endpoint_url": f"http://127.0.0.1:{server.port}",
                "config": AioConfig(**OPTIONS),
                "aws_session_token": token or None,
                "pipeline": pipeline,
                **KEYS,
            }
            async with getattr(aiosagemaker, client)(**options) as opened:
                assert opened.pipeline.lane == (pipeline or "fast")
                request = build(opened.operations()[operation].request_class, seed=5)
                with clock_at(moment):
                    await opened.send(request)
            arrived[pipeline] = server.arrived.pop()
            date = arrived[pipeline].headers["x-amz-date"]
            moment = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            await asyncio.sleep(0)
    fast, other = arrived[None], arrived["botocore"]
    for name in RANDOM:
        assert fast.headers.pop(name) != other.headers.pop(name)
    agents = fast.headers.pop("user-agent"), other.headers.pop("user-agent")
    assert without_features(agents[0]) == without_features(agents[1])
    assert fast == other


def without_features(agent: str) -> str:
    """Return a user agent without the codes of what botocore's own pipeline made use of."""
    return " ".join(part for part in agent.split(" ") if not part.startswith("m/"))


async def test_in_a_lambda_function_a_call_carries_its_trace(
    service: HttpService, workshop: Workshop, pipeline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5758")
    await workshop.describe_machine(machine_name="m")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "mill")
    at = {"region_name": "us-east-1", "endpoint_url": service.url}
    async with Workshop(pipeline=pipeline, **at) as client:
        await client.describe_machine(machine_name="m")
        monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759;Parent=[5 3]\r\nInjected: é/;Sampled=1")
        await client.describe_machine(machine_name="m")

    sent = [each.headers.get("x-amzn-trace-id") for each in service.sent]
    assert sent == [
        None,
        "Root=1-5758",
        "Root=1-5759;Parent=[5%203]%0D%0AInjected:%20%C3%A9%2F;Sampled=1",
    ]
