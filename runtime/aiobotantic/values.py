"""Values that JSON has no type for: times as text, JSON in a header, bytes, identifiers.

The markers stand in annotations.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from os import urandom
from typing import Any, Final, Literal

from pydantic_core import core_schema as cs

Format = Literal["iso8601", "rfc822", "unixTimestamp"]

_VARIANTS: Final = {f"{digit:x}": "89ab"[digit % 4] for digit in range(16)}
"""A random hexadecimal digit to one that says the variant of RFC 9562."""


@dataclass(frozen=True)
class TimeFormat:
    """How a time is written in a JSON body: as text, not as seconds since 1970."""

    name: Format

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> cs.CoreSchema:
        return cs.no_info_before_validator_function(
            read_time,
            handler(source),
            serialization=cs.plain_serializer_function_ser_schema(
                lambda value: write_time(value, self.name), when_used="json"
            ),
        )


ISO8601: Final = TimeFormat("iso8601")
RFC822: Final = TimeFormat("rfc822")
UNIX_TIME: Final = TimeFormat("unixTimestamp")


@dataclass(frozen=True)
class JsonText:
    """The value travels as JSON in a header, in base64."""


JSON_TEXT: Final = JsonText()

FIRST_TIME: Final = datetime.min.replace(tzinfo=UTC)
LAST_TIME: Final = datetime.max.replace(tzinfo=UTC)
_FIVE_DIGITS: Final = re.compile(r"(\+?|\w{3}, \d\d? \w{3} )\d{5,}[- ]")
"""How a text of a year after 9999 begins, in the two formats."""


def write_time(value: Any, form: Format) -> Any:
    """Write a time as AWS's REST services take it; what is no time stays as it is.

    A naive time is taken as UTC. Fractions of a second are written where there are any.
    """
    if not isinstance(value, datetime):
        return value
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if form == "rfc822":
        return format_datetime(moment, usegmt=True)
    if form == "unixTimestamp":
        seconds = moment.timestamp()
        return int(seconds) if seconds.is_integer() else seconds
    text = moment.replace(tzinfo=None).isoformat()
    return f"{text}Z"


def read_time(value: Any) -> Any:
    """Read a time of any format; what is none is left to pydantic.

    It has a time zone, UTC where none is said. Beyond what `datetime` can hold it is the last
    moment, or the first, that it can.
    """
    moment: datetime | None = value if isinstance(value, datetime) else None
    if isinstance(value, str):
        moment = _time_of_text(value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        moment = time_of_seconds(value)
    if moment is None:
        return value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def time_of_seconds(seconds: float) -> datetime | None:
    """Return the time that seconds since 1970 name; None for no number."""
    if seconds != seconds:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return LAST_TIME if seconds > 0 else FIRST_TIME


def _time_of_text(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    try:
        return time_of_seconds(float(text))
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, LookupError, OverflowError):
        return LAST_TIME if _FIVE_DIGITS.match(text) else None


def time_schema(schema: Any) -> cs.CoreSchema:
    """Return a schema that reads what a plain one of times does, and fails for no time at all."""
    plain: Any = {**schema, "tz_constraint": "aware"}  # in Rust, and enough for nearly all answers
    return cs.union_schema(
        [plain, cs.no_info_plain_validator_function(_other_time)],
        mode="left_to_right",
        custom_error_type="datetime_type",
    )


def _other_time(value: Any) -> datetime:
    moment = read_time(value)
    if isinstance(moment, datetime):
        return moment
    raise ValueError


def read_blob(value: Any) -> Any:
    """Decode base64, as JSON bodies hold bytes; what is none is left to pydantic."""
    if not isinstance(value, str):
        return value
    return b64decode(value)


def write_blob(value: Any) -> Any:
    """Encode bytes as base64; text is taken as UTF-8."""
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, memoryview):
        value = value.tobytes()
    return b64encode(value).decode() if isinstance(value, (bytes, bytearray)) else value


def new_uuid() -> str:
    """Return a random UUID, version 4. `uuid.uuid4` takes three times as long."""
    digits = urandom(16).hex()
    variant = _VARIANTS[digits[16]]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
