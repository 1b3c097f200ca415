"""Facts in words: what a docstring says of a value."""

from __future__ import annotations

import pytest

from aiobotantic_codegen.ir.docs import between, error_facts, facts, one_line
from aiobotantic_codegen.ir.types import ListOf, MapOf, Ref, Scalar, Value

TEXT = Value(Scalar.STRING)


@pytest.mark.parametrize(
    ("low", "high", "unit", "text"),
    [
        (None, None, "character", ""),
        (0, None, "character", ""),
        (1, None, "character", "at least 1 character"),
        (2, None, "item", "at least 2 items"),
        (None, 1, "item", "at most 1 item"),
        (0, 50, "item", "at most 50 items"),
        (1, 63, "character", "1 to 63 characters"),
        (0, 1, "character", "at most 1 character"),
        (1, 1, "item", "exactly 1 item"),
        (3, 3, "entry", "exactly 3 entries"),
        (None, 2, "entry", "at most 2 entries"),
        (0, None, "", "at least 0"),
        (0, 100, "", "0 to 100"),
        (5, 16384, "", "5 to 16384"),
        (-1.0, 0.5, "", "-1 to 0.5"),
        (None, 2**40, "", "at most 1099511627776"),
    ],
)
def test_limits(low: float | None, high: float | None, unit: str, text: str) -> None:
    assert between(low, high, unit) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (TEXT, ""),
        (Value(Scalar.STRING, 1, 63, "[a-z]+"), "1 to 63 characters, pattern `[a-z]+`."),
        (Value(Scalar.STRING, pattern="[a-z]+"), "Pattern `[a-z]+`."),
        (Value(Scalar.STRING, max=5, pattern="a`b"), "At most 5 characters."),
        (Value(Scalar.STRING, max=5, pattern="a\nb"), "At most 5 characters."),
        (Value(Scalar.STRING, pattern="x" * 80), f"Pattern `{'x' * 80}`."),
        (Value(Scalar.STRING, pattern="x" * 81), ""),
        (Value(Scalar.INTEGER, 0, 100), "0 to 100."),
        (Value(Scalar.FLOAT, None, 1.5), "At most 1.5."),
        (Value(Scalar.BLOB, None, 10), "At most 10 bytes."),
        (Value(Scalar.BOOLEAN, 1, 2), ""),
        (Value(Scalar.TIMESTAMP), "A naive time is taken as UTC."),
        (Value(ListOf(TEXT), 1, 5), "1 to 5 items."),
        (Value(ListOf(Value(Scalar.STRING, max=9)), 0, 5), "At most 5 items. Each: at most 9 char"),
        (Value(ListOf(Value(Ref("Tag"))), None, 50), "At most 50 items."),
        (Value(MapOf(TEXT, TEXT), 1, None), "At least 1 entry."),
        (Value(Ref("Tag"), 1, 2), ""),
    ],
)
def test_facts(value: Value, text: str) -> None:
    assert facts(value).startswith(text)
    assert bool(facts(value)) == bool(text)


def test_facts_of_enums() -> None:
    assert facts(Value(Ref("Kind")), enum="Kind_") == (
        "A member of `Kind_`, or a newer value as a string."
    )


def test_facts_of_errors() -> None:
    assert error_facts("ResourceNotFound") == "There is no such resource."
    assert error_facts("Weird\n  Thing") == "The service answered `Weird Thing`."


def test_one_line() -> None:
    assert one_line(" a\n\tb\r\n\u2028c ") == "a b c"
