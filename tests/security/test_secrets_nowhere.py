"""A planted secret in every sensitive member of every operation shows up nowhere.

Of all ten services, in both lanes, with every logger at DEBUG: in no record of a log, no text of an
exception or of what led to it, no warning, no `repr`, no pickle of an error.
"""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import traceback
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
from aiobotocore.config import AioConfig

from aiobotantic.client import Client
from aiobotantic.errors import AioBotanticError, ServiceError
from aiobotantic.manifest import spec_versions
from aiobotantic.operation import Operation
from aiobotantic.structure import Structure
from aiosagemaker.testing import client_class
from security.planted import Secrets, answer_of, arms, holds_secrets, planted, spoiled

KEYS = {
    "aws_access_key_id": "AKIDPLANTED",
    "aws_secret_access_key": "planted/secret+key",
    "aws_session_token": "planted+session/token==",
}
KEPT = (
    KEYS["aws_secret_access_key"],
    KEYS["aws_session_token"],
    "planted%2Bsession",
    "c2Vzc2lvbi90",
)
SERVICES = sorted(spec_versions("aiosagemaker"))
Answers = Callable[["Door"], Awaitable[None]]


@dataclass
class Door:
    """One request that arrived, and the way back."""

    head: bytes
    body: bytes
    writer: asyncio.StreamWriter

    async def answer(
        self,
        body: bytes,
        headers: dict[str, str] | None = None,
        status: str = "200 OK",
        more: int = 0,
    ) -> None:
        """Answer, `more` bytes short of what the headers say."""
        lines = [f"{name}: {value}" for name, value in (headers or {}).items()]
        lines += [f"Content-Length: {len(body) + more}", "x-amzn-RequestId: request-1", "", ""]
        self.writer.write("\r\n".join([f"HTTP/1.1 {status}", *lines]).encode() + body)
        await self.writer.drain()


@dataclass
class Service:
    """A server whose answers a test chooses; `arrived` says that a request is there."""

    url: str = ""
    respond: Answers | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
                body = await reader.readexactly(int(length or b"0"))
                self.arrived.set()
                assert self.respond is not None
                await self.respond(Door(head, body, writer))
        writer.close()


@asynccontextmanager
async def running() -> AsyncIterator[Service]:
    service = Service()
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    service.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield service
    finally:
        server.close()


class Ears(logging.Handler):
    """Looks at each record as it is made: its text, what is filled in, and the traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))
        self.heard = 0
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard += 1
        parts = [self.format(record), str(record.msg), repr(record.args), str(record.args)]
        self.texts.append("\n".join(parts))


@pytest.fixture
def ears() -> Iterator[Ears]:
    root, handler = logging.getLogger(), Ears()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield handler
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


@dataclass
class Walk:
    """What one operation said, in whatever way."""

    ears: Ears
    secrets: Secrets
    client: Client
    hasty: Client
    """The same, but for its patience."""
    service: Service
    leaks: list[str] = field(default_factory=list[str])
    errors: set[str] = field(default_factory=set[str])

    def look(self, place: str, *texts: str | bytes) -> None:
        for text in texts:
            if (found := self.secrets.found_in(text)) is not None:
                shown = text if isinstance(text, str) else text.decode("latin-1")
                at = shown.index(found)
                self.leaks.append(f"{place}: {found} in ...{shown[max(0, at - 300) : at + 60]!r}")

    async def call(
        self,
        place: str,
        operation: Operation[Any],
        request: Any,
        *,
        hasty: bool = False,
        **options: Any,
    ) -> Exception | None:
        """Make a call, and look at everything that it says."""
        self.ears.texts.clear()
        error: Exception | None = None
        answer: Any = None
        options = {"retries": 0, "validation": "off"} | options
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                view = (self.hasty if hasty else self.client).with_options(**options)
                made = request if isinstance(request, Structure) else request()
                answer = await view._send(operation, made)
                self.look(f"{place}: a repr of the request", repr(made), str(made))
                await self._read(answer)
            except AioBotanticError as caught:
                error = caught
        self.look(f"{place}: a warning", *(f"{w.message!r} {w.message}" for w in warned))
        if error is not None:
            self.errors.add(type(error).__name__)
            for text in told(error):
                self.look(f"{place}: an error", text)
        if answer is not None:
            metadata = answer.response_metadata
            self.look(f"{place}: a repr of the answer", repr(answer), str(answer), repr(metadata))
        self.look(f"{place}: a log", *self.ears.texts)
        return error

    async def _read(self, answer: Structure) -> None:
        for value in vars(answer).values():
            if hasattr(value, "close") and hasattr(value, "__aenter__"):
                async with value as stream:
                    self.look("a stream", repr(stream))
                    if hasattr(stream, "read"):
                        await stream.read()
                    else:
                        async for event in stream:
                            self.look("an event", repr(event), str(event))


def told(error: BaseException) -> Iterator[str | bytes]:
    """Yield all that an exception says, and all that led to it, shown by default or not."""
    yield "".join(traceback.format_exception(error))
    yield pickle.dumps(error)
    if isinstance(error, ServiceError):
        yield repr(error.response)
    pending: list[BaseException | None] = [error]
    seen = set[int]()
    while pending:
        each = pending.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        pending += [each.__cause__, each.__context__]
        yield from (str(each), repr(each), repr(each.args), repr(vars(each)))


def canonical(door: Door) -> str:
    """Return what AWS says of a wrong signature: the request as it should have been signed."""
    lines = door.head.decode().split("\r\n")[1:]
    pairs = sorted((name.lower(), value) for name, _, value in (x.partition(": ") for x in lines))
    text = "\n".join(f"{name}:{value}" for name, value in pairs if name)
    return f"The Canonical String for this request should have been\n'POST\n/\n\n{text}\n'"


def error_body(message: str) -> bytes:
    return json.dumps({"__type": "ValidationException", "message": message}).encode()


@asynccontextmanager
async def walk_of(service_name: str, pipeline: Any, ears: Ears) -> AsyncIterator[Walk]:
    async with running() as service:
        client, hasty = (
            client_class(service_name)(
                region_name="us-east-1",
                endpoint_url=service.url,
                pipeline=pipeline,
                config=AioConfig(read_timeout=seconds),
                **KEYS,
            )
            for seconds in (60, 0.1)
        )
        walk = Walk(ears, Secrets(*KEPT), client, hasty, service)
        async with client, hasty:
            walk.look("a log of opening", *ears.texts)
            walk.look("a repr", repr(client), repr(client._connection.settings))
            assert client.pipeline.lane == (pipeline or "fast")
            yield walk
        walk.look("a log of closing", *ears.texts)


@pytest.mark.parametrize("name", SERVICES)
async def test_credentials_show_up_nowhere(name: str, pipeline: Any, ears: Ears) -> None:
    """Every operation; each tenth with a fault, and an error that repeats the signed request."""
    async with walk_of(name, pipeline, ears) as walk:

        async def repeat(door: Door) -> None:
            await door.answer(error_body(canonical(door)), status="403 Forbidden")

        async def fault(door: Door) -> None:
            await door.answer(b'{"message": "sorry"}', status="500 Sorry")

        for at, operation in enumerate(walk.client.operations().values()):
            request, headers, body = _round_trip(operation)
            walk.service.respond = lambda door: door.answer(body, headers)  # noqa: B023
            assert await walk.call(operation.name, operation, request) is None
            for respond in () if at % 10 else (repeat, fault):
                walk.service.respond = respond
                assert await walk.call(operation.name, operation, request) is not None
        assert walk.leaks == []
        assert walk.errors & {"ValidationException", "ServiceError"}
    assert ears.heard > len(walk.client.operations())


@cache
def _round_trip(operation: Operation[Any]) -> tuple[Any, dict[str, str], bytes]:
    request = planted(operation.request_class, Secrets())
    return request, *answer_of(operation, planted(operation.response_class, Secrets()))


def sensitive_operations() -> Iterator[Any]:
    for name in SERVICES:
        for operation in client_class(name).operations().values():
            if holds_secrets(operation.request_class) or holds_secrets(operation.response_class):
                yield pytest.param(name, operation.name, id=operation.name)


SENSITIVE = list(sensitive_operations())


def test_the_walk_reaches_what_the_models_mark() -> None:
    assert len(SENSITIVE) >= 38
    assert {name for name, _ in (param.values for param in SENSITIVE)} >= {
        *("sagemaker", "sagemaker-geospatial", "sagemaker-inference-router-runtime"),
        *("sagemaker-runtime", "sagemakerjobruntime", "sagemakertrainingsessionruntime"),
    }


@pytest.mark.parametrize(("name", "operation_name"), SENSITIVE)
async def test_sensitive_members_show_up_nowhere(
    name: str, operation_name: str, pipeline: Any, ears: Ears
) -> None:
    async with walk_of(name, pipeline, ears) as walk:
        operation = walk.client.operations()[operation_name]
        for at in range(max(arms(operation.request_class), arms(operation.response_class))):
            await _every_end(walk, operation, at)
        assert walk.leaks == []
        assert walk.secrets.made > 0


async def _every_end(walk: Walk, operation: Operation[Any], at: int) -> None:
    """Force every end that a call may have."""
    secrets, service = walk.secrets, walk.service
    request_class = operation.request_class
    service.release.clear()

    def request(wrong: str | None = None) -> Any:
        return planted(request_class, secrets, at, wrong)

    headers, body = answer_of(operation, planted(operation.response_class, secrets, at))
    hushed = " ".join([*headers.values(), body.decode("latin-1")])

    async def ends(place: str, respond: Answers, *kinds: str, **options: Any) -> None:
        service.respond = respond
        error = await walk.call(f"{operation.name}: {place}", operation, request(), **options)
        if kinds:
            assert type(error).__name__ in kinds, (operation.name, place, error)

    async def repeat(door: Door) -> None:
        said = f"{door.head.decode()} {door.body.decode('latin-1')} {canonical(door)}"
        texts = [f"Value '{text}' is wrong" for text in walk_texts(said, secrets)]
        await door.answer(error_body(f"{texts} {canonical(door)}"), status="400 Bad Request")

    async def fault(door: Door) -> None:
        await door.answer(b"<html>sorry</html>", status="500 Sorry")

    async def garbage(door: Door) -> None:
        door.writer.write(f"HTTP/1.1 200 OK\r\nX-Odd: {hushed[:200]}\x00\r\n\r\n".encode())
        door.writer.close()

    async def no_status(door: Door) -> None:
        door.writer.write(f"{hushed[:200]}\r\n\r\n".encode())
        door.writer.close()

    async def cut(door: Door) -> None:
        await door.answer(body, headers, more=100)
        door.writer.close()

    async def hang_up(door: Door) -> None:
        door.writer.close()

    async def late(door: Door) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(service.release.wait(), 5)
        door.writer.close()

    await ends("an answer", lambda door: door.answer(body, headers))
    await ends("an error that repeats", repeat, "ValidationException", "ValidationError")
    await ends("a fault", fault, "ServiceFault")
    await ends("a cut body", cut)
    await ends("no HTTP header", garbage, "TransportError", "AmbiguousResultError")
    await ends("no HTTP", no_status, "TransportError", "ConnectionLost", "AmbiguousResultError")
    await ends("hang up", hang_up, "ConnectionLost", "AmbiguousResultError")
    await ends("a deadline", late, "CallTimeoutError", timeout=0.02)
    await ends("a read timeout", late, "ReadTimedOut", "AmbiguousResultError", hasty=True)
    if body[:1] == b"{":
        await ends("a wrong type", lambda door: door.answer(spoiled(body), headers))
        await ends("cut JSON", lambda door: door.answer(body[:-1], headers))
    await ends("no JSON", lambda door: door.answer(b"<" + body, headers))
    await _cancelled(walk, operation, request())
    service.release.set()
    if holds_secrets(request_class):
        for wrong in ("type", "value", "length"):
            made = request(wrong)
            for validation in ("strict", "warn", "off"):
                service.respond = lambda door: door.answer(body, headers)
                place = f"{operation.name}: a wrong {wrong}, {validation}"
                error = await walk.call(place, operation, made, validation=validation)
                if wrong == "value" or (wrong == "type" and validation == "strict"):
                    refused = type(error).__name__ == "RequestValidationError"
                    assert refused or _streams(operation), (place, error)


def _streams(operation: Operation[Any]) -> bool:
    return "body" in operation.request_class.__pydantic_fields__


def walk_texts(said: str, secrets: Secrets) -> list[str]:
    """Return the secrets of a request, as AWS repeats them."""
    found: list[str] = []
    while (text := secrets.found_in(said)) is not None:
        if text.startswith("Hush"):
            found.append(text)
        said = said.replace(text, "")
    return found


async def _cancelled(walk: Walk, operation: Operation[Any], request: Any) -> None:
    walk.service.arrived.clear()
    walk.ears.texts.clear()
    client = walk.client.with_options(retries=0, validation="off")
    task = asyncio.create_task(client._send(operation, request))
    await walk.service.arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await task
    for text in told(cancelled.value):
        walk.look(f"{operation.name}: cancelled", text)
    walk.look(f"{operation.name}: cancelled", repr(task), *walk.ears.texts)
