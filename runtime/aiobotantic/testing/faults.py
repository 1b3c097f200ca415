"""Errors as AWS words them, for the server to answer with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, get_args

from pydantic_core import ValidationError

from aiobotantic.bindings import bindings_of, is_raw_payload
from aiobotantic.checks import checker
from aiobotantic.constraints import Length
from aiobotantic.errors import ServiceFault
from aiobotantic.operation import Operation, Service
from aiobotantic.protocols import error_class
from aiobotantic.structure import Structure, describe, value_type
from aiobotantic.testing.json_values import encode
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
"""HTTP status of the usual codes that a model gives none."""


class ServedError(Exception):
    """An error that the server answers with, or sends in a stream of events.

    Args:
        code: its code: `ModelError`.
        message: its message.
        status: HTTP status; None for what the model gives the code, or AWS sends with it.
        members: further members by wire name: `{"OriginalStatusCode": 500}`.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = dict(members or {})


class InvalidRequestError(ServedError):
    """A request that breaks a limit of the model."""

    def in_words_of(self, operation: Operation[Any] | None) -> None:
        """Take the code that an operation's model has for it, where it has one."""
        listed = () if operation is None else operation.errors
        self.code = next((code for code in _INVALID if code in listed), self.code)


_INVALID: Final = ("ValidationException", "ValidationError")


def body_of(fault: ServedError) -> dict[str, Any]:
    """Return what the body of an error says in the REST protocol and in events.

    Models name the message in either way, and each reader looks for the one of its model.
    """
    return {"message": fault.message, "Message": fault.message, **fault.members}


def status_of(service: Service, fault: ServedError) -> int:
    """Return the HTTP status of an error: its own, the model's, the usual one, or 400."""
    if fault.status is not None:
        return fault.status
    cls = error_class(service, fault.code)
    other = 500 if issubclass(cls, ServiceFault) else 400
    return cls.STATUS or STATUS.get(fault.code, other)


def missing_token() -> ServedError:
    """Return the answer to a request without an Authorization header."""
    return ServedError("MissingAuthenticationTokenException", "Missing Authentication Token")


def unknown_operation(name: str) -> ServedError:
    """Return the answer to an operation that the service does not have."""
    return ServedError("UnknownOperationException", f"The operation {name!r} is not known.")


def unreadable(problem: str) -> ServedError:
    """Return the answer to a request that is none: a body that is no JSON object, for one."""
    return ServedError("SerializationException", problem)


def unknown_member(name: str, value: Any) -> ServedError:
    """Return the answer to a member that the model does not list, or not at this place."""
    return _invalid([_sentence(f" '{_shown(value)}'", name, _CONSTRAINTS["extra_forbidden"])])


def invalid_request(cls: type[Structure], members: Mapping[str, Any]) -> ServedError | None:
    """Check a request's members as the client does, and word what is wrong as AWS does."""
    field = bindings_of(cls).payload
    if field is not None and is_raw_payload(cls, field):
        wire = describe(cls).wire_names[field]
        if (fault := _invalid_payload(cls, field, members.get(wire))) is not None:
            return fault
        members = {name: value for name, value in members.items() if name != wire}
    try:
        checker(cls).validate_json(encode(members))
    except ValidationError as error:
        details = error.errors(include_url=False)
        for detail in details:
            if detail["type"] == "json_invalid":
                return unreadable(detail["msg"])
            if wanted := _JSON_TYPES.get(detail["type"]):
                where = _Place(cls, detail["loc"]).path
                return unreadable(
                    f"{_token(detail['input'])} can not be converted to {wanted} at '{where}'"
                )
        return _invalid([_violation(cls, detail) for detail in details])
    return None


def _invalid(violations: list[str]) -> ServedError:
    count = f"{len(violations)} validation error{'s' if len(violations) > 1 else ''}"
    return InvalidRequestError("ValidationException", f"{count} detected: {'; '.join(violations)}")


def _invalid_payload(cls: type[Structure], field: str, value: Any) -> ServedError | None:
    """Check a body that is no JSON."""
    place = _Place(cls, (describe(cls).wire_names[field],)).path
    member = cls.__pydantic_fields__[field]
    if value is None:
        if not member.is_required():
            return None
        return _invalid([_sentence(" null", place, _CONSTRAINTS["missing"])])
    low, high = next((mark for mark in member.metadata if isinstance(mark, Length)), Length())
    if not isinstance(value, (bytes, str)):
        return None
    if high is not None and len(value) > high:
        constraint = _CONSTRAINTS["too_long"].format(max_length=high)
    elif low is not None and len(value) < low:
        constraint = _CONSTRAINTS["too_short"].format(min_length=low)
    else:
        return None
    return _invalid([_sentence("", place, constraint)])


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
    return _sentence(shown, place.path, constraint)


def _sentence(shown: str, path: str, constraint: str) -> str:
    return f"Value{shown} at '{path}' failed to satisfy constraint: {constraint}"


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
                name = members.by_json_name.get(step)
                steps.append(f"{step[:1].lower()}{step[1:]}")
                self.sensitive = self.sensitive or name in members.sensitive
                kind = value_type(kind.__pydantic_fields__[name].annotation) if name else Any
            else:
                steps += [str(step + 1), "member"] if isinstance(step, int) else [step, "member"]
                args = get_args(kind)
                kind = value_type(args[-1]) if args else Any
        self.path = ".".join(steps)
        self.union = isinstance(kind, type) and issubclass(kind, UnionStructure)
