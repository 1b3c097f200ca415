# ruff: noqa  (as the generator writes it)
"""The client of Workshop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiobotantic.client import Client
from aiobotantic.operation import Service

from sample_service.workshop._operations.job import JobOperations
from sample_service.workshop._operations.machine import MachineOperations

if TYPE_CHECKING:
    from sample_service.workshop.wire import WorkshopWire


class Workshop(JobOperations, MachineOperations, Client):
    """Async client of Workshop."""

    SERVICE = Service(
        "sample_service.workshop",
        "workshop",
        {
            "apiVersion": "2024-02-29",
            "protocol": "json",
            "protocols": ("json",),
            "serviceId": "Workshop",
            "serviceFullName": "Workshop",
            "endpointPrefix": "api.workshop",
            "signatureVersion": "v4",
            "signingName": "workshop",
            "auth": ("aws.auth#sigv4",),
            "jsonVersion": "1.1",
            "targetPrefix": "Workshop",
            "uid": "workshop-2024-02-29",
        },
    )

    if TYPE_CHECKING:

        @property
        def wire(self) -> WorkshopWire:
            """The same operations, with AWS's own names of arguments."""
            ...
