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
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from aiobotocore.config import AioConfig
from aiobotocore.credentials import AioCredentials
from aiobotocore.session import AioSession
from scenes import (
    OFTEN,
    PATIENCE,
    PEERS,
    SHORT,
    WAITS,
    Peer,
    Scene,
    counted,
    metadata,
    outcome,
    session_until,
    tls_context,
)

from aiobotantic.testing.event_frames import Damaged, HangUp, RawEvent, StreamItem, Truncated
from aiobotantic.testing.front import Front
from aiobotantic.testing.json_protocol import HttpRequest
from aiobotantic.testing.mishaps import Changed, Cut, Huge, Instead, Mishap, Slow, refusal
from aiosagemaker import SageMaker, SageMakerRuntime
from aiosagemaker.sagemaker_runtime.models import PayloadPart, ResponseStream
from aiosagemaker.testing import SageMakerServer

Row = Callable[[Scene], Awaitable[str]]
ROWS: dict[str, tuple[str, Row]] = {}
"""Row to the service that it calls, and how it runs."""


def row(name: str, service: str = "sagemaker") -> Callable[[Row], Row]:
    def add(run: Row) -> Row:
        ROWS[name] = service, run
        return run

    return add


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


meets("read: connection reset before the answer, once", "describe", Cut("answer"), 1)
meets("creation: access denied", "create", refusal("AccessDeniedException"))
meets("creation: expired credentials", "create", refusal("ExpiredTokenException"))
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


@row("a name that nobody knows")
async def nameless(scene: Scene) -> str:
    def unknown(host: Any, *args: Any, **options: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    client = await scene.client(url="http://service.invalid:1")
    with patch.object(socket, "getaddrinfo", unknown):
        return await outcome(scene.create(client))


@row("a host that does not answer, connect_timeout of 0.2 s")
async def silent(scene: Scene) -> str:
    with ExitStack() as stack:
        full = stack.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):  # whoever comes after those waits
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        client = await scene.client(url=url, config=AioConfig(connect_timeout=0.2))
        return await outcome(scene.create(client))


@row("https at a port that speaks http")
async def plain(scene: Scene) -> str:
    client = await scene.client(url=scene.server.url.replace("http", "https"))
    return f"{await outcome(scene.create(client))}; {scene.carried_out()}"


@row("a certificate that nobody signed")
async def unsigned(scene: Scene) -> str:
    front = await scene.stack.enter_async_context(scene.server.front(tls=tls_context()))
    client = await scene.client(url=front.url)
    return f"{await outcome(scene.create(client))}; {scene.carried_out()}"


@row("an address that is none")
async def impossible(scene: Scene) -> str:
    async def call() -> Any:
        return await scene.create(await scene.client(url="http://127.0.0.1:99999"))

    return await outcome(call())


@row("a proxy that refuses with 407")
async def refusing_proxy(scene: Scene) -> str:
    scene.front.next(None, *[Instead(407)] * OFTEN)
    return await outcome(scene.create(await _behind(scene)))


@row("a proxy that is not there")
async def absent_proxy(scene: Scene) -> str:
    client = await _behind(scene)
    async with scene.front.refused():
        return await outcome(scene.create(client))


async def _behind(scene: Scene) -> Any:
    proxies = {"http": scene.front.url, "https": scene.front.url}
    return await scene.client(url="https://127.0.0.1:1", config=AioConfig(proxies=proxies))


@row("creation on an idle connection that was reset")
async def idle(scene: Scene) -> str:
    client = await scene.client()
    scene.front.next("CreateImage", Cut("end"))
    await scene.create(client)
    await asyncio.sleep(0.1)
    found = await outcome(scene.create(client))
    return f"{found}; {len(scene.server.journal) - 1} more carried out"


@row("bytes behind the end of an answer")
async def surplus(scene: Scene) -> str:
    other = b'HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n{"ImageName": "evil"}'
    scene.front.next("DescribeImage", Changed(body=b"{}" + other, length_off_by=-len(other)))
    client = await scene.client()
    await outcome(scene.describe(client))
    found = await scene.describe(client)
    name = found["ImageName"]
    return "never read" if name != "evil" else "taken for the next answer"


@row("100 and 103 before the answer")
async def hints(scene: Scene) -> str:
    before = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    final = b'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"ImageName": "i"}'

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(before + final)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as raw:
        url = f"http://127.0.0.1:{raw.sockets[0].getsockname()[1]}"
        return await outcome(scene.describe(await scene.client(url=url)))


@row("calls under way hold every connection, connect_timeout of 0.2 s")
async def busy(scene: Scene) -> str:
    async def wait(operation: str, members: Any) -> None:
        await asyncio.sleep(0.6)

    scene.server.on("DescribeImage", wait)
    config = AioConfig(max_pool_connections=2, connect_timeout=0.2, retries={"max_attempts": 0})
    client = await scene.client(config=config)
    found = await asyncio.gather(*(outcome(scene.describe(client)) for _ in range(6)))
    return counted(found)


@row("cancelled while it waits for a connection")
async def cancelled_in_line(scene: Scene) -> str:
    async def wait(operation: str, members: Any) -> None:
        await asyncio.sleep(0.3)

    scene.server.on("DescribeImage", wait)
    client = await scene.client(config=AioConfig(max_pool_connections=1))
    calls = [asyncio.ensure_future(scene.describe(client)) for _ in range(10)]
    await asyncio.sleep(0.1)
    for call in calls[1:9]:
        call.cancel()
    found = await asyncio.gather(*map(outcome, (calls[0], calls[9])))
    return f"the others: {counted(found)}"


@row("cancelled while an answer arrives, pool of one")
async def cancelled_within(scene: Scene) -> str:
    scene.front.next("DescribeImage", Slow(drop=1, pause=0.1))
    client = await scene.client(config=AioConfig(max_pool_connections=1))
    call = asyncio.ensure_future(scene.describe(client))
    await asyncio.sleep(0.5)
    call.cancel()
    return f"the next call {await outcome(scene.describe(client), SHORT)}"


@row("cancelled after 1 to 60 turns of the loop, pool of one")
async def cancelled_anywhere(scene: Scene) -> str:
    retries = {"max_attempts": 0}
    client = await scene.client(config=AioConfig(max_pool_connections=1, retries=retries))
    await scene.describe(client)
    found = []
    for turns in range(1, 61):
        call = asyncio.ensure_future(scene.describe(client))
        for _ in range(turns):
            await asyncio.sleep(0)
        call.cancel()
        await asyncio.wait([call])
        found.append(await outcome(scene.describe(client), SHORT))
    return f"the next call: {counted(found)}"


@row("SIGINT while a program waits for an answer")
async def interrupted(scene: Scene) -> str:
    asked = asyncio.Event()

    async def answer(operation: str, members: Any) -> None:
        asked.set()
        await asyncio.sleep(30)

    scene.server.on("DescribeImage", answer)
    folder = str(Path(__file__).parent)
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WAITS, folder, scene.peer.name, scene.front.url),
        stderr=asyncio.subprocess.PIPE,
    )
    await asyncio.wait_for(asked.wait(), PATIENCE)
    program.send_signal(signal.SIGINT)
    _, told = await asyncio.wait_for(program.communicate(), PATIENCE)
    complaints = [line for line in told.decode().splitlines() if "nclosed" in line]
    last = told.decode().splitlines()[-1]
    return f"{last}; {len(complaints)} complaints of what is not closed"


def _files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@row("50 clients, opened and closed after a call")
async def cycles(scene: Scene) -> str:
    async def call() -> None:
        async with scene.peer.make("sagemaker", scene.front.url) as client:
            await scene.describe(client)

    await call()
    await asyncio.sleep(0.1)
    before = len(asyncio.all_tasks()), _files()
    for _ in range(50):
        await call()
    await asyncio.sleep(0.1)
    after = len(asyncio.all_tasks()), _files()
    return f"{after[0] - before[0]} tasks and {after[1] - before[1]} files stay behind"


@row("called from another event loop")
async def other_loop(scene: Scene) -> str:
    client = await scene.client()
    await scene.describe(client)
    return await asyncio.to_thread(lambda: asyncio.run(outcome(scene.describe(client), SHORT)))


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


@row("an event that the model does not list", "sagemaker-runtime")
async def unknown_event(scene: Scene) -> str:
    (one,) = _parts(1, 3)
    return await streamed(scene, RawEvent("Brand", b"{}"), one)


@row("event stream in drops", "sagemaker-runtime")
async def dripping_stream(scene: Scene) -> str:
    scene.front.next(WIRE_STREAM, Slow(drop=5, pause=0.001))
    return await streamed(scene, *_parts(3, 30))


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
    return "ends, nothing raised"


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
        return metadata(timedelta(hours=1))

    client = await scene.client(session=session_until(-timedelta(hours=1), fetch))
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

    session = session_until(-timedelta(hours=1), fail)
    return await outcome(scene.create(await scene.client(session=session)))


@row("a refresh that fails while the credentials still hold for 12 minutes")
async def ahead(scene: Scene) -> str:
    async def fail() -> Any:
        raise RuntimeError("sealed")

    session = session_until(timedelta(minutes=12), fail)
    client = await scene.client(session=session)
    return counted(await asyncio.gather(*(outcome(scene.describe(client)) for _ in range(20))))


@row("the call that refreshes is cancelled")
async def cancelled_refresh(scene: Scene) -> str:
    begun = asyncio.Event()

    async def fetch() -> Any:
        begun.set()
        await asyncio.sleep(0.05)
        return metadata(timedelta(hours=1))

    client = await scene.client(session=session_until(-timedelta(hours=1), fetch))
    calls = [asyncio.ensure_future(scene.describe(client)) for _ in range(5)]
    await begun.wait()
    calls[0].cancel()
    return f"the others: {counted(await asyncio.gather(*map(outcome, calls[1:])))}"


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
