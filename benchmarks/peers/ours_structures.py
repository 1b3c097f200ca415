"""aiosagemaker, where a program builds structures from AWS's dict, and sends them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import work

from aiosagemaker import SageMaker
from aiosagemaker.sagemaker.models import CreateModelPackageInput
from peers import Calls

CANNOT = {"small": "as `ours` makes it"}


@asynccontextmanager
async def control(url: str) -> AsyncIterator[Calls]:
    deep = work.deep()
    async with SageMaker(endpoint_url=url) as client:
        yield {
            "small": lambda: client.describe_notebook_instance(
                notebook_instance_name=work.NOTEBOOK
            ),
            "deep": lambda: client.send(CreateModelPackageInput.from_wire(deep)),
        }
