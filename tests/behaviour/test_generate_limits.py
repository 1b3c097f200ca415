"""Limits of requests at their edges, and types of values, as the bytes on the wire show them."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from minispec import Generate, Mini, one_structure, refusals, sent

from aiobotantic.structure import read_json

UTC = UTC

LIMITED = {
    "Name": {"type": "string", "min": 2, "max": 4},
    "Code": {"type": "string", "pattern": "[a-z]+|x\\d"},
    "Anchored": {"type": "string", "pattern": "^a+$"},
    "Anything": {"type": "string", "pattern": ".*"},
    "Repeated": {"type": "string", "pattern": "[\\w-]{2,1000}", "max": 5},
    "RustOnly": {"type": "string", "pattern": "[\\p{L}]+", "min": 1},
    "Lookahead": {"type": "string", "pattern": "(?!aws:)[a-z:]+"},
    "Both": {"type": "string", "pattern": "[a-z]*", "min": 1, "max": 3},
    "Count": {"type": "integer", "min": 1, "max": 3},
    "Long": {"type": "long", "min": -1},
    "Share": {"type": "float", "min": 0, "max": 0.5},
    "Ratio": {"type": "double", "max": 1e300},
    "Names": {"member": "Name", "min": 1, "max": 2},
    "Grid": {"member": "Names", "max": 2},
    "ByName": {"key": "Name", "value": "Count", "min": 1, "max": 2},
    "Kind": {"enum": ["a"], "min": 1, "max": 1, "pattern": "a"},
}
SPEC = one_structure(
    {name: name for name in LIMITED}
    | {
        "Flag": "Boolean",
        "Text": "String",
        "When": "Timestamp",
        "Whole": "Integer",
        "Real": "Double",
    },
    shapes=LIMITED,
)


@pytest.fixture(scope="module")
def mini(generated: Generate) -> Mini:
    return generated(SPEC)


def problems(mini: Mini, **fields: Any) -> list[str]:
    return refusals(mini.models.SendRequest(**fields))


@pytest.mark.parametrize(
    ("field", "accepted", "refused", "problem"),
    [
        ("name", "ab", "a", "name = 'a': must have at least 2 characters"),
        ("name", "abcd", "abcde", "name = 'abcde': must have at most 4 characters"),
        ("name", "\U0001f600" * 4, "\U0001f600", "must have at least 2 characters"),
        ("code", "abc", "ab1", "code = 'ab1': must match the pattern [a-z]+|x\\d as a whole"),
        ("code", "x1", "x12", "must match the pattern [a-z]+|x\\d as a whole"),
        ("code", "abc", "abc\n", "code = 'abc\\n': must match the pattern"),
        ("code", "a", "", "code = '': must match the pattern"),
        ("anchored", "aa", "aa\n", "anchored = 'aa\\n': must match the pattern ^a+$ as a whole"),
        ("anything", "a b", "a\nb", "must match the pattern .* as a whole"),
        ("repeated", "a-", "a", "repeated = 'a': must have at least 2 characters"),
        ("repeated", "a-b_c", "a-b_cd", "must have at most 5 characters"),
        ("repeated", "a-", "a b", "must match the pattern"),
        ("rust_only", "\u00e9", "1", "must match the pattern [\\p{L}]+ as a whole"),
        ("both", "abc", "abcd", "must have at most 3 characters"),
        ("both", "a", "", "must have at least 1 character"),
        ("count", 1, 0, "count = 0: must be at least 1"),
        ("count", 3, 4, "count = 4: must be at most 3"),
        ("long", -1, -2, "long = -2: must be at least -1"),
        ("long", 2**62, -(2**62), "must be at least -1"),
        ("share", 0, -0.001, "share = -0.001: must be at least 0"),
        ("share", 0.5, 0.5001, "share = 0.5001: must be at most 0.5"),
        ("ratio", 1e300, 1.1e300, "must be at most"),
        ("names", ["ab"], [], "names: must have at least 1 entr"),
        ("names", ["ab", "cd"], ["ab"] * 3, "names: must have at most 2 entries, has 3"),
        ("names", ["ab"], ["ab", "a"], "names[1] = 'a': must have at least 2 characters"),
        ("grid", [["ab"], ["ab"]], [["ab"], []], "grid[1]: must have at least 1 entr"),
        ("by_name", {"ab": 1, "cd": 2}, {}, "by_name: must have at least 1 entr"),
        ("by_name", {"ab": 1}, {"ab": 1, "cd": 1, "ef": 1}, "must have at most 2 entries"),
        ("by_name", {"ab": 1}, {"ab": 4}, "by_name['ab'] = 4: must be at most 3"),
        ("by_name", {"ab": 1}, {"a": 1}, "must have at least 2 characters"),
    ],
)
def test_a_limit_holds_at_its_edge(
    mini: Mini, field: str, accepted: object, refused: object, problem: str
) -> None:
    assert problems(mini, **{field: accepted}) == []
    (found,) = problems(mini, **{field: refused})
    assert problem in found
    assert found.startswith(field)


@pytest.mark.parametrize(
    ("field", "accepted", "refused", "problem"),
    [
        ("flag", True, 1, "flag = 1: must be True or False"),
        ("flag", False, "true", "flag = 'true': must be True or False"),
        ("text", "1", 1, "text = 1: must be a string"),
        ("text", "", True, "text = True: must be a string"),
        ("whole", 1, True, "whole = True: must be an integer"),
        ("whole", 1, "1", "whole = '1': must be an integer"),
        ("whole", 1, 1.5, "whole = 1.5: must be an integer"),
        ("whole", -1, 1.0, "whole = 1.0: must be an integer"),
        ("real", 1, True, "real = True: must be a number"),
        ("real", 1.5, "1.5", "real = '1.5': must be a number"),
        ("real", math.nan, "NaN ", "real = 'NaN ': must be a number"),
        ("real", -math.inf, "inf", "real = 'inf': must be a number"),
        ("share", 0.5, math.nan, "share = nan: must be a finite number"),
        ("share", 0.5, math.inf, "share = inf: must be a finite number"),
        ("count", 1, True, "count = True: must be an integer"),
        ("share", 0, False, "share = False: must be a number"),
        ("when", datetime(2020, 1, 1), "yesterday", "must be a number (a datetime where"),
        ("when", datetime(2020, 1, 1, tzinfo=UTC), True, "must be a number (a datetime where"),
        ("names", ("ab",), "ab", "names = 'ab': must be a list"),
        ("names", ["ab"], {"ab": 1}, "names: must be a list"),
        ("names", ["ab"], ["ab", 1], "names[1] = 1: must be a string"),
        ("by_name", {"ab": 1}, ["ab"], "by_name: must be a structure or a mapping"),
    ],
)
def test_a_value_is_of_its_type(
    mini: Mini, field: str, accepted: object, refused: object, problem: str
) -> None:
    assert problems(mini, **{field: accepted}) == []
    (found,) = problems(mini, **{field: refused})
    assert problem in found


def test_every_problem_is_told_at_once(mini: Mini) -> None:
    assert problems(mini, name="a", count=0, names=["a", "ab", "abcde"]) == [
        "name = 'a': must have at least 2 characters",
        "count = 0: must be at least 1",
        "names: must have at most 2 entries, has 3",
    ]


def test_limits_of_an_enum_are_not_checked(mini: Mini) -> None:
    assert problems(mini, kind="something newer") == []


def test_a_pattern_that_rust_cannot_take_is_not_checked(mini: Mini) -> None:
    assert problems(mini, lookahead="aws:x") == []
    assert problems(mini, lookahead=1) == ["lookahead = 1: must be a string"]


def test_limits_are_nothing_to_a_response(mini: Mini) -> None:
    response = read_json(
        mini.models.SendResponse,
        b'{"Name": "far too long", "Code": "1", "Count": 9, "Share": 7, "Names": [], "ByName": {}}',
    )

    assert (response.name, response.count, response.share) == ("far too long", 9, 7)
    assert (response.names, response.by_name) == ([], {})


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (datetime(2020, 1, 1, tzinfo=UTC), 1577836800),
        (datetime(2020, 1, 1), 1577836800),
        (datetime(2020, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), 1577836800),
        (datetime(1960, 1, 1, tzinfo=UTC), -315619200),
        (datetime(2020, 1, 1, 0, 0, 0, 250_000, tzinfo=UTC), 1577836800.25),
        (datetime(3000, 1, 1, tzinfo=UTC), 32503680000),
    ],
)
def test_times_are_seconds_on_the_wire(mini: Mini, given: datetime, seconds: float) -> None:
    request = mini.models.SendRequest(when=given)
    aware = given if given.tzinfo else given.replace(tzinfo=UTC)

    assert sent(request) == {"When": seconds}
    assert refusals(request) == []
    response = read_json(mini.models.SendResponse, b'{"When": %s}' % str(seconds).encode())
    assert response.when == aware
    assert response.when.tzinfo is not None


def test_integers_for_floats_stay_integers_on_the_wire(mini: Mini) -> None:
    assert str(sent(mini.models.SendRequest(real=1, share=0))) == "{'Share': 0, 'Real': 1}"
    assert str(sent(mini.models.SendRequest(real=1.0))) == "{'Real': 1.0}"


def test_a_decimal_is_no_number_of_json(mini: Mini) -> None:
    assert problems(mini, real=Decimal("1.5")) == [
        "real = '1.5': must be a number (a datetime where the argument is a time)"
    ]


def test_a_response_takes_whole_numbers_for_floats_and_floats_without_rest_for_integers(
    mini: Mini,
) -> None:
    response = read_json(mini.models.SendResponse, b'{"Real": 1, "Whole": 2.0, "When": 1}')

    assert (response.real, response.whole) == (1.0, 2)
    assert response.when == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
