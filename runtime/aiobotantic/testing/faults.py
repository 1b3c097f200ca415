"""Errors as AWS words them, for the server to answer with."""

from __future__ import annotations

import json
from typing import Any, Final, get_args

from pydantic_core import ValidationError

from aiobotantic.checks import checker
from aiobotantic.structure import Structure, describe, value_type
from aiobotantic.unions import UnionStructure

STATUS: Final = {
    "IncompleteSignature": 403,
    "InternalFailure": 500,
    "InternalServerException": 500,
    "InvalidClientTokenId": 403,
    "InvalidSignatureException": 403,
    "MissingAuthenticationTokenException": 403,
    "RequestExpired": 403,
    "ServiceUnavailable": 503,
    "ServiceUnavailableException": 503,
    "SignatureDoesNotMatch": 403,
    "UnknownOperationException": 404,
    "UnrecognizedClientException": 403,
}
"""HTTP status of the usual codes; any other code comes with 400."""


class ServedError(Exception):
    """An error that the server answers with."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = STATUS.get(code, 400) if status is None else status


def missing_token() -> ServedError:
    """Return the answer to a request without an Authorization header."""
    return ServedError("MissingAuthenticationTokenException", "Missing Authentication Token")


def unknown_operation(name: str) -> ServedError:
    """Return the answer to an operation that the service does not have."""
    return ServedError("UnknownOperationException", f"The operation {name!r} is not known.")


def not_an_object(problem: str) -> ServedError:
    """Return the answer to a body that is no JSON object."""
    return ServedError("SerializationException", problem)


def invalid_request(cls: type[Structure], body: bytes) -> ServedError | None:
    """Check a request's JSON bytes as the client does, and word what is wrong as AWS does."""
    try:
        checker(cls).validate_json(body)
    except ValidationError as error:
        details = error.errors(include_url=False)
        for detail in details:
            if detail["type"] == "json_invalid":
                return not_an_object(detail["msg"])
            if wanted := _JSON_TYPES.get(detail["type"]):
                where = _Place(cls, detail["loc"]).path
                return not_an_object(
                    f"{_token(detail['input'])} can not be converted to {wanted} at '{where}'"
                )
        found = "; ".join(_violation(cls, detail) for detail in details)
        count = f"{len(details)} validation error{'s' if len(details) > 1 else ''}"
        return ServedError("ValidationException", f"{count} detected: {found}")
    return None


_JSON_TYPES: Final = {
    "string_type": "a String",
    "int_type": "an Integer",
    "int_from_float": "an Integer",
    "float_type": "a Double",
    "finite_number": "a Double",
    "bool_type": "a Boolean",
    "list_type": "a List",
    "dict_type": "a Map",
}


def _token(value: Any) -> str:
    if value is None:
        return "NULL_VALUE"
    if isinstance(value, bool):
        return f"{str(value).upper()}_VALUE"
    if isinstance(value, (int, float)):
        return "NUMBER_VALUE"
    if isinstance(value, str):
        return "STRING_VALUE"
    return "START_ARRAY" if isinstance(value, list) else "START_OBJECT"


_CONSTRAINTS: Final = {
    "missing": "Member must not be null",
    "extra_forbidden": "Member must be one that the model lists",
    "string_too_short": "Member must have length greater than or equal to {min_length}",
    "too_short": "Member must have length greater than or equal to {min_length}",
    "string_too_long": "Member must have length less than or equal to {max_length}",
    "too_long": "Member must have length less than or equal to {max_length}",
    "greater_than_equal": "Member must have value greater than or equal to {ge}",
    "less_than_equal": "Member must have value less than or equal to {le}",
    "string_pattern_mismatch": "Member must satisfy regular expression pattern: {pattern}",
}


def _violation(cls: type[Structure], detail: Any) -> str:
    kind, context = detail["type"], dict(detail.get("ctx", {}))
    place = _Place(cls, detail["loc"])
    if "pattern" in context:
        context["pattern"] = context["pattern"].removeprefix(r"\A(?:").removesuffix(r")\z")
    if place.union and kind in ("too_short", "too_long"):
        constraint = "Member must have exactly one of its members set"
    else:
        constraint = str(_CONSTRAINTS.get(kind, detail["msg"])).format_map(context)
    shown = ""
    if not place.sensitive:
        shown = " null" if kind == "missing" else f" '{_shown(detail['input'])}'"
    return f"Value{shown} at '{place.path}' failed to satisfy constraint: {constraint}"


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 200 else f"{text[:197]}..."


class _Place:
    """Where a violation stands: its path in AWS's words, and what the model says of it."""

    def __init__(self, cls: type[Structure], location: tuple[Any, ...]) -> None:
        steps: list[str] = []
        kind: Any = cls
        self.sensitive = False
        for step in (step for step in location if step != "[key]"):
            if isinstance(kind, type) and issubclass(kind, Structure):
                members = describe(kind)
                name = members.by_wire_name.get(step)
                steps.append(f"{step[:1].lower()}{step[1:]}")
                self.sensitive = self.sensitive or name in members.sensitive
                kind = value_type(kind.__pydantic_fields__[name].annotation) if name else Any
            else:
                steps += [str(step + 1), "member"] if isinstance(step, int) else [step, "member"]
                args = get_args(kind)
                kind = value_type(args[-1]) if args else Any
        self.path = ".".join(steps)
        self.union = isinstance(kind, type) and issubclass(kind, UnionStructure)
