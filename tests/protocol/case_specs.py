"""The cases in `cases/` as specs that the generator takes: one package for each file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from minispec import Mini

from aiobotantic.client import Client
from aiobotantic_codegen.ir.names import method_name

CASES = Path(__file__).parent / "cases"
FILES = sorted(path.relative_to(CASES).as_posix() for path in CASES.rglob("*.json"))
_METADATA = {
    "apiVersion": "2020-01-01",
    "endpointPrefix": "case",
    "jsonVersion": "1.1",
    "serviceFullName": "Case",
    "signatureVersion": "v4",
    "targetPrefix": "Case",
}
_PLACES = ("location", "jsonvalue")
"""Traits that old cases give to a shape, and models to members."""


@dataclass(frozen=True)
class Case:
    """One case of botocore's."""

    file: str
    suite: int
    group: int
    """Cases of one suite may be of several operations."""
    name: str
    facts: Mapping[str, Any]
    metadata: Mapping[str, Any]
    shapes: Mapping[str, Any]
    endpoint: str | None

    @property
    def id(self) -> str:
        """How the tables and the reports name it."""
        return f"{self.file.removesuffix('.json')}:{self.name}"

    @property
    def protocol(self) -> str:
        """`json` or `rest-json`."""
        return str(self.metadata["protocol"])

    @property
    def service(self) -> str:
        """The name of its service in the package of its file."""
        return f"s{self.suite}x{self.group}"

    @property
    def operation(self) -> str:
        """AWS's name of the operation."""
        return str(self.facts["given"]["name"])

    @property
    def method(self) -> str:
        """The client's name of it."""
        return method_name(self.operation)

    def client(self, package: str) -> type[Client]:
        """Return the generated client."""
        module = import_module(f"{package}.{self.service}.client")
        client: type[Client] = getattr(module, f"Case{self.suite}X{self.group}")
        return client

    def error_shape(self, code: str) -> Mapping[str, Any] | None:
        """Return the shape of an error; None where the model has none."""
        for name, shape in self.shapes.items():
            if shape.get("exception") and code in (name, shape.get("error", {}).get("code")):
                found: Mapping[str, Any] = shape
                return found
        return None

    @property
    def params(self) -> dict[str, Any]:
        """What the client is called with: times and bytes where the cases have numbers and text."""
        given = self.facts["given"].get("input")
        return _typed(self.shapes, given, self.facts["params"]) if given else {}

    @property
    def is_answer(self) -> bool:
        """Whether the case is of an answer; else it is of a request."""
        return "response" in self.facts

    def spec(self) -> dict[str, Any]:
        """Return a spec of its service."""
        given = dict(self.facts["given"])
        given["http"] = {"method": "POST", "requestUri": "/"} | given.get("http", {})
        shapes = dict(_shapes(self.shapes))
        for end in ("input", "output"):
            if "payload" in given.get(end, {}):  # old cases say it of the reference
                name, payload = given[end]["shape"], given[end]["payload"]
                given[end] = {"shape": name}
                shapes[name] = shapes[name] | {"payload": payload}
        return {
            "metadata": {
                **_METADATA,
                **self.metadata,
                "serviceId": f"Case {self.suite} x {self.group}",
            },
            "operations": {self.operation: given},
            "shapes": shapes,
        }


def cases(file: str) -> list[Case]:
    """Return the cases of a file."""
    found = []
    for place, suite in enumerate(json.loads((CASES / file).read_text("utf-8"))):
        groups: list[str] = []
        for number, facts in enumerate(suite["cases"]):
            given = json.dumps(facts["given"])
            groups += [given] if given not in groups else []
            name = facts.get("id") or f"{suite['title']}:{number}"
            found.append(
                Case(
                    file,
                    place,
                    groups.index(given),
                    name,
                    facts,
                    suite["metadata"],
                    suite["shapes"],
                    suite.get("clientEndpoint"),
                )
            )
    return found


def write_specs(mini: Mini, file: str) -> None:
    """Write a spec for each operation of a file."""
    for case in {case.service: case for case in cases(file)}.values():
        Mini(mini.specs, mini.out, mini.package, case.service).write(case.spec())


def _shapes(shapes: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, shape in shapes.items():
        own = {key: value for key, value in shape.items() if key not in _PLACES}
        if own["type"] == "character":
            own["type"] = "string"
        if "key" in own:  # one old case calls it a string
            own["type"] = "map"
        if "members" in own:
            own["members"] = {}
            for member, reference in shape["members"].items():
                target = shapes[reference["shape"]]
                placed = {key: target[key] for key in _PLACES if key in target} | reference
                if (form := placed.pop("timestampFormat", None)) is not None:
                    placed["shape"] = f"{reference['shape']}_{form}"
                    yield placed["shape"], {"type": "timestamp", "timestampFormat": form}
                own["members"][member] = placed
        yield name, own


def _typed(shapes: Mapping[str, Any], reference: Mapping[str, Any], value: Any) -> Any:
    shape = shapes[reference["shape"]]
    if value is None or shape.get("document") or reference.get("jsonvalue"):
        return value
    match shape["type"]:
        case "structure":
            members = shape["members"]
            return {name: _typed(shapes, members[name], each) for name, each in value.items()}
        case "list":
            return [_typed(shapes, shape["member"], each) for each in value]
        case "map":
            return {key: _typed(shapes, shape["value"], each) for key, each in value.items()}
        case "timestamp":
            return datetime.fromtimestamp(value, UTC)
        case "blob":
            return value.encode()
        case "float" | "double":
            return float(value)
        case _:
            return value
