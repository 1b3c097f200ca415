"""Requests that are written in one pass: the bytes and the refusals of the long way."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from random import Random
from typing import Annotated, Any

import pytest
from pydantic_core import PydanticSerializationError

from aiobotantic.checks import check, check_bytes
from aiobotantic.constraints import Length, Range
from aiobotantic.errors import AioBotanticError
from aiobotantic.operation import Operation
from aiobotantic.structure import EmptyOutput, Request, Structure, write_json
from aiobotantic.testing.build import BuildError, build
from aiobotantic.unions import UnionStructure
from aiobotantic.values import ISO8601, RFC822, UNIX_TIME
from aiobotantic.wire_requests import write_members
from aiosagemaker import SageMaker
from aiosagemaker.sagemaker import models
from aiosagemaker.sagemaker.models import InstanceType, Tag

OPERATIONS = SageMaker.operations()
CHANGES_OF_AN_OPERATION = 15


class Arm(UnionStructure):
    left: str | None = None
    right: int | None = None


class Kinds(Request[EmptyOutput]):
    number: Annotated[float, Range(-1, 1.5)] | None = None
    free_number: float | None = None
    whole: Annotated[int, Range(0, 9)] | None = None
    flag: bool | None = None
    text: Annotated[str, Length(1, 3)] | None = None
    kind: InstanceType | None = None
    blob: Annotated[bytes, Length(1, 3)] | None = None
    time: datetime | None = None
    iso_time: Annotated[datetime, ISO8601] | None = None
    mail_time: Annotated[datetime, RFC822] | None = None
    unix_time: Annotated[datetime, UNIX_TIME] | None = None
    items: list[Tag] | None = None
    holes: list[str | None] | None = None
    by_name: dict[str, Annotated[str, Length(max=2)]] | None = None
    arm: Arm | None = None


class Anything(Request[EmptyOutput]):
    document: Any | None = None


def the_long_way(cls: type[Structure], members: Any) -> bytes | None:
    """Return the bytes that building, writing and checking let through; None if they do not."""
    try:
        request = cls.from_wire(members)
        body = write_json(request)
    except (AioBotanticError, PydanticSerializationError):
        return None
    return None if check_bytes(request, wire=True) or check(cls, body, wire=True) else body


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"Number": 1, "FreeNumber": 7},
        {"Number": 1.5, "FreeNumber": 1e300, "Whole": 0, "Flag": False},
        {"Text": "ä€", "Kind": "ml.p4d.24xlarge"},
        {"Kind": "ml.of.tomorrow"},
        {"Kind": InstanceType.ML_P4D_24XLARGE, "Text": InstanceType("ml")},
        {"Blob": b"\xff\xfe"},
        {"Time": datetime(2024, 5, 6, 7, 8, 9, 123456, UTC)},
        {"Time": datetime(1969, 1, 1), "IsoTime": datetime(2024, 1, 1)},
        {"Time": "2024-01-01T00:00:00+02:00", "MailTime": datetime(2024, 1, 1, tzinfo=UTC)},
        {"UnixTime": datetime(2024, 1, 1, tzinfo=UTC)},
        {"UnixTime": datetime(2024, 1, 1, 0, 0, 0, 500_000, UTC)},
        {"Items": [{"Key": "k", "Value": ""}, {"Key": "k2", "Value": "v"}], "Holes": ["a", None]},
        {"Items": [], "ByName": {}},
        {"ByName": OrderedDict(b="2", a="1")},
        {"Arm": {"Right": 5}},
    ],
)
def test_plain_values_are_written_at_once(members: dict[str, Any]) -> None:
    body = write_members(Kinds, members)
    assert body is not None
    assert body == the_long_way(Kinds, members)


@pytest.mark.parametrize(
    "members",
    [
        {"Number": 2},
        {"Number": float("nan")},
        {"FreeNumber": float("inf")},
        {"FreeNumber": True},
        {"FreeNumber": "1"},
        {"Whole": True},
        {"Whole": 10},
        {"Whole": 1.0},
        {"Flag": 1},
        {"Text": ""},
        {"Text": b"x"},
        {"Text": "\ud800"},
        {"Kind": b"ml.m5.large"},
        {"Kind": 7},
        {"Blob": b"four"},
        {"Blob": "abc"},
        {"Blob": bytearray(b"abc")},
        {"Time": "yesterday"},
        {"Time": date(2024, 1, 1)},
        {"Time": 1700000000},
        {"Items": [{"Key": "k"}, {"Value": "v"}]},
        {"Items": [Tag(key="k", value="v")]},
        {"Items": ({"Key": "k", "Value": "v"},)},
        {"Items": [None]},
        {"ByName": {"a": None}},
        {"ByName": {1: "a"}},
        {"Arm": {}},
        {"Arm": {"Left": "a", "Right": 1}},
        {"Arm": {"Left": None, "Right": 1}},
        {"Arm": Arm(left="a")},
        {"Text": None},
        {"Unknown": 1},
        {"text": "snake"},
    ],
)
def test_what_is_no_plain_value_is_left_to_the_long_way(members: dict[str, Any]) -> None:
    assert write_members(Kinds, members) is None


def test_documents_are_left_to_the_long_way() -> None:
    assert write_members(Anything, {}) is None


def test_values_that_hold_themselves_are_left_to_the_long_way() -> None:
    members: dict[str, Any] = {"Resource": "Endpoint", "SearchExpression": {}}
    members["SearchExpression"]["SubExpressions"] = [members["SearchExpression"]]
    assert write_members(models.SearchRequest, members) is None


@pytest.mark.parametrize("optional", [True, False], ids=["all members", "required ones"])
def test_each_operation_is_written_at_once(optional: bool) -> None:
    left = {}
    for name, operation in OPERATIONS.items():
        members = valid_members(operation, optional=optional)
        if members is None:
            continue
        body = write_members(operation.request_class, members)
        if body is None or body != the_long_way(operation.request_class, members):
            left[name] = body
    assert left == {}


def test_changed_members_of_each_operation_end_as_on_the_long_way() -> None:
    """One value is another: most break something, and some do not."""
    taken = refused = 0
    for name, operation in OPERATIONS.items():
        members = valid_members(operation, optional=True)
        if not members:
            continue
        random = Random(name)
        for _ in range(CHANGES_OF_AN_OPERATION):
            changed = copy.deepcopy(members)
            holder, key = random.choice(list(places(changed)))
            holder[key] = random.choice(ODD_VALUES)
            body = write_members(operation.request_class, changed)
            if body is None:
                refused += 1
                continue
            taken += 1
            assert body == the_long_way(operation.request_class, changed), (name, key, holder[key])
    assert refused > taken > CHANGES_OF_AN_OPERATION


def test_a_name_that_is_not_in_the_model_is_seen_at_every_depth() -> None:
    refused = 0
    for name, operation in OPERATIONS.items():
        members = valid_members(operation, optional=True)
        if not members:
            continue
        changed = copy.deepcopy(members)
        for holder in (changed, *(h[k] for h, k in places(changed) if isinstance(h[k], dict))):
            holder["Colour"] = "blue"  # a map may have it
            body = write_members(operation.request_class, changed)
            assert body == the_long_way(operation.request_class, changed), name
            refused += body is None
            del holder["Colour"]
    assert refused > 1_000


def valid_members(operation: Operation[Any], *, optional: bool) -> dict[str, Any] | None:
    """Return members that keep every limit; None where a pattern has no made-up string."""
    try:
        return build(operation.request_class, optional=optional).to_wire()
    except BuildError:
        return None


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place within a value, as what holds it and its key there."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in list(entries):
        yield value, key
        if isinstance(each, (dict, list)):
            yield from places(each)


ODD_VALUES: list[Any] = [
    *(None, True, 0, -1, 5, 10**30, 0.5, float("nan"), "", "a", "a-1", "a\n", "x" * 5000, b"b"),
    *([], {}, ["a"], {"a": "b"}, [None], {"Key": "k", "Value": "v"}, Tag(key="k", value="v")),
    *(
        datetime(2024, 1, 1, tzinfo=UTC),
        "2024-01-01",
        InstanceType.ML_M4_XLARGE,
        "\udfff",
        object(),
    ),
]
