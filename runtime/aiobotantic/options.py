"""What a call is asked to do beside its request."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, cast, get_args

from aiobotantic.errors import ConfigurationError

if TYPE_CHECKING:
    from aiobotantic.polling import SharedPoller

Validation = Literal["strict", "warn", "off"]
"""What happens to a request that breaks a limit: refused, sent with a warning, sent."""

MAX_ANSWER_BYTES: Final = 100 * 1024 * 1024
"""Unless a call says otherwise: four times the longest answer of any service we know of."""

VALIDATIONS: Final[tuple[str, ...]] = get_args(Validation)


@dataclass(frozen=True, slots=True)
class CallOptions:
    """How the calls of a client behave; `Client.with_options` says what each one means.

    Raises:
        ConfigurationError: a value that an option cannot have.
    """

    validation: Validation = "strict"
    timeout: float | None = None
    deadline: float | None = None
    retries: int | None = None
    repeat_ambiguous: bool = False
    poller: SharedPoller | None = None
    max_answer_bytes: int = MAX_ANSWER_BYTES

    def __post_init__(self) -> None:
        check_validation(self.validation, "validation")
        timeout = cast(object, self.timeout)  # what type checkers rule out still comes along
        if not _is_number(timeout):
            raise ConfigurationError(f"timeout is {timeout!r}: pass seconds, for example 30")
        if not _is_number(deadline := cast(object, self.deadline)):
            raise ConfigurationError(
                f"deadline is {deadline!r}: pass a moment of the event loop's clock, for example "
                "loop.time() + 30"
            )
        if self.timeout is not None and not self.timeout > 0:
            raise ConfigurationError(f"timeout is {timeout!r}: pass more than 0 seconds")
        retries = cast(object, self.retries)
        if isinstance(retries, bool) or not isinstance(retries, (int, type(None))):
            raise ConfigurationError(f"retries is {retries!r}: pass a number, for example 2")
        if retries is not None and retries < 0:
            raise ConfigurationError(f"retries is {retries!r}: pass 0 or more")
        poller = cast(object, self.poller)
        if poller is not None and not callable(getattr(poller, "turn", None)):
            raise ConfigurationError(
                f"poller is {poller!r}: pass an aiobotantic.polling.SharedPoller()"
            )
        most = cast(object, self.max_answer_bytes)
        if isinstance(most, bool) or not isinstance(most, int) or most < 1:
            raise ConfigurationError(
                f"max_answer_bytes is {most!r}: pass a number of bytes, for example "
                f"{MAX_ANSWER_BYTES}"
            )


def check_region(region_name: object) -> None:
    """Refuse what is no name of a region.

    Raises:
        ConfigurationError: it is none.
    """
    if not isinstance(region_name, str) or not region_name:
        raise ConfigurationError(
            f"region_name is {region_name!r}: pass a name, for example 'eu-west-1'"
        )


def check_seconds(value: object, name: str) -> None:
    """Refuse what is no number of seconds; None is one.

    Raises:
        ConfigurationError: it is none.
    """
    if not _is_number(value) or (isinstance(value, (int, float)) and value < 0):
        raise ConfigurationError(f"{name} is {value!r}: pass seconds, for example 30")


def _is_number(value: object) -> bool:
    if isinstance(value, float):
        return value == value
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def check_validation(value: str, name: str) -> Validation:
    """Return a validation mode; `name` is where it came from.

    Raises:
        ConfigurationError: there is no such mode.
    """
    if value not in VALIDATIONS:
        raise ConfigurationError(f"{name} is {value!r}: pass one of {', '.join(VALIDATIONS)}")
    return cast(Validation, value)


def default_validation(package: str) -> Validation:
    """Return what the environment says for a generated package, else `strict`.

    The variable is the package's name in capitals and `_VALIDATION`.

    Raises:
        ConfigurationError: the variable holds no mode.
    """
    variable = f"{package.upper()}_VALIDATION"
    return check_validation(os.environ.get(variable) or "strict", variable)
