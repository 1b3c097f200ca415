"""Shapes of `job`."""

from typing import Annotated

from aiobotantic.constraints import SENSITIVE, Length, Range
from aiobotantic.structure import Request, Required, Structure
from aiobotantic.unions import UnionStructure


class ScriptSource(Structure):
    """`ScriptSource`."""

    text: Required[Annotated[str, Length(1, 4096), SENSITIVE]]
    """1 to 4096 characters."""
    timeout_in_seconds: Annotated[int, Range(1)] | None = None
    """At least 1."""


class JobSource(UnionStructure):
    """`JobSource`."""

    script: ScriptSource | None = None
    image_uri: Annotated[str, Length(max=255)] | None = None
    """At most 255 characters."""


class StepCondition(Structure):
    """`StepCondition`."""

    name: Annotated[str, Length(max=8)] | None = None
    """At most 8 characters."""
    all_of: "list[StepCondition] | None" = None


class CreateJobInput(Request["CreateJobOutput"]):
    """Input of `CreateJob`."""

    job_name: Annotated[str, Length(1, 63)]
    """1 to 63 characters."""
    source: JobSource
    client_token: Annotated[str, Length(1, 64)] | None = None
    """1 to 64 characters."""
    password: Annotated[str, Length(8, 64), SENSITIVE] | None = None
    """8 to 64 characters."""
    condition: StepCondition | None = None


class CreateJobOutput(Structure):
    """Output of `CreateJob`."""

    job_arn: str | None = None
    source: JobSource | None = None


class OpenSessionInput(Request["OpenSessionOutput"]):
    """Input of `OpenSession`."""

    job_name: str


class OpenSessionOutput(Structure):
    """Output of `OpenSession`."""

    session_id: str | None = None
    token_value: Annotated[str | None, SENSITIVE] = None
    secrets: Annotated[dict[str, int] | None, SENSITIVE] = None
