# ruff: noqa  (as the generator writes it)
"""Operations of `machine`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiobotantic.client import Operations
from aiobotantic.operation import Operation, Repeat
from aiobotantic.pages import Pagination, Paginator

from sample_service.workshop import waiters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from aiobotantic.structure import EmptyOutput

    from sample_service.workshop.models import (
        CreateMachineOutput,
        DescribeMachineOutput,
        ListMachinesOutput,
        MachineKind,
        MachineStatus,
        MachineSummary,
        Tag,
    )

_CREATE_MACHINE = Operation["CreateMachineOutput"](
    __name__,
    "CreateMachine",
    "CreateMachineInput",
    "CreateMachineOutput",
    errors=("MachineInUse",),
)
_DELETE_MACHINE = Operation["EmptyOutput"](
    __name__,
    "DeleteMachine",
    "DeleteMachineInput",
    errors=("MachineNotFound",),
    repeat=Repeat.REPEATABLE,
)
_DESCRIBE_MACHINE = Operation["DescribeMachineOutput"](
    __name__,
    "DescribeMachine",
    "DescribeMachineInput",
    "DescribeMachineOutput",
    errors=("MachineNotFound", "WarmingUp"),
    repeat=Repeat.READ,
)
_LIST_MACHINES = Operation["ListMachinesOutput"](
    __name__,
    "ListMachines",
    "ListMachinesInput",
    "ListMachinesOutput",
    repeat=Repeat.READ,
)
_LIST_MACHINES_PAGES = Pagination["ListMachinesOutput", "MachineSummary"](
    _LIST_MACHINES,
    input_token="next_token",
    output_token="next_token",
    items="machines",
    page_size="max_results",
)
_UPDATE_MACHINE = Operation["EmptyOutput"](
    __name__,
    "UpdateMachine",
    "UpdateMachineInput",
    repeat=Repeat.REPEATABLE,
)


class MachineOperations(Operations):
    """Operations of `machine`."""

    OPERATIONS = (
        _CREATE_MACHINE,
        _DELETE_MACHINE,
        _DESCRIBE_MACHINE,
        _LIST_MACHINES,
        _UPDATE_MACHINE,
    )

    async def create_machine(
        self,
        *,
        machine_name: str,
        machine_kind: MachineKind | str,
        volume_size_in_gb: int | None = None,
        speeds: Sequence[float] | None = None,
        start_time: datetime | None = None,
        spares: Mapping[MachineKind, int] | Mapping[str, int] | None = None,
        tags: Sequence[Tag] | None = None,
    ) -> CreateMachineOutput:
        """Call `CreateMachine`."""
        return await self._call(
            _CREATE_MACHINE,
            machine_name=machine_name,
            machine_kind=machine_kind,
            volume_size_in_gb=volume_size_in_gb,
            speeds=speeds,
            start_time=start_time,
            spares=spares,
            tags=tags,
        )

    async def delete_machine(self, *, machine_name: str) -> EmptyOutput:
        """Call `DeleteMachine`."""
        return await self._call(_DELETE_MACHINE, machine_name=machine_name)

    async def describe_machine(self, *, machine_name: str) -> DescribeMachineOutput:
        """Call `DescribeMachine`."""
        return await self._call(_DESCRIBE_MACHINE, machine_name=machine_name)

    async def wait_until_machine_deleted(
        self,
        *,
        machine_name: str,
        timeout: float | None = None,
        delay: float | None = None,
        on_poll: Callable[[DescribeMachineOutput], object] | None = None,
    ) -> DescribeMachineOutput | None:
        """Wait until `MachineDeleted`."""
        return await self._wait_or_gone(
            waiters.MACHINE_DELETED,
            _DESCRIBE_MACHINE,
            machine_name=machine_name,
            timeout=timeout,
            delay=delay,
            on_poll=on_poll,
        )

    async def wait_until_machine_in_service(
        self,
        *,
        machine_name: str,
        timeout: float | None = None,
        delay: float | None = None,
        on_poll: Callable[[DescribeMachineOutput], object] | None = None,
    ) -> DescribeMachineOutput:
        """Wait until `MachineInService`."""
        return await self._wait(
            waiters.MACHINE_IN_SERVICE,
            _DESCRIBE_MACHINE,
            machine_name=machine_name,
            timeout=timeout,
            delay=delay,
            on_poll=on_poll,
        )

    async def list_machines(
        self,
        *,
        next_token: str | None = None,
        max_results: int | None = None,
        status_equals: MachineStatus | str | None = None,
    ) -> ListMachinesOutput:
        """Call `ListMachines`."""
        return await self._call(
            _LIST_MACHINES,
            next_token=next_token,
            max_results=max_results,
            status_equals=status_equals,
        )

    def iter_machines(
        self,
        *,
        status_equals: MachineStatus | str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        starting_token: str | None = None,
    ) -> Paginator[ListMachinesOutput, MachineSummary]:
        """Iterate over the items of `ListMachines`."""
        return self._iterate(
            _LIST_MACHINES_PAGES,
            status_equals=status_equals,
            limit=limit,
            page_size=page_size,
            starting_token=starting_token,
        )

    async def update_machine(
        self, *, machine_name: str, kinds: Sequence[MachineKind | str] | None = None
    ) -> EmptyOutput:
        """Call `UpdateMachine`."""
        return await self._call(_UPDATE_MACHINE, machine_name=machine_name, kinds=kinds)
