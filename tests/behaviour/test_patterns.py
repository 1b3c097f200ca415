"""Patterns of requests: which are checked, that a match is a full match, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic_core import SchemaValidator, ValidationError
from pydantic_core import core_schema as cs

from aiobotantic.checks import pattern_schema
from aiobotantic.constraints import Length, Pattern
from aiobotantic.structure import Structure
from aiosagemaker.sagemaker import models

DOCS = Path(__file__).parents[2] / "docs" / "validation.md"
ADVERSARIAL = ("a" * 20_000, "a-" * 10_000 + "!", "/" * 20_000, "arn:aws:" * 2_500, "\n" * 20_000)


def _patterns() -> set[str]:
    shapes = (getattr(models, name) for name in dir(models))
    found: set[str] = set()
    for shape in shapes:
        if issubclass(shape, Structure):
            for field in shape.__pydantic_fields__.values():
                found.update(_of(field.annotation))
                found.update(mark.text for mark in field.metadata if isinstance(mark, Pattern))
    return found


def _of(annotation: Any) -> Iterator[str]:
    if isinstance(annotation, Pattern):
        yield annotation.text
        return
    for part in get_args(annotation):
        yield from _of(part)


PATTERNS = sorted(_patterns())


def test_the_docs_list_what_is_not_checked() -> None:
    unchecked = [text for text in PATTERNS if pattern_schema(text) is None]
    section = DOCS.read_text().partition("## Patterns that are not checked")[2]
    listed = [line[3:-1] for line in section.splitlines() if line.startswith("- `")]
    assert listed == unchecked
    assert f"Of the {len(PATTERNS)} patterns" in section
    assert f"these {len(unchecked)} " in section


@pytest.mark.parametrize("adversary", ADVERSARIAL, ids=lambda text: ascii(text[:2]))
def test_no_pattern_backtracks(adversary: str) -> None:
    """Seconds that a backtracking engine would take are not within reach of this limit."""
    for text in PATTERNS:
        schema = pattern_schema(text)
        if schema is None:
            continue
        validator = SchemaValidator(cs.str_schema(**schema))
        start = time.perf_counter()
        with suppress(ValidationError):
            validator.validate_python(adversary)
        assert time.perf_counter() - start < 1, text


@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [
        ("[a-z]+", ["abc"], ["abc\n", "\nabc", "abc1", "1abc", ""]),
        ("a|b", ["a", "b"], ["ab", "a\n"]),
        ("^[0-9]{2}$", ["12"], ["12\n", "123"]),
        (".{0,3}", ["", "abc"], ["abcd"]),
        ("[a-z]{2,4000}", ["ab", "a" * 4000], ["a", "a" * 4001, "A" * 10]),
    ],
)
def test_a_match_is_a_full_match(text: str, good: list[str], bad: list[str]) -> None:
    schema = pattern_schema(text)
    assert schema is not None
    validator = SchemaValidator(cs.str_schema(**schema))
    for value in good:
        assert validator.validate_python(value) == value
    for value in bad:
        with pytest.raises(ValidationError):
            validator.validate_python(value)


def test_a_repeated_class_becomes_a_length() -> None:
    schema = pattern_schema("[a-z]{2,4000}", Length(1, 1000))
    assert schema is not None
    assert (schema["min_length"], schema["max_length"]) == (2, 1000)
    assert schema["pattern"] == r"\A(?:[a-z]*)\z"
