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
            members(),
            members(union=True),
            ["trait_changed breaking union=none|union=true"],
            None,
            id="an empty structure becomes a union",
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
