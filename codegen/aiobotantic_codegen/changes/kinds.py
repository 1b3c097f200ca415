"""The words of a change: where, what, and how grave. Light to import."""

from __future__ import annotations

from enum import StrEnum


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


class Semver(StrEnum):
    """Which part of the package's version a change raises."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"
    NONE = "none"
