"""Cassettes that are not there, damaged or misused: the file is named, the place and the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aiosagemaker import SageMaker, SageMakerRuntime
from aiosagemaker.testing import Cassette, CassetteError, UnexpectedCallError


def test_a_file_that_is_not_there_says_how_to_record_it(tmp_path: Path) -> None:
    file = tmp_path / "none.json"

    with pytest.raises(CassetteError) as caught, Cassette(file, mode="replay"):
        pass

    assert str(caught.value) == (
        f"{file} is not there, and mode is 'replay'. Record it, with credentials and a network: "
        'mode="record", or pytest --cassettes=record'
    )


CALL = {"service": "sagemaker", "operation": "ListModels", "request": {}}


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ('{"cassette": 1,\n "calls": [}', "line 2, column 12 is no JSON: Expecting value"),
        ("[]", 'it is no cassette: an object with "cassette": 1 was expected'),
        ({"cassette": 1}, "calls: a list was expected"),
        ({"cassette": 1, "calls": [3]}, "calls[0]: an object was expected"),
        ({"cassette": 1, "calls": [{}]}, "calls[0].service: a text was expected"),
        ({"cassette": 1, "calls": [CALL]}, "calls[0] has neither response nor error"),
        (
            {"cassette": 1, "calls": [CALL | {"response": {"Models": [{"CreationTime": "x"}]}}]},
            "calls[0].response.Models[0].CreationTime is 'x': a time was expected",
        ),
        (
            {"cassette": 1, "calls": [CALL | {"response": {"Models": 1}}]},
            "calls[0].response.Models is 1: a list was expected",
        ),
        (
            {"cassette": 1, "calls": [CALL | {"error": 3}]},
            'calls[0].error is no error: an object with a "code" was expected',
        ),
        (
            {"cassette": 1, "calls": [CALL | {"error": {"code": "A", "class": "SageMaker"}}]},
            "calls[0].error.class is 'SageMaker': the name of an error was expected",
        ),
        (
            {"cassette": 1, "calls": [CALL | {"failure": {"class": "KeyError"}}]},
            'calls[0].failure is no failure: the "class" of an error was expected',
        ),
    ],
)
async def test_a_damaged_file_is_named_with_the_place(
    tmp_path: Path, document: Any, problem: str
) -> None:
    file = tmp_path / "damaged.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))

    with pytest.raises(CassetteError) as caught, Cassette(file, mode="replay") as cassette:
        await cassette.client(SageMaker).list_models()

    assert str(caught.value) == (
        f'{file} cannot be read: {problem}. Restore the file, or record it again: mode="record", '
        "or pytest --cassettes=record"
    )


async def test_a_damaged_stream_is_named_with_the_place(tmp_path: Path) -> None:
    file = tmp_path / "damaged.json"
    for body, problem in (
        ({"chunks": []}, 'Body is no stream: an object with "events" was expected'),
        ({"events": [1]}, "Body.events[0] is 1: an object was expected"),
        (
            {"events": [{"PayloadPart": {"Bytes": {"base64": "?"}}}]},
            "Body.events[0].PayloadPart.Bytes is {'base64': '?'}: a text, or bytes as",
        ),
    ):
        entry = {
            "service": "sagemaker-runtime",
            "operation": "InvokeEndpointWithResponseStream",
            "request": {"Body": "***", "EndpointName": "e"},
            "response": {"Body": body},
        }
        file.write_text(json.dumps({"cassette": 1, "calls": [entry]}))
        with pytest.raises(CassetteError) as caught, Cassette(file, mode="replay") as cassette:
            runtime = cassette.client(SageMakerRuntime)
            await runtime.invoke_endpoint_with_response_stream(endpoint_name="e", body=b"")
        assert f"{file} cannot be read: calls[0].response.{problem}" in str(caught.value)


def test_wrong_arguments_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"mode is 'rec': pass one of 'auto', 'record', 'replay'"):
        Cassette("x.json", mode="rec")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"match is 'any': pass one of 'strict', 'lenient'"):
        Cassette("x.json", match="any")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"keep is a text: pass a set of names, \{'Body'\}"):
        Cassette("x.json", keep="Body")
    cassette = Cassette(tmp_path / "x.json")
    with pytest.raises(RuntimeError, match=r"x\.json is not open: use it in `with`"):
        cassette.client(SageMaker)
    with cassette, pytest.raises(TypeError, match="takes the class of a client, not 3"):
        cassette.client(3)  # type: ignore[arg-type]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    file = tmp_path / "file" / "x.json"

    with pytest.raises(CassetteError) as caught, Cassette(file, mode="record"):
        pass

    assert f"{file} cannot be written: " in str(caught.value)


async def test_a_call_that_is_not_cancelled_again_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiobotantic.testing.cassette_lanes._PATIENCE", 0.01)
    file = tmp_path / "calls.json"
    file.write_text(json.dumps({"cassette": 1, "calls": [CALL | {"cancelled": True}]}))

    with pytest.raises(UnexpectedCallError) as caught, Cassette(file) as cassette:
        await cassette.client(SageMaker).list_models()

    assert str(caught.value).startswith(
        f"ListModels: calls[0] of {file} was cancelled before it was answered, and is not"
    )
