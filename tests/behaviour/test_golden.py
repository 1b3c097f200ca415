"""How generated code reads: a small spec, and its committed output byte for byte."""

from __future__ import annotations

import difflib
from pathlib import Path

from golden.update import GENERATED, PACKAGE, generate_golden
from minispec import tree_of

UPDATE = "Where the change is meant, run `python -m tests.golden.update` and commit its output."


def test_the_golden_package_is_what_the_generator_makes(
    tmp_path: Path, generator_cache: Path
) -> None:
    generate_golden(tmp_path)

    made, committed = tree_of(tmp_path / PACKAGE), tree_of(GENERATED / PACKAGE)
    assert made.keys() == committed.keys(), UPDATE
    for path, content in made.items():
        if content != committed[path]:
            old, new = (text.decode().splitlines() for text in (committed[path], content))
            diff = difflib.unified_diff(old, new, f"committed/{path}", f"made/{path}", lineterm="")
            raise AssertionError("\n".join([UPDATE, *diff]))
