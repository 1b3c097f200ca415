"""The programs of examples/, run as their users run them, against the embedded server."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pyarrow import parquet

from aiosagemaker import SageMaker
from aiosagemaker.testing import Invocation, SageMakerServer

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ROLE = "arn:aws:iam::123456789012:role/tester"
TRAIN = ("train_many.py", "--image", "image:1", "--role", ROLE, "--output", "s3://bucket/models")


@pytest.fixture
async def server() -> AsyncIterator[SageMakerServer[SageMaker]]:
    async with SageMakerServer() as server:
        yield server


def environment(server: SageMakerServer[Any], **more: str) -> dict[str, str]:
    """Return what makes any AWS client go to the embedded server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    place = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": server.url}
    return {**kept, **keys, **place, "PYTHONUNBUFFERED": "1", **more}


async def started(server: SageMakerServer[Any], *words: object, **more: str) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, *map(str, words)),
        cwd=EXAMPLES,
        env=environment(server, **more),
        stdout=PIPE,
        stderr=PIPE,
    )


async def ended(process: Process) -> tuple[int | None, str, str]:
    """Return the exit code of a program and what it printed."""
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def uvicorn(server: SageMakerServer[Any], app: str, **more: str) -> AsyncIterator[str]:
    """Run an application, and give its address."""
    process = await started(server, "-m", "uvicorn", "--port", "0", app, **more)
    assert process.stderr is not None
    told = b""
    try:
        async with asyncio.timeout(30):
            while not (found := re.search(rb"running on (http://\S+)", told)):
                line = await process.stderr.readline()
                assert line, told.decode()
                told += line
        yield found[1].decode()
    finally:
        process.send_signal(signal.SIGINT)
        code, _, err = await ended(process)
    assert (code, "Traceback" in err) == (0, False), err


async def make_endpoint(server: SageMakerServer[SageMaker], name: str) -> None:
    variant = {"VariantName": "AllTraffic", "ModelName": "m", "InstanceType": "ml.m5.large"}
    async with server.client() as sagemaker:
        wire = sagemaker.wire
        await wire.create_model(ModelName="m", ExecutionRoleArn=ROLE)
        await wire.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[{**variant, "InitialInstanceCount": 1}]
        )
        await wire.create_endpoint(EndpointName=name, EndpointConfigName=name)
        await sagemaker.wait_until_endpoint_in_service(endpoint_name=name, delay=0.01)


async def test_the_web_service(server: SageMakerServer[SageMaker]) -> None:
    await make_endpoint(server, "reviews")
    place = "/endpoints/reviews/predictions"

    @server.endpoint("reviews")
    def model(invocation: Invocation) -> list[str]:
        return [text.upper() for text in invocation.json()]

    async with uvicorn(server, "web_service:app") as url, aiohttp.ClientSession(url) as browser:
        async with browser.get("/endpoints") as answer:
            assert await answer.json() == [{"name": "reviews", "status": "InService"}]
        answers = await asyncio.gather(
            *(browser.post(place, json={"inputs": [f"good {number}"]}) for number in range(20))
        )
        assert [await each.json() for each in answers] == [[f"GOOD {n}"] for n in range(20)]
        async with browser.post("/endpoints/typo/predictions", json={"inputs": []}) as answer:
            assert answer.status == 404
            assert (await answer.json())["request_id"]
        server.fail_next("InvokeEndpoint", "ThrottlingException", times=9)
        async with browser.post(place, json={"inputs": []}) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
            assert "was scripted" not in await answer.text()
        server.faults.clear()
        async with browser.post(place, json={"inputs": [1]}) as answer:
            assert (await answer.json())["error"] == "the model failed"

    asked = [entry for entry in server.journal if entry.operation == "InvokeEndpoint"]
    assert len({entry.connection for entry in asked}) < len(asked)


async def test_streamed_tokens(server: SageMakerServer[SageMaker]) -> None:
    await make_endpoint(server, "llm")
    left = asyncio.Event()

    @server.endpoint("llm")
    async def model(invocation: Invocation) -> AsyncIterator[bytes]:
        prompt = invocation.json()["inputs"]
        try:
            for word in prompt.split():
                yield json.dumps({"token": word}).encode() + b"\n"
            while prompt == "for ever":
                yield b'{"token": "more"}\n'
                await asyncio.sleep(0.01)
            if prompt == "one bad":
                raise RuntimeError("no memory")
        finally:
            left.set()

    async with (
        uvicorn(server, "stream_tokens:app", ENDPOINT="llm") as url,
        aiohttp.ClientSession(url) as browser,
    ):
        async with browser.get("/") as answer:
            assert "EventSource" in await answer.text()
        async with browser.get("/tokens", params={"prompt": "one two"}) as answer:
            assert answer.content_type == "text/event-stream"
            assert await answer.text() == (
                'event: message\ndata: "one"\n\nevent: message\ndata: "two"\n\n'
                'event: done\ndata: ""\n\n'
            )
        async with browser.get("/tokens", params={"prompt": "one bad"}) as answer:
            assert (await answer.text()).endswith(
                'event: failed\ndata: "the model failed: ModelStreamError"\n\n'
            )
        left.clear()
        async with browser.get("/tokens", params={"prompt": "for ever"}) as answer:
            assert await answer.content.readline() == b"event: message\n"
        await asyncio.wait_for(left.wait(), 10)  # the browser's leaving ends the model's stream


async def test_many_trainings(server: SageMakerServer[SageMaker]) -> None:
    server.end_next("training_job", "Failed", FailureReason="the loss is not a number")

    program = await started(server, *TRAIN, "--delay", "0.05", "--rates", 0.1, 0.01, 0.001)
    code, out, err = await ended(program)

    assert (code, err) == (1, "")
    *_, first, second, third = out.splitlines()
    assert re.fullmatch(r"sweep-\w+-2  Completed   \d+ s  ", first)
    assert re.fullmatch(r"sweep-\w+-1  Completed   \d+ s  ", second)
    assert re.fullmatch(r"sweep-\w+-0  Failed .*  the loss is not a number", third)
    told = [event for event in out.splitlines() if "algo-1-" in event]
    assert all(any(name.split()[0] in each for each in told) for name in (first, second, third))


async def test_an_interrupt_stops_the_jobs() -> None:
    async with SageMakerServer(lasting={"training_job": 3600}) as server:
        program = await started(server, *TRAIN, "--delay", "0.05", "--rates", 0.1, 0.01)
        async with asyncio.timeout(30):
            while len(server.state.training_jobs) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        program.send_signal(signal.SIGINT)
        code, out, err = await ended(program)

        assert (code, out.splitlines()[-1], err) == (130, "stopped", "")
        statuses = [job["TrainingJobStatus"] for job in server.state.training_jobs.values()]
        assert statuses == ["Stopping", "Stopping"]


async def test_an_inventory(server: SageMakerServer[SageMaker], tmp_path: Path) -> None:
    await make_endpoint(server, "e")
    async with server.client() as sagemaker:
        for number in range(120):
            await sagemaker.create_model_package_group(model_package_group_name=f"g{number:03}")
    server.fail_next("ListDomains", "AccessDeniedException", message="not yours")

    file = tmp_path / "inventory.parquet"
    program = await started(server, "inventory.py", file)
    code, out, err = await ended(program)

    assert code == 1
    assert out == f"{file}: 123 resources of 22 kinds\n"
    assert re.fullmatch(r"left out: domain: .*AccessDeniedException.*not yours.*\n", err)
    assert list(tmp_path.iterdir()) == [file]  # noqa: ASYNC240
    rows = parquet.read_table(file).to_pylist()
    assert [(row["kind"], row["name"]) for row in rows[:3]] == [
        ("endpoint", "e"),
        ("endpoint_config", "e"),
        ("model", "m"),
    ]
    assert [row["name"] for row in rows[3:]] == [f"g{number:03}" for number in range(120)]
    assert rows[0]["arn"] == "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e"
    assert (rows[0]["status"], rows[0]["region"]) == ("InService", "us-east-1")
    kept = server.state.endpoints["e"]["CreationTime"]
    assert rows[0]["created"].astimezone(UTC).timestamp() == pytest.approx(kept, abs=0.001)


async def test_a_batch_and_its_second_run(
    server: SageMakerServer[SageMaker], tmp_path: Path
) -> None:
    await make_endpoint(server, "e")
    asked: list[Any] = []
    fails = {"7"}

    @server.endpoint("e")
    def model(invocation: Invocation) -> Any:
        question = invocation.json()["q"]
        asked.append(question)
        if str(question) in fails:
            raise ValueError("a question that is odd")
        return {"a": question * 2}

    given, output = tmp_path / "questions.jsonl", tmp_path / "answers.jsonl"
    given.write_text("".join(f'{{"q": {number}}}\n' for number in range(50)))
    words = ("batch_inference.py", "e", given, output, "--limit", 8)

    code, out, err = await ended(await started(server, *words))

    assert (code, out, err) == (1, "49 answered, 1 failed\n", "")
    lines = [json.loads(line) for line in output.read_text().splitlines()]
    assert sorted(line["line"] for line in lines) == list(range(50))
    (failed,) = [line for line in lines if "error" in line]
    assert failed["line"] == 7 and failed["error"].startswith("ModelError: ")

    fails.clear()
    asked.clear()
    output.write_text(output.read_text() + '{"line": 7, "ans')  # as a stop in a line leaves it
    code, out, err = await ended(await started(server, *words))

    assert (code, out, err) == (0, "1 answered, 0 failed\n", "")
    assert asked == [7]
    assert json.loads(output.read_text().splitlines()[-1]) == {"line": 7, "answer": {"a": 14}}
