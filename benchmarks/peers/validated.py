"""aiobotocore, and its dicts validated into the response classes of aiosagemaker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiobotantic.structure import Structure
from aiosagemaker.sagemaker.models import (
    CreateModelPackageOutput,
    DescribeNotebookInstanceOutput,
    DescribeTrainingJobResponse,
    ListTrainingJobsResponse,
)
from peers import Calls, aiobotocore

CLASSES: dict[str, type[Structure]] = {
    "small": DescribeNotebookInstanceOutput,
    "medium": DescribeTrainingJobResponse,
    "large": ListTrainingJobsResponse,
    "deep": CreateModelPackageOutput,
}


@asynccontextmanager
async def control(url: str) -> AsyncIterator[Calls]:
    async with aiobotocore.control(url) as calls:
        yield {kind: _validated(kind, call) for kind, call in calls.items()}


def _validated(kind: str, call: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[object]]:
    cls = CLASSES[kind]

    async def validated() -> object:
        return cls.model_validate(await call())

    return validated
