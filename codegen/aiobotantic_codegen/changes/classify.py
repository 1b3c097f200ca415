"""What a change means, from the view of a caller of the generated client.

Requests are made by the caller, so a value that is no longer taken breaks. Responses are read
leniently: what is new is kept, what is gone reads as None, and limits are not checked.
"""

from __future__ import annotations

from dataclasses import dataclass

from aiobotantic_codegen.changes.kinds import ChangeClass, Direction, Kind

BREAKING, ADDITIVE, CONSTRAINT, WIRE, DOCS, NONE = ChangeClass


@dataclass(frozen=True)
class Subject:
    """What is classified.

    Attributes:
        trait: The trait, key or bound that changed.
        required: Whether the member is required now.
        harmless: Whether Python code cannot tell: an integer that became a long, an idempotency
            token that the client fills in, an error class that is still there.
    """

    kind: Kind
    direction: Direction
    values: tuple[str, ...] = ()
    trait: str = ""
    required: bool = False
    harmless: bool = False


_ALWAYS = {
    Kind.OPERATION_ADDED: ADDITIVE,
    Kind.OPERATION_REMOVED: BREAKING,
    Kind.MEMBER_ADDED: ADDITIVE,
    Kind.MEMBER_REMOVED: BREAKING,
    Kind.MEMBER_RETARGETED: BREAKING,
    Kind.ENUM_VALUE_ADDED: ADDITIVE,
    Kind.ENUM_VALUE_REMOVED: BREAKING,
    Kind.UNION_ARM_ADDED: ADDITIVE,
    Kind.ERROR_ADDED: ADDITIVE,
    Kind.ENDPOINT_CHANGED: WIRE,
}
_IN_REQUESTS = {
    Kind.REQUIRED_ADDED: BREAKING,
    Kind.REQUIRED_REMOVED: ADDITIVE,
    Kind.CONSTRAINT_LOOSENED: CONSTRAINT,
    Kind.CONSTRAINT_TIGHTENED: CONSTRAINT,
    Kind.PATTERN_CHANGED: CONSTRAINT,
}
_TRAITS = {
    "default": NONE,
    "deprecated": DOCS,
    "enum": NONE,  # of a member: the shape's own values count
    "event": BREAKING,
    "eventstream": BREAKING,
    "jsonvalue": BREAKING,
    "pattern": NONE,  # of a member, likewise
    "readonly": NONE,
    "sensitive": NONE,
    "sparse": BREAKING,
    "streaming": BREAKING,
    "synthetic": NONE,
    "union": BREAKING,
}
_METADATA = {
    "deprecated": DOCS,
    "protocols": NONE,
    "serviceAbbreviation": NONE,
    "serviceFullName": NONE,
    "serviceId": BREAKING,  # the client's class is named after it
    "uid": NONE,
}
# What of a paginator shows in the iterator's signature or in the type of what it yields.
_PAGINATOR = {"result_key": BREAKING, "limit_key": BREAKING}


def classify(subject: Subject) -> ChangeClass:
    """Return the class of one entry."""
    kind, trait = subject.kind, subject.trait
    if kind in _ALWAYS:
        return _ALWAYS[kind]
    if kind in _IN_REQUESTS:
        asked = subject.direction is Direction.REQUEST and not subject.harmless
        return _IN_REQUESTS[kind] if asked else NONE
    match kind:
        case Kind.TYPE_CHANGED:
            return NONE if subject.harmless else BREAKING
        case Kind.ERROR_REMOVED:
            return DOCS if subject.harmless else BREAKING
        case Kind.METADATA_CHANGED if trait == "serviceId" and not subject.values[0]:
            return NONE  # the first one: there was no client to name
        case Kind.METADATA_CHANGED:
            return NONE if subject.harmless else _METADATA.get(trait, WIRE)
        case Kind.PAGINATOR_CHANGED | Kind.WAITER_CHANGED if not trait:
            return BREAKING if subject.values[-1] == "none" else ADDITIVE
        case Kind.PAGINATOR_CHANGED:
            return _PAGINATOR.get(trait, WIRE)
        case _ if subject.harmless:
            return NONE
        case _ if trait == "idempotencyToken" and subject.required:
            # A required token need not be given; one that is no token any more must be.
            return BREAKING if subject.values[-1].endswith("none") else ADDITIVE
        case _:
            return _TRAITS.get(trait, WIRE)
