"""docs/waiters.md: every waiter, and the rule of those that AWS does not model. Run it to write."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import aiosagemaker
from aiobotantic.client import Client
from aiobotantic.operation import Operation
from aiobotantic.waiters import Waiter

DOCUMENT: Final = Path(__file__).parent.parent / "docs" / "waiters.md"
CLIENTS: Final[list[type[Client]]] = [
    each
    for each in (getattr(aiosagemaker, name) for name in sorted(dir(aiosagemaker)))
    if isinstance(each, type) and issubclass(each, Client)
]
_HEAD: Final = """\
# Waiters

`wait_until_<resource>_<state>` polls until a resource is in a state, and returns the last response;
where an error is the end (a deletion), None. The rule `AWS` stands for AWS's own. The others follow
from the values of the status, by the table `[waiters]` of `specs/behaviour.toml`; exceptions stand
in `specs/overrides.toml`, with reasons. "also listed": a [shared poller](calls.md#waiters) reads it
from a list.
"""


def waiters_of(client: type[Client]) -> Iterator[tuple[Operation[Any], Waiter]]:
    """Yield the waiters of a service with the operations that they poll."""
    package = client.SERVICE.package
    waiters = vars(import_module(f"{package}.waiters"))
    polled = {
        constant: operation
        for module in {operation.module for operation in client.operations().values()}
        for constant, operation in _polled(module)
    }
    for constant, waiter in waiters.items():
        if isinstance(waiter, Waiter):
            yield polled[constant], waiter


def _polled(module: str) -> Iterator[tuple[str, Operation[Any]]]:
    """Yield the waiters that the methods of a family name, with what they poll."""
    for cls in vars(import_module(module)).values():
        for name, method in vars(cls).items() if isinstance(cls, type) else ():
            if name.startswith("wait_until_"):
                names = method.__code__.co_names
                operation = next(each for each in names if each.startswith("_") and each.isupper())
                constant = names[names.index("waiters") + 1]
                yield constant, vars(import_module(module))[operation]


def table() -> str:
    """Return the page."""
    lines = [_HEAD]
    for client in CLIENTS:
        rows = [
            f"| `{waiter.name}` | `{operation.name}` | {_ends(waiter, 'success')} "
            f"| {_ends(waiter, 'failure')} | {waiter.rule or 'AWS'}"
            f"{', also listed' if waiter.listing else ''} |"
            for operation, waiter in waiters_of(client)
        ]
        if rows:
            lines += [
                f"## {client.__name__}\n",
                "| Waiter | Polls | Ends at | Fails at | Rule |",
                "| --- | --- | --- | --- | --- |",
                *rows,
                "",
            ]
    return "\n".join(lines)


def _ends(waiter: Waiter, state: str) -> str:
    ends = [
        f"the error {each.expected}" if each.matcher == "error" else str(each.expected)
        for each in waiter.acceptors
        if each.state == state
    ]
    return ", ".join(ends)


if __name__ == "__main__":
    DOCUMENT.write_text(table(), "utf-8")
