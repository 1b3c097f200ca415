"""Documents that decide: names that sound like secrets, and the tests that threats name."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SOUNDS = re.compile(
    r"token|secret|passw|credential|auth|presign|signed|signature|session|callback|cookie|jwt"
    r"|bearer|private|webhook|url$|key|login|rendered|certif|environment|hyperparameters$",
    re.IGNORECASE,
)
OVERRIDES = tomllib.loads((ROOT / "specs" / "overrides.toml").read_text())["services"]


class Model:
    """The facts of one service."""

    def __init__(self, file: Path) -> None:
        self.shapes: dict[str, Any] = json.loads(file.read_text())["shapes"]
        entries = OVERRIDES.get(file.parent.name, {}).get("sensitive", [])
        self._ours = {(entry["shape"], entry.get("member")) for entry in entries}

    def shown(self) -> set[str]:
        """Return the members that sound like secrets, hold text, and are not masked."""
        return {
            member
            for name, shape in self.shapes.items()
            for member, target in shape.get("members", {}).items()
            if SOUNDS.search(member)
            and self._holds_text(target["shape"])
            and not (self._masked(name) or self._masked(target["shape"]))
            and (name, member) not in self._ours
        }

    def _masked(self, name: str) -> bool:
        shape = self.shapes[name]
        if shape.get("sensitive") or (name, None) in self._ours:
            return True
        return any(map(self._masked, self._inside(shape)))

    def _holds_text(self, name: str) -> bool:
        shape = self.shapes[name]
        if shape["type"] in ("list", "map"):
            return any(map(self._holds_text, self._inside(shape)))
        return shape["type"] in ("string", "blob") and not shape.get("enum")

    def _inside(self, shape: dict[str, Any]) -> list[str]:
        return [shape[part]["shape"] for part in ("member", "key", "value") if part in shape]


def decided() -> list[str]:
    """Return the members that the table of docs/security.md has."""
    text = (ROOT / "docs" / "security.md").read_text()
    table = text.partition("### What sounds like a secret, and is none")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| `")]
    assert all(reason.strip() for _, reason in rows)
    return [name for names, _ in rows for name in re.findall(r"`(\w+)`", names)]


def test_each_name_that_sounds_like_a_secret_is_masked_or_decided_on() -> None:
    """Mask a new one in specs/overrides.toml, or say in docs/security.md why it is shown."""
    files = sorted((ROOT / "specs").glob("*/service-2.json"))
    shown = {name for file in files for name in Model(file).shown()}
    known = decided()

    assert len(files) == 10
    assert sorted(shown - set(known)) == []
    assert sorted(set(known) - shown) == [], "the table decides on what no model has"
    assert len(known) == len(set(known))


def test_every_entry_of_ours_has_a_reason() -> None:
    entries = [entry for service in OVERRIDES.values() for entry in service.get("sensitive", [])]

    assert len(entries) >= 10
    assert all(len(entry["reason"]) > 10 for entry in entries)


def named_tests() -> dict[str, set[str]]:
    """Return file to tests, as docs/threats.md names them; `::name` goes on with the last file."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / "docs" / "threats.md").read_text().splitlines():
        if line.startswith("| ") and not line.startswith("| ---"):
            file = ""
            for text in re.findall(r"`([^`]*)`", line.split("|")[-2]):
                path, _, test = text.partition("::")
                file = path or file
                found.setdefault(file, set()).update({test} - {""})
    return found


def test_the_tests_that_threats_name_exist() -> None:
    missing: list[str] = []
    named = named_tests()
    for file, tests in named.items():
        path = ROOT / file
        if not path.is_file():
            missing.append(file)
            continue
        functions = {
            node.name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        }
        missing += [f"{file}::{test}" for test in sorted(tests - functions)]
    assert missing == []
    assert len(named) >= 15


def test_each_row_of_threats_names_a_test() -> None:
    rows = [
        line
        for line in (ROOT / "docs" / "threats.md").read_text().splitlines()
        if line.startswith("| ") and not line.startswith(("| ---", "| Threat"))
    ]
    assert len(rows) >= 20
    assert [row for row in rows if "`tests/" not in row.split("|")[-2]] == []
