"""Structures in both directions: honest when they are read, complete when they are sent."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from minispec import Generate, Mini, one_structure, refusals, sent

from aiobotantic.errors import RequestValidationError
from aiobotantic.structure import read_json

SPEC = one_structure(
    {"Name": "String", "Part": "Part", "Parts": "PartList", "Labels": "Labels", "Count": "Integer"},
    required=["Name", "Part"],
    shapes={
        "Part": {"members": {"Id": "String", "Kind": "Kind", "Note": "String"}, "required": ["Id"]},
        "PartList": {"member": "Part"},
        "Labels": {"key": "String", "value": "String"},
        "Kind": {"enum": ["a", "b"]},
    },
)


@pytest.fixture(scope="module")
def mini(generated: Generate) -> Mini:
    return generated(SPEC)


def make(mini: Mini, **fields: Any) -> Any:
    return mini.models.SendRequest(**{"name": "n", "part": mini.models.Part(id="1")} | fields)


def test_a_request_is_sent_under_names_of_the_wire_without_what_is_absent(mini: Mini) -> None:
    request = make(mini, parts=[mini.models.Part(id="2", kind="b")], labels={"a_b": "c"}, count=0)

    assert refusals(request) == []
    assert sent(request) == {
        "Name": "n",
        "Part": {"Id": "1"},
        "Parts": [{"Id": "2", "Kind": "b"}],
        "Labels": {"a_b": "c"},
        "Count": 0,
    }


def test_empty_lists_maps_and_strings_are_sent(mini: Mini) -> None:
    request = make(mini, name="", parts=[], labels={})

    assert sent(request) == {"Name": "", "Part": {"Id": "1"}, "Parts": [], "Labels": {}}


def test_none_is_not_sent(mini: Mini) -> None:
    assert sent(make(mini, parts=None, count=None)) == {"Name": "n", "Part": {"Id": "1"}}


def test_the_constructor_wants_what_the_model_requires(mini: Mini) -> None:
    with pytest.raises(RequestValidationError) as caught:
        mini.models.SendRequest(parts=[])

    assert str(caught.value) == (
        "SendRequest cannot be made:\n  name: is required\n  part: is required"
    )
    assert [refusal.path for refusal in caught.value.refusals] == ["name", "part"]


def test_the_constructor_refuses_names_that_the_model_lacks(mini: Mini) -> None:
    with pytest.raises(RequestValidationError) as caught:
        make(mini, coun=1, Count=1)

    assert str(caught.value) == (
        "SendRequest cannot be made:"
        "\n  coun: is not in the model; did you mean 'count'?"
        "\n  Count: is not in the model; did you mean 'count'?"
    )


def test_the_constructor_leaves_types_and_limits_to_the_door(mini: Mini) -> None:
    request = make(mini, name=1, count="2")

    assert refusals(request) == ["name = 1: must be a string", "count = '2': must be an integer"]


def test_none_for_a_required_member_is_refused_at_the_door(mini: Mini) -> None:
    assert refusals(make(mini, name=None)) == ["name: is required"]
    assert refusals(make(mini, part=mini.models.Part(id=None))) == ["part.id: is required"]
    assert refusals(make(mini, name=None), wire=True) == ["Name: is required"]


def test_mappings_stand_for_nested_structures_under_names_of_the_wire(mini: Mini) -> None:
    request = make(mini, part={"Id": "1", "Kind": "b"}, parts=[{"Id": "2"}])

    assert request.part == mini.models.Part(id="1", kind="b")
    assert sent(request)["Parts"] == [{"Id": "2"}]
    with pytest.raises(
        RequestValidationError, match=r"Part cannot be made:\n  part\.id: is not in the"
    ):
        make(mini, part={"id": "1"})


def test_a_response_without_anything_reads_as_none(mini: Mini) -> None:
    response = read_json(mini.models.SendResponse, b"{}")

    assert vars(response) == dict.fromkeys(["name", "part", "parts", "labels", "count"])


def test_null_reads_as_none(mini: Mini) -> None:
    response = read_json(mini.models.SendResponse, b'{"Name": null, "Part": {"Id": null}}')

    assert (response.name, response.part.id) == (None, None)


def test_a_shared_structure_lacks_its_required_member_in_a_response(mini: Mini) -> None:
    response = read_json(mini.models.SendResponse, b'{"Parts": [{"Kind": "b"}]}')

    assert response.parts[0].id is None
    assert response.parts[0].kind == "b"


def test_a_structure_of_a_response_is_checked_when_it_is_sent_again(mini: Mini) -> None:
    response = read_json(mini.models.SendResponse, b'{"Parts": [{"Kind": "b"}, {"Id": "1"}]}')

    assert refusals(make(mini, part=response.parts[0])) == ["part.id: is required"]
    assert refusals(make(mini, parts=response.parts)) == ["parts[0].id: is required"]
    assert refusals(make(mini, part=response.parts[1])) == []


def test_a_changed_structure_is_checked_as_it_stands(mini: Mini) -> None:
    request = make(mini)
    request.count = 1
    request.part.id = 2

    assert refusals(request) == ["part.id = 2: must be a string"]
    request.part.id = "2"
    assert sent(request) == {"Name": "n", "Part": {"Id": "2"}, "Count": 1}


def test_members_that_the_model_lacks_are_kept_at_every_level(mini: Mini) -> None:
    body = {
        "Name": "n",
        "Colour": {"Deep": [1, None]},
        "Part": {"Id": "1", "Weight": 1.5},
        "Parts": [{"Id": "2", "__type": "x"}],
    }
    response = read_json(mini.models.SendResponse, json.dumps(body).encode())

    assert response["Colour"] == {"Deep": [1, None]}
    assert "Colour" in response
    assert response.part["Weight"] == 1.5
    assert response.to_wire() == body


def test_they_are_sent_again_and_refused_unless_checks_are_off(mini: Mini) -> None:
    part = read_json(mini.models.Part, b'{"Id": "1", "Weight": 1.5}')
    request = make(mini, part=part)

    assert sent(request)["Part"] == {"Id": "1", "Weight": 1.5}
    assert refusals(request) == ["part.Weight: is not in the model"]


def test_members_are_read_by_their_names_on_the_wire(mini: Mini) -> None:
    response = read_json(mini.models.SendResponse, b'{"Name": "n", "Parts": [{"Id": "1"}]}')

    assert response["Name"] == "n"
    assert response["Parts"][0]["Id"] == "1"
    assert "Name" in response
    for absent in ("Count", "name", "Colour", "__dict__"):
        assert absent not in response
        with pytest.raises(KeyError, match=absent):
            response[absent]
    assert 1 not in response


def test_repr_shows_what_is_set(mini: Mini) -> None:
    response = read_json(mini.models.SendResponse, b'{"Name": "n", "Secret": "x", "Part": {}}')

    assert repr(response) == "SendResponse(name='n', part=Part(), Secret=<not in this model>)"


def test_equality_looks_at_members(mini: Mini) -> None:
    part = mini.models.Part

    assert part(id="1") == part(id="1") == read_json(part, b'{"Id": "1"}')
    assert part(id="1") != part(id="2")
    assert part(id="1") != read_json(part, b'{"Id": "1", "New": 1}')


def test_a_call_is_a_value_that_can_be_pickled(mini: Mini) -> None:
    part = read_json(mini.models.Part, b'{"Id": "1", "Weight": 1.5}')
    request = make(mini, part=part, parts=[mini.models.Part(id="2", kind="new")])

    copy = pickle.loads(pickle.dumps(request))

    assert copy == request
    assert sent(copy) == sent(request)
    assert f"{mini.package}.mini.models".encode() in pickle.dumps(request)
    assert b"_shapes" not in pickle.dumps(request)


@pytest.mark.parametrize(
    "body",
    [b"[]", b'"x"', b"", b'{"Name": 1}', b'{"Parts": {}}', b'{"Count": "many"}', b'{"Part": []}'],
)
def test_another_json_type_is_the_one_thing_that_a_response_fails_for(
    mini: Mini, body: bytes
) -> None:
    with pytest.raises(ValueError, match="SendResponse"):
        read_json(mini.models.SendResponse, body)


def test_recursion(generated: Generate) -> None:
    node = {
        "members": {
            "Kids": "Nodes",
            "ByName": "NodeByName",
            "ByKind": "NodeByKind",
            "Twin": "Node",
            "Kind": "Kind",
        }
    }
    models = generated(
        one_structure(
            {"Root": "Node"},
            required=["Root"],
            shapes={
                "Node": node,
                "Nodes": {"member": "Node", "max": 2},
                "NodeByName": {"key": "String", "value": "Node"},
                "NodeByKind": {"key": "Kind", "value": "Nodes"},
                "Kind": {"enum": ["a"]},
            },
        )
    ).models
    deep = {"Root": {"Kids": [{"Twin": {"ByKind": {"a": [{"ByName": {"x": {"Kind": "new"}}}]}}}]}}

    response = models.SendResponse.from_wire(deep)
    request = models.SendRequest(root=response.root)

    assert response.root.kids[0].twin.by_kind["a"][0].by_name["x"].kind == "new"
    assert response.to_wire() == deep == sent(request)
    assert refusals(request) == []
    request.root.kids[0].twin.kids = [models.Node()] * 3
    assert refusals(request) == ["root.kids[0].twin.kids: must have at most 2 entries, has 3"]


def test_two_structures_that_hold_each_other(generated: Generate) -> None:
    models = generated(
        one_structure(
            {"Egg": "Egg"},
            shapes={
                "Egg": {"members": {"Hens": "Hens"}},
                "Hens": {"member": "Hen"},
                "Hen": {"members": {"Egg": "Egg", "Name": "String"}, "required": ["Egg"]},
            },
        )
    ).models

    request = models.SendRequest(egg=models.Egg(hens=[models.Hen(egg=models.Egg(), name="h")]))

    assert sent(request) == {"Egg": {"Hens": [{"Egg": {}, "Name": "h"}]}}
    assert refusals(request) == []
    assert read_json(models.SendResponse, b'{"Egg": {"Hens": [{}]}}').egg.hens[0].egg is None


def test_a_service_with_camel_case_names(generated: Generate) -> None:
    models = generated(
        one_structure(
            {"petName": "String", "petARN": "String", "Shout": "String", "part": "part"},
            required=["petName"],
            shapes={"part": {"members": {"partId": "String"}}},
        )
    ).models
    body = {"petName": "n", "petARN": "a", "Shout": "s", "part": {"partId": "1"}}

    part = models.Part(part_id="1")
    request = models.SendRequest(pet_name="n", pet_arn="a", shout="s", part=part)

    assert sent(request) == body
    assert refusals(request) == []
    assert models.SendResponse.from_wire(body).to_wire() == body
