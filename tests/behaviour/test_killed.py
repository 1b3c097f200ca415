"""kill -9 at any moment: what is left is the old tree or the new one, never a mix of both.

A command runs in a fork of this process. The interpreter tells of each step that touches a file of
the project, and the fork kills itself before the one that the test chose. `--examples N` kills each
command at more of its steps; `nox -s fuzz` does so.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from minispec import tree_of
from pets import PACKAGE, PAGE, command, model, new_project, write_source

from aiobotantic_codegen import cli
from aiobotantic_codegen.errors import WriteError
from aiobotantic_codegen.write import finish_interrupted

Tree = dict[str, bytes]

UPDATE = ["update", "--from", "../new", "--out", "src", "--package", PACKAGE]
CHECK = ["generate", "--check", "--out", "src", "--package", PACKAGE]
COMMANDS = {
    "sync": ["sync", "--from", "../new", "--service", "pets"],
    "generate": ["generate", "--out", "src", "--package", PACKAGE],
    "apply": ["changes", "apply", "../page.txt", "--service", "pets"],
    "page": ["changes", "page", "specs", "../new", "--service", "pets", "--out", "CHANGELOG.md"],
    "update": UPDATE,
}
SYNCED = COMMANDS["sync"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, generator_cache: Path) -> Path:
    """A folder with a project, a newer model and a page."""
    folder = tmp_path_factory.mktemp("killed")
    new_project(folder)
    write_source(folder / "new", model("cat", "dog", Name="String"))
    (folder / "page.txt").write_text(PAGE.format(service="Mini Service"))
    return folder


def in_a_fork(
    folder: Path, argv: Sequence[str], stop: Callable[[int], bool] = lambda step: False
) -> tuple[int, int]:
    """Run a command; return its exit code and how many steps it took.

    Args:
        folder: Where it stands.
        argv: The command.
        stop: Whether it is killed before a step.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        _run(folder, argv, stop, writing)
    os.close(writing)
    with open(reading, "rb") as steps:  # noqa: PTH123
        count = len(steps.read())
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), count


def _run(folder: Path, argv: Sequence[str], stop: Callable[[int], bool], pipe: int) -> None:
    """Run a command, and leave by `_exit` whatever happens."""
    code: Any = 1
    took = 0

    def before(event: str, given: tuple[Any, ...]) -> None:
        nonlocal took
        if event == "ctypes.dlsym" or _touches(folder, event, given):
            if stop(took):
                os.kill(os.getpid(), signal.SIGKILL)
            took += 1
            os.write(pipe, b".")

    try:
        os.chdir(folder)
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        sys.argv = ["aiobotantic", *argv]
        sys.stdout = sys.stderr = open(silent, "w")  # noqa: PTH123, SIM115
        sys.addaudithook(before)
        cli.main()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    finally:
        os._exit(code)


def _touches(folder: Path, event: str, given: tuple[Any, ...]) -> bool:
    """Return whether an event of the interpreter is a step at something of a folder's."""
    paths = [each for each in map(str, given[:2]) if each.startswith(f"{folder}/")]
    if event == "open":
        written = given[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        return bool(paths) and (bool(written) or Path(paths[0]).is_dir())
    mine = event.startswith("os.") and event not in ("os.scandir", "os.listdir")
    return bool(paths) and (mine or event == "shutil.rmtree")


def prepared(home: Path, name: str, command_name: str) -> Path:
    """Return a new copy of the project in which a command has something to do."""
    folder = home / name
    shutil.copytree(home / "project", folder)
    if command_name == "generate":
        assert in_a_fork(folder, SYNCED)[0] == 0
    return folder


def kept(folder: Path) -> Tree:
    """Return all files but those that the next run clears away."""
    tree = tree_of(folder)
    return {path: text for path, text in tree.items() if "/." not in f"/{path}"}


def chosen(steps: int, count: int, run_seed: int) -> list[int]:
    """Return steps to be killed before: some of them, or all."""
    if count >= steps:
        return list(range(steps))
    return sorted(random.Random(run_seed).sample(range(steps), count))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_run_that_is_killed_leaves_the_old_tree_or_the_new_one(
    home: Path, name: str, request: pytest.FixtureRequest
) -> None:
    run_seed = request.config.getoption("--seed") or random.SystemRandom().randrange(2**32)
    before = prepared(home, f"{name} before", name)
    old = kept(before)
    code, steps = in_a_fork(before, COMMANDS[name])
    assert (code, kept(before) == old) == (0, False)
    new = kept(before)
    kills = chosen(steps, request.config.getoption("--examples") // 2, run_seed)
    for step in kills:
        folder = prepared(home, f"{name} {step}", name)
        at = f"{name}: killed before step {step} of {steps}, --seed {run_seed}"
        assert in_a_fork(folder, COMMANDS[name], step.__eq__) == (-signal.SIGKILL, step), at
        journal = folder / ".specs.journal"
        if not journal.exists():
            assert kept(folder) in (old, new), at
        assert in_a_fork(folder, CHECK)[0] in (0, 1), at
        assert kept(folder) in (old, new), f"{at}, then looked at"
        assert not journal.exists(), at
        if step == kills[-1] and kept(folder) != new:
            assert in_a_fork(folder, COMMANDS[name])[0] == 0, at
            assert kept(folder) == new, f"{at}, then run again"
            assert tree_of(folder).keys() == kept(folder).keys(), "something was left behind"
        shutil.rmtree(folder)
    print(f"{name}: {len(kills)} kills at {steps} steps, --seed {run_seed}")
    shutil.rmtree(before)


@pytest.mark.parametrize(
    "argv",
    [CHECK, ["diff", "specs", "specs"], SYNCED, UPDATE, [*UPDATE, "--dry-run"]],
    ids=["generate", "diff", "sync", "update", "dry run"],
)
def test_what_a_killed_update_began_the_next_command_finishes(
    home: Path, tmp_path: Path, argv: list[str]
) -> None:
    whole = shutil.copytree(home / "project", tmp_path / "whole")
    folder = shutil.copytree(home / "project", tmp_path / "project")
    for name in ("new", "page.txt"):
        (tmp_path / name).symlink_to(home / name)
    old = kept(folder)
    in_a_fork(whole, UPDATE)
    changelog = folder / "CHANGELOG.md"

    in_a_fork(folder, UPDATE, lambda step: changelog.read_bytes() != old["CHANGELOG.md"])

    assert kept(folder) not in (old, kept(whole)), "killed between two swaps"
    assert in_a_fork(folder, argv)[0] == 0
    assert tree_of(folder) == tree_of(whole)


def test_what_cannot_be_finished_is_an_error_until_people_decide(
    home: Path, tmp_path: Path
) -> None:
    (tmp_path / "new").symlink_to(home / "new")
    folder = shutil.copytree(home / "project", tmp_path / "project")
    old = (folder / "CHANGELOG.md").read_bytes()
    in_a_fork(folder, UPDATE, lambda step: (folder / "CHANGELOG.md").read_bytes() != old)
    copied = shutil.copytree(folder, tmp_path / "copied")

    for argv in (CHECK, UPDATE, SYNCED):
        ran = subprocess.run(
            [sys.executable, "-m", "aiobotantic_codegen.cli", *argv],
            cwd=copied,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 2
        assert ran.stderr.endswith(
            f"{copied}/CHANGELOG.md: an update was killed, and what it was to put here is gone: "
            f"{copied}/.specs.journal names it\n"
            "  Restore all that the journal names from version control, and remove the journal.\n"
        )
    (copied / ".specs.journal").write_text("{")
    with pytest.raises(WriteError, match=r"\.specs\.journal: not a journal\n  Restore the files"):
        finish_interrupted(copied / "specs")


def test_an_update_is_killed_by_a_signal_of_another_process(home: Path, tmp_path: Path) -> None:
    project = new_project(tmp_path)
    folder = project.generate.specs.parent
    whole = shutil.copytree(folder, tmp_path / "whole")
    argv = command(project, home / "new")
    subprocess.run(argv, cwd=whole, capture_output=True, check=True)
    old, new = kept(folder), kept(whole)

    running = subprocess.Popen(argv, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while running.poll() is None and not (folder / ".CHANGELOG.md.new").exists():
        pass
    running.kill()
    running.communicate()

    assert in_a_fork(folder, CHECK)[0] == 0
    assert kept(folder) in (old, new)
    assert in_a_fork(folder, [*argv[3:]])[0] == 0
    assert tree_of(folder) == new
