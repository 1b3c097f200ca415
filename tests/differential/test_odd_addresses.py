"""Paths, queries and headers of every kind, at addresses of every kind: signed as botocore does."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from minispec import Generate

from differential.from_spec import with_length
from differential.mini_pair import compare, mini_pair, problems_of

UNSIGNED_HEADERS = ["baggage", "traceparent", "X-Amzn-Trace-Id", "TE", "Expect"]
"""Some that may change on the way: botocore signs none of them."""
SPEC: dict[str, Any] = {
    "metadata": {"protocol": "rest-json", "signingName": "other"},
    "operations": {
        "Ask": {
            "http": {"method": "GET", "requestUri": "/a/{Label}/b//c/{Greedy+}?fixed&also=1%2F2"},
            "input": "AskRequest",
        },
        "Plain": {"http": {"method": "DELETE", "requestUri": "/"}, "input": "PlainRequest"},
        "Tell": {
            "http": {"method": "PATCH", "requestUri": "/~x/%20/%C3%A9/."},
            "input": "TellRequest",
        },
    },
    "shapes": {
        "AskRequest": {
            "required": ["Label", "Greedy"],
            "members": {
                "Label": {"shape": "String", "location": "uri", "locationName": "Label"},
                "Greedy": {"shape": "String", "location": "uri", "locationName": "Greedy"},
                "Many": {"shape": "Strings", "location": "querystring", "locationName": "many"},
                "Odd": {"shape": "String", "location": "querystring", "locationName": "o d=d&"},
                "Others": {"shape": "Map", "location": "querystring"},
                "Flag": {"shape": "Boolean", "location": "querystring", "locationName": "Flag"},
                "Time": {"shape": "Timestamp", "location": "querystring", "locationName": "at"},
            },
        },
        "PlainRequest": {
            "members": {
                "Z": {"shape": "String", "location": "querystring", "locationName": "z"},
                "A": {"shape": "Strings", "location": "querystring", "locationName": "A"},
            }
        },
        "TellRequest": {
            "members": {
                **{
                    f"H{number}": {"shape": "String", "location": "header", "locationName": name}
                    for number, name in enumerate([*UNSIGNED_HEADERS, "x-Upper-CASE", "Accept"])
                },
                "All": {"shape": "Map", "location": "headers", "locationName": "x-meta-"},
                "Body": "Blob",
            },
            "payload": "Body",
        },
        "Strings": {"type": "list", "member": {"shape": "String"}},
        "Map": {"type": "map", "key": {"shape": "String"}, "value": {"shape": "String"}},
    },
}
TEXT = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        ["a/b", "/", "//", "a//b/", "../x", "x/../y", "%", "%25", "+", " ", "=&?#;", "~"]
    ),
)
LABEL = TEXT.filter(lambda text: text and not {".", ".."} & set(text.split("/")))
PRINTED = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs")), max_size=6)
NAMES = st.from_regex(r"[A-Za-z0-9-]{1,6}", fullmatch=True)
"""Of headers; two that differ by case alone are refused."""
MEMBERS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "Ask": st.fixed_dictionaries(
        {"Label": LABEL, "Greedy": LABEL},
        optional={
            "Many": st.lists(TEXT, max_size=4),
            "Odd": TEXT,
            "Others": st.dictionaries(TEXT, TEXT, max_size=3),
            "Flag": st.booleans(),
            "Time": st.datetimes(datetime(1970, 1, 1)).map(
                lambda moment: moment.replace(microsecond=0)
            ),
        },
    ),
    "Plain": st.fixed_dictionaries({}, optional={"Z": TEXT, "A": st.lists(TEXT, max_size=3)}),
    "Tell": st.fixed_dictionaries(
        {"Body": st.binary(max_size=9)},
        optional={
            **{f"H{number}": PRINTED for number in range(len(UNSIGNED_HEADERS) + 1)},
            "All": st.lists(st.tuples(NAMES, PRINTED), unique_by=lambda each: each[0].lower()).map(
                dict
            ),
        },
    ),
}
ADDRESSES = ["127.0.0.1", "127.0.0.1/", "127.0.0.1/base", "127.0.0.1/b%20s/e/", "[::1]/x", "[::1]"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_requests_and_signatures(
    address: str, generated: Generate, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    examples = request.config.getoption("--examples") * 2
    answers = st.just(with_length(200, {}, b""))
    with mini_pair(generated(SPEC), address, tmp_path) as (runner, pair):
        for name, members in MEMBERS.items():
            compare(runner, pair, name, members, answers, examples)
    assert not pair.compared.problems, problems_of(pair)
