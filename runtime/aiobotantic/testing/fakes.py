"""Fakes: the generated clients without a service, whose operations answer what a test says.

A fake is a client in every respect but its lane, which looks the answer up: requests are made and
checked as ever, and pages, waiters, `send`, `wire` and `with_options` are the client's own.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar

from aiobotantic.bodies import Streamed
from aiobotantic.client import operations_by_method
from aiobotantic.lanes import Call, Pipeline
from aiobotantic.open_bodies import with_encoded_body
from aiobotantic.operation import Operation
from aiobotantic.options import Validation
from aiobotantic.streamed_call import StreamedCall
from aiobotantic.structure import Structure
from aiobotantic.testing.answering import Answers, FakeCall, Told, UnexpectedCallError
from aiobotantic.testing.compare import copied, differences, in_words
from aiobotantic.testing.offline import OfflineClient

Arguments = ParamSpec("Arguments")
Input = TypeVar("Input", bound=Structure)
Output = TypeVar("Output", bound=Structure)
Body = TypeVar("Body", bound=Streamed)


class FakeOperation(Answers[Input, Output], Generic[Arguments, Input, Output]):
    """An operation of a fake: called like the client's, told what to answer, asked what came."""

    def __init__(self, fake: FakeClient, told: Told, method: Callable[..., Any]) -> None:
        super().__init__(told, None)
        self._fake = fake
        self._method = method
        self.__name__ = told.method

    def __call__(
        self, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Coroutine[Any, Any, Output]:
        """Call the operation, as the client's method does.

        Raises:
            UnexpectedCallError: nothing was told that fits.
            RequestValidationError: the request breaks a limit of the model.
        """
        call: Coroutine[Any, Any, Output] = self._method(self._fake, *args, **kwargs)
        return call

    def when(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Answers[Input, Output]:
        """Return what is told the answer to calls with these arguments, whatever else they have.

        What was told last comes first; the operation's own answer comes after all of these.
        """
        return Answers(self._told, self._request(*args, **kwargs))

    @property
    def calls(self) -> list[Input]:
        """The requests that came, as they were when they came."""
        requests: list[Any] = self._told.requests
        return list(requests)

    @property
    def call_count(self) -> int:
        """How many requests came."""
        return len(self._told.requests)

    def assert_called(self) -> None:
        """Check that it was called."""
        if not self.calls:
            raise AssertionError(f"{self.__name__} was not called{self._instead()}")

    def assert_not_called(self) -> None:
        """Check that it was not called."""
        if self.calls:
            raise AssertionError(f"{self.__name__} was called{self._list()}")

    def assert_called_once(self) -> None:
        """Check that it was called, and not twice."""
        self.assert_called()
        if len(self.calls) > 1:
            raise AssertionError(
                f"{self.__name__} was called {len(self.calls)} times{self._list()}"
            )

    def assert_called_with(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        """Check that the last call had these arguments, and no other ones."""
        expected = self._request(*args, **kwargs)
        self.assert_called()
        if different := self._different(expected, self._told.requests[-1]):
            lines = "\n  ".join(["", *different])
            raise AssertionError(
                f"{self.__name__} was last called with other arguments:{lines}{self._list()}"
            )

    def assert_called_once_with(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        """Check that the one call had these arguments, and no other ones."""
        self.assert_called_once()
        self.assert_called_with(*args, **kwargs)

    def assert_any_call(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        """Check that some call had these arguments, and no other ones."""
        expected = self._request(*args, **kwargs)
        self.assert_called()
        each = [self._different(expected, request) for request in self._told.requests]
        if all(each):
            nearest = "\n  ".join(["", *min(each, key=len)])
            raise AssertionError(
                f"{self.__name__} was never called with these arguments; nearest:{nearest}"
                f"{self._list()}"
            )

    def _request(self, *args: Any, **kwargs: Any) -> Structure:
        if args:
            raise TypeError(f"{self.__name__} takes keyword arguments alone")
        cls = self._told.operation.request_class
        return cls(**with_encoded_body(cls, kwargs))

    def _different(self, expected: Structure, came: Structure) -> list[str]:
        """Return what differs; a token that the client made up does not."""
        token = self._told.operation.token
        left_out = token if token is not None and getattr(expected, token) is None else None
        fields = (name for name in type(expected).__pydantic_fields__ if name != left_out)
        return differences(expected, came, fields)

    def _list(self) -> str:
        lines = [f"\n  {n}. {self.__name__}({in_words(r)})" for n, r in enumerate(self.calls, 1)]
        return f"\nIts calls:{''.join(lines)}"

    def _instead(self) -> str:
        calls = self._fake.all_calls
        names = ", ".join(dict.fromkeys(call.method for call in calls))
        return f"; these were: {names}" if names else "; nothing else was"

    def __repr__(self) -> str:
        return f"<{self.__name__} of {self._fake!r}, {len(self.calls)} calls>"


class FakeStreamedOperation(
    FakeOperation[Arguments, Input, Output], Generic[Arguments, Input, Output, Body]
):
    """An operation of a fake whose answer streams: awaited or entered, like the client's."""

    if TYPE_CHECKING:

        def __call__(
            self, *args: Arguments.args, **kwargs: Arguments.kwargs
        ) -> StreamedCall[Output, Body]:
            """Call the operation, as the client's method does."""
            ...


if TYPE_CHECKING:

    def faked_stream(
        method: Callable[Concatenate[Any, Arguments], StreamedCall[Output, Body]],
        request: type[Input],
        /,
    ) -> Callable[[Any], FakeStreamedOperation[Arguments, Input, Output, Body]]:
        """Return what `faked` does, for a method whose answer streams."""
        ...

    def faked(
        method: Callable[Concatenate[Any, Arguments], Coroutine[Any, Any, Output]],
        request: type[Input],
        /,
    ) -> Callable[[Any], FakeOperation[Arguments, Input, Output]]:
        """Return a decorator that says, to type checkers alone, what stands for a method."""
        ...


class _FakedMethod:
    """What stands in a fake's class for a method: gives the operation of each fake."""

    def __init__(self, name: str, method: Callable[..., Any]) -> None:
        self._name = name
        self._method = method

    def __get__(self, fake: FakeClient | None, owner: type[FakeClient]) -> Any:
        if fake is None:
            return self._method
        script: _Script = vars(fake)["_script"]
        told = script.told[self._name]
        kind: Any = FakeStreamedOperation if told.operation.streams else FakeOperation
        return kind(fake, told, self._method)


class _Script:
    """The lane of a fake: answers calls with what the operations were told."""

    def __init__(self, told: dict[str, Told], region_name: str) -> None:
        self.told = told
        self.calls: list[FakeCall] = []
        self.unexpected: list[UnexpectedCallError] = []
        self.region_name: str | None = region_name
        self.endpoint_url = "fake:"
        self.pipeline = Pipeline("fake", "nothing is sent")
        self._by_wire_name = {each.operation.name: each for each in told.values()}

    async def call(self, call: Call) -> Structure:
        """Note a call, and answer it."""
        told = self._by_wire_name[call.operation.name]
        request = copied(call.request)
        self.calls.append(FakeCall(told.method, request))
        told.requests.append(request)
        try:
            return await told.answer(call.request, self.told)
        except UnexpectedCallError as error:
            self.unexpected.append(error)
            raise

    async def warm_up(self, operations: Iterable[Operation[Any]]) -> None:
        """Do nothing: there is no connection."""

    async def close(self) -> None:
        """Do nothing: there is no connection."""


class FakeClient(OfflineClient):
    """Base of the generated fakes.

    It needs no `async with` and no credentials, and sends nothing. An operation of which nothing
    was told raises `UnexpectedCallError`, an AssertionError that names the nearest expectation.
    Waiters do not sleep: their pauses pass at once.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in operations_by_method(cls):
            setattr(cls, name, _FakedMethod(name, getattr(cls, name)))

    def __init__(
        self, *, region_name: str = "us-east-1", validation: Validation | None = None
    ) -> None:
        """Make a fake.

        Args:
            region_name: What the client says its region is.
            validation: `strict`, `warn` or `off`, as for a client.
        """
        super().__init__(region_name=region_name, validation=validation)
        methods: dict[str, Operation[Any]] = operations_by_method(type(self))
        self._script = _Script(
            {name: Told(self.SERVICE, each, name) for name, each in methods.items()}, region_name
        )
        self._answer_by(self._script)

    @property
    def all_calls(self) -> list[FakeCall]:
        """The calls of every operation, in the order in which they came."""
        return list(self._script.calls)

    @property
    def unexpected_calls(self) -> list[UnexpectedCallError]:
        """What was raised for calls that nothing was told for, also where it was caught."""
        return list(self._script.unexpected)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, {len(self._script.calls)} calls>"
