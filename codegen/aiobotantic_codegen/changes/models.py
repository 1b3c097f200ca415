"""What two things a difference is of: a word on the command line to the model of one service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from aiobotantic_codegen.errors import SpecError, SyncError
from aiobotantic_codegen.load.botocore import (
    DEFAULT_PREFIX,
    ModelSource,
    ServiceModel,
    from_directory,
    from_index,
    from_installed,
    read_folder,
    read_json,
)
from aiobotantic_codegen.load.documents import PaginatorsDocument, WaitersDocument
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
    if word == SPECS:
        return _called(from_source(from_directory(specs), service), word)
    if path.is_file():
        return _of_file(path, word, service)
    if not path.is_dir():
        raise SyncError(word, "", "no such file or directory", _WAYS)
    folder = _version_folder(path)
    if folder is None:
        return _called(from_source(from_directory(path), service), word)
    files = read_folder(folder, str(folder))
    name = service or _service_name(files[SERVICE], folder / SERVICE)
    return of_service(ServiceModel(name, "", word, str(folder), files))


def empty_model(like: Model, source: str) -> Model:
    """Return a service that has nothing yet: what a new or a removed one is compared with."""
    bare = like.loaded.service.model_copy(update={"operations": {}, "shapes": {}})
    loaded = replace(
        like.loaded,
        service=bare,
        paginators=PaginatorsDocument(),
        waiters=WaitersDocument(),
        files={},
    )
    return Model(source=source, loaded=loaded, trees={SERVICE: {}})


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
    trees = {**model.files, SERVICE: _with_identity(model.files[SERVICE])}
    texts = {file: json.dumps(tree).encode() for file, tree in trees.items()}
    loaded = parse_service(model.name, Path(model.place), texts)
    return Model(source=model.source, loaded=loaded, trees=model.files, whole=whole)


def _of_file(path: Path, word: str, service: str | None) -> Model:
    tree = read_json(path)
    name = service or _service_name(tree, path)
    try:
        return of_service(ServiceModel(name, "", word, "", {SERVICE: tree}), whole=False)
    except SpecError as error:
        raise SpecError(path, error.pointer, error.problem, error.remedy) from None


def _version_folder(folder: Path) -> Path | None:
    """Return where the files of one service are, if it is one: there, or in an API version."""
    names = (SERVICE, f"{SERVICE}.gz")
    places = [folder, *sorted((p for p in folder.iterdir() if p.name[:1].isdigit()), reverse=True)]
    return next((p for p in places if any((p / name).is_file() for name in names)), None)


def _service_name(tree: dict[str, Any], path: Path) -> str:
    metadata = tree.get("metadata")
    identity = metadata.get("serviceId") if isinstance(metadata, dict) else None
    if not isinstance(identity, str):
        problem = "not a service model: it has no metadata.serviceId"
        remedy = f"Name a {SERVICE}; if it is older than 2018, say with --service whose it is."
        raise SyncError(path, "/metadata/serviceId", problem, remedy)
    return identity.lower().replace(" ", "-")


def _with_identity(tree: dict[str, Any]) -> dict[str, Any]:
    """Let a model from before 2018, which has no serviceId, be compared all the same."""
    metadata = tree.get("metadata")
    if not isinstance(metadata, dict):
        return tree
    return {**tree, "metadata": {**metadata, "serviceId": metadata.get("serviceId", "")}}


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
