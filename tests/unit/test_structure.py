"""Structures, open enums and unions: lenient in, faithful out, masked, picklable."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sample_service.workshop import models
from sample_service.workshop.models import (
    CreateJobInput,
    CreateMachineInput,
    DescribeMachineOutput,
    JobSource,
    MachineKind,
    MachineStatus,
    OpenSessionOutput,
    ScriptSource,
    StepCondition,
    Tag,
)

from aiobotantic.errors import RequestValidationError
from aiobotantic.structure import (
    EmptyOutput,
    Structure,
    camel_case,
    describe,
    pascal_case,
    read_json,
    write_json,
)


def described(**more: Any) -> bytes:
    import json

    return json.dumps({"MachineName": "m", "MachineStatus": "InService", **more}).encode()


# In


def test_a_response_is_lenient() -> None:
    machine = read_json(
        DescribeMachineOutput,
        described(
            MachineKind="press.xl",
            CreationTime=1709164800.5,
            VolumeSizeInGB=3,
            Tags=[{"Value": "no key"}, {"Key": "k", "Colour": "red"}],
            Brand={"New": [1]},
        ),
    )

    assert machine.machine_kind == "press.xl"
    assert machine.machine_kind is not None
    assert not machine.machine_kind.is_known
    assert machine.creation_time == datetime(2024, 2, 29, 0, 0, 0, 500000, tzinfo=UTC)
    assert machine.volume_size_in_gb == 3
    assert machine.tags is not None
    assert machine.tags[0].key is None
    assert machine.tags[1]["Colour"] == "red"
    assert machine["Brand"] == {"New": [1]}


def test_every_member_may_be_absent_or_null() -> None:
    assert read_json(DescribeMachineOutput, b"{}").to_wire() == {}
    assert read_json(models.CreateMachineInput, b'{"MachineName": null}').to_wire() == {}


def test_big_timestamps_are_seconds() -> None:
    machine = read_json(DescribeMachineOutput, b'{"CreationTime": 30000000000}')

    assert machine.creation_time is not None
    assert machine.creation_time.year == 2920


def test_a_constructor_converts_and_refuses_only_names() -> None:
    request = CreateMachineInput(
        machine_name="no valid name",
        machine_kind="mill.large",
        spares={"lathe.small": -1},
        tags=[Tag(key="k")],
    )

    assert request.machine_kind is MachineKind.MILL
    assert request.spares == {MachineKind.LATHE: -1}
    with pytest.raises(RequestValidationError, match=r"machine_kind: is required"):
        CreateMachineInput(machine_name="m")  # type: ignore[call-arg]
    with pytest.raises(RequestValidationError, match="MachineName: is not in the model"):
        CreateMachineInput(MachineName="m", machine_kind="x")  # type: ignore[call-arg]


def test_from_wire_builds_nested_structures() -> None:
    request = CreateJobInput.from_wire(
        {"JobName": "j", "Source": {"Script": {"Text": "t"}}, "Condition": {"AllOf": [{}]}}
    )

    assert request.source == JobSource(script=ScriptSource(text="t"))
    assert request.condition == StepCondition(all_of=[StepCondition()])
    with pytest.raises(RequestValidationError, match="Txt: is not in the model; did you mean 'Te"):
        CreateJobInput.from_wire({"Source": {"Script": {"Txt": "t"}}})


# Out


def test_to_wire_is_what_boto3_returns() -> None:
    body = described(CreationTime=0, MachineKind="press.xl", Tags=[{"Key": "k"}], Brand=1)

    wire = read_json(DescribeMachineOutput, body).to_wire()

    assert wire == {
        "MachineName": "m",
        "MachineStatus": "InService",
        "MachineKind": "press.xl",
        "CreationTime": datetime(1970, 1, 1, tzinfo=UTC),
        "Tags": [{"Key": "k"}],
        "Brand": 1,
    }
    assert type(wire["MachineStatus"]) is str
    assert DescribeMachineOutput.from_wire({"MachineName": "m"}).to_wire() == {"MachineName": "m"}


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        (datetime(2024, 2, 29, tzinfo=UTC), 1709164800),
        (datetime(2024, 2, 29), 1709164800),
        (datetime(2024, 2, 29, 2, tzinfo=timezone(timedelta(hours=2))), 1709164800),
        (datetime(2024, 2, 29, 0, 0, 0, 250000, tzinfo=UTC), 1709164800.25),
    ],
)
def test_times_are_written_as_seconds(time: datetime, seconds: float) -> None:
    import json

    request = CreateMachineInput(machine_name="m", machine_kind="x", start_time=time)

    assert json.loads(write_json(request))["StartTime"] == seconds


class Blobs(Structure):
    one: bytes | None = None
    many: list[bytes] | None = None


def test_blobs_are_standard_base64() -> None:
    blobs = Blobs(one=b"\xfb\xff", many=[b"a"])

    assert write_json(blobs) == b'{"One":"+/8=","Many":["YQ=="]}'
    assert read_json(Blobs, b'{"One":"+/8=","Many":["YQ=="]}') == blobs
    assert blobs.to_wire() == {"One": b"\xfb\xff", "Many": [b"a"]}


def test_what_came_in_goes_out() -> None:
    body = described(MachineKind="press.xl", Tags=[{"Key": "k", "Colour": "red"}], Brand={"N": 1})

    again = read_json(DescribeMachineOutput, write_json(read_json(DescribeMachineOutput, body)))

    assert again == read_json(DescribeMachineOutput, body)


def test_reading_by_awss_names() -> None:
    machine = read_json(DescribeMachineOutput, described(VolumeSizeInGB=5, Brand=None, New=0))

    assert machine["VolumeSizeInGB"] == 5
    assert "VolumeSizeInGB" in machine
    assert machine["New"] == 0
    for absent in ("Tags", "Brand", "volume_size_in_gb", 5):
        assert absent not in machine
    with pytest.raises(KeyError, match="Tags"):
        machine["Tags"]


def test_names_follow_a_rule_and_a_table() -> None:
    assert pascal_case("volume_size") == "VolumeSize"
    assert camel_case("volume_size") == "volumeSize"
    assert describe(CreateMachineInput).wire_names["volume_size_in_gb"] == "VolumeSizeInGB"


def test_only_what_a_call_returned_has_metadata() -> None:
    with pytest.raises(AttributeError, match="did not come from a call"):
        Tag(key="k").response_metadata  # noqa: B018
    with pytest.raises(AttributeError, match="colour"):
        Tag(key="k").colour  # type: ignore[attr-defined]  # noqa: B018


# Masks


def test_sensitive_members_are_masked_and_readable() -> None:
    session = read_json(
        OpenSessionOutput,
        b'{"SessionId": "s", "TokenValue": "hush", "Secrets": {"hush": 1}, "NewSecret": "hush"}',
    )

    for shown in (repr(session), str(session), f"{session}", repr([session])):
        assert "hush" not in shown
    assert "session_id='s'" in repr(session)
    assert session.token_value == "hush"
    assert session["TokenValue"] == "hush"
    assert session.to_wire()["TokenValue"] == "hush"
    assert b"hush" in write_json(session)


def test_masks_reach_into_nested_structures_and_unions() -> None:
    request = CreateJobInput(
        job_name="j", source=JobSource(script=ScriptSource(text="hush")), password="hush"
    )

    assert "hush" not in repr(request)
    assert "hush" not in str(request.source)


# Enums


def test_a_listed_value_is_its_member() -> None:
    assert MachineStatus("InService") is MachineStatus.IN_SERVICE
    assert MachineStatus.IN_SERVICE.is_known
    assert MachineStatus.IN_SERVICE == "InService"
    assert f"{MachineStatus.IN_SERVICE}" == "InService"


def test_an_unlisted_value_is_a_member_too() -> None:
    new = MachineStatus("Dreaming")

    assert isinstance(new, MachineStatus)
    assert new == "Dreaming" == MachineStatus("Dreaming")
    assert hash(new) == hash("Dreaming")
    assert not new.is_known
    assert "Dreaming" in repr(new)
    assert pickle.loads(pickle.dumps(new)) == new
    assert [*MachineStatus] == ["Pending", "InService", "Failed"]
    with pytest.raises(ValueError, match="7"):
        MachineStatus(7)


def test_is_known_tests_the_value_and_not_the_name() -> None:
    assert not MachineStatus("IN_SERVICE").is_known


# Unions


def test_a_union_has_one_arm() -> None:
    source = read_json(JobSource, b'{"ImageUri": "i"}')

    assert source.arm == ("image_uri", "i")
    assert source.is_known
    assert JobSource().arm is None


def test_an_arm_that_the_model_lacks_is_kept() -> None:
    source = read_json(JobSource, b'{"__type": "JobSource", "Notebook": {"Path": "p"}}')

    assert source.arm == ("Notebook", {"Path": "p"})
    assert not source.is_known
    assert b'"Notebook":{"Path":"p"}' in write_json(source)


# Pickles


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_name_the_promised_path(protocol: int) -> None:
    machine = read_json(
        DescribeMachineOutput,
        described(MachineKind="press.xl", Tags=[{"Key": "k", "New": 1}], Brand=1),
    )

    pickled = pickle.dumps(machine, protocol)

    assert pickle.loads(pickled) == machine
    assert b"_shapes" not in pickled
    assert b"sample_service.workshop.models" in pickled
    assert copy.deepcopy(machine) == machine == copy.copy(machine)


def test_members_move_in_and_out_of_the_model_between_pickling_and_unpickling() -> None:
    state = {
        "__dict__": {"machine_name": "m", "machine_kind": None, "left_the_model": 7},
        "__pydantic_extra__": {"VolumeSizeInGB": 5, "MachineStatus": "Dreaming", "Brand": 1},
        "__pydantic_fields_set__": set(),
        "__pydantic_private__": None,
    }
    machine = DescribeMachineOutput.__new__(DescribeMachineOutput)

    machine.__setstate__(state)

    assert machine.machine_name == "m"
    assert machine.volume_size_in_gb == 5
    assert machine.machine_status == MachineStatus("Dreaming")
    assert machine["LeftTheModel"] == 7
    assert machine["Brand"] == 1
    assert machine.tags is None


def test_metadata_does_not_make_equal_answers_differ() -> None:
    first, second = (read_json(DescribeMachineOutput, described()) for _ in range(2))
    vars(first)["response_metadata"] = 1

    assert first == second
    assert first.to_wire() == second.to_wire()
    assert write_json(first) == write_json(second)


def test_structures_without_members() -> None:
    assert EmptyOutput() == EmptyOutput()
    assert EmptyOutput().to_wire() == {}
    assert isinstance(EmptyOutput(), Structure)
