"""Facts that annotations carry for requests. pydantic ignores them: responses pay nothing.

They are read once for each request class, when its checker is built (see `aiobotantic.checks`).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from pydantic import Field


class Length(NamedTuple):
    """Fewest and most characters, bytes, items or entries. None: no such limit."""

    min: int | None = None
    max: int | None = None

    @property
    def text(self) -> str:
        """The limits in words: `1 to 63`."""
        if self.min is None or self.max is None:
            return f"at least {self.min}" if self.max is None else f"at most {self.max}"
        return f"{self.min} to {self.max}"


class Range(NamedTuple):
    """Smallest and largest number. None: no such limit."""

    min: float | None = None
    max: float | None = None


class Pattern(NamedTuple):
    """A regular expression that the whole string matches.

    One that Rust's engine cannot take is documented, and not checked.
    """

    text: str


class Sensitive(NamedTuple):
    """The value is masked in repr, str, errors and logs. Reading the attribute gives it plain."""


SENSITIVE: Final = Sensitive()


class ApiName(NamedTuple):
    """AWS's name of a member, where its key in JSON is another."""

    name: str


def wire_name(name: str) -> Any:
    """Name a member on the wire where the name does not follow from the field's.

    Not `Field(alias=...)`, which would make type checkers demand the alias in the constructor.
    """
    return Field(validation_alias=name, serialization_alias=name)
