"""The compat lane: aiobotocore's own `_make_api_call`, with our bytes in and our structures out.

Event handlers and instrumentation work as they do for aiobotocore. Our seams: the data loader and
the response parser factory (components of a copied session), the serializer, the user agent, the
signing key, and the handler that decides on retries.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from contextvars import ContextVar
from datetime import timedelta
from typing import Any, Final
from weakref import WeakSet

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoAuthTokenError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    TokenRetrievalError,
)
from pydantic import ValidationError

from aiobotantic.bodies import Streamed
from aiobotantic.door import write_request
from aiobotantic.errors import (
    AioBotanticError,
    ConfigurationError,
    CredentialsError,
    ProfileError,
    RegionError,
    ResponseParseError,
    ServiceError,
    TransportError,
)
from aiobotantic.lanes import Call, Pipeline, Settings
from aiobotantic.lanes.addresses import origin_of
from aiobotantic.lanes.auth import keep_keys, keep_user_agent
from aiobotantic.lanes.bounds import most_bytes
from aiobotantic.lanes.credentials import checked
from aiobotantic.lanes.direct import DirectSession
from aiobotantic.lanes.footing import Route
from aiobotantic.lanes.lazy_dicts import Parsed, WireParams
from aiobotantic.lanes.prepared import plain_headers, prepare_quickly
from aiobotantic.lanes.quiet_logs import OURS, masked_logs
from aiobotantic.lanes.retries import Outcome, Retries
from aiobotantic.lanes.rewindable import rewindable
from aiobotantic.lanes.session import base_session, client_config, own_session, prepare
from aiobotantic.lanes.signing import Signer
from aiobotantic.lanes.transport import ambiguous_error, tellable, transport_error
from aiobotantic.operation import Operation, Service
from aiobotantic.pickling import resolve
from aiobotantic.protocols import Body, Headers, WireProtocol, error_class, metadata_of
from aiobotantic.structure import ResponseMetadata, Structure

# Not imported by name: it has no type information.
_AioBaseClient = resolve("aiobotocore.client", "AioBaseClient")

_CALL: ContextVar[Call] = ContextVar("aiobotantic_call")
_CREDENTIAL_ERRORS: Final = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    NoAuthTokenError,
    TokenRetrievalError,
)


class CompatLane:
    """See `aiobotantic.lanes.Lane`."""

    def __init__(
        self,
        service: Service,
        operations: Mapping[str, Operation[Any]],
        protocol: WireProtocol,
        client: Any,
        session: Any,
    ) -> None:
        self.session = session  # kept for clients that open later: they share its credentials
        self.pipeline = Pipeline("botocore", "the client was made with pipeline='botocore'")
        self.region_name: str | None = client.meta.region_name
        self.endpoint_url: str = client.meta.endpoint_url
        self._service = service
        self._operations = operations
        self.protocol = protocol
        self.client = client
        self.retries = Retries(service, client.meta.config.retries)
        self.closed = False
        self._streams: WeakSet[Streamed] = WeakSet()

    @classmethod
    async def open(
        cls,
        service: Service,
        operations: Mapping[str, Operation[Any]],
        protocol: WireProtocol,
        settings: Settings,
    ) -> CompatLane:
        """Make an aiobotocore client for the service, from facts that the package carries.

        Raises:
            ConfigurationError: an option, the environment or the profile cannot be used.
            CredentialsError: credentials were found, but not all, or they cannot be loaded.
        """
        with masked_logs():
            return await cls._open(service, operations, protocol, settings)

    @classmethod
    async def _open(
        cls,
        service: Service,
        operations: Mapping[str, Operation[Any]],
        protocol: WireProtocol,
        settings: Settings,
    ) -> CompatLane:
        parser_factory = _ParserFactory(service, operations, protocol)
        try:
            session = base_session(settings)
            config = client_config(session, settings.config)
            await prepare(session, settings, config)
            own = own_session(session, service, operations.values())
            own.register_component("response_parser_factory", parser_factory)
            client = await own.create_client(
                service.name,
                region_name=settings.region_name,
                endpoint_url=settings.endpoint_url,
                config=config,
                **settings.access,
            ).__aenter__()
        except (BotoCoreError, ValueError) as error:
            if isinstance(error, AioBotanticError):
                raise
            raise setup_error(error) from error
        lane = cls(service, operations, protocol, client, session)
        try:
            lane._take_seams()
            await lane._resolve_endpoint()
        except BaseException:
            await lane.close()
            raise
        return lane

    async def _resolve_endpoint(self) -> None:
        """Take the address from the endpoint rules: botocore's `meta` has an older table's."""
        resolver = self.client._ruleset_resolver
        if resolver is not None:
            name = next(iter(self._operations))
            model = self.client.meta.service_model.operation_model(name)
            try:
                endpoint = await resolver.construct_endpoint(model, {}, {})
            except BotoCoreError:
                return  # the first call says what is wrong
            self.endpoint_url = endpoint.url

    def _take_seams(self) -> None:
        self.client._serializer = self
        keep_user_agent(self.client._user_agent_creator)
        prepare_quickly(self.client._endpoint)
        signer = self.client._request_signer
        signer._credentials = checked(signer._credentials)
        keep_keys(signer, self._shift_of_call)
        events = self.client.meta.events
        event = self.client.meta.service_model.service_id.hyphenize()
        events.unregister(f"needs-retry.{event}", unique_id=f"retry-config-{event}")
        events.register(
            f"needs-retry.{event}", self._needs_retry, unique_id=f"retry-config-{event}"
        )

    async def call(self, call: Call) -> Structure:
        """Send a request, repeat it where `aiobotantic.retry` says so, and return the answer."""
        token, ours = _CALL.set(call), OURS.set(True)
        most = most_bytes.set(call.options.max_answer_bytes)
        copies = ExitStack()
        failed: tuple[Exception, BaseException | None]
        try:
            call.body = await rewindable(call, copies)
            # Looked up on the instance at each call: instrumentation patches the class.
            parsed = await self.client._make_api_call(call.operation.name, WireParams(call))
            structure = self._answer(call, parsed)
        except Exception as error:
            told = self.our_error(error, call)
            if told is error:
                raise
            failed = told, None if isinstance(error, ClientError) else tellable(error, call)
        except asyncio.CancelledError:
            self.retries.abandon(call)
            raise
        else:
            self.retries.succeeded(call)
            return structure
        finally:
            copies.close()
            most_bytes.reset(most)
            OURS.reset(ours)
            _CALL.reset(token)
        # Outside the handler: what aiobotocore raised would be the context, and may show secrets.
        raise failed[0] from failed[1]

    async def route(self, operation: Operation[Any]) -> Route:
        """Let botocore's endpoint rules say where an operation goes."""
        signer = self.client._request_signer
        model = self.client.meta.service_model.operation_model(operation.name)
        context: dict[str, Any] = {
            "client_region": self.client.meta.region_name,
            "client_config": self.client.meta.config,
            "auth_type": model.resolved_auth_type,
        }
        with masked_logs():
            endpoint, headers, _ = await self.client._resolve_endpoint_ruleset(model, {}, context)
        signing = context.get("signing", {})
        own = Signer(
            signing.get("region") or signer._region_name,
            signing.get("signing_name") or signer._signing_name,
        )
        return Route(endpoint, dict(headers), own)

    async def warm_up(self, operations: Iterable[Operation[Any]]) -> None:
        """Set up TLS; what endpoints depend on is known when a call is made."""
        http = self.client._endpoint.http_session
        if isinstance(http, DirectSession):
            await http.exchange.pool.prepare(origin_of(self.endpoint_url))

    async def close(self) -> None:
        """Close every connection."""
        self.closed = True
        for stream in list(self._streams):  # aiohttp would let who reads it wait for ever
            await stream.close()
        await _AioBaseClient.close(self.client)  # an operation may be called Close

    def serialize_to_request(self, parameters: Any, operation_model: Any) -> dict[str, Any]:
        """Return botocore's request dict: the serializer's only method that is called."""
        call = _CALL.get()
        given = call.http.body
        if _changed(parameters, call):
            call.given = call.operation.request_class.from_wire(parameters)
            call.http = write_request(
                self.protocol,
                self._service,
                call.operation,
                call.request,
                call.options.validation,
                wire=True,
            )
        http = call.http
        body = call.body if http.body is given else http.body
        return {
            "url_path": http.path,
            "query_string": dict(http.query),
            "method": http.method,
            "headers": dict(http.headers),
            "body": Body(body) if type(body) is bytes else body,
            **({"host_prefix": http.host_prefix} if http.host_prefix else {}),
        }

    def _answer(self, call: Call, parsed: Any) -> Structure:
        metadata = parsed.get("ResponseMetadata", {})
        if isinstance(parsed, Parsed) and parsed.error is not None:
            raise parsed.error
        structure = parsed.structure if isinstance(parsed, Parsed) else None
        if structure is None:  # a handler or a wrapper answered in the service's place
            values = {name: parsed[name] for name in parsed if name != "ResponseMetadata"}
            cls = call.operation.response_class
            with suppress(ValidationError):  # it holds the answer, and would be the context
                structure = cls.model_validate(values)
            if structure is None:
                raise ResponseParseError(
                    f"{call.operation.name}: a handler answered in the service's place, but the "
                    "answer cannot be read",
                    operation=call.operation.name,
                )
        if call.operation.streams:
            found = vars(structure).values()
            self._streams.update(value for value in found if isinstance(value, Streamed))
        vars(structure)["response_metadata"] = ResponseMetadata(
            request_id=metadata.get("RequestId"),
            status_code=metadata.get("HTTPStatusCode", 200),
            headers=metadata.get("HTTPHeaders", {}),
            attempts=metadata.get("RetryAttempts", 0) + 1,
        )
        return structure

    def our_error(self, error: Exception, call: Call) -> Exception:
        """Return our class for what aiobotocore raised in a call; itself where there is none."""
        if isinstance(error, AioBotanticError):
            if isinstance(error, ResponseParseError):
                error.attempts = call.attempts
            return error
        if isinstance(error, ClientError):
            parsed: Any = vars(error)["response"]
            if isinstance(parsed, Parsed) and parsed.error is not None:
                return parsed.error
            code = str(parsed.get("Error", {}).get("Code"))
            return error_class(self._service, code)(parsed, call.operation.name)
        lost = transport_error(error, call)
        if lost is not None:
            if call.ambiguous and isinstance(lost, TransportError):
                return ambiguous_error(lost, call)
            return lost
        return setup_error(error) if isinstance(error, BotoCoreError) else error

    async def _needs_retry(
        self,
        response: Any,
        attempts: int,
        caught_exception: Exception | None,
        request_dict: dict[str, Any],
        **_: Any,
    ) -> float | None:
        call = _CALL.get()
        call.attempts = attempts
        # A header says it.
        request_dict["context"].setdefault("retries", {})["max"] = self.retries.limit(call)
        outcome = _outcome(response, caught_exception, call)
        if outcome is None or self.closed:
            return None
        delay = self.retries.delay(call, outcome)
        if delay is not None and call.hooks is not None:
            await call.hooks.retried(outcome, delay)
        return delay

    def _shift_of_call(self) -> timedelta:
        return self.retries.begin(_CALL.get())


class _ParserFactory:
    """botocore's component that makes parsers; this one is its own parser, for any protocol."""

    def __init__(
        self, service: Service, operations: Mapping[str, Operation[Any]], protocol: WireProtocol
    ) -> None:
        self._service = service
        self._operations = operations
        self.protocol = protocol

    def create_parser(self, protocol_name: str) -> _ParserFactory:
        """Return the parser."""
        return self

    async def parse(self, response: Mapping[str, Any], shape: Any) -> Parsed:
        """Return the answer or the error; never raises, so that retries are decided on both."""
        operation = self._operations[response["context"]["operation_name"]]
        status: int = response["status_code"]
        headers = Headers(plain_headers(response["headers"]))
        body: bytes = response["body"]
        if not 200 <= status < 300:
            error = self.protocol.parse_error(self._service, operation, status, headers, body)
            return Parsed(error.response, error=error)
        ready = {"ResponseMetadata": metadata_of(status, headers)}
        try:
            structure = self.protocol.parse(operation, status, headers, body)
        except ResponseParseError as error:
            return Parsed(ready, error=error)
        return Parsed(ready, structure=structure)


def _changed(parameters: Any, call: Call) -> bool:
    """Return whether handlers changed what is sent."""
    if isinstance(parameters, WireParams):
        return parameters.changes()
    return bool(parameters != call.request.to_wire())


def _outcome(response: Any, caught: Exception | None, call: Call) -> Outcome | None:
    """Return what went wrong with a request; None if nothing did, or nothing that we know."""
    if caught is not None:
        return transport_error(caught, call)
    parsed = response[1]
    if isinstance(parsed, Parsed):
        return parsed.error
    failed = response[0].status_code >= 300 and "Error" in parsed
    return ServiceError(parsed, call.operation.name) if failed else None


def setup_error(error: Exception) -> AioBotanticError:
    """Return our class for what aiobotocore says of credentials, region, profile or options."""
    if isinstance(error, _CREDENTIAL_ERRORS):
        return CredentialsError(
            f"{error}. Pass aws_access_key_id and aws_secret_access_key, set them in the "
            "environment, or name a profile that has them"
        )
    if isinstance(error, NoRegionError):
        return RegionError(
            f"{error} Pass region_name, set AWS_DEFAULT_REGION, or set the profile's region"
        )
    if isinstance(error, ProfileNotFound):
        return ProfileError(
            f"{error}: see the files that AWS_CONFIG_FILE and "
            "AWS_SHARED_CREDENTIALS_FILE name, by default in ~/.aws"
        )
    return ConfigurationError(str(error))
