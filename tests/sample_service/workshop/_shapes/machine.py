"""Shapes of `machine`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from aiobotantic.constraints import Length, Pattern, Range, wire_name
from aiobotantic.enums import OpenEnum
from aiobotantic.structure import ABSENT, In, Request, Required, Structure


class MachineKind(OpenEnum):
    """Values of `MachineKind`."""

    LATHE = "lathe.small"
    MILL = "mill.large"


class MachineStatus(OpenEnum):
    """Values of `MachineStatus`."""

    PENDING = "Pending"
    IN_SERVICE = "InService"
    FAILED = "Failed"


class Tag(Structure):
    """`Tag`."""

    key: Required[Annotated[str, Length(1, 128)]]
    """1 to 128 characters."""
    value: Annotated[str, Length(max=256)] | None = None
    """At most 256 characters."""


class CreateMachineInput(Request["CreateMachineOutput"]):
    """Input of `CreateMachine`."""

    machine_name: Annotated[str, Length(max=63), Pattern("[a-zA-Z0-9](-*[a-zA-Z0-9])*")]
    """At most 63 characters, pattern `[a-zA-Z0-9](-*[a-zA-Z0-9])*`."""
    machine_kind: In[MachineKind, MachineKind | str]
    volume_size_in_gb: Annotated[
        Annotated[int, Range(5, 16384)] | None, wire_name("VolumeSizeInGB")
    ] = None
    """5 to 16384."""
    speeds: Annotated[list[Annotated[float, Range(0.5)]], Length(max=3)] | None = None
    """At most 3 entries."""
    start_time: datetime | None = None
    """A naive time is taken as UTC."""
    spares: In[
        dict[MachineKind, Annotated[int, Range(0)]] | None,
        Mapping[MachineKind, int] | Mapping[str, int] | None,
    ] = ABSENT
    tags: Annotated[list[Tag], Length(max=50)] | None = None
    """At most 50 entries."""


class CreateMachineOutput(Structure):
    """Output of `CreateMachine`."""

    machine_arn: str | None = None


class DescribeMachineInput(Request["DescribeMachineOutput"]):
    """Input of `DescribeMachine`."""

    machine_name: Annotated[str, Length(max=63)]
    """At most 63 characters."""


class DescribeMachineOutput(Structure):
    """Output of `DescribeMachine`."""

    machine_name: str | None = None
    machine_status: MachineStatus | None = None
    machine_kind: MachineKind | None = None
    creation_time: datetime | None = None
    volume_size_in_gb: Annotated[int | None, wire_name("VolumeSizeInGB")] = None
    tags: list[Tag] | None = None


class MachineSummary(Structure):
    """`MachineSummary`."""

    machine_name: str | None = None
    machine_kind: MachineKind | None = None


class ListMachinesInput(Request["ListMachinesOutput"]):
    """Input of `ListMachines`."""

    next_token: Annotated[str, Length(max=8192)] | None = None
    """At most 8192 characters."""
    max_results: Annotated[int, Range(1, 100)] | None = None
    """1 to 100."""
    status_equals: In[MachineStatus | None, MachineStatus | str | None] = ABSENT


class ListMachinesOutput(Structure):
    """Output of `ListMachines`."""

    machines: list[MachineSummary] | None = None
    next_token: str | None = None


class UpdateMachineInput(Request["EmptyOutput"]):
    """Input of `UpdateMachine`."""

    machine_name: Annotated[str, Length(max=63)]
    """At most 63 characters."""
    kinds: In[list[MachineKind] | None, Sequence[MachineKind | str] | None] = ABSENT


class DeleteMachineInput(Request["EmptyOutput"]):
    """Input of `DeleteMachine`."""

    machine_name: Annotated[str, Length(max=63)]
    """At most 63 characters."""
