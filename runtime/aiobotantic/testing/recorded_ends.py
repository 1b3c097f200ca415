"""How a call ended, as a cassette has it: errors of the service, answers that did not arrive."""

from __future__ import annotations

from typing import Any, Final

from aiobotantic import errors
from aiobotantic.errors import (
    AioBotanticError,
    RequestValidationError,
    ServiceError,
    TransportError,
)
from aiobotantic.operation import Operation, Service
from aiobotantic.pickling import resolve
from aiobotantic.protocols import error_class
from aiobotantic.protocols.json import error_structure
from aiobotantic.structure import MASK, describe, is_mapping
from aiobotantic.testing.recorded_values import CassetteError, read_members, write_members
from aiobotantic.testing.scrubbing import Scrubber

REQUEST_ID: Final = "replayed"


def write_error(service: Service, error: ServiceError, scrubber: Scrubber) -> dict[str, Any]:
    """Return what is recorded of an error that the service sent."""
    written: dict[str, Any] = {
        "code": error.code,
        "message": scrubber.text("message", error.message),
        "status": error.status_code,
    }
    if type(error) is not error_class(service, error.code):
        written["class"] = type(error).__name__
    if members := _members(service, error, scrubber):
        written["members"] = members
    return written


def _members(service: Service, error: ServiceError, scrubber: Scrubber) -> dict[str, Any]:
    hidden = ("Error", "ResponseMetadata", "message", "Message")
    sent = {name: value for name, value in error.response.items() if name not in hidden}
    structure = error_structure(service, type(error))
    if structure is not None:
        known = describe(structure).by_wire_name
        try:
            read = structure.from_wire({name: sent[name] for name in sent if name in known})
        except RequestValidationError:  # a nested member that nobody knows
            return {}
        return write_members(read, scrubber)
    listed = set(error.MEMBERS.values())
    return {
        name: _plain(name, value, scrubber) if name in listed else MASK
        for name, value in sorted(sent.items())
    }


def _plain(name: str, value: Any, scrubber: Scrubber) -> Any:
    if isinstance(value, str):
        return scrubber.text(name, value)
    return value if value is None or isinstance(value, (bool, int, float)) else MASK


def read_error(
    service: Service, operation: Operation[Any], written: Any, place: str
) -> ServiceError:
    """Return the error that was recorded.

    Raises:
        CassetteError: it is none.
    """
    if not is_mapping(written) or not isinstance(written.get("code"), str):
        raise CassetteError(f'{place} is no error: an object with a "code" was expected')
    code, name = written["code"], written.get("class")
    cls = error_class(service, code) if name is None else _class(service, name)
    if cls is None:
        raise CassetteError(f"{place}.class is {name!r}: the name of an error was expected")
    members: Any = written.get("members", {})
    if structure := error_structure(service, cls):
        members = read_members(structure, members, f"{place}.members").to_wire()
    response: dict[str, Any] = {
        **members,
        "Error": {"Code": code, "Message": written.get("message", "")},
        "ResponseMetadata": {
            "RequestId": REQUEST_ID,
            "HTTPStatusCode": written.get("status"),
            "HTTPHeaders": dict[str, str](),
            "RetryAttempts": 0,
        },
    }
    return cls(response, operation.name)


def _class(service: Service, name: Any) -> type[ServiceError] | None:
    modelled: Any = resolve(f"{service.package}.errors", "ERRORS")
    found: Any = next((cls for cls in modelled.values() if cls.__name__ == name), None)
    found = found or getattr(errors, str(name), None)
    return found if isinstance(found, type) and issubclass(found, ServiceError) else None


def lost_classes() -> tuple[type[AioBotanticError], ...]:
    """Return the classes of errors in whose place no answer can be read; importing one is slow."""
    return TransportError, errors.ResponseParseError


def write_failure(error: Exception, scrubber: Scrubber) -> dict[str, Any]:
    """Return what is recorded of an answer that did not arrive, or cannot be read."""
    written: dict[str, Any] = {
        "class": type(error).__name__,
        "message": scrubber.text("message", str(error)),
    }
    if isinstance(error, TransportError):
        written["sent"] = error.sent
    else:
        written["status"] = getattr(error, "status_code", 200)
    return written


def read_failure(operation: Operation[Any], written: Any, place: str) -> AioBotanticError:
    """Return the error in place of an answer, which was recorded.

    Raises:
        CassetteError: it is none.
    """
    facts: Any = written if is_mapping(written) else {}
    cls: Any = getattr(errors, str(facts.get("class")), None)
    message = str(facts.get("message", ""))
    if not isinstance(cls, type) or not issubclass(cls, lost_classes()):
        raise CassetteError(f'{place} is no failure: the "class" of an error was expected')
    if issubclass(cls, TransportError):
        return cls(message, sent=bool(facts.get("sent", True)), operation=operation.name)
    made: AioBotanticError = errors.ResponseParseError(
        message, operation=operation.name, request_id=REQUEST_ID, status_code=facts.get("status")
    )
    return made
