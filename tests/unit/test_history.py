"""`aiobotantic history`: a row for each release of a clone, of a folder of wheels, of an index."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from botocore_releases import BROKEN, STEPS, git, make_clone, make_wheel, model
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


def told(rows: list[Row]) -> list[tuple[str, str | None, str]]:
    return [(row.release, row.previous, str(row.verdict)) for row in rows]


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


def test_a_service_that_was_there_only_broken_came_and_went_unseen(tmp_path: Path) -> None:
    steps = {"1.0": {}, "1.1": BROKEN["1.1"], "1.2": {}, "1.3": BROKEN["1.2"]}
    rows = read_history(GitReleases(make_clone(tmp_path / "r", steps)), "mini")

    assert [(row.release, row.state) for row in rows] == [("1.1", "failed"), ("1.3", "added")]


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


@pytest.mark.parametrize("name", ["minni", "mini/", "mini\n"])
def test_a_service_that_no_release_has(clone: Path, name: str) -> None:
    with pytest.raises(SyncError) as caught:
        read_history(GitReleases(clone), name, Span.of("..1.10.1"))
    shown = name.replace("\n", "\n  ")
    assert str(caught.value) == f"{clone}: no release has a service `{shown}`\n  Did you mean mini?"


def test_a_repository_of_something_else(tmp_path: Path) -> None:
    folder = make_clone(tmp_path / "r", {"1.0": {}, "1.1": {}})
    with pytest.raises(SyncError) as caught:
        read_history(GitReleases(folder), "mini")
    assert str(caught.value) == (
        f"{folder}: no release has a service `mini`\n"
        "  Check the name, and that these are releases of botocore."
    )


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
