"""Names of the generated client that an entry touches."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aiobotantic_codegen.changes.kinds import Direction, Kind
from aiobotantic_codegen.ir import names
from aiobotantic_codegen.load.documents import ServiceDocument, ServiceOverrides

_STEP = re.compile(r"\[\]|\{key\}|\{\}|\.|[^.\[\]{}]+")


def steps(path: str) -> list[str]:
    """Return a path in pieces: members, dots, `[]`, `{}` and `{key}`."""
    return _STEP.findall(path)


class Names:
    """The names of one service, in both of its models, with people's overrides."""

    def __init__(
        self,
        old: ServiceDocument,
        new: ServiceDocument,
        overrides: ServiceOverrides,
        service: str = "",
    ) -> None:
        self._old = old
        self._new = new
        self._chosen = {(entry.shape, entry.member): entry.name for entry in overrides.names}
        self._class = overrides.class_name or names.service_class_name(
            service, new.metadata.service_id
        )

    def touched(
        self,
        operation: str,
        direction: Direction,
        path: str,
        kind: Kind,
        values: tuple[str, ...],
        shape: str,
        member: str,
    ) -> tuple[str, ...]:
        """Return the method with the argument or result, then classes, fields and enum members."""
        found = [self._method(operation, direction, path)] if operation else []
        match kind:
            case Kind.ENUM_VALUE_ADDED | Kind.ENUM_VALUE_REMOVED:
                found += (f"{self.type(shape)}.{self.value(shape, value)}" for value in values)
            case Kind.MEMBER_RETARGETED:
                found += (self.type(value) for value in values)
            case Kind.PAGINATOR_CHANGED:
                found = [names.iterator_name(operation), f"{names.method_name(operation)}_pages"]
            case Kind.WAITER_CHANGED:
                found = [names.waiter_method_name(member)]
            case Kind.ERROR_ADDED | Kind.ERROR_REMOVED:
                found.append(self.type(shape))
            case _ if shape and member:
                found.append(f"{self.type(shape)}.{self.field(shape, member)}")
        return tuple(found)

    def type(self, shape: str) -> str:
        """Return the class of a structure or an enum."""
        return self._chosen.get((shape, None)) or names.class_name(shape)

    def field(self, shape: str, member: str) -> str:
        """Return the field of a member."""
        chosen = self._chosen.get((shape, member))
        document = self._new.shapes.get(shape) or self._old.shapes.get(shape)
        if chosen or document is None:
            return chosen or names.field_name(member)
        if document.exception:
            return names.error_field_name(member)
        return names.field_name(member, union=document.union)

    def value(self, shape: str, value: str) -> str:
        """Return the member of an enum."""
        return self._chosen.get((shape, value)) or names.enum_member(value)

    def _method(self, operation: str, direction: Direction, path: str) -> str:
        method = f"{self._class}.{names.method_name(operation)}"
        if direction is Direction.OPERATION:
            return method
        inside = "".join(self._python(operation, direction, path))
        return f"{method}({inside})" if direction is Direction.REQUEST else f"{method}().{inside}"

    def _python(self, operation: str, direction: Direction, path: str) -> Iterator[str]:
        """Yield a path in fields; the shapes on the way tell which names people chose."""
        shape = self._root(operation, direction)
        for step in steps(path):
            if step[0] in "[{.":
                yield step
                shape = self._inside(shape, step)
            else:
                yield self.field(shape, step)
                shape = self._target(shape, step)

    def _root(self, operation: str, direction: Direction) -> str:
        for model in (self._new, self._old):
            document = model.operations.get(operation)
            if document is not None:
                end = document.input if direction is Direction.REQUEST else document.output
                if end is not None:
                    return end.shape
        return ""

    def _inside(self, name: str, step: str) -> str:
        shape = self._new.shapes.get(name) or self._old.shapes.get(name)
        held = {"[]": "member", "{}": "value", "{key}": "key"}.get(step)
        reference = getattr(shape, held, None) if held else None
        return reference.shape if reference else name

    def _target(self, name: str, member: str) -> str:
        for model in (self._new, self._old):
            shape = model.shapes.get(name)
            if shape is not None and member in shape.members:
                return shape.members[member].shape
        return ""
