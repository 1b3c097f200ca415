"""What differs between two models beside their shapes: operations, errors, paging, endpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from minispec import ENDPOINT_RULES
from two_models import changes, difference, model, told

from aiobotantic_codegen.changes.diff import diff_models
from aiobotantic_codegen.changes.kinds import ChangeClass, Kind, Semver
from aiobotantic_codegen.changes.models import of_service
from aiobotantic_codegen.errors import SpecError
from aiobotantic_codegen.load.botocore import ServiceModel
from aiobotantic_codegen.load.service import ServiceOverrides

SHAPES = {
    "In": {"members": {"Token": "String", "Limit": "Integer"}},
    "Out": {"members": {"Items": "Strings", "Token": "String"}},
    "Strings": {"member": "String"},
    "Busy": {"members": {"Message": "String"}, "exception": True},
    "Gone": {"members": {"Message": "String"}, "exception": True},
}
LIST = {"input": "In", "output": "Out"}


def service(*operations: str, **spec: Any) -> dict[str, Any]:
    return {
        "operations": dict.fromkeys(operations or ("List", "Get"), LIST),
        "shapes": SHAPES,
        **spec,
    }


def operation(**traits: Any) -> dict[str, Any]:
    return {"operations": {"List": LIST | traits}, "shapes": SHAPES}


def test_operations_that_come_and_go() -> None:
    old, new = service("A", "B", "C"), service("A", "D", "C")

    assert changes(old, new) == [
        "B operation - operation_removed breaking -",
        "D operation - operation_added additive -",
    ]


def test_the_order_of_operations_and_shapes_says_nothing() -> None:
    old = service("A", "B", "C")
    new = service("C", "A", "B", shapes=dict(reversed(SHAPES.items())))

    assert changes(old, new) == []


@pytest.mark.parametrize(
    ("end", "direction"), [("input", "request"), ("output", "response")], ids=["input", "output"]
)
def test_an_operation_that_gains_or_loses_an_end(end: str, direction: str) -> None:
    shape = {"members": {"A": "String", "B": "String"}, "required": ["B"], "payload": "A"}
    shapes = {"End": shape}
    bare = {"operations": {"Send": {}}, "shapes": shapes}
    full = {"operations": {"Send": {end: "End"}}, "shapes": shapes}
    required = "breaking" if end == "input" else "none"

    assert changes(bare, full) == [
        f"Send {direction} A member_added additive string",
        f"Send {direction} B member_added additive string",
        f"Send {direction} B required_added {required} -",
    ]
    assert changes(full, bare) == [
        f"Send {direction} A member_removed breaking -",
        f"Send {direction} B member_removed breaking -",
    ]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ({}, {"deprecated": True}, "deprecated trait_changed docs none|true"),
        ({}, {"readonly": True}, "readonly trait_changed none none|true"),
        ({}, {"idempotent": True}, "idempotent trait_changed wire none|true"),
        ({}, {"authtype": "none"}, "authtype trait_changed wire none|none"),
        ({"authtype": "v4"}, {"authtype": "none"}, "authtype trait_changed wire v4|none"),
        ({}, {"auth": ["a", "b"]}, 'auth trait_changed wire none|["a","b"]'),
        (
            {"endpoint": {"hostPrefix": "a."}},
            {"endpoint": {"hostPrefix": "b."}},
            'endpoint trait_changed wire {"hostPrefix":"a."}|{"hostPrefix":"b."}',
        ),
        (
            {},
            {"http": {"method": "GET", "requestUri": "/"}},
            "http.method trait_changed wire POST|GET",
        ),
        (
            {},
            {"http": {"method": "POST", "requestUri": "/b"}},
            "http.requestUri trait_changed wire /|/b",
        ),
        (
            {},
            {"http": {"method": "POST", "requestUri": "/", "responseCode": 201}},
            "http.responseCode trait_changed wire none|201",
        ),
        (
            {},
            {"staticContextParams": {"Kind": {"value": "a"}}},
            'staticContextParams trait_changed wire none|{"Kind":{"value":"a"}}',
        ),
        (
            {},
            {"httpChecksumRequired": True},
            "httpChecksumRequired trait_changed wire none|true",
        ),
    ],
)
def test_a_trait_of_an_operation(old: dict[str, Any], new: dict[str, Any], says: str) -> None:
    assert changes(operation(**old), operation(**new)) == [f"List operation {says}"]


@pytest.mark.parametrize("key", ["documentation", "documentationUrl", "deprecatedMessage"])
def test_words_about_an_operation_say_nothing(key: str) -> None:
    assert changes(operation(), operation(**{key: "Words."})) == []


def test_errors_of_an_operation() -> None:
    old, new = operation(errors=["Busy"]), operation(errors=["Gone"])

    assert changes(old, new) == [
        "List operation Gone error_added additive -",
        "List operation Busy error_removed docs -",
    ]
    assert changes(operation(errors=["Busy", "Gone"]), operation(errors=["Gone", "Busy"])) == []


def test_an_error_whose_class_is_gone() -> None:
    old = operation(errors=["Busy"])
    new = operation()
    new["shapes"] = {name: shape for name, shape in SHAPES.items() if name != "Busy"}

    assert changes(old, new) == ["List operation Busy error_removed breaking -"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            {"members": {"Message": "String"}},
            {"members": {"Message": "String", "Left": "Integer"}},
            "Busy.Left member_added additive integer",
        ),
        (
            {"members": {"Message": "String", "Left": "Integer"}},
            {"members": {"Message": "String"}},
            "Busy.Left member_removed breaking -",
        ),
        (
            {"members": {"Message": "String"}},
            {"members": {"Message": "String"}, "required": ["Message"]},
            "Busy.Message required_added none -",
        ),
        (
            {"members": {}, "error": {"httpStatusCode": 400}},
            {"members": {}, "error": {"httpStatusCode": 409}},
            'Busy trait_changed wire error={"httpStatusCode":400}|error={"httpStatusCode":409}',
        ),
        (
            {"members": {}},
            {"members": {}, "retryable": {"throttling": True}},
            'Busy trait_changed wire retryable=none|retryable={"throttling":true}',
        ),
        (
            {"members": {}},
            {"members": {}, "fault": True},
            "Busy trait_changed wire fault=none|fault=true",
        ),
        (
            {"members": {}},
            {"members": {}, "synthetic": True},
            "Busy trait_changed none synthetic=none|synthetic=true",
        ),
    ],
)
def test_what_an_error_says_is_told_once_for_the_service(
    old: dict[str, Any], new: dict[str, Any], says: str
) -> None:
    def spec(busy: dict[str, Any]) -> dict[str, Any]:
        listed = LIST | {"errors": ["Busy"]}
        return {
            "operations": {"List": listed, "Get": listed},
            "shapes": SHAPES | {"Busy": busy | {"exception": True}},
        }

    assert changes(spec(old), spec(new)) == [f"- service {says}"]


def test_an_error_that_only_an_operation_calls_one() -> None:
    def spec(**members: str) -> dict[str, Any]:
        listed = LIST | {"errors": ["Old"]}
        return {"operations": {"List": listed}, "shapes": SHAPES | {"Old": {"members": members}}}

    assert changes(spec(), spec(Left="Integer")) == [
        "- service Old.Left member_added additive integer"
    ]


PAGING = {"input_token": "Token", "output_token": "Token"}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (None, PAGING, "- paginator_changed additive none|present"),
        (PAGING, None, "- paginator_changed breaking present|none"),
        (
            PAGING,
            PAGING | {"result_key": "Items"},
            "result_key paginator_changed breaking none|Items",
        ),
        (
            PAGING | {"limit_key": "Limit"},
            PAGING,
            "limit_key paginator_changed breaking Limit|none",
        ),
        (
            PAGING,
            PAGING | {"limit_key": "Limit"},
            "limit_key paginator_changed breaking none|Limit",
        ),
        (
            PAGING,
            PAGING | {"more_results": "More"},
            "more_results paginator_changed wire none|More",
        ),
        (
            PAGING | {"output_token": ["A", "B"]},
            PAGING,
            'output_token paginator_changed wire ["A","B"]|Token',
        ),
    ],
)
def test_a_paginator(old: Any, new: Any, says: str) -> None:
    old_spec, new_spec = (service(paginators={"List": p} if p else {}) for p in (old, new))

    assert changes(old_spec, new_spec) == [f"List operation {says}"]


WAITER = {
    "operation": "Get",
    "delay": 30,
    "maxAttempts": 60,
    "acceptors": [{"matcher": "status", "expected": 200, "state": "success"}],
}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (None, WAITER, ["Get operation Ready waiter_changed additive none|present"]),
        (WAITER, None, ["Get operation Ready waiter_changed breaking present|none"]),
        (
            WAITER,
            WAITER | {"delay": 0},
            ["Get operation Ready.delay waiter_changed wire 30|0"],
        ),
        (
            WAITER,
            WAITER | {"acceptors": []},
            [
                "Get operation Ready.acceptors waiter_changed wire "
                '[{"matcher":"status","expected":200,"state":"success"}]|none'
            ],
        ),
        (
            WAITER,
            WAITER | {"operation": "List"},
            [
                "List operation Ready waiter_changed additive none|present",
                "Get operation Ready waiter_changed breaking present|none",
            ],
        ),
        (WAITER, WAITER | {"description": "Words."}, []),
    ],
)
def test_a_waiter(old: Any, new: Any, says: list[str]) -> None:
    old_spec, new_spec = (service(waiters={"Ready": w} if w else {}) for w in (old, new))

    assert changes(old_spec, new_spec) == says


def test_the_order_of_waiters_and_paginators_says_nothing() -> None:
    waiters, paginators = {"A": WAITER, "B": WAITER}, {"List": PAGING, "Get": PAGING}
    old = service(waiters=waiters, paginators=paginators)
    new = service(
        waiters=dict(reversed(waiters.items())), paginators=dict(reversed(paginators.items()))
    )

    assert changes(old, new) == []


def test_endpoint_rules() -> None:
    rules = ENDPOINT_RULES | {"rules": []}

    assert changes(service(), service(rules=rules)) == [
        "- service rules endpoint_changed wire -",
    ]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ({}, {"apiVersion": "2024-01-01"}, "apiVersion {} wire 2020-01-01|2024-01-01"),
        ({}, {"protocols": ["json"]}, 'protocols {} none none|["json"]'),
        ({}, {"protocol": "rest-json"}, "protocol {} wire json|rest-json"),
        ({}, {"serviceId": "Micro"}, "serviceId {} breaking Mini|Micro"),
        ({}, {"signingName": "mini"}, "signingName {} wire none|mini"),
        ({}, {"uid": "mini-1"}, "uid {} none none|mini-1"),
        ({}, {"targetPrefix": "Mini2"}, "targetPrefix {} wire Mini|Mini2"),
    ],
)
def test_metadata(old: dict[str, Any], new: dict[str, Any], says: str) -> None:
    assert changes(service(metadata=old), service(metadata=new)) == [
        f"- service {says.format('metadata_changed')}"
    ]


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ({"deprecated": True}, "deprecated metadata_changed docs none|true"),
        (
            {"clientContextParams": {"Fast": {"type": "boolean", "documentation": "Words."}}},
            'clientContextParams metadata_changed wire none|{"Fast":{"type":"boolean"}}',
        ),
        ({"authorizers": {"a": {}}}, 'authorizers metadata_changed wire none|{"a":{}}'),
    ],
)
def test_what_a_service_says_beside_its_metadata(new: dict[str, Any], says: str) -> None:
    assert changes(service(), service(service=new)) == [f"- service {says}"]


def test_a_model_of_before_2018_is_compared_without_a_service_id() -> None:
    files = dict(model(service()).trees)
    metadata = dict(files["service-2.json"]["metadata"])
    del metadata["serviceId"]
    files["service-2.json"] = files["service-2.json"] | {"metadata": metadata}
    old = of_service(ServiceModel("mini", "", "old", "mini", files))

    found = diff_models(old, model(service()))

    assert told(found.entries) == ["- service serviceId metadata_changed none |Mini"]
    assert diff_models(old, old).entries == ()


def test_models_of_two_services_are_refused() -> None:
    other = model(service(metadata={"serviceId": "Other"}), "new.json", "other")

    with pytest.raises(SpecError) as caught:
        diff_models(model(service(), "old.json"), other)

    assert str(caught.value) == (
        "old.json#/metadata: old.json is a model of mini, new.json one of other\n"
        "  Name two models of one service."
    )


def test_one_service_by_two_names_of_folders_is_compared() -> None:
    assert diff_models(model(service()), model(service(), "", "mini2")).entries == ()


def test_documentation_is_counted_alone() -> None:
    def texts(**shapes: str) -> dict[str, Any]:
        listed = LIST | {"documentation": "List."}
        documented = {n: {"type": "string", "documentation": t} for n, t in shapes.items()}
        return {"operations": {"List": listed}, "shapes": SHAPES | documented}

    changed = difference(texts(A="a", B="b", C="c"), texts(A="a", B="other", D="d"))

    assert changed.entries == ()
    assert changed.verdict is ChangeClass.NONE
    assert changed.counts.documentation == 3
    assert difference(texts(), texts()).counts.documentation == 0


def test_documentation_of_a_model_without_any_is_no_number() -> None:
    documented = operation(documentation="List.")

    assert difference(operation(), documented).counts.documentation is None
    assert difference(documented, operation()).counts.documentation is None


def test_a_member_called_documentation_is_no_text() -> None:
    shapes = {"In": {"members": {"documentation": "String"}}}
    spec = {"operations": {"Send": {"input": "In"}}, "shapes": shapes}

    assert difference(spec, spec).counts.documentation is None


@pytest.mark.parametrize(
    ("old", "new", "verdict", "semver"),
    [
        (service("A"), service("A", "B"), ChangeClass.ADDITIVE, Semver.MINOR),
        (service("A"), service("B"), ChangeClass.BREAKING, Semver.MAJOR),
        (operation(), operation(deprecated=True), ChangeClass.DOCS, Semver.PATCH),
        (operation(), operation(idempotent=True), ChangeClass.WIRE, Semver.PATCH),
        (operation(), operation(readonly=True), ChangeClass.NONE, Semver.NONE),
        (operation(), operation(), ChangeClass.NONE, Semver.NONE),
    ],
)
def test_the_whole_is_as_grave_as_its_gravest_entry(
    old: dict[str, Any], new: dict[str, Any], verdict: ChangeClass, semver: Semver
) -> None:
    found = difference(old, new)

    assert (found.verdict, found.semver) == (verdict, semver)


def python(old: dict[str, Any], new: dict[str, Any], **overrides: Any) -> list[tuple[str, ...]]:
    decided = ServiceOverrides.model_validate(overrides)
    found = diff_models(model(old), model(new), decided)
    return [entry.python for entry in found.entries]


def test_names_of_the_client_that_a_change_touches() -> None:
    def spec(color: list[str], *members: str) -> dict[str, Any]:
        return {
            "operations": {"SendPaint": {"input": "In", "output": "Out"}},
            "shapes": {
                "In": {"members": {"PaintColors": "Colors"}},
                "Out": {"members": {"PaintMap": "Map"}},
                "Colors": {"member": "color"},
                "Map": {"key": "String", "value": "Paint"},
                "Paint": {"members": dict.fromkeys(members, "String")},
                "color": {"enum": color},
            },
        }

    assert python(spec(["red"]), spec(["red", "dark.red"], "InkKind")) == [
        ("Mini.send_paint(paint_colors[])", "Color.DARK_RED"),
        ("Mini.send_paint().paint_map{}.ink_kind", "Paint.ink_kind"),
    ]


def test_names_that_people_chose() -> None:
    def spec(*values: str) -> dict[str, Any]:
        return {
            "operations": {"Paint": {"input": "In"}},
            "shapes": {"In": {"members": {"Color": "Color"}}, "Color": {"enum": list(values)}},
        }

    names = [
        {"shape": "In", "member": "Color", "name": "shade", "reason": "A test."},
        {"shape": "Color", "name": "Shade", "reason": "A test."},
        {"shape": "Color", "member": "a-b", "name": "A_TO_B", "reason": "A test."},
    ]

    assert python(spec("a"), spec("a", "a-b"), class_name="Tiny", names=names) == [
        ("Tiny.paint(shade)", "Shade.A_TO_B")
    ]


def test_names_of_paginators_waiters_and_errors() -> None:
    old = service("List")
    new = service(
        "List", paginators={"List": PAGING}, waiters={"Ready": WAITER | {"operation": "List"}}
    )
    new["operations"] = {"List": LIST | {"errors": ["Busy"]}}
    new["shapes"] = SHAPES | {"Busy": {"members": {"Message": "String", "Args": "String"}}}
    new["shapes"]["Busy"]["exception"] = True

    assert python(old, new) == [
        ("Busy.args_",),
        ("Mini.list", "Busy"),
        ("iter_list", "list_pages"),
        ("wait_until_ready",),
    ]


def test_a_name_that_python_cannot_take_is_compared_all_the_same() -> None:
    def spec(*values: str) -> dict[str, Any]:
        return {
            "operations": {"Send": {"input": "In"}},
            "shapes": {
                "In": {"members": {"class": "Second", "_": "Second"}},
                "Second": {"enum": list(values)},
            },
        }

    assert changes(spec("x"), spec("x", "", "ÄÖ", "☃", "a-b", "a_b")) == [
        "Send request class enum_value_added additive |ÄÖ|☃|a-b|a_b",
        "Send request _ enum_value_added additive |ÄÖ|☃|a-b|a_b",
    ]


def test_every_kind_is_told_by_some_test_beside_this_one() -> None:
    texts = [path.read_text("utf-8") for path in Path(__file__).parent.glob("test_diff_*.py")]

    assert [kind for kind in Kind if not any(kind in text for text in texts)] == []
