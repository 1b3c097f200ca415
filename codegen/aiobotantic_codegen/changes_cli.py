"""`aiobotantic changes`: what changed in an API; imports stay inside the commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from aiobotantic_codegen.changes.page import Page

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What changed in an API, from pages, models and specs.",
)


@app.callback()
def _root() -> None:
    """What changed in an API, from pages, models and specs."""


@app.command(name="parse")
def parse_command(
    page: Annotated[
        str,
        typer.Argument(
            metavar="PAGE", help="A page of awsapichanges.com, text or HTML; - for stdin."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the record as JSON.")] = False,
) -> None:
    """Read a page of API changes into a record."""
    from aiobotantic_codegen.changes.page import parse_page

    place, text = _read_page(page)
    record = parse_page(text, place)
    if as_json:
        typer.echo(record.model_dump_json(by_alias=True, indent=2))
    else:
        _print_page(record)


def _read_page(page: str) -> tuple[str, str]:
    """Return the name of a page in errors, and its text."""
    from aiobotantic_codegen.changes.page import decode_page
    from aiobotantic_codegen.errors import PageError

    if page == "-":
        return "<stdin>", decode_page(sys.stdin.buffer.read(), "<stdin>")
    try:
        content = Path(page).read_bytes()
    except (OSError, ValueError) as error:
        problem = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        raise PageError(
            page, "", problem, "give the path of a saved page, or - for stdin"
        ) from None
    return page, decode_page(content, page)


def _print_page(page: Page) -> None:
    typer.echo(f"{page.date}  {page.service}")
    if page.sentence:
        typer.echo(page.sentence)
    for method in page.methods:
        typer.echo(f"\n{method.operation} ({method.status})  client.{method.method}")
        for entry in method.entries:
            place = f"{entry.direction} {entry.path}".rstrip()
            values = f": {', '.join(entry.values)}" if entry.values else ""
            typer.echo(f"  {entry.kind}  {place}{values}")
