"""What differs between the shapes of two models, and where it is told."""

from __future__ import annotations

from typing import Any

import pytest
from two_models import both, changes, difference, sent

RED = {"enum": ["red"]}
RED_BLUE = {"enum": ["red", "blue"]}


def held(shape: dict[str, Any], **others: Any) -> dict[str, Any]:
    return both({"Held": shape, **others})


def members(*names: str, **traits: Any) -> dict[str, Any]:
    return {"members": dict.fromkeys(names, "String"), **traits}


@pytest.mark.parametrize(
    ("old", "new", "request_says", "response_says"),
    [
        pytest.param(RED, RED_BLUE, ["enum_value_added additive blue"], None, id="value added"),
        pytest.param(RED_BLUE, RED, ["enum_value_removed breaking blue"], None, id="value removed"),
        pytest.param(
            {"enum": ["a", "b", "c"]},
            {"enum": ["d", "b", "e"]},
            ["enum_value_removed breaking a|c", "enum_value_added additive d|e"],
            None,
            id="values both ways, in the order of their model",
        ),
        pytest.param(
            {"type": "string"},
            RED_BLUE,
            ["enum_value_added additive red|blue"],
            None,
            id="a string becomes an enum",
        ),
        pytest.param(
            RED_BLUE,
            {"type": "string"},
            ["enum_value_removed breaking red|blue"],
            None,
            id="an enum becomes a string",
        ),
        pytest.param(
            {"type": "string"},
            {"type": "integer"},
            ["type_changed breaking string|integer"],
            None,
            id="type",
        ),
        pytest.param(
            RED,
            {"members": {"A": "String"}},
            ["type_changed breaking enum|structure"],
            None,
            id="an enum becomes a structure",
        ),
        pytest.param(
            {"type": "structure", "document": True},
            {"members": {"A": "String"}},
            ["type_changed breaking document|structure"],
            None,
            id="any JSON becomes a structure",
        ),
        pytest.param(
            {"type": "integer"},
            {"type": "long"},
            ["type_changed none integer|long"],
            None,
            id="both are int in Python",
        ),
        pytest.param(
            {"type": "float"},
            {"type": "double"},
            ["type_changed none float|double"],
            None,
            id="both are float in Python",
        ),
        pytest.param(
            {"type": "integer", "max": 3},
            {"type": "long", "max": 4},
            ["type_changed none integer|long", "constraint_loosened constraint max=3|max=4"],
            ["type_changed none integer|long", "constraint_loosened none max=3|max=4"],
            id="a bound of what is int before and after",
        ),
        pytest.param(
            {"type": "integer"},
            {"type": "float"},
            ["type_changed breaking integer|float"],
            None,
            id="an int becomes a float",
        ),
        pytest.param(
            {"type": "string", "sensitive": True},
            {"type": "string"},
            ["trait_changed none sensitive=true|sensitive=none"],
            None,
            id="sensitive",
        ),
        pytest.param(
            {"type": "timestamp"},
            {"type": "timestamp", "timestampFormat": "iso8601"},
            ["trait_changed wire timestampFormat=none|timestampFormat=iso8601"],
            None,
            id="timestamp format",
        ),
        pytest.param(
            {"member": "String"},
            {"member": "String", "sparse": True},
            ["trait_changed breaking sparse=none|sparse=true"],
            None,
            id="sparse",
        ),
        pytest.param(
            members("A"),
            members("A", union=True),
            ["trait_changed breaking union=none|union=true"],
            None,
            id="a structure becomes a union",
        ),
        pytest.param(
            {"type": "blob"},
            {"type": "blob", "requiresLength": True},
            ["trait_changed wire requiresLength=none|requiresLength=true"],
            None,
            id="the length of a stream is needed",
        ),
    ],
)
def test_a_shape_of_both_directions(
    old: dict[str, Any],
    new: dict[str, Any],
    request_says: list[str],
    response_says: list[str] | None,
) -> None:
    assert changes(held(old), held(new)) == [
        *(f"Send request Held {each}" for each in request_says),
        *(f"Send response Held {each}" for each in response_says or request_says),
    ]


@pytest.mark.parametrize(
    ("old", "new", "request_says", "response_says"),
    [
        pytest.param(
            members("A"),
            members("A", "B"),
            ["Held.B member_added additive string"],
            None,
            id="member added",
        ),
        pytest.param(
            members("A", "B"),
            members("A"),
            ["Held.B member_removed breaking -"],
            None,
            id="member removed",
        ),
        pytest.param(
            members("A", union=True),
            members("A", "B", union=True),
            ["Held.B union_arm_added additive string"],
            None,
            id="arm added",
        ),
        pytest.param(
            members("A", "B", union=True),
            members("A", union=True),
            ["Held.B member_removed breaking -"],
            None,
            id="arm removed",
        ),
        pytest.param(
            members("A"),
            members("A", required=["A"]),
            ["Held.A required_added breaking -"],
            ["Held.A required_added none -"],
            id="required",
        ),
        pytest.param(
            members("A", required=["A"]),
            members("A"),
            ["Held.A required_removed additive -"],
            ["Held.A required_removed none -"],
            id="no longer required",
        ),
        pytest.param(
            members("A"),
            members("A", "B", required=["B"]),
            ["Held.B member_added additive string", "Held.B required_added breaking -"],
            ["Held.B member_added additive string", "Held.B required_added none -"],
            id="a new member is required",
        ),
        pytest.param(
            members("A", "B", required=["B"]),
            members("A"),
            ["Held.B member_removed breaking -"],
            None,
            id="a required member is gone: one fact",
        ),
        pytest.param(
            {"members": {"A": "Blob"}},
            {"members": {"A": {"shape": "Blob", "streaming": True}}},
            ["Held.A trait_changed breaking streaming=none|streaming=true"],
            None,
            id="streaming",
        ),
        pytest.param(
            members("A"),
            {"members": {"A": {"shape": "String", "deprecated": True}}},
            ["Held.A trait_changed docs deprecated=none|deprecated=true"],
            None,
            id="deprecated",
        ),
        pytest.param(
            members("A"),
            {"members": {"A": {"shape": "String", "locationName": "a"}}},
            ["Held.A trait_changed wire locationName=none|locationName=a"],
            None,
            id="another name on the wire",
        ),
        pytest.param(
            {"members": {"A": {"shape": "String", "location": "header"}}},
            {"members": {"A": {"shape": "String", "location": "querystring"}}},
            ["Held.A trait_changed wire location=header|location=querystring"],
            None,
            id="another place on the wire",
        ),
        pytest.param(
            members("A"),
            members("A", payload="A"),
            ["Held trait_changed wire payload=none|payload=A"],
            None,
            id="payload",
        ),
        pytest.param(
            {"members": {"A": "Integer"}},
            {"members": {"A": {"shape": "Integer", "default": 0}}},
            ["Held.A trait_changed none default=none|default=0"],
            None,
            id="a default that is false in Python",
        ),
        pytest.param(
            {"members": {"A": {"shape": "Boolean", "default": False}}},
            {"members": {"A": {"shape": "Boolean", "default": True}}},
            ["Held.A trait_changed none default=false|default=true"],
            None,
            id="another default",
        ),
        pytest.param(
            {"members": {"A": {"shape": "String", "location": "header"}}},
            {"members": {"A": {"shape": "String", "location": "header", "jsonvalue": True}}},
            ["Held.A trait_changed breaking jsonvalue=none|jsonvalue=true"],
            None,
            id="JSON in a header",
        ),
        pytest.param(
            members("A"),
            {"members": {"A": {"shape": "String", "jsonvalue": True}}},
            ["Held.A trait_changed none jsonvalue=none|jsonvalue=true"],
            None,
            id="JSON in a body is a string",
        ),
        pytest.param(
            members("A"),
            {"members": {"A": {"shape": "String", "contextParam": {"name": "Arn"}}}},
            ['Held.A trait_changed wire contextParam=none|contextParam={"name":"Arn"}'],
            None,
            id="what endpoint rules are asked with",
        ),
        pytest.param(
            members("A"),
            {"members": {"A": {"shape": "String", "hostLabel": True}}},
            ["Held.A trait_changed wire hostLabel=none|hostLabel=true"],
            None,
            id="part of the host",
        ),
    ],
)
def test_a_member_of_both_directions(
    old: dict[str, Any],
    new: dict[str, Any],
    request_says: list[str],
    response_says: list[str] | None,
) -> None:
    assert changes(held(old), held(new)) == [
        *(f"Send request {each}" for each in request_says),
        *(f"Send response {each}" for each in response_says or request_says),
    ]


def test_a_new_member_tells_the_values_of_its_enum() -> None:
    old, new = sent({"In": members()}), sent({"In": {"members": {"A": "Color"}}, "Color": RED_BLUE})

    assert changes(old, new) == ["Send request A member_added additive red|blue"]


@pytest.mark.parametrize("trait", ["streaming", "deprecated"])
def test_a_trait_that_moves_between_a_member_and_its_shape_is_no_change(trait: str) -> None:
    of_member = {"Held": {"members": {"A": {"shape": "Bytes", trait: True}}}}
    of_shape = {"Held": {"members": {"A": "Bytes"}}}

    old = both({**of_member, "Bytes": {"type": "blob"}})
    new = both({**of_shape, "Bytes": {"type": "blob", trait: True}})

    assert changes(old, new) == []
    assert changes(new, old) == []


LENGTHS = ["string", "blob", "list", "map"]
NUMBERS = ["integer", "long", "float", "double"]


def limited(kind: str, **limits: int | float) -> dict[str, Any]:
    holders: dict[str, Any] = {
        "list": {"member": "String"},
        "map": {"key": "String", "value": "String"},
    }
    return held({"type": kind, **holders.get(kind, {}), **limits})


@pytest.mark.parametrize("kind", LENGTHS + NUMBERS)
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ({"min": 1}, {"min": 2}, "constraint_tightened {} min=1|min=2"),
        ({"min": 2}, {"min": 1}, "constraint_loosened {} min=2|min=1"),
        ({}, {"min": 1}, "constraint_tightened {} min=none|min=1"),
        ({"min": 1}, {}, "constraint_loosened {} min=1|min=none"),
        ({"max": 1}, {"max": 2}, "constraint_loosened {} max=1|max=2"),
        ({"max": 2}, {"max": 1}, "constraint_tightened {} max=2|max=1"),
        ({}, {"max": 0}, "constraint_tightened {} max=none|max=0"),
        ({"max": 1}, {}, "constraint_loosened {} max=1|max=none"),
    ],
)
def test_a_bound_that_moves(kind: str, old: dict[str, int], new: dict[str, int], says: str) -> None:
    assert changes(limited(kind, **old), limited(kind, **new)) == [
        f"Send request Held {says.format('constraint')}",
        f"Send response Held {says.format('none')}",
    ]


@pytest.mark.parametrize("kind", LENGTHS)
def test_a_length_of_at_least_0_is_no_bound(kind: str) -> None:
    assert changes(limited(kind), limited(kind, min=0)) == []
    assert changes(limited(kind, min=0), limited(kind)) == []


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_number_of_at_least_0_is_a_bound(kind: str) -> None:
    assert changes(limited(kind), limited(kind, min=0))[0].endswith("constraint min=none|min=0")
    assert changes(limited(kind, min=0), limited(kind))[0].endswith("constraint min=0|min=none")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[a-z]+", "^[a-z]+$"),
        ("^[a-z]+", "[a-z]+$"),
        ("a|b", "^a|b$"),
        (r"a\\", r"^a\\$"),
        ("[^/]+", "^[^/]+$"),
        ("[$]", "[$]$"),
    ],
)
def test_anchors_at_the_ends_of_a_pattern_say_nothing(old: str, new: str) -> None:
    assert changes(held({"pattern": old}), held({"pattern": new})) == []
    assert changes(held({"pattern": new}), held({"pattern": old})) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a", "b"),
        ("a", None),
        (None, "a"),
        ("a", r"a\$"),
        (r"a\\", r"a\\\$"),
        ("[^/]+", "[/]+"),
        ("a|b", "a$|^b"),
    ],
)
def test_a_pattern_that_says_something_else(old: str | None, new: str | None) -> None:
    old_shape, new_shape = ({"type": "string"} if p is None else {"pattern": p} for p in (old, new))

    assert changes(held(old_shape), held(new_shape)) == [
        f"Send request Held pattern_changed constraint {old or ''}|{new or ''}",
        f"Send response Held pattern_changed none {old or ''}|{new or ''}",
    ]


def test_limits_of_an_enum_say_nothing_beside_its_values() -> None:
    old, new = {**RED, "max": 10, "pattern": "r.*"}, {**RED, "max": 20}

    assert changes(held(old), held(new)) == []


def test_box_is_counted_and_no_entry() -> None:
    old = held({"members": {"A": "Number"}}, Number={"type": "integer"})
    new = held(
        {"members": {"A": {"shape": "Number", "box": True}}},
        Number={"type": "integer", "box": True},
    )

    found = difference(old, new)

    assert found.entries == ()
    assert found.counts.box == 2


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
    shapes = {name: STRUCTURE for name in "AB"}, {name: STRUCTURE for name in "CD"}

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


def test_an_operation_whose_input_and_output_point_to_other_structures() -> None:
    shapes = {"One": STRUCTURE, "Two": STRUCTURE}
    old = {"operations": {"Send": {"input": "One", "output": "One"}}, "shapes": shapes}
    new = {"operations": {"Send": {"input": "Two", "output": "Two"}}, "shapes": shapes}

    assert changes(old, new) == [
        "Send request - member_retargeted breaking One|Two",
        "Send response - member_retargeted breaking One|Two",
    ]


def test_the_order_of_members_values_and_required_names_says_nothing() -> None:
    old = held({"members": {"A": "Color", "B": "String"}, "required": ["A", "B"]}, Color=RED_BLUE)
    new = held(
        {"members": {"B": "String", "A": "Color"}, "required": ["B", "A"]},
        Color={"enum": ["blue", "red"]},
    )

    assert changes(old, new) == []


def token(*, required: bool, token: bool = True) -> dict[str, Any]:
    member = {"shape": "String", **({"idempotencyToken": True} if token else {})}
    return {"members": {"Token": member}, **({"required": ["Token"]} if required else {})}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        pytest.param(
            token(required=False),
            token(required=True),
            ["Token required_added none -"],
            id="required, and made up where none is given",
        ),
        pytest.param(
            {"members": {}},
            token(required=True),
            ["Token member_added additive string", "Token required_added none -"],
            id="new",
        ),
        pytest.param(
            token(required=True),
            token(required=True, token=False),
            ["Token trait_changed breaking idempotencyToken=true|idempotencyToken=none"],
            id="a required one is none any more",
        ),
        pytest.param(
            token(required=True, token=False),
            token(required=True),
            ["Token trait_changed additive idempotencyToken=none|idempotencyToken=true"],
            id="a required member becomes one",
        ),
        pytest.param(
            token(required=False, token=False),
            token(required=False),
            ["Token trait_changed wire idempotencyToken=none|idempotencyToken=true"],
            id="an optional member becomes one",
        ),
    ],
)
def test_an_idempotency_token_of_the_request(
    old: dict[str, Any], new: dict[str, Any], says: list[str]
) -> None:
    assert changes(sent({"In": old}), sent({"In": new})) == [f"Send request {s}" for s in says]


def test_nobody_makes_up_a_token_inside_a_request_or_in_a_response() -> None:
    assert changes(held(token(required=False)), held(token(required=True))) == [
        "Send request Held.Token required_added breaking -",
        "Send response Held.Token required_added none -",
    ]
    assert changes(held(token(required=True)), held(token(required=True, token=False))) == [
        "Send request Held.Token trait_changed none idempotencyToken=true|idempotencyToken=none",
        "Send response Held.Token trait_changed none idempotencyToken=true|idempotencyToken=none",
    ]
