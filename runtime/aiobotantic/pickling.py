"""Where pickles look for generated classes.

A generated shape lives in a private module that may change when a second family takes the shape,
so pickles name the promised path, `<service>.models`, instead of `__module__`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def public_module(cls: type) -> str:
    """Return the module that promises `cls`: `<service>.models` for generated shapes."""
    service, mark, _ = cls.__module__.partition("._shapes.")
    return f"{service}.models" if mark else cls.__module__


def resolve(module: str, name: str) -> Any:
    """Return the class `name` of `module`, importing the module where needed."""
    found: Any = import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found
