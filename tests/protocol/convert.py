"""botocore's protocol cases as facts: what a case gives and what it expects, without its prose.

    python tests/protocol/convert.py botocore-1.44.5.tar.gz            writes tests/protocol/cases
    python tests/protocol/convert.py botocore-1.44.5.tar.gz --check    says what differs

The archive is botocore's source distribution.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent / "cases"
FOLDER = "tests/unit/protocols/"
FILES = [
    f"{place}{direction}/{protocol}.json"
    for place, protocols in (
        ("", ("json", "json_1_0", "json_1_0-query-compatible", "rest-json")),
        ("legacy/", ("json", "rest-json")),
    )
    for direction in ("input", "output")
    for protocol in protocols
]
_PROSE = {"description", "documentation"}
# The keys of these are names.
_NAMED = {"shapes", "members", "params", "result", "headers", "error"}


def facts(value: Any, *, named: bool = False) -> Any:
    """Return a value without its prose; members of these names stay."""
    if isinstance(value, list):
        return [facts(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: facts(each, named=key in _NAMED)
        for key, each in value.items()
        if named or key not in _PROSE
    }


def suite_facts(suite: dict[str, Any]) -> dict[str, Any]:
    """Return a suite: its title where it is a short name, metadata, shapes and cases."""
    cases = []
    for case in suite["cases"]:
        given = {key: value for key, value in case.items() if key not in ("params", "result")}
        verbatim = {key: case[key] for key in ("params", "result") if key in case}
        cases.append(facts(given) | verbatim)
    rest = {key: value for key, value in suite.items() if key != "cases"}
    title = suite["description"].removeprefix("Test cases for ").removesuffix(" operation")
    return {"title": title[:60], **facts(rest), "cases": cases}


def lines(suites: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a file: one line for each shape and each case."""
    yield "["
    for place, suite in enumerate(suites):
        yield ' {"title": ' + json.dumps(suite["title"]) + ","
        yield f'  "metadata": {json.dumps(suite["metadata"])},'
        if "clientEndpoint" in suite:
            yield f'  "clientEndpoint": {json.dumps(suite["clientEndpoint"])},'
        yield '  "shapes": {'
        shapes = [f"{json.dumps(name)}: {json.dumps(s)}" for name, s in suite["shapes"].items()]
        yield from (f"   {shape}{',' * (at < len(shapes))}" for at, shape in enumerate(shapes, 1))
        yield "  },"
        yield '  "cases": ['
        cases = [json.dumps(case) for case in suite["cases"]]
        yield from (f"   {case}{',' * (at < len(cases))}" for at, case in enumerate(cases, 1))
        yield "  ]}" + "," * (place < len(suites) - 1)
    yield "]"


def converted(archive: Path) -> dict[str, str]:
    """Return the text of each file of facts, by its path below `cases`."""
    texts = {}
    with tarfile.open(archive) as tar:
        root = tar.getnames()[0].partition("/")[0]
        for file in FILES:
            member = tar.extractfile(f"{root}/{FOLDER}{file}")
            assert member is not None
            suites = [suite_facts(suite) for suite in json.load(member)]
            texts[file] = "\n".join([*lines(suites), ""])
    return texts


def _download(archive: Path) -> None:
    """Fetch a source distribution with pip and its configuration."""
    name, _, version = archive.name.removesuffix(".tar.gz").rpartition("-")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", name]
    command += ["--dest", str(archive.parent), f"{name}=={version}"]
    subprocess.run(command, check=True)


def main() -> int:
    """Write the facts, or compare them: 1 where they differ."""
    parser = argparse.ArgumentParser()
    parser.add_argument("archive", type=Path)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    if not arguments.archive.is_file():
        _download(arguments.archive)
    texts = converted(arguments.archive)
    stale = {
        file: text
        for file, text in texts.items()
        if not (CASES / file).is_file() or (CASES / file).read_text("utf-8") != text
    }
    known = {path.relative_to(CASES).as_posix() for path in CASES.rglob("*.json")}
    for file in sorted({*stale, *(known - texts.keys())}):
        sys.stdout.write(f"differs: {file}\n")
    if not arguments.check:
        for file, text in stale.items():
            (CASES / file).parent.mkdir(parents=True, exist_ok=True)
            (CASES / file).write_text(text, "utf-8")
    counts = {file: text.count('"given": ') for file, text in texts.items()}
    sys.stdout.write(f"{sum(counts.values())} cases in {len(counts)} files\n")
    return 1 if arguments.check and (stale or known - texts.keys()) else 0


if __name__ == "__main__":
    sys.exit(main())
