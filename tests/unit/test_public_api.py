"""docs/api: what the packages and the commands promise, one object a line."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES = {
    "aiobotantic.txt": "async def aiobotantic.client.Client.close() -> None",
    "aiosagemaker.txt": "aiosagemaker.SageMaker = aiosagemaker.sagemaker.client.SageMaker",
    "commands.txt": "aiobotantic diff --format text|json|markdown = text",
}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `.ci/api.py` as `nox -s api` does."""
    return subprocess.run(
        [sys.executable, ".ci/api.py", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_docs_api_says_what_is_public() -> None:
    told = run("--check")

    assert (told.returncode, told.stdout) == (0, ""), told.stdout + told.stderr
    for name, line in LINES.items():
        assert line in (ROOT / "docs" / "api" / name).read_text("utf-8").splitlines()


def test_a_file_that_is_stale_is_named_with_the_way_out(tmp_path: Path) -> None:
    folder = shutil.copytree(ROOT / "docs" / "api", tmp_path / "api")
    changed = folder / "commands.txt"
    changed.write_text(changed.read_text("utf-8").replace("--format", "--form"), "utf-8")
    (folder / "gone.txt").write_text("")

    told = run("--check", "--folder", str(folder))

    assert told.returncode == 1
    assert told.stdout == (
        f"{changed} is stale: run `nox -s api`, and commit it.\n"
        f"{folder / 'gone.txt'} is stale: run `nox -s api`, and commit it.\n"
        "A line that is gone or another breaks callers: CHANGELOG.md says so.\n"
    )
    assert run("--folder", str(folder)).returncode == 0
    assert {path.name for path in folder.iterdir()} == set(LINES)
    assert changed.read_bytes() == (ROOT / "docs" / "api" / "commands.txt").read_bytes()
