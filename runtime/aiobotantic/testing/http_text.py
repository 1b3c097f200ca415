"""Values as text in a path, a query or a header, and times in JSON: read strictly, and written.

Nothing of this is shared with the client: what one of the two gets wrong, the other one sees.
Values that were read are as a JSON body would hold them: times in seconds unless the model gives
them a format of text, blobs in base64.
"""

from __future__ import annotations

import json
import math
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import Enum
from typing import Annotated, Any, Final, get_args, get_origin

from aiobotantic.structure import Structure, describe, value_type
from aiobotantic.testing.json_values import is_array, is_object
from aiobotantic.values import Format, JsonText, TimeFormat

_WHOLE: Final = re.compile(r"-?\d+")
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?|NaN|-?Infinity")
_ISO8601: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")
_ITEM: Final = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^,"]*))\s*(?:,|$)')

Markers = tuple[Any, ...]
Convert = Callable[[Any, Markers, Any], Any]


def unwrapped(annotation: Any, markers: Markers = ()) -> tuple[Any, Markers]:
    """Return an annotation's type without `Annotated` and `| None`, and all of its markers."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            markers = (*markers, *more)
            continue
        inner = value_type(annotation)
        if inner is annotation:
            return inner, markers
        annotation = next(arg for arg in get_args(annotation) if arg is not type(None))


def read_text(annotation: Any, markers: Markers, text: str, times: Format) -> Any:
    """Return the value that a text stands for, as JSON would hold it.

    Args:
        annotation: the member's type.
        markers: what its field is annotated with.
        text: the text, percent-decoded.
        times: the format of times where the model gives none.

    Raises:
        ValueError: it stands for no such value; the message goes on after the text.
    """
    kind, markers = unwrapped(annotation, markers)
    if _is_json_text(markers):
        return json.loads(_decoded(text))
    if kind is bool:
        return _one_of({"true": True, "false": False}, text)
    if kind is int:
        return int(_matched(_WHOLE, text, "an Integer"))
    if kind is float:
        return float(_matched(_NUMBER, text, "a Double").replace("Infinity", "inf"))
    if kind is datetime:
        return read_time(text, markers, times)
    if kind is bytes:
        _decoded(text)
    return text


def write_text(annotation: Any, markers: Markers, value: Any, times: Format) -> str:
    """Return the text that stands for a value, or for one that JSON would hold in its place."""
    kind, markers = unwrapped(annotation, markers)
    if _is_json_text(markers):
        return b64encode(json.dumps(value).encode()).decode()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and kind is float and not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' * (value < 0)}Infinity"
    if kind is datetime:
        return str(write_time(value, _format(markers) or times))
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return str(value.value if isinstance(value, Enum) else value)


def read_items(text: str, *, of_times: bool = False) -> Iterator[str]:
    """Yield the items of a header that is a list; one in quotes may hold commas.

    A time as HTTP writes it has a comma of its own: `of_times` takes every second one as its.
    """
    if of_times and re.match(r"\s*[A-Z][a-z]{2},", text):
        parts = text.split(",")
        for at in range(0, len(parts), 2):
            yield ",".join(parts[at : at + 2]).strip()
        return
    at = 0
    while at <= len(text):
        match = _ITEM.match(text, at)
        if match is None:
            raise ValueError("is no list: a quotation mark stands alone")
        quoted, plain = match.groups()
        yield plain.strip() if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        if match.end() == len(text) and not text.endswith(",", at):
            return
        at = match.end()


def write_items(items: list[str], *, of_times: bool = False) -> str:
    """Return the header that is a list."""
    return ", ".join(items if of_times else map(_quoted, items))


def _quoted(item: str) -> str:
    if re.search(r'[",]', item) is None:
        return item
    escaped = item.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def read_time(value: Any, markers: Markers, times: Format) -> Any:
    """Check that a value is a time in its format, and return it as JSON would hold it.

    Raises:
        ValueError: it is none; the message goes on after the value.
    """
    form = _format(markers) or times
    moment = _moment(str(value), form)
    in_json = _format(markers) or "unixTimestamp"
    return moment if in_json == "unixTimestamp" else value


def _moment(text: str, form: Format) -> float:
    try:
        if form == "unixTimestamp":
            return float(_matched(_NUMBER, text, "a Timestamp"))
        if form == "rfc822":
            moment = datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT")
        else:
            moment = datetime.fromisoformat(_matched(_ISO8601, text, "a Timestamp"))
    except ValueError:
        raise ValueError(f"can not be converted to a Timestamp of the format {form}") from None
    return moment.replace(tzinfo=UTC).timestamp()


def write_time(value: Any, form: Format) -> Any:
    """Return a time in a format: text, or a number for `unixTimestamp`.

    Args:
        value: a datetime, seconds since 1970, or text that is in the format already.
        form: the format.
    """
    if isinstance(value, (int, float)):
        value = datetime.fromtimestamp(value, UTC)
    if not isinstance(value, datetime):
        return value
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if form == "unixTimestamp":
        seconds = moment.timestamp()
        return int(seconds) if seconds.is_integer() else seconds
    if form == "rfc822":
        return format_datetime(moment, usegmt=True)
    return moment.replace(tzinfo=None).isoformat() + "Z"


def checked_json(annotation: Any, markers: Markers, value: Any) -> Any:
    """Return JSON of a member, its times checked, without the members that are null.

    Raises:
        ValueError: a text is no time of its format.
    """
    return _walk(annotation, markers, value, _checked)


def written_json(annotation: Any, markers: Markers, value: Any) -> Any:
    """Return a member as a JSON body holds it: its keys, times in their format, base64."""
    return _walk(annotation, markers, value, _written)


def _walk(annotation: Any, markers: Markers, value: Any, convert: Convert) -> Any:
    kind, markers = unwrapped(annotation, markers)
    if isinstance(kind, type) and issubclass(kind, Structure) and is_object(value):
        return dict(_walk_structure(kind, value, convert))
    if get_origin(kind) is list and is_array(value):
        return [_walk(get_args(kind)[0], (), each, convert) for each in value]
    if get_origin(kind) is dict and is_object(value):
        entry = get_args(kind)[1]
        return {str(key): _walk(entry, (), each, convert) for key, each in value.items()}
    return convert(kind, markers, value)


def _walk_structure(
    cls: type[Structure], members: Mapping[str, Any], convert: Convert
) -> Iterator[tuple[str, Any]]:
    names = describe(cls)
    for name, value in members.items():
        field = names.by_json_name.get(name)
        if field is None and convert is _written:  # AWS's name of what has another key in JSON
            field = names.by_wire_name.get(name)
        if value is None or field is None:
            if value is not None:
                yield name, value
            continue
        member = cls.__pydantic_fields__[field]
        walked = _walk(member.annotation, tuple(member.metadata), value, convert)
        yield names.json_names[field], walked


def _checked(kind: Any, markers: Markers, value: Any) -> Any:
    if kind is datetime and isinstance(value, str) and _format(markers) is not None:
        return read_time(value, markers, "unixTimestamp")
    return value


def _written(kind: Any, markers: Markers, value: Any) -> Any:
    if kind is datetime:
        return write_time(value, _format(markers) or "unixTimestamp")
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return value.value if isinstance(value, Enum) else value


def _format(markers: Markers) -> Format | None:
    return next((mark.name for mark in markers if isinstance(mark, TimeFormat)), None)


def _is_json_text(markers: Markers) -> bool:
    return any(isinstance(mark, JsonText) for mark in markers)


def _matched(pattern: re.Pattern[str], text: str, wanted: str) -> str:
    if pattern.fullmatch(text) is None:
        raise ValueError(f"can not be converted to {wanted}")
    return text


def _one_of(values: Mapping[str, Any], text: str) -> Any:
    if text not in values:
        raise ValueError(f"must be one of {', '.join(values)}")
    return values[text]


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except Base64Error as problem:
        raise ValueError(f"is no base64: {problem}") from None
