"""Cassettes: recorded in each lane from the embedded server, replayed without one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from aiobotantic.errors import (
    CallTimeoutError,
    ConnectionLost,
    CredentialsError,
    RequestValidationError,
    ServiceError,
    WaiterTimedOut,
)
from aiobotantic.polling import SharedPoller
from aiosagemaker import SageMaker, SageMakerGeospatial, SageMakerRuntime
from aiosagemaker.sagemaker.models import DescribeModelInput
from aiosagemaker.sagemaker_geospatial.models import GetTileInput
from aiosagemaker.sagemaker_runtime.errors import ModelError, ModelStreamError
from aiosagemaker.sagemaker_runtime.models import PayloadPart, ResponseStream
from aiosagemaker.testing import (
    Cassette,
    HangUp,
    SageMakerServer,
    ServedError,
    UnexpectedCallError,
    UnusedCallsError,
    build,
)

ROLE = "arn:aws:iam::000000000001:role/SageMaker"
Program = Callable[[SageMaker, SageMakerRuntime], Awaitable[Any]]


@pytest.fixture
async def server() -> AsyncIterator[SageMakerServer[SageMaker]]:
    """A server whose account is one that recordings name, so that nothing of it is replaced."""
    async with SageMakerServer(account="000000000001") as running:
        yield running


class Recorder:
    """Runs a program twice: recorded in a lane, and replayed with the server gone."""

    def __init__(self, server: SageMakerServer[SageMaker], file: Path, pipeline: Any) -> None:
        self.server = server
        self.file = file
        self.pipeline = pipeline

    async def record(self, program: Program, **options: Any) -> Any:
        options = {"mode": "record"} | options
        with Cassette(self.file, **options) as cassette:
            assert cassette.recording
            address = {
                "endpoint_url": self.server.url,
                "region_name": "us-east-1",
                "pipeline": self.pipeline,
            }
            async with (
                cassette.client(SageMaker, **address) as sagemaker,
                cassette.client(SageMakerRuntime, **address) as runtime,
            ):
                return await program(sagemaker, runtime)

    async def replay(self, program: Program, **options: Any) -> Any:
        with Cassette(self.file, mode="replay", **options) as cassette:
            assert not cassette.recording
            async with (
                cassette.client(SageMaker) as sagemaker,
                cassette.client(SageMakerRuntime) as runtime,
            ):
                return await program(sagemaker, runtime)

    async def both(self, program: Program, **options: Any) -> tuple[Any, Any]:
        first = await self.record(program, **options)
        calls = len(self.server.journal)
        second = await self.replay(program, **options)
        assert len(self.server.journal) == calls, "a replay asks nobody"
        return first, second

    @property
    def calls(self) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = json.loads(self.file.read_text("utf-8"))["calls"]
        return calls


@pytest.fixture
def recorder(
    server: SageMakerServer[SageMaker], tmp_path: Path, pipeline: Any, monkeypatch: Any
) -> Recorder:
    return Recorder(server, tmp_path / "deep" / "er" / "calls.json", pipeline)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials, and a folder of AWS's that is not there."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)


async def make_models(sagemaker: SageMaker, *names: str) -> None:
    for name in names:
        await sagemaker.create_model(model_name=name, execution_role_arn=ROLE)


async def endpoint(sagemaker: SageMaker) -> None:
    await make_models(sagemaker, "m")
    await sagemaker.wire.create_endpoint_config(
        EndpointConfigName="c", ProductionVariants=[{"VariantName": "v", "ModelName": "m"}]
    )
    await sagemaker.create_endpoint(endpoint_name="e", endpoint_config_name="c")
    await sagemaker.wait_until_endpoint_in_service(endpoint_name="e", delay=0.01)


async def test_equal_answers_errors_pages_and_waiters(recorder: Recorder) -> None:
    async def program(sagemaker: SageMaker, _: SageMakerRuntime) -> list[Any]:
        await make_models(sagemaker, "one", "two", "three")
        said = [await sagemaker.describe_model(model_name="two")]
        said += [each async for each in sagemaker.iter_models(page_size=2)]
        said.append(await sagemaker.wire.describe_model(ModelName="one"))
        with pytest.raises(ServiceError) as caught:
            await sagemaker.describe_endpoint(endpoint_name="none")
        error = caught.value
        said.append((type(error), str(error), error.code, error.status_code))
        await sagemaker.create_notebook_instance(
            notebook_instance_name="nb", instance_type="ml.t3.medium", role_arn=ROLE
        )
        said.append(
            await sagemaker.wait_until_notebook_instance_in_service(
                notebook_instance_name="nb", delay=0.01
            )
        )
        return said

    recorded, replayed = await recorder.both(program)

    assert replayed == recorded
    assert [each.model_name for each in replayed[1:4]] == ["one", "two", "three"]
    assert [call["operation"] for call in recorder.calls][3:8] == [
        *("DescribeModel", "ListModels", "ListModels", "DescribeModel", "DescribeEndpoint"),
    ]
    token = recorder.calls[4]["response"]["NextToken"]
    assert token.startswith("page-")
    assert recorder.calls[5]["request"]["NextToken"] == token


async def test_a_replay_needs_no_credentials_no_open_and_no_time(
    recorder: Recorder, offline: None
) -> None:
    keys = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "its-secret"}
    with Cassette(recorder.file) as cassette:
        address = {"endpoint_url": recorder.server.url, "region_name": "us-east-1"}
        async with cassette.client(SageMaker, **address, **keys) as client:
            await make_models(client, "m")
            for _ in range(2):
                await client.describe_model(model_name="m")

    with Cassette(recorder.file) as cassette:
        client = cassette.client(SageMaker)
        await make_models(client, "m")
        waited = await client.wait_for(
            DescribeModelInput(model_name="m"), until=Twice(), delay=3600, timeout=7200
        )

    assert waited.model_name == "m"
    assert isinstance(client, SageMaker)
    assert repr(client) == "<SageMaker not open, region us-east-1>"
    assert str(client.pipeline) == f"cassette: {recorder.file} is replayed, nothing is sent"


class Twice:
    """True at the second call."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, _: object) -> bool:
        self.calls += 1
        return self.calls == 2


async def test_a_wait_that_timed_out_times_out_at_once(recorder: Recorder) -> None:
    async def program(sagemaker: SageMaker, seconds: float) -> None:
        with pytest.raises(WaiterTimedOut, match="within"):
            await sagemaker.wait_for(
                DescribeModelInput(model_name="m"),
                until=lambda _: False,
                delay=seconds / 4,
                timeout=seconds,
            )

    async def recorded(sagemaker: SageMaker, _: SageMakerRuntime) -> None:
        await make_models(sagemaker, "m")
        await program(sagemaker, 0.2)

    async def replayed(sagemaker: SageMaker, _: SageMakerRuntime) -> None:
        await make_models(sagemaker, "m")
        await program(sagemaker, 3600)

    await recorder.record(recorded)
    await recorder.replay(replayed, match="lenient")


async def test_waiters_that_poll_together(recorder: Recorder) -> None:
    async def program(sagemaker: SageMaker, _: SageMakerRuntime) -> str | None:
        await endpoint(sagemaker)
        together = sagemaker.with_options(poller=SharedPoller())
        answer = await together.wait_until_endpoint_in_service(endpoint_name="e", delay=0.01)
        return answer.endpoint_arn

    recorded, replayed = await recorder.both(program)

    assert recorded == replayed


async def test_events_of_a_stream(recorder: Recorder) -> None:
    recorder.server.endpoint("e")(lambda _: iter([b"account 1234", b"56789012 \xff", b"two"]))

    async def program(sagemaker: SageMaker, runtime: SageMakerRuntime) -> list[bytes | None]:
        await endpoint(sagemaker)
        answer = await runtime.invoke_endpoint_with_response_stream(endpoint_name="e", body=b"in")
        async with answer.body as events:
            return [each.payload_part.bytes_ async for each in events if each.payload_part]

    hidden = await recorder.both(program)
    shown = await recorder.both(program := _without_making(program), keep={"Bytes"})

    assert hidden == ([b"account 1234", b"56789012 \xff", b"two"], [b"***"] * 3)
    assert shown == (hidden[0], [b"account 0000", b"00000001 \xff", b"two"])
    assert b"123456789012" not in recorder.file.read_bytes()
    assert recorder.calls[0]["request"]["Body"] == "***"


def _without_making(program: Program) -> Program:
    async def again(_: SageMaker, runtime: SageMakerRuntime) -> Any:
        answer = await runtime.invoke_endpoint_with_response_stream(endpoint_name="e", body=b"in")
        async with answer.body as events:
            return [each.payload_part.bytes_ async for each in events if each.payload_part]

    return again


ONE = ResponseStream(payload_part=PayloadPart(bytes_=b"one"))


@pytest.mark.parametrize(
    ("end", "error"),
    [(ServedError("ModelStreamError", "no memory"), ModelStreamError), (HangUp(), ConnectionLost)],
)
async def test_streams_that_break(recorder: Recorder, end: Any, error: type[Exception]) -> None:
    recorder.server.endpoint("e")(lambda _: b"")
    async with recorder.server.client() as sagemaker:
        await endpoint(sagemaker)
    operation = "InvokeEndpointWithResponseStream"
    recorder.server.stream_next(operation, [ONE, end])

    async def program(_: SageMaker, runtime: SageMakerRuntime) -> tuple[int, str]:
        answer = await runtime.invoke_endpoint_with_response_stream(endpoint_name="e", body=b"in")
        count = 0
        with pytest.raises(error) as caught:
            async with answer.body as events:
                async for _ in events:
                    count += 1
        assert answer.body.closed
        return count, str(caught.value)

    recorded, replayed = await recorder.both(program)

    assert replayed == recorded
    assert recorded[0] == 1


async def test_an_early_leave_is_recorded_and_says_so(recorder: Recorder) -> None:
    recorder.server.endpoint("e")(lambda _: iter([b"one", b"two", b"three"]))
    async with recorder.server.client() as sagemaker:
        await endpoint(sagemaker)

    async def first(_: SageMaker, runtime: SageMakerRuntime) -> Any:
        answer = await runtime.invoke_endpoint_with_response_stream(endpoint_name="e", body=b"in")
        async with answer.body as events:
            async for event in events:
                return event.payload_part and event.payload_part.bytes_

    async def never_read(_: SageMaker, runtime: SageMakerRuntime) -> None:
        await runtime.invoke_endpoint_with_response_stream(endpoint_name="e", body=b"in")

    async def further(_: SageMaker, runtime: SageMakerRuntime) -> None:
        answer = await runtime.invoke_endpoint_with_response_stream(endpoint_name="e", body=b"in")
        async with answer.body as events:
            async for _ in events:
                pass

    assert await recorder.both(first, keep={"Bytes"}) == (b"one", b"one")
    assert recorder.calls[0]["response"]["Body"] == {
        "events": [{"PayloadPart": {"Bytes": "one"}}],
        "end": "left early",
    }
    with pytest.raises(UnexpectedCallError, match=r"left early when .* more than these 1 events"):
        await recorder.replay(further)
    await recorder.record(never_read)
    assert recorder.calls[0]["response"]["Body"] == {"events": [], "end": "left early"}


async def test_a_body_in_pieces(recorder: Recorder) -> None:
    pieces = [b"account 12345678", b"9012, and ", b"\xff\x00"]
    request = build(GetTileInput, optional=False)

    async def read(cassette: Cassette, **options: Any) -> bytes:
        async with cassette.client(SageMakerGeospatial, region_name="us-west-2", **options) as it:
            answer = await it.send(request)
            assert answer.binary_file is not None
            async with answer.binary_file as body:
                return await body.read()

    async def left(cassette: Cassette) -> bytes:
        answer = await cassette.client(SageMakerGeospatial).send(request)
        assert answer.binary_file is not None
        async with answer.binary_file as body:
            async for chunk in body.iter_bytes(4):
                return chunk
        return b""

    recorder.server.stream_next("GetTile", pieces)
    keep = {"BinaryFile"}
    with Cassette(recorder.file, mode="record", keep=keep) as cassette:
        options = {"endpoint_url": recorder.server.url, "pipeline": recorder.pipeline}
        assert await read(cassette, **options) == b"".join(pieces)
    with Cassette(recorder.file, mode="replay", keep=keep) as cassette:
        assert await read(cassette) == b"account 000000000001, and \xff\x00"
    with Cassette(recorder.file, mode="replay", keep=keep) as cassette:
        assert await left(cassette) == b"acco"

    assert "end" not in recorder.calls[0]["response"]["BinaryFile"]


async def test_a_body_that_is_whole(recorder: Recorder) -> None:
    recorder.server.endpoint("e")(lambda _: b"whole \xff answer")

    async def program(sagemaker: SageMaker, runtime: SageMakerRuntime) -> bytes | None:
        await endpoint(sagemaker)
        return (await runtime.invoke_endpoint(endpoint_name="e", body=b"in")).body

    assert await recorder.both(program, keep={"Body"}) == (b"whole \xff answer",) * 2
    assert recorder.calls[-1]["response"]["Body"] == {"base64": "d2hvbGUg/yBhbnN3ZXI="}
    assert recorder.calls[-1]["request"]["Body"] == "in"


async def test_errors_with_members(recorder: Recorder) -> None:
    members = {"OriginalStatusCode": 503, "OriginalMessage": "of 999988887777", "Odd": "x"}
    recorder.server.endpoint("e")(lambda _: b"")
    async with recorder.server.client() as sagemaker:
        await endpoint(sagemaker)
    recorder.server.fail_next("InvokeEndpoint", "ModelError", message="it broke", members=members)

    async def program(_: SageMaker, runtime: SageMakerRuntime) -> ModelError:
        with pytest.raises(ModelError) as caught:
            await runtime.with_options(retries=0).invoke_endpoint(endpoint_name="e", body=b"")
        return caught.value

    recorded, replayed = await recorder.both(program)

    assert str(replayed) == str(recorded)
    assert (replayed.original_status_code, replayed.original_message) == (503, "of 000000000001")
    assert replayed.response["Odd"] == "***"


async def test_a_lost_answer_and_a_cancelled_call(recorder: Recorder) -> None:
    recorder.server.endpoint("e")(lambda _: asyncio.sleep(60))
    async with recorder.server.client() as sagemaker:
        await endpoint(sagemaker)
    gone = SageMakerServer()
    async with gone:
        address = gone.url

    async def late(_: SageMaker, runtime: SageMakerRuntime) -> str:
        with pytest.raises(CallTimeoutError) as caught:
            hasty = runtime.with_options(timeout=0.1)
            await hasty.invoke_endpoint(endpoint_name="e", body=b"")
        return str(caught.value)

    recorded, replayed = await recorder.both(late)
    assert recorded == replayed
    assert recorder.calls[0]["cancelled"] is True

    async def lost(client: SageMaker) -> tuple[type[Exception], str]:
        with pytest.raises(Exception) as caught:
            await client.with_options(retries=0).list_models()
        return caught.type, str(caught.value)

    with Cassette(recorder.file, mode="record") as cassette:
        options = {"region_name": "us-east-1", "endpoint_url": address}
        async with cassette.client(SageMaker, **options) as client:
            first = await lost(client)
    with Cassette(recorder.file, mode="replay") as cassette:
        assert await lost(cassette.client(SageMaker)) == first


async def test_calls_without_credentials_are_not_recorded(
    recorder: Recorder, offline: None
) -> None:
    async def program(sagemaker: SageMaker, _: SageMakerRuntime) -> None:
        with pytest.raises(CredentialsError):
            await sagemaker.list_models()
        with pytest.raises(RequestValidationError):
            await sagemaker.list_models(max_results=1000)

    await recorder.record(program)

    assert recorder.calls == []


async def one_then_two(sagemaker: SageMaker, _: SageMakerRuntime) -> None:
    await make_models(sagemaker, "one", "two")


async def test_strict_names_what_was_expected(recorder: Recorder) -> None:
    await recorder.record(one_then_two)
    again = 'If the program changed, record again: mode="record", or pytest --cassettes=record'

    async def others(sagemaker: SageMaker, _: SageMakerRuntime) -> None:
        with pytest.raises(UnexpectedCallError) as caught:
            await make_models(sagemaker, "two")
        assert str(caught.value) == (
            f"CreateModel(ExecutionRoleArn='{ROLE}', ModelName='two') was not expected.\n"
            f"Next in {recorder.file} is calls[0], but\n"
            f"  ModelName: 'one' was expected, 'two' came\n{again}"
        )
        with pytest.raises(UnexpectedCallError) as caught:
            await sagemaker.list_models()
        assert str(caught.value) == (
            f"ListModels() was not expected.\nNext in {recorder.file} is calls[0], "
            f"CreateModel(ExecutionRoleArn='{ROLE}', ModelName='one').\n{again}"
        )
        await make_models(sagemaker, "one", "two")
        with pytest.raises(UnexpectedCallError, match=r"has no more than 2 calls\."):
            await sagemaker.list_models()

    with pytest.raises(UnexpectedCallError, match="'two'\\) was not expected"):
        await recorder.replay(others)  # although each was caught


async def test_strict_fails_for_calls_that_were_not_made(recorder: Recorder) -> None:
    await recorder.record(one_then_two)

    async def fewer(sagemaker: SageMaker, _: SageMakerRuntime) -> None:
        await make_models(sagemaker, "one")

    async def broken(sagemaker: SageMaker, _: SageMakerRuntime) -> None:
        raise KeyError("of the program")

    with pytest.raises(UnusedCallsError) as caught:
        await recorder.replay(fewer)
    with pytest.raises(KeyError, match="of the program"):
        await recorder.replay(broken)

    assert str(caught.value).splitlines()[:2] == [
        f"{recorder.file} has 1 call that the program did not make:",
        f"  calls[1], CreateModel(ExecutionRoleArn='{ROLE}', ModelName='two')",
    ]


async def test_lenient_takes_any_order_and_repeats_the_last(recorder: Recorder) -> None:
    async def recorded(sagemaker: SageMaker, _: SageMakerRuntime) -> None:
        await endpoint(sagemaker)
        await sagemaker.describe_endpoint(endpoint_name="e")

    async def replayed(sagemaker: SageMaker, _: SageMakerRuntime) -> list[str | None]:
        statuses = [
            (await sagemaker.describe_endpoint(endpoint_name="e")).endpoint_status for _ in range(5)
        ]
        await make_models(sagemaker, "m")
        with pytest.raises(UnexpectedCallError, match=r"has no ListModels; it has CreateModel, "):
            await sagemaker.list_models()
        with pytest.raises(UnexpectedCallError, match=r"(?s)Nearest .* is calls\[0\].*'m' was"):
            await make_models(sagemaker, "other")
        return [str(status) for status in statuses]

    await recorder.record(recorded)

    with Cassette(recorder.file, mode="replay", match="lenient") as cassette:
        statuses = await replayed(cassette.client(SageMaker), None)  # type: ignore[arg-type]
        assert len(cassette.unexpected_calls) == 2
        cassette._unexpected.clear()

    assert statuses[0] == "Creating"
    assert set(statuses[2:]) == {"InService"}


async def test_a_replay_takes_other_accounts_and_secrets(recorder: Recorder) -> None:
    def program(account: str, token: str) -> Program:
        async def run(sagemaker: SageMaker, _: SageMakerRuntime) -> None:
            await sagemaker.wire.create_model(
                ModelName="m",
                ExecutionRoleArn=f"arn:aws:iam::{account}:role/R",
                PrimaryContainer={
                    "Image": f"{account}.dkr.ecr.us-east-1.amazonaws.com/i",
                    "Environment": {"HF_TOKEN": token, "LEVEL": f"password={token}"},
                },
            )

        return run

    await recorder.record(program("111122223333", "hf_one"))
    await recorder.replay(program("444455556666", "hf_two"))

    text = recorder.file.read_text()
    assert "111122223333" not in text
    assert "hf_one" not in text
    assert recorder.calls[0]["request"]["PrimaryContainer"]["Environment"] == {
        "HF_TOKEN": "***",
        "LEVEL": "password=***",
    }


async def test_a_function_of_ones_own_scrubs(recorder: Recorder) -> None:
    def scrub(member: str, text: str) -> str:
        return text.replace("acme", "customer") if member != "ModelName" else text

    def program(who: str) -> Program:
        async def run(sagemaker: SageMaker, _: SageMakerRuntime) -> str | None:
            arn = f"arn:aws:iam::000000000001:role/{who}"
            await sagemaker.create_model(model_name="acme-m", execution_role_arn=arn)
            return (await sagemaker.describe_model(model_name="acme-m")).execution_role_arn

        return run

    assert (await recorder.record(program("acme"), scrub=scrub)).endswith("/acme")
    assert (await recorder.replay(program("acme"), scrub=scrub)).endswith("/customer")

    assert "role/acme" not in recorder.file.read_text()
    assert recorder.calls[0]["request"]["ModelName"] == "acme-m"


async def test_the_file_is_stable_and_whole(recorder: Recorder) -> None:
    async def program(sagemaker: SageMaker, _: SageMakerRuntime) -> None:
        await sagemaker.list_models()

    async def broken(sagemaker: SageMaker, runtime: SageMakerRuntime) -> None:
        await one_then_two(sagemaker, runtime)
        raise KeyError

    await recorder.record(program)
    before = recorder.file.read_bytes()
    await recorder.record(program)
    assert recorder.file.read_bytes() == before
    assert before.decode() == (
        '{\n  "cassette": 1,\n  "calls": [\n    {\n      "service": "sagemaker",\n'
        '      "operation": "ListModels",\n      "request": {},\n'
        '      "response": {\n        "Models": []\n      }\n    }\n  ]\n}\n'
    )
    with pytest.raises(KeyError):
        await recorder.record(broken)
    assert recorder.file.read_bytes() == before
    assert [each.name for each in recorder.file.parent.iterdir()] == ["calls.json"]
