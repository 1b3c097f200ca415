"""What a change is: entries, each one fact at one place, and the whole that they make.

The JSON of these documents is a contract for other tools; docs/diff.md describes it.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

from aiobotantic_codegen.changes.kinds import ChangeClass, Direction, Kind, Semver

__all__ = [
    "ChangeClass",
    "ChangeDocument",
    "ChangeRecord",
    "Counts",
    "Difference",
    "Direction",
    "Entry",
    "Kind",
    "Semver",
    "gravest",
    "semver_of",
]


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


_SEMVER = {
    ChangeClass.BREAKING: Semver.MAJOR,
    ChangeClass.ADDITIVE: Semver.MINOR,
    ChangeClass.CONSTRAINT: Semver.PATCH,
    ChangeClass.WIRE: Semver.PATCH,
    ChangeClass.DOCS: Semver.PATCH,
    ChangeClass.NONE: Semver.NONE,
}
"""What the gravest class of a change means for a version."""


class Counts(ChangeDocument):
    """What changed without a difference to any caller, as numbers.

    Attributes:
        documentation: Texts that differ; None where a model carries none, as specs do.
        box: Shapes and members whose `box` differs: whether Java would hold a number as an object.
    """

    documentation: int | None = None
    box: int = 0


class Difference(ChangeDocument):
    """What differs between two models of one service.

    Attributes:
        service: Name of the service, e.g. `sagemaker`.
        old: The source of the older model, e.g. `botocore 1.29.141`.
        new: The source of the newer one.
        verdict: The gravest class of the entries.
        semver: What that means for the package's version, by Semantic Versioning.
        entries: Of the service first, then by operation in the model's order.
    """

    service: str
    old: str
    new: str
    verdict: ChangeClass
    semver: Semver
    counts: Counts = Counts()
    entries: tuple[Entry, ...] = ()


class ChangeRecord(ChangeDocument):
    """What one update brought, as specs/changes/ keeps it.

    Attributes:
        source: What came in, e.g. `botocore 1.44.9`.
        version: The version that the package got; None if it kept its own.
        verdict: The gravest class of all services.
        services: What changed, by service.
    """

    source: str
    version: str | None = None
    verdict: ChangeClass
    services: tuple[Difference, ...]

    def to_json(self) -> str:
        """Return its text: facts alone, since names of the client follow from them."""
        names = {"services": {"__all__": {"entries": {"__all__": {"python"}}}}}
        return self.model_dump_json(by_alias=True, indent=1, exclude=names) + "\n"


def semver_of(verdict: ChangeClass) -> Semver:
    """Return what a class means for the package's version."""
    return _SEMVER[verdict]
