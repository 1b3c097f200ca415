# ruff: noqa  (as the generator writes it)
"""Errors of Workshop, and the usual ones that no model lists."""

from aiobotantic import errors as common
from aiobotantic.errors import *


class MachineInUse(common.ServiceError):
    """The service answered `MachineInUse`."""

    CODE = "MachineInUse"
    MEMBERS = {"job_name": "JobName"}
    job_name: str | None


class MachineNotFound(common.ServiceError):
    """The service answered `MachineNotFound`."""

    CODE = "MachineNotFound"


class WarmingUp(common.ServiceError):
    """The service answered `WarmingUp`."""

    CODE = "WarmingUp"
    RETRYABLE = True


ERRORS: dict[str, type[common.ServiceError]] = {
    **common.COMMON_ERRORS,
    "MachineInUse": MachineInUse,
    "MachineNotFound": MachineNotFound,
    "WarmingUp": WarmingUp,
}
"""Error code to the class that is raised for it."""
