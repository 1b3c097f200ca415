"""`aiobotantic history`: a row for each release of a clone, of a folder of wheels, of an index."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import pty
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from minispec import one_structure, spec_files

from aiobotantic_codegen.changes.history import Row, Span, read_history
from aiobotantic_codegen.changes.kinds import ChangeClass, Kind
from aiobotantic_codegen.errors import SpecError, SyncError
from aiobotantic_codegen.load.releases import (
    GitReleases,
    IndexReleases,
    Release,
    Releases,
    WheelReleases,
)

Files = Mapping[str, Any]

NEW_YEAR = 1672531200  # 2023-01-01

GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.com",
}


def model(*, kinds: tuple[str, ...] = ("cat",), api: str = "2020-01-01", **members: Any) -> Files:
    """The files of a service, at their places below its folder."""
    shapes = {"Kind": {"enum": list(kinds), "documentation": "<p>Kinds.</p>"}}
    spec = one_structure({"Kind": "Kind", **members}, shapes=shapes)
    return {f"{api}/{file}": tree for file, tree in spec_files(spec).items()}


def as_bytes(path: str, tree: Any) -> bytes:
    text = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    return gzip.compress(text) if path.endswith(".gz") else text


def make_clone(folder: Path, releases: Mapping[str, Mapping[str, Files]]) -> Path:
    """A clone with a tag for each version; its services as files below their folders."""
    lines: list[bytes] = []
    for day, (version, services) in enumerate(releases.items()):
        when = f"{NEW_YEAR + day * 86400} +0000"
        lines += [b"commit refs/heads/main", f"committer A <a@example.com> {when}".encode()]
        lines += [b"data 0", b"deleteall"]
        for service, files in services.items():
            for path, tree in files.items():
                text = as_bytes(path, tree)
                lines.append(f"M 100644 inline botocore/data/{service}/{path}".encode())
                lines += [f"data {len(text)}".encode(), text]
        lines += [f"reset refs/tags/{version}".encode(), b"from refs/heads/main", b""]
    git(folder.parent, "init", "-q", "--bare", folder.name)
    git(folder, "fast-import", "--quiet", given=b"\n".join(lines))
    return folder


def git(folder: Path, *words: str, given: bytes = b"") -> str:
    done = subprocess.run(
        ["git", *words], cwd=folder, input=given, capture_output=True, env=os.environ | GIT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def make_wheel(folder: Path, version: str, services: Mapping[str, Files]) -> Path:
    folder.mkdir(exist_ok=True)
    wheel = folder / f"botocore-{version}-py3-none-any.whl"
    info = f"botocore-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: botocore\nVersion: {version}\n"
    tag = "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(wheel, "w") as archive:
        for service, files in services.items():
            for path, tree in files.items():
                archive.writestr(f"botocore/data/{service}/{path}", as_bytes(path, tree))
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", tag)
        archive.writestr(f"{info}/RECORD", "")
    return wheel


def run(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aiobotantic_codegen.cli", "history", *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, env=os.environ | environment, check=False
    )


def told(rows: list[Row]) -> list[tuple[str, str | None, str]]:
    return [(row.release, row.previous, str(row.verdict)) for row in rows]


STEPS: dict[str, Mapping[str, Files]] = {
    "1.8.0": {"s3": model()},
    "1.9.0": {"mini": model(), "s3": model()},
    "1.9.1": {"mini": model(), "s3": model(kinds=("fish",))},
    "1.10.0": {"mini": model(kinds=("cat", "dog"))},
    "1.10.1": {"mini": model(kinds=("cat", "dog"))},
    "1.10.2": {"mini": model(kinds=("dog",))},
    "1.11.0": {},
}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return make_clone(tmp_path / "botocore.git", STEPS)


# --- rows


def test_each_release_that_changed_the_service_has_a_row(clone: Path) -> None:
    rows = read_history(GitReleases(clone), "mini")

    assert told(rows) == [
        ("1.9.0", "1.8.0", "additive"),
        ("1.10.0", "1.9.1", "additive"),
        ("1.10.2", "1.10.1", "breaking"),
        ("1.11.0", "1.10.2", "breaking"),
    ]
    assert [row.state for row in rows] == ["added", "changed", "changed", "removed"]
    assert [row.semver for row in rows] == ["minor", "minor", "major", "major"]
    assert [row.date for row in rows] == ["2023-01-02", "2023-01-04", "2023-01-06", "2023-01-07"]


def test_entries_are_counted_by_class_and_by_kind(clone: Path) -> None:
    row = read_history(GitReleases(clone), "mini")[2]

    assert {kind: count for kind, count in row.kinds.items() if count} == {
        Kind.ENUM_VALUE_REMOVED: 2  # in the request and in the response
    }
    assert {each: count for each, count in row.classes.items() if count} == {
        ChangeClass.BREAKING: 2
    }
    assert row.documentation == 0


def test_texts_that_differ_are_counted(tmp_path: Path) -> None:
    spec = spec_files(one_structure({"A": "String"}))["service-2.json"]
    new = spec | {"documentation": "<p>New.</p>"}
    old = spec | {"documentation": "<p>Old.</p>"}
    steps = {
        name: {"mini": {"2020-01-01/service-2.json": tree}}
        for name, tree in (("1.0", spec), ("1.1", old), ("1.2", new))
    }
    rows = read_history(GitReleases(make_clone(tmp_path / "r", steps)), "mini")

    assert [(row.release, row.verdict, row.documentation) for row in rows] == [("1.2", "none", 1)]


def test_with_all_a_release_without_a_change_has_zeros(clone: Path) -> None:
    rows = read_history(GitReleases(clone), "mini", every=True)

    assert [row.release for row in rows] == [*STEPS][1:]
    same = rows[1]
    assert (same.release, same.previous, same.state, same.verdict) == (
        "1.9.1",
        "1.9.0",
        "same",
        "none",
    )
    assert not any(same.kinds.values())


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ("1.9.0..1.10.2", ["1.10.0", "1.10.2"]),
        ("1.9..", ["1.10.0", "1.10.2", "1.11.0"]),
        ("..1.10.0", ["1.9.0", "1.10.0"]),
        ("1.9.5..1.10.1", ["1.10.0"]),  # there is no 1.9.5: the one before is 1.9.1
        ("0.1..1.9", ["1.9.0"]),
    ],
)
def test_a_range_is_what_comes_after_the_first_up_to_the_second(
    clone: Path, versions: str, expected: list[str]
) -> None:
    rows = read_history(GitReleases(clone), "mini", Span.of(versions))

    assert [row.release for row in rows] == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1.2", "'1.2' is no range of versions: give A..B, A.. or ..B"),
        ("..", "'..' is no range of versions: give A..B, A.. or ..B"),
        ("1.2..new", "'1.2..new' is no range of versions: Invalid version: 'new'"),
        ("1.3..1.2", "'1.3..1.2' is an empty range: the second version is not newer"),
    ],
)
def test_what_is_no_range(text: str, problem: str) -> None:
    with pytest.raises(ValueError) as caught:
        Span.of(text)
    assert str(caught.value) == problem


def test_a_first_service_id_is_no_change_for_callers(tmp_path: Path) -> None:
    new = model()
    old = json.loads(json.dumps(new))
    del old["2020-01-01/service-2.json"]["metadata"]["serviceId"]
    folder = make_clone(tmp_path / "r", {"1.0": {"mini": old}, "1.1": {"mini": new}})
    (row,) = read_history(GitReleases(folder), "mini")

    assert (row.verdict, row.kinds[Kind.METADATA_CHANGED]) == ("none", 1)


def test_several_processes_tell_the_same(tmp_path: Path) -> None:
    steps = {f"1.{n}.0": {"mini": model(kinds=tuple(map(str, range(n + 1))))} for n in range(40)}
    releases = GitReleases(make_clone(tmp_path / "r", steps))
    seen: list[tuple[str, int, int]] = []
    rows = read_history(
        releases,
        "mini",
        jobs=3,
        progress=lambda name, done, total: seen.append((name, done, total)),
    )

    assert rows == read_history(releases, "mini")
    assert [row.release for row in rows] == [f"1.{n}.0" for n in range(1, 40)]
    assert seen == [("1.1.0", 0, 39), ("1.17.0", 16, 39), ("1.33.0", 32, 39)]


# --- git


def test_tags_are_sorted_as_versions_and_others_are_left_out(clone: Path) -> None:
    git(clone, "tag", "newest", "main")
    git(clone, "tag", "-a", "-m", "Twelve", "1.12.0", "1.10.2")
    releases = GitReleases(clone).listing()

    assert [each.name for each in releases] == [*STEPS, "1.12.0"]
    assert [row.release for row in read_history(GitReleases(clone), "mini")][-1] == "1.12.0"


def test_a_clone_with_a_work_tree_is_read_by_its_tags(clone: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(clone), "work")
    git(tmp_path / "work", "checkout", "-q", "1.8.0")

    assert read_history(GitReleases(tmp_path / "work"), "mini") == read_history(
        GitReleases(clone), "mini"
    )


def test_another_repository_of_the_environment_is_not_read(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q", "--bare", "other.git")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other.git"))

    assert len(read_history(GitReleases(clone), "mini")) == 4


def test_files_of_every_form_are_read(tmp_path: Path) -> None:
    pages = {"pagination": {"Send": {"input_token": "A", "output_token": "B"}}}
    extras = {"merge": {"pagination": {"Send": {"result_key": "C"}}}}
    plain = model()
    packed = {f"{path}.gz": tree for path, tree in model(kinds=("cat", "dog")).items()}
    newer = model(kinds=("cat", "dog"), api="2021-01-01")
    steps = {
        "1.0": {"mini": plain},
        "1.1": {"mini": packed},
        "1.2": {"mini": plain | newer},
        "1.3": {"mini": plain | newer | {"2021-01-01/paginators-1.json": pages}},
        "1.4": {
            "mini": newer
            | {"2021-01-01/paginators-1.json": pages}
            | {"2021-01-01/paginators-1.sdk-extras.json": extras}
        },
    }
    rows = read_history(GitReleases(make_clone(tmp_path / "r", steps)), "mini")

    assert [(row.release, {k: n for k, n in row.kinds.items() if n}) for row in rows] == [
        ("1.1", {"enum_value_added": 2}),
        ("1.3", {"paginator_changed": 1}),
        ("1.4", {"paginator_changed": 1}),
    ]


# --- what cannot be read

BROKEN = {
    "1.0": {"mini": model()},
    "1.1": {"mini": {"2020-01-01/service-2.json": b'{"metadata": \xff}'}},
    "1.2": {"mini": model(kinds=("cat", "dog"))},
}


def test_a_release_that_cannot_be_read_is_a_row(tmp_path: Path) -> None:
    failed, changed = read_history(GitReleases(make_clone(tmp_path / "r", BROKEN)), "mini")

    assert (failed.release, failed.state, failed.verdict) == ("1.1", "failed", None)
    assert failed.error is not None
    assert failed.error.startswith(
        "1.1:botocore/data/mini/2020-01-01/service-2.json: not valid JSON: "
    )
    assert told([changed]) == [("1.2", "1.0", "additive")]


def test_where_nothing_before_can_be_read_the_next_row_says_so(tmp_path: Path) -> None:
    steps = {name: BROKEN[name] for name in ("1.1", "1.2")} | {"1.3": {"mini": model()}}
    failed, changed = read_history(GitReleases(make_clone(tmp_path / "r", steps)), "mini")

    assert (failed.release, failed.state) == ("1.2", "failed")
    assert failed.error is not None and failed.error.startswith("1.1:botocore/data/mini/")
    assert told([changed]) == [("1.3", "1.2", "breaking")]


def test_an_unknown_key_is_named_with_its_place(tmp_path: Path) -> None:
    odd = json.loads(json.dumps(model()))
    odd["2020-01-01/service-2.json"]["shapes"]["Kind"]["colour"] = "red"
    folder = make_clone(tmp_path / "r", {"1.0": {"mini": model()}, "1.1": {"mini": odd}})

    with pytest.raises(SpecError) as caught:
        read_history(GitReleases(folder), "mini", strict=True)
    assert str(caught.value).startswith(
        "1.1:botocore/data/mini/2020-01-01/service-2.json#/shapes/Kind/colour: unknown key `colour`"
    )


def test_an_object_that_git_has_lost(clone: Path) -> None:
    lost = git(clone, "rev-parse", "1.10.0:botocore/data/mini/2020-01-01/service-2.json").strip()
    packs = list((clone / "objects" / "pack").glob("*.pack"))
    for pack in packs:
        text = pack.read_bytes()
        for file in (clone / "objects" / "pack").glob(f"{pack.stem}.*"):
            file.unlink()
        git(clone, "unpack-objects", "-q", given=text)
    (clone / "objects" / lost[:2] / lost[2:]).unlink()
    rows = read_history(GitReleases(clone), "mini")

    assert [row.release for row in rows if row.error] == ["1.10.0"]
    assert rows[1].error is not None
    assert rows[1].error.startswith(
        "1.10.0:botocore/data/mini/2020-01-01/service-2.json: cannot be read: "
        f"the repository does not have object {lost}"
    )
    assert told(rows)[2] == ("1.10.2", "1.9.1", "breaking")


def test_a_folder_that_is_no_repository(tmp_path: Path) -> None:
    with pytest.raises(SyncError) as caught:
        read_history(GitReleases(tmp_path), "mini")
    assert str(caught.value) == (
        f"{tmp_path}: cannot be read as a git repository: "
        "not a git repository (or any of the parent directories): .git\n"
        "  Name a clone of botocore."
    )


def test_a_repository_without_releases(tmp_path: Path) -> None:
    folder = make_clone(tmp_path / "r", {"latest": {"mini": model()}})
    with pytest.raises(SyncError) as caught:
        read_history(GitReleases(folder), "mini")
    assert str(caught.value) == (
        f"{folder}: holds no tag that is a version\n"
        "  Name a clone of botocore with its tags, or a folder of its wheels."
    )


def test_a_service_that_no_release_has(clone: Path) -> None:
    with pytest.raises(SyncError) as caught:
        read_history(GitReleases(clone), "minni", Span.of("..1.10.1"))
    assert str(caught.value) == (f"{clone}: no release has a service `minni`\n  Did you mean mini?")


def test_a_range_without_two_releases(clone: Path) -> None:
    with pytest.raises(SyncError) as caught:
        read_history(GitReleases(clone), "mini", Span.of("2.0.."))
    assert str(caught.value) == (
        f"{clone}: has no two releases to compare: it has 1.8.0 to 1.11.0\n"
        "  Give another range with `--versions`."
    )


# --- wheels


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    for version, services in STEPS.items():
        make_wheel(tmp_path / "wheels", version, services or {"s3": model()})
    return tmp_path / "wheels"


def test_wheels_tell_what_a_clone_tells(wheels: Path, clone: Path) -> None:
    make_wheel(wheels, "1.10.1.dev0", {}).rename(wheels / "botocore-x.whl")  # no wheel's name
    (wheels / "botocore_stubs-2.0-py3-none-any.whl").write_bytes(b"another package")
    rows = read_history(WheelReleases(wheels), "mini")

    assert told(rows) == told(read_history(GitReleases(clone), "mini"))
    assert {row.date for row in rows} == {None}


def test_a_broken_wheel_is_a_row(wheels: Path) -> None:
    (wheels / "botocore-1.10.0-py3-none-any.whl").write_bytes(b"cut")
    rows = read_history(WheelReleases(wheels), "mini")
    broken = next(row for row in rows if row.release == "1.10.0")

    assert broken.state == "failed"
    assert broken.error is not None
    assert broken.error.startswith(f"{wheels}/botocore-1.10.0-py3-none-any.whl: not a wheel: ")
    assert ("1.10.2", "1.10.1", "breaking") in told(rows)


def test_a_folder_without_wheels(tmp_path: Path) -> None:
    with pytest.raises(SyncError, match="holds no wheel of botocore"):
        read_history(WheelReleases(tmp_path), "mini")
    with pytest.raises(SyncError, match="no such folder"):
        read_history(WheelReleases(tmp_path / "none"), "mini")


def test_the_index_is_asked_for_the_releases_of_the_range(
    wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    releases: Releases = IndexReleases()
    assert releases.listing() == [Release(version) for version in STEPS]

    rows = read_history(releases, "mini", Span.of("1.9.1..1.10.1"))
    assert told(rows) == [("1.10.0", "1.9.1", "additive")]
    cached = sorted(path.name.split("-")[1] for path in tmp_path.glob("cache/*/wheels/*.whl"))
    assert cached == ["1.10.0", "1.10.1", "1.9.1"]

    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nothing"))
    with pytest.raises(SyncError, match="pip cannot list its versions: ERROR: No matching"):
        releases.listing()


# --- the command


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
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ours
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
