"""The door that every request goes through: written, then checked on the bytes that are sent."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Sequence
from types import FrameType
from typing import Any, Final

from aiobotantic.checks import UNWRITABLE, Refusal, check, check_bytes
from aiobotantic.errors import RequestValidationError, RequestValidationWarning
from aiobotantic.manifest import spec_versions
from aiobotantic.operation import Operation, Service
from aiobotantic.options import Validation
from aiobotantic.protocols import HttpRequest, WireProtocol
from aiobotantic.structure import Request

_MOST_SHOWN: Final = 20
_warned: set[tuple[str, str, tuple[str, str]]] = set()


def write_request(
    protocol: WireProtocol,
    service: Service,
    operation: Operation[Any],
    request: Request[Any],
    validation: Validation,
    *,
    wire: bool,
) -> HttpRequest:
    """Write a request and check it.

    Args:
        wire: whether the caller uses AWS's names; errors name arguments so.

    Raises:
        RequestValidationError: it cannot be written, or `validation` is `strict` and it breaks
            a limit.
    """
    http = protocol.serialize(service, operation, request, wire=wire)
    unwritable = [refusal for refusal in http.refusals if refusal.kind == UNWRITABLE]
    if unwritable:
        lines = [f"{operation.name} cannot be sent:", *map(str, unwritable)]
        raise RequestValidationError("\n  ".join(lines), unwritable)
    if validation != "off":
        refusals = [
            *http.refusals,
            *check_bytes(request, wire=wire),
            *check(type(request), http.checked, wire=wire),
        ]
        if refusals and validation == "strict":
            raise RequestValidationError(_report(service, operation, refusals), refusals)
        for refusal in refusals:
            _warn(service, operation, refusal)
    return http


def _report(service: Service, operation: Operation[Any], refusals: Sequence[Refusal]) -> str:
    lines = [str(refusal) for refusal in refusals[:_MOST_SHOWN]]
    if len(refusals) > _MOST_SHOWN:
        lines.append(f"and {len(refusals) - _MOST_SHOWN} more")
    broken = f"{len(refusals)} limits" if len(refusals) > 1 else "a limit"
    return "\n  ".join(
        [f"{operation.name} breaks {broken} of {_specification(service)}:", *lines]
    ) + (
        "\nNothing was sent. Where AWS has loosened the limit since: "
        'client.with_options(validation="off") for one call, '
        'or validation="warn" or "off" when the client is made.'
    )


def _warn(service: Service, operation: Operation[Any], refusal: Refusal) -> None:
    key = (service.package, operation.name, refusal.limit)
    if key in _warned:
        return
    _warned.add(key)
    warnings.warn(
        f"{operation.name} breaks a limit of {_specification(service)}: {refusal}",
        RequestValidationWarning,
        stacklevel=callers_level(service.package.partition(".")[0]),
    )


def _specification(service: Service) -> str:
    """Return what the limits come from: `sagemaker 2017-07-24, botocore 1.44.5`."""
    try:
        versions = spec_versions(service.package.partition(".")[0])
    except (FileNotFoundError, ModuleNotFoundError):
        versions = {}
    return f"{service.name} {versions.get(service.name, service.api_version)}"


def callers_level(package: str) -> int:
    """Return the `stacklevel` of the line outside the runtime and the generated package."""
    ours = (package, __name__.partition(".")[0])
    frame: FrameType | None = inspect.currentframe()
    level = 0
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in ours:
        frame = frame.f_back
        level += 1
    return level
