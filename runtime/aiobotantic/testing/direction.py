"""What a test says beforehand: which requests fail, how resources end, what they are now."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from aiobotantic.operation import Operation
from aiobotantic.testing.kinds import Ending, Key, ResourceKind
from aiobotantic.testing.scripts import ScriptedFault, Scripts
from aiobotantic.testing.state import Kept, State, is_key


class Direction(ABC):
    """The part of a server that a test directs it by."""

    faults: Scripts
    """The errors that are switched on; `fail_next` and `fail_often` add to them."""
    state: State
    """The resources that are kept: `state.notebook_instances["nb"]` is one's members."""

    @abstractmethod
    def _operation(self, name: str) -> Operation[Any]: ...

    @abstractmethod
    def _kind(self, name: str) -> ResourceKind: ...

    def fail_next(
        self,
        operation: str,
        code: str,
        times: int = 1,
        *,
        message: str | None = None,
        status: int | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        """Answer the next requests for an operation with an error; they are not carried out.

        Args:
            operation: AWS's name: `CreateNotebookInstance`.
            code: the error's code: `ThrottlingException`.
            times: how many requests; calls add up, and are used in their order.
            message: the error's message; a plain one by default.
            status: HTTP status; by default the model's, or what AWS sends for the code, else 400.
            members: further members of the error, by wire name: `{"OriginalStatusCode": 500}`.

        Raises:
            ValueError: the service has no such operation.
        """
        self._operation(operation)
        message = message or f"{code} was scripted"
        self.faults.add(ScriptedFault(operation, code, message, status, dict(members or {}), times))

    def fail_often(
        self,
        operation: str,
        code: str,
        probability: float,
        *,
        message: str | None = None,
        status: int | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        """Answer requests for an operation with an error now and then, until `faults.clear()`.

        Args:
            operation: AWS's name: `CreateNotebookInstance`.
            code: the error's code: `ThrottlingException`.
            probability: how likely a request is to fail, from 0 to 1; the same ones in each run.
            message: the error's message; a plain one by default.
            status: HTTP status; by default the model's, or what AWS sends for the code, else 400.
            members: further members of the error, by wire name: `{"OriginalStatusCode": 500}`.

        Raises:
            ValueError: the service has no such operation, or the probability is none.
        """
        self._operation(operation)
        message = message or f"{code} was scripted"
        self.faults.add(
            ScriptedFault(operation, code, message, status, dict(members or {}), None, probability)
        )

    def end_next(
        self,
        kind: str,
        status: str,
        *,
        name: Any = None,
        times: int = 1,
        **members: Any,
    ) -> None:
        """Let the next resources of a kind come to rest in another status than they would.

            server.end_next("training_job", "Failed", FailureReason="out of memory")

        A resource that would be gone stays, in that status. Calls add up, and are used in their
        order.

        Args:
            kind: as in `limits`: `training_job`.
            status: a value of the kind's status.
            name: the resource that is meant, a tuple where one name does not do; by default any.
            times: how many resources, or how often that one.
            members: what else is then known of them, by wire name.

        Raises:
            ValueError: there is no such kind, or it has no such status or member; or `times` is
                less than 1.
        """
        found = self._kind(kind)
        if found.resource.status is None:
            raise ValueError(f"a {found.resource.label} has no status: it comes to no end")
        if times < 1:
            raise ValueError(f"times is {times}: pass 1 or more")
        self.state.check(found, {found.resource.status: status, **members})
        key: Key | None = name if name is None or is_key(name) else (name,)
        found.endings.append(Ending(status, members, key, times))

    def change(self, kind: str, name: Any, **members: Any) -> None:
        """Let members of a resource have other values from now on, its status for one.

            server.change("endpoint", "e", EndpointStatus="Failed", FailureReason="no capacity")

        Args:
            kind: as in `limits`: `endpoint`.
            name: its name or ARN; a tuple where one name does not do.
            members: their values by wire name.

        Raises:
            KeyError: there is no such resource.
            ValueError: there is no such kind, or it has no such member or status.
        """
        found = self._kind(kind)
        self.state.check(found, members)
        found.change(Kept(found).key(name), members)
