"""Types, as mypy --strict and pyright strict see them.

In tests/typing, good*.py is what users write, bad*.py what they get wrong: a comment says what a
checker must say of its line (`# error:` both, `# mypy:` or `# pyright:` one of them). Generated
packages that hold every trap must be clean as well.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from golden.update import GENERATED
from minispec import new_mini
from obstacles import OBSTACLES, camel_case

PROGRAMS = Path(__file__).resolve().parents[1] / "typing"
EXPECTED = re.compile(r"# (error|mypy|pyright): (.+)$")
CHECKERS = ("mypy", "pyright")

Messages = dict[tuple[str, int], list[str]]
"""File name and line to what a checker says there."""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory, generator_cache: Path) -> dict[str, Messages]:
    """What each checker says; both run once, at the same time, over all files."""
    folder = tmp_path_factory.mktemp("typing")
    mini = new_mini(folder, OBSTACLES)
    mini.generate()
    camel = new_mini(folder / "camel", camel_case(OBSTACLES))
    camel.generate()
    shutil.copytree(camel.root, mini.out / camel.package)
    shutil.copytree(GENERATED, mini.out, dirs_exist_ok=True)
    for program in PROGRAMS.glob("*.py"):
        shutil.copy(program, folder / program.name)
    settings = {"include": ["*.py", "out"], "extraPaths": ["out"], "typeCheckingMode": "strict"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    (folder / "mypy.ini").write_text("[mypy]\nstrict = true\nmypy_path = out\n")
    programs = sorted(path.name for path in folder.glob("*.py"))
    commands = {
        "mypy": ["mypy", "--output=json", "--no-incremental", *programs, "out"],
        "pyright": ["pyright", "--outputjson", "--pythonpath", sys.executable],
    }
    running = {
        checker: subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},
        )
        for checker, command in commands.items()
    }
    output = {checker: process.communicate() for checker, process in running.items()}
    assert [process.returncode for process in running.values()] == [1, 1], output
    return {
        "mypy": messages(folder, mypy_errors(output["mypy"][0])),
        "pyright": messages(folder, pyright_errors(output["pyright"][0])),
    }


def mypy_errors(text: str) -> Iterator[tuple[str, int, str]]:
    for line in text.splitlines():
        found = json.loads(line)
        if found["severity"] == "error":
            yield found["file"], found["line"], found["message"]


def pyright_errors(text: str) -> Iterator[tuple[str, int, str]]:
    for found in json.loads(text)["generalDiagnostics"]:
        yield found["file"], found["range"]["start"]["line"] + 1, found["message"]


def messages(folder: Path, found: Iterator[tuple[str, int, str]]) -> Messages:
    by_line: Messages = defaultdict(list)
    for file, line, message in found:
        by_line[(folder / file).relative_to(folder).as_posix(), line].append(message)
    return dict(by_line)


@pytest.mark.parametrize("checker", CHECKERS)
def test_what_users_write_is_clean(said: dict[str, Messages], checker: str) -> None:
    good = {path.name for path in PROGRAMS.glob("good*.py")}

    assert {place: text for place, text in said[checker].items() if place[0] in good} == {}
    assert len(good) == 2


@pytest.mark.parametrize("checker", CHECKERS)
def test_generated_packages_are_clean(said: dict[str, Messages], checker: str) -> None:
    assert {p: text for p, text in said[checker].items() if p[0].startswith("out/")} == {}


@pytest.mark.parametrize(("name", "least"), [("bad.py", 30), ("bad_fakes.py", 20)])
@pytest.mark.parametrize("checker", CHECKERS)
def test_mistakes_are_found_where_they_are(
    said: dict[str, Messages], checker: str, name: str, least: int
) -> None:
    source = (PROGRAMS / name).read_text().splitlines()
    expected = {
        number: match[2]
        for number, line in enumerate(source, 1)
        if (match := EXPECTED.search(line)) and match[1] in ("error", checker)
    }
    found = {line: text for (file, line), text in said[checker].items() if file == name}

    assert len(expected) > least
    assert found.keys() == expected.keys()
    for number, words in expected.items():
        assert any(words in message for message in found[number]), (number, words, found[number])
