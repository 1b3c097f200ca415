"""Functions of aiobotocore, botocore and aiohttp as they were loaded.

Instrumentation and mocks replace some of them; what stands in their place must be called.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, Final

import aiobotocore
import aiohttp
import botocore

from aiobotantic.pickling import resolve

_REPLACED: Final = object()
_PACKAGES: Final = (aiobotocore, aiohttp, botocore)


class Originals:
    """Functions of classes, as they are when they are first asked for.

    One that is no plain function of theirs even then was replaced before we came, and stays so for
    this process.

    Args:
        places: Module and path of each.
    """

    def __init__(self, places: tuple[tuple[str, str], ...]) -> None:
        self._places = places
        self._found: list[tuple[str, Any, str, Any]] | None = None

    def replaced(self) -> str | None:
        """Return the first that was replaced since; None if none was."""
        if self._found is None:
            self._found = [_original(module, path) for module, path in self._places]
        for place, owner, name, own in self._found:
            if getattr(owner, name, None) is not own:
                return place
        return None


def _original(module: str, path: str) -> tuple[str, Any, str, Any]:
    cls, _, name = path.partition(".")
    owner = resolve(module, cls)
    own = getattr(owner, name, None)
    # A decorator of their own wraps some.
    pristine = type(own) is FunctionType and own.__code__.co_filename.startswith(_folders())
    return f"{module}.{path}", owner, name, own if pristine else _REPLACED


@cache
def _folders() -> tuple[str, ...]:
    """Return where the code of these packages is: others may have a folder of such a name."""
    return tuple(f"{Path(str(package.__file__)).parent}{os.sep}" for package in _PACKAGES)
