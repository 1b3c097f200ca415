"""The same faults on this client and on aiobotocore: what the caller gets, and what was delivered.

Usage: python benchmarks/faults.py [--json FILE] [--check PAGE] [ROW ...]

Each row lets something go wrong between a client and the embedded server, on loopback, and says
what came of it: what the call returned or raised, and how many requests the server carried out.
docs/reliability.md has the rows; `--check docs/reliability.md` exits with 1 where it differs.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import random
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final

from aiobotocore.config import AioConfig
from aiobotocore.credentials import AioCredentials, AioRefreshableCredentials
from aiobotocore.session import AioSession

from aiobotantic.testing.event_frames import Damaged, HangUp, StreamItem, Truncated
from aiobotantic.testing.front import Front
from aiobotantic.testing.json_protocol import HttpRequest
from aiobotantic.testing.mishaps import Changed, Cut, Huge, Instead, Mishap, Slow, refusal
from aiosagemaker import SageMaker, SageMakerRuntime
from aiosagemaker.sagemaker_runtime.models import PayloadPart, ResponseStream
from aiosagemaker.testing import SageMakerServer

ROLE: Final = "arn:aws:iam::123456789012:role/SageMaker"
KEYS: Final[dict[str, Any]] = {
    "region_name": "us-east-1",
    "aws_access_key_id": "testing",
    "aws_secret_access_key": "testing",
    "aws_session_token": "session-token",
}
PATIENCE: Final = 60.0
SHORT: Final = 3.0
"""Seconds after which a call counts as one that hangs; less where that is what a row shows."""
OFTEN: Final = 8
"""Requests that meet a mishap, where it stays: more than any call makes."""


@dataclass(frozen=True)
class Peer:
    """A client library: how its clients are made, and how they are called."""

    name: str
    make: Callable[..., Any]
    """Takes a service, an address and a Config; returns an async context manager."""
    words: Callable[[dict[str, Any]], dict[str, Any]]
    """Turns AWS's names of arguments into its own."""


def _ours(service: str, url: str, config: Any = None, session: Any = None) -> Any:
    cls = SageMakerRuntime if service == "sagemaker-runtime" else SageMaker
    keys: dict[str, Any] = KEYS if session is None else {"region_name": "us-east-1"}
    return cls(session, endpoint_url=url, config=config, **keys)


def _theirs(service: str, url: str, config: Any = None, session: Any = None) -> Any:
    keys = KEYS if session is None else {"region_name": "us-east-1"}
    made = session or AioSession()
    return made.create_client(service, endpoint_url=url, config=config, **keys)


def _snake(members: dict[str, Any]) -> dict[str, Any]:
    from botocore import xform_name

    return {xform_name(name): value for name, value in members.items()}


PEERS: Final = (Peer("ours", _ours, _snake), Peer("aiobotocore", _theirs, lambda members: members))


@dataclass
class Scene:
    """A server and a front, and calls of one peer to them."""

    peer: Peer
    server: Any
    front: Front
    stack: AsyncExitStack

    async def client(self, service: str = "sagemaker", **options: Any) -> Any:
        return await self.stack.enter_async_context(
            self.peer.make(service, self.front.url, **options)
        )

    def call(self, client: Any, operation: str, **members: Any) -> Awaitable[Any]:
        method: Awaitable[Any] = getattr(client, operation)(**self.peer.words(members))
        return method

    def create(self, client: Any) -> Awaitable[Any]:
        return self.call(client, "create_image", ImageName="m", RoleArn=ROLE)

    def describe(self, client: Any) -> Awaitable[Any]:
        return self.call(client, "describe_image", ImageName="m")

    def carried_out(self) -> str:
        count = len(self.server.journal)
        return "carried out once" if count == 1 else f"carried out {count} times"


Row = Callable[[Scene], Awaitable[str]]
ROWS: dict[str, tuple[str, Row]] = {}
"""Row to the service that it calls, and how it runs."""


def row(name: str, service: str = "sagemaker") -> Callable[[Row], Row]:
    def add(run: Row) -> Row:
        ROWS[name] = service, run
        return run

    return add


async def outcome(call: Awaitable[Any], patience: float = PATIENCE) -> str:
    """Return what came of a call, in a few words."""
    try:
        answered = await asyncio.wait_for(call, patience)
    except TimeoutError as error:
        return type(error).__name__ if type(error) is not TimeoutError else "hangs"
    except Exception as error:
        return type(error).__name__
    members = answered if isinstance(answered, dict) else answered.to_wire()
    whole = any(name != "ResponseMetadata" for name in members)
    return "returns the answer" if whole else "returns an empty dict"


def meets(name: str, operation: str, mishap: Mishap, times: int = OFTEN, **config: Any) -> None:
    """Add a row: a call whose first `times` requests meet a mishap."""

    async def run(scene: Scene) -> str:
        wire = {"create": "CreateImage", "describe": "DescribeImage"}[operation]
        scene.front.next(wire, *[mishap] * times)
        client = await scene.client(config=AioConfig(**config) if config else None)
        found = await outcome(getattr(scene, operation)(client))
        return f"{found}; {scene.carried_out()}"

    ROWS[name] = "sagemaker", run


meets("creation: server reads the request and closes", "create", Cut("answer", reset=False))
meets("creation: connection reset before the answer", "create", Cut("answer"))
meets("creation: connection reset within the answer", "create", Cut("body"))
meets("creation: Content-Length too long", "create", Changed(length_off_by=9))
meets("creation: answer later than read_timeout", "create", Slow(seconds=1), read_timeout=0.2)
meets("200 with HTML", "describe", Changed(body=b"<html>sign in</html>"))
meets("200 with an empty body", "describe", Changed(body=b""))
meets("200 with a cut body", "describe", Changed(body=b'{"ImageName": "m'))
meets("200 with bad UTF-8", "describe", Changed(body=b'{"ImageName": "\xff"}'))
meets("200 with a wrong JSON type", "describe", Changed(body=b'{"CreationTime": {"a": 1}}'))
meets("200 nested 100,000 deep", "describe", Changed(body=b"[" * 100_000 + b"]" * 100_000))
meets("300 MB of JSON", "describe", Huge(300_000_000), 1)
meets("creation: plain 429", "create", Instead(429), 1)
meets("creation: throttled", "create", refusal("ThrottlingException"), 1)
meets("creation: 503", "create", Instead(503), 1)


meets("creation: a header that is too long", "create", Changed(add=[("X-Big", "x" * 9_000)]))
meets("a header that is no UTF-8", "describe", Changed(add=[("X-Odd", "\xff")]))
meets("creation: redirect without an address", "create", Instead(302))


@row("connection refused")
async def refused(scene: Scene) -> str:
    client = await scene.client()
    async with scene.front.refused():
        found = await outcome(scene.create(client))
    return f"{found}; {len(scene.server.journal)} requests arrive"


@row("100 Continue and nothing more, read_timeout of 0.3 s")
async def interim(scene: Scene) -> str:
    scene.front.next("DescribeImage", *[Instead(100)] * OFTEN)
    client = await scene.client(config=AioConfig(read_timeout=0.3))
    return await outcome(scene.describe(client), SHORT)


@row("redirect to another origin")
async def redirect(scene: Scene) -> str:
    told: list[bool] = []

    def listen(request: HttpRequest) -> str:
        told.append(any(name.lower() == "x-amz-security-token" for name in request.headers))
        return "stolen"

    async with Front(scene.server.url, operation_of=listen) as thief:
        thief.next("stolen", *[Instead(200, b'{"ImageArn": "a"}')] * OFTEN)
        moved = Instead(307, b"", {"Location": f"{thief.url}/"})
        scene.front.next("CreateImage", *[moved] * OFTEN)
        found = await outcome(scene.create(await scene.client()))
    followed = "followed, with the session token" if any(told) else "not followed"
    return f"{found}; {followed}"


@row("slow drip, with a deadline of 1 s where there is one")
async def drip(scene: Scene) -> str:
    scene.front.next("DescribeImage", *[Slow(drop=1, pause=0.1)] * OFTEN)
    client = await scene.client(config=AioConfig(read_timeout=2))
    if scene.peer.name == "ours":
        client = client.with_options(timeout=1)
    return await outcome(scene.describe(client), SHORT)


@row("Retry-After of 3 s")
async def retry_after(scene: Scene) -> str:
    loop = asyncio.get_running_loop()
    scene.front.next("CreateImage", Instead(503, b"", {"Retry-After": "3"}))
    client = await scene.client(config=AioConfig(retries={"mode": "standard"}))
    started = loop.time()
    await outcome(scene.create(client))
    return "honoured" if loop.time() - started >= 3 else "ignored"


@row("clock 3 hours behind the service's")
async def skew(scene: Scene) -> str:
    then = format_datetime(datetime.now(UTC) + timedelta(hours=3), usegmt=True)
    scene.front.next("CreateImage", refusal("RequestExpired", 403, {"Date": then}))
    return await outcome(scene.create(await scene.client()))


@row("read timeout of an invocation", "sagemaker-runtime")
async def invoke(scene: Scene) -> str:
    scene.front.next("InvokeEndpoint", *[Slow(seconds=1)] * OFTEN)
    client = await scene.client("sagemaker-runtime", config=AioConfig(read_timeout=0.2))
    found = await outcome(scene.call(client, "invoke_endpoint", EndpointName="e", Body=b"1"))
    await asyncio.sleep(0.1)
    return f"{found}; {scene.carried_out()}"


STREAM: Final = "invoke_endpoint_with_response_stream"
WIRE_STREAM: Final = "InvokeEndpointWithResponseStream"


def _parts(count: int, size: int) -> list[StreamItem]:
    return [ResponseStream(payload_part=PayloadPart(bytes_=b"x" * size))] * count


@row("unread streams fill the pool", "sagemaker-runtime")
async def pool(scene: Scene) -> str:
    config = AioConfig(max_pool_connections=2, connect_timeout=0.5)
    client = await scene.client("sagemaker-runtime", config=config)
    held = []
    for _ in range(2):
        scene.server.stream_next(WIRE_STREAM, _parts(8, 500_000))
        held.append(await scene.call(client, STREAM, EndpointName="e", Body=b"1"))
    call = scene.call(client, "invoke_endpoint", EndpointName="e", Body=b"1")
    return await outcome(call, SHORT)


@row("event stream cut inside an event", "sagemaker-runtime")
async def cut_stream(scene: Scene) -> str:
    (one,) = _parts(1, 3)
    return await streamed(scene, one, Truncated(one))


@row("event stream with a wrong checksum", "sagemaker-runtime")
async def damaged_stream(scene: Scene) -> str:
    (one,) = _parts(1, 3)
    return await streamed(scene, one, Damaged(one))


@row("event stream whose connection breaks", "sagemaker-runtime")
async def broken_stream(scene: Scene) -> str:
    return await streamed(scene, *_parts(1, 3), HangUp())


@row("HTML in place of an event stream", "sagemaker-runtime")
async def no_stream(scene: Scene) -> str:
    scene.front.next(WIRE_STREAM, Changed(body=b"<html>Bad gateway, says a box</html>"))
    return await streamed(scene)


@row("a cut error in place of an event stream", "sagemaker-runtime")
async def cut_error(scene: Scene) -> str:
    cut = Changed(status=400, body=b"{}", length_off_by=9)
    scene.front.next(WIRE_STREAM, *[cut] * OFTEN)
    return await streamed(scene)


@row("an event stream that is read after its client was closed", "sagemaker-runtime")
async def closed_stream(scene: Scene) -> str:
    scene.server.stream_next(WIRE_STREAM, _parts(8, 500_000))
    async with scene.peer.make("sagemaker-runtime", scene.front.url) as client:
        answered = await scene.call(client, STREAM, EndpointName="e", Body=b"1")
    return await drained(answered)


async def streamed(scene: Scene, *items: StreamItem) -> str:
    """Return what comes of reading a stream of these items."""
    if items:
        scene.server.stream_next(WIRE_STREAM, items)
    client = await scene.client("sagemaker-runtime")
    try:
        answered = await scene.call(client, STREAM, EndpointName="e", Body=b"1")
    except Exception as error:
        return f"{type(error).__name__} from the call"
    return await drained(answered)


async def drained(answered: Any) -> str:
    """Return what comes of reading a stream to its end."""
    events: Any = answered["Body"] if isinstance(answered, dict) else answered.body
    try:
        async for _ in events:
            pass
    except Exception as error:
        return type(error).__name__
    return "ends as if it were whole"


@row("20 clients of a session at once")
async def crowd(scene: Scene) -> str:
    fetched: list[int] = []

    class Provider:
        async def load_credentials(self) -> Any:
            fetched.append(1)
            await asyncio.sleep(0.05)
            return AioCredentials("AKSLOW", "secret")

    session = AioSession()
    session.register_component("credential_provider", Provider())
    await asyncio.gather(*(scene.client(session=session) for _ in range(20)))
    return f"credentials are fetched {len(fetched)} times"


@row("1,000 calls with credentials that have expired")
async def thousand(scene: Scene) -> str:
    fetched: list[int] = []

    async def fetch() -> Any:
        fetched.append(1)
        await asyncio.sleep(0.05)
        return {**expired, "expiry_time": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}

    past = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    expired = {"access_key": "a", "secret_key": "b", "token": "c", "expiry_time": past}
    session = AioSession()
    session._credentials = AioRefreshableCredentials.create_from_metadata(expired, fetch, "test")
    client = await scene.client(session=session)
    calls = (scene.call(client, "delete_image", ImageName="m") for _ in range(1_000))
    await asyncio.gather(*calls)
    return f"refreshes: {len(fetched)}"


@row("closed while a call is under way")
async def close_under_way(scene: Scene) -> str:
    scene.front.next("DescribeImage", *[Slow(seconds=1)] * OFTEN)
    async with scene.peer.make("sagemaker", scene.front.url) as client:
        call = asyncio.ensure_future(scene.describe(client))
        await asyncio.sleep(0.3)
    return await outcome(call)


@row("a credential refresh that fails")
async def refresh(scene: Scene) -> str:
    async def fail() -> Any:
        raise RuntimeError("sealed")

    session = AioSession()
    past = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    found = {"access_key": "a", "secret_key": "b", "token": "c", "expiry_time": past}
    session._credentials = AioRefreshableCredentials.create_from_metadata(found, fail, "test")
    return await outcome(scene.create(await scene.client(session=session)))


@row("a call after close")
async def closed(scene: Scene) -> str:
    async with scene.peer.make("sagemaker", scene.front.url) as client:
        pass
    return await outcome(scene.create(client))


async def run_row(name: str, peer: Peer) -> str:
    """Return what comes of one row for one peer."""
    service, run = ROWS[name]
    cls: Any = SageMakerRuntime if service == "sagemaker-runtime" else SageMaker
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(SageMakerServer(cls, stateless=True))
        front = await stack.enter_async_context(server.front())
        return await run(Scene(peer, server, front, stack))


def main() -> None:
    """Run the rows, print them beside each other, and write what was asked for."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("rows", nargs="*", help="names of rows; all by default")
    reader.add_argument("--json", type=Path, help="file to write the rows to")
    reader.add_argument("--check", type=Path, help="page whose table must say the same")
    given = reader.parse_args()
    logging.disable(logging.CRITICAL)
    random.random = lambda: 0.0  # what every backoff is multiplied with
    found: dict[str, dict[str, str]] = {}
    for name in given.rows or ROWS:
        found[name] = {peer.name: asyncio.run(run_row(name, peer)) for peer in PEERS}
        gc.collect()
        print(f"{name}\n    ours         {found[name]['ours']}")
        print(f"    aiobotocore  {found[name]['aiobotocore']}", flush=True)
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    if given.check:
        said = given.check.read_text("utf-8")
        lines = (
            f"| {name} | {each['ours']} | {each['aiobotocore']} |" for name, each in found.items()
        )
        missing = [line for line in lines if line not in said]
        print(*(f"not in {given.check}: {line}" for line in missing), sep="\n")
        sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()
