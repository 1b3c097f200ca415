"""`aiobotantic diff` as a user runs it: what it writes, in each form, and how it exits."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from minispec import spec_files

from aiobotantic_codegen.changes.kinds import ChangeClass, Direction, Kind
from aiobotantic_codegen.changes.record import Difference, Entry
from aiobotantic_codegen.commands.diff import Form

Run = Callable[..., "subprocess.CompletedProcess[str]"]

PAINT = {
    "operations": {
        "Put": {"input": "In", "output": "Out"},
        "Get": {"input": "In"},
    },
    "shapes": {
        "In": {"members": {"Color": "Color", "Size": "Size", "Old": "String"}},
        "Out": {"members": {"Colors": "Colors", "Size": "Size"}},
        "Colors": {"member": "Color"},
        "Color": {"enum": ["red"]},
        "Size": {"type": "integer", "max": 2},
    },
}
MORE_COLORS = PAINT | {
    "shapes": {
        **PAINT["shapes"],
        "Color": {"enum": ["red", "dark blue", "green"]},
        "Size": {"type": "integer", "max": 9},
    }
}
OLD_IS_GONE = PAINT | {
    "shapes": {**PAINT["shapes"], "In": {"members": {"Color": "Color", "Size": "Size"}}}
}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the console script in an empty folder with two models, `old.json` and `new.json`."""

    def run(
        new: dict[str, Any], *options: str, old: dict[str, Any] = PAINT
    ) -> subprocess.CompletedProcess[str]:
        for name, spec in (("old.json", old), ("new.json", new)):
            tree = spec_files(spec)["service-2.json"]
            (tmp_path / name).write_text(json.dumps(tree))
        command = [sys.executable, "-m", "aiobotantic_codegen.cli", "diff", "old.json", "new.json"]
        return subprocess.run(
            [*command, *options], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return run


def test_text_tells_each_entry_with_its_names(run: Run) -> None:
    done = run(MORE_COLORS)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == """\
mini: old.json to new.json: additive (semver: minor)

additive (more than there was)
  enum_value_added  Put request Color
      dark blue, green
      Mini.put(color)
      Color.DARK_BLUE, Color.GREEN
  enum_value_added  Put response Colors[]
      dark blue, green
      Mini.put().colors[]
      Color.DARK_BLUE, Color.GREEN
  enum_value_added  Get request Color
      dark blue, green
      Mini.get(color)
      Color.DARK_BLUE, Color.GREEN

constraint (what is checked before sending)
  constraint_loosened  Put request Size
      max=2 -> max=9
      Mini.put(size)
  constraint_loosened  Get request Size
      max=2 -> max=9
      Mini.get(size)

none (nothing that a caller can tell)
  constraint_loosened  Put response Size
      max=2 -> max=9
      Mini.put().size

6 entries; no documentation to compare
"""


def test_markdown_tells_each_fact_once_with_its_places(run: Run) -> None:
    done = run(MORE_COLORS, "--format", "markdown")

    assert done.stdout == """\
## mini: old.json to new.json: additive (semver: minor)

### Additive: more than there was

- `Color` gains `DARK_BLUE`, `GREEN`: `Mini.put(color)`, `Mini.put().colors[]`, `Mini.get(color)`

### Constraint: what is checked before sending

- limit loosened: max=2, now max=9: `Mini.put(size)`, `Mini.get(size)`

### None: nothing that a caller can tell

- limit loosened: max=2, now max=9: `Mini.put().size`

6 entries; no documentation to compare
"""


def test_json_is_what_other_tools_read(run: Run) -> None:
    done = run(OLD_IS_GONE, "--format", "json")

    assert json.loads(done.stdout) == {
        "service": "mini",
        "old": "old.json",
        "new": "new.json",
        "verdict": "breaking",
        "semver": "major",
        "counts": {"documentation": None, "box": 0},
        "entries": [
            {
                "operation": operation,
                "direction": "request",
                "path": "Old",
                "kind": "member_removed",
                "class": "breaking",
                "values": [],
                "python": [f"Mini.{method}(old)", "In_.old"],
            }
            for operation, method in (("Put", "put"), ("Get", "get"))
        ],
    }


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_nothing_is_said_of_nothing(run: Run, form: str) -> None:
    done = run(PAINT, "--format", form, "--fail-on", "none")

    assert done.returncode == 0
    assert {
        "text": "mini: old.json to new.json: none (semver: none)\n\n"
        "0 entries; no documentation to compare\n",
        "markdown": "## mini: old.json to new.json: none (semver: none)\n\n"
        "0 entries; no documentation to compare\n",
    }.get(form, done.stdout) == done.stdout


def test_documentation_is_a_number(run: Run) -> None:
    def documented(text: str) -> dict[str, Any]:
        return {"operations": {"Get": {"documentation": text}}}

    assert (
        "0 entries; documentation: 1 text differs\n"
        in run(documented("a"), old=documented("b")).stdout
    )
    assert (
        "0 entries; documentation: 0 texts differ\n"
        in run(documented("a"), old=documented("a")).stdout
    )


@pytest.mark.parametrize(
    ("new", "fail_on", "code"),
    [
        (OLD_IS_GONE, "breaking", 2),
        (MORE_COLORS, "breaking", 0),
        (MORE_COLORS, "additive", 2),
        (MORE_COLORS, "docs", 2),
        (PAINT, "docs", 0),
    ],
)
def test_fail_on_a_class(run: Run, new: dict[str, Any], fail_on: str, code: int) -> None:
    done = run(new, "--fail-on", fail_on)

    verdict = "breaking" if new is OLD_IS_GONE else "additive"
    assert done.returncode == code
    assert done.stderr == (f"{verdict}: --fail-on {fail_on}\n" if code else "")
    assert done.stdout.startswith("mini: old.json to new.json")


def test_an_error_names_the_file_and_the_way_out(run: Run, tmp_path: Path) -> None:
    done = run(PAINT)
    (tmp_path / "new.json").write_text("{")
    again = subprocess.run([*done.args], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == (
        "error: ./new.json: not valid JSON: Expecting property name enclosed in double quotes: "
        "line 1 column 2 (char 1)\n  Fetch the source again, or use another one.\n"
    )


def test_a_class_that_is_none_is_refused(run: Run) -> None:
    done = run(PAINT, "--fail-on", "everything")

    assert done.returncode == 2
    assert "everything" in done.stderr


def test_service_and_specs_are_named(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "facts" / "mini"
    folder.mkdir(parents=True)
    for name, tree in spec_files(MORE_COLORS).items():
        (folder / name).write_text(json.dumps(tree))
    reason = '[services.mini]\nclass_name = "Tiny"\n'
    (tmp_path / "facts" / "overrides.toml").write_text(reason)

    done = run(PAINT)
    command = [*done.args[:4], "old.json", "specs", "--specs", "facts", "--service", "mini"]
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert again.stderr == ""
    assert "Tiny.get(color)" in again.stdout
    assert again.stdout.startswith("mini: old.json to specs: additive")


def test_the_contract_is_written_down_word_by_word() -> None:
    page = (Path(__file__).parents[2] / "docs" / "diff.md").read_text("utf-8")
    words = [*Kind, *ChangeClass, *Direction, *Form, *Difference.model_fields, "class"]
    words += [name for name in Entry.model_fields if name != "change_class"]

    assert [word for word in words if f"`{word}`" not in page] == []
