"""Changes that AWS made: what the difference of two models says of each.

The models are cut to the operations that a change reaches (tests/pairs); `nox -s pairs` says the
same of the whole ones.
"""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest
from pairs.cut import FACTS, PAIRS, Pair, cut, cut_models, stale
from pairs.expectations import EXPECTED, expected_lines
from two_models import told

from aiobotantic_codegen.changes.diff import diff_models
from aiobotantic_codegen.changes.kinds import ChangeClass, Direction, Kind, Semver
from aiobotantic_codegen.changes.record import Difference

REQUEST, RESPONSE = Direction.REQUEST, Direction.RESPONSE
INFERENCE = "InfrastructureConfig.RealTimeInferenceConfig.InstanceType"


@cache
def known(old: str) -> Difference:
    """Return the difference of the pair whose older version this is."""
    pair = next(pair for pair in PAIRS if pair.old == old)
    return diff_models(*cut_models(pair))


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_every_entry_is_expected_and_every_expected_one_is_there(pair: Pair) -> None:
    assert told(known(pair.old).entries) == expected_lines(pair)


def test_six_instance_types_in_eight_places_of_eight_methods() -> None:
    found = known("1.29.141")

    assert (found.verdict, found.semver) == (ChangeClass.ADDITIVE, Semver.MINOR)
    assert [entry.place for entry in found.entries] == [
        ("CreateInferenceExperiment", REQUEST, f"ModelVariants[].{INFERENCE}"),
        ("CreateNotebookInstance", REQUEST, "InstanceType"),
        ("DescribeInferenceExperiment", RESPONSE, f"ModelVariants[].{INFERENCE}"),
        ("DescribeNotebookInstance", RESPONSE, "InstanceType"),
        ("ListNotebookInstances", RESPONSE, "NotebookInstances[].InstanceType"),
        ("StopInferenceExperiment", REQUEST, f"DesiredModelVariants[].{INFERENCE}"),
        ("UpdateInferenceExperiment", REQUEST, f"ModelVariants[].{INFERENCE}"),
        ("UpdateNotebookInstance", REQUEST, "InstanceType"),
    ]
    assert {entry.kind for entry in found.entries} == {Kind.ENUM_VALUE_ADDED}
    assert {entry.values for entry in found.entries} == {
        (
            "ml.inf1.xlarge",
            "ml.inf1.2xlarge",
            "ml.inf1.6xlarge",
            "ml.inf1.24xlarge",
            "ml.p4d.24xlarge",
            "ml.p4de.24xlarge",
        )
    }
    assert found.entries[1].python == (
        "SageMaker.create_notebook_instance(instance_type)",
        "InstanceType.ML_INF1_XLARGE",
        "InstanceType.ML_INF1_2XLARGE",
        "InstanceType.ML_INF1_6XLARGE",
        "InstanceType.ML_INF1_24XLARGE",
        "InstanceType.ML_P4D_24XLARGE",
        "InstanceType.ML_P4DE_24XLARGE",
    )


def test_three_values_that_are_gone() -> None:
    found = known("1.34.86")
    path = "HumanLoopRequestSource.AwsManagedHumanLoopRequestSource"

    assert (found.verdict, found.semver) == (ChangeClass.BREAKING, Semver.MAJOR)
    assert [(*entry.place, entry.kind) for entry in found.entries] == [
        ("CreateFlowDefinition", REQUEST, path, Kind.ENUM_VALUE_REMOVED),
        ("DescribeFlowDefinition", RESPONSE, path, Kind.ENUM_VALUE_REMOVED),
    ]
    assert found.entries[0].values == found.entries[1].values
    assert found.entries[0].values == (
        "AWS/Textract/AnalyzeExpense",
        "AWS/Handshake/VerifyIdentity",
        "AWS/Bedrock/ModelEvaluation",
    )


def test_two_members_that_become_required() -> None:
    found = known("1.31.10")
    config = "AutoMLProblemTypeConfig.TextClassificationJobConfig"

    assert found.verdict is ChangeClass.BREAKING
    assert [(*entry.place, entry.kind, entry.change_class) for entry in found.entries] == [
        (operation, direction, f"{config}.{member}", Kind.REQUIRED_ADDED, change_class)
        for operation, direction, change_class in (
            ("CreateAutoMLJobV2", REQUEST, ChangeClass.BREAKING),
            ("DescribeAutoMLJobV2", RESPONSE, ChangeClass.NONE),
        )
        for member in ("ContentColumn", "TargetLabelColumn")
    ]


def test_two_members_that_need_no_longer_be_given() -> None:
    found = known("1.31.85")

    assert found.verdict is ChangeClass.ADDITIVE
    assert {entry.kind for entry in found.entries} == {Kind.REQUIRED_REMOVED}
    assert {(e.direction, e.change_class) for e in found.entries} == {
        (REQUEST, ChangeClass.ADDITIVE),
        (RESPONSE, ChangeClass.NONE),
    }
    assert [e.place for e in found.entries if e.change_class is ChangeClass.ADDITIVE] == [
        (operation, REQUEST, f"InferenceSpecification.{member}")
        for operation in ("CreateAlgorithm", "CreateModelPackage")
        for member in ("SupportedContentTypes", "SupportedResponseMIMETypes")
    ]


def test_a_member_that_points_to_another_enum() -> None:
    found = known("1.43.6")
    moved = [entry for entry in found.entries if entry.path.endswith(INFERENCE)]

    assert found.verdict is ChangeClass.BREAKING
    assert Counter((entry.operation, entry.kind, len(entry.values)) for entry in moved) == {
        (operation, kind, count): 1
        for operation in (
            "CreateInferenceExperiment",
            "DescribeInferenceExperiment",
            "StopInferenceExperiment",
            "UpdateInferenceExperiment",
        )
        for kind, count in (
            (Kind.MEMBER_RETARGETED, 2),
            (Kind.ENUM_VALUE_REMOVED, 36),
            (Kind.ENUM_VALUE_ADDED, 134),
        )
    }
    assert moved[0].values == ("InstanceType", "ProductionVariantInstanceType")
    # Nothing else of that change breaks.
    breaking = [e for e in found.entries if e.change_class is ChangeClass.BREAKING]
    assert {e.path for e in breaking} == {e.path for e in moved}


def test_a_pattern_that_allows_more() -> None:
    found = known("1.26.10")

    assert (found.verdict, found.semver) == (ChangeClass.CONSTRAINT, Semver.PATCH)
    assert [(*entry.place, entry.kind, entry.change_class) for entry in found.entries] == [
        (
            "CreateNotebookInstance",
            REQUEST,
            "PlatformIdentifier",
            Kind.PATTERN_CHANGED,
            ChangeClass.CONSTRAINT,
        ),
        (
            "DescribeNotebookInstance",
            RESPONSE,
            "PlatformIdentifier",
            Kind.PATTERN_CHANGED,
            ChangeClass.NONE,
        ),
    ]


@pytest.mark.parametrize("old", ["1.29.99", "1.38.13"], ids=["documentation alone", "noise"])
def test_what_no_caller_can_tell(old: str) -> None:
    found = known(old)

    assert found.entries == ()
    assert (found.verdict, found.semver) == (ChangeClass.NONE, Semver.NONE)


def test_the_noise_is_there_to_be_passed_over() -> None:
    pair = next(pair for pair in PAIRS if pair.old == "1.38.13")
    old, new = ({**m.trees["service-2.json"]["shapes"]} for m in cut_models(pair))
    changed = {
        (old[name]["type"], key)
        for name in old.keys() & new.keys()
        for key in ("box", "min", "pattern")
        if old[name].get(key) != new[name].get(key)
    }

    assert changed >= {
        ("integer", "box"),
        ("string", "pattern"),
        ("list", "min"),
        ("string", "min"),
    }
    assert known("1.38.13").counts.box > 0


def test_an_expression_inside_itself() -> None:
    found = known("1.13.31")
    inside = [entry for entry in found.entries if entry.path.startswith("SearchExpression")]

    assert found.verdict is ChangeClass.ADDITIVE
    assert [(*entry.place, entry.kind, entry.values) for entry in inside] == [
        ("Search", REQUEST, f"SearchExpression.{path}", Kind.ENUM_VALUE_ADDED, values)
        for path in ("Filters[].Operator", "NestedFilters[].Filters[].Operator")
        for values in (("Exists", "NotExists"),)
    ]
    expression = cut_models(PAIRS[0])[1].loaded.service.shapes["SearchExpressionList"]
    assert expression.member is not None
    assert expression.member.shape == "SearchExpression"


def test_a_new_operation_whose_answer_is_a_stream_of_events() -> None:
    found = known("1.31.38")

    assert (found.service, found.verdict) == ("sagemaker-runtime", ChangeClass.ADDITIVE)
    assert [(*entry.place, entry.kind, entry.change_class) for entry in found.entries] == [
        ("", Direction.SERVICE, "rules", Kind.ENDPOINT_CHANGED, ChangeClass.WIRE),
        (
            "InvokeEndpointWithResponseStream",
            Direction.OPERATION,
            "",
            Kind.OPERATION_ADDED,
            ChangeClass.ADDITIVE,
        ),
    ]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_the_other_way_round_what_was_added_is_removed(pair: Pair) -> None:
    there, back = known(pair.old), diff_models(*reversed(cut_models(pair)))
    counts = [Counter(entry.kind for entry in found.entries) for found in (there, back)]

    for one, other in (
        (Kind.MEMBER_ADDED, Kind.MEMBER_REMOVED),
        (Kind.ENUM_VALUE_ADDED, Kind.ENUM_VALUE_REMOVED),
        (Kind.OPERATION_ADDED, Kind.OPERATION_REMOVED),
    ):
        assert (counts[0][one], counts[0][other]) == (counts[1][other], counts[1][one])


def test_the_committed_facts_are_facts_and_nothing_else() -> None:
    texts = {file: file.read_text("utf-8") for file in FACTS.rglob("*.json")}

    assert sum(map(len, texts.values())) < 1_500_000
    assert [file for file, text in texts.items() if '"documentation": "' in text] == []
    assert {path.stem for path in EXPECTED.iterdir()} == {pair.name for pair in PAIRS}


def test_a_cut_of_a_cut_is_the_same() -> None:
    shown = [pair for pair in PAIRS if known(pair.old).entries]
    texts = {path: text for pair in shown for path, text in cut(pair, *cut_models(pair)).items()}

    assert [file for file in stale(texts) if FACTS / file in texts] == []
