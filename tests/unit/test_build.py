"""`build`: valid, deterministic instances of any structure class."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import pytest
from limits import SERVICES, refusals, structures

from aiobotantic.constraints import Length, Pattern, Range
from aiobotantic.enums import OpenEnum
from aiobotantic.errors import RequestValidationError
from aiobotantic.structure import Request, Structure
from aiobotantic.testing.build import BuildError, build
from aiobotantic.testing.json_values import encode
from aiobotantic.testing.patterns import matching
from aiobotantic.testing.words import kebab
from aiobotantic.unions import UnionStructure
from aiosagemaker.sagemaker import models
from aiosagemaker.sagemaker_runtime.models import InvokeEndpointInput
from aiosagemaker.sagemakertrainingsessionruntime.models import AdamParamsConfig

SPEC = Path(__file__).parents[2] / "specs" / "sagemaker" / "service-2.json"


class Colour(OpenEnum):
    RED = "red"
    BLUE = "blue"


class Leaf(Structure):
    name: Annotated[str, Length(3, 3)]
    sizes: Annotated[list[Annotated[int, Range(5, 5)]], Length(2, 4)]


class Choice(UnionStructure):
    text: Annotated[str, Length(1, 4)] | None = None
    leaf: Leaf | None = None
    again: "Choice | None" = None


class Tree(Request["Tree"]):
    leaf: Leaf
    choice: Choice
    share: Annotated[float, Range(0.25, 0.5)]
    flag: bool | None = None
    moment: datetime | None = None
    blob: Annotated[bytes, Length(100)] | None = None
    colours: Annotated[dict[Colour, Annotated[str, Pattern("[0-9]{4}")]], Length(2)] | None = None
    labels: Annotated[dict[Annotated[str, Length(2, 9)], str], Length(3, 3)] | None = None
    children: "list[Tree] | None" = None


@pytest.mark.parametrize("optional", [True, False])
@pytest.mark.parametrize("service", SERVICES)
def test_every_structure_of_every_service_builds_and_keeps_its_limits(
    service: str, optional: bool
) -> None:
    broken = {
        cls.__name__: found
        for cls in structures(service)
        if (found := refusals(build(cls, seed=2, optional=optional)))
    }

    assert broken == {}


def test_all_structures_are_tried() -> None:
    counted = {service: len(structures(service)) for service in SERVICES}

    assert len(counted) == 10
    assert counted["sagemaker"] > 1500
    assert all(count >= 4 for count in counted.values()), counted


def test_what_breaks_a_limit_is_seen_in_every_part() -> None:
    invocation = build(InvokeEndpointInput)
    assert refusals(invocation) == []
    invocation.body = bytes(6291457)
    invocation.target_model = ""

    assert refusals(invocation) == [
        "body has 6291457 bytes or characters: at most 6291456",
        "TargetModel = '': must have at least 1 characters",
    ]
    assert refusals(build(Tree, leaf=Leaf(name="four", sizes=[5, 5]))) == [
        "Leaf.Name = 'four': must have at most 3 characters"
    ]


def test_limits_of_every_kind_are_kept() -> None:
    tree = build(Tree, seed=1)

    assert refusals(tree) == []
    assert len(tree.leaf.name) == 3
    assert tree.leaf.sizes == [5, 5]
    assert 0.25 <= tree.share <= 0.5
    assert tree.moment is not None and tree.moment.tzinfo is UTC
    assert tree.blob is not None and len(tree.blob) >= 100
    assert tree.colours is not None and set(tree.colours) == {Colour.RED, Colour.BLUE}
    assert all(re.fullmatch("[0-9]{4}", value) for value in tree.colours.values())
    assert tree.labels is not None and len(tree.labels) == 3


def test_optional_members_can_be_left_out() -> None:
    tree = build(Tree, optional=False)

    assert set(tree.to_wire()) == {"Leaf", "Choice", "Share"}


def test_recursion_ends_where_a_member_may_be_absent() -> None:
    tree = build(Tree)
    search = build(models.SearchRequest)

    assert not tree.children
    assert search.search_expression is not None
    assert not search.search_expression.sub_expressions


def test_a_union_has_one_member() -> None:
    arms = {build(Choice, seed=seed).arm[0] for seed in range(20)}  # type: ignore[index]

    assert arms == {"text", "leaf"}
    assert all(len(build(Choice, seed=seed).to_wire()) == 1 for seed in range(20))


def test_the_member_of_a_union_can_be_chosen() -> None:
    assert build(Choice, text="mine").to_wire() == {"Text": "mine"}


def test_overrides_are_taken_as_they_are() -> None:
    leaf = Leaf(name="own", sizes=[1])

    tree = build(Tree, leaf=leaf, flag=None, colours={"red": "no pattern"})

    assert tree.leaf is leaf
    assert tree.flag is None
    assert tree.colours == {Colour.RED: "no pattern"}


def test_an_unknown_override_is_refused() -> None:
    with pytest.raises(RequestValidationError, match=r"laef: is not in the model.*'leaf'"):
        build(Tree, laef=Leaf(name="own", sizes=[]))
    with pytest.raises(RequestValidationError, match="laef: is not in the model"):
        build(Tree, laef=None)


def test_the_same_seed_gives_the_same_instance_in_any_process() -> None:
    program = (
        "from aiosagemaker.sagemaker import models\n"
        "from aiobotantic.testing.build import build\n"
        "from aiobotantic.testing.json_values import encode\n"
        "print(encode(build(models.CreateTrainingJobRequest, seed='s').to_wire()).decode())"
    )

    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }

    here = encode(build(models.CreateTrainingJobRequest, seed="s").to_wire()).decode()
    assert outputs == {here}


def test_another_seed_gives_another_instance() -> None:
    cls = models.CreateNotebookInstanceInput

    built = {encode(build(cls, seed=seed).to_wire()) for seed in range(10)}

    assert len(built) == 10


def test_a_member_more_changes_no_other_value() -> None:
    def thing(**members: type) -> dict[str, Any]:
        cls: type[Structure] = type("Thing", (Structure,), {"__annotations__": members})
        return build(cls).to_wire()

    old, new = thing(size=int, first_name=str), thing(size=int, weight=int, first_name=str)

    assert old == {name: value for name, value in new.items() if name != "Weight"}


def test_names_give_plausible_values() -> None:
    notebook = build(models.DescribeNotebookInstanceOutput, seed=7)

    assert notebook.notebook_instance_arn is not None
    assert re.fullmatch(
        "arn:aws:sagemaker:us-east-1:[0-9]{12}:notebook-instance/notebook-instance-[0-9a-f]{8}",
        notebook.notebook_instance_arn,
    )
    assert notebook.role_arn is not None and notebook.role_arn.startswith("arn:aws:iam::")
    assert notebook.url is not None and notebook.url.startswith("https://")
    assert notebook.creation_time is not None and notebook.last_modified_time is not None
    assert notebook.creation_time < notebook.last_modified_time


def test_a_pattern_that_no_string_satisfies_is_an_error_that_names_the_way_out() -> None:
    class Impossible(Structure):
        code: Annotated[str, Length(max=2), Pattern("a{3}")]

    with pytest.raises(BuildError) as caught:
        build(Impossible)

    assert str(caught.value) == (
        "cannot build Impossible: no string was found for Code, pattern a{3}. "
        "Pass the value of that member to build() instead."
    )
    assert build(Impossible, code="aaa").code == "aaa"


def test_a_pattern_that_requests_do_not_check_is_satisfied_too() -> None:
    class Looking(Structure):
        code: Annotated[str, Pattern("(?!no)[a-z]{2,8}(?<!x)"), Length(4)]

    for seed in range(50):
        code = build(Looking, seed=seed).code
        assert re.fullmatch("(?!no)[a-z]{2,8}(?<!x)", code)
        assert len(code) >= 4


@pytest.mark.parametrize(
    "pattern",
    [
        r"(\w)(\d)\1\2",
        r"(a|bc|def){3}",
        r"[^a-zA-Z0-9]+",
        r"x(?:y{2,3}|z)?",
        r"((25[0-5]|(2[0-4]|1\d|[1-9]|)\d)\.?\b){4}",
        r"(?i:abc)[\s\S]",
        r"\d{4}-\d{2}",
        r"[\]\-\\^]{2}",
    ],
)
def test_strings_match_patterns_of_every_form(pattern: str) -> None:
    for seed in range(20):
        string = matching(pattern, seed=seed)
        assert string is not None
        assert re.fullmatch(pattern, string)


def test_every_pattern_of_a_large_service_is_satisfied() -> None:
    shapes = json.loads(SPEC.read_text("utf-8"))["shapes"].values()
    limits = {
        (shape["pattern"], Length(shape.get("min"), shape.get("max")))
        for shape in shapes
        if "pattern" in shape
    }

    found = {limit: matching(*limit) for limit in limits}

    assert [limit for limit, string in found.items() if string is None] == []
    assert len(found) > 300
    # Python's engine is asked as well, where it takes the pattern: it had no part in most checks.
    for (pattern, length), string in found.items():
        assert string is not None
        assert (length.min or 0) <= len(string) <= (length.max or len(string))
        if compiled := python_compiled(pattern):
            assert compiled.fullmatch(string), pattern


def python_compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except re.error:
        return None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("NotebookInstance", "notebook-instance"),
        ("AutoMLJobV2Arn", "auto-ml-job-v2-arn"),
        ("DestinationS3Uri", "destination-s3-uri"),
        ("VolumeSizeInGB", "volume-size-in-gb"),
        ("endpointName", "endpoint-name"),
    ],
)
def test_words_of_a_name(name: str, expected: str) -> None:
    assert kebab(name) == expected


def test_numbers_that_are_rounded_keep_their_limits() -> None:
    for seed in range(5_000):
        made = build(AdamParamsConfig, seed=seed)
        assert made.beta1 is None or 0 <= made.beta1 <= 0.999999
