"""What HTTP and URIs ask of a service: each name and place in a request can hold what it binds."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from aiobotantic_codegen.errors import SpecError, json_pointer
from aiobotantic_codegen.ir.names import unique
from aiobotantic_codegen.load.documents import OperationDocument, ServiceDocument, ShapeDocument

_AGAIN = ", or run `aiobotantic sync` again."
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_URI = re.compile(r"/[!-~]*")
_LABEL = re.compile(r"\{([^{}+]+)(\+?)\}")
_PLACES = {"header": "header", "querystring": "query parameter", "uri": "label of the URI"}

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
    for name, operation in document.operations.items():
        yield from _request_line(name, operation)
        if operation.input is not None:
            given = operation.input.shape
            yield from _labels(name, operation, given, document.shapes[given])
    for name, shape in document.shapes.items():
        yield from _limits(name, shape)
        yield from _header_names(name, shape)


def _request_line(name: str, operation: OperationDocument) -> Iterator[Violation]:
    pointer = json_pointer("operations", name, "http")
    method, uri = operation.http.method, operation.http.request_uri
    if not _TOKEN.fullmatch(method):
        remedy = f"Name one such as `POST`{_AGAIN}"
        yield f"{pointer}/method", f"{method!r} is no method of HTTP", remedy
    if not _URI.fullmatch(uri):
        remedy = f"Begin with `/`, and write no spaces, controls or letters beyond ASCII{_AGAIN}"
        yield f"{pointer}/requestUri", f"{uri!r} is no path of a URI", remedy


def _labels(
    name: str, operation: OperationDocument, shape: str, given: ShapeDocument
) -> Iterator[Violation]:
    pointer = json_pointer("operations", name, "http", "requestUri")
    uri = operation.http.request_uri
    labels = _LABEL.findall(uri)
    if re.search("[{}]", _LABEL.sub("", uri)):
        yield pointer, f"{uri!r} has a brace that belongs to no label", f"Correct the URI{_AGAIN}"
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
