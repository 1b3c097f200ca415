"""A server on loopback that answers every operation of a service, from its generated classes."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from inspect import isawaitable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias
from uuid import uuid4
from weakref import WeakKeyDictionary

from aiohttp import web

from aiobotantic.client import Client
from aiobotantic.operation import Operation, Service
from aiobotantic.testing.access import Access
from aiobotantic.testing.answers import fill_up, made_up, selected
from aiobotantic.testing.behaviour import (
    Answers,
    Behaviour,
    inner,
    load_behaviour,
    read_behaviour,
)
from aiobotantic.testing.clock import Clock
from aiobotantic.testing.direction import Direction
from aiobotantic.testing.event_frames import Chunks, StreamItem
from aiobotantic.testing.faults import (
    InvalidRequestError,
    ServedError,
    invalid_request,
    missing_token,
)
from aiobotantic.testing.journal import Journal, JournalEntry, check_called
from aiobotantic.testing.json_protocol import (
    HttpAnswer,
    HttpRequest,
    JsonProtocol,
    ServedProtocol,
)
from aiobotantic.testing.json_values import is_array, is_object
from aiobotantic.testing.kinds import Limits, ResourceKind, Rules
from aiobotantic.testing.rest_json_protocol import RestJsonProtocol
from aiobotantic.testing.scripts import Scripts
from aiobotantic.testing.state import State
from aiobotantic.testing.status_page import PATH, StatusPage, is_for_page
from aiobotantic.testing.words import Place

if TYPE_CHECKING:
    from aiobotantic.testing.front import Front

_log = logging.getLogger(__name__)
_SNAPSHOT_VERSION: Final = 1

Answered = Mapping[str, Any] | None
Handler = Callable[[Mapping[str, Any]], Answered | Awaitable[Answered]]
"""Takes a request's members by wire name, and returns the answer's; None: as without a function."""

PROTOCOLS: dict[str, Callable[[Service, Mapping[str, Operation[Any]]], ServedProtocol]] = {
    "json": JsonProtocol,
    "rest-json": RestJsonProtocol,
}
"""botocore's name of a protocol to what reads and writes it."""

Hook: TypeAlias = Callable[[str, Mapping[str, Any]], Awaitable[None]]
"""Takes AWS's name of an operation, and a request's members by wire name."""


def _none() -> Sequence[type[Client]]:
    return ()


@dataclass(frozen=True)
class _Face:
    """One of the services that a server answers for."""

    service: Service
    operations: Mapping[str, Operation[Any]]
    protocol: ServedProtocol
    behaviour: Behaviour
    place: Place


class Server(Direction):
    """Answers every operation of a service on loopback; see `url`.

    Use it as an async context manager, or call `start` and `stop`. Operations that the service's
    behaviour table lists work on resources that the server keeps; any other gets an answer made
    from its response class. Requests are checked as the client checks them, except that values an
    enum does not list are taken.

    Args:
        client: the generated client class.
        beside: returns client classes of further services at the same address, whose resources are
            kept beside; it is called when one of them is first asked for.
        behaviour: the service's table, as plain values or read; None reads the generated one.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        region: region that made-up ARNs name.
        account: account that made-up ARNs name, 12 digits.
        steps: how often Describe or List shows a status that passes by itself, before the next one
            follows. 0: such a status is never seen.
        now: seconds since 1970, UTC; what creation times come from.
        lasting: kinds of resources to the seconds of the server's clock that each of their passing
            statuses lasts; `steps` does not hold for them.
        stateless: whether nothing is kept, and every answer is made from its response class.
        keys: access key ids to their secrets, or to pairs of secret and session token: signatures
            are then checked. None: any signature is taken.
        show_sensitive: whether the status page shows what the model calls sensitive.

    Raises:
        ValueError: a protocol that the server does not speak, a table with unknown entries, or
            `lasting` names no kind of resources.
    """

    def __init__(
        self,
        client: type[Client],
        *,
        beside: Callable[[], Sequence[type[Client]]] = _none,
        behaviour: Behaviour | Mapping[str, Any] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        region: str = "us-east-1",
        account: str = "123456789012",
        steps: int = 1,
        now: Callable[[], float] = time.time,
        lasting: Mapping[str, float] | None = None,
        stateless: bool = False,
        keys: Mapping[str, str | tuple[str, str]] | None = None,
        show_sensitive: bool = False,
    ) -> None:
        self.clock = Clock(now)
        """What times of resources come from; `clock.advance(minutes=7)` puts it forward."""
        self.limits: dict[str, int] = Limits(self._kind)
        """Kinds of resources to how many may exist: `limits["notebook_instance"] = 2`."""
        self.region = region
        self.journal = Journal()
        """The newest 5,000 requests, oldest first; `journal.limit` keeps more or fewer."""
        self.state = State()
        self.outside: dict[str, Callable[[HttpRequest], HttpAnswer]] = {}
        """Signing names of services that are no client's, to what answers their requests."""
        self.place = Place(region, account)
        """Where made-up resources live."""
        self._steps = steps
        self._lasting = lasting or {}
        self._stateless = stateless
        self._access = None if keys is None else Access(keys, region)
        self._beside = beside
        self._faces: dict[str, _Face] = {}
        self._handlers: dict[str, Handler] = {}
        face = self._add(client, behaviour)
        self.service = face.service
        for kind in self._lasting:
            self._kind(kind)
        self.operations = face.operations
        """Operations by AWS's name."""
        self.faults = Scripts()
        self._page = StatusPage(self, show_sensitive)
        self._streams: dict[str, list[Mapping[str, Chunks]]] = {}
        self._hooks: list[tuple[str | None, Hook]] = []
        self._connections = WeakKeyDictionary[Any, int]()
        self._connected = 0
        self._address = (host, port)
        self._runner: web.ServerRunner | None = None

    def _add(
        self, client: type[Client], behaviour: Behaviour | Mapping[str, Any] | None = None
    ) -> _Face:
        service = client.SERVICE
        if service.protocol not in PROTOCOLS:
            raise ValueError(
                f"{service.name} speaks {service.protocol}; the testing server speaks "
                f"{', '.join(PROTOCOLS)} only"
            )
        operations = dict(client.operations())
        if behaviour is None:
            behaviour = load_behaviour(service.package)
        elif not isinstance(behaviour, Behaviour):
            behaviour = read_behaviour(behaviour)
        signing = str(service.metadata.get("signingName", service.name))
        place = Place(self.region, self.place.account, signing)
        rules = Rules(place, self._steps, self.clock, behaviour.lists, self.limits, self._lasting)
        self.state.add(behaviour, rules, operations)
        protocol = PROTOCOLS[service.protocol](service, operations)
        face = _Face(service, operations, protocol, behaviour, place)
        self._faces[service.name] = face
        return face

    def _all_faces(self) -> Iterable[_Face]:
        """Yield the services, the client's own first; those beside it are loaded at first use."""
        yield from [self._faces[self.service.name]]
        beside, self._beside = self._beside, _none
        for client in beside():
            if client.SERVICE.name not in self._faces:
                self._add(client)
        yield from list(self._faces.values())[1:]

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
    def status_url(self) -> str:
        """Where a browser on this machine finds the status page.

        Raises:
            RuntimeError: the server does not run.
        """
        url = self.url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
        return f"{url}{PATH}"

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

    def answer_with(self, operation: str, handler: Handler) -> None:
        """Answer an operation by a function from now on, whatever is kept.

        Args:
            operation: AWS's name: `InvokeEndpoint`.
            handler: takes the request's members by wire name, and returns those of the answer, or
                an awaitable of them; an error of the service is raised as a `ServedError`.

        Raises:
            ValueError: the service has no such operation.
        """
        self._operation(operation)
        self._handlers[operation] = handler

    def snapshot(self) -> dict[str, Any]:
        """Return all resources that are kept, as values that JSON can hold."""
        return {"version": _SNAPSHOT_VERSION, "resources": self.state.snapshot()}

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Keep what a snapshot holds, and nothing else; the journal stays.

        Raises:
            ValueError: the value is no snapshot, or one with resources that this server does not
                keep.
        """
        if snapshot.get("version") != _SNAPSHOT_VERSION or "resources" not in snapshot:
            raise ValueError(
                f"this is no snapshot of version {_SNAPSHOT_VERSION}: pass what snapshot() returned"
            )
        list(self._all_faces())
        self.state.restore(snapshot["resources"])

    def assert_called(self, operation: str, times: int | None = None, **members: Any) -> None:
        """Raise an AssertionError unless an operation was called with these members.

        Args:
            operation: AWS's name: `CreateEndpoint`.
            times: how often; None: once or more. 0: it was not.
            members: by wire name, what such a request has at least: `EndpointName="e"`.

        Raises:
            AssertionError: it was not; the message has the call that comes nearest.
            ValueError: the service has no such operation.
        """
        self._operation(operation)
        check_called(self.journal, operation, members, times)

    def every_operation(self) -> Mapping[str, Operation[Any]]:
        """Return the operations of all services at this address, by AWS's name."""
        return {
            name: operation
            for face in self._all_faces()
            for name, operation in face.operations.items()
        }

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
        found = self._operation(operation)
        member = self._face_of(found).protocol.stream(found, items)
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
        from aiobotantic.testing.front import Front

        return Front(self.url, operation_of=self._name_of, seed=seed, tls=tls)

    def _name_of(self, request: HttpRequest) -> str | None:
        headers = {name.title(): value for name, value in request.headers.items()}
        try:
            return self._asked(replace(request, headers=headers))[1].name
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

    def _kind(self, name: str) -> ResourceKind:
        if name not in self.state.kinds:
            list(self._all_faces())
        return self.state.kind(name)

    def _operation(self, name: str) -> Operation[Any]:
        for face in self._all_faces() if name not in self.operations else ():
            if name in face.operations:
                return face.operations[name]
        if name in self.operations:
            return self.operations[name]
        near = get_close_matches(name, self.operations)
        hint = f"did you mean {' or '.join(near)}?" if near else "pass a key of `operations`"
        raise ValueError(f"{self.service.name} has no operation {name}: {hint}")

    def _face_of(self, operation: Operation[Any]) -> _Face:
        return next(face for face in self._faces.values() if operation.name in face.operations)

    async def _handle(self, received: web.BaseRequest) -> web.StreamResponse:
        waits = received.headers.get("Expect", "").lower() == "100-continue"
        if waits and received.transport is not None:  # aiohttp's clients send no body before it
            received.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await received.content.read()
        request = HttpRequest(received.method, received.raw_path, received.headers, body)
        if is_for_page(request):
            shown = self._page.answer(request, received.remote)
            return web.Response(status=shown.status, body=shown.body, headers=shown.headers)
        connection = self._number(received.transport)
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
            if answer.body.later is not None:
                async with aclosing(answer.body.later) as later:
                    async for piece in later:
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
        if self.outside and (outside := self._outside(request)) is not None:
            return outside(request)
        at, begun = self.clock.now(), time.perf_counter()
        operation: Operation[Any] | None = None
        members: dict[str, Any] = {}
        code = message = None
        face = self._faces[self.service.name]
        try:
            self._check_access(request)
            face, operation = self._asked(request)
            self.faults.fail(operation.name)
            members = face.protocol.read(operation, request)
            if (fault := invalid_request(operation.request_class, members)) is not None:
                raise fault
            for listened, hook in self._hooks:
                if listened in (None, operation.name):
                    await hook(operation.name, members)
            answer = face.protocol.write(operation, await self._carry_out(face, operation, members))
        except ServedError as fault:
            if isinstance(fault, InvalidRequestError):
                fault.in_words_of(operation)
            code, message = fault.code, fault.message
            answer = face.protocol.write_fault(fault)
        except Exception as error:
            _log.exception("the testing server failed")  # the next request may fare better
            code, message = "InternalFailure", f"{type(error).__name__}: {error}"
            answer = face.protocol.write_fault(ServedError(code, message))
        name = None if operation is None else operation.name
        seconds, size = time.perf_counter() - begun, len(request.body)
        entry = (name, members, answer.status, request_id, code, connection, message, at, seconds)
        self.journal.add(JournalEntry(*entry, size))
        return answer

    def _outside(self, request: HttpRequest) -> Callable[[HttpRequest], HttpAnswer] | None:
        """Return what answers a request that is signed for a service of no client."""
        scope = request.headers.get("Authorization", "").partition("/aws4_request")[0]
        return self.outside.get(scope.rpartition("/")[2])

    def _check_access(self, request: HttpRequest) -> None:
        if self._access is not None:
            self._access.check(request, time.time())
        elif "Authorization" not in request.headers:
            raise missing_token()

    def _asked(self, request: HttpRequest) -> tuple[_Face, Operation[Any]]:
        """Return the operation that a request is for, and its service."""
        unknown: ServedError | None = None
        for face in self._all_faces():
            try:
                return face, face.protocol.operation(request)
            except ServedError as fault:
                if "X-Amz-Target" in request.headers:
                    raise
                unknown = unknown or fault
        raise unknown or ValueError("a server has a service")

    async def _carry_out(
        self, face: _Face, operation: Operation[Any], request: Mapping[str, Any]
    ) -> dict[str, Any]:
        name, answers = operation.name, face.behaviour.answers
        answered = self._handlers[name](request) if name in self._handlers else None
        if isawaitable(answered):
            answered = await answered
        if answered is not None:
            made = dict(answered)
        elif self.state.keeps(name) and not self._stateless:
            kept = self.state.carry_out(name, request)
            made = selected(operation.response_class, kept)
            self._fill_up(operation, made, answers)
        else:
            if not self._stateless:
                self.state.require_of(name, request)
            made = made_up(operation, request, answers, face.place)
        streams = self._streams.get(name)
        return made if not streams else {**made, **streams.pop(0)}

    def _fill_up(
        self, operation: Operation[Any], members: dict[str, Any], answers: Answers
    ) -> None:
        """Make up what the model says an answer has, and no request has given."""
        member, fills = self.state.fills(operation.name)
        if not fills:
            return
        cls = operation.response_class
        if member is None:
            fill_up(cls, members, fills, answers)
            return
        held = members.get(member)
        for each in held if is_array(held) else [held]:
            if is_object(each):
                fill_up(inner(cls, member), each, fills, answers)
