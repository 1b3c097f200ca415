"""What a fake's operations are told to answer, and what is said of a call that nobody expected."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Generic, NamedTuple, TypeVar, cast, overload

from aiobotantic.errors import ServiceError
from aiobotantic.operation import Operation, Service
from aiobotantic.protocols import error_class
from aiobotantic.structure import EmptyOutput, Request, ResponseMetadata, Structure
from aiobotantic.testing.compare import copied, differences, in_words
from aiobotantic.testing.fake_streams import renewed
from aiobotantic.testing.faults import ServedError, body_of, status_of

Input = TypeVar("Input", bound=Structure)
Output = TypeVar("Output", bound=Structure)

REQUEST_ID = "fake-request"


class UnexpectedCallError(AssertionError):
    """A fake was called, and nothing was told that fits the call."""


class FakeCall(NamedTuple):
    """A call that a fake got."""

    method: str
    """Name of the client's method: `describe_endpoint`."""
    request: Request[Any]

    def __str__(self) -> str:
        return f"{self.method}({in_words(self.request)})"


@dataclass
class Expectation:
    """What comes of the calls that have certain arguments."""

    arguments: Structure | None
    """The arguments; None for any call."""
    answers: Sequence[Any]
    """Outputs, errors, and functions of the request."""
    repeats: bool
    used: int = 0

    @property
    def spent(self) -> bool:
        """Whether each of its answers was given."""
        return not self.repeats and self.used == len(self.answers)

    def differences(self, request: Structure) -> list[str]:
        """Return what keeps a request from being a call that is meant."""
        if self.arguments is None:
            return []
        given = (name for name, value in vars(self.arguments).items() if value is not None)
        return differences(self.arguments, request, given)

    def take(self) -> Any:
        """Return the next answer."""
        answer = self.answers[0 if self.repeats else self.used]
        self.used += 1
        return answer

    def __str__(self) -> str:
        return "" if self.arguments is None else f".when({in_words(self.arguments)})"


@dataclass
class Told:
    """An operation of a fake: what it was told, and the requests that came."""

    service: Service
    operation: Operation[Any]
    method: str
    """Name of the client's method."""
    expectations: list[Expectation] = field(default_factory=list[Expectation])
    """The latest first; those for any call last."""
    requests: list[Request[Any]] = field(default_factory=list[Request[Any]])

    def tell(self, expectation: Expectation) -> None:
        """Take an expectation, in the place of one for the same calls."""
        new = expectation.arguments
        kept = [old for old in self.expectations if not _same(old.arguments, new)]
        self.expectations = [*kept, expectation] if new is None else [expectation, *kept]

    async def answer(self, request: Request[Any], told: Mapping[str, Told]) -> Structure:
        """Return the answer to a request.

        Args:
            told: every operation of the fake, by the name of its method.

        Raises:
            UnexpectedCallError: nothing that was told fits.
        """
        for expectation in self.expectations:
            if not expectation.spent and not expectation.differences(request):
                break
        else:
            raise UnexpectedCallError(self._unexpected(request, told))
        answer = expectation.take()
        try:
            if isinstance(answer, Exception):
                raise answer
            output = answer if isinstance(answer, Structure) else await self._made(answer, request)
        except (ServiceError, ServedError) as error:
            raise self._sent(error) from None
        output = copied(output)
        renewed(output, self.operation.name)
        vars(output)["response_metadata"] = ResponseMetadata(REQUEST_ID, 200)
        return output

    async def _made(self, function: Callable[[Any], Any], request: Request[Any]) -> Structure:
        made = function(request)
        return self.checked(await made if inspect.isawaitable(made) else made, "the function of")

    def checked(self, output: object, what: str) -> Structure:
        """Return an output of this operation.

        Raises:
            TypeError: it is none.
        """
        cls = self.operation.response_class
        if isinstance(output, cls):
            return output
        made = "" if cls is EmptyOutput else f"; build({cls.__name__}) makes one"
        raise TypeError(
            f"{what} {self.method} gave {type(output).__name__}: {self.operation.name} "
            f"answers {cls.__name__}{made}"
        )

    def _sent(self, error: ServiceError | ServedError) -> ServiceError:
        """Return an error as if the service had sent it: with the operation, a status and an id."""
        if isinstance(error, ServedError):
            status = status_of(self.service, error)
            response = {"Error": {"Code": error.code, "Message": error.message}, **body_of(error)}
            sent = error_class(self.service, error.code)(response, self.operation.name)
        else:
            status = status_of(self.service, ServedError(error.code, error.message))
            sent = copy.copy(error)
            sent.response = dict(error.response)
            sent.operation = self.operation.name
        metadata = {"RequestId": REQUEST_ID, "HTTPStatusCode": status, "RetryAttempts": 0}
        sent.response["ResponseMetadata"] = metadata | sent.response.get("ResponseMetadata", {})
        sent.args = (str(sent),)
        return sent

    def _unexpected(self, request: Request[Any], told: Mapping[str, Told]) -> str:
        call = f"{self.method}({in_words(request)}) was not expected."
        output = self.operation.response or ""
        remedy = f"Say what comes: fake.{self.method}.returns({output and f'{output}(...)'})"
        return "\n".join([call, *self._nearest(request, told), remedy])

    def _nearest(self, request: Request[Any], told: Mapping[str, Told]) -> list[str]:
        for old in self.expectations:
            if old.spent and not old.differences(request):
                times = "its one answer" if old.used == 1 else f"each of its {old.used} answers"
                return [f"{self.method}{old} has given {times}."]
        if self.expectations:
            nearest = min(self.expectations, key=lambda old: len(old.differences(request)))
            return [f"Nearest: {self.method}{nearest}, but"] + [
                f"  {line}" for line in nearest.differences(request)
            ]
        others = [name for name, other in told.items() if other.expectations]
        if not others:
            return ["The fake was told nothing."]
        near = get_close_matches(self.method, others, n=1, cutoff=0)
        return [f"Nearest: {near[0]} was told what to answer, {self.method} was not."]


def _same(old: Structure | None, new: Structure | None) -> bool:
    if old is None or new is None:
        return old is new
    return not differences(old, new)


class Answers(Generic[Input, Output]):
    """Tells an operation what to answer to some calls: to any, or to those of a `when`."""

    def __init__(self, told: Told, arguments: Structure | None) -> None:
        self._told = told
        self._arguments = arguments

    @overload
    def returns(self: Answers[Input, EmptyOutput]) -> None: ...
    @overload
    def returns(self, output: Output, /) -> None: ...
    def returns(self, *outputs: Any) -> None:
        """Answer each of the calls with this output; nothing, where the operation has none.

        Each call gets a copy of its own, and streams from their start.

        Raises:
            TypeError: it is no output of the operation.
        """
        if not outputs and self._told.operation.response is None:
            outputs = (EmptyOutput(),)
        if len(outputs) != 1:
            raise TypeError(f"{self._told.method}.returns() takes one output, not {len(outputs)}")
        self._tell(self._checked(outputs, "returns"), repeats=True)

    def returns_each(self, *outputs: Output | Exception) -> None:
        """Answer one call with each of these, in this order; errors are raised.

        The call after the last one is unexpected.
        """
        self._tell(self._checked(outputs, "returns_each"), repeats=False)

    def answers(self, function: Callable[[Input], Output | Awaitable[Output]], /) -> None:
        """Answer each of the calls with what a function makes of its request; it may be async."""
        self._tell((function,), repeats=True)

    def raises(self, error: Exception | str, message: str = "") -> None:
        """Raise an error at each of the calls.

        Args:
            error: an error, `ResourceNotFound("...")`, or the code of one, `"ResourceNotFound"`.
            message: what the service says; where `error` is a code.
        """
        raised = cast(object, ServedError(error, message) if isinstance(error, str) else error)
        if not isinstance(raised, Exception):
            raise TypeError(f"{self._told.method}.raises() takes an error or its code: {raised!r}")
        self._tell((raised,), repeats=True)

    def _checked(self, outputs: Sequence[Any], what: str) -> list[Any]:
        told = self._told
        return [
            each if isinstance(each, Exception) else told.checked(each, f"{what}() of")
            for each in outputs
        ]

    def _tell(self, answers: Sequence[Any], *, repeats: bool) -> None:
        self._told.tell(Expectation(self._arguments, answers, repeats))
