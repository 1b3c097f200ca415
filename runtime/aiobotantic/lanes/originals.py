"""Functions of aiobotocore, botocore and aiohttp as they were loaded.

Instrumentation and mocks replace some of them; what stands in their place must be called.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from threading import Lock
from types import FunctionType
from typing import Any, Final

_REPLACED: Final = object()
_PACKAGES: Final = ("aiobotocore", "aiohttp", "botocore")


class Originals:
    """Functions of classes as they are, each since its module is loaded.

    What is not loaded is not replaced: nothing is imported here.

    Args:
        places: Module and path of each.
    """

    def __init__(self, places: Iterable[tuple[str, str]]) -> None:
        self._waiting = list(places)
        self._absent = {module for module, _ in self._waiting}
        """Modules of theirs that were not loaded when we looked last."""
        self._known: list[tuple[str, Any, str, Any]] = []
        self._looking = Lock()  # clients open in threads

    def replaced(self) -> str | None:
        """Return the place of one that is another now; None if none is."""
        loaded = sys.modules
        for module in self._absent:
            if module in loaded:
                self._look()
                break
        for place, owner, name, own in self._known:
            if getattr(owner, name, None) is not own:
                return place
        return None

    def _look(self) -> None:
        """Take over the functions of modules that were loaded meanwhile.

        One that is no plain function of theirs was replaced before we came, and stays so for this
        process.
        """
        with self._looking:
            for module, path in list(self._waiting):
                cls, _, name = path.partition(".")
                owner = getattr(sys.modules.get(module), cls, None)
                if owner is not None:
                    own = getattr(owner, name, None)
                    kept = own if _is_pristine(own) else _REPLACED
                    self._known.append((f"{module}.{path}", owner, name, kept))
                    self._waiting.remove((module, path))
            self._absent = {module for module, _ in self._waiting}


def _is_pristine(own: Any) -> bool:
    # A decorator of their own wraps some.
    return type(own) is FunctionType and own.__code__.co_filename.startswith(_folders())


@cache
def _folders() -> tuple[str, ...]:
    """Return where the code of these packages is: others may have a folder of such a name."""
    specs = [find_spec(package) for package in _PACKAGES]
    places = [spec.submodule_search_locations or [] for spec in specs if spec is not None]
    return tuple(f"{place}{os.sep}" for found in places for place in found)
