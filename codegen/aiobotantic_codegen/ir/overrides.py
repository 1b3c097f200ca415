"""Quirks of a service as data. One that matches nothing is an error: none outlives its cause."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from aiobotantic_codegen.errors import NameCollision, SpecError, json_pointer
from aiobotantic_codegen.ir.names import ClassName, check_python_name
from aiobotantic_codegen.ir.service import Mixin
from aiobotantic_codegen.load.documents import ServiceDocument, ShapeDocument
from aiobotantic_codegen.load.service import ServiceOverrides

FILE = "overrides.toml"


class Overrides:
    """The overrides of one service, looked up by what they change."""

    def __init__(self, service: str, entries: ServiceOverrides, document: ServiceDocument) -> None:
        self.class_name = entries.class_name
        self.reference = entries.reference
        self._pointer = json_pointer("services", service)
        self._mixin = entries.mixin
        self._check(entries, document)
        self.families: Mapping[str, str] = {e.operation: e.family for e in entries.families}
        self._names = {(e.shape, e.member): e.name for e in entries.names}
        self._sensitive = {(e.shape, e.member) for e in entries.sensitive}
        self.open_bodies = frozenset(e.operation for e in entries.bodies)
        """Operations whose bodies are of any format."""

    def name(self, shape: str, member: str | None = None) -> str | None:
        """Return the Python name that was chosen for a shape, a member or an enum's value."""
        return self._names.get((shape, member))

    def is_sensitive(self, shape: str, member: str | None = None) -> bool:
        """Whether people marked as sensitive what the model does not mark."""
        return (shape, member) in self._sensitive

    def mixin(self, client: ClassName) -> Mixin | None:
        """Return the hand-written base of a client."""
        if self._mixin is None:
            return None
        module, _, name = self._mixin.partition(":")
        place, remedy = f"{self._pointer}/mixin", "Name a class to import: package.module:Class."
        for part in (*module.split("."), name):
            check_python_name(part, FILE, place, remedy)
        if name in ("Client", "Service", "TYPE_CHECKING", client) or name.endswith("Operations"):
            problem = f"{name!r} is the name of another class in the module of the client"
            raise NameCollision(FILE, place, problem, "Give the hand-written class another name.")
        return Mixin(module, ClassName(name))

    def _check(self, entries: ServiceOverrides, document: ServiceDocument) -> None:
        for kind, chosen in (
            ("families", [each.family for each in entries.families]),
            ("names", [each.name for each in entries.names]),
        ):
            for at, name in enumerate(chosen):
                place = f"{self._pointer}/{kind}/{at}"
                check_python_name(name, FILE, place, "Letters, digits and underscores.")
        for at, family in enumerate(entries.families):
            if family.operation not in document.operations:
                self._unmatched(f"families/{at}", f"operation {family.operation!r}")
        for at, named in enumerate(entries.names):
            shape = self._shape(document, f"names/{at}", named.shape)
            known = [*shape.members, *(shape.enum or ())]
            if named.member is None and not known and shape.type != "structure":
                self._unmatched(f"names/{at}", f"structure or enum {named.shape!r}")
            if named.member is not None and named.member not in known:
                self._unmatched(f"names/{at}", f"{named.member!r} in {named.shape!r}")
        for at, marked in enumerate(entries.sensitive):
            shape = self._shape(document, f"sensitive/{at}", marked.shape)
            if marked.member is not None and marked.member not in shape.members:
                self._unmatched(f"sensitive/{at}", f"{marked.member!r} in {marked.shape!r}")

        for at, body in enumerate(entries.bodies):
            if body.operation not in document.operations:
                self._unmatched(f"bodies/{at}", f"operation {body.operation!r}")
            self._check_open_body(document, at, body.operation)

    def _check_open_body(self, document: ServiceDocument, at: int, name: str) -> None:
        operation = document.operations[name]
        ends = [document.shapes[end.shape] for end in (operation.input, operation.output) if end]
        if not operation.input or not _has_plain_blob(document, ends[0]):
            what = f"blob Body that is the payload, beside a member ContentType, in {name!r}"
            self._unmatched(f"bodies/{at}", what)
        for end in ends:
            for member in end.members:
                if member.lower() in ("json", "text"):
                    raise SpecError(
                        FILE,
                        f"{self._pointer}/bodies/{at}",
                        f"{member!r} of {name!r} has the name that a form of the body takes",
                        "Remove the entry.",
                    )

    def _shape(self, document: ServiceDocument, place: str, name: str) -> ShapeDocument:
        shape = document.shapes.get(name)
        if shape is None:
            self._unmatched(place, f"shape {name!r}")
        return shape

    def _unmatched(self, place: str, what: str) -> NoReturn:
        raise SpecError(
            FILE,
            f"{self._pointer}/{place}",
            f"there is no {what} in the model",
            "Remove the entry, or correct the name it looks for.",
        )


def _has_plain_blob(document: ServiceDocument, request: ShapeDocument) -> bool:
    """Return whether a request's body is a blob that is sent at once, of a type that it says."""
    if request.payload != "Body" or not {"Body", "ContentType"} <= request.members.keys():
        return False
    member = request.members["Body"]
    shape = document.shapes[member.shape]
    return shape.type == "blob" and not (shape.streaming or member.streaming)
