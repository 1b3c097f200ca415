"""The client: a session and options, and the one way that every call takes."""

# ruff: noqa: ASYNC109  (`timeout` is what callers look for)

from __future__ import annotations

import asyncio
import copy
import keyword
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn, Self, TypeVar

from aiobotantic.checks import checker
from aiobotantic.deadlines import before_deadline, doubt
from aiobotantic.door import write_request
from aiobotantic.errors import (
    ClientClosedError,
    ConfigurationError,
    ServiceError,
    TransportError,
)
from aiobotantic.hooks import Hookable, HookedCall, Hooks
from aiobotantic.lanes import Call, Lane, Pipeline, Settings
from aiobotantic.lanes.connection import Connection
from aiobotantic.masking import hide_repeated
from aiobotantic.open_bodies import open_body
from aiobotantic.operation import Operation, Output, Service
from aiobotantic.options import (
    CallOptions,
    Validation,
    check_region,
    check_seconds,
    check_validation,
    default_validation,
)
from aiobotantic.pages import Pagination, Paginator
from aiobotantic.pickling import public_module, resolve
from aiobotantic.plain_http import warn_of_plain_http
from aiobotantic.protocols import HttpRequest, protocol_of
from aiobotantic.structure import Request, Response, Structure, built, describe
from aiobotantic.values import new_uuid
from aiobotantic.waiters import OnPoll, Waiter, backing_off, poll
from aiobotantic.wire import WireDoor

if TYPE_CHECKING:
    from aiobotocore.config import AioConfig
    from aiobotocore.session import AioSession

    from aiobotantic.bodies import BytesInput
    from aiobotantic.polling import SharedPoller

Page = TypeVar("Page", bound=Structure)
Item = TypeVar("Item")


class Operations:
    """Base of the generated classes that hold the operations of a family."""

    OPERATIONS: ClassVar[tuple[Operation[Any], ...]] = ()
    """The operations of the family."""

    if TYPE_CHECKING:  # what the methods of a family call: `Client` has it

        async def _call(self, operation: Operation[Output], /, **fields: Any) -> Output: ...

        def _iterate(
            self,
            pagination: Pagination[Page, Item],
            /,
            *,
            limit: int | None,
            starting_token: str | None,
            page_size: int | None = None,
            **fields: Any,
        ) -> Paginator[Page, Item]: ...

        async def _wait(
            self,
            waiter: Waiter,
            operation: Operation[Output],
            /,
            *,
            timeout: float | None,
            delay: float | None,
            on_poll: OnPoll[Output] | None = None,
            **fields: Any,
        ) -> Output: ...

        async def _wait_or_gone(
            self,
            waiter: Waiter,
            operation: Operation[Output],
            /,
            *,
            timeout: float | None,
            delay: float | None,
            on_poll: OnPoll[Output] | None = None,
            **fields: Any,
        ) -> Output | None: ...

    async def _call_open(
        self,
        operation: Operation[Output],
        /,
        *,
        body: BytesInput | None,
        content_type: str | None,
        json: Any,
        text: str | None,
        **fields: Any,
    ) -> Output:
        taken, kind = await open_body(body, content_type, json=json, text=text)
        return await self._call(operation, body=taken, content_type=kind, **fields)


class Client(Hookable, Operations):
    """Base of the generated clients.

    Use it in `async with`, or `await client.open()` and `await client.close()`. It belongs to the
    event loop and the process that opened it; any number of tasks may share it.
    """

    SERVICE: ClassVar[Service]
    """What is generated of the service as a whole."""

    def __init__(
        self,
        session: AioSession | None = None,
        *,
        region_name: str | None = None,
        endpoint_url: str | None = None,
        aws_access_key_id: str | None = None,
        aws_secret_access_key: str | None = None,
        aws_session_token: str | None = None,
        profile_name: str | None = None,
        config: AioConfig | None = None,
        verify: bool | str | None = None,
        validation: Validation | None = None,
        pipeline: Literal["botocore"] | None = None,
    ) -> None:
        """Make a client. Nothing is loaded or fetched before it is opened.

        Args:
            session: An aiobotocore session, whose handlers, credentials and configuration are
                used and which stays as it is. Default: a new one.
            region_name: Region. Default: what the environment or the profile says.
            endpoint_url: Address of the service. Default: what the endpoint rules say.
            aws_access_key_id: Access key. Default: the session's credentials.
            aws_secret_access_key: Its secret.
            aws_session_token: Its session token.
            profile_name: Profile of the new session. Default: what the environment says.
            config: An aiobotocore Config. Unless it, the session, the environment or the profile
                says otherwise, there are at most 100 connections and the retry mode is `standard`.
            verify: False for TLS without verification, or a file of certificates.
            validation: `strict` refuses requests that break a limit of the model, `warn` sends
                them and gives a Python warning, `off` sends them. Default: the environment
                variable of the package's name and `_VALIDATION`, else `strict`.
            pipeline: `botocore` for aiobotocore's own pipeline. None chooses the lane.

        Raises:
            ConfigurationError: an option has a value that it cannot have.
        """
        service = self.SERVICE
        name = type(self).__name__
        if session is not None and not _is_of(session, "aiobotocore.session", "AioSession"):
            raise ConfigurationError(
                f"{name} takes an aiobotocore session (AioSession) as its first argument, not "
                f"{_shown(session)}. It knows its service and makes a session itself: "
                f'{name}(region_name="us-east-1")'
            )
        if config is not None and not _is_of(config, "botocore.config", "Config"):
            raise ConfigurationError(
                f"{name} takes an aiobotocore Config as config, not {_shown(config)}: "
                f"{name}(config=AioConfig(read_timeout=30))"
            )
        if pipeline not in ("botocore", None):
            raise ConfigurationError(f"pipeline is {pipeline!r}: pass 'botocore' or nothing")
        if validation is None:
            validation = default_validation(service.package.partition(".")[0])
        self._protocol = protocol_of(service)
        self._options = CallOptions(validation=check_validation(validation, "validation"))
        self._hooks = Hooks()
        settings = Settings(
            session=session,
            region_name=region_name,
            endpoint_url=endpoint_url,
            aws_access_key_id=aws_access_key_id,
            aws_secret_access_key=aws_secret_access_key,
            aws_session_token=aws_session_token,
            profile_name=profile_name,
            config=config,
            verify=verify,
            pipeline=pipeline,
        )
        self._connection = Connection(name, settings)

    async def open(self) -> Self:
        """Load what is needed, fetch credentials, and return the client itself.

        Missing credentials are an error of the first call, not of `open`: a handler may sign in
        its own way.

        Raises:
            ClientClosedError: the client was closed.
            CredentialsError: credentials are incomplete, or cannot be loaded.
            ConfigurationError: no region, no such profile, or an option that cannot be used.
        """
        await self._connection.open(self.SERVICE, self.operations(), self._protocol)
        try:
            warn_of_plain_http(self.endpoint_url, self.SERVICE.package.partition(".")[0])
        except ConfigurationError:
            await self.close()
            raise
        return self

    async def close(self) -> None:
        """Close every connection. A second call does nothing."""
        await self._connection.close()

    async def warm_up(self, *methods: str) -> None:
        """Prepare calls, so that the first ones take no longer than those after them.

        Validators and checks are built in a thread, endpoints are resolved, and TLS is set up;
        nothing is sent.

        Args:
            methods: Names of methods, e.g. `create_training_job`.

        Raises:
            ClientClosedError: the client is not open.
            AttributeError: there is no such method.
        """
        lane = self._connection.ready()
        known: Mapping[str, Operation[Any]] = operations_by_method(type(self))
        operations: list[Operation[Any]] = []
        for name in methods:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                hint = f". Did you mean {near[0]!r}?" if near else ""
                raise AttributeError(f"{type(self).__name__} has no method {name!r}{hint}")
            operations.append(known[name])
        await asyncio.to_thread(self._build, operations)
        await lane.warm_up(operations)

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def closed(self) -> bool:
        """Whether the client was closed."""
        return self._connection.closed

    @property
    def region_name(self) -> str | None:
        """Region; before the client is open, the one that was passed."""
        lane = self._connection.lane
        return self._connection.settings.region_name if lane is None else lane.region_name

    @property
    def endpoint_url(self) -> str | None:
        """Address of the service; before the client is open, the one that was passed."""
        lane = self._connection.lane
        return self._connection.settings.endpoint_url if lane is None else lane.endpoint_url

    @property
    def pipeline(self) -> Pipeline:
        """Which lane calls take, and why.

        Raises:
            ClientClosedError: the client is not open.
        """
        return self._connection.ready().pipeline

    @classmethod
    def operations(cls) -> Mapping[str, Operation[Any]]:
        """Return every operation of the service by AWS's name."""
        operations: Mapping[str, Operation[Any]] = _operations(cls)
        return operations

    @property
    def wire(self) -> WireDoor:
        """The same operations, with AWS's own names of arguments."""
        return WireDoor(operations_by_method(type(self)), self._send_wire)

    def with_options(
        self,
        *,
        validation: Validation | None = None,
        timeout: float | None = None,
        deadline: float | None = None,
        retries: int | None = None,
        repeat_ambiguous: bool | None = None,
        poller: SharedPoller | None = None,
        region_name: str | None = None,
        max_answer_bytes: int | None = None,
    ) -> Self:
        """Return the same client, on the same connections, whose calls behave otherwise.

        Args:
            validation: `strict`, `warn` or `off`, as the constructor says.
            timeout: Seconds that a call may take, retries included; then CallTimeoutError.
                Default: no limit beside those of the Config for each request.
            deadline: The moment, by the clock of the event loop (`loop.time()`), at which calls
                end in CallTimeoutError: for several calls that share what time is left.
            retries: How many more requests a call may take after the first. Default: what the
                Config, the environment or the profile says, else 2.
            repeat_ambiguous: Whether a request is repeated although the service may have carried
                it out. Default: no; AmbiguousResultError is raised.
            poller: Polls for all waiters of the view together. Default: each polls for itself.
            max_answer_bytes: The longest answer that a call takes; a longer one is an
                AnswerTooLargeError. Streamed bodies have no limit. Default: 104,857,600.
            region_name: Another region. Its connections are opened by the first call, and closed
                with the client.

        What is None stays as it is.

        Raises:
            ConfigurationError: an option has a value that it cannot have.
        """
        given = {
            "validation": validation,
            "timeout": timeout,
            "deadline": deadline,
            "retries": retries,
            "repeat_ambiguous": repeat_ambiguous,
            "poller": poller,
            "max_answer_bytes": max_answer_bytes,
        }
        changes: dict[str, Any] = {k: value for k, value in given.items() if value is not None}
        view = copy.copy(self)
        view._options = replace(self._options, **changes)
        if region_name is not None:
            check_region(region_name)
            view._connection = self._connection.in_region(region_name)
        return view

    def __copy__(self) -> Self:
        view = object.__new__(type(self))
        view.__dict__.update(self.__dict__)
        return view

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} cannot be pickled: it may hold credentials, and connections. "
            "Make a client in each process"
        )

    async def send(self, request: Request[Response]) -> Response:
        """Send a request that was made as a value, and return the answer.

        Raises:
            RequestValidationError: it breaks a limit of the model.
            ServiceError: the service answered with an error.
            TypeError: it is no request of this service, or of more than one operation.
        """
        operation = _operation_of(type(self), type(request))
        response: Response = await self._send(operation, request)
        return response

    async def wait_for(
        self,
        request: Request[Response],
        *,
        until: Callable[[Response], bool | Awaitable[bool]],
        timeout: float | None = None,
        delay: float = 30,
        on_poll: OnPoll[Response] | None = None,
    ) -> Response:
        """Send a request again and again until its answer is as wanted, and return the answer.

        Args:
            request: What is asked; a call that changes nothing.
            until: Returns whether an answer is the one that is waited for, and is awaited where it
                is async; may raise.
            timeout: Seconds to wait at most. Default: no limit.
            delay: Most seconds between two calls, which begin at a tenth of it.
            on_poll: Is called with each answer, and awaited where it is async.

        Raises:
            WaiterTimedOut: `timeout` passed; it carries the last answer.
            ServiceError: the service answered with an error; after a throttling the wait goes on.
        """
        operation = _operation_of(type(self), type(request))
        check_seconds(delay, "delay")
        check_seconds(timeout, "timeout")

        def has_ended(
            response: Response | None, error: ServiceError | None
        ) -> bool | Awaitable[bool]:
            if error is not None:
                raise error
            return response is not None and until(response)

        answer = await poll(
            lambda: self._send(operation, request),
            has_ended,
            name=f"What was waited for of {operation.name}",
            timeout=timeout,
            turn=backing_off(delay),
            on_poll=on_poll,
        )
        assert answer is not None, "poll ends without a response after an error alone"
        return answer  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        connection = self._connection
        state = "closed" if self.closed else "not open" if connection.lane is None else "open"
        return f"<{type(self).__name__} {state}, region {self.region_name}>"

    async def _call(self, operation: Operation[Output], /, **fields: Any) -> Output:
        return await self._send(operation, operation.request_class(**fields))

    async def _send_wire(self, operation: Operation[Any], members: Mapping[str, Any]) -> Any:
        cls, token = operation.request_class, operation.token
        if token is not None and members.get(name := describe(cls).wire_names[token]) is None:
            members = {**members, name: new_uuid()}
        http = self._protocol.serialize_members(self.SERVICE, operation, members)
        if http is None:
            return await self._send(operation, cls.from_wire(members), wire=True)
        return await self._send_written(operation, members, http)

    async def _send(
        self, operation: Operation[Output], request: Request[Any], *, wire: bool = False
    ) -> Output:
        (self._connection.home or self._connection).ready()
        token = operation.token
        if token is not None and getattr(request, token) is None:
            request = request.model_copy(update={token: new_uuid()})
        http = write_request(
            *(self._protocol, self.SERVICE, operation, request, self._options.validation),
            wire=wire,
        )
        return await self._send_written(operation, request, http)

    async def _send_written(
        self,
        operation: Operation[Output],
        given: Request[Any] | Mapping[str, Any],
        http: HttpRequest,
    ) -> Output:
        connection, options = self._connection, self._options
        if connection.home is not None and connection.lane is None:
            connection.home.ready()
            await connection.open(self.SERVICE, self.operations(), self._protocol)
        lane = connection.ready()
        call = Call(self.SERVICE, operation, given, http, options)
        answer: Any
        if self._hooks:
            call.hooks = HookedCall(self._hooks, call, lane.region_name, lane.endpoint_url)
            answer = await call.hooks.around(lambda: self._carry_out(call, connection, lane))
        else:
            answer = await self._carry_out(call, connection, lane)
        return answer  # type: ignore[no-any-return]

    async def _carry_out(self, call: Call, connection: Connection, lane: Lane) -> Structure:
        options, operation = call.options, call.operation
        try:
            if options.timeout is None and options.deadline is None:
                return await lane.call(call)
            return await before_deadline(lane, call)
        except ServiceError as error:
            hide_repeated(error, call.request)
            raise
        except TransportError as error:
            if connection.closed:
                raise ClientClosedError(
                    f"{connection.client} was closed while {operation.name} was under way"
                    f"{doubt(operation)}"
                ) from error
            raise

    def _build(self, operations: Iterable[Operation[Any]]) -> None:
        """Make what the first call of an operation would make."""
        for operation in operations:
            checker(operation.request_class)
            self._protocol.serialize_members(self.SERVICE, operation, {})
            for cls in (operation.request_class, operation.response_class):
                describe(cls)
                built(cls)

    def _iterate(
        self,
        pagination: Pagination[Page, Item],
        /,
        *,
        limit: int | None,
        starting_token: str | None,
        page_size: int | None = None,
        **fields: Any,
    ) -> Paginator[Page, Item]:
        if pagination.page_size is None and page_size is not None:  # a member of that name
            fields["page_size"] = page_size
        return Paginator(
            self._send,
            pagination,
            pagination.operation.request_class(**fields),
            limit=limit,
            page_size=page_size,
            starting_token=starting_token,
        )

    async def _wait(
        self,
        waiter: Waiter,
        operation: Operation[Output],
        /,
        *,
        timeout: float | None,
        delay: float | None,
        on_poll: OnPoll[Output] | None = None,
        **fields: Any,
    ) -> Output:
        last = await self._wait_or_gone(
            waiter, operation, timeout=timeout, delay=delay, on_poll=on_poll, **fields
        )
        assert last is not None, f"{waiter.name} ends without a response: _wait_or_gone is for it"
        return last

    async def _wait_or_gone(
        self,
        waiter: Waiter,
        operation: Operation[Output],
        /,
        *,
        timeout: float | None,
        delay: float | None,
        on_poll: OnPoll[Output] | None = None,
        **fields: Any,
    ) -> Output | None:
        request = operation.request_class(**fields)
        turn = None
        if (poller := self._options.poller) is not None:
            client, pause = self._connection, waiter.delay if delay is None else delay
            turn = poller.turn(waiter, request, self._send, self.operations(), client, pause)
        return await waiter.wait(
            lambda: self._send(operation, request),
            timeout=timeout,
            delay=delay,
            on_poll=on_poll,
            turn=turn,
        )


def _is_of(value: object, module: str, name: str) -> bool:
    """Return whether a value is of a class, which is not imported for it: who has one, has it."""
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(value, getattr(loaded, name))


def _shown(value: object) -> str:
    kind = type(value)
    if isinstance(value, str):
        return f"the str {value!r}"
    return f"a {kind.__qualname__} of {kind.__module__}"


def _find_operations(client: type[Client]) -> Mapping[str, Operation[Any]]:
    return {
        operation.name: operation
        for cls in client.__mro__
        for operation in vars(cls).get("OPERATIONS", ())
    }


def _find_methods(client: type[Client]) -> Mapping[str, Operation[Any]]:
    """Return every operation by the name of its method."""
    xform_name = resolve("botocore", "xform_name")
    methods: dict[str, Operation[Any]] = {}
    for operation in client.operations().values():
        name = xform_name(operation.name).lower()  # as the generator names methods
        taken = keyword.iskeyword(name) or hasattr(Client, name)
        methods[f"{name}_" if taken else name] = operation
    return methods


def _find_operation(client: type[Client], request: type[Structure]) -> Operation[Any]:
    package, name = client.SERVICE.package, request.__name__
    found = [op for op in client.operations().values() if op.request == name]
    if not found or public_module(request) != f"{package}.models":
        raise TypeError(f"{name} of {public_module(request)} is no request of {client.__name__}")
    if len(found) > 1:
        names = " and ".join(operation.name for operation in found)
        raise TypeError(f"{name} is the input of {names}: call the method that you mean")
    return found[0]


# Typed as Any: for mypy, `type[Client]` is not hashable.
_operations: Any = cache(_find_operations)
operations_by_method: Any = cache(_find_methods)
_operation_of: Any = cache(_find_operation)
