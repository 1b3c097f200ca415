"""Tiny specs: written in a few lines above a test, generated, imported and run.

Shapes are botocore's, with what can be guessed left out: `{"Name": "String"}` stands for
`{"Name": {"shape": "String"}}`, a shape's type follows from its keys, and the scalars below need no
definition.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from aiobotantic.checks import check
from aiobotantic.structure import Structure, write_json
from aiobotantic_codegen.load.canonical import canonical_json, facts_only
from aiobotantic_codegen.pipeline import Outcome, Request, generate

SCALARS = {
    "Blob": "blob",
    "Boolean": "boolean",
    "Double": "double",
    "Float": "float",
    "Integer": "integer",
    "Long": "long",
    "String": "string",
    "Timestamp": "timestamp",
}
METADATA = {
    "apiVersion": "2020-01-01",
    "endpointPrefix": "mini",
    "jsonVersion": "1.1",
    "protocol": "json",
    "serviceFullName": "Mini Service",
    "serviceId": "Mini",
    "signatureVersion": "v4",
    "targetPrefix": "Mini",
}
ENDPOINT_RULES = {
    "version": "1.0",
    "parameters": {
        "Region": {"builtIn": "AWS::Region", "required": False, "type": "string"},
        "Endpoint": {"builtIn": "SDK::Endpoint", "required": True, "type": "string"},
    },
    "rules": [
        {
            "conditions": [],
            "endpoint": {"url": {"ref": "Endpoint"}, "properties": {}, "headers": {}},
            "type": "endpoint",
        }
    ],
}
_numbers = count()

Spec = Mapping[str, Any]


@dataclass(frozen=True)
class Mini:
    """A spec on the disk, and the package that is generated from it."""

    specs: Path
    out: Path
    package: str
    service: str = "mini"

    @property
    def root(self) -> Path:
        """The folder of the generated package."""
        return self.out / self.package

    @property
    def models(self) -> ModuleType:
        """The shapes."""
        return self.module("models")

    def module(self, name: str) -> ModuleType:
        """Import a generated module of the service."""
        return importlib.import_module(f"{self.package}.{self.service}.{name}")

    def text(self, path: str) -> str:
        """Return a generated file of the service."""
        return (self.root / self.service / path).read_text("utf-8")

    def generate(self, *, check: bool = False) -> Outcome:
        """Run the pipeline."""
        return generate(Request(self.specs, self.out, self.package), check=check)

    def write(self, spec: Spec) -> None:
        """Write the spec files of the service, and the tables that the spec has."""
        folder = self.specs / self.service
        folder.mkdir(parents=True, exist_ok=True)
        for name, tree in spec_files(spec).items():
            (folder / name).write_bytes(canonical_json(facts_only(tree)))
        for table in ("overrides", "behaviour"):
            if table in spec:
                self.write_table(f"{table}.toml", spec[table])

    def write_table(self, name: str, text: str) -> None:
        """Write `overrides.toml` or `behaviour.toml`."""
        (self.specs / name).write_text(text, "utf-8")


class Generate(Protocol):
    """What the fixture `generated` is: spec in, importable package out."""

    def __call__(self, spec: Spec, *, service: str = "mini") -> Mini: ...


def new_mini(folder: Path, spec: Spec, *, service: str = "mini") -> Mini:
    """Write a spec below a folder; its package has a name of its own."""
    mini = Mini(folder / "specs", folder / "out", f"mini_{next(_numbers)}", service)
    mini.write(spec)
    return mini


@contextmanager
def importable(mini: Mini) -> Iterator[None]:
    """Put a generated package on the path of imports, and forget it afterwards."""
    sys.path.insert(0, str(mini.out))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(mini.out))
        for name in [n for n in sys.modules if n.partition(".")[0] == mini.package]:
            del sys.modules[name]


@contextmanager
def cache_in(folder: Path) -> Iterator[None]:
    """Let the generator keep its cache in a folder."""
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["XDG_CACHE_HOME"]
        else:
            os.environ["XDG_CACHE_HOME"] = before


def one_structure(members: Mapping[str, Any], **spec: Any) -> dict[str, Any]:
    """Return a spec whose operation `Send` takes and returns the same members.

    Args:
        members: Of `SendRequest` and `SendResponse`.
        spec: `required` names of members, and further keys of a spec.
    """
    required = spec.pop("required", [])
    shapes = spec.pop("shapes", {})
    both = {"members": members, "required": required}
    return {
        "operations": {"Send": {"input": "SendRequest", "output": "SendResponse"}},
        "shapes": {"SendRequest": both, "SendResponse": both, **shapes},
        **spec,
    }


def spec_files(spec: Spec) -> dict[str, dict[str, Any]]:
    """Return file names and trees of a spec, everything that was left out filled in."""
    shapes = {name: _shape(shape) for name, shape in spec.get("shapes", {}).items()}
    for scalar, kind in SCALARS.items():
        shapes.setdefault(scalar, {"type": kind})
    files: dict[str, dict[str, Any]] = {
        "service-2.json": {
            "version": "2.0",
            "metadata": METADATA | spec.get("metadata", {}),
            "operations": {n: _operation(n, o) for n, o in spec.get("operations", {}).items()},
            "shapes": shapes,
        },
        "endpoint-rule-set-1.json": ENDPOINT_RULES,
    }
    if "paginators" in spec:
        files["paginators-1.json"] = {"pagination": spec["paginators"]}
    if "waiters" in spec:
        files["waiters-2.json"] = {"version": 2, "waiters": spec["waiters"]}
    return files


def _operation(name: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {"name": name}
    whole |= {key: _reference(operation[key]) for key in ("input", "output") if key in operation}
    whole["errors"] = [_reference(error) for error in operation.get("errors", [])]
    return {"http": {"method": "POST", "requestUri": "/"}, **operation, **whole}


def _shape(shape: Mapping[str, Any]) -> dict[str, Any]:
    whole = {"type": _shape_type(shape), **shape}
    if "members" in whole:
        whole["members"] = {name: _reference(ref) for name, ref in whole["members"].items()}
    for key in ("member", "key", "value"):
        if key in whole:
            whole[key] = _reference(whole[key])
    return whole


def _shape_type(shape: Mapping[str, Any]) -> str:
    for key, kind in (("members", "structure"), ("member", "list"), ("key", "map")):
        if key in shape:
            return kind
    return "string"


def _reference(shape: Any) -> dict[str, Any]:
    return {"shape": shape} if isinstance(shape, str) else dict(shape)


def refusals(request: Structure, *, wire: bool = False) -> list[str]:
    """Return what a request breaks, as its error says it; nothing where it may be sent."""
    return [str(r) for r in check(type(request), write_json(request), wire=wire)]


def sent(request: Structure) -> Any:
    """Return the JSON that a request is sent as."""
    return json.loads(write_json(request))


def tree_of(root: Path) -> dict[str, bytes]:
    """Return every file below a folder, caches of Python aside."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
