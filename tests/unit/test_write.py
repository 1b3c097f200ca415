"""Replacing a tree: in one step, only if something changed, and never half of it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

import aiobotantic_codegen.write
from aiobotantic_codegen.errors import RenderError, WriteError
from aiobotantic_codegen.write import TreeChange, compare_tree, locked_tree, write_tree

FILES = {"a.txt": b"a", "sub/b.txt": b"b", "sub/deep/c.txt": b"c"}


def content(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def stamps(root: Path) -> dict[Path, tuple[int, int]]:
    paths = [root, *root.rglob("*")]
    return {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in paths}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_new_tree(tmp_path: Path) -> None:
    root = tmp_path / "not" / "yet" / "out"
    assert write_tree(root, FILES) == TreeChange(added=tuple(FILES))
    assert content(root) == FILES
    assert names(root.parent) == {"out"}


def test_compare_tells_what_write_does_and_writes_nothing(tmp_path: Path) -> None:
    root = tmp_path / "out"
    write_tree(root, FILES)
    after = {"a.txt": b"A", "sub/b.txt": b"b", "z.txt": b"z"}
    before = stamps(tmp_path)
    told = compare_tree(root, after)
    assert told == TreeChange(
        added=("z.txt",), changed=("a.txt",), removed=("sub/deep/c.txt",), unchanged_count=1
    )
    assert stamps(tmp_path) == before
    assert write_tree(root, after) == told
    assert content(root) == after
    assert not (root / "sub" / "deep").exists()
    assert not compare_tree(root, after)
    assert names(tmp_path) == {"out"}


def test_an_absent_tree_is_told_from_an_empty_one(tmp_path: Path) -> None:
    root = tmp_path / "out"
    assert compare_tree(root, {}) == TreeChange()
    assert write_tree(root, {}) == TreeChange()
    assert content(root) == {}
    assert root.is_dir()


def test_nothing_is_touched_when_nothing_changed(tmp_path: Path) -> None:
    root = tmp_path / "out"
    write_tree(root, FILES)
    before = stamps(root)
    assert write_tree(root, dict(reversed(FILES.items()))) == TreeChange(unchanged_count=3)
    assert stamps(root) == before


def test_unchanged_files_keep_their_stamps_when_others_change(tmp_path: Path) -> None:
    root = tmp_path / "out"
    write_tree(root, FILES)
    before = (root / "sub/b.txt").stat()
    write_tree(root, FILES | {"a.txt": b"other"})
    after = (root / "sub/b.txt").stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_kept_files_stay_and_modes_too(tmp_path: Path) -> None:
    root = tmp_path / "out"
    write_tree(root, FILES)
    (root / "mine").mkdir()
    (root / "mine/notes.txt").write_text("by hand")
    (root / "mine/link").symlink_to("notes.txt")
    (root / "stale.txt").write_text("old")
    (root / "a.txt").chmod(0o640)
    root.chmod(0o750)
    change = write_tree(root, FILES | {"a.txt": b"A"}, lambda path: path.startswith("mine/"))
    assert change == TreeChange(changed=("a.txt",), removed=("stale.txt",), unchanged_count=4)
    assert (root / "mine/link").readlink() == Path("notes.txt")
    assert (root / "mine/notes.txt").read_text() == "by hand"
    assert [(root / path).stat().st_mode & 0o777 for path in ("a.txt", ".")] == [0o640, 0o750]


def test_module_caches_follow_their_modules(tmp_path: Path) -> None:
    root = tmp_path / "out"
    write_tree(root, {"a/m.py": b"", "b/m.py": b""})
    for folder in ("a", "b"):
        (root / folder / "__pycache__").mkdir()
        (root / folder / "__pycache__" / "m.pyc").write_bytes(b"cached")
    assert compare_tree(root, {"a/m.py": b"", "b/m.py": b""}) == TreeChange(unchanged_count=2)
    write_tree(root, {"a/m.py": b""})
    assert content(root) == {"a/m.py": b"", "a/__pycache__/m.pyc": b"cached"}
    assert names(root) == {"a"}


def test_a_file_takes_the_place_of_a_folder_and_back(tmp_path: Path) -> None:
    root = tmp_path / "out"
    write_tree(root, {"x/y": b"1"})
    assert write_tree(root, {"x": b"2"}) == TreeChange(added=("x",), removed=("x/y",))
    write_tree(root, {"x/y": b"1"})
    assert content(root) == {"x/y": b"1"}


def test_a_link_in_the_way_is_replaced_and_its_target_left_alone(tmp_path: Path) -> None:
    root = tmp_path / "out"
    root.mkdir()
    (tmp_path / "elsewhere").write_bytes(b"a")
    (root / "a.txt").symlink_to(tmp_path / "elsewhere")
    assert write_tree(root, {"a.txt": b"a"}) == TreeChange(changed=("a.txt",))
    assert not (root / "a.txt").is_symlink()
    write_tree(root, {"a.txt": b"b"})
    assert (tmp_path / "elsewhere").read_bytes() == b"a"


def test_a_root_that_is_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write_tree(tmp_path / "link", FILES)
    assert (tmp_path / "link").readlink() == Path("real")
    assert content(tmp_path / "real") == FILES


@pytest.mark.parametrize(
    "path",
    [
        "../up.py",
        "a/../b.py",
        "/etc/passwd",
        "a\\b.py",
        "a\nb.py",
        "a\x00b",
        "a\u202eb",
        "",
        ".",
        "./a.py",
        "a//b.py",
        "a/",
    ],
)
def test_unsafe_paths_are_refused(tmp_path: Path, path: str) -> None:
    for function in (write_tree, compare_tree):
        with pytest.raises(RenderError) as caught:
            function(tmp_path / "out", {path: b""})
        assert str(caught.value) == (
            f"{path!a}: not a plain relative path\n" "  Correct the name that the path is made of."
        )
    assert names(tmp_path) == set()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a": b"", "a/b": b""}, "'a/b': cannot stand beside 'a' on every file system"),
        ({"A.py": b"", "a.py": b""}, "'a.py': cannot stand beside 'A.py' on every file system"),
        ({"mine/x": b""}, "'mine/x': cannot stand beside 'mine' on every file system"),
        ({"MINE": b""}, "'mine': cannot stand beside 'MINE' on every file system"),
    ],
)
def test_paths_that_exclude_each_other(
    tmp_path: Path, files: Mapping[str, bytes], message: str
) -> None:
    (tmp_path / "mine").write_text("kept")
    with pytest.raises(RenderError) as caught:
        write_tree(tmp_path, files, lambda path: path == "mine")
    assert str(caught.value) == f"{message}\n  Rename one of the two."


def test_a_root_that_is_a_file(tmp_path: Path) -> None:
    root = tmp_path / "out"
    root.write_text("precious")
    with pytest.raises(WriteError) as caught:
        write_tree(root, FILES)
    assert str(caught.value) == (
        f"{root}: Not a directory: {root}\n"
        "  Check that the folder and the one that holds it can be written."
    )
    assert root.read_text() == "precious"


def test_what_a_killed_run_left_is_cleared_away(tmp_path: Path) -> None:
    root = tmp_path / "out"
    write_tree(root, FILES)
    before = stamps(root)
    (tmp_path / ".out.new" / "half").mkdir(parents=True)
    (tmp_path / ".out.old").mkdir()
    (tmp_path / ".out.lock").write_text("")
    assert not write_tree(root, FILES)
    assert names(tmp_path) == {"out"}
    assert stamps(root) == before


def test_a_tree_that_a_killed_run_had_moved_aside_comes_back(tmp_path: Path) -> None:
    """The moment between the two renames of systems that cannot swap folders in one step."""
    root = tmp_path / "out"
    write_tree(root, FILES)
    root.rename(tmp_path / ".out.old")
    write_tree(tmp_path / ".out.new", {"a.txt": b"new"})
    assert write_tree(root, FILES) == TreeChange(unchanged_count=3)
    assert names(tmp_path) == {"out"}


def test_two_renames_where_folders_cannot_be_swapped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "out"
    write_tree(root, FILES)
    monkeypatch.setattr("sys.platform", "darwin")
    write_tree(root, {"a.txt": b"A"})
    assert content(root) == {"a.txt": b"A"}
    assert names(tmp_path) == {"out"}


def test_an_interrupted_run_cleans_up(tmp_path: Path) -> None:
    class Interrupting(dict[str, bytes]):
        def __getitem__(self, path: str) -> bytes:
            if path == "b":
                raise KeyboardInterrupt
            return super().__getitem__(path)

    root = tmp_path / "out"
    write_tree(root, {"a": b"old"})
    with pytest.raises(KeyboardInterrupt):
        write_tree(root, Interrupting(a=b"new", b=b""))
    assert content(root) == {"a": b"old"}
    assert names(tmp_path) == {"out"}


def test_a_second_run_waits_and_then_gives_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aiobotantic_codegen.write, "LOCK_TIMEOUT", 0.2)
    root = tmp_path / "out"
    with locked_tree(root), pytest.raises(WriteError) as caught:
        write_tree(root, FILES)
    assert str(caught.value) == (
        f"{root}: another run has held it for 0.2 s\n  Wait for that run, or end it."
    )
    write_tree(root, FILES)
    assert content(root) == FILES


# Writes two trees in turn for ever; every file of one tree holds that tree's letter.
WRITER = """
import sys
from pathlib import Path
from aiobotantic_codegen.write import write_tree

root, letters, turns = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
for turn in range(turns):
    letter = letters[turn % len(letters)]
    files = {f"{n % 7}/{n}.txt": letter.encode() * 5000 for n in range(40)}
    write_tree(root, files | {f"only-{letter}.txt": b""})
"""


def start_writer(root: Path, letters: str, turns: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(root), letters, str(turns)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def whole_tree(letter: str) -> dict[str, bytes]:
    files = {f"{n % 7}/{n}.txt": letter.encode() * 5000 for n in range(40)}
    return files | {f"only-{letter}.txt": b""}


def letter_of(root: Path) -> str:
    """The letter of the one whole tree that stands there."""
    found = content(root)
    (letter,) = {text[:1].decode() for text in found.values() if text}
    assert found == whole_tree(letter)
    return letter


def test_a_kill_at_any_moment_leaves_a_whole_tree(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    begun = time.monotonic()
    write_tree(tmp_path_factory.mktemp("timed") / "out", whole_tree("a"))
    once = time.monotonic() - begun  # a slow disk takes longer
    root = tmp_path / "out"
    chance = random.Random(20)
    seen, unfinished = set(), 0
    for turn in range(20):
        with start_writer(root, ("ab", "ba")[turn % 2], 10**6) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            time.sleep(once * chance.uniform(0.2, 3))
            os.kill(writer.pid, signal.SIGKILL)
        if root.exists():  # the very first run may die before its first tree stands
            seen.add(letter_of(root))
        unfinished += (tmp_path / ".out.new").exists()
    assert seen == {"a", "b"}
    assert unfinished, "no kill fell into a write: the test proves nothing"
    write_tree(root, FILES)
    assert content(root) == FILES
    assert names(tmp_path) == {"out"}


def test_two_runs_do_not_interleave(tmp_path: Path) -> None:
    root = tmp_path / "out"
    writers = [start_writer(root, letters, 15) for letters in ("ab", "cd")]
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    assert letter_of(root) in "abcd"
    assert names(tmp_path) == {"out"}
