"""specs/behaviour.toml: every entry names something real, and unknown entries are refused."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from aiobotantic.manifest import spec_versions
from aiobotantic.operation import Repeat
from aiobotantic.structure import describe, value_type
from aiobotantic.testing.behaviour import (
    Resource,
    inner,
    load_behaviour,
    mismatches,
    read_behaviour,
)
from aiosagemaker.sagemaker.client import SageMaker
from aiosagemaker_extras.testing import client_class

TABLE = tomllib.loads((Path(__file__).parents[2] / "specs" / "behaviour.toml").read_text("utf-8"))
SERVICE: dict[str, Any] = TABLE["services"]["sagemaker"]
OPERATIONS = SageMaker.operations()
SERVICES = sorted(spec_versions("aiosagemaker"))


@pytest.mark.parametrize("service", SERVICES)
def test_every_entry_names_something_the_model_has(service: str) -> None:
    cls = client_class(service)
    behaviour = load_behaviour(cls.SERVICE.package)

    assert mismatches(behaviour, cls.operations().values()) == []
    named = {*TABLE["services"].get(service, {}).get("repeat", {}), *behaviour.exceptions}
    assert [name for name in named if name not in cls.operations()] == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_is_of_a_family_or_an_exception_with_its_reason(service: str) -> None:
    cls = client_class(service)
    behaviour = load_behaviour(cls.SERVICE.package)
    acting = {name for each in behaviour.resources.values() for name in each.operations}

    assert acting & behaviour.exceptions.keys() == set()
    assert acting | behaviour.tags.keys() | behaviour.exceptions.keys() == set(cls.operations())
    assert all(behaviour.exceptions.values())


def test_what_a_table_says_of_a_family_has_a_reason() -> None:
    for service in TABLE["services"].values():
        for name, resource in service.get("resources", {}).items():
            assert resource.get("why"), name


def test_an_entry_that_names_nothing_is_found() -> None:
    resource = SERVICE["resources"]["notebook_instance"]
    stop = {"does": "change", "by": ["Title"], "needs": {"Mood": "model"}}
    operations = {"PauseNotebookInstance": {"does": "change"}, "StopNotebookInstance": stop}
    changed = resource | {"status": "Mood", "operations": resource["operations"] | operations}
    tables = {"resources": {"notebook_instance": changed}, "needs": {"Pause": {"A": "model"}}}

    at = "/resources/notebook_instance/operations"
    assert mismatches(read_behaviour(tables), OPERATIONS.values()) == [
        f"{at}/StopNotebookInstance/by: it does not take Title",
        f"{at}/StopNotebookInstance/needs: no such argument: Mood",
        f"{at}/PauseNotebookInstance: no such operation",
        "/resources/notebook_instance: no such member: Mood",
        "/needs/Pause: no such operation",
    ]


def test_the_errors_of_a_resource_are_those_its_operations_list() -> None:
    unlisted = "ValidationException"
    behaviour = load_behaviour("aiosagemaker.sagemaker")
    for resource in behaviour.resources.values():
        absent = resource.absent or behaviour.faults["absent"]
        duplicate = resource.duplicate or behaviour.faults["duplicate"]
        refused = resource.refused or behaviour.faults["refused"]
        for name, act in resource.operations.items():
            listed = {unlisted, *OPERATIONS[name].errors}
            if act.does == "create":
                assert listed & {*duplicate.code}, name
            elif act.does not in ("list", "put"):
                assert listed & {*absent.code}, name
                assert not act.allowed or listed & {*refused.code}, name


def test_statuses_are_those_the_model_lists() -> None:
    resources = load_behaviour("aiosagemaker.sagemaker").resources
    for kind, resource in resources.items():
        named = set(resource.transitions) | set(resource.stamps)
        for step in resource.transitions.values():
            named |= {each for each in (step.to, step.waits) if each and "{" not in each}
        for act in resource.operations.values():
            named |= {*act.allowed, *([act.status] if act.status else [])}
        statuses = set(status_values(resource))
        assert resource.status is None or statuses, kind
        assert sorted(named - statuses) == [], kind


def status_values(resource: Resource) -> list[str]:
    """Return what the status of a kind of resources may be, by the model."""
    for name, act in resource.operations.items():
        if act.does == "describe" and resource.status is not None:
            cls = OPERATIONS[name].response_class
            cls = cls if resource.within is None else inner(cls, resource.within)
            field = describe(cls).by_wire_name[resource.status]
            enum: Any = value_type(cls.__pydantic_fields__[field].annotation)
            return [each.value for each in enum]
    return []


def test_an_unknown_entry_is_an_error_that_names_the_place() -> None:
    with pytest.raises(ValueError) as caught:
        read_behaviour({"lists": TABLE["families"]["lists"] | {"colour": "red"}}, "somewhere.json")

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
