"""What a git repository holds, read from its objects: it needs no work tree."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib.resources.abc import Traversable
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple, Self

from aiobotantic_codegen.errors import SyncError

# What would let git read another repository than the one that is named.
_ELSEWHERE = {"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"}


class GitObject(NamedTuple):
    """An object of a repository; its kind is `blob`, `tree`, `commit` or `tag`."""

    identity: str
    kind: str
    content: bytes


class Repository:
    """One repository, its objects read through one `git cat-file --batch`.

    Use it in a `with`, which ends that process.

    Args:
        folder: A clone, with a work tree or bare.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._reader: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def tags(self) -> dict[str, str]:
        """Return the dates of the tags by name, as `2023-05-25`; empty where git knows none.

        Raises:
            SyncError: It is no repository.
        """
        form = "--format=%(refname:strip=2)%09%(creatordate:short)"
        lines = self._ask("for-each-ref", form, "refs/tags").split("\n")
        return {name: date for name, tab, date in (line.partition("\t") for line in lines) if tab}

    def identities(self, names: Iterable[str]) -> list[str | None]:
        """Return the hash of each object, None for one that is not there.

        Raises:
            SyncError: It is no repository.
        """
        asked = "".join(f"{name}\n" for name in names)
        found = self._ask("cat-file", "--batch-check=%(objectname)", given=asked)
        return [None if line.endswith(" missing") else line for line in found.splitlines()]

    def read(self, name: str) -> GitObject:
        """Return an object.

        Raises:
            FileNotFoundError: The repository does not have it.
            OSError: git cannot read it.
        """
        reader = self._reader = self._reader or self._start("cat-file", "--batch")
        assert reader.stdin and reader.stdout
        try:
            reader.stdin.write(f"{name}\n".encode())
            reader.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended, which the next line finds too
        header = reader.stdout.readline().decode(errors="replace").split()
        if header[-1:] == ["missing"]:
            raise FileNotFoundError(f"the repository does not have object {name}")
        if len(header) == 3:
            size = int(header[2])
            content = reader.stdout.read(size + 1)
            if len(content) > size:
                return GitObject(header[0], header[1], content[:size])
        self._end()
        raise OSError(f"git cannot read object {name}: try `git fsck`")

    def _end(self) -> None:
        if self._reader is not None:
            self._reader.communicate()
            self._reader = None

    def _ask(self, *words: str, given: str = "") -> str:
        git = self._start(*words, stderr=subprocess.PIPE)
        output, said = git.communicate(given.encode())
        if git.returncode:
            lines = said.decode(errors="replace").strip().splitlines() or ["git ended"]
            problem = f"cannot be read as a git repository: {lines[0].removeprefix('fatal: ')}"
            raise SyncError(self.folder, "", problem, "Name a clone of botocore.")
        return output.decode(errors="replace")

    def _start(self, *words: str, stderr: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        environment = {key: text for key, text in os.environ.items() if key not in _ELSEWHERE}
        environment |= {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        try:
            return subprocess.Popen(
                ["git", "-C", str(self.folder), *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=environment,
            )
        except OSError as error:
            raise SyncError("git", "", f"cannot be run: {error}", "Install git.") from None


class GitPath(Traversable):
    """A file or a folder of a revision; it may not be there.

    Args:
        repository: Where it is read from.
        spoken: How git calls it: `<revision>:<path>`, or its hash.
        name: Its name in its folder.
        folder: Whether it is a folder; None if it is not there.
    """

    def __init__(
        self, repository: Repository, spoken: str, name: str, *, folder: bool | None = True
    ) -> None:
        self._repository = repository
        self._spoken = spoken
        self._name = name
        self._folder = folder

    @property
    def name(self) -> str:
        """Its name in its folder."""
        return self._name

    def iterdir(self) -> Iterator[GitPath]:
        """Yield what is in a folder.

        Raises:
            OSError: It is no folder, or cannot be read.
        """
        return iter(self._entries.values())

    def is_dir(self) -> bool:
        """Return whether it is a folder."""
        return self._folder is True

    def is_file(self) -> bool:
        """Return whether it is a file."""
        return self._folder is False

    def joinpath(self, *descendants: Any) -> GitPath:
        """Return what is below it."""
        path = self
        for name in "/".join(map(str, descendants)).split("/"):
            below = path._entries if path.is_dir() else {}
            absent = GitPath(self._repository, f"{path._spoken}/{name}", name, folder=None)
            path = below.get(name, absent)
        return path

    def open(self, mode: str = "rb", *_: Any, **__: Any) -> Any:
        """Open a file to read its bytes.

        Raises:
            OSError: It is no file, or cannot be read.
        """
        if mode != "rb":
            raise ValueError(f"a file of a repository is opened with `rb`, not {mode!r}")
        return BytesIO(self.read_bytes())

    def read_bytes(self) -> bytes:
        """Return the content of a file.

        Raises:
            OSError: It is no file, or cannot be read.
        """
        return self._read("blob").content

    def read_text(self, encoding: str | None = None) -> str:
        """Return the content of a file as text.

        Raises:
            OSError: It is no file, or cannot be read.
        """
        return self.read_bytes().decode(encoding or "utf-8")

    @cached_property
    def _entries(self) -> dict[str, GitPath]:
        tree = self._read("tree")
        entries: dict[str, GitPath] = {}
        at, content = 0, tree.content
        while at < len(content):
            end = content.index(b"\0", at)
            mode, _, raw = content[at:end].partition(b" ")
            at = end + 1 + len(tree.identity) // 2
            name, spoken = os.fsdecode(raw), content[end + 1 : at].hex()
            folder = {b"40000": True, b"160000": None}.get(mode, False)
            entries[name] = GitPath(self._repository, spoken, name, folder=folder)
        return entries

    def _read(self, kind: str) -> GitObject:
        found = self._repository.read(self._spoken)
        if found.kind != kind:
            raise OSError(f"{self._spoken} is a {found.kind}, not a {kind}")
        return found
