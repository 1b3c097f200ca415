"""The wire door: operations with AWS's own names of arguments, typed answers all the same."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from aiobotantic.operation import Operation
from aiobotantic.structure import Structure

Answer = TypeVar("Answer", bound=Structure, covariant=True)

Send = Callable[[Operation[Any], Mapping[str, Any]], Coroutine[Any, Any, Any]]
"""Sends an operation with its members by AWS's names."""


class WireMethod(Protocol[Answer]):
    """An operation that takes AWS's names: `create_notebook_instance(NotebookInstanceName=...)`."""

    def __call__(self, /, **members: Any) -> Coroutine[Any, Any, Answer]:
        """Send the members; None means not sent.

        Raises:
            RequestValidationError: a name that the model does not list, or a limit is broken.
            ServiceError: the service answered with an error.
        """
        ...


class WireDoor:
    """Base of the generated classes whose annotations say what each operation returns."""

    def __init__(self, operations: Mapping[str, Operation[Any]], send: Send) -> None:
        self._operations = operations
        self._send = send

    if not TYPE_CHECKING:  # checkers see the generated annotations, and so find typos

        def __getattr__(self, name: str) -> WireMethod[Any]:
            operation = self._operations.get(name)
            if operation is None:
                near = get_close_matches(name, self._operations, n=1)
                hint = f". Did you mean {near[0]!r}?" if near else ""
                raise AttributeError(f"no operation is called {name!r}{hint}")
            send = self._send

            async def method(**members: Any) -> Any:
                return await send(operation, members)

            method.__name__ = method.__qualname__ = name
            return method

    def __dir__(self) -> list[str]:
        return sorted(self._operations)
