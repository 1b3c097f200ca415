"""Events with everything that a frame can hold, cut anywhere: read as botocore reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from minispec import Generate

from differential.from_spec import answers
from differential.mini_pair import compare, mini_pair, problems_of

HEADERS = ("Boolean", "Integer", "Long", "Blob", "String", "Timestamp")
SPEC: dict[str, Any] = {
    "metadata": {"protocol": "rest-json"},
    "operations": {
        "Listen": {
            "http": {"method": "POST", "requestUri": "/"},
            "output": "EventsResponse",
            "errors": ["Broken"],
        }
    },
    "shapes": {
        "EventsResponse": {"members": {"Events": "Events"}, "payload": "Events"},
        "Events": {
            "members": {
                "Plain": "Plain",
                "Bytes": "Bytes",
                "Said": "Said",
                "Held": "Held",
                "Empty": "Empty",
                "Broken": "Broken",
            },
            "eventstream": True,
        },
        "Plain": {
            "members": {
                "Text": "String",
                "At": "Timestamp",
                "Data": "Blob",
                "Number": "Double",
                "Inner": "Inner",
                "Many": "Inners",
            },
            "event": True,
        },
        "Bytes": {
            "members": {
                "Data": {"shape": "Blob", "eventpayload": True},
                **{f"H{name}": {"shape": name, "eventheader": True} for name in HEADERS},
            },
            "event": True,
        },
        "Said": {"members": {"Text": {"shape": "String", "eventpayload": True}}, "event": True},
        "Held": {"members": {"Inner": {"shape": "Inner", "eventpayload": True}}, "event": True},
        "Empty": {"members": {}, "event": True},
        "Inner": {"members": {"A": "String", "B": "Integer"}},
        "Inners": {"type": "list", "member": {"shape": "Inner"}},
        "Broken": {"members": {"message": "String"}, "exception": True},
    },
}


def test_events(generated: Generate, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    with mini_pair(generated(SPEC), "127.0.0.1", tmp_path) as (runner, pair):
        model = pair.theirs.model("Listen")
        examples = max(100, request.config.getoption("--examples") * 5)
        compare(runner, pair, "Listen", st.just({}), answers(model), examples)
    assert not pair.compared.problems, problems_of(pair)
    assert min(pair.compared.answers, pair.compared.errors) > examples / 20
