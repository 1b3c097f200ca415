"""`aiobotantic history`: what the command writes, how it ends."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from botocore_releases import BROKEN, STEPS, make_clone, model

from aiobotantic_codegen.changes.kinds import ChangeClass, Kind


def run(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aiobotantic_codegen.cli", "history", *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, env=os.environ | environment, check=False
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return make_clone(tmp_path / "botocore.git", STEPS)


def test_json(clone: Path) -> None:
    done = run("--git", clone, "--service", "mini", "--format", "json")
    rows = json.loads(done.stdout)

    assert (done.returncode, done.stderr) == (0, "")
    assert [row["release"] for row in rows] == ["1.9.0", "1.10.0", "1.10.2", "1.11.0"]
    assert rows[1] == {
        "release": "1.10.0",
        "previous": "1.9.1",
        "date": "2023-01-04",
        "state": "changed",
        "verdict": "additive",
        "semver": "minor",
        "classes": dict.fromkeys(ChangeClass, 0) | {"additive": 2},
        "kinds": dict.fromkeys(Kind, 0) | {"enum_value_added": 2},
        "documentation": 0,
        "box": 0,
        "error": None,
    }


def test_csv(clone: Path) -> None:
    done = run("--git", clone, "--service", "mini", "--format", "csv", "--versions", "1.9.0..1.10")
    (row,) = csv.DictReader(io.StringIO(done.stdout))

    assert (row["release"], row["verdict"], row["additive"]) == ("1.10.0", "additive", "2")
    assert (row["enum_value_added"], row["breaking"], row["error"]) == ("2", "0", "")
    assert list(row)[:7] == [
        "release",
        "previous",
        "date",
        "state",
        "verdict",
        "semver",
        "breaking",
    ]


def test_a_table_for_people(clone: Path) -> None:
    done = run("--git", clone, "--service", "mini")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]

    assert "1.10.2 2023-01-06 breaking major 2 2 enum_value_removed" in lines
    assert lines[-1] == "mini: 4 releases: 2 breaking, 2 additive"


def test_a_bar_is_for_a_terminal_alone(clone: Path) -> None:
    ours, theirs = pty.openpty()
    words = ["--git", str(clone), "--service", "mini", "--format", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "aiobotantic_codegen.cli", "history", *words],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm"},
    )
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)

    assert len(json.loads(done.stdout)) == 4
    assert "1.9.0" in shown


def test_no_change_is_no_row(clone: Path) -> None:
    words = ("--git", clone, "--service", "mini", "--versions", "1.10.0..1.10.1", "--format")

    assert json.loads(run(*words, "json").stdout) == []
    assert run(*words, "table").stdout.splitlines()[-1] == "mini: 0 releases"
    assert len(run(*words, "csv").stdout.splitlines()) == 1


def test_the_exit_code_tells_of_a_release_that_cannot_be_read(tmp_path: Path) -> None:
    folder = make_clone(tmp_path / "r", BROKEN)
    done = run("--git", folder, "--service", "mini", "--format", "json")
    strict = run("--git", folder, "--service", "mini", "--format", "json", "--strict")

    assert done.returncode == 1
    assert [row["state"] for row in json.loads(done.stdout)] == ["failed", "changed"]
    assert done.stderr.startswith("error: 1.1: 1.1:botocore/data/mini/2020-01-01/service-2.json: ")
    assert (strict.returncode, strict.stdout) == (2, "")
    assert strict.stderr.startswith("error: 1.1:botocore/data/mini/2020-01-01/service-2.json: ")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ([], "give --versions, or --git or --wheels"),
        (["--git", "a", "--wheels", "b"], "give one of --git and --wheels"),
        (["--versions", "1.2"], "--versions: '1.2' is no range of versions"),
        (["--git", "a", "--jobs", "0"], "Invalid value for '--jobs'"),
    ],
)
def test_arguments_that_make_no_sense(words: list[str], problem: str) -> None:
    done = run(*words)

    assert done.returncode == 2
    assert problem in done.stderr


@pytest.fixture(scope="module")
def long_clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone whose history takes long enough to be interrupted."""
    members = {f"Member{n}": "String" for n in range(3000)}
    steps = {f"1.{n}.0": {"mini": model(kinds=(str(n),), **members)} for n in range(200)}
    return make_clone(tmp_path_factory.mktemp("long") / "r", steps)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_interrupted_it_ends_with_all_its_processes(
    long_clone: Path, sent: signal.Signals, jobs: str
) -> None:
    words = ["--git", str(long_clone), "--service", "mini", "--jobs", jobs]
    command = [sys.executable, "-m", "aiobotantic_codegen.cli", "history", *words]
    ours = {**os.environ, "HISTORY_OF": f"{os.getpid()}-{sent}-{jobs}"}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ours,
        # A shell that runs tests in the background has them ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as started:
        mark = f"HISTORY_OF={ours['HISTORY_OF']}".encode()
        until(lambda: len(processes(mark, "cat-file", "--batch")) == int(jobs))
        started.send_signal(sent)
        output, errors = started.communicate(timeout=30)
    until(lambda: not processes(mark))

    assert started.returncode != 0
    assert output == ""
    assert "Traceback" not in errors


def processes(mark: bytes, *words: str) -> list[int]:
    """Processes with a mark in their environment, whose command has some words."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            command = (folder / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if mark in environment and set(words) <= set(command):
            found.append(int(folder.name))
    return found


def until(true: Any) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
