"""aiosagemaker: keyword methods, and `wire` where arguments come as AWS names them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import work

from aiosagemaker import SageMaker, SageMakerRuntime
from peers import Calls

Pipeline = Literal["botocore"] | None


@asynccontextmanager
async def control(url: str, pipeline: Pipeline = None) -> AsyncIterator[Calls]:
    deep = work.deep()
    async with SageMaker(endpoint_url=url, pipeline=pipeline) as client:
        yield {
            "small": lambda: client.describe_notebook_instance(
                notebook_instance_name=work.NOTEBOOK
            ),
            "medium": lambda: client.describe_training_job(training_job_name=work.TRAINING_JOB),
            "large": lambda: client.list_training_jobs(max_results=100),
            "deep": lambda: client.wire.create_model_package(**deep),
        }


@asynccontextmanager
async def warmed(url: str) -> AsyncIterator[Calls]:
    """Give an open client whose first call was prepared."""
    async with SageMaker(endpoint_url=url) as client:
        await client.warm_up("describe_notebook_instance")
        yield {
            "small": lambda: client.describe_notebook_instance(notebook_instance_name=work.NOTEBOOK)
        }


@asynccontextmanager
async def runtime(url: str, pipeline: Pipeline = None) -> AsyncIterator[Calls]:
    async with SageMakerRuntime(endpoint_url=url, pipeline=pipeline) as client:

        async def invoke(body: bytes) -> bytes | None:
            answer = await client.invoke_endpoint(
                endpoint_name=work.ENDPOINT, body=body, content_type="application/octet-stream"
            )
            return answer.body

        async def stream() -> int:
            answer = await client.invoke_endpoint_with_response_stream(
                endpoint_name=work.ENDPOINT, body=b"question", content_type="text/plain"
            )
            read = 0
            async with answer.body as events:
                async for event in events:
                    if event.payload_part is not None:
                        read += len(event.payload_part.bytes_ or b"")
            return read

        kilo, mega = work.body("invoke_1k"), work.body("invoke_1m")
        yield {
            "invoke_1k": lambda: invoke(kilo),
            "invoke_1m": lambda: invoke(mega),
            "stream": stream,
        }
