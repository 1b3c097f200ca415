"""Replace a whole tree of files at once: compare, build the new tree beside the old one, swap.

    <parent>/<name>           the tree
    <parent>/.<name>.new      the new tree while it is built; the old one once they are swapped
    <parent>/.<name>.old      the old tree, where two folders cannot be swapped in one step
    <parent>/.<name>.lock     held by the run that writes
    <parent>/.<name>.journal  what is swapped together with this tree

A run that is killed leaves the old tree or the new one; the next run clears away the rest. Where
several trees and files change as one, all are built first, the journal says what they are, and
then they are swapped: with a journal left behind the next run swaps the rest, without one nothing
was swapped (docs/decisions/0018-changes-that-belong-together.md).
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from aiobotantic_codegen.errors import RenderError, WriteError

LOCK_TIMEOUT = 60.0
"""Seconds to wait for another run that writes the same tree."""

Keep = Callable[[str], bool]

_CACHE_FOLDER = "__pycache__"


@dataclass(frozen=True)
class TreeChange:
    """Files, as sorted paths relative to the root with forward slashes."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged_count: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def keep_nothing(path: str) -> bool:
    """For trees in which no file is written by people."""
    return False


def compare_tree(root: Path, files: Mapping[str, bytes], keep: Keep = keep_nothing) -> TreeChange:
    """What write_tree would do; nothing is written.

    Args:
        root: The folder; it need not exist.
        files: All files of the tree, by path relative to the root, with forward slashes.
        keep: Whether a file that is not in `files` stays; asked with its relative path.

    Raises:
        RenderError: A path is not safe, or two paths exclude each other.
        WriteError: The tree cannot be read.
    """
    root = root.resolve()
    with _os_errors(root):
        return _compare(root, files, _present(root), keep)


def write_tree(root: Path, files: Mapping[str, bytes], keep: Keep = keep_nothing) -> TreeChange:
    """Make a tree hold `files` and what `keep` keeps, in one step; touch nothing if it does.

    Arguments are those of compare_tree.

    Raises:
        RenderError: A path is not safe, or two paths exclude each other.
        WriteError: The tree cannot be read or replaced, or another run holds it too long.
    """
    with locked_tree(root):
        return replace_tree(root, files, keep)


def replace_tree(root: Path, files: Mapping[str, bytes], keep: Keep = keep_nothing) -> TreeChange:
    """write_tree for a caller that holds the lock (`locked_tree`)."""
    root = root.resolve()
    with _os_errors(root):
        present = _present(root)
        change = _compare(root, files, present, keep)
        if not change and root.is_dir():
            return change
        try:
            _build(root, _sibling(root, "new"), files, present, change)
            _swap(root)
        finally:
            _recover(root)
        return change


def write_file(path: Path, content: bytes) -> None:
    """Write one file in one step; the mode of one that it replaces stays.

    Raises:
        WriteError: It cannot be written.
    """
    path = path.resolve()
    new = _sibling(path, "new")
    with _os_errors(path):
        try:
            new.unlink(missing_ok=True)
            _write(new, content)
            if path.exists():
                shutil.copymode(path, new)
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
        _sync_folder(path.parent)


@contextmanager
def locked_tree(root: Path, *others: Path) -> Iterator[None]:
    """Hold the lock of a tree; finish or clear away what a killed run left.

    Args:
        root: The tree.
        others: Trees and files that change together with it (`replace_together`).

    Raises:
        WriteError: The parent folder cannot be written, another run holds the lock too long, or
            what a killed run left cannot be finished.
    """
    root = root.resolve()
    together = [root, *(path.resolve() for path in others)]
    with ExitStack() as locks:
        locks.enter_context(_locked(root))
        with _os_errors(root):
            _finish(root)
        for path in together[1:]:
            locks.enter_context(_locked(path))
        for path in together:
            with _os_errors(path):
                _recover(path)
        yield


def finish_interrupted(root: Path) -> None:
    """Finish what a run that was killed began to replace together with a tree.

    Raises:
        WriteError: It cannot be finished.
    """
    if _sibling(root.resolve(), "journal").exists():
        with locked_tree(root):
            pass


def replace_together(
    root: Path, trees: Mapping[Path, tuple[Mapping[str, bytes], Keep]], texts: Mapping[Path, bytes]
) -> None:
    """Replace trees and files as one, for a caller that holds all their locks (`locked_tree`).

    Args:
        root: The tree whose lock was taken first; it may be one of those that are replaced.
        trees: What write_tree takes, by root.
        texts: Contents of single files that are there already.

    Raises:
        RenderError: A path is not safe.
        WriteError: Something cannot be read or replaced; then nothing is.
    """
    root = root.resolve()
    journal = _sibling(root, "journal")
    staged: list[Path] = []
    undo: list[Callable[[], object]] = []
    with _os_errors(root):
        try:
            for path, content in texts.items():
                staged.append(path := path.resolve())
                undo.append(partial(write_file, path, path.read_bytes()))
                _write(_sibling(path, "new"), content)
                shutil.copymode(path, _sibling(path, "new"))
            for path, (files, keep) in trees.items():
                present = _present(path := path.resolve())
                change = _compare(path, files, present, keep)
                if change or not path.is_dir():
                    staged.append(path)
                    undo.append(_restore(path))
                    _build(path, _sibling(path, "new"), files, present, change)
        except BaseException:
            for path in staged:
                _recover(path)
            raise
        swaps = [
            (os.path.relpath(path, root.parent), _number(path), _number(_sibling(path, "new")))
            for path in staged
        ]
        try:
            write_file(journal, json.dumps(swaps).encode())
            _carry_out(journal)
        except BaseException:
            journal.unlink(missing_ok=True)
            for step in undo:
                step()
            for path in staged:
                _recover(path)
            raise


def _restore(root: Path) -> Callable[[], object]:
    """Return what brings a tree back as it is now."""
    if not root.exists():
        return partial(shutil.rmtree, root, ignore_errors=True)
    content = {path: (root / path).read_bytes() for path in _present(root) if not _is_cache(path)}
    return partial(replace_tree, root, content, keep_nothing)


def _finish(root: Path) -> None:
    """Finish what a killed run left a journal of; the lock of the tree is held."""
    journal = _sibling(root, "journal")
    if journal.exists():
        with ExitStack() as locks:
            for path, _, _ in _read(journal):
                if path != root:
                    locks.enter_context(_locked(path))
            _carry_out(journal)


def _read(journal: Path) -> list[tuple[Path, int | None, int | None]]:
    """Return what is replaced, with the numbers of what was there and of what comes."""
    try:
        swaps = json.loads(journal.read_bytes())
        found = [((journal.parent / path).resolve(), old, new) for path, old, new in swaps]
    except (ValueError, TypeError):
        remedy = "Restore the files beside it from version control, and remove it."
        raise WriteError(journal, "", "not a journal", remedy) from None
    return found


def _carry_out(journal: Path) -> None:
    """Swap what a journal names and is not swapped yet; all locks are held."""
    swaps = _read(journal)
    left = [path for path, _, new in swaps if _number(path) != new]
    ready = all(_number(_sibling(path, "new")) == new for path, _, new in swaps if path in left)
    begun = any(_number(path) != old for path, old, _ in swaps)
    if begun and not ready:
        problem = f"an update was killed, and what it was to put here is gone: {journal} names it"
        remedy = "Restore all that the journal names from version control, and remove the journal."
        raise WriteError(left[0], "", problem, remedy)
    for path in left if ready else ():
        _swap(path)
    journal.unlink()
    _sync_folder(journal.parent)
    for path, _, _ in swaps:
        _recover(path)


def _number(path: Path) -> int | None:
    """Return what tells a file or a folder from others, whatever it is called."""
    try:
        return path.stat(follow_symlinks=False).st_ino
    except FileNotFoundError:
        return None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = _sibling(path, "lock")
    with _os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = _acquire(path, lock)
    try:
        yield
    finally:
        # Unlinked while held: whoever waits for it sees that it is gone, and makes a new one.
        with suppress(PermissionError):  # Windows unlinks no open file
            lock.unlink(missing_ok=True)
        os.close(handle)


def _compare(
    root: Path, files: Mapping[str, bytes], present: frozenset[str], keep: Keep
) -> TreeChange:
    _check_paths(files)
    others = sorted(path for path in present - files.keys() if not _is_cache(path))
    kept = [path for path in others if keep(path)]
    _check_conflicts(files, [*files, *kept])
    changed = [path for path in files if path in present and not _same(root / path, files[path])]
    return TreeChange(
        added=tuple(sorted(files.keys() - present)),
        changed=tuple(sorted(changed)),
        removed=tuple(path for path in others if path not in set(kept)),
        unchanged_count=len(files) + len(kept) - len(changed) - len(files.keys() - present),
    )


def _check_paths(files: Mapping[str, bytes]) -> None:
    for path in files:
        unsafe = "\\" in path or not path.isprintable() or path != str(PurePosixPath(path))
        if unsafe or path.startswith("/") or path == "." or ".." in PurePosixPath(path).parts:
            problem = "not a plain relative path"
            remedy = "Correct the name that the path is made of."
            raise RenderError(ascii(path), "", problem, remedy)


def _check_conflicts(files: Mapping[str, bytes], paths: list[str]) -> None:
    """Two paths that no file system, or only one that minds the case, can hold together."""
    seen = {path.casefold(): path for path in reversed(paths)}
    for path in paths:
        folders = (str(parent) for parent in PurePosixPath(path).parents)
        for other in (seen[path.casefold()], *(seen.get(f.casefold()) for f in folders)):
            if other not in (None, path) and not {path, other}.isdisjoint(files):
                problem = f"cannot stand beside {other!a} on every file system"
                raise RenderError(ascii(path), "", problem, "Rename one of the two.")


def _is_cache(path: str) -> bool:
    return _CACHE_FOLDER in path.split("/")


def _present(root: Path) -> frozenset[str]:
    """Files and links below a folder, caches included."""
    if not root.exists():
        return frozenset()
    found: list[str] = []
    folders = [""]
    while folders:
        folder = folders.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(f"{folder}{entry.name}/")
                else:
                    found.append(f"{folder}{entry.name}")
    return frozenset(found)


def _same(path: Path, content: bytes) -> bool:
    if path.is_symlink() or path.stat().st_size != len(content):
        return False
    return path.read_bytes() == content


def _build(
    root: Path, new: Path, files: Mapping[str, bytes], present: frozenset[str], change: TreeChange
) -> None:
    written = {*change.added, *change.changed}
    gone = {*change.removed, *change.changed}
    carried = [path for path in present if path not in gone and not _is_cache(path)]
    folders = {"", *(os.path.dirname(path) for path in (*carried, *written))}  # noqa: PTH120
    # Caches follow their modules: alone they would keep a folder importable.
    carried += [
        path
        for path in present
        if _is_cache(path) and path[: path.index(_CACHE_FOLDER)].rstrip("/") in folders
    ]
    folders |= {os.path.dirname(path) for path in carried}  # noqa: PTH120
    for folder in sorted(folders):
        (new / folder).mkdir(parents=True, exist_ok=True)
    for path in carried:
        _carry(root / path, new / path)
    for path in sorted(written):
        _write(new / path, files[path])
        if path in change.changed and not (root / path).is_symlink():
            shutil.copymode(root / path, new / path)
    for folder in folders:
        if (root / folder).is_dir():
            shutil.copymode(root / folder, new / folder)
        _sync_folder(new / folder)


def _carry(old: Path, new: Path) -> None:
    try:
        os.link(old, new, follow_symlinks=False)
    except (OSError, NotImplementedError):  # no hard links here
        shutil.copy2(old, new, follow_symlinks=False)


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _swap(root: Path) -> None:
    """Put what is staged into the place of a tree or a file."""
    new = _sibling(root, "new")
    if not new.is_dir() or not root.exists():
        new.replace(root)
    elif not _exchange(root, new):
        root.rename(_sibling(root, "old"))
        new.rename(root)
    _sync_folder(root.parent)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step; False where the system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes  # here, because most runs change nothing

    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    at_cwd, exchange = -100, 2
    paths = os.fsencode(one), os.fsencode(other)
    if renameat2(at_cwd, paths[0], at_cwd, paths[1], ctypes.c_uint(exchange)) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(number, os.strerror(number), str(one))


def _recover(root: Path) -> None:
    new, old = _sibling(root, "new"), _sibling(root, "old")
    if old.exists() and not root.exists():
        old.rename(root)
    for leftover in (new, old, _sibling(_sibling(root, "journal"), "new")):
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink(missing_ok=True)


def _sibling(root: Path, suffix: str) -> Path:
    return root.parent / f".{root.name}.{suffix}"


def _acquire(root: Path, lock: Path) -> int:
    patience = time.monotonic() + LOCK_TIMEOUT
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
        if _try_lock(handle):
            try:
                if os.path.samestat(os.fstat(handle), lock.stat()):
                    return handle
            except FileNotFoundError:
                pass  # its holder unlinked it meanwhile
            os.close(handle)
            continue
        os.close(handle)
        if time.monotonic() > patience:
            problem = f"another run has held it for {LOCK_TIMEOUT:g} s"
            raise WriteError(root, "", problem, "Wait for that run, or end it.")
        time.sleep(0.05)


def _try_lock(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            return False
        raise
    return True


@contextmanager
def _os_errors(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        problem = f"{error.strerror or error}: {error.filename or root}"
        remedy = "Check that the folder and the one that holds it can be written."
        raise WriteError(root, "", problem, remedy) from error
