"""Hostile specs: whatever text stands in one comes out as that text, and never as code."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from typing import Any

import pytest
from minispec import Generate, Mini, one_structure, refusals, tree_of

TEXTS = [
    '"""',
    '"""\nboom()\n"""',
    "'''",
    "\"'\"'",
    "\\",
    "\\\\",
    '\\"',
    'ends with "',
    "ends with \\",
    '\\"""); boom(); ("""',
    '")\nboom()\n#',
    "\nboom()\n",
    "\nclass Boom:\n    boom()\n",
    "\r\nboom()\r\n",
    "\u2028boom()\u2029",
    "\x00\x07\x1b[31m\x7f\x85",
    "{{ boom() }}",
    "{% for x in [] %}{% endfor %}",
    "{# comment #}",
    "{boom()}",
    "%(boom)s %s {0} {operation}",
    "\\N{BULLET} \\x41 \\u0041 \\101",
    "# -*- coding: utf-7 -*-",
    "\u202e\u2066boom()\u2069",
    "\u200bzero\ufeffwidth",
    "\U0001f600 \ud7ff \xa0 \u00e9",
    "```\n[link](javascript:boom())\n```",
    "<script>boom()</script>",
    "`boom()`",
    "fmt: off",
    "# fmt: off\n# type: ignore",
    " leading and trailing ",
    "x" * 300,
    "tab\tstop",
]
METHODS = ["'", "`boom`", "%s", "''", "POST"]


class FiredError(AssertionError):
    """A text of the spec was run."""


@pytest.fixture(scope="module", autouse=True)
def canary() -> Iterator[None]:
    """A name that every module sees, and that must not be called."""

    def boom() -> None:
        raise FiredError

    builtins.boom = boom  # type: ignore[attr-defined]
    yield
    del builtins.boom  # type: ignore[attr-defined]


def import_everything(mini: Mini) -> None:
    """Import every generated module and build every class."""
    for path in tree_of(mini.root):
        if path.startswith("mini/") and path.endswith(".py"):
            mini.module(path.removeprefix("mini/").removesuffix(".py").replace("/", "."))
    for name in dir(mini.models):
        getattr(mini.models, name)


def generated_texts(mini: Mini) -> dict[str, str]:
    return {
        path: content.decode()
        for path, content in tree_of(mini.root).items()
        if path.endswith(".py")
    }


def assert_printable(mini: Mini) -> None:
    for path, text in generated_texts(mini).items():
        assert text.isascii(), path
        assert all(line.isprintable() for line in text.split("\n")), path
        ast.parse(text)


def test_values_of_enums(generated: Generate) -> None:
    mini = generated(
        one_structure(
            {f"M{number}": f"E{number}" for number in range(len(TEXTS))},
            shapes={f"E{number}": {"enum": [text]} for number, text in enumerate(TEXTS)},
        )
    )

    import_everything(mini)
    assert_printable(mini)
    for number, text in enumerate(TEXTS):
        (member,) = getattr(mini.models, f"E{number}")
        assert member.value == text
        assert member.name.isidentifier()


def test_values_of_one_enum_have_names_of_their_own(generated: Generate) -> None:
    values = ["+", "-", "+1", "=", "==", "\u00e9", "\u00df", "\u65e5\u672c", "a.b", "a b c", "\n"]
    mini = generated(one_structure({"Kind": "Kind"}, shapes={"Kind": {"enum": values}}))

    members = list(mini.models.Kind)
    assert [member.value for member in members] == values
    assert len({member.name for member in members}) == len(values)
    assert all(member.name.isidentifier() for member in members)


def test_patterns(generated: Generate) -> None:
    mini = generated(
        one_structure(
            {f"M{number}": f"S{number}" for number in range(len(TEXTS))},
            shapes={
                f"S{number}": {"type": "string", "pattern": text}
                for number, text in enumerate(TEXTS)
            },
        )
    )

    import_everything(mini)
    assert_printable(mini)
    for number, text in enumerate(TEXTS):
        markers = mini.models.SendRequest.model_fields[f"m{number}"].annotation
        assert repr(text) in repr(markers)


def test_codes_of_errors_and_addresses(generated: Generate) -> None:
    many = range(len(TEXTS))
    # What a URI cannot hold is refused: see test_generate_http.py.
    uris = ["/" + re.sub(r"[^!-~]|[#{}]", "", text) for text in TEXTS]
    mini = generated(
        {
            "operations": {
                f"Send{number}": {
                    "input": f"Send{number}Request",
                    "errors": [f"Bad{number}"],
                    "http": {"method": METHODS[number % len(METHODS)], "requestUri": uris[number]},
                }
                for number in many
            },
            "shapes": {f"Send{number}Request": {"members": {}} for number in many}
            | {
                f"Bad{number}": {
                    "exception": True,
                    "error": {"code": TEXTS[number]},
                    "members": {},
                }
                for number in many
            },
        }
    )

    import_everything(mini)
    assert_printable(mini)
    operations, errors = mini.module("client").Mini.operations(), mini.module("errors")
    for number, text in enumerate(TEXTS):
        operation = operations[f"Send{number}"]
        method = METHODS[number % len(METHODS)]
        assert (operation.method, operation.uri) == (method, uris[number])
        assert operation.errors == (text,)
        found = errors.ERRORS[text]
        assert (found.__name__, found.CODE) == (f"Bad{number}", text)


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_names_of_services(generated: Generate, text: str) -> None:
    metadata = dict.fromkeys(["serviceFullName", "uid", "signingName"], text)
    mini = generated(one_structure({"X": "String"}, metadata=metadata))

    import_everything(mini)
    assert_printable(mini)
    service = mini.module("client").Mini.SERVICE
    assert {key: service.metadata[key] for key in metadata} == metadata


def test_waiters(generated: Generate) -> None:
    acceptors: list[dict[str, Any]] = [
        {"state": "success", "matcher": "path", "argument": text, "expected": text}
        for text in TEXTS
    ]
    waiter = {"operation": "Send", "delay": 1, "maxAttempts": 1, "acceptors": acceptors}
    mini = generated(one_structure({"X": "String"}, waiters={"Done": waiter}))

    import_everything(mini)
    assert_printable(mini)
    found = mini.module("waiters").DONE.acceptors
    assert [acceptor.argument for acceptor in found] == TEXTS
    assert [acceptor.expected for acceptor in found] == TEXTS


def test_tables_that_people_write(generated: Generate) -> None:
    reference = '\\"\\"\\" {operation} {nothing} {0} {} \\\\'
    mini = generated(
        one_structure({"X": "String"}, overrides=f'[services.mini]\nreference = "{reference}"\n')
    )

    import_everything(mini)
    documentation = mini.module("client").Mini.send_.__doc__
    assert '(""" Send {nothing} {0} {} \\)' in documentation


def test_a_text_of_the_spec_ends_no_docstring(generated: Generate) -> None:
    mini = generated(
        one_structure(
            {"Short": "Short"},
            shapes={"Short": {"type": "string", "pattern": '"""|\\\\"|\\d"', "max": 3}},
        )
    )

    documentation = mini.module("client").Mini.send_.__doc__

    assert 'short: At most 3 characters, pattern `"""|\\\\"|\\d"`.' in documentation
    assert mini.models.SendRequest(short='"""').short == '"""'
    assert refusals(mini.models.SendRequest(short='"""')) == []
    assert refusals(mini.models.SendRequest(short='""')) != []
