"""A walk through all ten services as their users call them: every operation answers.

The methods take what a request may hold at most, and the wire door what it must hold at least;
what is streamed is read to its end.
"""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from aiobotantic.bodies import StreamingBody
from aiobotantic.client import Client
from aiobotantic.errors import ServiceError
from aiobotantic.event_stream import EventStream
from aiobotantic.manifest import spec_versions
from aiobotantic.operation import Operation
from aiobotantic.structure import Structure, describe
from aiobotantic.testing.build import build
from aiobotantic_codegen.ir.names import method_name
from aiosagemaker.sagemaker.models import InferenceExperimentSchedule
from aiosagemaker_extras.testing import SageMakerServer, client_class

SERVICES = sorted(spec_versions("aiosagemaker"))
NOTEBOOK = {"notebook_instance_name": "nb"}
EXPERIMENT = {"name": "now"}
LATER = {"name": "later"}
SCHEDULE = InferenceExperimentSchedule(start_time=datetime(2100, 1, 1, tzinfo=UTC))
FIRST_PAGE = {"next_token": None}
LIVES: list[tuple[str, dict[str, Any]]] = [
    ("CreateNotebookInstance", NOTEBOOK),
    ("DescribeNotebookInstance", NOTEBOOK),
    ("ListNotebookInstances", FIRST_PAGE),
    ("StopNotebookInstance", NOTEBOOK),
    ("DescribeNotebookInstance", NOTEBOOK),
    ("UpdateNotebookInstance", NOTEBOOK),
    ("DescribeNotebookInstance", NOTEBOOK),
    ("StartNotebookInstance", NOTEBOOK),
    ("DescribeNotebookInstance", NOTEBOOK),
    ("StopNotebookInstance", NOTEBOOK),
    ("DescribeNotebookInstance", NOTEBOOK),
    ("DeleteNotebookInstance", NOTEBOOK),
    ("CreateInferenceExperiment", EXPERIMENT),
    ("DescribeInferenceExperiment", EXPERIMENT),
    ("ListInferenceExperiments", FIRST_PAGE),
    ("UpdateInferenceExperiment", EXPERIMENT),
    ("DescribeInferenceExperiment", EXPERIMENT),
    ("StopInferenceExperiment", EXPERIMENT),
    ("DescribeInferenceExperiment", EXPERIMENT),
    ("DeleteInferenceExperiment", EXPERIMENT),
    ("CreateInferenceExperiment", LATER | {"schedule": SCHEDULE}),
    ("DescribeInferenceExperiment", LATER),
    ("StartInferenceExperiment", LATER),
]
"""The operations on resources that are kept, in an order that their statuses allow."""


def steps(client: type[Client]) -> list[tuple[Operation[Any], dict[str, Any]]]:
    """Return every operation, with the fields whose values matter."""
    operations = client.operations()
    kept = [(operations[name], given) for name, given in LIVES if name in operations]
    names = {operation.name for operation, _ in kept}
    return [(each, {}) for name, each in operations.items() if name not in names] + kept


async def finished(answer: Structure) -> Structure:
    """Read what is streamed to its end."""
    for value in answer.to_wire().values():
        if isinstance(value, StreamingBody):
            async with value:
                assert await value.read()
        elif isinstance(value, EventStream):
            async with value as stream:
                events = [event async for event in stream]
            assert events
            assert all(event.is_known for event in events)
    return answer


async def call(client: Client, operation: Operation[Any], request: Structure) -> Structure:
    """Call an operation's method."""
    fields = {name: getattr(request, name) for name in describe(type(request)).wire_names}
    method = getattr(client, method_name(operation.name))
    answer: Structure = await method(**{k: v for k, v in fields.items() if v is not None})
    return answer


async def call_wire(client: Client, operation: Operation[Any], request: Structure) -> Structure:
    """Call an operation by AWS's names."""
    method = getattr(client.wire, method_name(operation.name))
    answer: Structure = await method(**request.to_wire())
    return answer


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(("door", "optional"), [(call, True), (call_wire, False)])
async def test_every_operation_answers(service: str, door: Any, optional: bool) -> None:
    cls = client_class(service)
    async with SageMakerServer(cls, stateless=True) as server, server.client() as client:
        for operation, given in steps(cls):
            request = build(operation.request_class, optional=optional, **given)

            answer = await finished(await door(client, operation, request))

            assert type(answer) is operation.response_class, operation.name
    assert {entry.status for entry in server.journal} == {200}
    assert {entry.operation for entry in server.journal} == set(cls.operations())


async def test_one_server_answers_every_operation_of_all_services() -> None:
    asked: set[str] = set()
    async with SageMakerServer() as server:
        for service in SERVICES:
            cls = client_class(service)
            async with server.client(cls, validation="off") as client:
                for operation in cls.operations().values():
                    with suppress(ServiceError):
                        await finished(
                            await call_wire(client, operation, build(operation.request_class))
                        )
            asked |= set(cls.operations())

    assert {entry.operation for entry in server.journal} == asked
    assert {entry.error for entry in server.journal} == {
        None,
        "ResourceNotFound",
        "ResourceNotFoundException",
        "ValidationError",
        "ValidationException",
    }


async def test_a_waiter_for_a_deletion_ends_with_a_scripted_error() -> None:
    async with SageMakerServer() as server, server.client() as client:
        server.fail_next("DescribeEndpoint", "ValidationException")
        await client.wait_until_endpoint_deleted(endpoint_name="e", delay=0.01, timeout=1)

        assert [entry.error for entry in server.journal] == ["ValidationException"]
