"""Python's words for what the IR names in AWS's."""

from __future__ import annotations


def family_class(family: str) -> str:
    """`notebook_instance` is `NotebookInstanceOperations`."""
    return "".join(part.capitalize() for part in family.split("_")) + "Operations"
