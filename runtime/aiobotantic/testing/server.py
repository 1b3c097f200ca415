"""A server on loopback that answers every operation of a service, from its generated classes."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from types import TracebackType
from typing import Any, Final, Self, TypeAlias
from uuid import uuid4
from weakref import WeakKeyDictionary

from aiohttp import web

from aiobotantic.client import Client
from aiobotantic.operation import Operation, Service
from aiobotantic.testing.answers import made_up, selected
from aiobotantic.testing.behaviour import Behaviour, load_behaviour, read_behaviour
from aiobotantic.testing.event_frames import Chunks, StreamItem
from aiobotantic.testing.faults import (
    InvalidRequestError,
    ServedError,
    invalid_request,
    missing_token,
)
from aiobotantic.testing.front import Front
from aiobotantic.testing.json_protocol import (
    HttpAnswer,
    HttpRequest,
    JsonProtocol,
    ServedProtocol,
)
from aiobotantic.testing.rest_json_protocol import RestJsonProtocol
from aiobotantic.testing.state import Rules, State
from aiobotantic.testing.words import Place

_log = logging.getLogger(__name__)
_JOURNAL_SIZE: Final = 10_000

PROTOCOLS: dict[str, Callable[[Service, Mapping[str, Operation[Any]]], ServedProtocol]] = {
    "json": JsonProtocol,
    "rest-json": RestJsonProtocol,
}
"""botocore's name of a protocol to what reads and writes it."""

Hook: TypeAlias = Callable[[str, Mapping[str, Any]], Awaitable[None]]
"""Takes AWS's name of an operation, and a request's members by wire name."""


@dataclass(frozen=True)
class JournalEntry:
    """One request that reached the server, and how it was answered."""

    operation: str | None
    """AWS's name; None where the request named no operation of the service."""
    request: Mapping[str, Any] = field(repr=False)
    """Members by wire name; empty where the request could not be read."""
    status: int
    """HTTP status of the answer."""
    request_id: str
    error: str | None = None
    """Code of the error that was answered; None for a success."""
    connection: int = 0
    """Which of the server's connections it came on, from 1."""


@dataclass
class _Script:
    code: str
    message: str
    status: int | None
    times: int
    members: Mapping[str, Any]


class Server:
    """Answers every operation of a service on loopback; see `url`.

    Use it as an async context manager, or call `start` and `stop`. Operations that the service's
    behaviour table lists work on resources that the server keeps; any other gets an answer made
    from its response class. Requests are checked as the client checks them, except that values an
    enum does not list are taken.

    Args:
        client: the generated client class.
        behaviour: the service's table, as plain values or read; None reads the generated one.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        region: region that made-up ARNs name.
        account: account that made-up ARNs name, 12 digits.
        steps: how often Describe or List shows a status that passes by itself, before the next one
            follows. 0: such a status is never seen.
        now: seconds since 1970, UTC; what creation times come from.

    Raises:
        ValueError: a protocol that the server does not speak, or a table with unknown entries.
    """

    def __init__(
        self,
        client: type[Client],
        *,
        behaviour: Behaviour | Mapping[str, Any] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        region: str = "us-east-1",
        account: str = "123456789012",
        steps: int = 1,
        now: Callable[[], float] = time.time,
    ) -> None:
        service = client.SERVICE
        if service.protocol not in PROTOCOLS:
            raise ValueError(
                f"{service.name} speaks {service.protocol}; the testing server speaks "
                f"{', '.join(PROTOCOLS)} only"
            )
        self.service = service
        self.operations = dict(client.operations())
        """Operations by AWS's name."""
        self.region = region
        self.journal: list[JournalEntry] = []
        """The newest 10,000 requests, oldest first."""
        if behaviour is None:
            behaviour = load_behaviour(service.package)
        elif not isinstance(behaviour, Behaviour):
            behaviour = read_behaviour(behaviour)
        place = Place(region, account, str(service.metadata.get("signingName", service.name)))
        self.state = State(behaviour, Rules(place, steps, now, behaviour.lists))
        """The resources that are kept."""
        self._answers = behaviour.answers
        self._place = place
        self._protocol = PROTOCOLS[service.protocol](service, self.operations)
        self._scripts: dict[str, list[_Script]] = {}
        self._streams: dict[str, list[Mapping[str, Chunks]]] = {}
        self._hooks: list[tuple[str | None, Hook]] = []
        self._connections = WeakKeyDictionary[Any, int]()
        self._connected = 0
        self._address = (host, port)
        self._runner: web.ServerRunner | None = None

    @property
    def url(self) -> str:
        """Where the server listens: `http://127.0.0.1:40123`.

        Raises:
            RuntimeError: the server does not run.
        """
        if self._runner is None:
            raise RuntimeError("the server does not run: use `async with`, or await start()")
        host, port, *_ = self._runner.addresses[0]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def connections(self) -> int:
        """How many connections are open at this moment."""
        server = None if self._runner is None else self._runner.server
        return 0 if server is None else len(server.connections)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen. The port is open when this returns.

        Raises:
            OSError: the address is in use or not this machine's.
        """
        if self._runner is not None:
            raise RuntimeError(f"the server runs already, at {self.url}")
        host, port = self._address
        runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner

    async def stop(self) -> None:
        """Close the port and every connection. Resources and journal stay readable."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    def fail_next(
        self,
        operation: str,
        code: str,
        times: int = 1,
        *,
        message: str | None = None,
        status: int | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        """Answer the next requests for an operation with an error; they are not carried out.

        Args:
            operation: AWS's name: `CreateNotebookInstance`.
            code: the error's code: `ThrottlingException`.
            times: how many requests; calls add up, and are used in their order.
            message: the error's message; a plain one by default.
            status: HTTP status; by default the model's, or what AWS sends for the code, else 400.
            members: further members of the error, by wire name: `{"OriginalStatusCode": 500}`.

        Raises:
            ValueError: the service has no such operation.
        """
        self._operation(operation)
        message = message or f"{code} was scripted"
        script = _Script(code, message, status, times, dict(members or {}))
        self._scripts.setdefault(operation, []).append(script)

    def stream_next(self, operation: str, items: Sequence[StreamItem]) -> None:
        """Stream these items in the next answer of an operation; calls add up.

        Args:
            operation: AWS's name: `InvokeEndpointWithResponseStream`.
            items: Events: instances of the stream's union; errors, which end the stream for most
                clients: instances of the service's error classes or `ServedError`; `RawEvent`,
                `Truncated`, `Damaged`, and `HangUp` as the last. Where a body is streamed that is
                no events: bytes, and `HangUp` as the last.

        Raises:
            ValueError: the service has no such operation, or it streams nothing of that kind.
        """
        member = self._protocol.stream(self._operation(operation), items)
        if member is None:
            raise ValueError(f"{self.service.name}: {operation} streams no answer")
        self._streams.setdefault(operation, []).append(member)

    def on(self, operation: str | None, hook: Hook) -> None:
        """Call a function with each request that is about to be carried out.

        It may wait, and what it raises as a `ServedError` is the answer; then nothing is carried
        out. Several are called in their order.

        Args:
            operation: AWS's name; None for every operation.
            hook: async, with AWS's name of the operation and the request's members.

        Raises:
            ValueError: the service has no such operation.
        """
        if operation is not None:
            self._operation(operation)
        self._hooks.append((operation, hook))

    def front(self, *, seed: int = 0, tls: ssl.SSLContext | None = None) -> Front:
        """Return a proxy before this server that lets exchanges go wrong, not yet started.

        Args:
            seed: of what happens by chance.
            tls: what it shows clients as an https server; None for http.

        Raises:
            RuntimeError: the server does not run.
        """
        return Front(self.url, operation_of=self._name_of, seed=seed, tls=tls)

    def _name_of(self, request: HttpRequest) -> str | None:
        headers = {name.title(): value for name, value in request.headers.items()}
        try:
            return self._protocol.operation(replace(request, headers=headers)).name
        except ServedError:
            return None

    def requests(self, operation: str) -> list[Mapping[str, Any]]:
        """Return what was asked of an operation, by wire name, oldest first.

        Args:
            operation: AWS's name: `CreateNotebookInstance`.

        Raises:
            ValueError: the service has no such operation.
        """
        self._operation(operation)
        return [entry.request for entry in self.journal if entry.operation == operation]

    def _operation(self, name: str) -> Operation[Any]:
        if name in self.operations:
            return self.operations[name]
        near = get_close_matches(name, self.operations)
        hint = f"did you mean {' or '.join(near)}?" if near else "pass a key of `operations`"
        raise ValueError(f"{self.service.name} has no operation {name}: {hint}")

    async def _handle(self, received: web.BaseRequest) -> web.StreamResponse:
        connection = self._number(received.transport)
        body = await received.content.read()
        request = HttpRequest(received.method, received.raw_path, received.headers, body)
        request_id = str(uuid4())
        answer = await self._answer(request, request_id, connection)
        headers = {**answer.headers, "x-amzn-RequestId": request_id}
        if isinstance(answer.body, bytes):
            return web.Response(status=answer.status, body=answer.body, headers=headers)
        response = web.StreamResponse(status=answer.status, headers=headers)
        await response.prepare(received)
        with suppress(ConnectionError):  # the client left
            for piece in answer.body.pieces:
                await response.write(piece)
            if answer.body.hangs_up and received.transport is not None:
                received.transport.close()
        return response

    def _number(self, transport: Any) -> int:
        if transport not in self._connections:
            self._connected += 1
            self._connections[transport] = self._connected
        return self._connections[transport]

    async def _answer(self, request: HttpRequest, request_id: str, connection: int) -> HttpAnswer:
        operation: Operation[Any] | None = None
        members: dict[str, Any] = {}
        code = None
        try:
            if "Authorization" not in request.headers:
                raise missing_token()
            operation = self._protocol.operation(request)
            self._fail_if_scripted(operation.name)
            members = self._protocol.read(operation, request)
            if (fault := invalid_request(operation.request_class, members)) is not None:
                raise fault
            for listened, hook in self._hooks:
                if listened in (None, operation.name):
                    await hook(operation.name, members)
            answer = self._protocol.write(operation, self._carry_out(operation, members))
        except ServedError as fault:
            if isinstance(fault, InvalidRequestError):
                fault.in_words_of(operation)
            code = fault.code
            answer = self._protocol.write_fault(fault)
        except Exception as error:
            _log.exception("the testing server failed")  # the next request may fare better
            code = "InternalFailure"
            answer = self._protocol.write_fault(
                ServedError(code, f"{type(error).__name__}: {error}")
            )
        name = None if operation is None else operation.name
        self.journal.append(
            JournalEntry(name, members, answer.status, request_id, code, connection)
        )
        del self.journal[:-_JOURNAL_SIZE]
        return answer

    def _fail_if_scripted(self, operation: str) -> None:
        scripts = self._scripts.get(operation, [])
        while scripts:
            if scripts[0].times > 0:
                scripts[0].times -= 1
                raise ServedError(
                    scripts[0].code, scripts[0].message, scripts[0].status, scripts[0].members
                )
            scripts.pop(0)

    def _carry_out(self, operation: Operation[Any], request: Mapping[str, Any]) -> dict[str, Any]:
        if self.state.keeps(operation.name):
            members = self.state.carry_out(operation.name, request)
            return selected(operation.response_class, members)
        members = made_up(operation, request, self._answers, self._place)
        streams = self._streams.get(operation.name)
        return members if not streams else {**members, **streams.pop(0)}
