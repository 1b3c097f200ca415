"""Asynchronous inference as one call: the input to S3, the invocation, the output from S3."""

# ruff: noqa: ASYNC109  (`timeout` is what callers look for)

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import uuid4

from aiobotantic import errors
from aiobotantic.beside import aiobotocore_client, ask
from aiobotantic.bindings import AsPayload
from aiobotantic.client import Client
from aiobotantic.constraints import SENSITIVE
from aiobotantic.errors import (
    RequestValidationError,
    ServiceError,
    WaiterFailed,
    WaiterTimedOut,
)
from aiobotantic.open_bodies import OpenBody, open_body
from aiobotantic.waiters import backing_off, poll, timed_out
from aiosagemaker.sagemaker_runtime._operations.endpoint_async import EndpointAsyncOperations

if TYPE_CHECKING:
    from aiobotantic.bodies import BytesInput
    from aiosagemaker.sagemaker_runtime.models import InvokeEndpointAsyncOutput

_LARGEST_BODY: Final = 128_000
"""Bytes of input that the request itself may hold."""
_LONGEST_REASON: Final = 2_000
_HIDDEN: Final = ("AccessDenied", "403")
"""What S3 says of an object that is not there yet to whoever may not list the bucket."""
_WAITED_FOR: Final = "The output of InvokeEndpointAsync"


class AsyncInferenceOutput(OpenBody):
    """What an asynchronous invocation put out: bytes, read by `.json()` and `.text()`, too."""

    body: Annotated[bytes, AsPayload(), SENSITIVE] = b""
    content_type: str | None = None
    """As S3 keeps it."""
    inference_id: str | None = None
    output_location: str | None = None


class AsyncInference(EndpointAsyncOperations, Client):
    """What the client has beside the operations of the API."""

    async def invoke_endpoint_async_and_wait(
        self,
        *,
        endpoint_name: str,
        body: BytesInput | None = None,
        json: Any = None,
        text: str | None = None,
        input_location: str | None = None,
        upload_to: str | None = None,
        content_type: str | None = None,
        accept: str | None = None,
        custom_attributes: str | None = None,
        inference_id: str | None = None,
        s3_output_path_extension: str | None = None,
        filename: str | None = None,
        request_ttl_seconds: int | None = None,
        invocation_timeout_seconds: int | None = None,
        timeout: float = 3600,
        delay: float = 15,
        s3: Any = None,
    ) -> AsyncInferenceOutput:
        """Call `InvokeEndpointAsync`, wait for the output or the failure in S3, and return it.

        Credentials need s3:GetObject and s3:ListBucket where the endpoint writes: without the
        second, S3 says `AccessDenied` of an output that is not there yet.

        Args:
            endpoint_name: At most 63 characters.
            body: The input: bytes, a file, or an async iterator of bytes.
            json: In place of `body`: what JSON can hold. Content type: application/json.
            text: In place of `body`: text, in UTF-8. Content type: text/plain.
            input_location: In place of `body`: where in S3 the input is.
            upload_to: Where in S3 an object with the input is made, `s3://bucket/prefix`; it
                stays there. Default: the request holds the input, which is at most 128000 bytes.
            content_type: Of the input.
            accept: Of the output.
            custom_attributes: Handed to the model. Sensitive: masked in repr, errors and logs.
            inference_id: Name of the invocation. Default: the service makes one up.
            s3_output_path_extension: As `invoke_endpoint_async` takes it.
            filename: As `invoke_endpoint_async` takes it.
            request_ttl_seconds: Seconds that the request may wait to be taken.
            invocation_timeout_seconds: Seconds that the model may take.
            timeout: Seconds to wait for the output at most.
            delay: Most seconds between two looks into S3, which begin at a tenth of it.
            s3: An S3 client of aiobotocore that is open, for many calls. Default: one is made
                for the call, with the credentials, region and Config of this client.

        Raises:
            RequestValidationError: the input is missing, given twice, or too large.
            WaiterFailed: the failure is in S3; `reason` is what it says.
            WaiterTimedOut: `timeout` passed; `last_response` says where the output will be. Its
                cause is S3's AccessDenied, if that came last: to whoever may not list the bucket S3
                says so of an object that is not there yet.
            ServiceError: the service, or S3, answered with an error.
            TransportError: no whole answer of the service, or of S3, arrived.
        """
        self._connection.ready()
        if input_location is None:
            body, content_type = await open_body(body, content_type, json=json, text=text)
        elif not body is json is text is None:
            raise RequestValidationError(
                "input_location and the input itself are given: pass one of them. Nothing was sent"
            )
        inline: Any = body
        upload = _place_for(inline, upload_to) if input_location is None else None
        async with AsyncExitStack() as stack:
            storage = s3 or await stack.enter_async_context(aiobotocore_client(self, "s3"))
            if upload:
                bucket, key = upload
                kind = {"ContentType": content_type} if content_type else {}
                put = storage.put_object(Bucket=bucket, Key=key, Body=inline, **kind)
                await ask(self, "PutObject", put)
                inline, input_location = None, f"s3://{bucket}/{key}"
            invoked = await self.invoke_endpoint_async(
                endpoint_name=endpoint_name,
                content_type=content_type,
                accept=accept,
                custom_attributes=custom_attributes,
                inference_id=inference_id,
                input_location=input_location,
                s3_output_path_extension=s3_output_path_extension,
                filename=filename,
                request_ttl_seconds=request_ttl_seconds,
                invocation_timeout_seconds=invocation_timeout_seconds,
                body=inline,
            )
            look: Any = _look  # which may find nothing yet
            hidden: ServiceError | None = None

            def has_ended(found: AsyncInferenceOutput | None, error: ServiceError | None) -> bool:
                nonlocal hidden
                if error is not None and error.code not in _HIDDEN and not error.retryable:
                    raise error
                hidden = error
                return found is not None

            try:
                output: AsyncInferenceOutput | None = await poll(
                    lambda: look(self, storage, invoked),
                    has_ended,
                    name=_WAITED_FOR,
                    timeout=timeout,
                    turn=backing_off(delay),
                )
            except WaiterTimedOut:
                raise timed_out(_WAITED_FOR, timeout, invoked) from hidden
        assert output is not None, "poll ends with what was found"
        return output


def _place_for(body: Any, upload_to: str | None) -> tuple[str, str] | None:
    """Return bucket and key of a new object for an input; None where the request holds it."""
    if upload_to is None:
        size = len(body) if isinstance(body, (bytes, bytearray)) else 0
        if size > _LARGEST_BODY:
            raise RequestValidationError(
                f"the input has {size} bytes, and a request holds {_LARGEST_BODY}: pass "
                'upload_to="s3://bucket/prefix", where an object with it is made. Nothing was sent'
            )
        return None
    bucket, _, prefix = upload_to.removeprefix("s3://").partition("/")
    if not upload_to.startswith("s3://") or not bucket:
        raise RequestValidationError(
            f"upload_to is {upload_to!r}: pass a place in S3, s3://bucket/prefix. Nothing was sent"
        )
    return bucket, "/".join(filter(None, [prefix.rstrip("/"), str(uuid4())]))


async def _look(
    client: Client, s3: Any, invoked: InvokeEndpointAsyncOutput
) -> AsyncInferenceOutput | None:
    """Return the output, once it is there."""
    found, refusal = None, None
    try:
        found = await _object(client, s3, invoked.output_location, "OutputLocation")
    except ServiceError as error:
        if error.code not in _HIDDEN:
            raise
        refusal = error
    if found is not None:
        return AsyncInferenceOutput(
            body=found[0],
            content_type=found[1],
            inference_id=invoked.inference_id,
            output_location=invoked.output_location,
        )
    failure = None
    if invoked.failure_location is not None:
        failure = await _object(client, s3, invoked.failure_location, "FailureLocation")
    if failure is None:
        if refusal is not None:
            raise refusal
        return None
    reason = failure[0].decode(errors="replace")[:_LONGEST_REASON]
    raise WaiterFailed(
        f"{_WAITED_FOR} cannot be reached: the failure is at {invoked.failure_location}: {reason}",
        name=_WAITED_FOR,
        last_response=invoked,
        reason=reason,
    )


async def _object(
    client: Client, s3: Any, location: str | None, member: str
) -> tuple[bytes, str | None] | None:
    """Return the bytes of an object and their content type; None where there is no object."""
    bucket, _, key = (location or "").removeprefix("s3://").partition("/")
    if not (location or "").startswith("s3://") or not key:
        raise errors.ResponseParseError(  # its base is slow to import
            f"InvokeEndpointAsync: {member} of the answer is no object in S3, s3://bucket/key",
            operation="InvokeEndpointAsync",
            path=member,
        )
    try:
        answer = await ask(client, "GetObject", s3.get_object(Bucket=bucket, Key=key))
    except ServiceError as error:
        if error.code == "NoSuchKey":
            return None
        raise
    async with answer["Body"] as body:
        return await ask(client, "GetObject", body.read()), answer.get("ContentType")
