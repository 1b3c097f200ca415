"""boto3 in an async program: each call in a thread of a pool."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import boto3
import work
from botocore.config import Config

from peers import Calls

THREADS = 100


@asynccontextmanager
async def control(url: str) -> AsyncIterator[Calls]:
    deep = work.deep()
    config = Config(max_pool_connections=THREADS)
    client = boto3.client("sagemaker", endpoint_url=url, config=config)
    with ThreadPoolExecutor(THREADS) as pool:
        yield {
            "small": in_thread(
                pool,
                lambda: client.describe_notebook_instance(NotebookInstanceName=work.NOTEBOOK),
            ),
            "medium": in_thread(
                pool, lambda: client.describe_training_job(TrainingJobName=work.TRAINING_JOB)
            ),
            "large": in_thread(pool, lambda: client.list_training_jobs(MaxResults=100)),
            "deep": in_thread(pool, lambda: client.create_model_package(**deep)),
        }


@asynccontextmanager
async def runtime(url: str) -> AsyncIterator[Calls]:
    config = Config(max_pool_connections=THREADS)
    client = boto3.client("sagemaker-runtime", endpoint_url=url, config=config)

    def invoke(body: bytes) -> bytes:
        answer = client.invoke_endpoint(
            EndpointName=work.ENDPOINT, Body=body, ContentType="application/octet-stream"
        )
        read: bytes = answer["Body"].read()
        return read

    def stream() -> int:
        answer = client.invoke_endpoint_with_response_stream(
            EndpointName=work.ENDPOINT, Body=b"question", ContentType="text/plain"
        )
        return sum(len(event["PayloadPart"]["Bytes"]) for event in answer["Body"])

    kilo, mega = work.body("invoke_1k"), work.body("invoke_1m")
    with ThreadPoolExecutor(THREADS) as pool:
        yield {
            "invoke_1k": in_thread(pool, lambda: invoke(kilo)),
            "invoke_1m": in_thread(pool, lambda: invoke(mega)),
            "stream": in_thread(pool, stream),
        }


def in_thread(
    pool: ThreadPoolExecutor, call: Callable[[], object]
) -> Callable[[], Awaitable[object]]:
    """Return a call that a thread makes."""
    return lambda: asyncio.get_running_loop().run_in_executor(pool, call)
