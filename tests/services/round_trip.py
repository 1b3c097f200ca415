"""Every operation of a service over loopback: by its generated client, and by botocore.

Both must send the same request and read the same answer. What the server answers is made up from
the response's class; botocore is the judge of how it is read.
"""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any, Literal
from urllib.parse import parse_qsl

from aiobotocore.config import AioConfig
from aiohttp import web
from botocore.config import Config
from botocore.eventstream import EventStream as BotocoreEvents
from botocore.loaders import Loader
from botocore.response import StreamingBody as BotocoreBody
from botocore.session import Session

from aiobotantic.bodies import StreamingBody
from aiobotantic.client import Client
from aiobotantic.errors import RequestValidationWarning
from aiobotantic.event_stream import EventStream
from aiobotantic.operation import Operation
from aiobotantic.structure import Structure, describe
from aiobotantic.testing.build import Builder
from aiobotantic.testing.event_frames import Chunks
from aiobotantic.testing.json_protocol import HttpAnswer, JsonProtocol
from aiobotantic.testing.rest_json_protocol import RestJsonProtocol
from aiobotantic.testing.words import Place

KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret"}
OPTIONS: dict[str, Any] = {
    "inject_host_prefix": False,
    "parameter_validation": False,
    "retries": {"total_max_attempts": 1},
}
# They differ from one call or one library to the next.
UNCOMPARED = {
    "accept-encoding",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "authorization",
    "connection",
    "content-length",
    "expect",
    "host",
    "transfer-encoding",
    "user-agent",
    "x-amz-content-sha256",
    "x-amz-date",
    "accept",
}


@dataclass(frozen=True)
class Sent:
    """A request as it arrived, in a form that can be compared."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: Any


@dataclass
class Trip:
    """What the calls of one service gave."""

    calls: int = 0
    problems: list[str] = field(default_factory=list[str])


@dataclass
class _Peer:
    """The server: it remembers the last request, and gives the answer that is set."""

    answer: HttpAnswer = field(default_factory=lambda: HttpAnswer(200, b""))
    sent: Sent | None = None

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.sent = Sent(
            request.method,
            path,
            sorted(parse_qsl(query, keep_blank_values=True)),
            {name: value for name, value in headers.items() if name not in UNCOMPARED},
            _body(await request.read()),
        )
        body = self.answer.body
        if isinstance(body, Chunks):
            body = b"".join(body.pieces)
        headers = {**self.answer.headers, "x-amzn-RequestId": "request-1"}
        return web.Response(status=self.answer.status, headers=headers, body=body)


async def round_trip(client: type[Client], data: Path) -> Trip:
    """Call every operation, by the client and by botocore with the model of `data`."""
    trip, peer = Trip(), _Peer()
    runner = web.ServerRunner(web.Server(peer.handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    service = client.SERVICE
    protocols = {"json": JsonProtocol, "rest-json": RestJsonProtocol}
    protocol = protocols[service.protocol](service, client.operations())
    theirs = await asyncio.to_thread(_botocore, service.name, site.name, data)
    try:
        async with client(
            region_name="us-east-1",
            endpoint_url=site.name,
            config=AioConfig(**OPTIONS),
            validation="warn",
            **KEYS,
        ) as ours:
            for operation in client.operations().values():
                trip.calls += 1
                try:
                    trip.problems += await _one(ours, theirs, operation, peer, protocol)
                except Exception as error:
                    text = f"{type(error).__name__}: {error}".partition("\n")[0][:300]
                    trip.problems.append(f"{operation.name}: {text}")
    finally:
        theirs.close()
        await runner.cleanup()
    return trip


async def _one(
    ours: Client, theirs: Any, operation: Operation[Any], peer: _Peer, protocol: Any
) -> list[str]:
    request, fits = _built(operation.request_class)
    for wire in operation.context_params:  # they may choose an endpoint that is not ours
        name = describe(type(request)).by_wire_name[wire]
        if name not in describe(type(request)).required:
            setattr(request, name, None)
    members = _built(operation.response_class)[0].to_wire()
    peer.answer = protocol.write(operation, members)
    with warnings.catch_warnings():
        action: Literal["error", "ignore"] = "error" if fits else "ignore"
        warnings.simplefilter(action, RequestValidationWarning)
        our_answer = await read_answer(await ours._send(operation, request))
    our_request, peer.sent = peer.sent, None
    their_answer = await asyncio.to_thread(_ask, theirs, operation.name, request.to_wire())
    problems = []
    for what, mine, its in (
        ("request", vars(our_request), vars(peer.sent)),
        ("answer", our_answer, their_answer),
    ):
        if plain(mine) != plain(its):
            problems.append(f"{operation.name}: {what}: {difference(plain(mine), plain(its))}")
    return problems


def import_everything(models: ModuleType) -> int:
    """Import and complete every shape of a service; return how many there are."""
    names = [name for name in dir(models) if not name.startswith("__")]
    for name in names:
        shape = getattr(models, name)
        if isinstance(shape, type) and issubclass(shape, Structure):
            shape.model_rebuild()
    return len(names)


def _built(cls: type[Structure]) -> tuple[Structure, bool]:
    """Return an instance, and whether it keeps all limits: some patterns match nothing made up."""
    builder = Builder(seed=1, optional=True, place=Place())
    return builder.structure(cls), not builder.unsatisfied


def _botocore(service: str, url: str, data: Path) -> Any:
    session = Session()
    session.register_component("data_loader", Loader(extra_search_paths=[str(data)]))
    return session.create_client(
        service, region_name="us-east-1", endpoint_url=url, config=Config(**OPTIONS), **KEYS
    )


def _ask(client: Any, name: str, members: dict[str, Any]) -> dict[str, Any]:
    return read_botocores(client._make_api_call(name, members))


def read_botocores(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of an answer that botocore gave; streams as read."""
    read = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    for name, value in read.items():
        if isinstance(value, BotocoreBody):
            read[name] = value.read()
        elif isinstance(value, BotocoreEvents):
            read[name] = list(value)
    return read


async def read_answer(answer: Structure) -> dict[str, Any]:
    """Return the members of an answer of ours; streams as read."""
    members = answer.to_wire()
    for name, value in members.items():
        if isinstance(value, StreamingBody):
            async with value:
                members[name] = await value.read()
        elif isinstance(value, EventStream):
            async with value as events:
                members[name] = [event.to_wire() async for event in events]
    return members


def _body(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content


def plain(value: Any) -> Any:
    """Times as seconds since the epoch, so that time zones do not matter."""
    match value:
        case Mapping():
            return {str(key): plain(each) for key, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case datetime():
            return value.timestamp()
        case _:
            return value


def difference(mine: Any, its: Any) -> str:
    """Return the first place that differs, with what stands there."""
    return next(_differences(mine, its, ""), "?")


def _differences(mine: Any, its: Any, path: str) -> Iterator[str]:
    if isinstance(mine, dict) and isinstance(its, dict):
        for key in sorted({*mine, *its}, key=str):
            yield from _differences(mine.get(key), its.get(key), f"{path}/{key}")
    elif isinstance(mine, list) and isinstance(its, list) and len(mine) == len(its):
        for at, (one, other) in enumerate(zip(mine, its, strict=True)):
            yield from _differences(one, other, f"{path}/{at}")
    elif mine != its:
        yield f"{path}: ours {mine!r:.150}, botocore's {its!r:.150}"
