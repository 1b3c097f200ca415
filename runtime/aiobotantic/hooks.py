"""Hooks: functions of the user's that a client calls around its calls, plain or async."""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from aiobotantic.errors import ConfigurationError, ServiceError
from aiobotantic.masking import hide_repeated

if TYPE_CHECKING:
    from aiobotantic.lanes import Call
    from aiobotantic.structure import Request, Structure

_OWN: Final = frozenset(
    {
        *("accept-encoding", "amz-sdk-invocation-id", "amz-sdk-request", "authorization"),
        *("connection", "content-length", "expect", "host", "transfer-encoding", "user-agent"),
        *("x-amz-date", "x-amz-security-token"),
    }
)
"""Headers, in lower case, that a client writes itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvent:
    """What every hook is told of a call."""

    service: str
    """botocore's name of the service: `sagemaker`."""
    operation: str
    """AWS's name of the operation."""
    region_name: str | None
    endpoint_url: str
    context: dict[str, Any]
    """Empty at the start of a call, and the same dict in all events of it: put there what you
    want to find again."""
    call: Call = field(repr=False)

    @property
    def request(self) -> Request[Any]:
        """The request. Changes are not sent."""
        return self.call.request


@dataclass(frozen=True, slots=True, kw_only=True)
class BeforeCall(CallEvent):
    """A request was checked and written, and is about to be sent."""

    @property
    def headers(self) -> dict[str, str]:
        """The headers that the protocol sends; what is added is signed and sent, too.

        Names are compared without case, and of two that are the same the later one is sent. A
        header that the client writes itself (`Host`, `Content-Length`, `Authorization`,
        `User-Agent` and the like), and a name or value that is no text, end the call with a
        ConfigurationError.
        """
        return self.call.http.headers


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterCall(CallEvent):
    """An answer arrived."""

    response: Structure
    seconds: float
    """Since `before_call`, retries included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFailed(CallEvent):
    """A call ended in an error, or was cancelled."""

    error: BaseException
    """What the caller gets, CancelledError included."""
    seconds: float
    """Since `before_call`, retries included."""
    attempts: int
    """HTTP requests that were begun; 0 where a `before_call` hook ended the call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRetried(CallEvent):
    """A request went wrong and will be sent again."""

    error: Exception
    """What went wrong."""
    delay: float
    """Seconds until the request is sent again."""
    attempts: int
    """HTTP requests that were begun so far."""


Event = TypeVar("Event", bound=CallEvent)
Hook: TypeAlias = Callable[[Event], Awaitable[None] | None]


@dataclass(frozen=True, slots=True)
class Hooks:
    """The hooks of a client, in the order in which they were added."""

    before_call: list[Hook[BeforeCall]] = field(default_factory=list[Hook[BeforeCall]])
    after_call: list[Hook[AfterCall]] = field(default_factory=list[Hook[AfterCall]])
    on_error: list[Hook[CallFailed]] = field(default_factory=list[Hook[CallFailed]])
    on_retry: list[Hook[CallRetried]] = field(default_factory=list[Hook[CallRetried]])

    def __bool__(self) -> bool:
        return bool(self.before_call or self.after_call or self.on_error or self.on_retry)


OnBeforeCall = TypeVar("OnBeforeCall", bound=Hook[BeforeCall])
OnAfterCall = TypeVar("OnAfterCall", bound=Hook[AfterCall])
OnCallFailed = TypeVar("OnCallFailed", bound=Hook[CallFailed])
OnCallRetried = TypeVar("OnCallRetried", bound=Hook[CallRetried])


class Hookable:
    """Takes hooks: the part of a client that is about them."""

    _hooks: Hooks

    def before_call(self, hook: OnBeforeCall) -> OnBeforeCall:
        """Call a function, plain or async, before each call is sent; return the function.

        Hooks serve as decorators (`@client.before_call`), and hold for the client and all its
        views, for pages and waiters too. What a hook raises ends the call. Requests that are
        refused are no calls. Adding a hook takes effect with the next call.
        """
        self._hooks.before_call.append(hook)
        return hook

    def after_call(self, hook: OnAfterCall) -> OnAfterCall:
        """Call a function after each answer; see `before_call`."""
        self._hooks.after_call.append(hook)
        return hook

    def on_error(self, hook: OnCallFailed) -> OnCallFailed:
        """Call a function when a call ends in an error or is cancelled; see `before_call`."""
        self._hooks.on_error.append(hook)
        return hook

    def on_retry(self, hook: OnCallRetried) -> OnCallRetried:
        """Call a function before a request is sent again; see `before_call`."""
        self._hooks.on_retry.append(hook)
        return hook


class HookedCall:
    """The events of one call."""

    def __init__(
        self, hooks: Hooks, call: Call, region_name: str | None, endpoint_url: str
    ) -> None:
        self._hooks = hooks
        self._call = call
        self._facts: dict[str, Any] = {
            "service": call.service.name,
            "operation": call.operation.name,
            "region_name": region_name,
            "endpoint_url": endpoint_url,
            "context": {},
            "call": call,
        }

    async def around(self, send: Callable[[], Awaitable[Structure]]) -> Structure:
        """Send, with the hooks before and after."""
        before = BeforeCall(**self._facts)
        started = time.monotonic()
        is_sent = False
        try:
            for hook in self._hooks.before_call:
                await _told(hook(before))
            _settle(self._call.http.headers)
            started = time.monotonic()
            is_sent = True
            response = await send()
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            event = CallFailed(
                **self._facts,
                error=error,
                seconds=time.monotonic() - started,
                attempts=self._call.attempts if is_sent else 0,
            )
            await _tell(self._hooks.on_error, event)
            raise
        seconds = time.monotonic() - started
        await _tell(
            self._hooks.after_call, AfterCall(**self._facts, response=response, seconds=seconds)
        )
        return response

    async def retried(self, error: Exception, delay: float) -> None:
        """Tell that the request that went wrong is sent again."""
        attempts = self._call.attempts - 1  # the next one is counted already
        if isinstance(error, ServiceError):
            hide_repeated(error, self._call.request)
        await _tell(
            self._hooks.on_retry,
            CallRetried(**self._facts, error=error, delay=delay, attempts=attempts),
        )


def _settle(headers: dict[Any, Any]) -> None:
    """Leave one header of each name, and refuse what hooks may not set."""
    names: dict[str, Any] = {}
    for name, value in list(headers.items()):
        if not (isinstance(name, str) and isinstance(value, str)):
            raise ConfigurationError(
                f"a before_call hook set the header {name!r} to a {type(value).__name__}: names "
                "and values of headers are texts"
            )
        lower = name.lower()
        if lower in _OWN:
            raise ConfigurationError(
                f"a before_call hook set the header {name!r}, which the client writes itself: "
                "remove it from the hook (a Config has user_agent_extra, an endpoint endpoint_url)"
            )
        if (earlier := names.get(lower)) is not None:
            del headers[earlier]
        names[lower] = name


async def _tell(hooks: list[Hook[Event]], event: Event) -> None:
    """Tell every hook; what the first that fails raises is raised when all have been told.

    A cancellation, or the end of the program, comes before what is an error of a hook.
    """
    failure: BaseException | None = None
    for hook in hooks:
        try:
            await _told(hook(event))
        except BaseException as error:
            if failure is None or not isinstance(error, Exception):
                failure = error
    if failure is not None:
        raise failure


async def _told(told: Any) -> None:
    if inspect.isawaitable(told):
        await told
