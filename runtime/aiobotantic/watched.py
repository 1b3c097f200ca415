"""Classes that tell of their subclasses: hypothesis, where it is imported, asks for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

WATCHERS: list[Callable[[Any], None]] = []
"""What is called with each new subclass, while it is made."""


class Watched:
    """Base of a class whose subclasses are told of."""

    __slots__ = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for tell in WATCHERS:
            tell(cls)
