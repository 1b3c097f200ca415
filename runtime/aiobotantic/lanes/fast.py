"""The fast lane: our bytes, our signature, our connections and our parser.

It takes the calls of clients that nothing was hung into; `aiobotantic.lanes.gate` says which.
Credentials, endpoint rules, user agent, pool, TLS and timeouts are what aiobotocore would take
(`aiobotantic.lanes.footing`), and every other call goes through an aiobotocore client.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote, urlsplit
from weakref import WeakSet

from botocore.exceptions import BotoCoreError

from aiobotantic import errors
from aiobotantic.errors import TransportError
from aiobotantic.lanes import Call, Pipeline
from aiobotantic.lanes.addresses import (
    UNSIGNED_HEADERS,
    host_of,
    join,
    origin_of,
    query_text,
    target_of,
    without_dots,
)
from aiobotantic.lanes.connections import Origin
from aiobotantic.lanes.credentials import checked
from aiobotantic.lanes.footing import Footing, Route
from aiobotantic.lanes.gate import call_reason, patched
from aiobotantic.lanes.http import Answer, Exchange
from aiobotantic.lanes.http_errors import NotConnectedError
from aiobotantic.lanes.plain import StaticCredentials
from aiobotantic.lanes.quiet_logs import masked_logs
from aiobotantic.lanes.retries import Outcome
from aiobotantic.lanes.signing import canonical_path, canonical_query, hash_of
from aiobotantic.lanes.transport import (
    FAILURES,
    ambiguous_error,
    failure,
    read_headers,
    tellable,
    transport_error,
)
from aiobotantic.operation import Operation
from aiobotantic.protocols import Headers, WireProtocol, request_id_of
from aiobotantic.structure import ResponseMetadata, Structure
from aiobotantic.values import new_uuid

if TYPE_CHECKING:
    from aiobotantic.lanes.compat import CompatLane

logger = logging.getLogger(__name__)

_MOST_TARGETS: Final = 1_000
"""Addresses that are kept: paths hold names."""
_MOST_HASHED_HERE: Final = 2 * 1024 * 1024
"""Bytes of a body that are hashed on the event loop, 0.7 ms each MB; more, in a thread."""
_TRACE: Final = "X-Amzn-Trace-Id"
_TRACE_SAFE: Final = "-=;:+&[]{}\"',"


class _Target(NamedTuple):
    """An address: as it is sent, and as it is signed."""

    origin: Origin
    line: str
    host: str
    path: str
    query: str


class FastLane:
    """See `aiobotantic.lanes.Lane`."""

    def __init__(self, footing: Footing, protocol: WireProtocol) -> None:
        self.footing = footing
        self.retries = footing.retries
        self.closed = False
        self._protocol = protocol
        self._credentials = checked(footing.credentials)
        self._may_fetch = not isinstance(footing.credentials, StaticCredentials)
        self._user_agent = footing.user_agent
        self._in_lambda = "AWS_LAMBDA_FUNCTION_NAME" in os.environ
        self._exchanger: Exchange | None = None
        self._streams: WeakSet[Answer] = WeakSet()
        self._routes: dict[str, Route] = {}
        self._targets: dict[tuple[str, str], _Target] = {}
        self._reasons: dict[str, str | None] = {}
        self.region_name = footing.region_name
        self.endpoint_url = footing.endpoint_url

    @property
    def pipeline(self) -> Pipeline:
        """Which lane, and why: instrumentation may come later than the client."""
        if (place := patched()) is not None:
            return Pipeline("botocore", f"{place} is patched")
        return Pipeline("fast", "nothing asks for aiobotocore's own pipeline")

    async def call(self, call: Call) -> Structure:
        """Send a request, repeat it where `aiobotantic.retry` says so, and return the answer."""
        if not self._takes(call) or patched() is not None:
            return await (await self._compat(call)).call(call)
        try:
            return await self._send(call)
        except errors.AioBotanticError:
            raise
        except BotoCoreError as error:  # of credentials, or of endpoint rules
            ours = (await self._compat(call)).our_error(error, call)
            if ours is error:
                raise
            raise ours from error
        except asyncio.CancelledError:
            self.retries.abandon(call)
            raise

    async def _compat(self, call: Call) -> CompatLane:
        try:
            return await self.footing.compat()
        except FAILURES as error:
            lost = transport_error(failure(error, self.endpoint_url), call)
            raise lost or error from error

    async def _send(self, call: Call) -> Structure:
        invocation = new_uuid()
        route = self._routes.get(call.operation.name) or await self._route(call.operation)
        while True:
            outcome: Outcome
            cause: BaseException | None = None
            try:
                status, headers, body = await self._exchange(call, route, invocation)
            except FAILURES as error:
                lost = transport_error(failure(error, route.endpoint), call)
                if lost is None:
                    raise
                outcome, cause = lost, tellable(error, call)
            else:
                if 200 <= status < 300:
                    try:
                        return self._answer(call, status, headers, body)
                    except errors.ResponseParseError as error:  # its base is slow to import
                        if isinstance(body, Answer):
                            body.close()
                        error.attempts = call.attempts
                        outcome = error
                else:
                    outcome = self._error(call, status, headers, body)
            delay = None if self.closed else self.retries.delay(call, outcome)
            if delay is None:
                if call.ambiguous and isinstance(outcome, TransportError):
                    raise ambiguous_error(outcome, call) from cause
                raise outcome from cause
            if call.hooks is not None:
                await call.hooks.retried(outcome, delay)
            await asyncio.sleep(delay)

    async def warm_up(self, operations: Iterable[Operation[Any]]) -> None:
        """Resolve endpoints and set up TLS; nothing is sent."""
        await self.footing.http().pool.prepare(origin_of(self.endpoint_url))
        for operation in operations:
            if call_reason(operation, b"") is None:
                await self._route(operation)

    async def close(self) -> None:
        """Close every connection."""
        self.closed = True
        for answer in list(self._streams):
            answer.close()
        await self.footing.close()

    def _takes(self, call: Call) -> bool:
        """Return whether this lane speaks what a call needs."""
        name = call.operation.name
        if name not in self._reasons:
            self._reasons[name] = call_reason(call.operation, b"")
        return self._reasons[name] is None and isinstance(call.http.body, bytes)

    async def _route(self, operation: Operation[Any]) -> Route:
        """Let the endpoint rules say where an operation goes, once."""
        route = self._routes[operation.name] = await self.footing.route(operation)
        return route

    async def _exchange(
        self, call: Call, route: Route, invocation: str
    ) -> tuple[int, Headers, Any]:
        """Sign a request, send it, and return the answer: whole, or with a body that streams."""
        http = call.http
        if self.closed:  # during the wait before this attempt
            raise NotConnectedError("the client was closed")
        credentials = await (
            self._fetched() if self._may_fetch else self._credentials.get_frozen_credentials()
        )
        target = self._target(call, route)
        shift = self.retries.begin(call)
        given = {**http.headers, **route.headers}
        signed = {
            lower: value
            for name, value in given.items()
            if (lower := name.lower()) not in UNSIGNED_HEADERS
        }
        signed["host"] = target.host
        if len(http.body) > _MOST_HASHED_HERE:
            digest = await asyncio.to_thread(hash_of, http.body)
        else:
            digest = hash_of(http.body)
        made = route.signer.sign(
            credentials,
            time.time() + shift.total_seconds() if shift else time.time(),
            http.method,
            target.path,
            target.query,
            signed,
            digest,
        )
        attempt = f"attempt={call.attempts}"
        if call.attempts > 1:
            attempt = f"{attempt}; max={self.retries.limit(call)}"
        headers = {
            **given,
            **made,
            "User-Agent": self._user_agent,
            "amz-sdk-invocation-id": invocation,
            "amz-sdk-request": attempt,
            "Accept-Encoding": "identity",
        }
        if self._in_lambda and (trace := os.environ.get("_X_AMZN_TRACE_ID")):  # of the invocation
            headers.setdefault(_TRACE, quote(trace, safe=_TRACE_SAFE))
        logger.debug("%s: attempt %d, to %s", call.operation.name, call.attempts, target.host)
        exchange = self._exchanger
        if exchange is None:
            exchange = self._exchanger = self.footing.http()
        request = http.method, target.origin, target.line, target.host, headers, http.body
        if not call.operation.streams:
            status, sent, body = await exchange.send(*request, call.options.max_answer_bytes)
            return status, Headers(read_headers(sent)), body
        answer = await exchange.open(*request)
        read = Headers(read_headers(answer.headers))
        if not 200 <= answer.status < 300:
            return answer.status, read, await answer.whole(call.options.max_answer_bytes)
        self._streams.add(answer)
        return answer.status, read, answer

    async def _fetched(self) -> Any:
        """Return credentials that a provider may fetch first, as an answer that it logs."""
        with masked_logs():
            return await self._credentials.get_frozen_credentials()

    def _target(self, call: Call, route: Route) -> _Target:
        http = call.http
        plain = not http.query and not http.host_prefix
        place = route.endpoint, http.path
        if plain and (known := self._targets.get(place)) is not None:
            return known
        address = join(route.endpoint, http.path, http.host_prefix)
        if http.query:
            sign = "&" if "?" in address else "?"
            address = f"{address}{sign}{query_text(http.query)}"
        parts = urlsplit(address)
        target = _Target(
            origin_of(address),
            target_of(address),
            host_of(address),
            canonical_path(without_dots(parts.path)),
            canonical_query(parts.query),
        )
        if plain:
            if len(self._targets) >= _MOST_TARGETS:
                self._targets.clear()
            self._targets[place] = target
        return target

    def _answer(self, call: Call, status: int, headers: Headers, body: Any) -> Structure:
        structure = self._protocol.parse(call.operation, status, headers, body)
        vars(structure)["response_metadata"] = ResponseMetadata(
            request_id=request_id_of(headers),
            status_code=status,
            headers=dict(headers),
            attempts=call.attempts,
        )
        self.retries.succeeded(call)
        return structure

    def _error(self, call: Call, status: int, headers: Headers, body: bytes) -> Outcome:
        error = self._protocol.parse_error(call.service, call.operation, status, headers, body)
        error.response["ResponseMetadata"]["RetryAttempts"] = call.attempts - 1
        return error
