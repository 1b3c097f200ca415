"""All ten services: the committed client has what the committed specs have, read as plain JSON."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import aiosagemaker
from aiobotantic.bindings import (
    AsPayload,
    InHeader,
    InHeaders,
    InPath,
    InQuery,
    InStatus,
    bindings_of,
)
from aiobotantic.client import Client
from aiobotantic.event_stream import EventStream
from aiobotantic.structure import Structure, describe, value_type
from aiobotantic.unions import UnionStructure

SPECS = Path(__file__).resolve().parents[2] / "specs"
SERVICES = sorted(path.parent.name for path in SPECS.glob("*/service-2.json"))
PLACES = {
    "uri": InPath,
    "querystring": InQuery,
    "header": InHeader,
    "headers": InHeaders,
    "statusCode": InStatus,
}


class Family:
    """One service: its raw spec, and what was generated from it."""

    def __init__(self, name: str) -> None:
        spec: dict[str, Any] = json.loads((SPECS / name / "service-2.json").read_text())
        self.operations, self.shapes = spec["operations"], spec["shapes"]
        self.client: type[Client] = next(
            cls
            for cls in (getattr(aiosagemaker, each) for each in dir(aiosagemaker))
            if isinstance(cls, type) and cls.SERVICE.name == name
        )
        self.package = self.client.SERVICE.package
        self.models = import_module(f"{self.package}.models")
        self.errors = import_module(f"{self.package}.errors")

    def shape(self, name: str) -> Any:
        """Return a class; names that generated modules use themselves take an underscore."""
        return getattr(self.models, name if name in dir(self.models) else f"{name}_")

    def structures(self) -> dict[str, Any]:
        return {
            name: shape
            for name, shape in self.shapes.items()
            if shape["type"] == "structure"
            and not shape.get("exception")
            and not shape.get("document")
        }


@pytest.fixture(scope="module", params=SERVICES)
def family(request: pytest.FixtureRequest) -> Family:
    return Family(request.param)


def test_all_ten_services_are_here() -> None:
    assert len(SERVICES) == 10
    clients = [name for name in dir(aiosagemaker) if not name.startswith("_")]
    assert len(clients) == 10


def test_operations(family: Family) -> None:
    made = family.client.operations()
    assert list(made) == list(family.operations) or set(made) == set(family.operations)
    for name, spec in family.operations.items():
        operation = made[name]
        assert operation.request == spec["input"]["shape"], name
        assert operation.response == spec.get("output", {}).get("shape"), name
        assert operation.method == spec["http"]["method"], name
        assert operation.uri == spec["http"]["requestUri"], name
        codes = [family.shapes[each["shape"]] for each in spec.get("errors", [])]
        listed = [each["shape"] for each in spec.get("errors", [])]
        wanted = [
            shape.get("error", {}).get("code") or error
            for shape, error in zip(codes, listed, strict=True)
        ]
        assert list(operation.errors) == wanted, name
        assert "endpoint" not in spec, f"{name} has a host prefix"


def test_structures_and_where_their_members_travel(family: Family) -> None:
    for name, spec in family.structures().items():
        cls = family.shape(name)
        assert issubclass(cls, Structure)
        members = {
            wire: member
            for wire, member in spec["members"].items()
            if not (spec.get("eventstream") and family.shapes[member["shape"]].get("exception"))
        }
        assert list(describe(cls).wire_names.values()) == list(members), name
        markers = bindings_of(cls).markers
        for field, wire in describe(cls).wire_names.items():
            member, marker = members[wire], markers.get(field)
            if "location" in member:
                assert type(marker) is PLACES[member["location"]], f"{name}.{wire}"
                named = getattr(marker, "name", getattr(marker, "prefix", wire))
                assert named == member.get("locationName", wire), f"{name}.{wire}"
            elif spec.get("payload") == wire or member.get("eventpayload"):
                assert type(marker) is AsPayload, f"{name}.{wire}"
            else:
                assert marker is None, f"{name}.{wire}"
        assert issubclass(cls, UnionStructure) == bool(spec.get("union") or spec.get("eventstream"))


def test_what_requests_require(family: Family) -> None:
    for spec in family.operations.values():
        name = spec["input"]["shape"]
        shape, cls = family.shapes[name], family.shape(name)
        tokens = {m for m, each in shape["members"].items() if each.get("idempotencyToken")}
        wanted = [wire for wire in shape.get("required", []) if wire not in tokens]
        names = describe(cls).wire_names
        assert {names[field] for field in describe(cls).required} == set(wanted), name


def test_enums(family: Family) -> None:
    enums = {name: shape["enum"] for name, shape in family.shapes.items() if shape.get("enum")}
    for name, values in enums.items():
        assert [member.value for member in family.shape(name)] == values, name
    shapes = {*enums, *family.structures()}
    assert {name.rstrip("_") for name in dir(family.models)} >= shapes
    assert len(dir(family.models)) >= len(shapes)


def test_errors(family: Family) -> None:
    modelled = {name: shape for name, shape in family.shapes.items() if shape.get("exception")}
    for name, shape in modelled.items():
        trait = shape.get("error", {})
        cls = family.errors.ERRORS[trait.get("code") or name]
        assert cls.__module__ == family.errors.__name__, name
        if "httpStatusCode" in trait:
            assert trait["httpStatusCode"] == cls.STATUS, name


def test_streams(family: Family) -> None:
    for name, spec in family.operations.items():
        output = family.shapes[spec["output"]["shape"]] if "output" in spec else {"members": {}}
        shapes = [family.shapes[member["shape"]] for member in output["members"].values()]
        events = any(shape.get("eventstream") for shape in shapes)
        streams = events or any(shape.get("streaming") for shape in shapes)
        operation = family.client.operations()[name]
        assert operation.streams == streams, name
        if events:
            fields = operation.response_class.__pydantic_fields__.values()
            kinds = [value_type(field.annotation) for field in fields]
            assert any(getattr(kind, "__origin__", None) is EventStream for kind in kinds), name
