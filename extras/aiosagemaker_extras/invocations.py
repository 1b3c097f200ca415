"""Invocations of endpoints, answered by functions of a test."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, TypeGuard, cast
from uuid import NAMESPACE_URL, uuid5

from aiobotantic.structure import is_sequence
from aiobotantic.testing.faults import ServedError
from aiosagemaker_extras.variants import ALL_TRAFFIC, Variants

if TYPE_CHECKING:
    from aiosagemaker_extras.testing import SageMakerServer

_SERVING = ("InService", "Updating", "SystemUpdating", "RollingBack")


@dataclass(frozen=True)
class Invocation:
    """One invocation of an endpoint."""

    endpoint_name: str
    body: bytes
    content_type: str | None
    members: Mapping[str, Any]
    """Everything that was sent, by wire name."""
    variant: str = ALL_TRAFFIC
    """The production variant that answers: the one that the request targets, else by weights."""

    def json(self) -> Any:
        """Return what the body is in JSON."""
        return json.loads(self.body)


Model = Callable[[Invocation], Any]
"""Answers an invocation: with bytes, text, a value that JSON can hold, an iterable of bytes that is
streamed as they come, or an awaitable of any of them."""


class Invocations:
    """The endpoints of a server that functions answer.

    Args:
        server: the server; where it has the control plane, an endpoint must exist there.
    """

    def __init__(self, server: SageMakerServer[Any]) -> None:
        self._server = server
        self._variants = Variants(server)
        self.models: dict[str, Model] = {}
        """Names of endpoints to their functions."""
        self._count = 0

    async def invoke(self, request: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Answer `InvokeEndpoint`."""
        variant = self._variant(request)
        if (answered := await self._answer(request, variant)) is None:
            return None
        body = await answered.whole()
        return {"Body": body, **_common(request, answered.content_type, variant)}

    async def invoke_with_response_stream(
        self, request: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """Answer `InvokeEndpointWithResponseStream`: one event for each piece of bytes."""
        variant = self._variant(request)
        if (answered := await self._answer(request, variant)) is None:
            return None
        return {"Body": answered.events(), **_common(request, answered.content_type, variant)}

    def _variant(self, request: Mapping[str, Any]) -> str:
        """Return the variant that answers."""
        name = request["EndpointName"]
        self._require(name)
        kept = "endpoint" in self._server.state.kinds
        endpoint = self._server.state.look("endpoint", name) if kept else None
        return self._variants.choose(endpoint or {}, request.get("TargetVariant"))

    async def _answer(self, request: Mapping[str, Any], variant: str) -> _Answered | None:
        """Return what the endpoint's function answers; None where it has none."""
        model = self.models.get(request["EndpointName"])
        if model is None:
            return None
        return await _answered(model, _invocation(request, request.get("Body", b""), variant))

    async def invoke_async(self, request: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Answer `InvokeEndpointAsync`: the answer is in the server's objects when it returns."""
        name = request["EndpointName"]
        config = self._require(name)
        model = self.models.get(name)
        if model is None and config is None:
            return None
        self._count += 1
        given = request.get("InferenceId") or str(uuid5(NAMESPACE_URL, f"{name}/{self._count}"))
        asked = (config or {}).get("AsyncInferenceConfig", {}).get("OutputConfig", {})
        place = self._server.place
        output = asked.get("S3OutputPath", f"s3://sagemaker-{place.region}-{place.account}/output")
        failure = asked.get("S3FailurePath", f"{output.rstrip('/')}/failure")
        where = f"{output.rstrip('/')}/{given}.out"
        failed = f"{failure.rstrip('/')}/{given}-error.out"
        if model is not None:
            objects = self._server.objects
            location = request.get("InputLocation")
            try:
                body = objects.read(location) if location else request.get("Body", b"")
                invocation = _invocation(request, body, self._variant(request))
                answered = await _answered(model, invocation)
                objects.write(where, await answered.whole())
            except (ServedError, KeyError) as error:
                objects.write(failed, str(error).encode())
        return {"InferenceId": given, "OutputLocation": where, "FailureLocation": failed}

    def _require(self, name: str) -> Mapping[str, Any] | None:
        """Refuse what cannot be invoked; return the configuration of an endpoint that is kept."""
        state = self._server.state
        if "endpoint" not in state.kinds:
            return None
        endpoint = state.look("endpoint", name)
        if endpoint is None or endpoint["EndpointStatus"] == "Deleting":
            account = self._server.place.account
            raise ServedError("ValidationError", f"Endpoint {name} of account {account} not found.")
        if endpoint["EndpointStatus"] not in _SERVING:
            raise ServedError(
                "ModelNotReadyException",
                f"Endpoint {name} is not ready: its status is {endpoint['EndpointStatus']}.",
            )
        return state.look("endpoint_config", endpoint["EndpointConfigName"]) or {}


@dataclass(frozen=True)
class _Answered:
    content_type: str
    parts: AsyncGenerator[bytes, None]

    async def whole(self) -> bytes:
        """Return all parts in one."""
        try:
            return b"".join([part async for part in self.parts])
        except Exception as error:
            raise _model_error(error) from None

    async def events(self) -> AsyncGenerator[Any, None]:
        """Yield an event for each part, when the function gives it."""
        from aiosagemaker.sagemaker_runtime.models import PayloadPart, ResponseStream

        async with aclosing(self.parts) as parts:
            try:
                async for part in parts:
                    yield ResponseStream(payload_part=PayloadPart(bytes_=part))
            except Exception as error:
                yield ServedError("ModelStreamError", f"{type(error).__name__}: {error}")


async def _answered(model: Model, invocation: Invocation) -> _Answered:
    """Call a function up to its first part; what it raises is an error of the model."""
    try:
        value = model(invocation)
        if isawaitable(value):
            value = await value
        content_type, parts = _parts(value)
        first = await anext(parts, None)
    except Exception as error:
        raise _model_error(error) from None
    return _Answered(content_type, _joined(first, parts))


def _parts(value: Any) -> tuple[str, AsyncGenerator[bytes, None]]:
    if isinstance(value, bytes):
        return "application/octet-stream", _each([value])
    if isinstance(value, str):
        return "text/plain", _each([value])
    if _is_stream(value):
        return "application/octet-stream", _each(value)
    return "application/json", _each([json.dumps(value)])


def _is_stream(value: Any) -> TypeGuard[AsyncIterator[Any] | Iterable[Any]]:
    if is_sequence(value):
        return bool(value) and all(isinstance(each, bytes) for each in value)
    return not isinstance(value, dict) and isinstance(value, (AsyncIterator, Iterable))


async def _each(pieces: AsyncIterator[Any] | Iterable[Any]) -> AsyncGenerator[bytes, None]:
    if isinstance(pieces, AsyncGenerator):
        made = cast("AsyncGenerator[Any, None]", pieces)
        async with aclosing(made):
            async for piece in made:
                yield _bytes(piece)
    elif isinstance(pieces, AsyncIterator):
        async for piece in pieces:
            yield _bytes(piece)
    else:
        for piece in pieces:
            yield _bytes(piece)


async def _joined(
    first: bytes | None, rest: AsyncGenerator[bytes, None]
) -> AsyncGenerator[bytes, None]:
    async with aclosing(rest):
        if first is not None:
            yield first
        async for part in rest:
            yield part


def _bytes(piece: Any) -> bytes:
    return piece if isinstance(piece, bytes) else str(piece).encode()


def _model_error(error: Exception) -> ServedError:
    if isinstance(error, ServedError):
        return error
    message = f"{type(error).__name__}: {error}"
    return ServedError(
        "ModelError",
        f'Received server error (500) from primary with message "{message}".',
        members={"OriginalStatusCode": 500, "OriginalMessage": message},
    )


def _invocation(request: Mapping[str, Any], body: bytes, variant: str) -> Invocation:
    return Invocation(request["EndpointName"], body, request.get("ContentType"), request, variant)


def _common(request: Mapping[str, Any], content_type: str, variant: str) -> dict[str, Any]:
    accepted = request.get("Accept", "*")
    members: dict[str, Any] = {"ContentType": content_type if "*" in accepted else accepted}
    members["InvokedProductionVariant"] = variant
    if "CustomAttributes" in request:
        members["CustomAttributes"] = request["CustomAttributes"]
    return members
