"""Formatting: black's text, class by class, from a cache that goes by content."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import black
import black.mode
import pytest

from aiobotantic_codegen.cache import TextCache, cache_folder
from aiobotantic_codegen.errors import RenderError
from aiobotantic_codegen.format import format_texts

UGLY = '''# Generated.
"""Doc."""
from a import (b)
x = {  'a':1 }
class A(B):
    """Doc.

    class C: not one.
    """
    y : int=1

class D:
    def f(self,a = 1): return a
z = 1
'''


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return cache_folder() / "format.sqlite"


def whole(text: str) -> str:
    mode = black.Mode(line_length=100, target_versions={black.mode.TargetVersion.PY311})
    return black.format_str(text, mode=mode)


def test_a_text_comes_out_as_black_formats_it_whole() -> None:
    formatted = format_texts({"a.py": UGLY, "b.json": "{ }", "c.py": "x=1\n"})

    assert formatted.texts == {"a.py": whole(UGLY), "b.json": "{ }", "c.py": "x = 1\n"}
    assert list(formatted.texts) == ["a.py", "b.json", "c.py"]
    assert formatted.made == 4


def test_only_what_changed_is_formatted_again() -> None:
    format_texts({"a.py": UGLY})
    changed = UGLY.replace("y : int=1", "y : int=2")

    assert format_texts({"a.py": UGLY}).made == 0
    again = format_texts({"a.py": changed, "b.py": UGLY})
    assert again.made == 1
    assert again.texts["a.py"] == whole(changed)


def test_a_text_that_is_no_python_is_an_error_that_names_the_file() -> None:
    with pytest.raises(RenderError) as caught:
        format_texts({"fine.py": "x = 1\n", "sub/bad.py": "class A:\n    def :\n"})

    assert caught.value.file == "sub/bad.py"
    assert caught.value.problem.startswith("the rendered text is no Python: ")
    assert caught.value.remedy == "Correct the template."


def large(number: int) -> str:
    """Return so much text that a few of it pay for another process, and little to format."""
    return f'class A{number}:\n    """{"word " * 10_000}."""\n    x = {{ "a":{number} }}\n'


def test_many_texts_are_formatted_by_several_processes() -> None:
    texts = {f"{number}.py": large(number) for number in range(5)}

    formatted = format_texts(texts)

    assert formatted.made == 5
    assert formatted.texts == {path: whole(text) for path, text in texts.items()}


def test_a_failure_in_another_process_names_the_file() -> None:
    texts = {f"{number}.py": large(number) for number in range(5)} | {"bad.py": "def :\n"}

    with pytest.raises(RenderError, match=r"^bad\.py: the rendered text is no Python"):
        format_texts(texts)


def test_the_cache_stands_outside_the_repository(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cache == tmp_path / "aiobotantic" / "format.sqlite"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_folder() == tmp_path / "home" / ".cache" / "aiobotantic"


def test_texts_are_kept_by_key(cache: Path) -> None:
    texts = TextCache(cache)
    keys = [str(number) for number in range(1200)]

    assert texts.get(keys) == {}
    texts.put({key: f"text {key}" for key in keys}, used=[])
    assert texts.get([*keys, "other"]) == {key: f"text {key}" for key in keys}


def test_texts_that_nobody_asked_for_in_a_month_are_removed(cache: Path) -> None:
    texts = TextCache(cache)
    texts.put({"old": "1", "used": "2"}, used=[])
    with sqlite3.connect(cache) as database:
        database.execute("UPDATE texts SET used = ?", (int(time.time()) - 31 * 24 * 3600,))
    database.close()

    texts.put({"new": "3"}, used=["used"])

    assert texts.get(["old", "used", "new"]) == {"used": "2", "new": "3"}


def test_a_damaged_cache_is_an_empty_one(cache: Path) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_bytes(b"no database " * 500)
    texts = TextCache(cache)

    assert texts.get(["a"]) == {}
    texts.put({"a": "1"}, used=[])
    assert texts.get(["a"]) == {"a": "1"}
