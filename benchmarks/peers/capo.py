"""capo-sagemaker: an async SDK on its own HTTP stack, dicts with names in snake_case."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import work
from capo_sagemaker import AsyncSageMakerClient

from peers import Calls

BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Where a word of a name ends."""
MAPS = {"Environment"}
"""Members whose keys are the caller's own."""


@asynccontextmanager
async def control(url: str) -> AsyncIterator[Calls]:
    deep = snake_case(work.deep())
    async with AsyncSageMakerClient(endpoint=url, region="us-east-1") as client:
        yield {
            "small": lambda: client.describe_notebook_instance(
                notebook_instance_name=work.NOTEBOOK
            ),
            "medium": lambda: client.describe_training_job(training_job_name=work.TRAINING_JOB),
            "large": lambda: client.list_training_jobs(max_results=100),
            "deep": lambda: client.create_model_package(**deep),
        }


@asynccontextmanager
async def runtime(url: str) -> AsyncIterator[Calls]:
    from capo_sagemaker_runtime import AsyncSageMakerRuntimeClient

    async with AsyncSageMakerRuntimeClient(endpoint=url, region="us-east-1") as client:

        async def invoke(body: bytes) -> bytes:
            answer = await client.invoke_endpoint(
                work.ENDPOINT, body=body, content_type="application/octet-stream"
            )
            read: bytes = answer["body"]
            return read

        async def stream() -> int:
            async with client.invoke_endpoint_with_response_stream(
                work.ENDPOINT, body=b"question", content_type="text/plain"
            ) as answer:
                return sum([len(event["PayloadPart"]["bytes"]) async for event in answer["body"]])

        kilo, mega = work.body("invoke_1k"), work.body("invoke_1m")
        yield {
            "invoke_1k": lambda: invoke(kilo),
            "invoke_1m": lambda: invoke(mega),
            "stream": stream,
        }


def snake_case(value: Any) -> Any:
    """Return arguments with the names that capo gives them."""
    if isinstance(value, list):
        return [snake_case(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        BORDER.sub("_", name).lower(): (inner if name in MAPS else snake_case(inner))
        for name, inner in value.items()
    }
