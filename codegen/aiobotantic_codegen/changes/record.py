"""What a change is: entries, each one fact at one place, and the whole that they make.

The JSON of these documents is a contract for other tools; docs/changes.md describes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Direction(StrEnum):
    """What of a service an entry is about; a path begins there."""

    REQUEST = "request"
    RESPONSE = "response"
    OPERATION = "operation"
    SERVICE = "service"


class Kind(StrEnum):
    """What happened."""

    OPERATION_ADDED = "operation_added"
    OPERATION_REMOVED = "operation_removed"
    MEMBER_ADDED = "member_added"
    MEMBER_REMOVED = "member_removed"
    MEMBER_RETARGETED = "member_retargeted"
    ENUM_VALUE_ADDED = "enum_value_added"
    ENUM_VALUE_REMOVED = "enum_value_removed"
    REQUIRED_ADDED = "required_added"
    REQUIRED_REMOVED = "required_removed"
    TYPE_CHANGED = "type_changed"
    CONSTRAINT_LOOSENED = "constraint_loosened"
    CONSTRAINT_TIGHTENED = "constraint_tightened"
    PATTERN_CHANGED = "pattern_changed"
    ERROR_ADDED = "error_added"
    ERROR_REMOVED = "error_removed"
    UNION_ARM_ADDED = "union_arm_added"
    TRAIT_CHANGED = "trait_changed"
    PAGINATOR_CHANGED = "paginator_changed"
    WAITER_CHANGED = "waiter_changed"
    ENDPOINT_CHANGED = "endpoint_changed"
    METADATA_CHANGED = "metadata_changed"


class ChangeClass(StrEnum):
    """What a change means for a caller of the generated client, gravest first."""

    BREAKING = "breaking"
    ADDITIVE = "additive"
    CONSTRAINT = "constraint"
    WIRE = "wire"
    DOCS = "docs"
    NONE = "none"


class ChangeDocument(BaseModel):
    """Base of what is written as JSON: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True)


class Entry(ChangeDocument):
    """One fact at one place of one operation, or of the service.

    Attributes:
        operation: AWS's name of the operation; empty for the service itself.
        direction: Where the path begins.
        path: Members by AWS's names, joined with dots; `[]` stands for a list's items, `{}` for a
            map's values, `{key}` for its keys. Empty for the operation itself.
        kind: What happened there.
        change_class: What it means for a caller.
        values: What was added, removed or changed: enum values in the model's order; for a
            change of one thing to another, the old and the new.
        python: Names of the generated client that it touches.
    """

    operation: str = ""
    direction: Direction
    path: str = ""
    kind: Kind
    change_class: ChangeClass = Field(validation_alias="class", serialization_alias="class")
    values: tuple[str, ...] = ()
    python: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[str, Direction, str]:
        """Operation, direction and path."""
        return self.operation, self.direction, self.path


def gravest(classes: Iterable[ChangeClass]) -> ChangeClass:
    """Return the gravest of some classes, NONE if there is none."""
    order = list(ChangeClass)
    return min(classes, key=order.index, default=ChangeClass.NONE)
