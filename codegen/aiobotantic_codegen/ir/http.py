"""What HTTP and URIs ask of a service: each name and place in a request can hold what it binds."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator

from aiobotantic_codegen.errors import SpecError, json_pointer
from aiobotantic_codegen.ir.names import unique
from aiobotantic_codegen.load.documents import (
    OperationDocument,
    ServiceDocument,
    ShapeDocument,
    ShapeRef,
)

_AGAIN = ", or run `aiobotantic sync` again."
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_URI = re.compile(r"/[!-\"$-~]*")  # after `#` nothing is sent
_LABEL = re.compile(r"\{([^{}+]+)(\+?)\}")
_HOST_LABEL = re.compile(r"\{(\w+)\}")
_HOST = re.compile(r"[A-Za-z0-9.-]*")
_PLACES = {"header": "header", "querystring": "query parameter", "uri": "label of the URI"}
_HOLDS = {
    "header": "text, numbers, times and lists of them",
    "headers": "maps of strings",
    "querystring": "text, numbers, times, lists of them and maps of strings",
    "statusCode": "integers",
    "uri": "text, numbers and times",
}
_SIZED = ("blob", "list", "map", "string")
_LONGEST = 2**63 - 1

Violation = tuple[str, str, str]
"""JSON pointer, problem and remedy."""


def check_http(document: ServiceDocument, file: str) -> None:
    """Check what operations and members say of HTTP, and the limits of shapes.

    Raises:
        SpecError: A place that HTTP does not have, or that nothing fills; limits without a value.
        NameCollision: Two members of one structure stand in one place.
    """
    for pointer, problem, remedy in _violations(document):
        raise SpecError(file, pointer, problem, remedy)
    for name, shape in document.shapes.items():
        _check_places(document, name, shape, file)


def _violations(document: ServiceDocument) -> Iterator[Violation]:
    yield from _target(document)
    for name, operation in document.operations.items():
        yield from _request_line(name, operation)
        yield from _host_prefix(document, name, operation)
        if operation.input is not None:
            given = operation.input.shape
            yield from _labels(name, operation, given, document.shapes[given])
            yield from _statuses(given, document.shapes[given])
    ends = {reference.shape for o in document.operations.values() for reference in _ends(o)}
    for name, shape in document.shapes.items():
        yield from _limits(name, shape)
        yield from _header_names(name, shape)
        yield from _kinds(document, name, shape)
        yield from _bodies(document, name, shape, name in ends)


def _ends(operation: OperationDocument) -> Iterator[ShapeRef]:
    for reference in (operation.input, operation.output):
        if reference is not None:
            yield reference


def _target(document: ServiceDocument) -> Iterator[Violation]:
    """What the headers of the protocol json are made from."""
    metadata = document.metadata
    if metadata.protocol != "json":
        return
    named = {"targetPrefix": metadata.target_prefix, "jsonVersion": metadata.json_version}
    for key, value in named.items():
        if value is None:
            remedy = f"Add the key{_AGAIN}"
            yield "/metadata", f"a service of the protocol 'json' without `{key}`", remedy
        elif not _TOKEN.fullmatch(value):
            remedy = f"Write letters, digits, `.` and `_`{_AGAIN}"
            yield f"/metadata/{key}", f"{value!r} cannot stand in a header", remedy


def _request_line(name: str, operation: OperationDocument) -> Iterator[Violation]:
    pointer = json_pointer("operations", name, "http")
    method, uri = operation.http.method, operation.http.request_uri
    if not _TOKEN.fullmatch(method):
        remedy = f"Name one such as `POST`{_AGAIN}"
        yield f"{pointer}/method", f"{method!r} is no method of HTTP", remedy
    if not _URI.fullmatch(uri):
        remedy = (
            f"Begin with `/`, and write no `#`, spaces, controls or letters beyond ASCII{_AGAIN}"
        )
        yield f"{pointer}/requestUri", f"{uri!r} is no path of a URI", remedy


def _host_prefix(
    document: ServiceDocument, name: str, operation: OperationDocument
) -> Iterator[Violation]:
    """A prefix with more than names and dots in it would send the request to another host."""
    prefix = operation.endpoint.host_prefix if operation.endpoint else ""
    pointer = json_pointer("operations", name, "endpoint", "hostPrefix")
    if not _HOST.fullmatch(_HOST_LABEL.sub("", prefix)):
        remedy = f"Write letters, digits, `-`, `.` and labels in braces{_AGAIN}"
        yield pointer, f"{prefix!r} is no part of a host name", remedy
    given = document.shapes[operation.input.shape].members if operation.input else {}
    for label in _HOST_LABEL.findall(prefix):
        if label not in given or document.shapes[given[label].shape].type != "string":
            problem = f"no string of the input fills the label {{{label}}}"
            yield pointer, problem, f"Add the member, or correct the label{_AGAIN}"


def _labels(
    name: str, operation: OperationDocument, shape: str, given: ShapeDocument
) -> Iterator[Violation]:
    pointer = json_pointer("operations", name, "http", "requestUri")
    uri = operation.http.request_uri
    labels = _LABEL.findall(uri)
    if re.search("[{}]", _LABEL.sub("", uri)):
        yield pointer, f"{uri!r} has a brace that belongs to no label", f"Correct the URI{_AGAIN}"
    if _LABEL.search(uri.partition("?")[2]):
        problem = f"{uri!r} has a label after its `?`, where none is filled"
        yield pointer, problem, f'Give the member the location "querystring"{_AGAIN}'
    for label, greedy in labels[:-1]:
        if greedy:  # what follows may be plain text: /portals/{portalArn+}/trustStores
            problem = f"the greedy label {{{label}+}} is not the last label"
            yield pointer, problem, f"Move it to the end, or remove its `+`{_AGAIN}"
    members = {
        member.location_name or wire: wire
        for wire, member in given.members.items()
        if member.location == "uri"
    }
    named = {label for label, _ in labels}
    for label in sorted(named - members.keys()):
        problem = f"no member of {shape!r} fills the label {{{label}}}"
        remedy = f'Give a member the location "uri" and the locationName {label!r}{_AGAIN}'
        yield pointer, problem, remedy
    for label, wire in members.items():
        if label not in named:
            place = json_pointer("shapes", shape, "members", wire)
            problem = f"the URI of {name}, {uri!r}, has no label {{{label}}}"
            yield place, problem, f"Add the label to the URI, or correct locationName{_AGAIN}"


def _limits(name: str, shape: ShapeDocument) -> Iterator[Violation]:
    for key, limit in (("min", shape.min), ("max", shape.max)):
        whole = isinstance(limit, int) and 0 <= limit <= _LONGEST
        if limit is not None and shape.type in _SIZED and not whole:
            problem = f"{_short(limit)} is no length of a {shape.type}"
            remedy = f"Write a whole number from 0 to {_LONGEST}{_AGAIN}"
            yield json_pointer("shapes", name, key), problem, remedy
        elif limit is not None and abs(limit) > sys.float_info.max:
            problem = f"{_short(limit)} is beyond what a number can be"
            yield json_pointer("shapes", name, key), problem, f"Correct the limit{_AGAIN}"
    if shape.min is not None and shape.max is not None and shape.min > shape.max:
        problem = f"min {shape.min} is above max {shape.max}: no value is within them"
        yield json_pointer("shapes", name), problem, f"Correct one of the two{_AGAIN}"


def _header_names(name: str, shape: ShapeDocument) -> Iterator[Violation]:
    for wire, member in shape.members.items():
        if member.location == "header":
            header = member.location_name or wire
        elif member.location == "headers":
            header = member.location_name or "any"
        else:
            continue
        if not _TOKEN.fullmatch(header):
            pointer = json_pointer("shapes", name, "members", wire, "locationName")
            remedy = f"Write letters, digits and `-`{_AGAIN}"
            yield pointer, f"{header!r} is no name of a header", remedy


def _kinds(document: ServiceDocument, name: str, shape: ShapeDocument) -> Iterator[Violation]:
    for wire, member in shape.members.items():
        location = member.location
        if location is None or (member.jsonvalue and location == "header"):
            continue
        whole, *parts = _nesting(document, document.shapes[member.shape])
        if not _fits(location, whole, parts):
            kind = " of ".join([whole, *parts])
            problem = f"the location {location!r} holds {_HOLDS[location]}, not a {kind}"
            pointer = json_pointer("shapes", name, "members", wire)
            yield pointer, problem, f"Correct the shape or the location{_AGAIN}"


def _fits(location: str, whole: str, parts: list[str]) -> bool:
    """Return whether a value has a form as text; `parts` are what lists and maps hold."""
    texts = parts == ["string"] or (location == "querystring" and parts == ["list", "string"])
    if location == "headers" or (location == "querystring" and whole == "map"):
        return whole == "map" and texts
    if location == "statusCode":
        return whole == "integer"
    if location != "uri" and whole == "list":
        return parts[0] not in ("list", "map", "structure")
    return whole not in ("list", "map", "structure")


def _nesting(document: ServiceDocument, shape: ShapeDocument) -> list[str]:
    """Return the type of a shape, and of what it holds, as far as no list or map holds itself."""
    found = [shape.type]
    seen = [shape]
    while (inner := shape.member or shape.value) is not None:
        shape = document.shapes[inner.shape]
        if any(shape is each for each in seen):
            break
        seen.append(shape)
        found.append(shape.type)
    return [str(kind) for kind in found]


def _statuses(name: str, given: ShapeDocument) -> Iterator[Violation]:
    for wire, member in given.members.items():
        if member.location == "statusCode":
            pointer = json_pointer("shapes", name, "members", wire)
            remedy = f"Remove the member, or correct the location{_AGAIN}"
            yield pointer, "a request has no status", remedy


def _bodies(
    document: ServiceDocument, name: str, shape: ShapeDocument, is_end: bool
) -> Iterator[Violation]:
    """What is a whole body is the payload, and beside it stands no JSON."""
    is_rest = document.metadata.protocol != "json"
    for wire, member in shape.members.items():
        pointer = json_pointer("shapes", name, "members", wire)
        target = document.shapes[member.shape]
        streaming = target.type == "blob" and (target.streaming or member.streaming)
        if (target.eventstream or streaming) and not (
            is_end and (shape.payload == wire or (target.eventstream and not is_rest))
        ):
            problem = "what is streamed is a whole body, and this is a part of one"
            yield pointer, problem, f"Make it the payload of an operation{_AGAIN}"
        if is_rest and shape.payload not in (None, wire) and member.location is None:
            problem = f"the body is {shape.payload!r} alone, and has no place for this member"
            yield pointer, problem, f"Give it a location, or remove `payload`{_AGAIN}"


def _short(limit: float) -> str:
    text = str(limit)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _check_places(document: ServiceDocument, name: str, shape: ShapeDocument, file: str) -> None:
    """Of two members in one place, one would be lost on the wire."""
    bound: dict[str, dict[str, str]] = defaultdict(dict)
    for wire, member in shape.members.items():
        location = member.location
        is_map = document.shapes[member.shape].type == "map"
        if location in _PLACES and not (location == "querystring" and is_map):
            key = member.location_name or wire
            bound[_PLACES[location]][wire] = key.lower() if location == "header" else key
    for place, keys in bound.items():
        unique(
            keys,
            keys.__getitem__,
            file=file,
            pointer=json_pointer("shapes", name, "members"),
            what="member",
            where=f"as a {place}",
            remedy="Give one of them another locationName.",
        )
