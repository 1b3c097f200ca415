"""Literals: text of a spec as Python source of the same value."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiobotantic_codegen.render.literals import docstring, literal

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ("a", '"a"'),
        ("it's", '"it\'s"'),
        ('"', "'\"'"),
        ("a\\b", "'a\\\\b'"),
        ("\n", "'\\n'"),
        ("\u202e", "'\\u202e'"),
        ("\ud800", "'\\ud800'"),
        ("{{ x }}", '"{{ x }}"'),
        (True, "True"),
        (None, "None"),
        (1.0, "1"),
        (0.5, "0.5"),
        (-(2**70), "-1180591620717411303424"),
        ([1, "a"], '[1, "a"]'),
        ((), "()"),
        (("a",), '("a",)'),
        (("a", 1), '("a", 1)'),
        ({"a": [None]}, '{"a": [None]}'),
    ],
)
def test_literals(value: Any, source: str) -> None:
    assert literal(value) == source


@given(st.text(st.characters(codec=None)))  # lone surrogates too
def test_any_text_is_a_literal_of_its_value(text: str) -> None:
    source = literal(text)

    assert ast.literal_eval(source) == text
    assert source.isascii()
    assert source.isprintable()


@given(PLAIN.filter(lambda value: "inf" not in repr(value)))
def test_plain_data_is_a_literal_of_its_value(value: Any) -> None:
    assert ast.literal_eval(literal(value)) == value


def test_nothing_else_is_a_literal() -> None:
    for value in (object(), {1}, b"a", 1j):
        with pytest.raises(TypeError, match=f"no literal for {type(value).__name__}"):
            literal(value)


@given(st.text(), st.sampled_from([0, 4, 8]))
def test_any_text_is_a_docstring(text: str, indent: int) -> None:
    source = docstring(text, indent)
    statements = ast.parse(source).body

    assert len(statements) == 1
    assert isinstance(statements[0], ast.Expr)
    assert isinstance(statements[0].value, ast.Constant)
    assert source.isascii()
    assert all(line.isprintable() for line in source.split("\n"))


@given(st.text())
def test_a_line_of_a_docstring_keeps_its_text(text: str) -> None:
    line = " ".join(text.split())

    assert ast.literal_eval(docstring(line)) == line


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("A fact.", '"""A fact."""'),
        ('ends with "', '"""ends with \\""""'),
        ('"""', '"""\\"\\"\\""""'),
        ('\\"', '"""\\\\\\""""'),
        ("trailing  ", '"""trailing"""'),
        ("One.\n\nTwo.\n", '"""One.\n\n    Two.\n    """'),
    ],
)
def test_docstrings(text: str, source: str) -> None:
    assert docstring(text, 4) == source
