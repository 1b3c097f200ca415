"""An inference experiment: variants, a shadow, start and stop. Written for 1.29.141."""

from __future__ import annotations

from aiosagemaker import SageMaker
from aiosagemaker.sagemaker import errors, models

ROLE = "arn:aws:iam::123456789012:role/tester"


def variant(name: str, instance_type: models.InstanceType | str) -> models.ModelVariantConfig:
    return models.ModelVariantConfig(
        model_name=name,
        variant_name=name,
        infrastructure_config=models.ModelInfrastructureConfig(
            infrastructure_type=models.ModelInfrastructureType.REAL_TIME_INFERENCE,
            real_time_inference_config=models.RealTimeInferenceConfig(
                instance_type=instance_type, instance_count=1
            ),
        ),
    )


def shadow(source: str, *shadows: str) -> models.ShadowModeConfig:
    return models.ShadowModeConfig(
        source_model_variant_name=source,
        shadow_model_variants=[
            models.ShadowModelVariantConfig(shadow_model_variant_name=name, sampling_percentage=10)
            for name in shadows
        ],
    )


def request(name: str) -> models.CreateInferenceExperimentRequest:
    return models.CreateInferenceExperimentRequest(
        name=name,
        type=models.InferenceExperimentType.SHADOW_MODE,
        role_arn=ROLE,
        endpoint_name="ep",
        model_variants=[
            variant("now", models.InstanceType.ML_P3_2XLARGE),
            variant("next", "ml.inf1.xlarge"),
        ],
        shadow_mode_config=shadow("now", "next"),
    )


async def main(client: SageMaker) -> None:
    created = await client.send(request("exp"))
    assert created.inference_experiment_arn is not None
    described = await client.describe_inference_experiment(name="exp")
    assert described.type is models.InferenceExperimentType.SHADOW_MODE
    variants = described.model_variants or []
    assert [each.variant_name for each in variants] == ["now", "next"]
    infrastructure = variants[0].infrastructure_config
    assert infrastructure is not None
    real_time = infrastructure.real_time_inference_config
    assert real_time is not None and real_time.instance_type == "ml.p3.2xlarge"
    named = [each.name async for each in client.iter_inference_experiments(name_contains="exp")]
    assert named == ["exp"]
    try:
        await client.describe_inference_experiment(name="nowhere")
        raise AssertionError("there is none")
    except errors.ResourceNotFound as error:
        assert error.operation == "DescribeInferenceExperiment"
