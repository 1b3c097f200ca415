"""All services are answered: our client and botocore send the same and read the same."""

import asyncio
import contextlib
import io
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from botocore.eventstream import EventStream as BotocoreEvents
from botocore.exceptions import ClientError, EventStreamError
from botocore.response import StreamingBody as BotocoreBody
from botocore_peer import botocore_client, botocore_data
from test_server_answers import LIVES
from yarl import URL

from aiobotantic.bodies import StreamingBody
from aiobotantic.errors import (
    ConnectionLost,
    DamagedStreamError,
    ServiceError,
    TruncatedStreamError,
)
from aiobotantic.event_stream import EventStream
from aiobotantic.manifest import spec_versions
from aiobotantic.protocols import error_class
from aiobotantic.structure import Structure, describe
from aiobotantic.testing.build import build
from aiosagemaker import (
    SageMaker,
    SageMakerFeatureStoreRuntime,
    SageMakerGeospatial,
    SageMakerRuntime,
)
from aiosagemaker.sagemaker_runtime.errors import ModelError, ModelStreamError
from aiosagemaker.sagemaker_runtime.models import PayloadPart, ResponseStream
from aiosagemaker.testing import (
    Damaged,
    HangUp,
    RawEvent,
    SageMakerServer,
    ServedError,
    Truncated,
    client_class,
)

SERVICES = list(spec_versions("aiosagemaker"))
KEPT = ("NotebookInstance", "InferenceExperiment")
"""Kinds whose operations work on resources that are there."""
JOB = "arn:aws:sagemaker-geospatial:us-east-1:123456789012:earth-observation-job/abcdefghijkl"
TILE: dict[str, Any] = {
    "x": 1,
    "y": 2,
    "z": 3,
    "arn": JOB,
    "image_assets": ["a"],
    "target": "INPUT",
}
STREAMING = "InvokeEndpointWithResponseStream"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("botocore")
    for service in SERVICES:
        botocore_data(folder, service)
    return folder


async def read_ours(answer: Structure) -> dict[str, Any]:
    members = answer.to_wire()
    for name, value in members.items():
        if isinstance(value, StreamingBody):
            async with value:
                members[name] = await value.read()
        elif isinstance(value, EventStream):
            async with value as events:
                members[name] = [event.to_wire() async for event in events]
    return members


def read_botocores(answer: dict[str, Any]) -> dict[str, Any]:
    members = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    for name, value in members.items():
        if isinstance(value, BotocoreBody):
            members[name] = value.read()
        elif isinstance(value, BotocoreEvents):
            members[name] = list(value)
    return members


def test_there_are_ten_services() -> None:
    assert len(SERVICES) == 10


@pytest.mark.parametrize("service", SERVICES)
async def test_every_operation_is_answered_and_both_read_the_same(service: str, data: Path) -> None:
    cls = client_class(service)
    operations = cls.operations()
    asked = [name for name in operations if not name.removesuffix("s").endswith(KEPT)]
    async with SageMakerServer(cls, stateless=True) as server, server.client() as ours:
        peer = await asyncio.to_thread(botocore_client, server.url, data, service)

        def ask(name: str, request: dict[str, Any]) -> dict[str, Any]:
            return read_botocores(peer._make_api_call(name, request))

        for name in asked:
            request = build(operations[name].request_class, seed=name)
            members = request.to_wire()
            ours_read = await read_ours(await ours.send(request))
            theirs_read = await asyncio.to_thread(ask, name, members)
            of_ours, of_theirs = server.journal[-2:]

            assert (of_ours.operation, of_ours.status) == (name, 200), of_ours
            assert (of_theirs.operation, of_theirs.status) == (name, 200), of_theirs
            assert of_ours.request == of_theirs.request, name
            assert set(of_ours.request) == set(members), name
            assert ours_read == theirs_read, name
            if service != "sagemaker":  # its table of behaviour leaves members out
                known = describe(operations[name].response_class).by_wire_name
                assert set(ours_read) ^ set(known) <= {"NextToken"}, name  # the last page
        assert len({entry.connection for entry in server.journal}) == 2
        assert len(server.journal) == 2 * len(asked)


async def test_both_read_the_same_of_resources_that_are_kept(data: Path) -> None:
    operations = SageMaker.operations()

    def requests() -> Iterator[tuple[str, dict[str, Any]]]:
        for kind, given, verbs in LIVES:
            for verb in verbs:
                name = f"List{kind}s" if verb == "Lists" else f"{verb}{kind}"
                cls = operations[name].request_class
                least = build(cls, optional=False).to_wire()
                taken = {n: v for n, v in given.items() if n in describe(cls).by_wire_name}
                yield name, least | taken

    def now() -> float:
        return 1_700_000_000.0

    async with SageMakerServer(now=now) as one, SageMakerServer(now=now) as other:
        peer = await asyncio.to_thread(botocore_client, other.url, data)
        async with one.client() as sagemaker:
            for name, members in requests():
                request = operations[name].request_class.from_wire(members)
                ours = (await sagemaker.send(request)).to_wire()
                theirs = await asyncio.to_thread(peer._make_api_call, name, members)
                assert ours == read_botocores(theirs), name

        assert {entry.operation for entry in one.journal} == {
            name for name in operations if name.removesuffix("s").endswith(KEPT)
        }


@pytest.mark.parametrize("service", SERVICES)
async def test_every_modelled_error_arrives_as_its_class_with_its_status(
    service: str, data: Path
) -> None:
    cls = client_class(service)
    async with SageMakerServer(cls) as server, server.client() as client:
        ours = client.with_options(retries=0)
        peer = await asyncio.to_thread(botocore_client, server.url, data, service)
        seen: set[str] = set()
        for name, operation in cls.operations().items():
            for code in set(operation.errors) - seen:
                seen.add(code)
                server.fail_next(name, code, times=2, message="not today")
                request = build(operation.request_class)
                with pytest.raises(ServiceError) as caught:
                    await ours.send(request)
                with pytest.raises(ClientError) as theirs:
                    await asyncio.to_thread(peer._make_api_call, name, request.to_wire())

                error = caught.value
                assert type(error) is error_class(cls.SERVICE, code) is not ServiceError
                assert (error.code, error.message) == (code, "not today")
                assert error.status_code == (error.STATUS or error.status_code) >= 400
                assert theirs.value.response["Error"] == error.response["Error"]
                metadata = theirs.value.response["ResponseMetadata"]
                assert metadata["HTTPStatusCode"] == error.status_code


async def test_an_error_has_its_members() -> None:
    async with SageMakerServer(SageMakerRuntime) as server, server.client() as runtime:
        members = {"OriginalStatusCode": 503, "OriginalMessage": "model says no"}
        server.fail_next("InvokeEndpoint", "ModelError", members=members)
        with pytest.raises(ModelError) as caught:
            await runtime.with_options(retries=0).invoke_endpoint(endpoint_name="e", body=b"")

    assert caught.value.status_code == 424
    assert caught.value.original_status_code == 503
    assert caught.value.original_message == "model says no"


# Requests that no client should send


@pytest.mark.parametrize(
    ("method", "target", "body", "status", "code"),
    [
        ("GET", "/FeatureGroup", b"", 404, "UnknownOperationException"),
        ("PATCH", "/FeatureGroup/fg", b"", 404, "UnknownOperationException"),
        ("GET", "/FeatureGroup/fg/ListRecords", b"", 404, "UnknownOperationException"),
        ("GET", "/FeatureGroup/%zz", b"", 400, "SerializationException"),
        ("GET", "/FeatureGroup/%ff", b"", 400, "SerializationException"),
        ("GET", "/FeatureGroup/fg", b"", 400, "ValidationError"),
        (
            *("GET", "/FeatureGroup/fg?RecordIdentifierValueAsString=1&Colour=red"),
            *(b"", 400, "ValidationError"),
        ),
        (
            *("GET", "/FeatureGroup/fg?RecordIdentifierValueAsString=1"),
            *(b'{"FeatureNames": ["a"]}', 400, "ValidationError"),
        ),
        ("POST", "/FeatureGroup/fg/ListRecords", b"[]", 400, "SerializationException"),
        ("POST", "/FeatureGroup/fg/ListRecords", b"{", 400, "SerializationException"),
        (
            *("POST", "/FeatureGroup/fg/ListRecords"),
            *(b'{"FeatureGroupName": "fg"}', 400, "ValidationError"),
        ),
        (
            *("POST", "/FeatureGroup/fg/ListRecords"),
            *(b'{"MaxResults": "many"}', 400, "SerializationException"),
        ),
    ],
)
async def test_a_request_that_does_not_fit_is_refused(
    method: str, target: str, body: bytes, status: int, code: str
) -> None:
    async with SageMakerServer(SageMakerFeatureStoreRuntime) as server, ClientSession() as session:
        headers = {"Authorization": "AWS4-HMAC-SHA256"}
        url = URL(f"{server.url}{target}", encoded=True)
        async with session.request(method, url, data=body, headers=headers) as answer:
            refusal = await answer.json()

    assert (answer.status, answer.headers["X-Amzn-ErrorType"]) == (status, code), refusal
    assert refusal["message"]
    assert server.journal[-1].error == code


@pytest.mark.parametrize("target", ["/tile/3/x/2", "/tile/3/1/2.0", "/tile/3/1_0/2"])
async def test_a_label_of_a_wrong_type_is_refused(target: str) -> None:
    async with SageMakerServer(SageMakerGeospatial) as server, ClientSession() as session:
        query = f"?Arn={JOB}&ImageAssets=a&Target=INPUT"
        headers = {"Authorization": "AWS4-HMAC-SHA256"}
        async with session.get(f"{server.url}{target}{query}", headers=headers) as answer:
            refusal = await answer.json()

    assert answer.status == 400
    assert "can not be converted to an Integer at '" in refusal["message"]


# Event streams


def part(content: bytes) -> ResponseStream:
    return ResponseStream(payload_part=PayloadPart(bytes_=content))


async def stream(runtime: SageMakerRuntime, seen: list[Any]) -> None:
    answer = await runtime.invoke_endpoint_with_response_stream(endpoint_name="e", body=b"")
    async with answer.body as events:
        async for event in events:
            seen.append(event)


async def no_connections(server: SageMakerServer[Any]) -> bool:
    """Return whether the server's last connection is closed within a moment."""
    for _ in range(500):
        if server.connections == 0:
            return True
        await asyncio.sleep(0.01)
    return False


async def test_scripted_events_arrive_typed_and_unknown_ones_are_kept(data: Path) -> None:
    script = [
        part(b"one"),
        part(b""),
        part(os.urandom(200_000)),
        RawEvent("Later", b'{"news": 1}', {"number": -1, "flag": True, "text": "x"}),
        RawEvent("Blob", b"\xff\xfe"),
    ]
    async with SageMakerServer(SageMakerRuntime) as server, server.client() as runtime:
        server.stream_next(STREAMING, script)
        seen: list[Any] = []
        await stream(runtime, seen)
        server.stream_next(STREAMING, script)
        peer = await asyncio.to_thread(botocore_client, server.url, data, "sagemaker-runtime")
        answer = await asyncio.to_thread(
            peer.invoke_endpoint_with_response_stream, EndpointName="e", Body=b""
        )
        theirs = await asyncio.to_thread(list, answer["Body"])

    assert seen[:3] == script[:3]
    assert [event.is_known for event in seen] == [True, True, True, False, False]
    assert [event.arm for event in seen[3:]] == [("Later", {"news": 1}), ("Blob", b"\xff\xfe")]
    assert theirs == [event.to_wire() for event in seen[:3]]


@pytest.mark.parametrize(
    ("last", "error"),
    [
        (Truncated(part(b"two")), TruncatedStreamError),
        (Truncated(part(b"two"), size=60), TruncatedStreamError),
        (Damaged(part(b"two")), DamagedStreamError),
        (Damaged(part(b"two"), prelude=True), DamagedStreamError),
        (HangUp(), ConnectionLost),
        (ServedError("ModelStreamError", "boo", members={"ErrorCode": "X"}), ModelStreamError),
        (
            ModelStreamError(
                {"Error": {"Code": "ModelStreamError", "Message": "boo"}, "ErrorCode": "X"},
                STREAMING,
            ),
            ModelStreamError,
        ),
        (ServedError("Unheard", "of"), ServiceError),
    ],
)
async def test_what_ends_a_stream_is_raised_and_closes_the_connection(
    last: Any, error: type[Exception]
) -> None:
    async with SageMakerServer(SageMakerRuntime) as server, server.client() as runtime:
        after = [] if isinstance(last, (HangUp, Truncated)) else [part(b"never")] * 3
        server.stream_next(STREAMING, [part(b"one"), last, *after])
        seen: list[Any] = []
        with pytest.raises(error) as caught:
            await stream(runtime, seen)

        assert type(caught.value) is error
        assert seen == [part(b"one")]
        if isinstance(last, ServedError):
            raised: Any = caught.value
            assert (raised.code, raised.message) == (last.code, last.message)
            assert raised.request_id == server.journal[-1].request_id
        if isinstance(caught.value, ModelStreamError):
            assert caught.value.error_code == "X"
        # The next call works, and where the stream was not read to its end on another connection.
        seen.clear()
        await stream(runtime, seen)
        assert len(seen) == 2


async def test_both_see_an_exception_among_the_events(data: Path) -> None:
    async with SageMakerServer(SageMakerRuntime) as server:
        server.stream_next(STREAMING, [part(b"one"), ServedError("ModelStreamError", "boo")])
        peer = await asyncio.to_thread(botocore_client, server.url, data, "sagemaker-runtime")
        answer = await asyncio.to_thread(
            peer.invoke_endpoint_with_response_stream, EndpointName="e", Body=b""
        )
        seen: list[Any] = []

        def read() -> None:
            seen.extend(answer["Body"])

        with pytest.raises(EventStreamError, match=r"\(ModelStreamError\).*: boo"):
            await asyncio.to_thread(read)
        answer["Body"].close()


async def test_a_stream_that_is_left_early_closes_its_connection() -> None:
    async with SageMakerServer(SageMakerRuntime) as server, server.client() as runtime:
        server.stream_next(STREAMING, [part(bytes(100_000))] * 200)
        answer = await runtime.invoke_endpoint_with_response_stream(endpoint_name="e", body=b"")
        async with answer.body as events:
            async for event in events:
                assert event.payload_part is not None
                break
            assert server.connections == 1
        assert events.closed
        assert await no_connections(server)


def test_what_cannot_be_streamed_is_refused() -> None:
    server = SageMakerServer(SageMakerRuntime)
    with pytest.raises(ValueError, match="did you mean InvokeEndpoint"):
        server.stream_next("InvokeEndpoin", [])
    with pytest.raises(ValueError, match="InvokeEndpoint streams no answer"):
        server.stream_next("InvokeEndpoint", [b""])
    with pytest.raises(ValueError, match="no event of ResponseStream"):
        server.stream_next(STREAMING, [HangUp(), part(b"")])
    with pytest.raises(ValueError, match="no stream of events"):
        SageMakerServer(SageMakerGeospatial).stream_next("GetTile", [RawEvent("x")])


# Bodies


async def test_a_body_is_read_whole_or_in_parts_and_gives_its_connection_back() -> None:
    async with SageMakerServer(SageMakerGeospatial) as server, server.client() as geospatial:
        content = os.urandom(300_000)
        script = [content[at : at + 70_000] for at in range(0, len(content), 70_000)]
        for _ in range(3):
            server.stream_next("GetTile", script)
        whole = await geospatial.get_tile(**TILE)
        async with whole.binary_file as body:
            assert await body.read() == content
            assert await body.read() == b""
        parts = await geospatial.get_tile(**TILE)
        async with parts.binary_file as body:
            sizes = [len(chunk) async for chunk in body.iter_bytes(1_000)]
        assert sum(sizes) == len(content)
        assert max(sizes) <= 1_000
        # Read to its end, and never closed:
        iterated = await geospatial.get_tile(**TILE)
        assert b"".join([chunk async for chunk in iterated.binary_file]) == content
        made_up = await geospatial.get_tile(**TILE)
        assert len(await made_up.binary_file.read()) > 10_000

        assert {entry.connection for entry in server.journal} == {1}


async def test_a_body_that_is_left_early_closes_its_connection() -> None:
    async with SageMakerServer(SageMakerGeospatial) as server, server.client() as geospatial:
        server.stream_next("GetTile", [bytes(100_000)] * 200)
        answer = await geospatial.get_tile(**TILE)
        async with answer.binary_file as body:
            async for _ in body.iter_bytes():
                break
        assert await no_connections(server)
        await (await geospatial.get_tile(**TILE)).binary_file.read()
        assert server.journal[-1].connection == 2


async def test_a_body_that_breaks_off_is_an_error() -> None:
    async with SageMakerServer(SageMakerGeospatial) as server, server.client() as geospatial:
        server.stream_next("GetTile", [b"half", HangUp()])
        answer = await geospatial.get_tile(**TILE)
        async with answer.binary_file as body:
            with pytest.raises(ConnectionLost, match="GetTile"):
                await body.read()


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), 1_000):
        await asyncio.sleep(0)
        yield content[at : at + 1_000]


def piped(content: bytes) -> Any:
    """Return a file that cannot be rewound."""
    reader, writer = os.pipe()
    os.write(writer, content)
    os.close(writer)
    return os.fdopen(reader, "rb")


@pytest.mark.parametrize("make", [bytes, bytearray, io.BytesIO, pieces, piped])
async def test_a_body_arrives_whole_however_it_is_given(make: Callable[[bytes], Any]) -> None:
    content = os.urandom(20_000)
    async with SageMakerServer(SageMakerRuntime) as server, server.client() as runtime:
        server.fail_next("InvokeEndpoint", "ServiceUnavailable")  # sent twice
        body = make(content)
        answer = await runtime.invoke_endpoint(
            endpoint_name="e", body=body, content_type="application/x-npy"
        )
        with contextlib.suppress(AttributeError):
            body.close()

        assert len(server.journal) == 2
        assert server.journal[-1].request["Body"] == content
        assert server.journal[-1].request["ContentType"] == "application/x-npy"
        assert answer.body == content  # what request and answer share comes back


async def test_a_file_arrives_whole(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(os.urandom(1_000_000))
    async with SageMakerServer(SageMakerRuntime) as server, server.client() as runtime:
        with path.open("rb") as file:
            await runtime.invoke_endpoint(endpoint_name="e", body=file)  # type: ignore[arg-type]
        assert server.requests("InvokeEndpoint")[0]["Body"] == path.read_bytes()
