"""`aiobotantic sync`: from a source of API facts to the specs folder, in one step."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from aiobotantic_codegen.errors import PageError, SpecError, SyncError
from aiobotantic_codegen.load.botocore import (
    DEFAULT_PREFIX,
    SOURCE_REMEDY,
    ModelSource,
    ServiceModel,
    from_directory,
)
from aiobotantic_codegen.load.canonical import (
    PROSE,
    WAITERS_PROSE,
    canonical_catalog,
    canonical_json,
    facts_only,
)
from aiobotantic_codegen.load.documents import CatalogDocument, CatalogEntry
from aiobotantic_codegen.load.service import (
    SERVICE,
    WAITERS,
    list_services,
    load_catalog,
    load_overrides,
    load_service,
    parse_service,
)
from aiobotantic_codegen.write import TreeChange, locked_tree, replace_tree

if TYPE_CHECKING:
    from aiobotantic_codegen.changes.page import Page
    from aiobotantic_codegen.changes.record import Difference

Progress = Callable[[str, int, int], None]
"""Called before each service with its name, the number of those done, and of all."""


@dataclass(frozen=True)
class SyncResult:
    """What a sync did.

    Attributes:
        entries: The catalog's entries of the services that were synced, by name.
        dropped: Services that the source no longer has, and whose files were removed.
        change: Files of the specs folder.
        came: Of services whose facts were a page's: what the model that came says otherwise.
    """

    entries: dict[str, CatalogEntry]
    dropped: tuple[str, ...]
    change: TreeChange
    came: dict[str, Difference] = field(default_factory=dict)


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
        provisional = [n for n, e in listed.items() if e.provisional is not None and n in entries]
        came = {name: _otherwise(specs, name, files, entries[name]) for name in provisional}
        change = replace_tree(specs, files, lambda path: path not in stale)
    return SyncResult(entries=entries, dropped=dropped, change=change, came=came)


def apply(page: Page, specs: Path, service: str | None = None) -> tuple[str, Difference]:
    """Put what a page adds into the specs of its service, provisionally.

    Args:
        page: The page.
        specs: The folder to write.
        service: Name of the service; None for the one whose full name is on the page.

    Returns:
        The service, and what changed.

    Raises:
        PageError: The specs are not of before the change, or the page does not say enough.
    """
    from aiobotantic_codegen.changes.apply import TAKE_THE_MODEL, apply_page, resolved
    from aiobotantic_codegen.changes.diff import diff_models
    from aiobotantic_codegen.changes.models import from_source, of_service
    from aiobotantic_codegen.changes.verify import verify_page

    with locked_tree(specs):
        source = from_directory(specs)
        name = service or _service_of(page, specs)
        model, old = source.read(name), from_source(source, name)
        entry = _entry(specs, name)
        title = f"page {page.date:%Y-%m-%d}"
        tree = apply_page(page, model.files[SERVICE])
        files = {**model.files, SERVICE: tree}
        new = of_service(replace(model, files=files, source=title))
        difference = diff_models(old, new, load_overrides(specs).services.get(name))
        told = verify_page(resolved(page, tree), difference, new)
        for other in (*told.missing, *told.beyond):
            problem = f"{other.operation} {other.direction} {other.path} would change otherwise"
            problem += f" than the page says: {other.kind}"
            raise PageError(page.place, "", problem, TAKE_THE_MODEL)
        text = canonical_json(tree)
        digests = {**entry.files, SERVICE: sha256(text).hexdigest()}
        provisional = entry.provisional or entry.source
        catalog = load_catalog(specs).services | {
            name: CatalogEntry(
                api_version=entry.api_version,
                source=title,
                provisional=provisional,
                files=digests,
            )
        }
        written = {
            f"{name}/{SERVICE}": text,
            "catalog.toml": canonical_catalog(CatalogDocument(services=catalog)),
        }
        replace_tree(specs, written, lambda path: path not in written)
    return name, difference


def _service_of(page: Page, specs: Path) -> str:
    names = {
        name: load_service(specs, name).service.metadata.service_full_name
        for name in list_services(specs)
    }
    found = [name for name, full_name in names.items() if full_name == page.service]
    if len(found) != 1:
        known = ", ".join(sorted(names.values()))
        problem = f"no service in {specs} has the full name {page.service!r}, only {known}"
        raise PageError(page.place, "", problem, "Name it with --service.")
    return found[0]


def _entry(specs: Path, name: str) -> CatalogEntry:
    """Return what the catalog says of a service.

    Raises:
        SpecError: Nothing.
    """
    entry = load_catalog(specs).services.get(name)
    if entry is None:
        remedy = f"Run `aiobotantic sync --service {name}` first."
        raise SpecError(specs / "catalog.toml", "/services", f"there is no entry {name!r}", remedy)
    return entry


def _otherwise(
    specs: Path, name: str, files: Mapping[str, bytes], entry: CatalogEntry
) -> Difference:
    """Compare what a page made of a service with what came."""
    from aiobotantic_codegen.changes.diff import diff_models
    from aiobotantic_codegen.changes.models import from_source, of_service

    texts = {file: files[f"{name}/{file}"] for file in entry.files}
    trees = {file: json.loads(text) for file, text in texts.items()}
    came = ServiceModel(name, entry.api_version, entry.source, str(specs / name), trees)
    return diff_models(from_source(from_directory(specs), name), of_service(came))


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
