"""Every waiter of every service, through success, failure, deletion and timeout."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

import pytest
from http_service import Answer, HttpService, answer, error
from waiter_table import CLIENTS, DOCUMENT, table, waiters_of

from aiobotantic.client import Client
from aiobotantic.errors import WaiterFailed, WaiterTimedOut
from aiobotantic.operation import Operation
from aiobotantic.structure import Structure, describe, value_type
from aiobotantic.testing.build import build
from aiobotantic.waiters import Waiter

ALL = [
    pytest.param(client, operation, waiter, id=f"{client.SERVICE.name}-{waiter.name}")
    for client in CLIENTS
    for operation, waiter in waiters_of(client)
]


class Case:
    """One waiter at a server that answers by a script."""

    def __init__(
        self, service: HttpService, client: Client, operation: Operation[Any], waiter: Waiter
    ) -> None:
        self.service, self.client, self.operation, self.waiter = service, client, operation, waiter
        self.members = describe(operation.response_class)

    def expected(self, state: str) -> list[Any]:
        return [each for each in self.waiter.acceptors if each.state == state]

    def answers(self, acceptor: Any) -> Answer:
        """Return the answer that an acceptor expects."""
        if acceptor.matcher == "error":
            return error(acceptor.expected)
        return self.status(acceptor.argument, acceptor.expected)

    def status(self, member: str, value: str) -> Answer:
        document: dict[str, Any] = {self._key(member): value}
        for reason in self.said():
            document[self.members.json_names[reason]] = f"said by {reason}"
        return answer(document)

    def said(self) -> list[str]:
        """Return the fields of texts that say why something failed."""
        fields = self.operation.response_class.__pydantic_fields__
        return [each for each in self.waiter.reasons if value_type(fields[each].annotation) is str]

    def passing(self) -> Answer:
        """Return an answer with a value that the model lists and no acceptor expects."""
        member = next(a.argument for a in self.waiter.acceptors if a.argument is not None)
        field = self.members.by_wire_name[member]
        enum: Any = value_type(self.operation.response_class.__pydantic_fields__[field].annotation)
        known = {each.expected for each in self.waiter.acceptors}
        return self.status(member, next((v.value for v in enum if v.value not in known), "Later"))

    def _key(self, member: str) -> str:
        return self.members.json_names[self.members.by_wire_name[member]]

    async def wait(self, timeout: float = 20) -> Structure | None:  # noqa: ASYNC109
        request = build(self.operation.request_class, optional=False)
        given = {name: value for name, value in vars(request).items() if value is not None}
        method = getattr(self.client, method_of(self.client, self.waiter))
        waited: Structure | None = await method(**given, delay=0.001, timeout=timeout)
        return waited


def method_of(client: Client, waiter: Waiter) -> str:
    """Return the method that waits."""
    named = waiter.name.lower()
    return next(
        name
        for name in dir(client)
        if name.startswith("wait_until_") and name.replace("_", "")[len("waituntil") :] == named
    )


@pytest.fixture(scope="module")
def seen() -> Iterator[dict[str, int]]:
    counts = {"success": 0, "failure": 0, "gone": 0, "timeout": 0}
    yield counts
    assert min(counts.values()) > 0, counts


@pytest.mark.parametrize(("client_class", "operation", "waiter"), ALL)
async def test_a_waiter_ends_as_its_acceptors_say(
    service: HttpService,
    seen: dict[str, int],
    client_class: type[Client],
    operation: Operation[Any],
    waiter: Waiter,
) -> None:
    async with client_class(region_name="us-east-1", endpoint_url=service.url) as opened:
        client = opened.with_options(retries=0)
        case = Case(service, client, operation, waiter)
        looks = any(each.argument for each in waiter.acceptors)
        passing = [case.passing()] if looks else [answer({})]
        for acceptor in case.expected("success"):
            service.script = [*passing, case.answers(acceptor)]
            ended = await case.wait()
            if acceptor.matcher == "error":
                assert ended is None
                seen["gone"] += 1
            else:
                assert ended is not None
                assert ended[acceptor.argument] == acceptor.expected
                seen["success"] += 1
        for acceptor in case.expected("failure"):
            service.script = [*passing, case.answers(acceptor)]
            with pytest.raises(WaiterFailed) as failed:
                await case.wait()
            assert str(acceptor.expected) in str(failed.value)
            if acceptor.matcher == "path" and case.said():
                assert failed.value.reason == f"said by {case.said()[0]}"
                assert failed.value.reason in str(failed.value)
            seen["failure"] += 1
        service.script = passing
        with pytest.raises(WaiterTimedOut) as late:
            await case.wait(timeout=0.05)
        assert late.value.last_response is not None
        seen["timeout"] += 1


def test_the_page_of_waiters_is_up_to_date() -> None:
    assert DOCUMENT.read_text("utf-8") == table(), "python tests/waiter_table.py writes it"


def test_every_describe_operation_with_a_status_has_a_waiter() -> None:
    """The table of rules names a status for each, or the page says why there is none."""
    without = []
    for client in CLIENTS:
        polled = {operation.name for operation, _ in waiters_of(client)}
        for name, operation in client.operations().items():
            if not name.startswith("Describe") or name in polled:
                continue
            resource = name.removeprefix("Describe")
            cls = operation.response_class
            wires = describe(cls).by_wire_name
            named = [
                wires[wire]
                for wire in wires
                if wire.endswith("Status") and resource.startswith(wire.removesuffix("Status"))
            ]
            for field in named:
                kind = field and value_type(cls.__pydantic_fields__[field].annotation)
                if isinstance(kind, type) and issubclass(kind, Enum):
                    without.append(f"{client.SERVICE.name} {name}")
    assert without == []
