"""Text to black's text, and a cache so that black runs only on what changed.

The cache lies outside the repository. Its keys are the text before formatting and black's version,
so an entry never goes stale; entries that no run asked for in a month are removed.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from aiobotantic_codegen.cache import cache_folder
from aiobotantic_codegen.errors import RenderError

LINE_LENGTH = 100
_CLASS = re.compile(r"^(?=class )", re.MULTILINE)
_MONTH = 30 * 24 * 3600
_WORTH_PROCESSES = 200_000
"""Characters to format from which a second process pays."""


@dataclass(frozen=True)
class Formatted:
    """Formatted texts by path, and how many of them black had to make."""

    texts: dict[str, str]
    made: int


def black_version() -> str:
    """Return the version of black that formats."""
    return version("black")


def format_texts(texts: Mapping[str, str]) -> Formatted:
    """Format Python texts with black; others pass as they are.

    Raises:
        RenderError: a text that is no Python; names the file.
    """
    folder = cache_folder() / "format"
    folder.mkdir(parents=True, exist_ok=True)
    stamp = f"{black_version()} {LINE_LENGTH}\n"
    keys = {
        path: sha256((stamp + text).encode()).hexdigest()
        for path, text in texts.items()
        if path.endswith(".py")
    }
    found = {path: _cached(folder / key) for path, key in keys.items()}
    missing = {path: texts[path] for path in keys if found[path] is None}
    made = dict(_run_black(missing))
    for path, text in made.items():
        _store(folder / keys[path], text)
    if missing:
        _forget_old(folder)
    done = {path: text for path, text in found.items() if text is not None}
    return Formatted(
        {path: made.get(path, done.get(path, texts[path])) for path in texts}, len(made)
    )


def _run_black(texts: Mapping[str, str]) -> list[tuple[str, str]]:
    workers = min(os.cpu_count() or 1, 8)
    if workers < 2 or sum(map(len, texts.values())) < _WORTH_PROCESSES:
        return [_black(item) for item in texts.items()]
    largest_first = sorted(texts.items(), key=lambda item: -len(item[1]))
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(_black, largest_first, chunksize=2))


def _black(item: tuple[str, str]) -> tuple[str, str]:
    import black

    path, text = item
    mode = black.Mode(line_length=LINE_LENGTH, target_versions={black.TargetVersion.PY311})
    # Class by class: black goes over a text twice where it changed anything in it.
    parts = [f"{part.strip()}\n" for part in _CLASS.split(text)]
    try:
        return path, "\n\n".join(black.format_str(part, mode=mode) for part in parts)
    except black.InvalidInput as error:
        raise RenderError(
            path, "", f"the rendered text is no Python: {error}", "Correct the template."
        ) from None


def _cached(path: Path) -> str | None:
    try:
        text = path.read_text(encoding="utf-8")
        if path.stat().st_mtime < time.time() - _MONTH / 2:
            path.touch()
        return text
    except OSError:
        return None


def _store(path: Path, text: str) -> None:
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _forget_old(folder: Path) -> None:
    oldest = time.time() - _MONTH
    for path in folder.iterdir():
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
