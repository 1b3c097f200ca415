"""The examples of the docs, run against a server that has what they speak of."""

from __future__ import annotations

import ast
import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import numpy
import pytest

from aiobotantic.lanes import quiet_logs
from aiosagemaker import SageMaker, SageMakerRuntime
from aiosagemaker.sagemaker.models import AddTagsInput, CreateWorkforceRequest, Tag
from aiosagemaker.testing import Invocation, SageMakerServer

DOCS = Path(__file__).resolve().parents[2] / "docs"
ROLE = "arn:aws:iam::123456789012:role/tester"
TRAINING: dict[str, Any] = {
    "AlgorithmSpecification": {"TrainingImage": "image:1", "TrainingInputMode": "File"},
    "RoleArn": ROLE,
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}
VARIANT = {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large"}


def blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)


PAGES = {"calls.md": 12, "logs.md": 1, "moving-over.md": 1, "security.md": 2, "testing.md": 8}
EXAMPLES = [
    pytest.param(page, number, id=f"{page}-{number}")
    for page in PAGES
    for number in range(len(blocks(page)))
]


async def fill(sagemaker: SageMaker, server: SageMakerServer[SageMaker]) -> None:
    wire = sagemaker.wire
    await wire.create_training_job(TrainingJobName="my-job", **TRAINING)
    await wire.create_notebook_instance(
        NotebookInstanceName="nb", InstanceType="ml.t3.medium", RoleArn=ROLE
    )
    await wire.create_image(ImageName="i", RoleArn=ROLE)
    await wire.create_model(ModelName="m", ExecutionRoleArn=ROLE)
    await wire.create_endpoint_config(
        EndpointConfigName="e",
        ProductionVariants=[{**VARIANT, "InitialInstanceCount": 1}],
        AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": "s3://bucket/outputs"}},
    )
    await wire.create_endpoint(EndpointName="e", EndpointConfigName="e")

    @server.endpoint("e")
    def model(invocation: Invocation) -> Any:
        """Say what was said, and tokens where that is a text."""
        is_text = invocation.content_type == "text/plain"
        return [b'{"token": "a"}\n', b'{"token": "b"}\n'] if is_text else invocation.body


@pytest.fixture(autouse=True)
def masks() -> Iterator[None]:
    """Put the masks of logs back, which an example takes away."""
    kept = {name: list(logging.getLogger(name).filters) for name in quiet_logs.LOGGERS}
    yield
    for name, filters in kept.items():
        logging.getLogger(name).filters[:] = filters


@pytest.fixture
async def around(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, Any]]:
    """What an example may name."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(SageMakerServer(steps=0))
        for name, value in {
            "AWS_ENDPOINT_URL": server.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        sagemaker = await stack.enter_async_context(server.client())
        runtime = await stack.enter_async_context(server.client(SageMakerRuntime))
        await fill(sagemaker, server)
        yield {
            **{each.__name__: each for each in (SageMaker, SageMakerRuntime, SageMakerServer)},
            **{each.__name__: each for each in (AddTagsInput, Tag, Mapping, asyncio, logging)},
            "Any": Any,
            "server": server,
            "sagemaker": sagemaker,
            "runtime": runtime,
            "names": ["my-job"],
            "statistics": asyncio.Queue(),
            "array": numpy.ones(3),
            "arn": server.state.images["i"]["ImageArn"],
            "request": CreateWorkforceRequest(workforce_name="w"),
        }


def test_every_example_is_run() -> None:
    assert {page: len(blocks(page)) for page in PAGES} == PAGES


@pytest.mark.parametrize(("page", "number"), EXAMPLES)
async def test_an_example(
    page: str, number: int, around: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = tmp_path / "config"
    profile.write_text("[profile research]\nregion = us-east-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(profile))
    source = blocks(page)[number]
    code = compile(source, f"{page} {number}", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)

    done = eval(code, around)
    if done is not None:
        await done
    if "async def test_ours" in source:
        await around["test_ours"]()
