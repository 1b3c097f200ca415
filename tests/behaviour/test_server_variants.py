"""Variants of endpoints: what is told of them, how they change, and which one answers."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from aiosagemaker import SageMaker, SageMakerRuntime
from aiosagemaker.sagemaker.errors import ValidationException
from aiosagemaker.sagemaker.models import EndpointStatus
from aiosagemaker.sagemaker_runtime.errors import ValidationError
from aiosagemaker_extras.testing import Invocation, SageMakerServer

ROLE = "arn:aws:iam::123456789012:role/tester"
A = {"VariantName": "a", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
B = {**A, "VariantName": "b", "InitialInstanceCount": 2, "InitialVariantWeight": 3.0}
SERVERLESS = {
    "VariantName": "s",
    "ModelName": "m",
    "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5},
}
CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 20,
    "DestinationS3Uri": "s3://bucket/captured",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}


async def make(
    sagemaker: SageMaker, *variants: dict[str, Any], name: str = "e", **config: Any
) -> None:
    wire = sagemaker.wire
    if name == "e":
        await wire.create_model(ModelName="m", ExecutionRoleArn=ROLE)
    await wire.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=list(variants), **config
    )
    if name == "e":
        await wire.create_endpoint(EndpointName="e", EndpointConfigName="e")


async def in_service(sagemaker: SageMaker) -> list[tuple[Any, ...]]:
    endpoint = await sagemaker.wait_until_endpoint_in_service(endpoint_name="e", delay=0.01)
    return told(endpoint)


def told(endpoint: Any) -> list[tuple[Any, ...]]:
    return [
        (each.variant_name, each.current_weight, each.current_instance_count)
        for each in endpoint.production_variants
    ]


async def test_an_endpoint_tells_of_its_variants() -> None:
    async with SageMakerServer() as server, server.client() as sagemaker:
        await make(
            sagemaker, A, B, DataCaptureConfig=CAPTURE, ShadowProductionVariants=[SERVERLESS]
        )

        creating = await sagemaker.describe_endpoint(endpoint_name="e")
        assert told(creating) == [("a", None, None), ("b", None, None)]
        assert await in_service(sagemaker) == [("a", 1.0, 1), ("b", 3.0, 2)]
        endpoint = await sagemaker.describe_endpoint(endpoint_name="e")
        assert endpoint.data_capture_config is not None
        assert endpoint.data_capture_config.current_sampling_percentage == 20
        assert endpoint.shadow_production_variants is not None
        (shadow,) = endpoint.shadow_production_variants
        assert shadow.current_serverless_config is not None
        assert shadow.current_serverless_config.max_concurrency == 5


async def test_weights_change_while_the_endpoint_updates() -> None:
    async with SageMakerServer() as server, server.client() as sagemaker:
        await make(sagemaker, A, B)
        await in_service(sagemaker)
        with pytest.raises(ValidationException, match="has no variant x: it has a, b"):
            await sagemaker.wire.update_endpoint_weights_and_capacities(
                EndpointName="e", DesiredWeightsAndCapacities=[{"VariantName": "x"}]
            )
        await sagemaker.wire.update_endpoint_weights_and_capacities(
            EndpointName="e",
            DesiredWeightsAndCapacities=[{"VariantName": "a", "DesiredWeight": 0}],
        )

        updating = await sagemaker.describe_endpoint(endpoint_name="e")
        assert updating.endpoint_status is EndpointStatus.UPDATING
        assert told(updating) == [("a", 1.0, 1), ("b", 3.0, 2)]
        assert updating.production_variants is not None
        assert updating.production_variants[0].desired_weight == 0
        assert await in_service(sagemaker) == [("a", 0.0, 1), ("b", 3.0, 2)]


@pytest.mark.parametrize(("retain", "weight"), [(True, 7.0), (False, 1.0)])
async def test_another_configuration_brings_its_variants(retain: bool, weight: float) -> None:
    async with SageMakerServer() as server, server.client() as sagemaker:
        await make(sagemaker, A, B)
        await in_service(sagemaker)
        await sagemaker.wire.update_endpoint_weights_and_capacities(
            EndpointName="e",
            DesiredWeightsAndCapacities=[{"VariantName": "a", "DesiredWeight": 7}],
        )
        await in_service(sagemaker)
        await make(sagemaker, A, SERVERLESS, name="c2")
        await sagemaker.update_endpoint(
            endpoint_name="e", endpoint_config_name="c2", retain_all_variant_properties=retain
        )

        assert await in_service(sagemaker) == [("a", weight, 1), ("s", 1.0, None)]


async def test_invocations_go_to_variants_by_their_weights() -> None:
    async with (
        SageMakerServer() as server,
        server.client() as sagemaker,
        server.client(SageMakerRuntime) as runtime,
    ):

        @server.endpoint("e")
        def model(invocation: Invocation) -> str:
            return invocation.variant

        await make(sagemaker, A, B)
        await in_service(sagemaker)
        answers = [await runtime.invoke_endpoint(endpoint_name="e", body=b"") for _ in range(40)]
        assert Counter(each.text() for each in answers) == {"a": 10, "b": 30}
        assert {each.text() == each.invoked_production_variant for each in answers} == {True}

        meant = await runtime.invoke_endpoint(endpoint_name="e", body=b"", target_variant="a")
        assert (meant.text(), meant.invoked_production_variant) == ("a", "a")
        with pytest.raises(ValidationError, match="Endpoint e has no variant z: it has a, b"):
            await runtime.invoke_endpoint(endpoint_name="e", body=b"", target_variant="z")


async def test_a_server_without_the_control_plane() -> None:
    async with SageMakerServer(SageMakerRuntime) as server, server.client() as runtime:

        @server.endpoint("e")
        def model(invocation: Invocation) -> str:
            return invocation.variant

        answer = await runtime.invoke_endpoint(endpoint_name="e", body=b"")
        assert answer.text() == answer.invoked_production_variant == "AllTraffic"
        answer = await runtime.invoke_endpoint(endpoint_name="e", body=b"", target_variant="x")
        assert answer.text() == "x"
