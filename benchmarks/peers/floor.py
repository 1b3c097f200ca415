"""The floor: what a call costs with aiohttp, orjson and a signature, and nothing that helps a user.

No endpoint rules, credentials, retries, types, checks or errors: only the bytes.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson
import work

from peers import Calls

CANNOT = {"stream": "it would need a reader of event streams of its own"}
JSON = "application/x-amz-json-1.1"


@asynccontextmanager
async def control(url: str) -> AsyncIterator[Calls]:
    deep = work.deep()
    host = urlsplit(url).netloc
    async with aiohttp.ClientSession() as session:

        async def call(name: str, arguments: dict[str, Any]) -> object:
            body = orjson.dumps(arguments)
            headers = {"content-type": JSON, "x-amz-target": f"SageMaker.{name}"}
            sign("/", host, headers, body)
            async with session.post(url, data=body, headers=headers) as answer:
                answer.raise_for_status()
                read: object = orjson.loads(await answer.read())
                return read

        yield {
            "small": lambda: call(
                "DescribeNotebookInstance", {"NotebookInstanceName": work.NOTEBOOK}
            ),
            "medium": lambda: call("DescribeTrainingJob", {"TrainingJobName": work.TRAINING_JOB}),
            "large": lambda: call("ListTrainingJobs", {"MaxResults": 100}),
            "deep": lambda: call("CreateModelPackage", deep),
        }


@asynccontextmanager
async def runtime(url: str) -> AsyncIterator[Calls]:
    host, path = urlsplit(url).netloc, f"/endpoints/{work.ENDPOINT}/invocations"
    async with aiohttp.ClientSession() as session:

        async def invoke(body: bytes) -> bytes:
            headers = {"content-type": "application/octet-stream"}
            sign(path, host, headers, body)
            async with session.post(url + path, data=body, headers=headers) as answer:
                answer.raise_for_status()
                return await answer.read()

        kilo, mega = work.body("invoke_1k"), work.body("invoke_1m")
        yield {"invoke_1k": lambda: invoke(kilo), "invoke_1m": lambda: invoke(mega)}


def sign(path: str, host: str, headers: dict[str, str], body: bytes) -> None:
    """Add a signature (Signature Version 4) to headers, whose names are in lower case."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    headers["x-amz-date"] = now
    signed = sorted({**headers, "host": host}.items())
    names = ";".join(name for name, _ in signed)
    lines = "".join(f"{name}:{value}\n" for name, value in signed)
    digest = hashlib.sha256(body).hexdigest()
    request = f"POST\n{path}\n\n{lines}\n{names}\n{digest}"
    scope = f"{now[:8]}/us-east-1/sagemaker/aws4_request"
    canonical = hashlib.sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{canonical}"
    key = signing_key(os.environ["AWS_SECRET_ACCESS_KEY"], now[:8])
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, "
        f"SignedHeaders={names}, Signature={hmac.digest(key, text.encode(), 'sha256').hex()}"
    )


@cache
def signing_key(secret: str, day: str) -> bytes:
    """Return the key of a day."""
    key = f"AWS4{secret}".encode()
    for part in (day, "us-east-1", "sagemaker", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
