"""Operations and services as data: what generated code says, and every stage of a call reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from aiobotantic.pickling import resolve
from aiobotantic.structure import EmptyOutput, Request, Structure

Output = TypeVar("Output", bound=Structure, covariant=True)


class Repeat(StrEnum):
    """What repeating an operation does when its first answer was lost."""

    READ = "read"
    """Changes nothing: repeated freely."""
    REPEATABLE = "repeatable"
    """Ends in the same state however often it is carried out."""
    UNLESS_TIMED_OUT = "unless_timed_out"
    """Repeated when the connection was lost, not when the answer is late: it may be at work."""
    ONCE = "once"
    """Repeated only with an idempotency token, or when no byte was sent."""


@dataclass(frozen=True)
class Operation(Generic[Output]):
    """One operation of a service."""

    module: str
    """`__name__` of the generated module; its shapes are in `<service>.models`."""
    name: str
    """AWS's name: `CreateNotebookInstance`."""
    request: str
    """Class name of the input."""
    response: str | None = None
    """Class name of the output; None where the operation has none."""
    errors: tuple[str, ...] = ()
    """Codes of the errors that the model lists for the operation."""
    repeat: Repeat = Repeat.ONCE
    token: str | None = None
    """Field that holds the idempotency token, filled in where the caller gives none."""
    method: str = "POST"
    uri: str = "/"
    host_prefix: str = ""
    """What stands before the host name; AWS's names of members in braces."""
    streams: bool = False
    """Whether the response is read while it arrives."""
    traits: Mapping[str, Any] = field(default_factory=dict[str, Any], hash=False)
    """What botocore's pipeline does by itself, as botocore's model says it: `auth` ..."""
    deprecated: bool = False

    if not TYPE_CHECKING:

        def __class_getitem__(cls, types: object) -> type[Self]:
            """Return the class: at run time types only take time, 20 ms for SageMaker's."""
            return cls

    @property
    def context_params(self) -> Mapping[str, str]:
        """AWS's names of members to the parameters of the endpoint rules that they are."""
        params: Mapping[str, str] = self.traits.get("contextParams", {})
        return params

    @cached_property
    def package(self) -> str:
        """The generated package of the service: `aiosagemaker.sagemaker`."""
        return self.module.partition("._operations")[0]

    @cached_property
    def request_class(self) -> type[Request[Any]]:
        """The input's class; its module is imported at the first use."""
        cls: type[Request[Any]] = resolve(f"{self.package}.models", self.request)
        return cls

    @cached_property
    def response_class(self) -> type[Structure]:
        """The output's class; its module is imported at the first use."""
        if self.response is None:
            return EmptyOutput
        cls: type[Structure] = resolve(f"{self.package}.models", self.response)
        return cls


@dataclass(frozen=True)
class Service:
    """One service: what its operations share."""

    package: str
    """The generated package: `aiosagemaker.sagemaker`."""
    name: str
    """botocore's name of the service: `sagemaker`."""
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """botocore's metadata of the service: protocol, target prefix, signing name ..."""

    @property
    def protocol(self) -> str:
        """`json` or `rest-json`."""
        return str(self.metadata["protocol"])

    @property
    def api_version(self) -> str:
        """The date that names the API's version."""
        return str(self.metadata["apiVersion"])
