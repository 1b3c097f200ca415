"""What hypothesis calls when it is imported: `from_type` finds the strategies of structures.

Nothing is imported for it: a class is registered when it is made, or now if it was.
"""

from __future__ import annotations

import sys
from typing import Any

from aiobotantic.watched import WATCHERS


def register() -> None:
    """Register every structure class, those to come as well."""
    from hypothesis.strategies import register_type_strategy

    def tell(cls: Any) -> None:
        if not cls.__module__.startswith("aiobotantic."):  # the bases
            register_type_strategy(cls, _strategy)

    WATCHERS.append(tell)
    loaded = sys.modules.get("aiobotantic.structure")
    pending = [] if loaded is None else [loaded.Structure]
    while pending:
        pending += (made := pending.pop().__subclasses__())
        for cls in made:
            tell(cls)


def _strategy(cls: Any) -> Any:
    from aiobotantic.testing.strategies import from_structure

    return from_structure(cls)
