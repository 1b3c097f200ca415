"""Bodies of any format: given as JSON, text, bytes, files and iterators, and read as such."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from minispec import Generate, Mini

from aiobotantic.errors import BodyFormatError, RequestValidationError
from aiosagemaker import SageMakerRuntime
from aiosagemaker.sagemaker_runtime.models import InvokeEndpointInput, InvokeEndpointOutput
from aiosagemaker.testing import FakeSageMakerRuntime, Invocation, SageMakerServer

ONE = "pass one of body, json and text. Nothing was sent"
TAKEN = "pass bytes, a file that is open for reading bytes, or an async iterator of bytes"


@dataclass
class Served:
    server: SageMakerServer[SageMakerRuntime]
    runtime: SageMakerRuntime
    came: list[Invocation]


@pytest.fixture
async def served(pipeline: Any) -> AsyncIterator[Served]:
    async with (
        SageMakerServer(SageMakerRuntime) as server,
        server.client(pipeline=pipeline) as runtime,
    ):
        came: list[Invocation] = []

        @server.endpoint("echo")
        def model(invocation: Invocation) -> bytes:
            came.append(invocation)
            return invocation.body

        yield Served(server, runtime, came)


class AsyncFile:
    def __init__(self, content: bytes) -> None:
        self._content = content

    async def read(self, size: int = -1) -> bytes:
        return self._content


async def pieces() -> AsyncIterator[bytes]:
    yield b"by"
    yield b"tes"


async def test_json_and_text_say_what_they_are(served: Served) -> None:
    invoke = served.runtime.invoke_endpoint
    answer = await invoke(endpoint_name="echo", json={"inputs": ["naïve"], "n": [1, None, 0.5]})
    assert answer.json() == {"inputs": ["naïve"], "n": [1, None, 0.5]}
    assert json.loads(answer.text()) == answer.json()
    assert (await invoke(endpoint_name="echo", text="é,1\n")).text() == "é,1\n"
    await invoke(endpoint_name="echo", json=0, content_type="application/vnd.model+json")
    await invoke(endpoint_name="echo", text="", content_type="text/csv")
    await invoke(endpoint_name="echo", body=b"bytes")

    assert [(each.body, each.content_type) for each in served.came[1:]] == [
        ("é,1\n".encode(), "text/plain"),
        (b"0", "application/vnd.model+json"),
        (b"", "text/csv"),
        (b"bytes", None),
    ]
    assert served.came[0].content_type == "application/json"


async def test_files_and_iterators_are_read_first_and_sent_at_once(
    served: Served, tmp_path: Path
) -> None:
    path = tmp_path / "body"
    path.write_bytes(b"not bytes")
    with path.open("rb") as file:
        file.seek(4)
        for body in (file, BytesIO(b"bytes"), AsyncFile(b"bytes"), pieces(), bytearray(b"bytes")):
            answer = await served.runtime.invoke_endpoint(endpoint_name="echo", body=body)
            assert answer.body == b"bytes"


async def test_streamed_answers_take_the_same_bodies(served: Served) -> None:
    answer = await served.runtime.invoke_endpoint_with_response_stream(
        endpoint_name="echo", json={"inputs": "x"}
    )
    async with answer.body as events:
        assert [value async for value in events.iter_json()] == [{"inputs": "x"}]
    assert served.came[0].content_type == "application/json"


class Unwritable:
    def __repr__(self) -> str:
        return "secret"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, f"the body is missing: {ONE}"),
        ({"body": b"1", "json": 1}, f"body and json are given: {ONE}"),
        ({"body": b"1", "json": 1, "text": "1"}, f"body and json and text are given: {ONE}"),
        (
            {"json": {"a": Unwritable()}},
            "json cannot be written: Unable to serialize unknown type: "
            "<class 'test_open_bodies.Unwritable'>: pass what JSON can hold, or bytes as body. "
            "Nothing was sent",
        ),
        ({"text": b"1"}, "text is bytes, not str: pass bytes as body. Nothing was sent"),
        (
            {"text": "\ud800"},
            "text cannot be written in UTF-8: surrogates not allowed: pass bytes as body. Nothing "
            "was sent",
        ),
        ({"body": StringIO("1")}, f"body gives str, not bytes: {TAKEN}. Nothing was sent"),
    ],
)
async def test_what_is_no_body_is_refused(served: Served, given: Any, message: str) -> None:
    for invoke in (
        served.runtime.invoke_endpoint,
        served.runtime.invoke_endpoint_with_response_stream,
    ):
        with pytest.raises(RequestValidationError) as raised:
            await invoke(endpoint_name="echo", **given)
        assert str(raised.value) == message
        assert raised.value.__context__ is None
    assert served.server.journal == []


async def test_a_closed_file_is_refused(served: Served) -> None:
    file = BytesIO(b"1")
    file.close()
    with pytest.raises(
        RequestValidationError, match=r"^body cannot be read: I/O operation on clos"
    ):
        await served.runtime.invoke_endpoint(endpoint_name="echo", body=file)


def test_answers_are_text_of_the_encoding_that_they_name() -> None:
    def answer(body: bytes, content_type: str | None) -> InvokeEndpointOutput:
        return InvokeEndpointOutput(body=body, content_type=content_type)

    assert answer("é".encode(), None).text() == "é"
    assert (
        answer("é".encode("latin-1"), 'text/csv; header=present; Charset="ISO-8859-1"').text()
        == "é"
    )
    assert answer("é".encode("latin-1"), "text/csv; charset=utf-8").text("latin-1") == "é"
    assert answer(b"", None).text() == ""


@pytest.mark.parametrize(
    ("content_type", "read", "message"),
    [
        (
            None,
            "text",
            "InvokeEndpointOutput: the body is no text of the encoding utf-8: invalid continuation "
            "byte: pass the encoding that it has, or read the bytes",
        ),
        (
            "text/plain; charset=klingon",
            "text",
            "InvokeEndpointOutput: the body is no text of the encoding klingon: which Python does "
            "not know: pass the encoding that it has, or read the bytes",
        ),
        (None, "json", "InvokeEndpointOutput: the body is no JSON: UnicodeDecodeError"),
    ],
)
def test_answers_that_cannot_be_read_are_not_shown(
    content_type: str | None, read: str, message: str
) -> None:
    answer = InvokeEndpointOutput(body=b"secret \xe9 secret", content_type=content_type)
    with pytest.raises(BodyFormatError) as raised:
        getattr(answer, read)()
    assert str(raised.value) == message
    assert raised.value.__context__ is None


async def test_fakes_take_the_same_bodies() -> None:
    fake = FakeSageMakerRuntime()
    fake.invoke_endpoint.returns(InvokeEndpointOutput(body=b"{}"))
    to_one = fake.invoke_endpoint.when(endpoint_name="e", json={"n": 1})
    to_one.returns(InvokeEndpointOutput(body=b"[1]"))
    to_text = fake.invoke_endpoint.when(endpoint_name="e", text="hello")
    to_text.returns(InvokeEndpointOutput(body=b"[2]"))

    async def invoke(**given: Any) -> Any:
        return (await fake.invoke_endpoint(endpoint_name="e", **given)).json()

    assert [await invoke(json={"n": 1}), await invoke(text="hello"), await invoke(json=2)] == [
        [1],
        [2],
        {},
    ]
    fake.invoke_endpoint.assert_any_call(endpoint_name="e", json={"n": 1})
    fake.invoke_endpoint.assert_called_with(endpoint_name="e", json=2)
    with pytest.raises(AssertionError, match="body"):
        fake.invoke_endpoint.assert_called_with(endpoint_name="e", json=3)
    assert fake.invoke_endpoint.calls[0] == InvokeEndpointInput(
        endpoint_name="e", body=b'{"n":1}', content_type="application/json"
    )


@pytest.fixture(scope="module")
def mini(generated: Generate) -> Mini:
    return generated(
        {
            "metadata": {"protocol": "rest-json"},
            "operations": {
                "Ask": {"input": "AskRequest", "output": "AskResponse"},
                "Tell": {"input": "AskRequest"},
            },
            "shapes": {
                "AskRequest": {
                    "members": {
                        "Body": "Blob",
                        "ContentType": {
                            "shape": "String",
                            "location": "header",
                            "locationName": "Content-Type",
                        },
                    },
                    "payload": "Body",
                },
                "AskResponse": {"members": {"Answer": "Blob"}, "payload": "Answer"},
            },
            "overrides": '[[services.mini.bodies]]\noperation = "Ask"\nreason = "Any format."\n',
        }
    )


def test_an_override_opens_the_bodies_of_one_operation(mini: Mini) -> None:
    assert mini.models.AskResponse(answer=b"[1]").json() == [1]
    text = mini.text("_operations/ask.py")
    assert "json: Any = None" in text
    assert "json" not in mini.text("_operations/tell.py")
