"""Cut two full models of botocore down to what a known pair is about: facts alone, no prose.

    PYTHONPATH=tests python -m pairs.cut                  writes tests/pairs/facts
    PYTHONPATH=tests python -m pairs.cut --check          says what differs, and exits with 1
    PYTHONPATH=tests python -m pairs.cut --models DIR     takes DIR/<version> for botocore's wheels

A cut keeps the operations that reach a change, with every shape that these need. Where no fact
differs it keeps the smallest operations that show each sort of noise.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiobotantic_codegen.changes.diff import diff_models
from aiobotantic_codegen.changes.models import Model, load_model
from aiobotantic_codegen.load.canonical import PROSE, WAITERS_PROSE, facts_only

FACTS = Path(__file__).parent / "facts"
SERVICE, PAGINATORS = "service-2.json", "paginators-1.json"
WAITERS, ENDPOINT_RULES = "waiters-2.json", "endpoint-rule-set-1.json"

Tree = dict[str, Any]
Files = Mapping[str, Tree]
"""The files of one model, by name."""


@dataclass(frozen=True)
class Pair:
    """Two versions of botocore between which something is known to have changed.

    Attributes:
        reaching: A shape; the cut keeps only the operations that reach it. Empty for all.
    """

    old: str
    new: str
    service: str = "sagemaker"
    reaching: str = ""

    @property
    def name(self) -> str:
        """What its expectation is called, e.g. `1.29.141-1.29.142`."""
        return f"{self.old}-{self.new}"


PAIRS = (
    Pair("1.13.31", "1.13.32", reaching="SearchExpression"),
    Pair("1.26.10", "1.27.0"),
    Pair("1.29.99", "1.29.100"),
    Pair("1.29.141", "1.29.142"),
    Pair("1.31.10", "1.31.11"),
    Pair("1.31.38", "1.31.39", "sagemaker-runtime"),
    Pair("1.31.85", "1.32.0"),
    Pair("1.34.86", "1.34.87"),
    Pair("1.38.13", "1.38.14"),
    Pair("1.43.6", "1.43.7"),
)


def full_models(pair: Pair, models: Path | None = None) -> tuple[Model, Model]:
    """Return the two models in full, from the package index or from a folder of versions."""
    words = [f"{models}/{v}" if models else f"botocore=={v}" for v in (pair.old, pair.new)]
    old, new = (load_model(word, pair.service, Path("specs")) for word in words)
    return old, new


def cut_models(pair: Pair) -> tuple[Model, Model]:
    """Return the two models as they are committed."""
    return full_models(pair, FACTS)


def cut(pair: Pair, old: Model, new: Model) -> dict[Path, str]:
    """Return the text of each committed file of a pair."""
    sides: list[Files] = [old.trees, new.trees]
    kept = _operations(pair, old, new)
    rules_differ = len({json.dumps(side.get(ENDPOINT_RULES), sort_keys=True) for side in sides}) > 1
    texts = {}
    for version, side in zip((pair.old, pair.new), sides, strict=True):
        files = {SERVICE: _service(side[SERVICE], kept)}
        for name, key in ((PAGINATORS, "pagination"), (WAITERS, "waiters")):
            if table := _kept(side.get(name, {}).get(key, {}), kept):
                prose = WAITERS_PROSE if name == WAITERS else PROSE
                files[name] = facts_only({**side[name], key: table}, prose)
        if rules_differ and ENDPOINT_RULES in side:
            files[ENDPOINT_RULES] = facts_only(side[ENDPOINT_RULES])
        folder = FACTS / version / pair.service
        texts |= {folder / name: "\n".join([*_lines(tree), ""]) for name, tree in files.items()}
    return texts


def _operations(pair: Pair, old: Model, new: Model) -> set[str]:
    told = {e.operation for e in diff_models(old, new).entries if e.operation}
    trees = [side.trees[SERVICE] for side in (old, new)]
    if not told:
        return _noisy(*trees)
    if not pair.reaching:
        return told
    return {n for n in told if any(pair.reaching in _reached(tree, n) for tree in trees)}


def _noisy(old: Tree, new: Tree) -> set[str]:
    """Return the smallest operations that show each sort of what differs and is no fact."""
    noise: dict[str, set[tuple[str, ...]]] = {}
    for name, operation in new["operations"].items():
        other = old["operations"][name]
        noise[name] = {("operation", key) for key in _changed_keys(other, operation)}
        for shape in _reached(new, name):
            was, now = old["shapes"].get(shape, {}), new["shapes"][shape]
            for key in _changed_keys(was, now) - {"members"}:
                noise[name].add((now["type"], key))
            for member, document in now.get("members", {}).items():
                changed = _changed_keys(was.get("members", {}).get(member, {}), document)
                noise[name] |= {("member", key) for key in changed}
    kept: set[str] = set()
    for sort in sorted(set().union(*noise.values())):
        showing = [name for name, sorts in noise.items() if sort in sorts]
        if kept.isdisjoint(showing):
            kept.add(min(showing, key=lambda name: (len(_reached(new, name)), name)))
    return kept


def _changed_keys(old: Tree, new: Tree) -> set[str]:
    return {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}


def _reached(service: Tree, operation: str) -> set[str]:
    """Return the shapes that an operation needs, errors included."""
    document = service["operations"].get(operation, {})
    ends = [document[end] for end in ("input", "output") if end in document]
    pending = [reference["shape"] for reference in [*ends, *document.get("errors", [])]]
    reached: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in reached:
            reached.add(name)
            shape = service["shapes"][name]
            held = [*shape.get("members", {}).values()]
            held += [shape[key] for key in ("member", "key", "value") if key in shape]
            pending += [reference["shape"] for reference in held]
    return reached


def _service(service: Tree, kept: set[str]) -> Tree:
    reached = set().union(*(_reached(service, name) for name in kept))
    operations = {n: o for n, o in service["operations"].items() if n in kept}
    shapes = {n: s for n, s in service["shapes"].items() if n in reached}
    return facts_only({**service, "operations": operations, "shapes": shapes})


def _kept(table: Tree, operations: set[str]) -> Tree:
    return {name: each for name, each in table.items() if each.get("operation", name) in operations}


def _lines(tree: Tree) -> Iterator[str]:
    """Yield a file: one line for each operation, shape, paginator, waiter and rule."""
    yield "{"
    for at, (key, value) in enumerate(tree.items(), 1):
        comma = "," * (at < len(tree))
        if isinstance(value, dict) and value and key != "metadata":
            yield f"{json.dumps(key)}: {{"
            yield from _joined(f" {json.dumps(n)}: {json.dumps(each)}" for n, each in value.items())
            yield f"}}{comma}"
        elif isinstance(value, list) and value:
            yield f"{json.dumps(key)}: ["
            yield from _joined(f" {json.dumps(each)}" for each in value)
            yield f"]{comma}"
        else:
            yield f"{json.dumps(key)}: {json.dumps(value)}{comma}"
    yield "}"


def _joined(lines: Iterable[str]) -> Iterator[str]:
    *most, last = lines
    yield from (f"{line}," for line in most)
    yield last


def stale(texts: Mapping[Path, str]) -> list[str]:
    """Return the files whose committed text is another one, and those that no pair has."""
    known = {path for path in FACTS.rglob("*") if path.is_file()}
    wrong = {p for p, text in texts.items() if p not in known or p.read_text("utf-8") != text}
    return sorted(path.relative_to(FACTS).as_posix() for path in wrong | (known - texts.keys()))


def main() -> int:
    """Write the facts, or compare them: 1 where they differ."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--models", type=Path)
    arguments = parser.parse_args()
    texts: dict[Path, str] = {}
    for pair in PAIRS:
        texts |= cut(pair, *full_models(pair, arguments.models))
    wrong = stale(texts)
    for file in wrong:
        sys.stdout.write(f"differs: {file}\n")
    if not arguments.check:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    size = sum(len(text.encode()) for text in texts.values())
    sys.stdout.write(f"{len(texts)} files, {size} bytes\n")
    return 1 if arguments.check and wrong else 0


if __name__ == "__main__":
    sys.exit(main())
