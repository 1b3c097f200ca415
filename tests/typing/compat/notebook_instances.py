"""Notebook instances: create, wait, list in pages, change, errors. Written for 1.29.141."""

from __future__ import annotations

from datetime import datetime

from aiosagemaker import SageMaker
from aiosagemaker.sagemaker import errors
from aiosagemaker.sagemaker.models import (
    DescribeNotebookInstanceOutput,
    InstanceType,
    NotebookInstanceStatus,
    NotebookInstanceSummary,
    Tag,
)

ROLE = "arn:aws:iam::123456789012:role/tester"


async def create(client: SageMaker, name: str) -> str:
    created = await client.create_notebook_instance(
        notebook_instance_name=name,
        instance_type=InstanceType.ML_T3_MEDIUM,
        role_arn=ROLE,
        volume_size_in_gb=20,
        tags=[Tag(key="team", value="vision")],
    )
    return created.notebook_instance_arn or ""


async def in_service(client: SageMaker, name: str) -> DescribeNotebookInstanceOutput:
    return await client.wait_until_notebook_instance_in_service(
        notebook_instance_name=name, delay=0.01, timeout=10
    )


def age(described: DescribeNotebookInstanceOutput, now: datetime) -> float | None:
    created = described.creation_time
    return None if created is None else (now - created).total_seconds()


async def names(client: SageMaker, status: NotebookInstanceStatus) -> list[str]:
    found: list[str] = []
    async for each in client.iter_notebook_instances(status_equals=status, page_size=1):
        summary: NotebookInstanceSummary = each
        found.append(summary.notebook_instance_name or "?")
    return found


async def delete(client: SageMaker, name: str) -> bool:
    try:
        await client.stop_notebook_instance(notebook_instance_name=name)
        await client.wait_until_notebook_instance_stopped(notebook_instance_name=name, delay=0.01)
        await client.delete_notebook_instance(notebook_instance_name=name)
        await client.wait_until_notebook_instance_deleted(notebook_instance_name=name, delay=0.01)
    except errors.ServiceError as error:
        print(error.code, error.message, error.request_id)
        return False
    return True


async def main(client: SageMaker) -> None:
    arns = [await create(client, name) for name in ("one", "two", "three")]
    assert all(arn.startswith("arn:aws:sagemaker:") for arn in arns)
    for name in ("one", "two", "three"):
        described = await in_service(client, name)
        assert described.notebook_instance_status is NotebookInstanceStatus.IN_SERVICE
        assert described.instance_type == "ml.t3.medium"
        assert described.volume_size_in_gb == 20
        assert described["NotebookInstanceName"] == name
        assert age(described, datetime.now().astimezone()) is not None
    assert sorted(await names(client, NotebookInstanceStatus.IN_SERVICE)) == ["one", "three", "two"]
    assert await delete(client, "two")
    assert not await delete(client, "two")
    try:
        await create(client, "one")
        raise AssertionError("the name is taken")
    except errors.ServiceError as error:
        assert error.status_code == 400
    try:
        await client.create_notebook_instance(
            notebook_instance_name="-", instance_type=InstanceType.ML_T3_MEDIUM, role_arn=ROLE
        )
        raise AssertionError("no such name")
    except errors.RequestValidationError as error:
        assert "notebook_instance_name" in str(error)
