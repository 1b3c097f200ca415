"""Open enums: what the model lists are constants, and tomorrow's value is no error."""

from __future__ import annotations

import pickle
from enum import StrEnum

import pytest
from minispec import Generate, Mini, one_structure, refusals, sent

from aiobotantic.structure import read_json

SIZES = {"enum": ["ml.t2.medium", "InService", "1x", "None", "lambda", "mro", "", "*", "+"]}
SPEC = one_structure(
    {"Size": "Size", "Sizes": "SizeList", "BySize": "CountBySize", "Named": "SizeByName"},
    shapes={
        "Size": SIZES,
        "SizeList": {"member": "Size"},
        "CountBySize": {"key": "Size", "value": "Integer"},
        "SizeByName": {"key": "String", "value": "Size"},
    },
)


@pytest.fixture(scope="module")
def mini(generated: Generate) -> Mini:
    return generated(SPEC)


def test_values_are_constants_in_the_order_of_the_model(mini: Mini) -> None:
    size = mini.models.Size

    assert issubclass(size, StrEnum)
    assert [(member.name, member.value) for member in size] == [
        ("ML_T2_MEDIUM", "ml.t2.medium"),
        ("IN_SERVICE", "InService"),
        ("VALUE_1X", "1x"),
        ("NONE", "None"),
        ("LAMBDA", "lambda"),
        ("MRO_", "mro"),
        ("EMPTY", ""),
        ("ASTERISK", "*"),
        ("PLUS_SIGN", "+"),
    ]


def test_a_value_that_the_model_lists_is_known(mini: Mini) -> None:
    assert mini.models.Size("ml.t2.medium") is mini.models.Size.ML_T2_MEDIUM
    assert mini.models.Size.ML_T2_MEDIUM.is_known


def test_another_value_is_a_member_that_equals_its_string(mini: Mini) -> None:
    unknown = mini.models.Size("ml.p9.huge")

    assert isinstance(unknown, mini.models.Size)
    assert unknown == "ml.p9.huge"
    assert str(unknown) == f"{unknown}" == "ml.p9.huge"
    assert (unknown.name, unknown.value) == ("ml.p9.huge", "ml.p9.huge")
    assert not unknown.is_known
    assert hash(unknown) == hash("ml.p9.huge")
    assert unknown == mini.models.Size("ml.p9.huge")
    assert unknown not in list(mini.models.Size)


def test_a_value_that_is_named_like_a_constant_is_unknown(mini: Mini) -> None:
    unknown = mini.models.Size("ML_T2_MEDIUM")

    assert unknown == "ML_T2_MEDIUM"
    assert not unknown.is_known


def test_only_strings_are_values(mini: Mini) -> None:
    with pytest.raises(ValueError, match="1 is not a valid Size"):
        mini.models.Size(1)


def test_a_response_reads_as_members_known_or_not(mini: Mini) -> None:
    response = read_json(
        mini.models.SendResponse,
        b'{"Size": "ml.p9.huge", "Sizes": ["InService", "new"], "BySize": {"*": 1, "new": 2},'
        b' "Named": {"a": "None", "b": "new"}}',
    )
    size = mini.models.Size

    assert (response.size, response.size.is_known) == ("ml.p9.huge", False)
    assert response.sizes == [size.IN_SERVICE, size("new")]
    assert response.by_size == {size.ASTERISK: 1, size("new"): 2}
    assert response.by_size["new"] == 2
    assert response.named == {"a": size.NONE, "b": size("new")}
    assert all(isinstance(key, size) for key in response.by_size)
    assert all(isinstance(value, size) for value in response.named.values())


def test_a_response_round_trips(mini: Mini) -> None:
    body = {"Size": "new", "Sizes": ["new", "InService"], "BySize": {"new": 2}, "Named": {"a": "x"}}
    response = mini.models.SendResponse.from_wire(body)

    assert response.to_wire() == body
    assert type(response.to_wire()["Size"]) is str
    assert [type(key) for key in response.to_wire()["BySize"]] == [str]


def test_a_request_takes_members_strings_and_members_that_came_out_of_a_response(
    mini: Mini,
) -> None:
    size = mini.models.Size
    request = mini.models.SendRequest(
        size=size("ml.p9.huge"),
        sizes=[size.IN_SERVICE, "new"],
        by_size={size.ASTERISK: 1, "new": 2},
        named={"a": "new", "b": size.NONE},
    )

    assert isinstance(request.sizes[1], size)
    assert refusals(request) == []
    assert sent(request) == {
        "Size": "ml.p9.huge",
        "Sizes": ["InService", "new"],
        "BySize": {"*": 1, "new": 2},
        "Named": {"a": "new", "b": "None"},
    }


@pytest.mark.parametrize("value", [1, True, ["InService"], {"a": "b"}])
def test_a_request_refuses_what_is_no_string(mini: Mini, value: object) -> None:

    (problem,) = refusals(mini.models.SendRequest(size=value))

    assert problem.startswith("size")
    assert problem.endswith("must be a string")


def test_members_known_or_not_can_be_pickled(mini: Mini) -> None:
    size = mini.models.Size

    assert pickle.loads(pickle.dumps(size.IN_SERVICE)) is size.IN_SERVICE
    unknown = pickle.loads(pickle.dumps(size("new")))
    assert (unknown, type(unknown), unknown.is_known) == ("new", size, False)
