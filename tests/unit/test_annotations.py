"""Annotations: what fields and arguments are declared as."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aiobotantic_codegen.ir.names import ClassName, EnumMember, FieldName
from aiobotantic_codegen.ir.service import Enum, Member, Module, Service, Structure
from aiobotantic_codegen.ir.types import Kind, ListOf, MapOf, Ref, Scalar, Value
from aiobotantic_codegen.render.annotations import Annotations, Field

KIND = Enum("Kind", ClassName("Kind"), ((EnumMember("A"), "a"),))
TAG = Structure("Tag", ClassName("Tag_"), (), union=False, sent=True, received=True)
SERVICE = Service(
    name="mini",
    module="mini",
    class_name=ClassName("Mini"),
    full_name="Mini",
    metadata={},
    endpoint_rules={},
    behaviour={},
    operations=(),
    errors=(),
    modules=(Module("common", (KIND, TAG)),),
    camel_case=False,
)
ANNOTATIONS = Annotations(SERVICE)
TEXT = Value(Scalar.STRING)
ENUM = Value(Ref("Kind"))
ENUMS = Value(ListOf(ENUM))
STRUCTURE = Value(Ref("Tag"))


def value(kind: Kind, low: float | None = None, high: float | None = None) -> Value:
    return Value(kind, low, high)


@pytest.mark.parametrize(
    ("given", "plain", "argument"),
    [
        (TEXT, "str", "str"),
        (Value(Scalar.TIMESTAMP), "datetime", "datetime"),
        (Value(Scalar.BLOB), "bytes", "bytes"),
        (ENUM, "Kind", "Kind | str"),
        (STRUCTURE, "Tag_", "Tag_"),
        (Value(ListOf(STRUCTURE)), "list[Tag_]", "Sequence[Tag_]"),
        (ENUMS, "list[Kind]", "Sequence[Kind | str]"),
        (Value(MapOf(TEXT, ENUMS)), "dict[str, list[Kind]]", "Mapping[str, Sequence[Kind | str]]"),
        (
            Value(MapOf(ENUM, STRUCTURE)),
            "dict[Kind, Tag_]",
            "Mapping[Kind, Tag_] | Mapping[str, Tag_]",
        ),
    ],
)
def test_what_is_read_and_what_is_taken(given: Value, plain: str, argument: str) -> None:
    assert ANNOTATIONS.plain(given) == plain
    assert ANNOTATIONS.argument(given) == argument


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (value(Scalar.STRING, 1, 5), "Annotated[str, Length(1, 5)]"),
        (value(Scalar.STRING, 0, 5), "Annotated[str, Length(max=5)]"),
        (value(Scalar.STRING, 2), "Annotated[str, Length(2)]"),
        (value(Scalar.STRING, 0), "str"),
        (value(Scalar.INTEGER, 0), "Annotated[int, Range(0)]"),
        (value(Scalar.FLOAT, -0.5, 1.0), "Annotated[float, Range(-0.5, 1)]"),
        (value(Scalar.BOOLEAN, 1, 2), "bool"),
        (value(Scalar.TIMESTAMP, 1, 2), "datetime"),
        (value(Ref("Kind"), 1, 2), "Kind"),
        (value(Ref("Tag"), 1, 2), "Tag_"),
        (replace(TEXT, pattern='"'), "Annotated[str, Pattern('\"')]"),
        (replace(TEXT, max=3, pattern="a", sensitive=True),
         'Annotated[str, Length(max=3), Pattern("a"), SENSITIVE]'),
        (replace(ENUM, sensitive=True), "Annotated[Kind, SENSITIVE]"),
        (value(ListOf(value(Scalar.STRING, 1)), 1, 2),
         "Annotated[list[Annotated[str, Length(1)]], Length(1, 2)]"),
        (value(MapOf(value(Scalar.STRING, 1), value(Scalar.INTEGER, 0))),
         "dict[Annotated[str, Length(1)], Annotated[int, Range(0)]]"),
    ],
)  # fmt: skip
def test_limits(given: Value, text: str) -> None:
    assert ANNOTATIONS.limited(given, lambda _: False) == text


BOTH = TAG
REQUEST = replace(TAG, received=False)
RESPONSE = replace(TAG, sent=False)
UNION = replace(TAG, union=True)
LIMITED = value(Scalar.STRING, 1)
HIDDEN = Value(ListOf(replace(TEXT, sensitive=True)))


@pytest.mark.parametrize(
    ("owner", "given", "required", "field"),
    [
        (REQUEST, TEXT, True, Field("str")),
        (REQUEST, TEXT, False, Field("str | None", "None")),
        (REQUEST, LIMITED, False, Field("Annotated[str, Length(1)] | None", "None")),
        (REQUEST, ENUM, True, Field("In[Kind, Kind | str]")),
        (REQUEST, ENUM, False, Field("In[Kind | None, Kind | str | None]", "ABSENT")),
        (REQUEST, ENUMS, True, Field("In[list[Kind], Sequence[Kind | str]]")),
        (BOTH, TEXT, True, Field("Required[str]")),
        (BOTH, TEXT, False, Field("str | None", "None")),
        (BOTH, ENUM, True, Field("In[Kind | None, Kind | str]")),
        (BOTH, ENUM, False, Field("In[Kind | None, Kind | str | None]", "ABSENT")),
        (BOTH, STRUCTURE, True, Field("Required[Tag_]")),
        (RESPONSE, TEXT, True, Field("str | None", "None")),
        (RESPONSE, LIMITED, True, Field("str | None", "None")),
        (RESPONSE, ENUM, True, Field("Kind | None", "None")),
        (RESPONSE, HIDDEN, False, Field("Annotated[list[str], SENSITIVE] | None", "None")),
        (REQUEST, HIDDEN, True, Field("list[Annotated[str, SENSITIVE]]")),
        (UNION, TEXT, True, Field("str | None", "None")),
    ],
)
def test_fields(owner: Structure, given: Value, required: bool, field: Field) -> None:
    member = Member("X", FieldName("x"), given, required)

    assert ANNOTATIONS.field(owner, member, None, lambda _: False) == field


def test_a_required_token_is_optional() -> None:
    member = Member("X", FieldName("x"), TEXT, required=True, token=True)

    assert ANNOTATIONS.field(REQUEST, member, None, lambda _: False) == Field("str | None", "None")


@pytest.mark.parametrize(
    ("owner", "given", "required", "text"),
    [
        (REQUEST, TEXT, True, 'Annotated[str, wire_name("XX")]'),
        (REQUEST, TEXT, False, 'Annotated[str | None, wire_name("XX")]'),
        (REQUEST, LIMITED, True, 'Annotated[str, Length(1), wire_name("XX")]'),
        (REQUEST, LIMITED, False,
         'Annotated[Annotated[str, Length(1)] | None, wire_name("XX")]'),
        (BOTH, TEXT, True, 'Required[Annotated[str, wire_name("XX")]]'),
        (BOTH, ENUM, True, 'In[Annotated[Kind | None, wire_name("XX")], Kind | str]'),
        (RESPONSE, TEXT, False, 'Annotated[str | None, wire_name("XX")]'),
    ],
)  # fmt: skip
def test_irregular_names_stand_outermost(
    owner: Structure, given: Value, required: bool, text: str
) -> None:
    member = Member("XX", FieldName("x"), given, required)

    assert ANNOTATIONS.field(owner, member, "XX", lambda _: False).annotation == text


@pytest.mark.parametrize(
    ("given", "required", "text"),
    [
        (STRUCTURE, True, 'Required["Tag_"]'),
        (STRUCTURE, False, '"Tag_ | None"'),
        (Value(ListOf(STRUCTURE)), False, 'list["Tag_"] | None'),
        (
            Value(MapOf(ENUM, STRUCTURE)),
            True,
            'In[dict[Kind, "Tag_"] | None, Mapping[Kind, "Tag_"] | Mapping[str, "Tag_"]]',
        ),
    ],
)
def test_what_stands_below_its_use_is_quoted(given: Value, required: bool, text: str) -> None:
    member = Member("X", FieldName("x"), given, required)

    assert ANNOTATIONS.field(BOTH, member, None, lambda wire: wire == "Tag").annotation == text
