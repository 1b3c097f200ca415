"""`aiobotantic sync`: from a source of API facts to the specs folder, in one step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from aiobotantic_codegen.errors import SyncError
from aiobotantic_codegen.load.botocore import (
    DEFAULT_PREFIX,
    SOURCE_REMEDY,
    ModelSource,
    ServiceModel,
)
from aiobotantic_codegen.load.canonical import (
    PROSE,
    WAITERS_PROSE,
    canonical_catalog,
    canonical_json,
    facts_only,
)
from aiobotantic_codegen.load.documents import CatalogDocument, CatalogEntry
from aiobotantic_codegen.load.service import WAITERS, load_catalog, parse_service
from aiobotantic_codegen.write import TreeChange, locked_tree, replace_tree

Progress = Callable[[str, int, int], None]
"""Called before each service with its name, the number of those done, and of all."""


@dataclass(frozen=True)
class SyncResult:
    """What a sync did.

    Attributes:
        entries: The catalog's entries of the services that were synced, by name.
        dropped: Services that the source no longer has, and whose files were removed.
        change: Files of the specs folder.
    """

    entries: dict[str, CatalogEntry]
    dropped: tuple[str, ...]
    change: TreeChange


def sync(
    source: ModelSource,
    specs: Path,
    services: Iterable[str] = (),
    progress: Progress | None = None,
) -> SyncResult:
    """Write the facts of some services, and the catalog; leave what people wrote as it is.

    Args:
        source: Where the facts come from.
        specs: The folder to write; it need not exist.
        services: Names; none stands for all whose name starts with DEFAULT_PREFIX, and removes
            those of them that the source no longer has.
        progress: Told before each service.

    Raises:
        SyncError: The source lacks a service, or a file of it cannot be read.
        SpecError: A file has a key that the generator does not know, or breaks a rule.
        WriteError: The folder cannot be replaced.
    """
    services = tuple(services)
    names = source.select(services)
    files: dict[str, bytes] = {}
    entries: dict[str, CatalogEntry] = {}
    for done, name in enumerate(names):
        if progress is not None:
            progress(name, done, len(names))
        model = source.read(name)
        texts = _canonical_texts(model)
        files |= {f"{name}/{file}": text for file, text in texts.items()}
        digests = {file: sha256(text).hexdigest() for file, text in texts.items()}
        entries[name] = CatalogEntry(
            api_version=model.api_version, source=model.source, files=digests
        )
    with locked_tree(specs):
        listed = load_catalog(specs).services
        dropped = tuple(
            name
            for name in listed
            if not services and name.startswith(DEFAULT_PREFIX) and name not in entries
        )
        stays = {name: entry for name, entry in listed.items() if name not in dropped}
        catalog = CatalogDocument(services=stays | entries)
        files["catalog.toml"] = canonical_catalog(catalog)
        stale = {
            f"{name}/{file}"
            for name, entry in listed.items()
            if name in entries or name in dropped
            for file in entry.files
        }
        change = replace_tree(specs, files, lambda path: path not in stale)
    return SyncResult(entries=entries, dropped=dropped, change=change)


def _canonical_texts(model: ServiceModel) -> dict[str, bytes]:
    texts: dict[str, bytes] = {}
    for file, document in model.files.items():
        try:
            facts = facts_only(document, WAITERS_PROSE if file == WAITERS else PROSE)
            texts[file] = canonical_json(facts)
        except (ValueError, RecursionError) as error:
            problem = f"not valid JSON: {error}"
            raise SyncError(f"{model.place}/{file}", "", problem, SOURCE_REMEDY) from None
    parse_service(model.name, Path(model.place), texts)
    return texts
