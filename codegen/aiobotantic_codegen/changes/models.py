"""What two things a difference is of: a word on the command line to the model of one service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from aiobotantic_codegen.errors import SyncError
from aiobotantic_codegen.load.botocore import (
    DEFAULT_PREFIX,
    ModelSource,
    ServiceModel,
    from_directory,
    from_index,
    from_installed,
    read_json,
)
from aiobotantic_codegen.load.service import SERVICE, LoadedService, parse_service

INSTALLED = "installed"
SPECS = "specs"
FROM_INDEX = "botocore=="
_WAYS = f"Give a file, a directory, `{FROM_INDEX}VERSION`, `{INSTALLED}` or `{SPECS}`."


@dataclass(frozen=True)
class Model:
    """One service of one source.

    Attributes:
        source: What it is called in a record, e.g. `botocore 1.29.141`.
        loaded: Its documents.
        trees: The same as plain JSON by file name, documentation included.
        whole: Whether paginators, waiters and endpoint rules were there to be read too.
    """

    source: str
    loaded: LoadedService
    trees: Mapping[str, dict[str, Any]]
    whole: bool = True

    @property
    def service(self) -> str:
        """Its name, e.g. `sagemaker-runtime`."""
        return self.loaded.name

    @cached_property
    def documentation(self) -> dict[str, str] | None:
        """Its documentation by JSON pointer; None if it carries none."""
        found = dict(_texts(self.trees[SERVICE], ""))
        return found or None


def load_model(word: str, service: str | None, specs: Path) -> Model:
    """Read one service from what a user named.

    Args:
        word: A file, a directory, `botocore==VERSION`, `installed` or `specs`.
        service: Name of the service; None for the only one there, or `sagemaker`.
        specs: The folder that `specs` stands for.

    Raises:
        SyncError: It is not there, or cannot be read.
        SpecError: The model breaks a rule.
    """
    path = Path(word)
    if word == INSTALLED:
        return from_source(from_installed(), service)
    if word.startswith(FROM_INDEX):
        return from_source(from_index(word.removeprefix(FROM_INDEX)), service)
    if word == SPECS and (specs.is_dir() or not path.exists()):
        return from_source(from_directory(specs), service)
    if path.is_file():
        tree = read_json(path)
        name = service or _service_name(tree, path)
        return of_service(ServiceModel(name, "", word, str(path), {SERVICE: tree}), whole=False)
    if not path.is_dir():
        raise SyncError(word, "", "no such file or directory", _WAYS)
    folder = path.resolve()
    around = from_directory(folder.parent) if _holds_service(folder) else None
    if around is None:
        return _called(from_source(from_directory(path), service), word)
    model = around.read(folder.name)
    name = service or _service_name(model.files[SERVICE], path / SERVICE)
    return _called(of_service(replace(model, name=name)), word)


def _called(model: Model, word: str) -> Model:
    """Name a model as the user did, where its source has no name of its own."""
    return replace(model, source=word) if model.source == "directory" else model


def from_source(source: ModelSource, service: str | None) -> Model:
    """Read one service of a source; without a name the only one, or `sagemaker`."""
    if service is None:
        known = source.services()
        service = known[0] if len(known) == 1 else DEFAULT_PREFIX
    return of_service(source.read(service))


def of_service(model: ServiceModel, *, whole: bool = True) -> Model:
    """Check the files of a service."""
    model = replace(model, files={**model.files, SERVICE: _identified(model.files[SERVICE])})
    texts = {file: json.dumps(tree).encode() for file, tree in model.files.items()}
    loaded = parse_service(model.name, Path(model.place), texts)
    return Model(source=model.source, loaded=loaded, trees=model.files, whole=whole)


def _identified(tree: dict[str, Any]) -> dict[str, Any]:
    """Return a model with a `serviceId`: releases before 1.10.45 have none."""
    metadata = tree.get("metadata")
    if not isinstance(metadata, dict) or "serviceId" in metadata:
        return tree
    return {**tree, "metadata": {**metadata, "serviceId": ""}}


def _holds_service(folder: Path) -> bool:
    """Return whether it is one service: its files are there, or below an API version."""
    names = (SERVICE, f"{SERVICE}.gz")
    places = (folder, *(path for path in folder.iterdir() if path.name[:1].isdigit()))
    return any((place / name).is_file() for place in places for name in names)


def _service_name(tree: dict[str, Any], path: Path) -> str:
    metadata = tree.get("metadata")
    identity = metadata.get("serviceId") if isinstance(metadata, dict) else None
    if not isinstance(identity, str):
        problem = "not a service model: it has no metadata.serviceId"
        raise SyncError(path, "/metadata/serviceId", problem, f"Name a {SERVICE}.")
    return identity.lower().replace(" ", "-")


def _texts(tree: Any, pointer: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    pending: list[tuple[str, Any]] = [(pointer, tree)]
    while pending:
        place, value = pending.pop()
        if isinstance(value, dict):
            for key, each in value.items():
                if key == "documentation" and isinstance(each, str):
                    found.append((f"{place}/{key}", each))
                else:
                    pending.append((f"{place}/{key}", each))
    return found
