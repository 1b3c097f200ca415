"""What of a service the runtime speaks, and what it leaves to botocore's pipeline.

The rest is left out, each time with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from aiobotantic_codegen.errors import SpecError
from aiobotantic_codegen.load.documents import OperationDocument, ServiceDocument, ShapeDocument

PROTOCOLS = ("json", "rest-json")
EVENTS_IN = "its request is a stream of events, which needs HTTP/2"
DISCOVERY = "it needs endpoint discovery"
CHECKSUM = "it needs checksums of its bodies (httpChecksum)"
_PIPELINE_TRAITS = {
    "auth",
    "authtype",
    "endpointoperation",
    "http_checksum_required",
    "operation_context_params",
    "requestcompression",
    "static_context_params",
    "unsigned_payload",
}


def refusal(name: str, document: ServiceDocument) -> SpecError | None:
    """Return why there is no client of the service `name`, or None where there is one."""
    file = f"{name}/service-2.json"
    protocol = document.metadata.protocol
    if protocol not in PROTOCOLS:
        problem = f"the protocol {protocol!r} is not spoken"
        remedy = f"Spoken: {', '.join(PROTOCOLS)}."
        return SpecError(file, "/metadata/protocol", problem, remedy)
    kept, left_out = spoken(document)
    if kept.operations:
        return None
    reasons = [f"{operation}: {reason}" for operation, reason in left_out.items()]
    problem = f"none of its operations is spoken: {'; '.join(reasons[:3])}"
    if not reasons:
        problem = "the service has no operations"
    remedy = "Leave the service out of the specs, or run `aiobotantic sync` again."
    return SpecError(file, "/operations", problem, remedy)


def spoken(document: ServiceDocument) -> tuple[ServiceDocument, dict[str, str]]:
    """Return a service without the operations that the runtime does not speak.

    Shapes that no other operation mentions go with them.

    Returns:
        The service, and the name of each operation that was left out with the reason.
    """
    reasons = {
        name: reason
        for name, operation in document.operations.items()
        if (reason := _reason(document, operation)) is not None
    }
    if not reasons:
        return document, reasons
    operations = {name: o for name, o in document.operations.items() if name not in reasons}
    gone = _reach(document, (document.operations[name] for name in reasons))
    gone -= _reach(document, operations.values())
    shapes = {name: shape for name, shape in document.shapes.items() if name not in gone}
    update = {"operations": operations, "shapes": shapes}
    return document.model_copy(update=update), reasons


def _reason(document: ServiceDocument, operation: OperationDocument) -> str | None:
    if operation.endpointdiscovery is not None and operation.endpointdiscovery.required:
        return DISCOVERY
    if operation.http_checksum is not None:
        return CHECKSUM
    given = document.shapes[operation.input.shape].members if operation.input else {}
    if any(document.shapes[member.shape].eventstream for member in given.values()):
        return EVENTS_IN
    return None


def _reach(document: ServiceDocument, operations: Iterable[OperationDocument]) -> set[str]:
    """Return the names of the shapes that operations mention, directly or not."""
    reached: set[str] = set()
    pending = [name for operation in operations for name in _roots(operation)]
    while pending:
        name = pending.pop()
        if name not in reached:
            reached.add(name)
            pending += _mentioned(document.shapes[name])
    return reached


def _roots(operation: OperationDocument) -> Iterator[str]:
    for reference in (operation.input, operation.output, *operation.errors):
        if reference is not None:
            yield reference.shape


def _mentioned(shape: ShapeDocument) -> Iterator[str]:
    yield from (member.shape for member in shape.members.values())
    for reference in (shape.member, shape.key, shape.value):
        if reference is not None:
            yield reference.shape


def pipeline_traits(operation: OperationDocument, given: ShapeDocument) -> dict[str, Any]:
    """Return what botocore's pipeline does by itself, as botocore's model says it."""
    traits = operation.model_dump(
        by_alias=True, exclude_defaults=True, include=_PIPELINE_TRAITS, mode="json"
    )
    named = {
        wire: member.context_param.name
        for wire, member in given.members.items()
        if member.context_param is not None
    }
    return {**traits, "contextParams": named} if named else traits
