"""sagemaker-core in an async program: each call in a thread of a pool."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import boto3
import work
from botocore.config import Config
from sagemaker.core.resources import Endpoint, NotebookInstance, TrainingJob
from sagemaker.core.utils.utils import SageMakerClient

from peers import Calls
from peers.boto3_threads import THREADS, in_thread

CANNOT = {
    "large": "get_all describes each item of the list with a call of its own",
    "deep": "create describes what it made with a second call",
    "stream": "invoke_with_response_stream of 2.27 fails on the stream that it was answered with",
}


@asynccontextmanager
async def control(url: str) -> AsyncIterator[Calls]:
    session = boto3.session.Session()
    SageMakerClient.reset()
    SageMakerClient(session, "us-east-1", Config(max_pool_connections=THREADS))
    with ThreadPoolExecutor(THREADS) as pool:
        yield {
            "small": in_thread(pool, lambda: NotebookInstance.get(work.NOTEBOOK)),
            "medium": in_thread(pool, lambda: TrainingJob.get(work.TRAINING_JOB)),
        }


@asynccontextmanager
async def runtime(url: str) -> AsyncIterator[Calls]:
    endpoint = Endpoint(endpoint_name=work.ENDPOINT)

    def invoke(body: bytes) -> bytes:
        answer = endpoint.invoke(body=body, content_type="application/octet-stream")
        read: bytes = answer.body.read()
        return read

    kilo, mega = work.body("invoke_1k"), work.body("invoke_1m")
    with ThreadPoolExecutor(THREADS) as pool:
        yield {
            "invoke_1k": in_thread(pool, lambda: invoke(kilo)),
            "invoke_1m": in_thread(pool, lambda: invoke(mega)),
        }
