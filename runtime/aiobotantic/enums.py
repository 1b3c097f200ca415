"""Open enums: the values a model lists, and whatever the service sends tomorrow."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from aiobotantic.pickling import public_module, resolve


class OpenEnum(StrEnum):
    """A string enum that accepts values it does not list.

    A listed value gives its member. Any other string gives a new member of the same class that
    equals the raw string and round-trips, with `is_known` False. Two unknown members of one value
    are equal, but not identical.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = str(value)
        return member

    if TYPE_CHECKING:

        @property
        def value(self) -> str:
            """The raw string, also of a value that the model does not list."""
            ...

    @property
    def is_known(self) -> bool:
        """Whether the model that this client was generated from lists this value."""
        return self._value_ in type(self)._value2member_map_

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        cls = type(self)
        return _enum_member, (public_module(cls), cls.__qualname__, self._value_)


def _enum_member(module: str, name: str, value: str) -> OpenEnum:
    member: OpenEnum = resolve(module, name)(value)
    return member
