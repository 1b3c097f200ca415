"""Placement: families of operations, files of shapes, order in a file."""

from __future__ import annotations

import json
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from aiobotantic_codegen.errors import SpecError
from aiobotantic_codegen.ir.overrides import Overrides
from aiobotantic_codegen.ir.placement import dependency_order, families, places
from aiobotantic_codegen.load.documents import FamilyOverride, ServiceDocument, ServiceOverrides

SPEC = Path(__file__).resolve().parents[2] / "specs" / "sagemaker" / "service-2.json"


def test_a_noun_of_two_verbs_is_a_family() -> None:
    operations = ["CreateModel", "ListModels", "DescribeEndpoint", "UpdateEndpoint", "Search"]

    assert families(operations, {}) == {
        "CreateModel": "model",
        "ListModels": "model",
        "DescribeEndpoint": "endpoint",
        "UpdateEndpoint": "endpoint",
        "Search": "search",
    }


def test_another_noun_belongs_to_the_longest_family_that_it_begins_with() -> None:
    operations = [
        "CreateModel", "ListModels", "CreateModelPackage", "ListModelPackages",
        "ListModelPackageVersions", "ListModelMetadata",
    ]  # fmt: skip

    found = families(operations, {})

    assert found["ListModelPackageVersions"] == "model_package"
    assert found["ListModelMetadata"] == "model"


def test_else_to_one_that_it_contains_else_it_is_its_own() -> None:
    operations = ["CreateNotebook", "StopNotebook", "CreatePresignedNotebookUrl", "GetPortfolio"]

    found = families(operations, {})

    assert found["CreatePresignedNotebookUrl"] == "notebook"
    assert found["GetPortfolio"] == "portfolio"


def test_batches_and_overrides() -> None:
    operations = ["DescribePackage", "BatchDescribePackage", "ListUis"]

    found = families(operations, {"ListUis": "ui"})

    assert found == {
        "DescribePackage": "package",
        "BatchDescribePackage": "package",
        "ListUis": "ui",
    }


def test_families_have_names_that_files_can_have() -> None:
    operations = [
        *("CreateImport", "ListImports", "CreateCommon", "ListCommons"),
        *("CreateCommonTag", "ListCommonTags"),
    ]

    assert set(families(operations, {}).values()) == {"import_", "common_", "common_tag_"}


def reached(**shapes: str) -> dict[str, frozenset[str]]:
    return {shape: frozenset(by.split()) for shape, by in shapes.items()}


def test_a_shape_of_one_family_lives_with_it() -> None:
    assert places(reached(A="x", B="y"), lambda _: ()) == {"A": "x", "B": "y"}


def test_four_shapes_that_few_families_share_have_a_file_of_their_own() -> None:
    four = reached(A="x y", B="x y", C="x y", D="x y", E="x y z w", F="w x", G="x y z w")

    assert places(four, lambda _: ()) == {
        "A": "x_and_y",
        "B": "x_and_y",
        "C": "x_and_y",
        "D": "x_and_y",
        "E": "common_e",
        "F": "common_f",
        "G": "common_e",
    }


def test_what_many_families_share_is_common() -> None:
    many = "a b c d e f g h i j"

    assert places(reached(Tag=many, Order=f"{many} k"), lambda _: ()) == {
        "Tag": "common",
        "Order": "common",
    }


def test_shapes_of_the_same_families_have_a_file_named_after_one_that_no_other_mentions() -> None:
    mentions = {"Alarm": (), "Rollback": ("Alarm",), "Alone": ()}
    shapes = reached(Alarm="x y", Rollback="x y", Alone="w x")

    assert places(shapes, mentions.__getitem__) == {
        "Alarm": "common_rollback",
        "Rollback": "common_rollback",
        "Alone": "common_alone",
    }


def test_files_of_shapes_whose_names_differ_in_capitals_alone() -> None:
    shapes = reached(HTTPInput="x y", HttpInput="y z")

    found = places(shapes, lambda _: ())

    assert found == {"HTTPInput": "common_http_input", "HttpInput": "common_http_input_1"}


def test_a_shared_file_is_not_called_like_a_family() -> None:
    shared = reached(A="x y", B="x y", C="x y", D="x y", E="x_and_y")

    assert places(shared, lambda _: ()) == {
        **dict.fromkeys("ABCD", "common_a"),
        "E": "x_and_y",
    }


def test_what_a_shape_mentions_stands_above_it() -> None:
    mentions = {"A": ("C", "B"), "B": ("C",), "C": (), "Elsewhere": ()}

    assert dependency_order("ABC", mentions.__getitem__) == ("C", "B", "A")


def test_recursion_is_cut_once() -> None:
    mentions = {"A": ("B",), "B": ("A", "C"), "C": ("C", "X"), "X": ()}

    assert dependency_order("ABC", mentions.__getitem__) == ("C", "B", "A")


def test_long_chains_need_no_stack() -> None:
    names = [str(number) for number in range(5000)]

    def mentions(name: str) -> tuple[str, ...]:
        return (str(int(name) + 1),) if name != names[-1] else ()

    assert dependency_order(names, mentions) == tuple(reversed(names))


def test_files_of_the_committed_client_import_only_what_more_families_share() -> None:
    folder = Path(__file__).resolve().parents[2] / "generated/aiosagemaker/sagemaker/_shapes"
    mark = "from aiosagemaker.sagemaker._shapes."
    imports = {
        file.stem: {
            line.split()[1].rpartition(".")[2]
            for line in file.read_text("utf-8").splitlines()
            if line.startswith(mark)
        }
        for file in folder.glob("*.py")
    }

    wrong = [
        (name, module)
        for name, modules in imports.items()
        for module in modules
        if not module.startswith("common")
        and not set(name.split("_and_")) < {*module.split("_and_")}
    ]
    assert wrong == []
    assert imports["common"] == set()
    list(TopologicalSorter(imports).static_order())  # raises CycleError where there is a cycle


def test_an_override_of_a_family_must_match() -> None:
    document = ServiceDocument.model_validate_json(SPEC.read_bytes())
    entry = FamilyOverride(operation="ListHumanTaskUis", family="human_task_ui", reason="x")

    found = Overrides("sagemaker", ServiceOverrides(families=[entry]), document)

    assert found.families == {"ListHumanTaskUis": "human_task_ui"}
    assert "ListHumanTaskUis" in json.loads(SPEC.read_bytes())["operations"]
    bad = FamilyOverride(operation="ListHumanTaskUi", family="human_task_ui", reason="x")
    with pytest.raises(SpecError, match="there is no operation 'ListHumanTaskUi' in the model"):
        Overrides("sagemaker", ServiceOverrides(families=[bad]), document)
