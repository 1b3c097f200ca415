"""specs/behaviour.toml: every entry names something real, and unknown entries are refused."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from aiobotantic.operation import Repeat
from aiobotantic.testing.behaviour import load_behaviour, mismatches, read_behaviour
from aiosagemaker.sagemaker.client import SageMaker

TABLE = tomllib.loads((Path(__file__).parents[2] / "specs" / "behaviour.toml").read_text("utf-8"))
SERVICE: dict[str, Any] = TABLE["services"]["sagemaker"]
OPERATIONS = SageMaker.operations()


def test_every_entry_names_something_the_model_has() -> None:
    assert mismatches(load_behaviour("aiosagemaker.sagemaker"), OPERATIONS.values()) == []
    assert [name for name in SERVICE["repeat"] if name not in OPERATIONS] == []


def test_an_entry_that_names_nothing_is_found() -> None:
    resource = SERVICE["resources"]["notebook_instance"]
    changed = resource | {
        "status": "Mood",
        "operations": resource["operations"] | {"PauseNotebookInstance": {"does": "change"}},
    }
    behaviour = read_behaviour(SERVICE | {"resources": {"notebook_instance": changed}})

    assert mismatches(behaviour, OPERATIONS.values()) == [
        "/resources/notebook_instance/operations/PauseNotebookInstance: no such operation",
        "/resources/notebook_instance: no such member: Mood",
    ]


def test_the_errors_of_a_resource_are_those_its_operations_list() -> None:
    unlisted = "ValidationException"
    for resource in load_behaviour("aiosagemaker.sagemaker").resources.values():
        for name, act in resource.operations.items():
            listed = {unlisted, *OPERATIONS[name].errors}
            if act.does == "create":
                assert resource.duplicate.code in listed, name
            elif act.does != "list":
                assert resource.absent.code in listed, name
                assert not act.allowed or resource.refused.code in listed, name


def test_statuses_are_those_the_model_lists() -> None:
    from aiosagemaker.sagemaker import models

    statuses = {
        "notebook_instance": models.NotebookInstanceStatus,
        "inference_experiment": models.InferenceExperimentStatus,
    }
    for kind, resource in load_behaviour("aiosagemaker.sagemaker").resources.items():
        named = set(resource.transitions) | set(resource.stamps)
        for step in resource.transitions.values():
            named |= {each for each in (step.to, step.waits) if each and "{" not in each}
        for act in resource.operations.values():
            named |= {*act.allowed, *([act.status] if act.status else [])}
        assert [name for name in sorted(named) if not statuses[kind](name).is_known] == []


def test_an_unknown_entry_is_an_error_that_names_the_place() -> None:
    with pytest.raises(ValueError) as caught:
        read_behaviour({"lists": SERVICE["lists"] | {"colour": "red"}}, "somewhere.json")

    assert str(caught.value) == (
        "somewhere.json /lists/colour: Extra inputs are not permitted. "
        "Change it in specs/behaviour.toml and generate."
    )


def test_operations_that_are_carried_out_once() -> None:
    once = {name for name, each in OPERATIONS.items() if each.repeat is Repeat.ONCE}

    assert {name for name in once if not name.startswith("Create")} == {
        "BatchAddClusterNodes",
        "BatchRebootClusterNodes",
        "BatchReplaceClusterNodes",
        "ExtendTrainingPlan",
        "ImportHubContent",
        "RetryPipelineExecution",
        "SendPipelineExecutionStepFailure",
        "SendPipelineExecutionStepSuccess",
        "StartClusterHealthCheck",
        "StartPipelineExecution",
        "StartSession",
        "UpdateClusterSoftware",
        "UpdateModelCard",
        "UpdatePipeline",
    }
    assert {name for name in OPERATIONS if name.startswith("Create")} - once == {
        "CreateHubContentPresignedUrls",
        "CreatePartnerAppPresignedUrl",
        "CreatePresignedDomainUrl",
        "CreatePresignedMlflowAppUrl",
        "CreatePresignedMlflowTrackingServerUrl",
        "CreatePresignedNotebookInstanceUrl",
    }


def test_operations_that_change_nothing() -> None:
    read = {name for name, each in OPERATIONS.items() if each.repeat is Repeat.READ}
    verbs = ("BatchDescribe", "Describe", "Get", "List", "Query", "Render", "Search")

    assert read == {name for name in OPERATIONS if name.startswith(verbs)}


def test_every_verb_is_used_and_every_exception_differs_from_its_verb() -> None:
    classes = {verb: kind for kind, verbs in TABLE["repeat"].items() for verb in verbs}
    names = {name for service in TABLE["services"].values() for name in service.get("repeat", {})}

    def by_verb(name: str) -> str:
        words = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).strip("_").split("_")
        return next(
            (classes["_".join(words[:n])] for n in (2, 1) if "_".join(words[:n]) in classes), "once"
        )

    for service in TABLE["services"].values():
        for name, entry in service.get("repeat", {}).items():
            assert entry["class"] != by_verb(name), name
            assert entry["why"], name
    assert names
