"""Invocations in CSV and in numpy's format."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import numpy
import pytest

from aiobotantic.errors import BodyFormatError, RequestValidationError
from aiosagemaker import SageMakerRuntime
from aiosagemaker.adapters import csv_body, numpy_body, read_csv, read_numpy
from aiosagemaker.sagemaker_runtime.models import InvokeEndpointOutput
from aiosagemaker.testing import Invocation, SageMakerServer


@pytest.fixture
async def runtime() -> AsyncIterator[SageMakerRuntime]:
    async with SageMakerServer(SageMakerRuntime) as server, server.client() as client:

        @server.endpoint("echo")
        def model(invocation: Invocation) -> bytes:
            assert invocation.content_type in ("text/csv", "application/x-npy")
            return invocation.body

        yield client


async def test_rows_travel_as_csv(runtime: SageMakerRuntime) -> None:
    rows = [[1, 2.5, "a,b"], ['say "hi"', None, "two\nlines"], numpy.array([0.5, 1.5])]
    answer = await runtime.invoke_endpoint(endpoint_name="echo", **csv_body(rows))

    assert answer.body == b'1,2.5,"a,b"\n"say ""hi""",,"two\nlines"\n0.5,1.5\n'
    assert read_csv(answer) == [
        ["1", "2.5", "a,b"],
        ['say "hi"', "", "two\nlines"],
        ["0.5", "1.5"],
    ]
    assert read_csv(InvokeEndpointOutput(body=b"1,2\r\n\r\n3\r\n")) == [["1", "2"], ["3"]]


def test_what_is_no_csv_is_refused() -> None:
    with pytest.raises(BodyFormatError) as raised:
        read_csv(InvokeEndpointOutput(body=b'"secret"x'))
    assert str(raised.value) == (
        "InvokeEndpointOutput: the body is no CSV: ',' expected after '\"'"
    )


@pytest.mark.parametrize(
    "array",
    [numpy.arange(6, dtype="float32").reshape(2, 3), numpy.array(["a", "b"]), numpy.array(7)],
    ids=["numbers", "text", "one number"],
)
async def test_arrays_travel_in_their_own_format(runtime: SageMakerRuntime, array: Any) -> None:
    answer = await runtime.invoke_endpoint(endpoint_name="echo", **numpy_body(array))
    read = read_numpy(answer)

    assert (read.dtype, read.shape) == (array.dtype, array.shape)
    assert (read == array).all()


def test_lists_are_arrays_too() -> None:
    sent = numpy_body([[1, 2], [3, 4]])
    assert read_numpy(InvokeEndpointOutput(body=sent["body"])).tolist() == [[1, 2], [3, 4]]


def test_python_objects_are_neither_written_nor_read() -> None:
    with pytest.raises(RequestValidationError) as refused:
        numpy_body(numpy.array([object()]))
    assert str(refused.value) == (
        "the array cannot be written: Object arrays cannot be saved when allow_pickle=False: "
        "pass numbers or text. Nothing was sent"
    )


HUGE = b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999,), }\n"
OBJECTS = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"secret",
        numpy_body([1, 2, 3])["body"][:-1],
        b"\x93NUMPY\x01\x00" + len(HUGE).to_bytes(2, "little") + HUGE,
        b"\x93NUMPY\x01\x00" + len(OBJECTS).to_bytes(2, "little") + OBJECTS + b"cos\nsystem\n.",
        b"\x93NUMPY\x01\x00\x05\x00((((\n",
        b"PK\x03\x04",
    ],
    ids=["empty", "other", "cut", "huge", "objects", "header", "zip"],
)
def test_what_is_no_array_is_refused(body: bytes) -> None:
    with pytest.raises(BodyFormatError) as raised:
        read_numpy(InvokeEndpointOutput(body=body))
    message = str(raised.value)
    assert message.startswith("InvokeEndpointOutput: the body is no array of numpy's format: ")
    assert message.endswith('ask for it by accept="application/x-npy"')
    assert "secret" not in message
    assert raised.value.__context__ is None


def test_numpy_is_asked_for_where_it_is_missing() -> None:
    program = (
        "import sys; sys.modules['numpy'] = None\n"
        "from aiosagemaker.adapters import csv_body, numpy_body\n"
        "print(csv_body([[1]])['body'])\n"
        "numpy_body([1])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.stdout == "b'1\\n'\n"
    assert done.stderr.rstrip().endswith(
        "ImportError: numpy is not installed, which this function needs: "
        "pip install 'aiosagemaker[numpy]'"
    )
