"""Lists that choose by a prefix, by a member of a member, and by way of other resources."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from aiosagemaker import SageMaker
from aiosagemaker_extras.testing import SageMakerServer

ROLE = "arn:aws:iam::123456789012:role/tester"


async def components(sagemaker: SageMaker, **chosen: Any) -> list[str | None]:
    listed = sagemaker.iter_trial_components(sort_by="Name", sort_order="Ascending", **chosen)
    return [each.trial_component_name async for each in listed]


async def test_trial_components_of_a_trial_and_of_an_experiment() -> None:
    async with SageMakerServer() as server, server.client() as sagemaker:
        for experiment in ("x", "y"):
            await sagemaker.create_experiment(experiment_name=experiment)
        for trial, experiment in (("t1", "x"), ("t2", "x"), ("t3", "y")):
            await sagemaker.create_trial(trial_name=trial, experiment_name=experiment)
        for number in range(5):
            await sagemaker.create_trial_component(trial_component_name=f"c{number}")
        for number, trial in ((0, "t1"), (1, "t1"), (1, "t2"), (2, "t2"), (3, "t3")):
            await sagemaker.associate_trial_component(
                trial_component_name=f"c{number}", trial_name=trial
            )

        assert await components(sagemaker) == ["c0", "c1", "c2", "c3", "c4"]
        assert await components(sagemaker, trial_name="t1") == ["c0", "c1"]
        assert await components(sagemaker, experiment_name="x") == ["c0", "c1", "c2"]
        assert await components(sagemaker, experiment_name="none") == []
        assert await components(sagemaker, experiment_name="x", page_size=1) == ["c0", "c1", "c2"]
        trials = sagemaker.iter_trials(trial_component_name="c1")
        assert {each.trial_name async for each in trials} == {"t1", "t2"}

        await sagemaker.disassociate_trial_component(trial_component_name="c1", trial_name="t1")
        assert await components(sagemaker, trial_name="t1") == ["c0"]


async def test_a_prefix_and_a_member_of_a_member(caplog: pytest.LogCaptureFixture) -> None:
    async with SageMakerServer() as server, server.client() as sagemaker:
        for name in ("red-a", "red-b", "blue-red"):
            await sagemaker.create_pipeline(
                pipeline_name=name, role_arn=ROLE, pipeline_definition="{}"
            )
            await sagemaker.wire.create_artifact(
                ArtifactName=name, ArtifactType="set", Source={"SourceUri": f"s3://b/{name}"}
            )
        pipelines = sagemaker.iter_pipelines(pipeline_name_prefix="red")
        assert {each.pipeline_name async for each in pipelines} == {"red-a", "red-b"}
        artifacts = sagemaker.iter_artifacts(source_uri="s3://b/red-b")
        assert [each.artifact_name async for each in artifacts] == ["red-b"]

        for app in ("JupyterServer", "KernelGateway"):
            await sagemaker.create_studio_lifecycle_config(
                studio_lifecycle_config_name=app,
                studio_lifecycle_config_content="YQ==",
                studio_lifecycle_config_app_type=app,
            )
        configs = sagemaker.iter_studio_lifecycle_configs(app_type_equals="KernelGateway")
        assert [each.studio_lifecycle_config_name async for each in configs] == ["KernelGateway"]

    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []
