# ruff: noqa  (as the generator writes it)
"""The operations of Workshop with AWS's own names of arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiobotantic.wire import WireDoor, WireMethod

if TYPE_CHECKING:
    from aiobotantic.structure import EmptyOutput

    from sample_service.workshop.models import (
        CreateJobOutput,
        CreateMachineOutput,
        DescribeMachineOutput,
        ListMachinesOutput,
        OpenSessionOutput,
    )


class WorkshopWire(WireDoor):
    """Each operation takes AWS's names and returns the same typed response."""

    create_job: WireMethod[CreateJobOutput]
    create_machine: WireMethod[CreateMachineOutput]
    delete_machine: WireMethod[EmptyOutput]
    describe_machine: WireMethod[DescribeMachineOutput]
    list_machines: WireMethod[ListMachinesOutput]
    open_session: WireMethod[OpenSessionOutput]
    update_machine: WireMethod[EmptyOutput]
