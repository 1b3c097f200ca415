"""Calls whose answer is read while it arrives: awaited, or entered."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from aiobotantic.bodies import Streamed
from aiobotantic.structure import Structure

Output = TypeVar("Output", bound=Structure, covariant=True)
Body = TypeVar("Body", bound=Streamed, covariant=True)


class StreamedCall(Coroutine[Any, Any, Output], Generic[Output, Body]):
    """A call that was not made yet: a coroutine, and a context manager.

        async with runtime.invoke_endpoint_with_response_stream(...) as events:
            async for event in events:
                ...

    Entering it makes the call and gives what streams; leaving it early closes the connection.
    Awaiting it makes the call and gives the whole answer, whose stream is the caller's to close.

    Args:
        call: the coroutine of the call.
        member: the member of the answer that streams.
    """

    def __init__(self, call: Coroutine[Any, Any, Output], member: str) -> None:
        self._call = call
        self._member = member
        self._body: Any = None

    def __await__(self) -> Generator[Any, Any, Output]:
        return self._call.__await__()

    async def __aenter__(self) -> Body:
        self._body = getattr(await self._call, self._member)
        body: Body = await self._body.__aenter__()
        return body

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._body.__aexit__(kind, error, traceback)

    if not TYPE_CHECKING:  # checkers say it themselves

        def __aiter__(self):
            self.close()
            raise TypeError(
                "a call is entered before its stream is read: "
                "async with client.method(...) as events: async for event in events"
            )

    def send(self, value: Any, /) -> Any:
        """Run to the next wait, as coroutines do."""
        return self._call.send(value)

    def throw(self, *error: Any) -> Any:
        """Raise an exception where the coroutine waits."""
        return self._call.throw(*error)

    def close(self) -> None:
        """End the coroutine."""
        self._call.close()
