"""Facts in words: what a pull request and a changelog say of each kind of change."""

from __future__ import annotations

from typing import Any

import pytest
from minispec import ENDPOINT_RULES
from two_models import difference

from aiobotantic_codegen.changes.text import as_markdown, as_text

SHAPES: dict[str, Any] = {
    "In": {"members": {"Name": "Name", "Kind": "Kind", "Choice": "Choice"}, "required": ["Kind"]},
    "Out": {"members": {"Items": "Items", "Next": "String"}},
    "Items": {"member": "Item"},
    "Item": {"members": {"ItemName": "Name"}},
    "Choice": {"members": {"One": "String"}, "union": True},
    "Name": {"type": "string", "max": 3, "pattern": "a+"},
    "Kind": {"enum": ["red"]},
    "Other": {"enum": ["red"]},
    "Busy": {"members": {}, "exception": True},
}
LIST = {"input": "In", "output": "Out"}
PAGING = {"input_token": "Name", "output_token": "Next"}
WAITER = {"operation": "List", "delay": 5, "maxAttempts": 9, "acceptors": []}
ACCEPTOR = {"matcher": "status", "expected": 1, "state": "retry"}
BASE: dict[str, Any] = {"operations": {"List": LIST}, "shapes": SHAPES}


def with_shape(name: str, **keys: Any) -> dict[str, Any]:
    return BASE | {"shapes": SHAPES | {name: SHAPES[name] | keys}}


def with_operation(**traits: Any) -> dict[str, Any]:
    return BASE | {"operations": {"List": LIST | traits}}


@pytest.mark.parametrize(
    ("new", "there", "back"),
    [
        pytest.param(
            BASE | {"operations": {"List": LIST, "Get": LIST}},
            "`Mini.get` is new",
            "`Mini.get` is gone",
            id="operation",
        ),
        pytest.param(
            with_shape("Item", members={"ItemName": "Name", "Size": "Integer"}),
            "`Item.size` is new: `Mini.list().items[].size`",
            "`Item.size` is gone: `Mini.list().items[].size`",
            id="member",
        ),
        pytest.param(
            with_shape("Choice", members={"One": "String", "Two": "String"}),
            "`Choice.two` is new: `Mini.list(choice.two)`",
            "`Choice.two` is gone: `Mini.list(choice.two)`",
            id="arm",
        ),
        pytest.param(
            with_shape("In", required=[]),
            "`In_.kind` is optional now: `Mini.list(kind)`",
            "`In_.kind` is required now: `Mini.list(kind)`",
            id="required",
        ),
        pytest.param(
            with_shape("Kind", enum=["red", "light blue"]),
            "`Kind` gains `LIGHT_BLUE`: `Mini.list(kind)`",
            "`Kind` loses `LIGHT_BLUE`: `Mini.list(kind)`",
            id="values",
        ),
        pytest.param(
            with_shape("In", members=SHAPES["In"]["members"] | {"Kind": "Other"}),
            "`Kind` gives way to `Other`: `Mini.list(kind)`",
            "`Other` gives way to `Kind`: `Mini.list(kind)`",
            id="another enum",
        ),
        pytest.param(
            with_shape("Item", members={"ItemName": "Integer"}),
            "type: string, now integer: `Mini.list().items[].item_name`",
            "type: integer, now string: `Mini.list().items[].item_name`",
            id="type",
        ),
        pytest.param(
            with_shape("Name", max=4),
            "limit loosened: max=3, now max=4: `Mini.list(name)`",
            "limit tightened: max=4, now max=3: `Mini.list(name)`",
            id="limit",
        ),
        pytest.param(
            with_shape("Name", pattern=None),
            "pattern: `a+`, now `none`: `Mini.list(name)`",
            "pattern: `none`, now `a+`: `Mini.list(name)`",
            id="pattern",
        ),
        pytest.param(
            with_operation(errors=["Busy"]),
            "`Busy` may be raised: `Mini.list`",
            "`Busy` is no longer listed: `Mini.list`",
            id="error",
        ),
        pytest.param(
            with_operation(deprecated=True),
            "`Mini.list`: deprecated: none, now true",
            "`Mini.list`: deprecated: true, now none",
            id="trait of an operation",
        ),
        pytest.param(
            with_shape("Item", members={"ItemName": {"shape": "Name", "locationName": "n"}}),
            "`Item.item_name`: locationName=none, now locationName=n: "
            "`Mini.list().items[].item_name`",
            "`Item.item_name`: locationName=n, now locationName=none: "
            "`Mini.list().items[].item_name`",
            id="trait of a member",
        ),
        pytest.param(
            BASE | {"paginators": {"List": PAGING}},
            "`iter_list` is new",
            "`iter_list` is gone",
            id="paginator",
        ),
        pytest.param(
            BASE | {"waiters": {"Done": WAITER}},
            "`wait_until_done` is new",
            "`wait_until_done` is gone",
            id="waiter",
        ),
        pytest.param(
            BASE | {"rules": ENDPOINT_RULES | {"rules": []}},
            "endpoint rules: changed",
            "endpoint rules: changed",
            id="endpoint",
        ),
        pytest.param(
            BASE | {"metadata": {"signingName": "tiny"}},
            "signingName: none, now tiny",
            "signingName: tiny, now none",
            id="metadata",
        ),
    ],
)
def test_a_fact(new: dict[str, Any], there: str, back: str) -> None:
    assert f"\n- {there}\n" in as_markdown(difference(BASE, new))
    assert f"\n- {back}\n" in as_markdown(difference(new, BASE))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            {"paginators": {"List": PAGING | {"more_results": "More"}}},
            {"paginators": {"List": PAGING}},
            "`iter_list`: more_results: More, now none",
        ),
        (
            {"waiters": {"Done": WAITER | {"acceptors": [ACCEPTOR]}}},
            {"waiters": {"Done": WAITER}},
            "`wait_until_done`: Done.acceptors: "
            '[{"matcher":"status","expected":1,"state":"retry"}], now none',
        ),
    ],
)
def test_a_key_that_is_gone_is_not_the_whole_that_is_gone(
    old: dict[str, Any], new: dict[str, Any], says: str
) -> None:
    assert f"\n- {says}\n" in as_markdown(difference(BASE | old, BASE | new))


def test_many_values_and_places_are_cut_short() -> None:
    def spec(count: int) -> dict[str, Any]:
        return {
            "operations": {f"Op{letter}": {"input": "In"} for letter in "ABCDEFGHIJ"},
            "shapes": {
                "In": {"members": {"Kind": "Kind"}},
                "Kind": {"enum": [f"value-{number}" for number in range(count)]},
            },
        }

    found = difference(spec(1), spec(21))

    places = ", ".join(f"`Mini.op_{letter}(kind)`" for letter in "abcdefgh")
    members = ", ".join(f"`VALUE_{number}`" for number in range(1, 9))
    assert f"- `Kind` gains {members} and 12 more: {places} and 2 more\n" in as_markdown(found)
    values = ", ".join(f"value-{number}" for number in range(1, 13))
    assert f"\n      {values}, and 8 more\n" in as_text(found)


def test_what_was_not_there_is_none_in_text() -> None:
    without = with_shape("Name", pattern=None)

    assert "\n      none -> a+\n" in as_text(difference(without, BASE))
    assert "\n      a+ -> none\n" in as_text(difference(BASE, without))
