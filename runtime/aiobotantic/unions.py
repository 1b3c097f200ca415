"""Tagged unions: exactly one arm is set, and a response may carry one that the model lacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from aiobotantic.structure import Structure


class UnionStructure(Structure):
    """Base of generated unions: each arm is an optional field, and one of them is set.

    An arm that the model does not list is kept: `arm` gives its wire name and raw value, and
    `is_known` is False.
    """

    EXCEPTIONS: ClassVar[Mapping[str, str]] = {}
    """Of events: AWS's name of a member that is raised, to the error's code, where they differ."""

    @property
    def arm(self) -> tuple[str, Any] | None:
        """The name and value of the arm that is set; None where none is."""
        for name, value in self.__dict__.items():
            if value is not None and name in type(self).__pydantic_fields__:
                return name, value
        for wire, value in (self.__pydantic_extra__ or {}).items():
            if wire != "__type" and value is not None:
                return wire, value
        return None

    @property
    def is_known(self) -> bool:
        """Whether the arm that is set is one that the model lists."""
        arm = self.arm
        return arm is not None and arm[0] in type(self).__pydantic_fields__
