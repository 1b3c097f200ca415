"""What a request body may be: bytes, files of every kind and iterators; and what it may not be."""

# ruff: noqa: SIM115  (the garbage collector closes what a test opens)

from __future__ import annotations

import io
import os
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from botocore.exceptions import ParamValidationError
from http_service import HttpService, answer, hang_up
from minispec import Generate, Mini

from aiobotantic.errors import AioBotanticError, RequestValidationError, RequestValidationWarning

SPEC: dict[str, Any] = {
    "metadata": {"protocol": "rest-json"},
    "operations": {
        "PutStream": {"http": {"method": "PUT", "requestUri": "/s"}, "input": "StreamRequest"},
        "PutBlob": {"http": {"method": "PUT", "requestUri": "/b"}, "input": "BlobRequest"},
        "PutMembers": {"http": {"method": "PUT", "requestUri": "/m"}, "input": "MembersRequest"},
    },
    "shapes": {
        "StreamRequest": {
            "members": {
                "Body": "Stream",
                "Note": {"shape": "String", "location": "header", "locationName": "X-Note"},
            },
            "payload": "Body",
        },
        "BlobRequest": {"members": {"Body": "Blob"}, "payload": "Body"},
        "MembersRequest": {
            "members": {"Raw": "Blob", "Many": "Blobs", "Named": "BlobByName", "Inner": "Inner"}
        },
        "Inner": {"members": {"Secret": "SecretByName", "Me": "Inner"}},
        "Stream": {"type": "blob", "streaming": True},
        "Blobs": {"member": "Blob"},
        "BlobByName": {"key": "String", "value": "Blob"},
        "SecretByName": {"key": "String", "value": "Blob", "sensitive": True},
    },
}
CONTENT = b"0123456789"
REST = CONTENT[3:]


@pytest.fixture(scope="module")
def mini(generated: Generate) -> Mini:
    return generated(SPEC)


@pytest.fixture
async def client(mini: Mini, service: HttpService, pipeline: Any) -> AsyncIterator[Any]:
    cls = mini.module("client").Mini
    async with cls(region_name="us-east-1", endpoint_url=service.url, pipeline=pipeline) as opened:
        yield opened


class OnlyRead:
    """Bytes that can be read by size, and nothing else."""

    def __init__(self, content: Any = REST) -> None:
        self._left = content

    def read(self, size: int) -> Any:
        chunk, self._left = self._left[:size], self._left[size:]
        return chunk


class Positioned(OnlyRead):
    """A file by its methods, which is no `io.IOBase`."""

    def __init__(self) -> None:
        self._file = io.BytesIO(CONTENT)
        self._file.seek(3)

    def read(self, size: int = -1) -> Any:
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> None:
        self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


class AsyncRead(OnlyRead):
    async def read(self, size: int = -1) -> Any:  # type: ignore[override]
        return super().read(len(self._left) if size < 0 else size)


class AsyncReadAll(OnlyRead):
    async def read(self) -> Any:  # type: ignore[override]
        return super().read(len(self._left))


class Awaited(Positioned):
    """A plain `read` that gives what must be awaited, as files of some libraries have it."""

    def read(self, size: int = -1) -> Any:
        async def later() -> bytes:
            return self._file.read(size)

        return later()


async def pieces(content: Any) -> AsyncIterator[Any]:
    for at in range(len(content)):
        yield content[at : at + 1]


@pytest.fixture
def at_three(tmp_path: Path) -> Iterator[BinaryIO]:
    path = tmp_path / "content"
    path.write_bytes(CONTENT)
    with path.open("rb") as file:
        file.seek(3)
        yield file


def named_temporary_file() -> Any:
    file = tempfile.NamedTemporaryFile()
    file.write(CONTENT)
    file.seek(3)
    return file


def pipe() -> Any:
    reading, writing = os.pipe()
    os.write(writing, REST)
    os.close(writing)
    return os.fdopen(reading, "rb")


async def test_a_file_is_sent_again_from_where_it_stood(
    client: Any, service: HttpService, at_three: BinaryIO
) -> None:
    service.script = [answer(status=503), answer(status=503), answer()]

    await client.put_stream(body=at_three)

    assert [sent.content for sent in service.sent] == [REST, REST, REST]
    assert {sent.headers["content-length"] for sent in service.sent} == {"7"}
    assert not at_three.closed
    assert at_three.tell() == len(CONTENT)


async def test_a_file_that_stands_past_its_end_has_nothing_left(
    client: Any, service: HttpService, at_three: BinaryIO
) -> None:
    at_three.seek(len(CONTENT) + 47)

    await client.put_stream(body=at_three)

    assert [sent.content for sent in service.sent] == [b""]


async def test_a_file_is_sent_again_after_a_lost_connection(
    client: Any, service: HttpService, at_three: BinaryIO
) -> None:
    service.script = [hang_up, answer()]

    await client.with_options(repeat_ambiguous=True).put_stream(body=at_three)

    assert [sent.content for sent in service.sent] == [REST, REST]


@pytest.mark.parametrize(
    "make",
    [
        lambda: REST,
        lambda: bytearray(REST),
        lambda: memoryview(REST),
        lambda: io.BytesIO(REST),
        named_temporary_file,
        pipe,
        OnlyRead,
        Positioned,
        Awaited,
        AsyncRead,
        AsyncReadAll,
        lambda: pieces(REST),
        lambda: pieces(memoryview(REST)),
        lambda: io.BufferedReader(io.BytesIO(REST)),
    ],
)
async def test_every_kind_of_body_is_sent_and_sent_again(
    client: Any, service: HttpService, make: Any
) -> None:
    service.script = [answer(status=503), answer()]

    await client.put_stream(body=make())

    assert [sent.content for sent in service.sent] == [REST, REST]


@pytest.mark.parametrize("pipeline", ["botocore"])
async def test_a_handler_that_changes_a_header_leaves_the_body_readable(
    client: Any, service: HttpService
) -> None:
    def note(params: dict[str, Any], **_: Any) -> None:
        params["Note"] = "seen"

    inner = client._connection.lane.client
    inner.meta.events.register("provide-client-params.mini.PutStream", note)
    service.script = [answer(status=503), answer()]

    await client.put_stream(body=pieces(REST))

    assert [sent.content for sent in service.sent] == [REST, REST]
    assert {sent.headers["x-note"] for sent in service.sent} == {"seen"}


def closed_file() -> Any:
    file = io.BytesIO(CONTENT)
    file.close()
    return file


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: 1, "body: is of the type int: pass bytes, a file that is open for reading"),
        (lambda: Path("x"), "body: is of the type PosixPath: pass bytes"),
        (lambda: [b"a"], "body: is of the type list: pass bytes"),
        (lambda: iter([b"a"]), "body: is of the type list_iterator: pass bytes"),
        (lambda: io.StringIO("text"), "body: gives str, not bytes: pass bytes, a file"),
        (lambda: tempfile.NamedTemporaryFile("w+"), None),
        (lambda: tempfile.NamedTemporaryFile("wb"), "body: cannot be read: .*reading"),
        (closed_file, "body: cannot be read: I/O operation on closed file"),
        (lambda: pieces("text"), "body: gives str, not bytes: pass bytes, a file"),
        (lambda: OnlyRead("text"), "body: gives str, not bytes"),
        (lambda: AsyncRead("text"), "body: gives str, not bytes"),
        (lambda: AsyncReadAll("text"), "body: gives str, not bytes"),
        (lambda: pieces([1, 2]), "body: gives list, not bytes"),
    ],
)
@pytest.mark.parametrize("validation", ["strict", "off"])
async def test_what_cannot_be_a_body_is_refused_in_every_mode(
    client: Any, service: HttpService, make: Any, problem: str | None, validation: Any
) -> None:
    body = make()
    if problem is None:  # a file of text that is not empty
        body.write("text")
        body.seek(0)
        problem = "body: gives str, not bytes"
    with pytest.raises(RequestValidationError, match=f"PutStream.*\n? *{problem}") as caught:
        await client.with_options(validation=validation).put_stream(body=body)

    assert isinstance(caught.value, (AioBotanticError, ParamValidationError))
    assert caught.value.refusals[0].path == "body"
    with pytest.raises(RequestValidationError, match="Body: "):
        await client.wire.put_stream(Body=1)
    assert service.sent == []


async def test_text_where_the_model_says_bytes_is_refused(
    client: Any, service: HttpService, mini: Mini
) -> None:
    inner = mini.models.Inner
    problem = "must be bytes, not str: pass text.encode()"
    for call in (client.put_blob, client.put_stream):
        with pytest.raises(RequestValidationError) as caught:
            await call(body="text")
        assert [str(each) for each in caught.value.refusals] == [f"body: {problem}"]
    with pytest.raises(RequestValidationError) as caught:
        await client.put_members(
            raw="text",
            many=[b"", "text"],
            named={"a": "text", "b": b""},
            inner=inner(me=inner(secret={"key": "text"})),
        )
    assert [str(each) for each in caught.value.refusals] == [
        f"raw: {problem}",
        f"many[1]: {problem}",
        f"named['a']: {problem}",
        f"inner.me.secret[***]: {problem}",
    ]
    with pytest.raises(RequestValidationError, match=r"Inner\.Me\.Secret\[\*\*\*\]: must be bytes"):
        await client.wire.put_members(Inner={"Me": {"Secret": {"key": "text"}}})
    assert service.sent == []


async def test_text_goes_out_as_utf_8_where_nothing_is_checked(
    client: Any, service: HttpService
) -> None:
    unchecked = client.with_options(validation="off")
    await unchecked.put_blob(body="\u00e9")
    await unchecked.put_members(raw="\u00e9")
    with pytest.warns(RequestValidationWarning, match=r"many\[0\]: must be bytes, not str"):
        await client.with_options(validation="warn").put_members(many=["\u00e9"])

    assert service.sent[0].content == "\u00e9".encode()
    assert [sent.body for sent in service.sent[1:]] == [{"Raw": "w6k="}, {"Many": ["w6k="]}]


async def test_bytes_of_every_kind_are_no_text(client: Any, service: HttpService) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RequestValidationWarning)
        await client.put_members(raw=bytearray(b"\xff"), many=[memoryview(b"\xff")])

    assert service.sent[0].body == {"Raw": "/w==", "Many": ["/w=="]}
