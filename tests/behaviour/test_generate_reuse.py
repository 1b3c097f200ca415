"""What earlier runs left in the cache is taken again only where it would come out the same."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from minispec import Mini, cache_in, new_mini, one_structure, tree_of

import aiobotantic_codegen
from aiobotantic_codegen.errors import GeneratorError
from aiobotantic_codegen.pipeline import Outcome, Request, generate

SPEC = one_structure({"Size": "Size", "Name": "String"}, shapes={"Size": {"enum": ["a"]}})
DISCOVERED = {**SPEC["operations"]["Send"], "endpointdiscovery": {"required": True}}


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Path]:
    """An empty cache."""
    with cache_in(tmp_path / "cache"):
        yield tmp_path / "cache" / "aiobotantic"


@pytest.fixture
def two(tmp_path: Path, cache: Path) -> Mini:
    """The service `mini`, and the service `other`, generated into one package."""
    mini = new_mini(tmp_path, SPEC)
    new_mini(tmp_path, other(), service="other")
    mini.generate()
    return mini


def other(**more: Any) -> dict[str, Any]:
    return SPEC | {"metadata": {"serviceId": "Other"}, **more}


def again(mini: Mini, **request: Any) -> tuple[Outcome, dict[str, bytes]]:
    """Generate without the old output; return what the run did, and the files."""
    shutil.rmtree(mini.out, ignore_errors=True)
    outcome = generate(Request(mini.specs, mini.out, mini.package, **request))
    return outcome, tree_of(mini.root)


def cold(mini: Mini, tmp_path: Path, **request: Any) -> dict[str, bytes]:
    """Return the files that a run without a cache makes."""
    with cache_in(tmp_path / "none"):
        files = again(mini, **request)[1]
    shutil.rmtree(tmp_path / "none")
    return files


def mark(cache: Path) -> None:
    """Change the texts of every entry, digests and all, so that what is reused shows."""
    from hashlib import sha256

    with closing(sqlite3.connect(cache / "services.sqlite")) as database, database:
        for key, text in database.execute("SELECT key, text FROM texts").fetchall():
            head, _, body = text.partition("\n")
            body = body.replace("Do not edit.", "REUSED")
            head = f"{head.split()[0]} {sha256(body.encode()).hexdigest()}"
            database.execute("UPDATE texts SET text = ? WHERE key = ?", (f"{head}\n{body}", key))
    shutil.rmtree(cache / "generate")


def reused(files: dict[str, bytes]) -> set[str]:
    """Return the services whose files came out of a marked cache."""
    return {path.partition("/")[0] for path, content in files.items() if b"REUSED" in content}


def test_only_the_service_that_changed_is_made_again(
    two: Mini, cache: Path, tmp_path: Path
) -> None:
    mark(cache)
    assert reused(again(two)[1]) == {"mini", "other"}
    two.write(SPEC | {"shapes": SPEC["shapes"] | {"Size": {"enum": ["a", "b"]}}})

    assert reused(again(two)[1]) == {"other"}


@pytest.mark.parametrize(
    ("table", "text", "same"),
    [
        ("overrides.toml", "[services.mini]\nclass_name = 'Minimal'", {"other"}),
        ("overrides.toml", "[modules.another]\nx = 'os'", {"mini", "other"}),
        ("behaviour.toml", "[repeat]\nread = ['send']", set[str]()),
        ("catalog.toml", "", {"mini", "other"}),
    ],
)
def test_tables_reach_services(
    table: str, text: str, same: set[str], two: Mini, cache: Path, tmp_path: Path
) -> None:
    two.write_table(table, text)
    expected = cold(two, tmp_path)
    mark(cache)

    marked = again(two)[1]

    assert reused(marked) == same
    assert {p: t.replace(b"REUSED", b"Do not edit.") for p, t in marked.items()} == expected


def test_what_reaches_all_services(two: Mini, cache: Path, tmp_path: Path) -> None:
    templates, prose = tmp_path / "templates", tmp_path / "prose" / "mini" / "2020-01-01"
    templates.mkdir()
    prose.mkdir(parents=True)
    model = '{"operations": {"Send": {"documentation": "%s."}}, "metadata": {}}'
    full = {"docs": "full", "prose": tmp_path / "prose"}
    mark(cache)

    assert reused(again(two, templates=[templates])[1]) == set()
    (prose / "service-2.json").write_text(model % "Sends")
    assert reused(again(two, **full)[1]) == set()
    mark(cache)
    (prose / "service-2.json").write_text(model % "Posts")
    files = again(two, **full)[1]
    assert reused(files) == {"other"}
    assert b"Posts." in files["mini/_operations/send.py"]
    other_name = Mini(two.specs, two.out, f"{two.package}_too")
    assert reused(again(other_name)[1]) == set()


def test_another_generator_makes_everything_again(two: Mini, cache: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed" / "aiobotantic_codegen"
    shutil.copytree(Path(aiobotantic_codegen.__file__).parent, changed)
    header = changed / "render" / "templates" / "_header.jinja"
    for text in (header.read_text(), "# Made by another generator.\n"):
        header.write_text(text)
        shutil.rmtree(two.out)
        mark(cache)
        command = [sys.executable, "-m", "aiobotantic_codegen.cli", "generate"]
        subprocess.run(
            [*command, "--specs", two.specs, "--out", two.out, "--package", two.package],
            env={**os.environ, "PYTHONPATH": str(changed.parent)},
            capture_output=True,
            check=True,
        )
        files = tree_of(two.root)
        assert reused(files) == (set() if "another" in text else {"mini", "other"})
    assert files["other/client.py"].startswith(b"# Made by another generator.\n")


def test_what_was_left_out_is_said_again(two: Mini, cache: Path) -> None:
    two.write(SPEC | {"operations": {**SPEC["operations"], "Find": DISCOVERED}})
    new_mini(two.specs.parent, other(metadata={"protocol": "ec2"}), service="old")
    first, files = again(two)
    shutil.rmtree(cache / "generate")

    second, same = again(two)

    assert first.skipped == second.skipped
    assert second.skipped == {
        "old": "the protocol 'ec2' is not spoken",
        "mini.Find": "it needs endpoint discovery",
    }
    assert files == same


def test_refusals_stay(two: Mini, cache: Path) -> None:
    new_mini(two.specs.parent, SPEC, service="third")  # of the same class name as mini
    two.write_table("overrides.toml", "[services.nobody]\nclass_name = 'X'")
    for table, problem in [
        ("[services.nobody]\nclass_name = 'X'", "there is no service 'nobody'"),
        ("", "the services 'mini' and 'third' are both 'Mini' in Python"),
    ]:
        two.write_table("overrides.toml", table)
        for _ in range(2):
            with pytest.raises(GeneratorError, match=problem):
                two.generate()


@pytest.mark.parametrize("damage", ["{}", "", "\n{}", "x" * 64 + " " + "x" * 64 + "\n[]"])
def test_a_damaged_entry_is_none(damage: str, two: Mini, cache: Path) -> None:
    before = tree_of(two.root)
    with closing(sqlite3.connect(cache / "services.sqlite")) as database, database:
        database.execute("UPDATE texts SET text = ?", (damage,))
    shutil.rmtree(cache / "generate")

    assert again(two)[1] == before


def test_a_cut_entry_or_file_is_none(two: Mini, cache: Path) -> None:
    before = tree_of(two.root)
    file = cache / "services.sqlite"
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE texts SET text = substr(text, 1, length(text) - 1)")
    shutil.rmtree(cache / "generate")
    assert again(two)[1] == before
    file.write_bytes(b"no database at all" * 100)
    shutil.rmtree(cache / "generate")
    assert again(two)[1] == before


def test_the_cache_does_not_grow_with_changes(two: Mini, cache: Path) -> None:
    for size in ("b", "c"):
        two.write(SPEC | {"shapes": SPEC["shapes"] | {"Size": {"enum": ["a", size]}}})
        two.generate()

    with closing(sqlite3.connect(cache / "services.sqlite")) as database:
        keys = [key for (key,) in database.execute("SELECT key FROM texts ORDER BY key")]
    assert keys == [f"{two.package} facts mini", f"{two.package} facts other"]
