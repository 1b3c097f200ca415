"""Operations of `job`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiobotantic.client import Operations
from aiobotantic.operation import Operation

if TYPE_CHECKING:
    from sample_service.workshop.models import (
        CreateJobOutput,
        JobSource,
        OpenSessionOutput,
        StepCondition,
    )

_CREATE_JOB = Operation["CreateJobOutput"](
    __name__,
    "CreateJob",
    "CreateJobInput",
    "CreateJobOutput",
    token="client_token",
)
_OPEN_SESSION = Operation["OpenSessionOutput"](
    __name__,
    "OpenSession",
    "OpenSessionInput",
    "OpenSessionOutput",
)


class JobOperations(Operations):
    """Operations of `job`."""

    OPERATIONS = (
        _CREATE_JOB,
        _OPEN_SESSION,
    )

    async def create_job(
        self,
        *,
        job_name: str,
        source: JobSource,
        client_token: str | None = None,
        password: str | None = None,
        condition: StepCondition | None = None,
    ) -> CreateJobOutput:
        """Call `CreateJob`."""
        return await self._call(
            _CREATE_JOB,
            job_name=job_name,
            source=source,
            client_token=client_token,
            password=password,
            condition=condition,
        )

    async def open_session(self, *, job_name: str) -> OpenSessionOutput:
        """Call `OpenSession`."""
        return await self._call(_OPEN_SESSION, job_name=job_name)
