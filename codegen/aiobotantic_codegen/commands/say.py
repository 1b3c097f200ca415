"""What a model or a page says, on the terminal."""

from __future__ import annotations

import typer

from aiobotantic_codegen.errors import printable


def say(text: str, *, nl: bool = True) -> None:
    """Print a text that holds names and values of a model, which the terminal must not act on."""
    typer.echo("\n".join(map(printable, text.split("\n"))), nl=nl)
