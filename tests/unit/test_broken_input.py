"""What fuzzing found: each input once ended in a traceback, in a hang, or in a garbled message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from change_models import model_of
from minispec import one_structure, spec_files
from pets import PAGE, model, new_project, write_source
from typer.testing import CliRunner

from aiobotantic_codegen.changes import render, walk
from aiobotantic_codegen.changes.page import decode_page, parse_page
from aiobotantic_codegen.cli import app
from aiobotantic_codegen.errors import PageError, SpecError, SyncError
from aiobotantic_codegen.load.botocore import from_directory
from aiobotantic_codegen.load.service import load_behaviour, load_overrides
from aiobotantic_codegen.sync import apply, sync

AGAIN = "Correct the value, or run `aiobotantic sync` again."


def test_an_error_is_text_that_no_terminal_acts_on() -> None:
    error = SpecError("a\x1b[2Jb.json", "/x/\r\n", "`\u202e\x00` is no name\nreally", "Go.\nOn.")
    page = PageError("page\x07.txt", "line 3", "cut", "Save it again.")

    assert str(error) == (
        "a\\x1b[2Jb.json#/x/\\r\\n: `\\u202e\\x00` is no name\n  really\n  Go.\n  On."
    )
    assert str(page) == "page\\x07.txt, line 3: cut\n  Save it again."


def test_an_error_stays_short() -> None:
    error = SpecError("a.json", f"/{'x' * 50_000}", "y" * 50_000, "Go.")

    assert str(error) == (
        f"a.json#/{'x' * 1_992}... (50008 characters): {'y' * 2_000}... (50000 characters)\n  Go."
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("services = 1", "/services: should be a valid dictionary, not 1\n  " + AGAIN),
        ("[services]\nmini = ''", "/services/mini: should be a valid dictionary or instance of"),
        ("[services.mini.repeat]\nSend = 'x'", "/services/mini/repeat/Send: should be a valid"),
        ("[repeat]\nread = [['x']]", "/repeat/read/0: should be a valid string, not"),
        ("[services.mini.repeat.Send]\nclass = []\nwhy = ''", "/services/mini/repeat/Send/class"),
        ("[services.mini]\nlist = 1", "/services/mini/list: unknown key `list`"),
        ("[services.mini.lists]\nday = 2024-01-02", "/services/mini/lists/day: should be"),
        (
            "[services.mini.lists]\nsize = nan",
            "/services/mini/lists/size: should be a finite number",
        ),
    ],
)
def test_a_table_of_behaviour_is_read_strictly(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "behaviour.toml"
    file.write_text(text)

    with pytest.raises(SpecError) as caught:
        load_behaviour(tmp_path)

    assert str(caught.value).startswith(f"{file}#{message}"), caught.value


def test_a_table_that_is_nested_too_deeply(tmp_path: Path) -> None:
    file = tmp_path / "overrides.toml"
    file.write_text(f"modules = {'[' * 100_000}{']' * 100_000}")

    with pytest.raises(SpecError) as caught:
        load_overrides(tmp_path)

    assert str(caught.value) == (f"{file}: not valid TOML: nested too deeply\n  Correct the file.")


def test_extras_of_a_source_that_merge_nothing(tmp_path: Path) -> None:
    write_source(tmp_path, model("cat"))
    extras = tmp_path / "pets" / "2020-01-01" / "paginators-1.sdk-extras.json"
    extras.write_text('{"merge": 1.5}')

    with pytest.raises(SyncError) as caught:
        sync(from_directory(tmp_path), tmp_path / "specs", ("pets",))

    assert str(caught.value) == (
        f"{extras}#/merge: `merge` is not a JSON object\n"
        "  Fetch the source again, or use another one."
    )


def test_a_page_for_a_service_that_the_catalog_does_not_list(
    tmp_path: Path, generator_cache: Path
) -> None:
    specs = new_project(tmp_path).generate.specs
    (specs / "catalog.toml").unlink()
    page = parse_page(decode_page(PAGE.format(service="Mini Service").encode(), "p"), "p")

    with pytest.raises(SpecError) as caught:
        apply(page, specs, "pets")

    assert str(caught.value) == (
        f"{specs}/catalog.toml#/services: there is no entry 'pets'\n"
        "  Run `aiobotantic sync --service pets` first."
    )


@pytest.mark.parametrize("name", ["", "a.b", "[]", "x\n", "\u017f", "9", "../x"])
def test_a_model_whose_names_are_none_is_compared_with_nothing(tmp_path: Path, name: str) -> None:
    spec = one_structure({name: "String"})

    with pytest.raises(SpecError) as caught:
        model_of(tmp_path, spec)

    assert caught.value.pointer == "/shapes/SendRequest/members"
    assert caught.value.problem == f"{name!r} is not a name"


def written(folder: Path, *values: str) -> str:
    folder.mkdir()
    spec = one_structure({"Kind": "Kind"}, shapes={"Kind": {"enum": ["one", *values]}})
    (folder / "service-2.json").write_text(json.dumps(spec_files(spec)["service-2.json"]))
    return str(folder)


@pytest.mark.parametrize(
    "argv",
    [
        ["diff", "--format", "text"],
        ["diff", "--format", "json"],
        ["diff", "--format", "markdown"],
        ["changes", "page", "--text"],
        ["changes", "page", "--html"],
    ],
    ids=" ".join,
)
def test_what_models_hold_is_printed_as_text(tmp_path: Path, argv: list[str]) -> None:
    old, new = written(tmp_path / "old"), written(tmp_path / "new", "a\x1b[2Jb", "\u202e", "\r")

    ran = CliRunner().invoke(app, [*argv, old, new])

    assert ran.exit_code == 0, ran.output
    assert all(line.isprintable() for line in ran.stdout.split("\n"))
    assert "[2Jb" in ran.stdout or "RIGHT_TO_LEFT_OVERRIDE" in ran.stdout


def doubling(folder: Path, last: dict[str, str]) -> str:
    """Write a model of 40 structures, each of which leads to the next one twice."""
    shapes = {f"S{at}": {"members": {"A": f"S{at + 1}", "B": f"S{at + 1}"}} for at in range(40)}
    shapes["S40"] = {"members": last}
    spec = {"operations": {"Send": {"input": "S0"}}, "shapes": shapes}
    folder.mkdir()
    (folder / "service-2.json").write_text(json.dumps(spec_files(spec)["service-2.json"]))
    return str(folder)


def test_what_is_reached_on_too_many_paths_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "MOST_PLACES", 1000)
    monkeypatch.setattr(render, "MOST_LINES", 2000)
    old, new = doubling(tmp_path / "old", {"X": "String"}), doubling(tmp_path / "new", {})
    plain = written(tmp_path / "plain")

    for argv, place, most in (
        (["diff", old, new], "S", 1000),
        (["changes", "page", plain, new], "S0", 2000),
    ):
        ran = CliRunner().invoke(app, argv)

        assert isinstance(ran.exception, SpecError)
        told = str(ran.exception)
        assert told.startswith(f"{new}/service-2.json#/shapes/{place}")
        assert told.endswith(
            f": its shapes are reached on more than {most} paths\n"
            "  Leave out the operations that reach it: nobody reads so much."
        )
