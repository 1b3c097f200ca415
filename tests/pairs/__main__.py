"""The known pairs on botocore's own models, in full.

    PYTHONPATH=tests python -m pairs [--models DIR] [--seed FILE]

Brings each model from the package index (wheels are cached; with --models from DIR/<version>),
and fails where the difference is not the expected one, where tests/pairs/facts is not the cut of
the full models, or where the page of the seed's pair is not the published one.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from two_models import told

from aiobotantic_codegen.changes.diff import diff_models
from aiobotantic_codegen.changes.models import Model
from pairs.cut import PAIRS, Pair, cut, full_models, stale
from pairs.expectations import expected_lines

SEED_PAIR = Pair("1.29.141", "1.29.142")
SEED_DAY = date(2023, 5, 26)
RENDERER = "aiobotantic_codegen.changes.render"


def main() -> int:
    """Say what is wrong: 1 if anything is."""
    parser = argparse.ArgumentParser(prog="python -m pairs")
    parser.add_argument("--models", type=Path, help="a folder of versions, instead of the index")
    parser.add_argument("--seed", type=Path, help="the published page, as text")
    arguments = parser.parse_args()
    texts: dict[Path, str] = {}
    failed = False
    for pair in PAIRS:
        old, new = full_models(pair, arguments.models)
        texts |= cut(pair, old, new)
        problems = list(_problems(pair, old, new))
        if pair == SEED_PAIR and arguments.seed:
            problems += _page_problems(old, new, arguments.seed)
        failed = failed or bool(problems)
        sys.stdout.write(f"{pair.name}: {'FAILED' if problems else 'as expected'}\n")
        sys.stdout.write("".join(f"  {problem}\n" for problem in problems))
    wrong = stale(texts)
    for file in wrong:
        sys.stdout.write(f"not the cut of the full model: {file}\n")
    return 1 if failed or wrong else 0


def _problems(pair: Pair, old: Model, new: Model) -> Iterator[str]:
    """Yield what a difference says too much, and what it does not say."""
    expected = expected_lines(pair)
    operations = {line.partition(" ")[0] for line in expected}
    found = [
        line
        for line in told(diff_models(old, new).entries)
        if not pair.reaching or line.partition(" ")[0] in operations
    ]
    yield from (f"not expected: {line}" for line in found if line not in expected)
    yield from (f"missing: {line}" for line in expected if line not in found)


def _page_problems(old: Model, new: Model, seed: Path) -> list[str]:
    """Return how the rendered page differs from the published one, if there is a renderer."""
    if importlib.util.find_spec(RENDERER) is None:
        return [f"--seed: there is no {RENDERER} yet"]
    render = importlib.import_module(RENDERER)
    same_page = importlib.import_module("pairs.seed_page").same_page
    published = seed.read_text("utf-8")
    title, prose = _said(published)
    page = render.build_page(diff_models(old, new), new, title=title, prose=prose, day=SEED_DAY)
    return list(same_page(render.as_html(page), published))


def _said(published: str) -> tuple[str, str]:
    """Return the service's title and the team's words, the one thing that no model holds."""
    header, _, rest = published.partition("\n")
    title = header.split(" - ")[1]
    prose = next(line for line in rest.splitlines() if line.strip())
    return title, prose.removeprefix("Changes").strip()


if __name__ == "__main__":
    sys.exit(main())
