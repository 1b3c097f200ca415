"""Where a change is told: every path to it, and no place that only has another name or order."""

from __future__ import annotations

from typing import Any

import pytest
from two_models import both, changes, sent

RED = {"enum": ["red"]}
RED_BLUE = {"enum": ["red", "blue"]}


def members(*names: str) -> dict[str, Any]:
    return {"members": dict.fromkeys(names, "String")}


@pytest.mark.parametrize(
    ("shape", "path"),
    [
        ({"members": {"A": "Color"}}, "Held.A"),
        ({"member": "Color"}, "Held[]"),
        ({"key": "String", "value": "Color"}, "Held{}"),
        ({"key": "Color", "value": "String"}, "Held{key}"),
        ({"member": "Colors"}, "Held[]{}[].A"),
    ],
)
def test_paths_go_through_structures_lists_and_maps(shape: dict[str, Any], path: str) -> None:
    way = {
        "Colors": {"key": "String", "value": "ColorList"},
        "ColorList": {"member": "Paint"},
        "Paint": {"members": {"A": "Color"}},
    }
    old = both({"Held": shape, "Color": RED, **way})
    new = both({"Held": shape, "Color": RED_BLUE, **way})

    assert changes(old, new) == [
        f"Send request {path} enum_value_added additive blue",
        f"Send response {path} enum_value_added additive blue",
    ]


def test_one_enum_tells_every_place_of_every_operation() -> None:
    def spec(color: dict[str, Any]) -> dict[str, Any]:
        return {
            "operations": {
                "Get": {"input": "GetIn", "output": "GetOut"},
                "Put": {"input": "PutIn"},
                "Rest": {"input": "RestIn"},
            },
            "shapes": {
                "GetIn": {"members": {"Colors": "Colors", "Also": "Color"}},
                "GetOut": {"members": {"Color": "Color"}},
                "PutIn": {"members": {"Color": "Color"}},
                "RestIn": members("A"),
                "Colors": {"member": "Color"},
                "Color": color,
            },
        }

    assert changes(spec(RED), spec(RED_BLUE)) == [
        "Get request Colors[] enum_value_added additive blue",
        "Get request Also enum_value_added additive blue",
        "Get response Color enum_value_added additive blue",
        "Put request Color enum_value_added additive blue",
    ]


@pytest.mark.parametrize(
    ("shapes", "paths"),
    [
        pytest.param({"Held": {"Self": "Held", "Color": "Color"}}, ["Held.Color"], id="direct"),
        pytest.param(
            {"Held": {"Other": "Other"}, "Other": {"Back": "Held", "Color": "Color"}},
            ["Held.Other.Color"],
            id="mutual",
        ),
        pytest.param(
            {"Held": {"List": "HeldList", "Color": "Color"}},
            ["Held.Color"],
            id="through a list",
        ),
        pytest.param(
            {"Held": {"Map": "HeldMap", "Other": "Other"}, "Other": {"Color": "Color"}},
            ["Held.Other.Color"],
            id="through a map",
        ),
        pytest.param(
            {
                "Held": {"Left": "Left", "Right": "Right"},
                "Left": {"Right": "Right", "Color": "Color"},
                "Right": {"Left": "Left"},
            },
            ["Held.Left.Color", "Held.Right.Left.Color"],
            id="two ways into one circle",
        ),
    ],
)
def test_a_shape_inside_itself_is_entered_once(
    shapes: dict[str, dict[str, str]], paths: list[str]
) -> None:
    whole: dict[str, Any] = {name: {"members": held} for name, held in shapes.items()}
    whole |= {
        "HeldList": {"member": "Held"},
        "HeldMap": {"key": "String", "value": "Held"},
    }

    assert changes(both({**whole, "Color": RED}), both({**whole, "Color": RED_BLUE})) == [
        *(f"Send request {path} enum_value_added additive blue" for path in paths),
        *(f"Send response {path} enum_value_added additive blue" for path in paths),
    ]


STRUCTURE = {"members": {"A": "String"}}


@pytest.mark.parametrize("shape", [STRUCTURE, RED, {"max": 3}, {"member": "String"}])
def test_a_shape_with_another_name_is_the_same(shape: dict[str, Any]) -> None:
    old = sent({"In": {"members": {"A": "Old"}}, "Old": shape})
    new = sent({"In": {"members": {"A": "New"}}, "New": shape})

    assert changes(old, new) == []


def test_input_and_output_with_other_names_are_the_same() -> None:
    old = {"operations": {"Send": {"input": "A", "output": "B"}}}
    new = {"operations": {"Send": {"input": "C", "output": "D"}}}
    shapes = dict.fromkeys("AB", STRUCTURE), dict.fromkeys("CD", STRUCTURE)

    assert changes(old | {"shapes": shapes[0]}, new | {"shapes": shapes[1]}) == []


def test_a_renamed_structure_tells_what_is_new_inside_it() -> None:
    old = sent({"In": {"members": {"A": "Old"}}, "Old": members("X")})
    new = sent({"In": {"members": {"A": "New"}}, "New": members("X", "Y")})

    assert changes(old, new) == ["Send request A.Y member_added additive string"]


def retargeted(to: str, **shapes: Any) -> dict[str, Any]:
    return sent({"In": {"members": {"A": to, "B": "One", "C": "Two"}}, **shapes})


def test_a_member_that_points_to_another_enum() -> None:
    shapes = {"One": RED_BLUE, "Two": {"enum": ["red", "green"]}}

    assert changes(retargeted("One", **shapes), retargeted("Two", **shapes)) == [
        "Send request A member_retargeted breaking One|Two",
        "Send request A enum_value_removed breaking blue",
        "Send request A enum_value_added additive green",
    ]


def test_a_member_that_points_to_another_enum_of_the_same_values() -> None:
    shapes = {"One": RED, "Two": RED}

    assert changes(retargeted("One", **shapes), retargeted("Two", **shapes)) == [
        "Send request A member_retargeted breaking One|Two"
    ]


def test_a_member_that_points_to_another_structure() -> None:
    shapes = {"One": members("X"), "Two": members("X", "Y")}

    assert changes(retargeted("One", **shapes), retargeted("Two", **shapes)) == [
        "Send request A member_retargeted breaking One|Two",
        "Send request A.Y member_added additive string",
    ]


def test_a_member_that_points_to_a_shape_of_another_type() -> None:
    shapes = {"One": RED, "Two": members("X")}

    assert changes(retargeted("One", **shapes), retargeted("Two", **shapes)) == [
        "Send request A type_changed breaking enum|structure"
    ]


def test_a_member_that_points_to_another_string_list_or_number_of_the_same_rules() -> None:
    shapes = {"One": {"max": 3}, "Two": {"max": 3}}

    assert changes(retargeted("One", **shapes), retargeted("Two", **shapes)) == []


def test_a_structure_of_which_one_place_gets_its_own_copy() -> None:
    old = sent({"In": {"members": {"A": "One", "B": "One"}}, "One": STRUCTURE})
    new = sent({"In": {"members": {"A": "One", "B": "Own"}}, "One": STRUCTURE, "Own": STRUCTURE})

    assert changes(old, new) == ["Send request B member_retargeted breaking One|Own"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(
            {"A": ("One", STRUCTURE), "B": ("Two", STRUCTURE)},
            {"A": ("Two", STRUCTURE), "B": ("Two", STRUCTURE)},
            id="into one that was there",
        ),
        pytest.param(
            {"A": ("One", STRUCTURE), "B": ("One", STRUCTURE)},
            {"A": ("Two", STRUCTURE), "B": ("One", STRUCTURE)},
            id="out of one that stays",
        ),
        pytest.param(
            {"A": ("One", RED), "B": ("Two", RED)},
            {"A": ("Two", RED), "B": ("Two", RED)},
            id="into an enum that was there",
        ),
    ],
)
def test_a_name_that_only_one_model_has_is_no_rename(
    old: dict[str, tuple[str, Any]], new: dict[str, tuple[str, Any]]
) -> None:
    old_spec, new_spec = (
        sent(
            {
                "In": {"members": {member: name for member, (name, _) in held.items()}},
                **dict(held.values()),
            }
        )
        for held in (old, new)
    )

    assert changes(old_spec, new_spec) == ["Send request A member_retargeted breaking One|Two"]


def test_an_operation_whose_input_and_output_point_to_other_structures() -> None:
    shapes = {"One": STRUCTURE, "Two": STRUCTURE}
    old = {"operations": {"Send": {"input": "One", "output": "One"}}, "shapes": shapes}
    new = {"operations": {"Send": {"input": "Two", "output": "Two"}}, "shapes": shapes}

    assert changes(old, new) == [
        "Send request - member_retargeted breaking One|Two",
        "Send response - member_retargeted breaking One|Two",
    ]


def test_the_order_of_members_values_and_required_names_says_nothing() -> None:
    old = both(
        {
            "Held": {"members": {"A": "Color", "B": "String"}, "required": ["A", "B"]},
            "Color": RED_BLUE,
        }
    )
    new = both(
        {
            "Held": {"members": {"B": "String", "A": "Color"}, "required": ["B", "A"]},
            "Color": {"enum": ["blue", "red"]},
        }
    )

    assert changes(old, new) == []
