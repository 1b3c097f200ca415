"""The second half: the shipped client makes concurrent calls to the embedded server."""

from __future__ import annotations

import asyncio
import time

from account import Account

from aiosagemaker import SageMaker
from aiosagemaker.sagemaker.errors import ResourceNotFound, ValidationException
from aiosagemaker.sagemaker.models import (
    CreateInferenceExperimentResponse,
    DescribeInferenceExperimentResponse,
    InferenceExperimentStatus,
    InferenceExperimentType,
    InstanceType,
    ModelInfrastructureConfig,
    ModelInfrastructureType,
    ModelVariantAction,
    ModelVariantConfig,
    NotebookInstanceStatus,
    ProductionVariantInstanceType,
    RealTimeInferenceConfig,
    ShadowModeConfig,
    ShadowModelVariantConfig,
)
from aiosagemaker.testing import SageMakerServer

ROLE = "arn:aws:iam::123456789012:role/service-role/SageMakerDemo"
NOTEBOOKS = {
    "demo-inf1-xlarge": InstanceType.ML_INF1_XLARGE,
    "demo-inf1-2xlarge": InstanceType.ML_INF1_2XLARGE,
    "demo-inf1-6xlarge": InstanceType.ML_INF1_6XLARGE,
    "demo-inf1-24xlarge": InstanceType.ML_INF1_24XLARGE,
    "demo-p4d-24xlarge": InstanceType.ML_P4D_24XLARGE,
    "demo-p4de-24xlarge": InstanceType.ML_P4DE_24XLARGE,
}
EXPERIMENT = "demo-experiment"
POLL = 0.01
"""Seconds between two polls: the embedded server moves on at each."""


async def make_calls(account: Account) -> None:
    """Take notebook instances and an inference experiment through their lives."""
    async with SageMakerServer() as server, server.client() as sagemaker:
        account.chapter("4. The shipped client calls the embedded server")
        account.say(f"{sagemaker!r}")
        await _create(sagemaker, account)
        await _list(sagemaker, account)
        await asyncio.gather(_notebooks(sagemaker, account), _experiment(sagemaker, account))
        await _delete(sagemaker, account)
        await _refusals(sagemaker, account)
        account.say(f"The server answered {len(server.journal)} requests.")


async def _create(sagemaker: SageMaker, account: Account) -> None:
    start = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        notebooks = [
            tasks.create_task(
                sagemaker.create_notebook_instance(
                    notebook_instance_name=name, instance_type=instance_type, role_arn=ROLE
                )
            )
            for name, instance_type in NOTEBOOKS.items()
        ]
        experiment_task = tasks.create_task(_create_experiment(sagemaker))
    created = [task.result() for task in notebooks]
    experiment = experiment_task.result()
    seconds = time.perf_counter() - start
    account.say(f"{len(created) + 1} concurrent creations in {seconds * 1000:.0f} ms")
    account.expect(
        "each notebook instance has the ARN of its name",
        [str(each.notebook_instance_arn).rpartition("/")[2] for each in created],
        list(NOTEBOOKS),
    )
    account.expect(
        "so has the inference experiment",
        str(experiment.inference_experiment_arn).rpartition("/")[2],
        EXPERIMENT,
    )
    account.expect(
        "each response names its request",
        len({each.response_metadata.request_id for each in (*created, experiment)}),
        len(NOTEBOOKS) + 1,
    )


async def _create_experiment(sagemaker: SageMaker) -> CreateInferenceExperimentResponse:
    return await sagemaker.create_inference_experiment(
        name=EXPERIMENT,
        type=InferenceExperimentType.SHADOW_MODE,
        role_arn=ROLE,
        endpoint_name="demo-endpoint",
        model_variants=[
            _variant("current", ProductionVariantInstanceType.ML_INF1_XLARGE),
            _variant("shadow", ProductionVariantInstanceType.ML_P4D_24XLARGE),
        ],
        shadow_mode_config=ShadowModeConfig(
            source_model_variant_name="current",
            shadow_model_variants=[
                ShadowModelVariantConfig(shadow_model_variant_name="shadow", sampling_percentage=20)
            ],
        ),
    )


def _variant(name: str, instance_type: ProductionVariantInstanceType) -> ModelVariantConfig:
    return ModelVariantConfig(
        model_name=f"demo-model-{name}",
        variant_name=name,
        infrastructure_config=ModelInfrastructureConfig(
            infrastructure_type=ModelInfrastructureType.REAL_TIME_INFERENCE,
            real_time_inference_config=RealTimeInferenceConfig(
                instance_type=instance_type, instance_count=1
            ),
        ),
    )


async def _list(sagemaker: SageMaker, account: Account) -> None:
    listed = [
        notebook
        async for notebook in sagemaker.iter_notebook_instances(name_contains="demo-", page_size=2)
    ]
    account.table(
        "iter_notebook_instances(name_contains='demo-', page_size=2)",
        ["notebook_instance_name", "instance_type", "notebook_instance_status"],
        [(n.notebook_instance_name, n.instance_type, n.notebook_instance_status) for n in listed],
    )
    found = {n.notebook_instance_name: n.instance_type for n in listed}
    account.expect("every notebook instance is listed with its type", found, NOTEBOOKS)
    experiments = [e async for e in sagemaker.iter_inference_experiments(name_contains="demo")]
    account.expect("the experiment is listed", [e.name for e in experiments], [EXPERIMENT])


async def _notebooks(sagemaker: SageMaker, account: Account) -> None:
    ready = await asyncio.gather(
        *(
            sagemaker.wait_until_notebook_instance_in_service(
                notebook_instance_name=name, timeout=30, delay=POLL
            )
            for name in NOTEBOOKS
        )
    )
    account.expect(
        "six concurrent waiters: all in service, each of its type",
        {n.notebook_instance_name: (n.notebook_instance_status, n.instance_type) for n in ready},
        {n: (NotebookInstanceStatus.IN_SERVICE, t) for n, t in NOTEBOOKS.items()},
    )
    await asyncio.gather(
        *(sagemaker.stop_notebook_instance(notebook_instance_name=name) for name in NOTEBOOKS)
    )
    await _until_stopped(sagemaker)
    name = "demo-inf1-xlarge"
    await sagemaker.update_notebook_instance(
        notebook_instance_name=name,
        instance_type=InstanceType.ML_P4DE_24XLARGE,
        volume_size_in_gb=64,
    )
    await _until_stopped(sagemaker)
    updated = await sagemaker.describe_notebook_instance(notebook_instance_name=name)
    account.expect(
        "an update gives a notebook instance another type and volume",
        (updated.instance_type, updated.volume_size_in_gb, updated.notebook_instance_status),
        (InstanceType.ML_P4DE_24XLARGE, 64, NotebookInstanceStatus.STOPPED),
    )


async def _until_stopped(sagemaker: SageMaker) -> None:
    await asyncio.gather(
        *(
            sagemaker.wait_until_notebook_instance_stopped(
                notebook_instance_name=name, timeout=30, delay=POLL
            )
            for name in NOTEBOOKS
        )
    )


async def _experiment(sagemaker: SageMaker, account: Account) -> None:
    running = await _experiment_until(sagemaker, InferenceExperimentStatus.RUNNING)
    types = [
        variant.infrastructure_config.real_time_inference_config.instance_type
        for variant in running.model_variants or []
        if variant.infrastructure_config
        and variant.infrastructure_config.real_time_inference_config
    ]
    account.expect(
        "the experiment runs on ml.inf1 and ml.p4d", types, ["ml.inf1.xlarge", "ml.p4d.24xlarge"]
    )
    await sagemaker.update_inference_experiment(name=EXPERIMENT, description="sampled more")
    updated = await _experiment_until(sagemaker, InferenceExperimentStatus.RUNNING)
    account.expect("it takes a description", updated.description, "sampled more")
    await sagemaker.stop_inference_experiment(
        name=EXPERIMENT,
        model_variant_actions={
            "current": ModelVariantAction.RETAIN,
            "shadow": ModelVariantAction.REMOVE,
        },
    )
    done = await _experiment_until(sagemaker, InferenceExperimentStatus.COMPLETED)
    account.expect("and it is stopped", done.status, InferenceExperimentStatus.COMPLETED)


async def _experiment_until(
    sagemaker: SageMaker, status: InferenceExperimentStatus
) -> DescribeInferenceExperimentResponse:
    async with asyncio.timeout(30):
        while True:
            experiment = await sagemaker.describe_inference_experiment(name=EXPERIMENT)
            if experiment.status == status:
                return experiment
            await asyncio.sleep(POLL)


async def _delete(sagemaker: SageMaker, account: Account) -> None:
    await asyncio.gather(
        *(sagemaker.delete_notebook_instance(notebook_instance_name=name) for name in NOTEBOOKS),
        sagemaker.delete_inference_experiment(name=EXPERIMENT),
    )
    await asyncio.gather(
        *(
            sagemaker.wait_until_notebook_instance_deleted(
                notebook_instance_name=name, timeout=30, delay=POLL
            )
            for name in NOTEBOOKS
        )
    )
    left = [n async for n in sagemaker.iter_notebook_instances()]
    left_experiments = [e async for e in sagemaker.iter_inference_experiments()]
    account.expect("nothing is left", (left, left_experiments), ([], []))


async def _refusals(sagemaker: SageMaker, account: Account) -> None:
    try:
        await sagemaker.describe_inference_experiment(name=EXPERIMENT)
    except ResourceNotFound as error:
        account.expect("what is gone raises its own class", error.code, "ResourceNotFound")
        account.say(f"ResourceNotFound: {error}")
    else:
        account.expect("what is gone raises its own class", None, "ResourceNotFound")
    try:
        await sagemaker.describe_notebook_instance(notebook_instance_name="demo-inf1-xlarge")
    except ValidationException as error:
        account.expect("also where no model lists it", error.code, "ValidationException")
    else:
        account.expect("also where no model lists it", None, "ValidationException")
