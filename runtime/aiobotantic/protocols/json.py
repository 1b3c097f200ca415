"""The protocols json 1.0 and 1.1: one JSON document each way."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, cast
from urllib.parse import urlsplit

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, to_json

from aiobotantic import errors
from aiobotantic.bindings import bindings_of
from aiobotantic.checks import UNWRITABLE, Refusal, locate
from aiobotantic.errors import (
    RequestValidationError,
    ServiceError,
    ServiceFault,
    ThrottlingError,
)
from aiobotantic.operation import Operation, Service
from aiobotantic.pickling import resolve
from aiobotantic.protocols import (
    Body,
    HttpRequest,
    error_class,
    metadata_of,
    request_id_of,
    write_host_prefix,
)
from aiobotantic.structure import (
    Request,
    Structure,
    describe,
    is_mapping,
    is_sequence,
    read_json,
    value_type,
    write_json,
)
from aiobotantic.wire_requests import write_members

_TOO_MANY_REQUESTS: Final = 429
_SERVER_ERRORS: Final = 500
_NOT_MEMBERS: Final = ("__type", "code", "Error", "ResponseMetadata")


def serialize(
    service: Service, operation: Operation[Any], request: Request[Any], *, wire: bool
) -> HttpRequest:
    """Write a request: see `WireProtocol`."""
    try:
        body = Body(write_json(request))
    except PydanticSerializationError:
        raise unwritable(operation, request, wire=wire) from None
    prefix, refusals = write_host_prefix(operation, request, wire=wire)
    return HttpRequest(
        operation.method,
        operation.uri,
        _headers(service, operation),
        body,
        body,
        host_prefix=prefix,
        refusals=refusals,
    )


def serialize_members(
    service: Service, operation: Operation[Any], members: Mapping[str, Any]
) -> HttpRequest | None:
    """Write members by AWS's names: see `WireProtocol`."""
    if operation.host_prefix:
        return None
    written = write_members(operation.request_class, members)
    if written is None:
        return None
    body = Body(written)
    return HttpRequest(operation.method, operation.uri, _headers(service, operation), body, body)


def _headers(service: Service, operation: Operation[Any]) -> dict[str, str]:
    metadata = service.metadata
    headers = {
        "X-Amz-Target": f"{metadata['targetPrefix']}.{operation.name}",
        "Content-Type": f"application/x-amz-json-{metadata['jsonVersion']}",
    }
    if "awsQueryCompatible" in metadata:
        headers["x-amzn-query-mode"] = "true"
    return headers


def parse(
    operation: Operation[Any], status: int, headers: Mapping[str, str], body: Any
) -> Structure:
    """Read a 2xx answer: see `WireProtocol`."""
    cls = operation.response_class
    if operation.streams:
        return _streamed(operation, cls, headers, body)
    if not cls.__pydantic_fields__ and body.strip() in (b"", b"null"):
        return cls()
    try:
        return read_json(cls, body)
    except ValidationError as error:
        problem = error
    # Outside the handler: the pydantic error holds the body, and would be the context.
    raise unreadable(operation, cls, status, headers, body, problem)


def _streamed(
    operation: Operation[Any], cls: type[Structure], headers: Mapping[str, str], body: Any
) -> Structure:
    """Return an answer of events; other members, which AWS's services do not have, stay absent."""
    from aiobotantic.event_stream import open_events  # most programs read no events

    structure = cls.from_wire({})
    field = bindings_of(cls).payload
    if field is not None:
        kind = value_type(cls.__pydantic_fields__[field].annotation)
        setattr(structure, field, open_events(operation, kind, headers, body))
    return structure


def unreadable(
    operation: Operation[Any],
    cls: type[Structure],
    status: int,
    headers: Mapping[str, str],
    body: Any,
    problem: ValidationError | str,
) -> errors.ResponseParseError:
    """Return what is raised of a 2xx answer that is none."""
    place = ""
    if isinstance(problem, ValidationError):
        place, problem = _first_problem(cls, problem, body)
    at = f" at {place}" if place else ""
    request_id = request_id_of(headers)
    size = f"{len(body)} bytes" if isinstance(body, bytes) else "streamed"
    return errors.ResponseParseError(  # its base is slow to import
        f"{operation.name}: the service answered {status}, but the answer cannot be read{at}: "
        f"{problem} (request id {request_id or 'not sent'}, "
        f"content type {headers.get('content-type', 'not sent')}, {size})",
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
    named = headers.get("x-amzn-errortype") or document.get("__type")
    named = named or document.get("code") or document.get("Code") or ""
    code = str(named).partition(":")[0].rpartition("#")[2]
    message = document.get("message") or document.get("Message")
    error = {"Message": str(message or _no_message(status, headers)), "Code": code or str(status)}
    cls = error_class(service, code) if code else _class_of_status(status)
    query_code, _, kind = headers.get("x-amzn-query-error", "").partition(";")
    if query_code and kind:
        error |= {"Code": query_code, "QueryErrorCode": code, "Type": kind}
        cls = cls if cls is not ServiceError else error_class(service, query_code)
    metadata = metadata_of(status, headers)
    members = {name: value for name, value in document.items() if name not in _NOT_MEMBERS}
    if structure := error_structure(service, cls):
        members = _read_members(structure, members)
    return cls({**members, "Error": error, "ResponseMetadata": metadata}, operation.name)


def error_structure(service: Service, cls: type[ServiceError]) -> type[Structure] | None:
    """Return the class that the members of an error are read as; None where they are plain."""
    if not cls.STRUCTURE:
        return None
    structure: type[Structure] = resolve(f"{service.package}.models", cls.STRUCTURE)
    return structure


def _read_members(cls: type[Structure], members: dict[str, Any]) -> dict[str, Any]:
    """Return members by AWS's names, as boto3 has them; as they are where they are none."""
    try:
        return read_json(cls, json.dumps(members).encode()).to_wire()
    except (ValidationError, RecursionError):
        return members


def _document(body: bytes) -> dict[str, Any]:
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return cast(dict[str, Any], document) if isinstance(document, dict) else {}


def _class_of_status(status: int) -> type[ServiceError]:
    if status == _TOO_MANY_REQUESTS:
        return ThrottlingError
    return ServiceFault if status >= _SERVER_ERRORS else ServiceError


@cache
def _phrases() -> dict[int, str]:
    from http import HTTPStatus  # slow to import

    return {int(status): status.phrase for status in HTTPStatus}


def _no_message(status: int, headers: Mapping[str, str]) -> str:
    phrase = _phrases().get(status, "of no known meaning")
    if 300 <= status < 400:
        try:
            host = urlsplit(headers.get("location", "")).hostname
        except ValueError:  # no address at all
            host = None
        to = f" to {host}" if host else ""
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


def unwritable(
    operation: Operation[Any], request: Request[Any], *, wire: bool
) -> RequestValidationError:
    """Return what is raised of a request that JSON cannot hold."""
    path, kind = next(_unwritable_values(request, "", wire=wire), ("the request", "object"))
    problem = f"a value of type {kind} cannot be written as JSON"
    refusal = Refusal(path=path, problem=problem, kind=UNWRITABLE, value="")
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
