# ruff: noqa  (as the generator writes it)
"""Every shape of Workshop, each imported at its first use."""

from typing import TYPE_CHECKING

from aiobotantic.lazy import lazy_exports

if TYPE_CHECKING:
    from sample_service.workshop._shapes.job import (
        CreateJobInput as CreateJobInput,
        CreateJobOutput as CreateJobOutput,
        JobSource as JobSource,
        OpenSessionInput as OpenSessionInput,
        OpenSessionOutput as OpenSessionOutput,
        ScriptSource as ScriptSource,
        StepCondition as StepCondition,
    )
    from sample_service.workshop._shapes.machine import (
        CreateMachineInput as CreateMachineInput,
        CreateMachineOutput as CreateMachineOutput,
        DeleteMachineInput as DeleteMachineInput,
        DescribeMachineInput as DescribeMachineInput,
        DescribeMachineOutput as DescribeMachineOutput,
        ListMachinesInput as ListMachinesInput,
        ListMachinesOutput as ListMachinesOutput,
        MachineKind as MachineKind,
        MachineStatus as MachineStatus,
        MachineSummary as MachineSummary,
        Tag as Tag,
        UpdateMachineInput as UpdateMachineInput,
    )

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "_shapes.job": [
            "CreateJobInput",
            "CreateJobOutput",
            "JobSource",
            "OpenSessionInput",
            "OpenSessionOutput",
            "ScriptSource",
            "StepCondition",
        ],
        "_shapes.machine": [
            "CreateMachineInput",
            "CreateMachineOutput",
            "DeleteMachineInput",
            "DescribeMachineInput",
            "DescribeMachineOutput",
            "ListMachinesInput",
            "ListMachinesOutput",
            "MachineKind",
            "MachineStatus",
            "MachineSummary",
            "Tag",
            "UpdateMachineInput",
        ],
    },
)
