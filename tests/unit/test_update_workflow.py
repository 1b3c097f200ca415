"""The daily workflow: the step that makes a pull request of what `nox -s update` changed."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"
GH = """#!/bin/sh
echo "$@" >> "$RUNNER_TEMP/calls"
if [ "$1 $2" = "pr list" ]; then printf '%s' "$OPEN"; fi
"""


def script() -> str:
    """The last step's commands."""
    *_, commands = re.split(r"^ +run: \|\n", (WORKFLOWS / "update.yml").read_text(), flags=re.M)
    return dedent(commands)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clone whose remote is beside it, and a `gh` that notes what it is asked."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "gh").write_text(GH)
    (tmp_path / "bin" / "gh").chmod(0o755)
    (tmp_path / "summary.md").write_text("# botocore 1.44.9: additive\n\nVersion 0.1.0 to 0.2.0.\n")
    (tmp_path / "calls").touch()
    folder = tmp_path / "checkout"
    git(tmp_path, "init", "-q", "--bare", "remote")
    git(tmp_path, "clone", "-q", "remote", "checkout")
    (folder / "CHANGELOG.md").write_text("# Changelog\n")
    git(folder, "add", "--all")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "First")
    return folder


def git(folder: Path, *arguments: str) -> str:
    ran = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return ran.stdout


def run(checkout: Path, *, opened: str = "") -> list[str]:
    """Run the step as the runner does; return what `gh` was asked."""
    temp = checkout.parent
    path = f"{temp / 'bin'}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script()],
        cwd=checkout,
        env={**os.environ, "PATH": path, "RUNNER_TEMP": str(temp), "OPEN": opened},
        capture_output=True,
        check=True,
    )
    return (temp / "calls").read_text().splitlines()


def test_nothing_new_asks_for_nothing(checkout: Path) -> None:
    assert run(checkout) == []


def test_a_change_is_pushed_and_gets_a_pull_request(checkout: Path) -> None:
    (checkout / "specs").mkdir()
    (checkout / "specs" / "new.json").write_text("{}\n")

    calls = run(checkout)

    body = checkout.parent / "body.md"
    assert calls[1:] == [
        f"pr create --head update --title botocore 1.44.9: additive --body-file {body}",
        "workflow run ci.yml --ref update",
    ]
    assert "workflow_dispatch:" in (WORKFLOWS / "ci.yml").read_text()
    assert body.read_text() == (checkout.parent / "summary.md").read_text()
    pushed = git(checkout.parent / "remote", "log", "-1", "--format=%s", "--name-only", "update")
    assert pushed.split("\n\n") == ["botocore 1.44.9: additive", "specs/new.json\n"]


def test_an_open_pull_request_is_renewed(checkout: Path) -> None:
    (checkout / "new.md").touch()

    calls = run(checkout, opened="17")

    assert calls[0].startswith("pr list --head update --state open")
    assert calls[1].startswith("pr edit 17 --title botocore 1.44.9: additive")


def test_each_session_that_a_workflow_runs_exists() -> None:
    texts = [path.read_text("utf-8") for path in WORKFLOWS.glob("*.yml")]
    named = re.findall(r"nox -s \"?(\w+)", "".join(texts))
    (long,) = (text for text in texts if text.startswith("name: long\n"))
    named += re.findall(r'^ +- "(\w+)[ "]', long, flags=re.M)
    sessions = re.findall(r"^def (\w+)\(session", (ROOT / "noxfile.py").read_text(), flags=re.M)

    assert {"audit", "update", "aiobotocore", "faults", "soak", "build"} <= {*named}
    assert {*named} - {*sessions} == set()
