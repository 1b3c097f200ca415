"""No text takes a request's check long: at most 10 ms of processor time for 20,000 characters.

The one limit of time among the tests, since whoever sends a text to a server that calls AWS could
stop its event loop with it. A try that is over the limit is repeated, and the quickest counts.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from typing import Annotated, Any, get_args, get_origin

import pytest
from pydantic_core import SchemaValidator, ValidationError
from pydantic_core import core_schema as cs

from aiobotantic.checks import check, pattern_schema
from aiobotantic.constraints import Length, Pattern
from aiobotantic.manifest import spec_versions
from aiobotantic.structure import Structure, describe, write_json
from aiosagemaker.sagemaker.models import (
    CodeRepository,
    CreateUserProfileRequest,
    JupyterServerAppSettings,
    UserSettings,
)

SIZE = 20_000
MOST = 0.010
TAILS = ("", "!", "\x00")
USUAL = frozenset("a0A-_/. :=\n\u00e9")


def checked() -> set[tuple[str, Length]]:
    """Return every pattern with its length, of all ten services."""
    found: set[tuple[str, Length]] = set()
    for name in spec_versions("aiosagemaker"):
        models: Any = import_module(f"aiosagemaker.{name.replace('-', '_')}.models")
        for shape in (getattr(models, each) for each in dir(models)):
            if isinstance(shape, type) and issubclass(shape, Structure):
                describe(shape)
                for field in shape.__pydantic_fields__.values():
                    found.update(_marked(field.metadata))
                    found.update(_inside(field.annotation))
    return found


def _inside(annotation: Any) -> Iterator[tuple[str, Length]]:
    parts = get_args(annotation)
    if get_origin(annotation) is Annotated:
        yield from _marked(parts[1:])
        parts = parts[:1]
    for part in parts:
        yield from _inside(part)


def _marked(marks: Any) -> Iterator[tuple[str, Length]]:
    length = next((mark for mark in marks if isinstance(mark, Length)), Length())
    yield from ((mark.text, length) for mark in marks if isinstance(mark, Pattern))


def adversaries(pattern: str) -> Iterator[str]:
    """Yield long texts that a pattern takes nearly to their end, and others."""
    plain = re.sub(r"\\[a-zA-Z]", "", pattern)
    words = re.findall(r"[a-zA-Z0-9:/\-]{2,}", pattern)
    start = re.match(r"\^?([a-zA-Z0-9:/\-]*)", pattern)
    assert start is not None
    for character in sorted(USUAL | set(plain)):
        for tail in TAILS:
            yield (character * SIZE)[: SIZE - len(tail)] + tail
        yield (start[1] + character * SIZE)[: SIZE - 1] + "\x00"
    for repeated in (*words, "a-", "aA0", "a.", "/a"):
        yield (repeated * SIZE)[: SIZE - 1] + "\x00"


def seconds(validator: Any, text: str) -> float:
    """Return the processor time that a check takes; the least of five where it takes long."""
    least = _once(validator, text)
    tries = 0
    while least > MOST and tries < 5:
        least, tries = min(least, _once(validator, text)), tries + 1
    return least


def _once(validator: Any, text: str) -> float:
    start = time.process_time()
    with suppress(ValidationError):
        validator.validate_python(text)
    return time.process_time() - start


def test_every_check_of_a_text_is_quick() -> None:
    slow: dict[str, float] = {}
    tried = 0
    pairs = sorted(checked(), key=str)
    for pattern, length in pairs:
        schema = pattern_schema(pattern, length)
        if schema is None:
            continue
        validator = SchemaValidator(cs.str_schema(**schema))
        longest = schema.get("max_length") or SIZE
        for text in set(adversaries(pattern)):
            for each in {text, text[: longest - 1] + text[-1]}:  # the longest that is looked at
                took = seconds(validator, each)
                tried += 1
                if took > MOST:
                    slow[f"{pattern} {length}"] = max(took, slow.get(pattern, 0))
    assert slow == {}
    assert len(pairs) >= 280
    assert tried > 20_000


@pytest.mark.parametrize("size", [1_024, SIZE])
def test_a_whole_request_with_such_a_text_is_refused_quickly(size: int) -> None:
    """Ten addresses of 1,024 characters took 0.7 s."""
    urls = [CodeRepository(repository_url=f"https://{'a' * (size - 9)}\x00")] * 10
    request = CreateUserProfileRequest(
        domain_id="d-1",
        user_profile_name="u",
        user_settings=UserSettings(
            jupyter_server_app_settings=JupyterServerAppSettings(code_repositories=urls)
        ),
    )
    body = write_json(request)
    took: list[float] = []
    for _ in range(5):
        start = time.process_time()
        refusals = check(CreateUserProfileRequest, body, wire=False)
        took.append(time.process_time() - start)

    assert len(refusals) == 10
    assert min(took) <= MOST


@pytest.mark.parametrize(
    ("pattern", "high", "taken", "refused"),
    [
        # as many repeats as the length lets through: the bound is idle
        ("https://(a+/?){3,1016}", 1024, ["https://aaa"], ["https://aa", f"https://{'a' * 1017}"]),
        ("(a|b){1,3}", 3, ["aba"], ["", "abab"]),
        # one that is reached stays
        ("(ab?){1,3}", 9, ["ababab", "aab"], ["abababab", "aaaa"]),
        ("b?(a){1,3}", 4, ["baaa", "aaa"], ["aaaa"]),
        ("b{2}(a){1,3}", 4, ["bba"], ["bbaaa", "ba"]),
        ("x|y(a){1,3}", 4, ["x", "yaaa"], ["xaaa", "yaaaa"]),
        ("[){2,3}]+", 2, ["3", "){"], ["4"]),
        (r"a\){2,3}", 3, ["a))"], ["a)", "a)))"]),
    ],
)
def test_a_bound_is_left_out_only_where_no_text_reaches_it(
    pattern: str, high: int, taken: list[str], refused: list[str]
) -> None:
    schema = pattern_schema(pattern, Length(None, high))
    assert schema is not None
    validator = SchemaValidator(cs.str_schema(**schema))
    for text in taken:
        assert validator.validate_python(text) == text
    for text in refused:
        with pytest.raises(ValidationError):
            validator.validate_python(text)
