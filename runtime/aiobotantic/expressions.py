"""JMESPath over a response by AWS's names, as waiters and paginators of the models write it."""

from __future__ import annotations

from functools import cache
from typing import Any

from aiobotantic.structure import Structure


def search(structure: Structure, expression: str) -> Any:
    """Return what a JMESPath expression finds; None where it finds nothing."""
    return _compiled(expression).search(structure.to_wire())


@cache
def _compiled(expression: str) -> Any:
    import jmespath

    return jmespath.compile(expression)
