"""Errors that a test has switched on: for the next requests of an operation, or now and then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from aiobotantic.testing.faults import ServedError


@dataclass
class ScriptedFault:
    """An error that requests for an operation are answered with."""

    operation: str
    """AWS's name."""
    code: str
    message: str
    status: int | None = None
    """HTTP status; None: the usual one."""
    members: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Further members of the error."""
    times: int | None = 1
    """How many requests are still to fail; None: any number."""
    probability: float = 1.0
    """How likely a request is to fail, from 0 to 1."""


class Scripts:
    """The errors that are switched on, in the order in which they were.

    What happens by chance is the same in each run.
    """

    def __init__(self) -> None:
        self._faults: list[ScriptedFault] = []
        self._random = Random(0)

    def __iter__(self) -> Iterator[ScriptedFault]:
        return iter(self._faults)

    def add(self, fault: ScriptedFault) -> None:
        """Switch an error on, after those that are.

        Raises:
            ValueError: its probability is none.
        """
        if not 0 <= fault.probability <= 1:
            raise ValueError(f"{fault.probability:g} is no probability: pass 0 to 1")
        if fault.times is None or fault.times > 0:
            self._faults.append(fault)

    def clear(self, operation: str | None = None) -> None:
        """Switch the errors of an operation off; None: all of them."""
        kept = [each for each in self._faults if operation not in (None, each.operation)]
        self._faults[:] = kept

    def fail(self, operation: str) -> None:
        """Raise the error that a request for an operation is answered with, if there is one."""
        for fault in self._faults:
            if fault.operation != operation or self._random.random() >= fault.probability:
                continue
            if fault.times is not None:
                fault.times -= 1
            if fault.times == 0:
                self._faults.remove(fault)
            raise ServedError(fault.code, fault.message, fault.status, fault.members)
