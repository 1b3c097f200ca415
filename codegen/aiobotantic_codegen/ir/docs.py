"""Facts about a value in a line of English: what a docstring says of an argument or a field."""

from __future__ import annotations

from aiobotantic_codegen.ir.types import ListOf, MapOf, Ref, Scalar, Value

_LONGEST_PATTERN = 80
_ERRORS = {
    "ConflictException": "The resource is being changed, or is in a state that forbids the call.",
    "ResourceAlreadyExists": "There is one of that name.",
    "ResourceInUse": "The resource is in use, or its name is taken.",
    "ResourceLimitExceeded": "An account quota is reached.",
    "ResourceNotFound": "There is no such resource.",
}


def facts(value: Value, *, enum: str | None = None) -> str:
    """Return the limits of a value as sentences; an empty text where there are none.

    `enum` is the class name of the enum that the value is of.
    """
    sentences = [*_limits(value), *_kind(value, enum)]
    return " ".join(f"{sentence}." for sentence in sentences)


def one_line(text: str) -> str:
    """Return a text of the spec without line breaks: lines of a docstring are the generator's."""
    return " ".join(text.split())


def error_facts(code: str) -> str:
    """Return what an error code says, in a sentence."""
    return _ERRORS.get(code, f"The service answered `{one_line(code)}`.")


def _limits(value: Value) -> list[str]:
    unit = (
        {
            Scalar.STRING: "character",
            Scalar.BLOB: "byte",
            Scalar.INTEGER: "",
            Scalar.FLOAT: "",
        }.get(value.kind)
        if isinstance(value.kind, Scalar)
        else _collection_unit(value)
    )
    parts: list[str] = []
    if unit is not None and (size := between(value.min, value.max, unit)):
        parts.append(size)
    if value.pattern is not None and "`" not in value.pattern:
        pattern = value.pattern
        if len(pattern) <= _LONGEST_PATTERN and pattern.isprintable():
            parts.append(f"pattern `{pattern}`")
    if not parts:
        return []
    text = ", ".join(parts)
    return [text[0].upper() + text[1:]]


def _collection_unit(value: Value) -> str | None:
    match value.kind:
        case ListOf():
            return "item"
        case MapOf():
            return "entry"
        case _:
            return None


def _kind(value: Value, enum: str | None) -> list[str]:
    match value.kind:
        case Ref() if enum is not None:
            return [f"A member of `{enum}`, or a newer value as a string"]
        case Scalar.TIMESTAMP:
            return ["A naive time is taken as UTC"]
        case ListOf(item) if item.kind is Scalar.STRING:
            inner = _limits(item)
            return [f"Each: {inner[0][0].lower()}{inner[0][1:]}"] if inner else []
        case _:
            return []


def between(low: float | None, high: float | None, unit: str) -> str:
    """`1 to 63 characters`, `at most 1 item`, `at least 5`; empty where nothing is limited."""
    low = None if low == 0 and unit else low
    if low is None and high is None:
        return ""
    if low is None:
        return f"at most {_count(high, unit)}"
    if high is None:
        return f"at least {_count(low, unit)}"
    if low == high:
        return f"exactly {_count(high, unit)}"
    return f"{_number(low)} to {_count(high, unit)}"


def _count(number: float | None, unit: str) -> str:
    if not unit:
        return _number(number)
    plural = "entries" if unit == "entry" else f"{unit}s"
    return f"{_number(number)} {unit if number == 1 else plural}"


def _number(number: float | None) -> str:
    if isinstance(number, float) and not number.is_integer():
        return f"{number:.15g}"
    return str(int(number or 0))
