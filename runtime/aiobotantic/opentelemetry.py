"""OpenTelemetry: a span and a duration for each call, by the hooks of a client.

Needs the package `opentelemetry-api` (the extra `aiosagemaker[opentelemetry]`). Names and values
are those of OpenTelemetry's semantic conventions for AWS SDK clients:
https://opentelemetry.io/docs/specs/semconv/cloud-providers/aws-sdk/
"""

from __future__ import annotations

import asyncio
import time
from contextvars import Token
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from opentelemetry import context, metrics, trace
from opentelemetry.propagators.textmap import TextMapPropagator

from aiobotantic._version import __version__
from aiobotantic.errors import ServiceError
from aiobotantic.hooks import AfterCall, BeforeCall, CallEvent, CallFailed, CallRetried, Hookable

Attributes: TypeAlias = dict[str, str | int]

_SUPPRESSED: Final = "suppress_instrumentation"
"""Key of OpenTelemetry's context: set where instrumentation is switched off for a while."""
_BOUNDARIES: Final = (*(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10),)
"""Of the durations, in seconds, as the conventions have them."""
_PORTS: Final = {"http": 80, "https": 443}


def instrument(
    client: Hookable,
    *,
    tracer_provider: trace.TracerProvider | None = None,
    meter_provider: metrics.MeterProvider | None = None,
    propagator: TextMapPropagator | None = None,
) -> None:
    """Record a span and a duration for each call of a client and its views.

        async with SageMaker() as sagemaker:
            instrument(sagemaker)

    The span is of the kind CLIENT, named `SageMaker.DescribeEndpoint`, and current while the call
    lasts: from when its request was checked until the answer was read, or the head of one that
    streams, or until an error. It has `rpc.system`, `rpc.service`, `rpc.method`, `cloud.region`,
    `server.address` and `server.port`, and where they are known `aws.request_id`,
    `http.response.status_code`, `http.request.resend_count` and `error.type`: the service's code,
    or the class of the error. A retry is an event of it. Members of requests and responses are not
    recorded. The duration is the histogram `rpc.client.call.duration`, in seconds.

    Pages and waiters make a span for each of their calls. Instrumenting a client again does
    nothing. Clients that `AiobotocoreInstrumentor` of OpenTelemetry's contrib packages traces need
    no second span: take one of the two.

    Args:
        client: The client; it may be open or not.
        tracer_provider: Default: the global one.
        meter_provider: Default: the global one.
        propagator: Writes the trace's ids into the headers of requests, such as `AwsXRayPropagator`
            of `opentelemetry-propagator-aws-xray`: the only one that AWS reads. Default: none.
    """
    known = client._hooks.before_call  # pyright: ignore[reportPrivateUsage]
    if any(isinstance(getattr(hook, "__self__", None), _Telemetry) for hook in known):
        return
    telemetry = _Telemetry(
        trace.get_tracer("aiobotantic", __version__, tracer_provider),
        metrics.get_meter("aiobotantic", __version__, meter_provider),
        propagator,
    )
    client.before_call(telemetry.begin)
    client.on_retry(telemetry.retry)
    client.after_call(telemetry.succeed)
    client.on_error(telemetry.fail)


@dataclass(slots=True)
class _Recorded:
    """A call under way."""

    span: trace.Span
    attributes: Attributes
    token: Token[context.Context]
    started: float = field(default_factory=time.perf_counter)


class _Telemetry:
    """The hooks of one client."""

    def __init__(
        self, tracer: trace.Tracer, meter: metrics.Meter, propagator: TextMapPropagator | None
    ) -> None:
        self._tracer = tracer
        self._propagator = propagator
        self._duration = meter.create_histogram(
            "rpc.client.call.duration",
            unit="s",
            description="Duration of outgoing calls, their retries included.",
            explicit_bucket_boundaries_advisory=_BOUNDARIES,
        )

    def begin(self, event: BeforeCall) -> None:
        """Start a span, and make it current."""
        if context.get_value(_SUPPRESSED):
            return
        attributes = _attributes_of(event)
        span = self._tracer.start_span(
            f"{attributes['rpc.service']}.{event.operation}",
            kind=trace.SpanKind.CLIENT,
            attributes=attributes,
        )
        token = context.attach(trace.set_span_in_context(span))
        event.context[_KEY] = _Recorded(span, attributes, token)
        if self._propagator is not None:
            inject: Any = self._propagator.inject  # the setter by default is for any dict
            inject(event.headers)

    def retry(self, event: CallRetried) -> None:
        """Note that a request will be sent again."""
        recorded = _recorded(event)
        if recorded is not None:
            recorded.span.add_event(
                "retry",
                {
                    "error.type": _type_of(event.error),
                    "http.request.resend_count": event.attempts,
                    "aws.retry.delay": event.delay,
                },
            )

    def succeed(self, event: AfterCall) -> None:
        """End a span."""
        told = event.response.response_metadata
        self._end(event, _found(told.request_id, told.status_code, told.attempts))

    def fail(self, event: CallFailed) -> None:
        """End a span with an error; a call that was cancelled has failed for nobody."""
        error = event.error
        status = getattr(error, "status_code", None)
        found = _found(getattr(error, "request_id", None), status, event.attempts)
        found["error.type"] = _type_of(error)
        recorded = _recorded(event)
        if recorded is not None and not isinstance(error, asyncio.CancelledError):
            recorded.span.record_exception(error)
            recorded.span.set_status(trace.StatusCode.ERROR, str(error))
        self._end(event, found)

    def _end(self, event: CallEvent, found: Attributes) -> None:
        recorded = _recorded(event)
        if recorded is None:
            return
        del event.context[_KEY]
        recorded.span.set_attributes(found)
        kept = ("error.type", "http.response.status_code")
        self._duration.record(
            time.perf_counter() - recorded.started,
            {**recorded.attributes, **{name: found[name] for name in kept if name in found}},
        )
        recorded.span.end()
        context.detach(recorded.token)


_KEY: Final = "aiobotantic.opentelemetry"


def _recorded(event: CallEvent) -> _Recorded | None:
    found: Any = event.context.get(_KEY)
    return found if isinstance(found, _Recorded) else None


def _attributes_of(event: CallEvent) -> Attributes:
    """Return what is known of a call before it is sent."""
    return {
        "rpc.system": "aws-api",
        "rpc.service": str(event.call.service.metadata.get("serviceId", event.service)),
        "rpc.method": event.operation,
        **({"cloud.region": event.region_name} if event.region_name else {}),
        **_server(event.endpoint_url),
    }


@lru_cache(maxsize=64)
def _server(endpoint_url: str) -> Attributes:
    parts = urlsplit(endpoint_url)
    port = parts.port or _PORTS.get(parts.scheme, 443)
    return {"server.address": parts.hostname or "", "server.port": port}


def _found(request_id: str | None, status: int | None, attempts: int) -> Attributes:
    """Return what an answer, or its error, says."""
    return {
        **({"aws.request_id": request_id} if request_id else {}),
        **({"http.response.status_code": status} if status else {}),
        **({"http.request.resend_count": attempts - 1} if attempts > 1 else {}),
    }


def _type_of(error: BaseException) -> str:
    """Return the service's code, or the class of an error."""
    if isinstance(error, ServiceError):
        return error.code
    return f"{type(error).__module__}.{type(error).__qualname__}"
