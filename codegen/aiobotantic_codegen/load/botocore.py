"""Where API facts come from: a botocore wheel, the installed botocore, or a directory.

A source lists its services by looking, never from memory.
"""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError, version
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aiobotantic_codegen.cache import cache_folder
from aiobotantic_codegen.errors import SyncError
from aiobotantic_codegen.load.service import SERVICE, SPEC_FILES, load_catalog
from aiobotantic_codegen.load.unique_keys import RepeatedKey, read_unique

DEFAULT_PREFIX = "sagemaker"
"""Services whose name starts so are synced when none is named."""

SOURCE_REMEDY = "Fetch the source again, or use another one."

_VERSION = re.compile(r"[0-9][0-9A-Za-z.+!-]*")
_SERVICE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EXTRAS = ".sdk-extras.json"


@dataclass(frozen=True)
class ServiceModel:
    """The files of one service as botocore has them, prose included, sdk-extras merged.

    Attributes:
        source: Where they come from, e.g. `botocore 1.44.5`.
        place: The folder, for messages.
    """

    name: str
    api_version: str
    source: str
    place: str
    files: Mapping[str, dict[str, Any]]


@dataclass(frozen=True)
class ModelSource:
    """A tree of service folders.

    Attributes:
        title: What the catalog says of it, e.g. `botocore 1.44.5`.
        place: The tree, for messages.
        root: The folder that holds the service folders.
        titles: Titles of single services, where they differ.
    """

    title: str
    place: str
    root: Traversable
    titles: Mapping[str, str]

    def services(self, prefix: str = "") -> list[str]:
        """Names of the services that start with a prefix, sorted."""
        names = (entry.name for entry in self.root.iterdir() if entry.name.startswith(prefix))
        return sorted(name for name in names if self._folder(name) is not None)

    def select(self, names: Iterable[str] = ()) -> list[str]:
        """The named services, or those whose name starts with DEFAULT_PREFIX.

        Raises:
            SyncError: A service is not there, or none matches.
        """
        wanted = sorted(set(names))
        for name in wanted:
            self._existing_folder(name)
        if not wanted:
            wanted = self.services(DEFAULT_PREFIX)
        if not wanted:
            problem = f"holds no service whose name starts with `{DEFAULT_PREFIX}`"
            raise SyncError(self.place, "", problem, "Name one with `--service`.")
        return wanted

    def read(self, name: str) -> ServiceModel:
        """The newest API version of one service.

        Raises:
            SyncError: The service is not there, or a file cannot be read.
        """
        folder = self._existing_folder(name)
        flat = folder.name == name
        place = f"{self.place}/{name}" if flat else f"{self.place}/{name}/{folder.name}"
        files = read_folder(folder, place)
        return ServiceModel(
            name=name,
            api_version=_api_version(files[SERVICE]) if flat else folder.name,
            source=self.titles.get(name, self.title),
            place=place,
            files=files,
        )

    def _existing_folder(self, name: str) -> Traversable:
        folder = self._folder(name)
        if folder is None:
            nearest = get_close_matches(name, self.services(), n=3)
            remedy = f"Did you mean {' or '.join(nearest)}?" if nearest else "Check the name."
            raise SyncError(self.place, "", f"holds no service `{name}`", remedy)
        return folder

    def _folder(self, name: str) -> Traversable | None:
        """The folder of the newest API version; in specs, the service's own folder."""
        folder = self.root / name
        if not is_service_name(name) or not folder.is_dir():
            return None
        if _holds_service(folder):
            return folder
        versions = [entry for entry in folder.iterdir() if entry.is_dir() and _holds_service(entry)]
        return max(versions, key=lambda entry: entry.name, default=None)


def from_index(wanted: str | None = None, cache: Path | None = None) -> ModelSource:
    """botocore of the package index, with pip and its configuration; wheels are cached by version.

    Args:
        wanted: A version such as `1.44.5`; None for the newest.
        cache: Folder of the wheels; None for the user's cache folder.

    Raises:
        SyncError: pip cannot get the wheel, or it is broken.
    """
    cache = cache or cache_folder() / "wheels"
    if wanted is None:
        return from_wheel(_download("botocore", cache))
    if not _VERSION.fullmatch(wanted):
        problem = f"`{wanted}` is not a version"
        raise SyncError("botocore", "", problem, "Give one such as `1.44.5`.")
    wheel = cache / f"botocore-{wanted}-py3-none-any.whl"
    if not zipfile.is_zipfile(wheel):
        wheel = _download(f"botocore=={wanted}", cache)
    return from_wheel(wheel)


def from_installed() -> ModelSource:
    """The botocore that this interpreter would import.

    Raises:
        SyncError: None is installed.
    """
    try:
        found, title = find_spec("botocore"), f"botocore {version('botocore')}"
    except PackageNotFoundError:
        found = None
    if found is None or not found.submodule_search_locations:
        remedy = "Install botocore, or name a version with `--botocore`."
        raise SyncError("botocore", "", "is not installed", remedy)
    data = Path(found.submodule_search_locations[0]) / "data"
    return ModelSource(title=title, place=str(data), root=data, titles={})


def from_directory(directory: Path) -> ModelSource:
    """A folder of `<service>/<api version>/*.json[.gz]`, as botocore's `data`, or a specs folder.

    Raises:
        SyncError: The folder is not there, or holds no service.
    """
    if not directory.is_dir():
        raise SyncError(directory, "", "no such folder", "Check the path.")
    catalog = load_catalog(directory)
    source = ModelSource(
        title=_title(directory),
        place=str(directory),
        root=directory,
        titles={name: entry.source for name, entry in catalog.services.items()},
    )
    if not source.services():
        remedy = f"Name a folder that holds `<service>/<api version>/{SERVICE}`."
        raise SyncError(directory, "", "holds no service", remedy)
    return source


def from_wheel(wheel: Path) -> ModelSource:
    """A wheel of botocore.

    Raises:
        SyncError: It cannot be opened, or is another package's.
    """
    title = f"botocore {wheel.name.split('-')[1]}"
    try:
        root = zipfile.Path(wheel) / "botocore" / "data"
    except (OSError, zipfile.BadZipFile) as error:
        raise SyncError(wheel, "", f"not a wheel: {error}", "Delete it and try again.") from None
    if not root.is_dir():
        raise SyncError(wheel, "", "holds no botocore/data", "Delete it and try again.")
    return ModelSource(title=title, place=f"{wheel}/botocore/data", root=root, titles={})


def _download(requirement: str, cache: Path) -> Path:
    """Let pip bring a wheel into the cache; a killed download leaves no half of one."""
    words = ["download", "--no-deps", "--only-binary=:all:", "--progress-bar=off"]
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix="download-") as folder:
            done = _pip(*words, "--dest", folder, requirement)
            wheels = list(Path(folder).glob("botocore-*.whl"))
            if done.returncode == 0 and wheels:
                return wheels[0].replace(cache / wheels[0].name)
    except OSError as error:
        remedy = "Check that the folder can be written, or set XDG_CACHE_HOME to another one."
        raise SyncError(cache, "", f"cannot be written: {error}", remedy) from None
    problem = f"pip cannot download it: {_told(done)}"
    remedy = "Check the version and the network, or use the installed one or a directory."
    raise SyncError(requirement, "", problem, remedy)


def index_versions() -> list[str]:
    """Versions of botocore that the package index has for this Python, as pip tells them.

    Raises:
        SyncError: pip cannot tell.
    """
    done = _pip("index", "versions", "botocore")
    found = re.search(r"^Available versions: (.+)$", done.stdout, re.MULTILINE)
    if done.returncode or not found:
        problem = f"pip cannot list its versions: {_told(done)}"
        raise SyncError("botocore", "", problem, "Check the network and pip's configuration.")
    return found[1].split(", ")


def _pip(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", *words, "--no-input", "--disable-pip-version-check"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _told(done: subprocess.CompletedProcess[str]) -> str:
    """Return what pip says of its failure.

    The last line alone does not tell an unknown version from a network that is down.
    """
    lines = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()
    warnings = [line for line in lines[:-1] if line.startswith("WARNING:")]
    return "\n  ".join([lines[-1].strip(), *warnings[-1:]])


def _title(directory: Path) -> str:
    """`botocore <version>` for a botocore's own data folder; no path: the catalog is shared."""
    module = directory.resolve().parent / "__init__.py"
    if directory.resolve().name == "data" and module.is_file():
        found = re.search(r"^__version__ = ['\"]([\w.+!-]+)['\"]", module.read_text(), re.MULTILINE)
        if found:
            return f"botocore {found[1]}"
    return "directory"


def _api_version(service: dict[str, Any]) -> str:
    metadata = service.get("metadata")
    return str(metadata.get("apiVersion", "")) if isinstance(metadata, dict) else ""


def _holds_service(folder: Traversable) -> bool:
    return any((folder / name).is_file() for name in (SERVICE, f"{SERVICE}.gz"))


def read_folder(folder: Traversable, place: str) -> dict[str, dict[str, Any]]:
    """The spec files in one folder by name, sdk-extras merged.

    Args:
        folder: The folder of one API version.
        place: What it is called in messages.

    Raises:
        SyncError: A file cannot be read, or is no JSON object.
    """
    # Backwards, so that a plain file wins over a compressed one, as in botocore.
    listing = sorted(folder.iterdir(), key=lambda entry: entry.name, reverse=True)
    entries = {entry.name.removesuffix(".gz"): entry for entry in listing}
    files: dict[str, dict[str, Any]] = {}
    for file in SPEC_FILES:
        if file in entries:
            files[file] = _read_json(entries[file], place)
        extras = file.removesuffix(".json") + _EXTRAS
        if extras in entries:
            merge = _read_json(entries[extras], place).get("merge", {})
            if not isinstance(merge, dict):
                problem = "`merge` is not a JSON object"
                raise SyncError(f"{place}/{extras}", "/merge", problem, SOURCE_REMEDY)
            files[file] = _merged(files.get(file, {}), merge)
    return files


def is_service_name(name: str) -> bool:
    """Return whether a service could have this name: it is a part of paths."""
    return _SERVICE_NAME.fullmatch(name) is not None


def read_json(path: Path) -> dict[str, Any]:
    """One JSON file, plain or compressed.

    Raises:
        SyncError: It cannot be read, or is no JSON object.
    """
    return _read_json(path, str(path.parent))


def _read_json(entry: Traversable, place: str) -> dict[str, Any]:
    file = f"{place}/{entry.name}"
    remedy = SOURCE_REMEDY
    try:
        text = entry.read_bytes()
        if entry.name.endswith(".gz"):
            text = gzip.decompress(text)
        tree = read_unique(text, _no_constant)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise SyncError(file, "", f"not valid gzip: {error}", remedy) from None
    except (OSError, zipfile.BadZipFile) as error:
        raise SyncError(file, "", f"cannot be read: {error}", remedy) from None
    except RepeatedKey as error:
        raise SyncError(file, error.pointer, error.problem, remedy) from None
    except (ValueError, RecursionError) as error:
        raise SyncError(file, "", f"not valid JSON: {error}", remedy) from None
    if not isinstance(tree, dict):
        raise SyncError(file, "", "not a JSON object", remedy)
    return tree


def _no_constant(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _merged(base: Any, extra: Any) -> Any:
    """`extra` laid over `base`: objects are merged, everything else is replaced."""
    if not (isinstance(base, dict) and isinstance(extra, dict)):
        return extra
    return base | {key: _merged(base.get(key), value) for key, value in extra.items()}
