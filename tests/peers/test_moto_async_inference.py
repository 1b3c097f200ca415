"""Asynchronous inference against moto's server, which is both SageMaker's runtime and S3."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
from aiobotocore.session import get_session

from aiobotantic.errors import ConnectError, ServiceError, WaiterFailed
from aiosagemaker import SageMakerRuntime

KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
PLACE: dict[str, Any] = {"region_name": "us-east-1", **KEYS}


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of moto's server, in a process of its own."""
    said = tmp_path_factory.mktemp("moto") / "log"
    words = (sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0")
    with (
        said.open("wb") as log,
        subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT) as process,
    ):
        for _ in range(600):
            if found := re.search(r"Running on (http://[\d.]+:\d+)", said.read_text()):
                yield found[1]
                break
            assert process.poll() is None, said.read_text()
            time.sleep(0.1)
        process.kill()
    assert found is not None, said.read_text()


@pytest.fixture
async def runtime(
    moto: str, pipeline: Any, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[SageMakerRuntime]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    async with aiohttp.ClientSession(moto) as plain:
        await (await plain.post("/moto-api/reset")).release()
    async with SageMakerRuntime(pipeline=pipeline, **PLACE) as client:
        yield client


async def results(moto: str, *queue: dict[str, Any]) -> None:
    """Say what the next invocations put out."""
    async with aiohttp.ClientSession(moto) as plain:
        given = {"results": list(queue), "region": "us-east-1"}
        answer = await plain.post("/moto-api/static/sagemaker/async-endpoint-results", json=given)
        assert answer.status == 201


async def test_an_output_and_a_failure(moto: str, runtime: SageMakerRuntime) -> None:
    await results(moto, {"data": '{"a": 42}'}, {"is_failure": True, "data": "no memory"})
    async with get_session().create_client("s3", endpoint_url=moto, **PLACE) as s3:
        await s3.create_bucket(Bucket="inputs")

        output = await runtime.invoke_endpoint_async_and_wait(
            endpoint_name="e", json={"q": 1}, upload_to="s3://inputs/batch", timeout=20
        )
        assert output.json() == {"a": 42}
        (uploaded,) = (await s3.list_objects_v2(Bucket="inputs"))["Contents"]
        assert uploaded["Key"].startswith("batch/")
        kept = await s3.get_object(Bucket="inputs", Key=uploaded["Key"])
        assert json.loads(await kept["Body"].read()) == {"q": 1}
        assert kept["ContentType"] == "application/json"

        await s3.put_object(Bucket="inputs", Key="other", Body=b"2")
        with pytest.raises(WaiterFailed, match="no memory") as caught:
            await runtime.invoke_endpoint_async_and_wait(
                endpoint_name="e", input_location="s3://inputs/other", timeout=20, s3=s3
            )
        assert caught.value.reason is not None and "no memory" in caught.value.reason


async def test_what_s3_refuses_is_one_of_the_family(moto: str, runtime: SageMakerRuntime) -> None:
    with pytest.raises(ServiceError, match="PutObject") as caught:
        await runtime.invoke_endpoint_async_and_wait(
            endpoint_name="e", json=1, upload_to="s3://no-such-bucket/x"
        )
    assert (caught.value.code, caught.value.status_code) == ("NoSuchBucket", 404)
    assert caught.value.__context__ is None


async def test_an_s3_that_is_not_there(
    moto: str, runtime: SageMakerRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(ConnectError, match="PutObject: no connection at") as caught:
        await runtime.invoke_endpoint_async_and_wait(
            endpoint_name="e", json=1, upload_to="s3://inputs/x"
        )
    assert not caught.value.sent
