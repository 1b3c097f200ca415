"""How generated code reads: small specs, and their committed output byte for byte."""

from __future__ import annotations

import difflib
import subprocess
import sys
from pathlib import Path

import pytest
from golden.update import GENERATED, PACKAGES, generate_golden
from minispec import tree_of

UPDATE = "Where the change is meant, run `python -m tests.golden.update` and commit its output."


@pytest.mark.parametrize("package", PACKAGES)
def test_the_golden_package_is_what_the_generator_makes(
    package: str, tmp_path: Path, generator_cache: Path
) -> None:
    generate_golden(tmp_path)

    made, committed = tree_of(tmp_path / package), tree_of(GENERATED / package)
    assert made.keys() == committed.keys(), UPDATE
    for path, content in made.items():
        if content != committed[path]:
            old, new = (text.decode().splitlines() for text in (committed[path], content))
            diff = difflib.unified_diff(old, new, f"committed/{path}", f"made/{path}", lineterm="")
            raise AssertionError("\n".join([UPDATE, *diff]))


def test_the_obstacle_course_imports_and_runs() -> None:
    program = """
import builtins
builtins.boom = lambda: (_ for _ in ()).throw(SystemExit("a text of the spec was run"))
import aioobstacles.obstacles.models as models
from aioobstacles.obstacles.client import Mini
from aiobotantic.structure import Structure, read_json, write_json
for name in dir(models):
    shape = getattr(models, name)
    if issubclass(shape, Structure):
        assert write_json(read_json(shape, b"{}")) == b"{}", name
texts = [member.value for member in models.HostileText]
request = models.ImportRequest(
    text=models.HostileText(texts[0]),
    pattern="../",
    base_model=models.BaseModel(name="x"),
    up="../../etc/passwd",
)
assert request.up.is_known and request["Up"] == "../../etc/passwd"
assert not request.up.__class__("new").is_known
assert len(Mini.operations()) == 5
print(len(texts))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=GENERATED, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert int(done.stdout) > 20
