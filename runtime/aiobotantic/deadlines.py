"""Calls that end in time."""

from __future__ import annotations

import asyncio
from typing import Any

from aiobotantic.errors import CallTimeoutError
from aiobotantic.lanes import Call, Lane
from aiobotantic.operation import Operation, Repeat
from aiobotantic.structure import Structure


async def before_deadline(lane: Lane, call: Call) -> Structure:
    """Make a call that ends by its `timeout` and `deadline`.

    Raises:
        CallTimeoutError: the earlier of both has passed.
    """
    options, name = call.options, call.operation.name
    now = asyncio.get_running_loop().time()
    end, limit = options.deadline, "there was until its deadline"
    if options.timeout is not None and (end is None or now + options.timeout < end):
        end, limit = now + options.timeout, f"its {options.timeout} s"
    if end is not None and end <= now:
        raise CallTimeoutError(f"{name} was not sent: its deadline has passed", operation=name)
    deadline = asyncio.timeout_at(end)
    try:
        async with deadline:
            return await lane.call(call)
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise CallTimeoutError(
            f"{name} took longer than {limit}{doubt(call.operation)}",
            operation=name,
            attempts=call.attempts,
        ) from error


def doubt(operation: Operation[Any]) -> str:
    """Return what an error says of an operation that was not seen to end."""
    return "" if operation.repeat is Repeat.READ else "; it may have been carried out"
