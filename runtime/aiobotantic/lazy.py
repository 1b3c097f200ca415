"""Lazy exports (PEP 562): a name's module is imported when the name is first asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def lazy_exports(
    module: str, places: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` for a module.

    Args:
        module: `__name__` of the module that exports.
        places: submodule, relative to the package that `module` is or stands in, to the names
            that come from it.
    """
    home = {name: place for place, names in places.items() for name in names}

    def get(name: str) -> Any:
        place = home.get(name)
        if place is None and name.startswith("__"):  # each import statement asks for `__path__`
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        if place is None:
            raise AttributeError(_unknown(module, name, home))
        exporting = sys.modules[module]
        package = module if "__path__" in vars(exporting) else module.rpartition(".")[0]
        try:
            submodule = import_module(f"{package}.{place}")
        except AttributeError as error:  # `from ... import` would take it for a missing name
            raise ImportError(f"cannot import {package}.{place}: {error}") from error
        value = getattr(submodule, name)
        setattr(exporting, name, value)
        return value

    def names() -> list[str]:
        return sorted(home)

    return get, names


def _unknown(module: str, name: str, known: Mapping[str, str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    hint = f". Did you mean {near[0]!r}?" if near else ""
    return f"module {module!r} has no attribute {name!r}{hint}"


def forward(source: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` for a module that offers what another one offers.

    Args:
        source: name of the other module, which is imported when something of it is asked for.
    """

    def get(name: str) -> Any:
        if name == "__path__":  # each import statement asks for it
            raise AttributeError(f"{source} is no package")
        return getattr(import_module(source), name)

    def names() -> list[str]:
        module = import_module(source)
        return sorted(getattr(module, "__all__", None) or dir(module))

    return get, names
