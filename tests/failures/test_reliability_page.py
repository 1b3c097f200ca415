"""docs/reliability.md says what the tests show, and what benchmarks/faults.py measures."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text("utf-8")
QUICK = [
    "creation: connection reset before the answer",
    "200 with HTML",
    "200 with bad UTF-8",
    "redirect to another origin",
    "event stream cut inside an event",
    "a credential refresh that fails",
    "a call after close",
]
"""Rows that take no time."""


def names_of_tests() -> set[str]:
    return {
        node.name
        for file in Path(__file__).parent.glob("test_*.py")
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.name.startswith("test_")
    }


def test_each_test_that_the_page_names_exists() -> None:
    assert set(re.findall(r"`(test_\w+)`", PAGE)) - names_of_tests() == set()
    for path in re.findall(r"`(tests/\w[^`]*\.py)`", PAGE):
        assert (ROOT / path).is_file(), path


def test_each_test_of_faults_is_on_the_page() -> None:
    assert names_of_tests() - set(re.findall(r"`(test_\w+)`", PAGE)) == set()


def test_the_page_says_what_the_benchmark_measures(tmp_path: Path) -> None:
    made = tmp_path / "made.json"
    words = ["--check", "docs/reliability.md", "--json", str(made), *QUICK]
    done = subprocess.run(
        [sys.executable, "benchmarks/faults.py", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    measured = json.loads(made.read_text("utf-8"))
    assert list(measured) == QUICK
    assert measured["200 with HTML"]["ours"] == "ResponseParseError; carried out 2 times"
    assert done.stdout.count("\n    aiobotocore  ") == len(QUICK)
