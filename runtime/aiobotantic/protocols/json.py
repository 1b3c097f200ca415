"""The protocols json 1.0 and 1.1: one JSON document each way."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import urlsplit

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, to_json

from aiobotantic.checks import Refusal, locate
from aiobotantic.errors import (
    RequestValidationError,
    ResponseParseError,
    ServiceError,
    ServiceFault,
    ThrottlingError,
)
from aiobotantic.operation import Operation, Service
from aiobotantic.protocols import Body, HttpRequest, error_class, request_id_of
from aiobotantic.structure import (
    Request,
    Structure,
    describe,
    is_mapping,
    is_sequence,
    read_json,
    write_json,
)

_NOT_MEMBERS: Final = ("__type", "code", "Error", "ResponseMetadata")
_PHRASES: Final = {int(status): status.phrase for status in HTTPStatus}


def serialize(
    service: Service, operation: Operation[Any], request: Request[Any], *, wire: bool
) -> HttpRequest:
    """Write a request: see `WireProtocol`."""
    try:
        body = Body(write_json(request))
    except PydanticSerializationError:
        raise _unwritable(operation, request, wire=wire) from None
    metadata = service.metadata
    headers = {
        "X-Amz-Target": f"{metadata['targetPrefix']}.{operation.name}",
        "Content-Type": f"application/x-amz-json-{metadata['jsonVersion']}",
    }
    if "awsQueryCompatible" in metadata:
        headers["x-amzn-query-mode"] = "true"
    return HttpRequest(operation.method, operation.uri, headers, body, body)


def parse(
    operation: Operation[Any], status: int, headers: Mapping[str, str], body: bytes
) -> Structure:
    """Read a 2xx answer: see `WireProtocol`."""
    cls = operation.response_class
    if not cls.__pydantic_fields__ and body.strip() in (b"", b"null"):
        return cls()
    try:
        return read_json(cls, body)
    except ValidationError as error:
        # Not the cause of what is raised: it holds the body.
        place, problem = _first_problem(cls, error, body)
    at = f" at {place}" if place else ""
    request_id = request_id_of(headers)
    raise ResponseParseError(
        f"{operation.name}: the service answered {status}, but the answer cannot be read{at}: "
        f"{problem} (request id {request_id or 'not sent'}, "
        f"content type {headers.get('content-type', 'not sent')}, {len(body)} bytes)",
        operation=operation.name,
        request_id=request_id,
        status_code=status,
        path=place,
    )


def parse_error(
    service: Service,
    operation: Operation[Any],
    status: int,
    headers: Mapping[str, str],
    body: bytes,
) -> ServiceError:
    """Read an answer that is no 2xx: see `WireProtocol`."""
    document = _document(body)
    code = str(headers.get("x-amzn-errortype") or document.get("__type") or "")
    code = (code or str(document.get("code") or "")).partition(":")[0].rpartition("#")[2]
    message = document.get("message") or document.get("Message")
    error = {"Message": str(message or _no_message(status, headers)), "Code": code or str(status)}
    cls = error_class(service, code) if code else _class_of_status(status)
    query_code, _, kind = headers.get("x-amzn-query-error", "").partition(";")
    if query_code and kind:
        error |= {"Code": query_code, "QueryErrorCode": code, "Type": kind}
        cls = cls if cls is not ServiceError else error_class(service, query_code)
    metadata = {
        "RequestId": request_id_of(headers),
        "HTTPStatusCode": status,
        "HTTPHeaders": dict(headers),
        "RetryAttempts": 0,
    }
    members = {name: value for name, value in document.items() if name not in _NOT_MEMBERS}
    return cls({**members, "Error": error, "ResponseMetadata": metadata}, operation.name)


def _document(body: bytes) -> dict[str, Any]:
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return cast(dict[str, Any], document) if isinstance(document, dict) else {}


def _class_of_status(status: int) -> type[ServiceError]:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return ThrottlingError
    return ServiceFault if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ServiceError


def _no_message(status: int, headers: Mapping[str, str]) -> str:
    phrase = _PHRASES.get(status, "of no known meaning")
    if 300 <= status < 400:
        target = urlsplit(headers.get("location", ""))
        to = f" to {target.hostname}" if target.hostname else ""
        return f"HTTP {status} {phrase}: a redirect{to}, which is not followed"
    return f"HTTP {status} {phrase}, no message in {headers.get('content-type', 'the body')}"


def _first_problem(cls: type[Structure], error: ValidationError, body: bytes) -> tuple[str, str]:
    """Return the path of the first problem and what it is, without the value that stands there."""
    detail = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if detail["type"] == "json_invalid":
        return "", "an empty body" if not body.strip() else detail["msg"]
    if detail["type"] == "model_type" and not detail["loc"]:
        return "", "it is JSON, but no object"
    place = locate(cls, detail["loc"], wire=True)
    if detail["type"] == "enum":
        return place.path, "Input should be a string"
    return place.path, "a sensitive member of a wrong type" if place.sensitive else detail["msg"]


def _unwritable(
    operation: Operation[Any], request: Request[Any], *, wire: bool
) -> RequestValidationError:
    path, kind = next(_unwritable_values(request, "", wire=wire), ("the request", "object"))
    problem = f"a value of type {kind} cannot be written as JSON"
    refusal = Refusal(path=path, problem=problem, kind="unwritable", value="")
    return RequestValidationError(f"{operation.name}: {refusal}", [refusal])


def _unwritable_values(value: Any, path: str, *, wire: bool) -> Iterator[tuple[str, str]]:
    children: list[tuple[str, Any]] = []
    if path.count(".") + path.count("[") > 100:  # a structure that holds itself
        yield path, type(value).__name__
    elif isinstance(value, Structure):
        names = describe(type(value)).wire_names
        dot = "." if path else ""
        for name, wire_name in names.items():
            children.append((f"{path}{dot}{wire_name if wire else name}", getattr(value, name)))
    elif is_mapping(value):
        children = [(f"{path}[...]", child) for child in value.values()]
    elif is_sequence(value):
        children = [(f"{path}[{place}]", child) for place, child in enumerate(value)]
    else:
        try:
            to_json(value)
        except PydanticSerializationError:
            yield path, type(value).__name__
    for child_path, child in children:
        if child is not None:
            yield from _unwritable_values(child, child_path, wire=wire)
