"""Names: whatever a model calls its things, Python can say them and the wire keeps them."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from minispec import Generate, one_structure, refusals, sent
from obstacles import IRREGULAR, OBSTACLES, RESERVED, camel_case

from aiobotantic.structure import Structure, read_json, write_json


def renamed(names: dict[str, str], shape: str) -> dict[str, str]:
    return dict.fromkeys(names, shape)


@pytest.mark.parametrize("names", [IRREGULAR, RESERVED], ids=["irregular", "reserved"])
@pytest.mark.parametrize("required", [False, True], ids=["optional", "required"])
@pytest.mark.parametrize("shape", ["String", "Kind", "Kinds", "Part", "Parts", "ByKind"])
def test_members_keep_their_names_on_the_wire(
    generated: Generate, names: dict[str, str], required: bool, shape: str
) -> None:
    values: dict[str, Any] = {
        "String": "s",
        "Kind": "new",
        "Kinds": ["a", "new"],
        "Part": {"RoleARN": "r"},
        "Parts": [{"RoleARN": "r"}],
        "ByKind": {"a": "x", "new": "y"},
    }
    models = generated(
        one_structure(
            renamed(names, shape),
            required=list(names) if required else [],
            shapes={
                "Kind": {"enum": ["a"]},
                "Kinds": {"member": "Kind"},
                "Part": {"members": {"RoleARN": "String"}},
                "Parts": {"member": "Part"},
                "ByKind": {"key": "Kind", "value": "String"},
            },
        )
    ).models
    body = dict.fromkeys(names, values[shape])

    request = models.SendRequest(**dict.fromkeys(names.values(), values[shape]))
    response = models.SendResponse.from_wire(body)

    assert list(models.SendRequest.model_fields) == list(names.values())
    assert sent(request) == body
    assert refusals(request) == []
    assert response.to_wire() == body
    for wire, field in names.items():
        assert getattr(response, field) == getattr(request, field) == response[wire]
    empty = read_json(models.SendResponse, b"{}")
    assert [getattr(empty, field) for field in names.values()] == [None] * len(names)


def test_an_irregular_name_is_told_as_the_caller_wrote_it(generated: Generate) -> None:
    models = generated(one_structure({"RoleARN": "String"}, required=["RoleARN"])).models

    assert refusals(models.SendRequest(role_arn=1)) == ["role_arn = 1: must be a string"]
    assert refusals(models.SendRequest(role_arn=1), wire=True) == ["RoleARN = 1: must be a string"]


def test_shapes_may_be_called_like_what_generated_code_uses(generated: Generate) -> None:
    shapes: dict[str, Any] = {
        "Structure": {"members": {"BaseModel": "BaseModel"}},
        "BaseModel": {"members": {"Annotated": "Annotated"}},
        "Annotated": {"enum": ["a"], "max": 3},
        "In": {"members": {"Pattern": "Pattern"}},
        "Pattern": {"type": "string", "pattern": "a+"},
        "Length": {"members": {"Exception": "Exception"}},
        "Exception": {"enum": ["b"]},
        "Sequence": {"member": "In"},
        "Model": {"members": {"RoleARN": "String"}, "required": ["RoleARN"]},
        "Required": {"union": True, "members": {"Range": "Range"}},
        "Range": {"type": "integer", "min": 1},
        "string": {"members": {"X": "String"}},
        "True": {"members": {"X": "String"}},
        "_1st": {"members": {"X": "String"}},
        "TimeoutError": {"members": {"X": "String"}},
        "WaiterError": {"members": {"X": "String"}},
    }
    models = generated(one_structure({name: name for name in shapes}, shapes=shapes)).models

    assert {name for name in dir(models) if inspect.isclass(getattr(models, name))} == {
        "Annotated_",
        "BaseModel",
        "Exception_",
        "In_",
        "Length_",
        "Model",
        "Required_",
        "SendRequest",
        "SendResponse",
        "Shape1st",
        "String",
        "Structure_",
        "TimeoutError_",
        "True_",
        "WaiterError_",
    }
    request = models.SendRequest(
        structure=models.Structure_(base_model=models.BaseModel(annotated="new")),
        sequence=[models.In_(pattern="aa")],
        required=models.Required_(range=0),
        model=models.Model(role_arn="r"),
    )
    assert refusals(request) == ["required.range = 0: must be at least 1"]
    assert sent(request)["Structure"] == {"BaseModel": {"Annotated": "new"}}


def test_the_names_that_members_must_not_take_are_all_known(generated: Generate) -> None:
    public = {name for cls in (Structure, type(Structure)) for name in dir(cls)}
    members = {
        "".join(part.capitalize() for part in name.split("_")): "String"
        for name in sorted(public)
        if not name.startswith("_")
    }
    models = generated(one_structure(members)).models

    assert len(models.SendRequest.model_fields) == len(members)
    assert public.isdisjoint(models.SendRequest.model_fields)


def test_an_override_renames(generated: Generate) -> None:
    mini = generated(
        one_structure(
            {"FooBar": "FooBar", "fooBar": "Kind"},
            required=["FooBar"],
            shapes={"FooBar": {"members": {"X": "String"}}, "Kind": {"enum": ["a-b", "a_b"]}},
            overrides="""
                [[services.mini.names]]
                shape = "FooBar"
                name = "Bar"
                reason = "Why not."
                [[services.mini.names]]
                shape = "SendRequest"
                member = "fooBar"
                name = "kind"
                reason = "Collides."
                [[services.mini.names]]
                shape = "SendResponse"
                member = "fooBar"
                name = "kind"
                reason = "Collides."
                [[services.mini.names]]
                shape = "Kind"
                member = "a_b"
                name = "UNDER"
                reason = "Collides."
            """,
        )
    )
    models = mini.models
    request = models.SendRequest(foo_bar=models.Bar(x="1"), kind=models.Kind.UNDER)

    assert [member.name for member in models.Kind] == ["A_B", "UNDER"]
    assert sent(request) == {"FooBar": {"X": "1"}, "fooBar": "a_b"}


def test_families_may_be_called_like_keywords_and_like_the_generators_own_files(
    generated: Generate,
) -> None:
    operations = {
        f"{verb}{noun}": {"input": f"{verb}{noun}Request"}
        for verb in ("Create", "Delete")
        for noun in ("Import", "Common", "Class", "Alpha", "Beta", "AlphaAndBeta")
    }
    shared = [f"Shared{number}" for number in range(4)]
    shapes: dict[str, Any] = {
        operation["input"]: {"members": dict.fromkeys(shared, "Everyone")}
        for operation in operations.values()
    }
    for name in ("CreateAlphaRequest", "CreateBetaRequest"):
        shapes[name] = {"members": {shape: shape for shape in shared}}
    shapes |= {name: {"members": {"Everyone": "Everyone"}} for name in shared}
    shapes["Everyone"] = {"members": {"X": "String"}}

    mini = generated({"operations": operations, "shapes": shapes})

    files = {path.stem for path in (mini.root / "mini" / "_operations").iterdir()} - {"__init__"}
    assert files == {"import_", "common_", "class_", "alpha", "beta", "alpha_and_beta"}
    for name in shapes:
        assert getattr(mini.models, name)
    client = mini.module("client").Mini
    assert len(client.operations()) == len(operations)


@pytest.mark.parametrize("spec", [OBSTACLES, camel_case(OBSTACLES)], ids=["Pascal", "camel"])
def test_the_obstacle_course_runs(generated: Generate, spec: dict[str, Any]) -> None:
    mini = generated(spec)
    models = mini.models

    leaf = models.Node(kids=[], kind="new", by_kind={"a": []}, role_arn="b")
    choice = models.Choice(arm_=models.Node(kids=[leaf], kind="a", by_kind={}, lambda_=leaf))
    request = models.TimesRequest(choice=choice, by_kind={"new": [leaf]}, times=[], self_=leaf)

    assert [problem.partition(":")[0] for problem in refusals(request)] == [
        "self_.kids",
        "self_.by_kind['a']",
        "choice.arm_.kids[0].kids",
        "choice.arm_.kids[0].by_kind['a']",
        "choice.arm_.lambda_.kids",
        "choice.arm_.lambda_.by_kind['a']",
        "by_kind['new'][0].kids",
        "by_kind['new'][0].by_kind['a']",
    ]
    assert read_json(models.TimesRequest, write_json(request)) == request
    assert mini.module("client").Mini.operations().keys() == spec["operations"].keys()
    for module in ("errors", "waiters", "wire"):
        assert mini.module(module)
