"""Many releases of botocore: which there are, where a service differs, and each one's models."""

from __future__ import annotations

import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Protocol

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from aiobotantic_codegen.errors import SyncError
from aiobotantic_codegen.load.botocore import ModelSource, from_index, from_wheel, index_versions
from aiobotantic_codegen.load.git import GitPath, Repository

DATA = "botocore/data"

Progress = Callable[[str, int, int], None]
"""Called with what is looked at, the number of releases done, and of all."""


@dataclass(frozen=True)
class Release:
    """One release of botocore.

    Attributes:
        name: Its version, as the source writes it.
        date: As `2023-05-25`, where the source knows it.
    """

    name: str
    date: str | None = None

    @property
    def version(self) -> Version:
        """What its name says, to compare with others."""
        return Version(self.name)


Reader = Callable[[Release], ModelSource]


class Releases(Protocol):
    """Where releases come from. It is handed to other processes, so it holds no open file."""

    @property
    def place(self) -> str:
        """What a user named, for messages."""
        ...

    def listing(self) -> list[Release]:
        """Return the releases that are there, oldest first."""
        ...

    def identities(
        self, releases: Sequence[Release], service: str, progress: Progress
    ) -> list[str | None]:
        """Return a text of each release that is another one where files of the service differ.

        It is None where the service is not there.
        """
        ...

    def reading(self) -> AbstractContextManager[Reader]:
        """Return what opens the models of a release."""
        ...


@dataclass(frozen=True)
class GitReleases:
    """The tags of a clone that are versions."""

    folder: Path

    @property
    def place(self) -> str:
        """The folder of the clone."""
        return str(self.folder)

    def listing(self) -> list[Release]:
        """Return the tags, oldest version first.

        Raises:
            SyncError: It is no repository, or has no such tag.
        """
        with Repository(self.folder) as repository:
            tags = repository.tags()
        releases = (Release(tag, date or None) for tag, date in tags.items())
        return _sorted(releases, self.place, "tag that is a version")

    def identities(
        self, releases: Sequence[Release], service: str, progress: Progress
    ) -> list[str | None]:
        """Return the hash of the service's folder in each release.

        Raises:
            SyncError: It is no repository.
        """
        with Repository(self.folder) as repository:
            return repository.identities(f"{_data(each)}/{service}" for each in releases)

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Return what opens the models of a release."""
        with Repository(self.folder) as repository:
            yield lambda release: ModelSource(
                title=f"botocore {release.name}",
                place=f"{release.name}:{DATA}",
                root=GitPath(repository, _data(release), "data"),
                titles={},
            )


class _Wheels(ABC):
    """What wheels have in common, wherever they come from."""

    def identities(
        self, releases: Sequence[Release], service: str, progress: Progress
    ) -> list[str | None]:
        """Return a hash of the service's files in each wheel."""
        found: list[str | None] = []
        for release in releases:
            progress(release.name, len(found), len(releases))
            try:
                files = dict(_files(self.open(release).root / service))
            except (SyncError, OSError, zipfile.BadZipFile, zlib.error):
                found.append(f"unreadable {release.name}")  # reading it will tell why
            else:
                whole = sha256(repr(sorted(files.items())).encode())
                found.append(whole.hexdigest() if files else None)
        return found

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Return what opens the models of a release."""
        yield self.open

    @abstractmethod
    def open(self, release: Release) -> ModelSource:
        """Open the wheel of a release."""


@dataclass(frozen=True)
class WheelReleases(_Wheels):
    """The wheels of botocore in a folder."""

    folder: Path

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.folder)

    def listing(self) -> list[Release]:
        """Return the wheels' versions, oldest first.

        Raises:
            SyncError: The folder is not there, or holds no wheel of botocore.
        """
        return _sorted(map(Release, self._files()), self.place, "wheel of botocore")

    def open(self, release: Release) -> ModelSource:
        """Open the wheel of a release."""
        return from_wheel(self._files()[release.name])

    def _files(self) -> dict[str, Path]:
        if not self.folder.is_dir():
            raise SyncError(self.folder, "", "no such folder", "Check the path.")
        found: dict[str, Path] = {}
        for path in sorted(self.folder.glob("botocore-*.whl")):
            with suppress(InvalidWheelFilename):
                found[str(parse_wheel_filename(path.name)[1])] = path
        return found


@dataclass(frozen=True)
class IndexReleases(_Wheels):
    """The releases of the package index; pip brings the wheels that are asked for."""

    place: str = "the package index"

    def listing(self) -> list[Release]:
        """Return the versions of the index, oldest first.

        Raises:
            SyncError: pip cannot tell.
        """
        return _sorted(map(Release, index_versions()), self.place, "release of botocore")

    def open(self, release: Release) -> ModelSource:
        """Open the wheel of a release, fetching it if it is not in the cache."""
        return from_index(release.name)


def _data(release: Release) -> str:
    return f"refs/tags/{release.name}:{DATA}"


def _files(folder: Traversable) -> Iterator[tuple[str, str]]:
    """Yield the place and the hash of every file below a folder."""
    pending = [("", folder)]
    while pending:
        place, path = pending.pop()
        if path.is_dir():
            pending += ((f"{place}/{below.name}", below) for below in path.iterdir())
        elif path.is_file():
            yield place, sha256(path.read_bytes()).hexdigest()


def _sorted(releases: Iterable[Release], place: str, what: str) -> list[Release]:
    """Return the releases by version; what is no version is none."""
    found: dict[Version, Release] = {}
    for release in releases:
        with suppress(InvalidVersion):
            found.setdefault(Version(release.name), release)
    if not found:
        remedy = "Name a clone of botocore with its tags, or a folder of its wheels."
        raise SyncError(place, "", f"holds no {what}", remedy)
    return [found[version] for version in sorted(found)]
