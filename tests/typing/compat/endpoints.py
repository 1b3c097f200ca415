"""An endpoint: its configuration, variants, capture of data, scaling, errors. Written for 1.29.141."""

from __future__ import annotations

from aiosagemaker import SageMaker
from aiosagemaker.sagemaker import errors
from aiosagemaker.sagemaker.models import (
    AsyncInferenceConfig,
    AsyncInferenceOutputConfig,
    CaptureContentTypeHeader,
    CaptureMode,
    CaptureOption,
    CreateEndpointConfigInput,
    DataCaptureConfig,
    DescribeEndpointOutput,
    DesiredWeightAndCapacity,
    EndpointStatus,
    ProductionVariant,
    ProductionVariantInstanceType,
    ProductionVariantServerlessConfig,
)


def config(name: str) -> CreateEndpointConfigInput:
    return CreateEndpointConfigInput(
        endpoint_config_name=name,
        production_variants=[
            ProductionVariant(
                variant_name="main",
                model_name="model",
                initial_instance_count=1,
                instance_type=ProductionVariantInstanceType.ML_M5_LARGE,
                initial_variant_weight=0.9,
            ),
            ProductionVariant(
                variant_name="serverless",
                model_name="model",
                serverless_config=ProductionVariantServerlessConfig(
                    memory_size_in_mb=2048, max_concurrency=5
                ),
            ),
        ],
        data_capture_config=DataCaptureConfig(
            enable_capture=True,
            initial_sampling_percentage=50,
            destination_s3_uri="s3://bucket/captured",
            capture_options=[CaptureOption(capture_mode=CaptureMode.INPUT)],
            capture_content_type_header=CaptureContentTypeHeader(json_content_types=["text/json"]),
        ),
        async_inference_config=AsyncInferenceConfig(
            output_config=AsyncInferenceOutputConfig(s3_output_path="s3://bucket/async")
        ),
    )


def weights(described: DescribeEndpointOutput) -> dict[str, float]:
    return {
        each.variant_name: each.current_weight
        for each in described.production_variants or []
        if each.variant_name is not None and each.current_weight is not None
    }


async def main(client: SageMaker) -> None:
    made = await client.send(config("config-1"))
    assert made.endpoint_config_arn is not None
    await client.create_endpoint(endpoint_name="ep", endpoint_config_name="config-1")
    described = await client.describe_endpoint(endpoint_name="ep")
    status: EndpointStatus | None = described.endpoint_status
    assert status is None or isinstance(status.value, str)
    assert all(weight >= 0 for weight in weights(described).values())
    await client.update_endpoint_weights_and_capacities(
        endpoint_name="ep",
        desired_weights_and_capacities=[
            DesiredWeightAndCapacity(variant_name="main", desired_weight=0.5)
        ],
    )
    async for config_summary in client.iter_endpoint_configs(name_contains="config", limit=1):
        assert config_summary.endpoint_config_name is not None
    try:
        await client.wire.describe_endpoint(EndpointNam="ep")
        raise AssertionError("no such member")
    except errors.RequestValidationError as error:
        assert "EndpointName" in str(error)
