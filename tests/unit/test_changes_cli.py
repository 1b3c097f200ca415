"""`aiobotantic changes parse`: what it prints, and the errors of files that are no pages."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PAGES = Path(__file__).resolve().parent.parent / "pages"
TOYS = PAGES / "toys.txt"


def run(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aiobotantic_codegen.cli", "changes", "parse"]
    done = subprocess.run([*command, *map(str, arguments)], input=stdin, capture_output=True)
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


def test_a_summary_of_a_page() -> None:
    done = run(TOYS)

    assert done.returncode == 0
    assert done.stdout.startswith("2023-05-26  Toy Store Service\nToys have states.\n")
    assert "\nDeleteToy (new)  client.delete_toy\n  operation_added  operation\n" in done.stdout
    assert "  member_added  request Packing: structure\n" in done.stdout
    assert "  enum_value_added  response Stock{}[].State: mint-in-box, broken\n" in done.stdout


@pytest.mark.parametrize("through_stdin", [False, True])
def test_the_record_as_json(through_stdin: bool) -> None:
    done = run("-", "--json", stdin=TOYS.read_bytes()) if through_stdin else run(TOYS, "--json")
    record = json.loads(done.stdout)

    assert list(record) == ["date", "service", "title", "sentence", "methods", "entries"]
    assert record["entries"][9] == {
        "operation": "GetToy",
        "direction": "response",
        "path": "Stock{}[].State",
        "kind": "enum_value_added",
        "class": "additive",
        "values": ["mint-in-box", "broken"],
        "python": [],
    }
    assert [method["status"] for method in record["methods"]] == ["new"] * 2 + ["updated"] * 4
    assert record["methods"][1]["request_syntax"]["members"] == [
        {"name": "Limit", "required": False, "syntax": {"kind": "integer", "type": "integer"}}
    ]


def test_what_cannot_be_read(tmp_path: Path) -> None:
    missing, binary, nul = tmp_path / "none.html", tmp_path / "page.bin", tmp_path / "nul.txt"
    binary.write_bytes(b"line\n\xff\xfe\x00")
    nul.write_bytes(b"\0")

    for page, problem in {
        missing: "cannot be read: No such file or directory",
        tmp_path: "cannot be read: Is a directory",
        binary: "line 2: the bytes here are no UTF-8: invalid start byte",
        nul: "line 1: a NUL byte stands here: this is no text",
    }.items():
        done = run(page)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"error: {page}") and problem in done.stderr


def test_an_empty_or_damaged_page() -> None:
    empty, cut = run("-"), run("-", "--json", stdin=TOYS.read_bytes()[:3000])

    assert (empty.returncode, cut.returncode, cut.stdout) == (2, 2, "")
    assert empty.stderr.startswith("error: <stdin>, line 1: the page is empty\n  a page begins")
    assert cut.stderr.startswith("error: <stdin>, line ")
