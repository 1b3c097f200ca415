"""Hypothesis strategies: valid instances of any structure, found by type as well."""

import json
import subprocess
import sys
from datetime import datetime
from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument, NoSuchExample
from limits import SERVICES, refusals, structures

from aiobotantic.bindings import InHeader, InPath
from aiobotantic.constraints import Length, Pattern, Range
from aiobotantic.enums import OpenEnum
from aiobotantic.errors import RequestValidationError
from aiobotantic.structure import Structure
from aiobotantic.testing.patterns import repeated_class
from aiobotantic.unions import UnionStructure
from aiosagemaker.sagemaker.models import (
    AutoMLProblemTypeConfig,
    DescribeEndpointOutput,
    EndpointStatus,
    SearchRequest,
)
from aiosagemaker.sagemaker_runtime.models import InvokeEndpointWithResponseStreamOutput
from aiosagemaker.testing import strategies

SAMPLE = 41
"""Of so many structures of a service an ordinary run tries one."""


class Colour(OpenEnum):
    RED = "red"
    BLUE = "blue"


class Leaf(Structure):
    name: Annotated[str, Length(3, 3)]
    sizes: Annotated[list[Annotated[int, Range(5, 6)]], Length(2, 4)]


class Choice(UnionStructure):
    text: Annotated[str, Length(1, 4)] | None = None
    leaf: Leaf | None = None
    again: "Choice | None" = None


class Tree(Structure):
    leaf: Leaf
    choice: Choice
    share: Annotated[float, Range(0.25, 0.5)]
    moment: datetime | None = None
    blob: Annotated[bytes, Length(100)] | None = None
    colours: Annotated[dict[Colour, Annotated[str, Pattern("[0-9]{4}")]], Length(2)] | None = None
    children: "list[Tree] | None" = None


def examples(strategy: st.SearchStrategy[Any], number: int) -> list[Any]:
    """Return examples of a strategy, the same in each run."""
    found: list[Any] = []

    @settings(
        max_examples=number,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(strategy)
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_structures_keep_their_limits(service: str, request: pytest.FixtureRequest) -> None:
    step = 1 if request.config.getoption("every_structure") else SAMPLE

    broken = {
        cls.__name__: problems
        for cls in structures(service)[::step]
        for value in examples(strategies.from_structure(cls), 3)
        if (problems := refusals(value))
    }

    assert broken == {}


def test_limits_of_every_kind_are_kept() -> None:
    trees = examples(strategies.from_structure(Tree), 60)

    assert [refusals(tree) for tree in trees if refusals(tree)] == []
    assert {tree.choice.arm[0] for tree in trees} == {"text", "leaf", "again"}
    assert {size for tree in trees for size in tree.leaf.sizes} == {5, 6}
    assert {len(tree.leaf.sizes) for tree in trees} == {2, 3, 4}
    for name in ("moment", "blob", "colours", "children"):
        assert {getattr(tree, name) is None for tree in trees} == {True, False}, name
    assert all(colour.is_known for tree in trees for colour in tree.colours or ())


def test_recursion_is_bounded() -> None:
    def depth(value: Any) -> int:
        if isinstance(value, list):
            return max(map(depth, value), default=0)
        return 1 + max(map(depth, vars(value).values()), default=0) if _is_structure(value) else 0

    deepest = max(depth(value) for value in examples(strategies.from_structure(SearchRequest), 100))

    assert 3 <= deepest <= 7


def _is_structure(value: Any) -> bool:
    return isinstance(value, Structure)


def test_fields_can_be_values_and_strategies() -> None:
    strategy = strategies.from_structure(
        DescribeEndpointOutput,
        endpoint_name="e",
        endpoint_status=st.sampled_from([EndpointStatus.FAILED, EndpointStatus.CREATING]),
        failure_reason=None,
    )
    found = examples(strategy, 30)

    assert {each.endpoint_name for each in found} == {"e"}
    assert {each.endpoint_status for each in found} == {"Failed", "Creating"}
    assert {each.failure_reason for each in found} == {None}
    choice = strategies.from_structure(AutoMLProblemTypeConfig, text_classification_job_config=None)
    assert all(each.text_classification_job_config is None for each in examples(choice, 30))
    own = examples(strategies.from_structure(Choice, text="mine"), 5)
    assert {each.arm for each in own} == {("text", "mine")}
    with pytest.raises(RequestValidationError, match=r"endpoint_nam: .*'endpoint_name'"):
        strategies.from_structure(DescribeEndpointOutput, endpoint_nam="e")


def test_what_is_streamed_is_there_at_once() -> None:
    found = examples(strategies.from_structure(InvokeEndpointWithResponseStreamOutput), 20)

    assert {type(each.body) for each in found} == {list}
    assert any(event.payload_part is not None for each in found for event in each.body)


@pytest.mark.parametrize(
    ("pattern", "length"),
    [
        (r"\d+", Length(12, 12)),
        (r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", Length(0, 6)),
        (r"(?!no)[a-z]{2,8}(?<!x)", Length(4)),
        (r"(?=.{1,20}$)arn:aws[a-z\-]*:x/[a-zA-Z0-9]+", Length(1, 20)),
        (r"(\w)(\d)\1\2", Length()),
        (r"[\p{L}\p{N}]*", Length(3, 9)),
        (r"^[\S\s]*$", Length(2, 3)),
        (r"[^ ]{2}", Length()),
        (r"(?>a|ab)c", Length()),
    ],
)
def test_strings_match_their_pattern_and_length(pattern: str, length: Length) -> None:
    cls: type[Structure] = type(
        "Text",
        (Structure,),
        {"__annotations__": {"text": Annotated[str, length, Pattern(pattern)]}},
    )

    found = examples(strategies.from_structure(cls), 40)

    assert [each for each in found if refusals(each)] == []
    assert len({each.text for each in found}) >= (1 if ">" in pattern else 9), found


def test_paths_and_headers_get_what_they_can_hold() -> None:
    class Plain(Structure):
        path: Annotated[str, InPath("Path")]
        header: Annotated[Annotated[str, Length(0, 9), Pattern(r"\p{ASCII}*")], InHeader("X")]

    for each in examples(strategies.from_structure(Plain), 60):
        assert each.path not in ("", ".", "..")
        assert each.header.isprintable() and each.header.isascii() and each.header.strip()


def test_a_pattern_that_no_string_satisfies_names_the_way_out() -> None:
    class Impossible(Structure):
        code: Annotated[str, Length(max=2), Pattern("a{3}b?")]

    with pytest.raises(InvalidArgument, match=r"pattern a\{3\}b\?: pass a strategy of that member"):
        examples(strategies.from_structure(Impossible), 1)
    assert examples(strategies.from_structure(Impossible, code="aaa"), 1)[0].code == "aaa"


def test_one_class_of_characters_is_seen() -> None:
    assert repeated_class("^[0-9]{2,4}$") == (list("0123456789"), 2, 4)
    assert repeated_class(r"\d*") is not None
    for other in ("[0-9]a", "([0-9]a)+", "[0-9", "a|b", ".*"):
        assert repeated_class(other) is None


def test_failures_shrink_to_what_matters() -> None:
    strategy = strategies.from_structure(Tree)

    smallest = find(strategy, lambda tree: tree.blob is not None)

    assert set(smallest.to_wire()) == {"Leaf", "Choice", "Share", "Blob"}
    with pytest.raises(NoSuchExample):
        find(strategy, lambda tree: not tree.leaf.sizes, settings=settings(max_examples=50))


def test_hypothesis_finds_the_strategy_by_type() -> None:
    endpoints = examples(st.from_type(DescribeEndpointOutput), 20)
    leaves = examples(st.from_type(list[Leaf]), 20)

    assert {type(each) for each in endpoints} == {DescribeEndpointOutput}
    assert {type(each) for found in leaves for each in found} == {Leaf}
    assert [each for each in endpoints if refusals(each)] == []
    assert repr(st.from_type(DescribeEndpointOutput)) == "DescribeEndpointOutput()"


@pytest.mark.parametrize("first", ["hypothesis", "aiosagemaker.sagemaker.models"])
def test_hypothesis_imports_no_structures_and_order_does_not_matter(first: str) -> None:
    program = f"""
import json, sys, warnings
import {first}
ours = ("aiobotantic", "aiosagemaker", "pydantic")
loaded = [name for name in sys.modules if name.startswith(ours)]
from aiosagemaker.sagemaker.models import Tag
from hypothesis import strategies as st
warnings.simplefilter("ignore")
print(json.dumps([loaded, st.from_type(Tag).example().to_wire()]))
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    loaded, tag = json.loads(run.stdout)
    assert set(tag) == {"Key", "Value"}
    if first == "hypothesis":
        assert sorted(loaded) == [
            "aiobotantic",
            "aiobotantic._version",
            "aiobotantic.testing",
            "aiobotantic.testing.hypothesis_plugin",
            "aiobotantic.watched",
        ]


def test_without_hypothesis_the_strategies_say_what_is_missing() -> None:
    program = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "from aiosagemaker.testing import build\n"
        "try: from aiosagemaker.testing import strategies\n"
        "except ImportError as error: print(error)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    words = "aiobotantic.testing.strategies needs hypothesis: pip install hypothesis"
    assert run.stdout.strip() == words
