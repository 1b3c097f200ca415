"""Text to black's text, and a cache so that black runs only on what changed.

Black runs class by class: it goes over a text twice where it changed anything in it. The cache
lies outside the repository; its keys are the text before formatting and black's version, so an
entry never goes stale.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version

from aiobotantic_codegen.cache import TextCache, cache_folder
from aiobotantic_codegen.errors import RenderError

LINE_LENGTH = 100
_CLASS = re.compile(r"^(?=class )", re.MULTILINE)
_WORTH_PROCESSES = 200_000
"""Characters to format from which a second process pays."""


@dataclass(frozen=True)
class Formatted:
    """Formatted texts by path, and how many classes black had to format."""

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
    cache = TextCache(cache_folder() / "format.sqlite")
    stamp = f"{black_version()} {LINE_LENGTH}\n"
    parts = {
        path: [f"{part.strip()}\n" for part in _CLASS.split(text) if part.strip()]
        for path, text in texts.items()
        if path.endswith(".py")
    }
    keys = {
        part: sha256((stamp + part).encode()).hexdigest()
        for each in parts.values()
        for part in each
    }
    cached = cache.get(list(keys.values()))
    missing = {
        part: path for path, each in parts.items() for part in each if keys[part] not in cached
    }
    made = dict(_run_black(missing))
    if made:
        new = {keys[part]: text for part, text in made.items()}
        cache.put(new, used=list(cached))
        cached.update(new)
    formatted = {
        path: "\n\n".join(cached[keys[part]] for part in each) for path, each in parts.items()
    }
    return Formatted({path: formatted.get(path, texts[path]) for path in texts}, len(made))


def _run_black(paths: Mapping[str, str]) -> list[tuple[str, str]]:
    """Format texts, given the path that each is for."""
    workers = min(os.cpu_count() or 1, 8)
    if workers < 2 or sum(map(len, paths)) < _WORTH_PROCESSES:
        return [_black(item) for item in paths.items()]
    largest_first = sorted(paths.items(), key=lambda item: -len(item[0]))
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(_black, largest_first, chunksize=16))


def _black(item: tuple[str, str]) -> tuple[str, str]:
    from black import format_str
    from black.mode import Mode, TargetVersion
    from black.parsing import InvalidInput

    text, path = item
    mode = Mode(line_length=LINE_LENGTH, target_versions={TargetVersion.PY311})
    try:
        return text, format_str(text, mode=mode)
    except InvalidInput as error:
        raise RenderError(
            path, "", f"the rendered text is no Python: {error}", "Correct the template."
        ) from None
