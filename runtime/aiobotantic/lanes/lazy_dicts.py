"""Dicts that handlers and instrumentation see: filled when somebody first looks inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from aiobotantic.lanes import Call
from aiobotantic.structure import Structure

if TYPE_CHECKING:
    from aiobotantic.errors import ResponseParseError, ServiceError


class LazyDict(dict[str, Any]):
    """A dict that takes its entries from a structure when one is asked for that it lacks."""

    def __init__(self, ready: Mapping[str, Any]) -> None:
        super().__init__(ready)
        self.looked_at = False

    if TYPE_CHECKING:  # each kind of such a dict has its own

        def source(self) -> Structure | None:
            """Return what the entries are taken from."""

    def fill(self) -> None:
        if not self.looked_at:
            self.looked_at = True
            self._before_filling()
            if (structure := self.source()) is not None:
                for name, value in structure.to_wire().items():
                    super().setdefault(name, value)

    def _before_filling(self) -> None: ...

    def __missing__(self, key: str) -> Any:
        if self.looked_at:
            raise KeyError(key)
        self.fill()
        return self[key]

    def __contains__(self, key: object) -> bool:
        if super().__contains__(key):
            return True
        self.fill()
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        if key not in self:
            return default
        return self[key]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.source()!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        self.fill()
        return dict, (dict(self.items()),)


def _filling(name: str) -> Callable[..., Any]:
    plain = getattr(dict, name)

    def method(self: LazyDict, /, *args: Any, **kwargs: Any) -> Any:
        self.fill()
        return plain(self, *args, **kwargs)

    method.__name__ = name
    return method


for _name in (
    *("__iter__", "__len__", "__eq__", "__ne__", "__reversed__", "__delitem__", "__setitem__"),
    *("__or__", "__ror__", "__ior__", "keys", "values", "items", "copy", "pop", "popitem"),
    *("clear", "setdefault"),
):
    setattr(LazyDict, _name, _filling(_name))


class WireParams(LazyDict):
    """A request, as aiobotocore's `api_params`: AWS's names and plain values."""

    def __init__(self, call: Call) -> None:
        # Not empty even before it is filled: C code takes the size without asking.
        super().__init__({_UNFILLED: None})
        self._call = call

    def source(self) -> Structure:
        return self._call.request

    def _before_filling(self) -> None:
        super().pop(_UNFILLED)

    def update(self, *args: Any, **kwargs: Any) -> None:
        self.fill()
        super().update(*args, **kwargs)

    def changes(self) -> bool:
        """Return whether a handler has changed what the request says."""
        return self.looked_at and self != self.source().to_wire()


_UNFILLED = ""


class Parsed(LazyDict):
    """An answer, as aiobotocore's parsed response: botocore's shape, and what was made of it."""

    def __init__(
        self,
        ready: Mapping[str, Any],
        *,
        structure: Structure | None = None,
        error: ServiceError | ResponseParseError | None = None,
    ) -> None:
        super().__init__(ready)
        self.structure = structure
        self.error = error

    def source(self) -> Structure | None:
        return self.structure
