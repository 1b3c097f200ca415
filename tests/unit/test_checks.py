"""Limits, checked on the bytes that are sent: what is refused, and how a refusal reads."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pytest
from pydantic_core import SchemaValidator, ValidationError
from pydantic_core import core_schema as cs
from sample_service.workshop.models import (
    CreateJobInput,
    CreateMachineInput,
    JobSource,
    ScriptSource,
    StepCondition,
    Tag,
)

from aiobotantic.checks import Refusal, check, pattern_schema
from aiobotantic.constraints import Length, Pattern, Range
from aiobotantic.structure import Request, Structure, write_json


class Limits(Request["EmptyOutput"]):
    blob: Annotated[bytes, Length(2, 3)] | None = None
    floats: Annotated[list[Annotated[float, Range(None, 1.5)]], Length(1)] | None = None
    names: dict[Annotated[str, Length(max=3)], Annotated[str, Length(max=2)]] | None = None
    flag: bool | None = None
    unchecked: Annotated[str, Length(max=5), Pattern(r"(?!x)y")] | None = None
    many: Annotated[str, Pattern(r"[a-z]{0,4096}")] | None = None
    nested: list[list[Tag]] | None = None


def refusals(request: Structure, *, wire: bool = False) -> list[str]:
    return [str(refusal) for refusal in check(type(request), write_json(request), wire=wire)]


def machine(**more: Any) -> list[str]:
    return refusals(CreateMachineInput(**{"machine_name": "m", "machine_kind": "x", **more}))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, []),
        ({"volume_size_in_gb": 5}, []),
        ({"volume_size_in_gb": 16384}, []),
        ({"volume_size_in_gb": 4}, ["volume_size_in_gb = 4: must be at least 5"]),
        ({"volume_size_in_gb": 16385}, ["volume_size_in_gb = 16385: must be at most 16384"]),
        ({"volume_size_in_gb": True}, ["volume_size_in_gb = True: must be an integer"]),
        ({"volume_size_in_gb": "5"}, ["volume_size_in_gb = '5': must be an integer"]),
        ({"volume_size_in_gb": 5.5}, ["volume_size_in_gb = 5.5: must be an integer"]),
        ({"speeds": [1, 0.5]}, []),
        ({"speeds": [0.4]}, ["speeds[0] = 0.4: must be at least 0.5"]),
        ({"speeds": [float("nan")]}, ["speeds[0] = nan: must be a finite number"]),
        ({"speeds": [1] * 4}, ["speeds: must have at most 3 entries, has 4"]),
        ({"speeds": 1}, ["speeds = 1: must be a list"]),
        ({"start_time": "now"}, ["start_time = 'now': must be a number (a datetime where the "
                                 "argument is a time)"]),
        ({"machine_name": "m "}, ["machine_name = 'm ': must match the pattern "
                                  "[a-zA-Z0-9](-*[a-zA-Z0-9])* as a whole"]),
        ({"machine_name": "m\n"}, ["machine_name = 'm\\n': must match the pattern "
                                   "[a-zA-Z0-9](-*[a-zA-Z0-9])* as a whole"]),
        ({"machine_name": 7}, ["machine_name = 7: must be a string"]),
        ({"machine_name": None}, ["machine_name: is required"]),
        ({"spares": {"lathe.small": -1}}, ["spares['lathe.small'] = -1: must be at least 0"]),
        ({"tags": [Tag(key="")]}, ["tags[0].key = '': must have at least 1 characters"]),
        ({"tags": [{"Key": "k"}]}, []),
        ({"tags": ["k"]}, ["tags[0]: must be a structure or a mapping"]),
    ],
)  # fmt: skip
def test_limits(fields: dict[str, Any], expected: list[str]) -> None:
    assert machine(**fields) == expected


def test_unknown_enum_values_pass() -> None:
    assert machine(machine_kind="a kind of tomorrow") == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"blob": b"xx"}, []),
        ({"blob": b"x"}, ["blob = 'eA==': must have 2 to 3 bytes, has 1"]),
        ({"blob": "xxxx"}, ["blob = 'eHh4eA==': must have 2 to 3 bytes, has 4"]),
        ({"blob": 7}, ["blob = 7: must be bytes"]),
        ({"floats": [1.5]}, []),
        ({"floats": []}, ["floats: must have at least 1 entries, has 0"]),
        ({"floats": [True]}, ["floats[0] = True: must be a number (a datetime where the argument "
                              "is a time)"]),
        ({"names": {"k": "vv"}}, []),
        ({"names": {"k": "vvv"}}, ["names['k'] = 'vvv': must have at most 2 characters"]),
        ({"names": {"long": "v"}}, ["names['long'] = 'long': must have at most 3 characters"]),
        ({"flag": 1}, ["flag = 1: must be True or False"]),
        ({"unchecked": "anything"}, ["unchecked = 'anything': must have at most 5 characters"]),
        ({"unchecked": "any"}, []),
        ({"many": "a" * 4096}, []),
        ({"many": "A"}, ["many = 'A': must match the pattern [a-z]* as a whole"]),
        ({"nested": [[Tag(key="k")], [Tag(key="")]]},
         ["nested[1][0].key = '': must have at least 1 characters"]),
    ],
)  # fmt: skip
def test_more_limits(fields: dict[str, Any], expected: list[str]) -> None:
    assert refusals(Limits(**fields)) == expected


def test_a_long_repeat_becomes_a_length() -> None:
    (refusal,) = refusals(Limits(many="a" * 4097))

    assert refusal.startswith("many = 'aaaa")
    assert refusal.endswith("...: must have at most 4096 characters")


def test_paths_read_as_the_caller_wrote_them() -> None:
    request = CreateMachineInput(
        machine_name="m", machine_kind="x", volume_size_in_gb=1, tags=[Tag(key="", value="v")]
    )

    assert refusals(request, wire=True) == [
        "VolumeSizeInGB = 1: must be at least 5",
        "Tags[0].Key = '': must have at least 1 characters",
    ]


def test_a_union_has_exactly_one_member() -> None:
    both = JobSource(image_uri="i", script=ScriptSource(text="t"))

    for source, count in ((both, 2), (JobSource(), 0)):
        assert refusals(CreateJobInput(job_name="j", source=source)) == [
            f"source: is a union: exactly one member must be set, not {count}"
        ]


def test_limits_hold_in_recursive_structures() -> None:
    deep = StepCondition(all_of=[StepCondition(all_of=[StepCondition(name="far too long")])])
    request = CreateJobInput(job_name="j", source=JobSource(image_uri="i"), condition=deep)

    assert refusals(request) == [
        "condition.all_of[0].all_of[0].name = 'far too long': must have at most 8 characters"
    ]


def test_what_was_changed_after_it_was_made_is_checked() -> None:
    request = CreateMachineInput(machine_name="m", machine_kind="x", tags=[Tag(key="k")])
    assert request.tags is not None
    request.tags[0].key = ""

    assert refusals(request) == ["tags[0].key = '': must have at least 1 characters"]


def test_a_refusal_never_shows_what_is_sensitive() -> None:
    request = CreateJobInput(
        job_name="j",
        source=JobSource(script=ScriptSource(text="", timeout_in_seconds=0)),
        password="hush",
    )

    assert refusals(request) == [
        "source.script.text = ***: must have at least 1 characters",
        "source.script.timeout_in_seconds = 0: must be at least 1",
        "password = ***: must have at least 8 characters",
    ]


def test_a_member_that_the_model_lacks_is_named_and_not_shown() -> None:
    body = json.dumps({"JobName": "j", "Source": {"ImageUri": "i"}, "NewSecret": "hush"}).encode()

    assert [str(each) for each in check(CreateJobInput, body, wire=False)] == [
        "NewSecret: is not in the model"
    ]


def test_a_refusals_limit_leaves_positions_out() -> None:
    for path, limit in [
        ("tags[17].key", "tags[].key"),
        ("spares['a.b']", "spares[]"),
        ("spares['a]'][0][1].key", "spares[][][].key"),
        ("name", "name"),
    ]:
        assert Refusal(path, "must ...", "too_short", "").limit == (limit, "too_short")


@pytest.mark.parametrize(
    ("pattern", "fits", "misfits"),
    [
        ("a|b", ["a", "b"], ["ab", "xa", "b\n"]),
        ("^a+$", ["a", "aa"], ["a\n", "ba"]),
        (r"[\w-]{1,3}", ["a-b"], ["", "abcd"]),
        (".{2,3}", ["ab"], ["a", "abcd"]),
        (r"\d{2,2}", ["12"], ["1", "123"]),
    ],
)
def test_patterns_match_as_a_whole(pattern: str, fits: list[str], misfits: list[str]) -> None:
    constraints = pattern_schema(pattern)
    assert constraints is not None
    validator = SchemaValidator(cs.str_schema(**constraints))

    for text in fits:
        assert validator.validate_python(text) == text
    for text in misfits:
        with pytest.raises(ValidationError):
            validator.validate_python(text)


@pytest.mark.parametrize("pattern", [r"(?!x)y", r"(?<=a)b", r"(a)\1", "["])
def test_a_pattern_that_rust_cannot_take_is_none(pattern: str) -> None:
    assert pattern_schema(pattern) is None
