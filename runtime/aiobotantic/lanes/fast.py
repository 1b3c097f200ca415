"""The fast lane: our bytes, our signature and our parser on aiobotocore's HTTP session.

It takes the calls of clients that nothing was hung into; `aiobotantic.lanes.gate` says which.
Credentials, endpoint rules, user agent, pool, TLS and timeouts are those of the aiobotocore client
that the compat lane holds, and every other call goes through that one.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit
from uuid import uuid4

import aiohttp
from botocore.exceptions import BotoCoreError
from yarl import URL

from aiobotantic.errors import ResponseParseError, TransportError
from aiobotantic.lanes import Call, Pipeline
from aiobotantic.lanes.compat import CompatLane
from aiobotantic.lanes.gate import call_reason, patched
from aiobotantic.lanes.http import Exchange
from aiobotantic.lanes.retries import Outcome
from aiobotantic.lanes.signing import Signer, canonical_path, canonical_query
from aiobotantic.lanes.transport import (
    FAILURES,
    ambiguous_error,
    failure,
    read_headers,
    transport_error,
)
from aiobotantic.operation import Operation
from aiobotantic.pickling import resolve
from aiobotantic.protocols import Headers, request_id_of
from aiobotantic.structure import ResponseMetadata, Structure

logger = logging.getLogger(__name__)

_normalize_url_path = resolve("botocore.utils", "normalize_url_path")
_percent_encode_sequence = resolve("botocore.utils", "percent_encode_sequence")
_urljoin = resolve("botocore.awsrequest", "_urljoin")
_host_from_url = resolve("botocore.auth", "_host_from_url")

_UNSIGNED: Final = frozenset(resolve("botocore.auth", "SIGNED_HEADERS_BLACKLIST"))
"""Headers that may change on the way, in lower case."""
_TRACE: Final = "X-Amzn-Trace-Id"
_TRACE_SAFE: Final = "-=;:+&[]{}\"',"


@dataclass(frozen=True, slots=True)
class _Route:
    """Where the requests of an operation go, and what signs them."""

    endpoint: str
    headers: dict[str, str]
    signer: Signer


@dataclass(slots=True)
class _Target:
    """An address: as it is sent, and as it is signed."""

    url: URL
    host: str
    path: str
    query: str


class FastLane:
    """See `aiobotantic.lanes.Lane`."""

    def __init__(self, compat: CompatLane) -> None:
        client = compat.client
        self.compat = compat
        self._client = client
        self.retries = compat.retries
        self._credentials = client._request_signer._credentials
        self._http = client._endpoint.http_session
        self._user_agent: str = client._user_agent_creator.to_string()
        self._exchanger: Exchange | None = None
        self._routes: dict[str, _Route] = {}
        self._plain_targets: dict[str, _Target] = {}
        self._reasons: dict[str, str | None] = {}
        self.region_name = compat.region_name
        self.endpoint_url = compat.endpoint_url

    @property
    def pipeline(self) -> Pipeline:
        """Which lane, and why: instrumentation may come later than the client."""
        if (place := patched()) is not None:
            return Pipeline("botocore", f"{place} is patched")
        return Pipeline("fast", "nothing asks for aiobotocore's own pipeline")

    async def call(self, call: Call) -> Structure:
        """Send a request, repeat it where `aiobotantic.retry` says so, and return the answer."""
        if not self._takes(call) or patched() is not None:
            return await self.compat.call(call)
        try:
            return await self._send(call)
        except BotoCoreError as error:  # of credentials, or of endpoint rules
            ours = self.compat.our_error(error, call)
            if ours is error:
                raise
            raise ours from error
        except asyncio.CancelledError:
            self.retries.abandon(call)
            raise

    async def _send(self, call: Call) -> Structure:
        invocation = str(uuid4())
        route = self._routes.get(call.operation.name) or await self._route(call.operation)
        while True:
            outcome: Outcome
            cause: Exception | None = None
            try:
                status, headers, body = await self._exchange(call, route, invocation)
            except FAILURES as error:
                lost = transport_error(failure(error, route.endpoint), call)
                if lost is None:
                    raise
                outcome, cause = lost, error
            else:
                if 200 <= status < 300:
                    try:
                        return self._answer(call, status, headers, body)
                    except ResponseParseError as error:
                        error.attempts = call.attempts
                        outcome = error
                else:
                    outcome = self._error(call, status, headers, body)
            delay = None if self.compat.closed else self.retries.delay(call, outcome)
            if delay is None:
                if call.ambiguous and isinstance(outcome, TransportError):
                    raise ambiguous_error(outcome, call) from cause
                raise outcome from cause
            await asyncio.sleep(delay)

    async def warm_up(self, operations: Iterable[Operation[Any]]) -> None:
        """Resolve endpoints and set up TLS; nothing is sent."""
        await self._http.plain_session()
        for operation in operations:
            if call_reason(operation, b"") is None:
                await self._route(operation)

    async def close(self) -> None:
        """Close every connection."""
        await self.compat.close()

    def _takes(self, call: Call) -> bool:
        """Return whether this lane speaks what a call needs."""
        name = call.operation.name
        if name not in self._reasons:
            self._reasons[name] = call_reason(call.operation, b"")
        return self._reasons[name] is None and isinstance(call.http.body, bytes)

    async def _route(self, operation: Operation[Any]) -> _Route:
        """Let botocore's endpoint rules say where an operation goes, once."""
        signer = self._client._request_signer
        model = self._client.meta.service_model.operation_model(operation.name)
        context: dict[str, Any] = {
            "client_region": self._client.meta.region_name,
            "client_config": self._client.meta.config,
            "auth_type": model.resolved_auth_type,
        }
        endpoint, headers, _ = await self._client._resolve_endpoint_ruleset(model, {}, context)
        signing = context.get("signing", {})
        own = Signer(
            signing.get("region") or signer._region_name,
            signing.get("signing_name") or signer._signing_name,
        )
        route = self._routes[operation.name] = _Route(endpoint, dict(headers), own)
        return route

    async def _exchange(
        self, call: Call, route: _Route, invocation: str
    ) -> tuple[int, Headers, bytes]:
        """Sign a request, send it, and return the answer whole."""
        http = call.http
        if self.compat.closed:  # during the wait before this attempt
            raise aiohttp.ClientConnectionError("the client was closed")
        credentials = await self._credentials.get_frozen_credentials()
        target = self._target(call, route)
        shift = self.retries.begin(call)
        given = {**http.headers, **route.headers}
        signed = {
            lower: value
            for name, value in given.items()
            if (lower := name.lower()) not in _UNSIGNED
        }
        signed["host"] = target.host
        made = route.signer.sign(
            credentials,
            time.time() + shift.total_seconds() if shift else time.time(),
            http.method,
            target.path,
            target.query,
            signed,
            http.body,
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
        trace = os.environ.get("_X_AMZN_TRACE_ID")
        if trace and _TRACE not in headers and "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
            headers[_TRACE] = quote(trace, safe=_TRACE_SAFE)
        logger.debug("%s: attempt %d, to %s", call.operation.name, call.attempts, target.host)
        exchange = self._exchanger
        if exchange is None:
            exchange = self._exchanger = Exchange(await self._http.plain_session())
        status, sent, body = await exchange.send(
            *(http.method, target.url, target.host, headers, http.body),
            call.options.max_answer_bytes,
        )
        return status, Headers(read_headers(sent)), body

    def _target(self, call: Call, route: _Route) -> _Target:
        http = call.http
        plain = http.path == "/" and not http.query and not http.host_prefix
        if plain and (known := self._plain_targets.get(route.endpoint)) is not None:
            return known
        address = _urljoin(route.endpoint, http.path, http.host_prefix)
        if http.query:
            sign = "&" if "?" in address else "?"
            address = f"{address}{sign}{_percent_encode_sequence(http.query)}"
        parts = urlsplit(address)
        target = _Target(
            URL(address, encoded=True),
            _host_from_url(address),
            canonical_path(_normalize_url_path(parts.path)),
            canonical_query(parts.query),
        )
        if plain:
            self._plain_targets[route.endpoint] = target
        return target

    def _answer(self, call: Call, status: int, headers: Headers, body: bytes) -> Structure:
        structure = self.compat.protocol.parse(call.operation, status, headers, body)
        vars(structure)["response_metadata"] = ResponseMetadata(
            request_id=request_id_of(headers),
            status_code=status,
            headers=dict(headers),
            attempts=call.attempts,
        )
        self.retries.succeeded(call)
        return structure

    def _error(self, call: Call, status: int, headers: Headers, body: bytes) -> Outcome:
        error = self.compat.protocol.parse_error(
            call.service, call.operation, status, headers, body
        )
        error.response["ResponseMetadata"]["RetryAttempts"] = call.attempts - 1
        return error
