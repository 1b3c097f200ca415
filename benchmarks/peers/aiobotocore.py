"""aiobotocore: dicts in, dicts out, with as many connections as there are concurrent calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

import work
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession, get_session

from peers import Calls


@cache
def session() -> AioSession:
    """Return the one session of a program, whose clients share what it has loaded."""
    return get_session()


@asynccontextmanager
async def control(url: str) -> AsyncIterator[Calls]:
    deep = work.deep()
    config = AioConfig(max_pool_connections=100)
    async with session().create_client("sagemaker", endpoint_url=url, config=config) as client:
        yield {
            "small": lambda: client.describe_notebook_instance(NotebookInstanceName=work.NOTEBOOK),
            "medium": lambda: client.describe_training_job(TrainingJobName=work.TRAINING_JOB),
            "large": lambda: client.list_training_jobs(MaxResults=100),
            "deep": lambda: client.create_model_package(**deep),
        }


@asynccontextmanager
async def runtime(url: str) -> AsyncIterator[Calls]:
    config = AioConfig(max_pool_connections=100)
    async with session().create_client(
        "sagemaker-runtime", endpoint_url=url, config=config
    ) as client:

        async def invoke(body: bytes) -> bytes:
            answer = await client.invoke_endpoint(
                EndpointName=work.ENDPOINT, Body=body, ContentType="application/octet-stream"
            )
            async with answer["Body"] as stream:
                read: bytes = await stream.read()
                return read

        async def stream() -> int:
            answer = await client.invoke_endpoint_with_response_stream(
                EndpointName=work.ENDPOINT, Body=b"question", ContentType="text/plain"
            )
            return sum([len(event["PayloadPart"]["Bytes"]) async for event in answer["Body"]])

        kilo, mega = work.body("invoke_1k"), work.body("invoke_1m")
        yield {
            "invoke_1k": lambda: invoke(kilo),
            "invoke_1m": lambda: invoke(mega),
            "stream": stream,
        }
