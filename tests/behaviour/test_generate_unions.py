"""Tagged unions: exactly one arm in a request, and any arm in a response."""

from __future__ import annotations

import pickle

import pytest
from minispec import Generate, Mini, one_structure, refusals, sent

from aiobotantic.structure import read_json
from aiobotantic.unions import UnionStructure

SPEC = one_structure(
    {"Source": "Source", "Sources": "Sources"},
    required=["Source"],
    shapes={
        "Source": {
            "union": True,
            "members": {
                "Uri": "String",
                "S3": "S3Source",
                "Arm": "String",
                "IsKnown": "String",
                "Secret": "Secret",
            },
        },
        "Sources": {"member": "Source"},
        "S3Source": {"members": {"Bucket": "String"}, "required": ["Bucket"]},
        "Secret": {"type": "string", "sensitive": True},
    },
)


@pytest.fixture(scope="module")
def mini(generated: Generate) -> Mini:
    return generated(SPEC)


def test_every_arm_is_optional(mini: Mini) -> None:
    source = mini.models.Source

    assert issubclass(source, UnionStructure)
    assert not any(member.is_required() for member in source.model_fields.values())


def test_a_request_has_exactly_one_arm(mini: Mini) -> None:
    source, s3 = mini.models.Source, mini.models.S3Source(bucket="b")

    for fine in (source(uri="u"), source(s3=s3), source(uri=None, arm_="a")):
        assert refusals(mini.models.SendRequest(source=fine)) == []
    assert refusals(mini.models.SendRequest(source=source())) == [
        "source: is a union: exactly one member must be set, not 0"
    ]
    assert refusals(mini.models.SendRequest(source=source(uri="u", s3=s3))) == [
        "source: is a union: exactly one member must be set, not 2"
    ]
    nested = mini.models.SendRequest(source=source(uri="u"), sources=[source(uri="u"), source()])
    assert refusals(nested) == ["sources[1]: is a union: exactly one member must be set, not 0"]


def test_the_arm_is_checked(mini: Mini) -> None:
    request = mini.models.SendRequest(source=mini.models.Source(uri=1))

    assert refusals(request) == ["source.uri = 1: must be a string"]


def test_the_arm_that_is_set_is_told(mini: Mini) -> None:
    source = mini.models.Source

    assert source(uri="u").arm == ("uri", "u")
    assert source(arm_="a").arm == ("arm_", "a")
    assert source(is_known_="a").arm == ("is_known_", "a")
    assert source(uri="u").is_known
    assert (source().arm, source().is_known) == (None, False)


def test_members_may_be_called_like_the_attributes_of_a_union(mini: Mini) -> None:
    response = read_json(mini.models.SendResponse, b'{"Source": {"Arm": "a"}}')

    assert response.source.arm_ == response.source["Arm"] == "a"
    assert sent(mini.models.SendRequest(source=response.source)) == {"Source": {"Arm": "a"}}


def test_an_arm_that_the_model_lacks_is_kept(mini: Mini) -> None:
    body = {"Source": {"Git": {"Ref": "main"}}, "Sources": [{"Uri": "u"}, {"Git": 1}]}
    response = mini.models.SendResponse.model_validate(body)
    source = response.source

    assert (source.arm, source.is_known) == (("Git", {"Ref": "main"}), False)
    assert source["Git"] == {"Ref": "main"}
    assert "Git" in source
    assert (source.uri, source.s3) == (None, None)
    assert response.to_wire() == body
    assert pickle.loads(pickle.dumps(response)) == response


def test_an_arm_that_the_model_lacks_is_sent_again_but_refused_by_the_checks(mini: Mini) -> None:
    source = read_json(mini.models.Source, b'{"Git": 1}')
    request = mini.models.SendRequest(source=source)

    assert sent(request) == {"Source": {"Git": 1}}
    assert refusals(request) == ["source.Git: is not in the model"]


def test_a_type_tag_of_the_service_is_no_arm(mini: Mini) -> None:
    source = read_json(mini.models.Source, b'{"__type": "x#Source", "Uri": "u"}')

    assert (source.arm, source.is_known) == (("uri", "u"), True)


def test_a_response_may_carry_no_arm_or_two(mini: Mini) -> None:
    response = read_json(
        mini.models.SendResponse, b'{"Source": {}, "Sources": [{"Uri": "u", "S3": {}}]}'
    )

    assert response.source.arm is None
    assert response.sources[0].arm == ("uri", "u")


def test_a_sensitive_arm_is_masked(mini: Mini) -> None:
    assert repr(mini.models.Source(secret="hush")) == "Source(secret=***)"
