"""`aiobotantic changes`: what changed in an API; imports stay inside the commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aiobotantic_codegen.commands.diff import SOURCE_HELP, ServiceOption, SpecsOption
from aiobotantic_codegen.commands.page import page_command
from aiobotantic_codegen.commands.say import say

if TYPE_CHECKING:
    from aiobotantic_codegen.changes.page import Page
    from aiobotantic_codegen.changes.record import Entry
    from aiobotantic_codegen.changes.verify import Verification

PageArgument = Annotated[
    str,
    typer.Argument(metavar="PAGE", help="A page of awsapichanges.com, text or HTML; - for stdin."),
]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What changed in an API, from pages, models and specs.",
)
app.command(name="page")(page_command)


@app.callback()
def _root() -> None:
    """What changed in an API, from pages, models and specs."""


@app.command(name="parse")
def parse_command(
    page: PageArgument,
    as_json: Annotated[bool, typer.Option("--json", help="Print the record as JSON.")] = False,
) -> None:
    """Read a page of API changes into a record."""
    record = read_page(page)
    if as_json:
        typer.echo(record.model_dump_json(by_alias=True, indent=2, ensure_ascii=True))
    else:
        _print_page(record)


@app.command(name="verify")
def verify_command(
    page: PageArgument,
    old: Annotated[str, typer.Option(metavar="OLD", help=SOURCE_HELP)],
    new: Annotated[str, typer.Option(metavar="NEW", help="The same, of the newer model.")],
    service: ServiceOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    specs: SpecsOption = Path("specs"),
) -> None:
    """Check that two models differ in what a page says, and list what it does not say.

    Exits with 1 if the models lack something that the page says.
    """
    from aiobotantic_codegen.changes.diff import diff_models
    from aiobotantic_codegen.changes.models import load_model
    from aiobotantic_codegen.changes.verify import verify_page

    record = read_page(page)
    before, after = (load_model(word, service, specs) for word in (old, new))
    result = verify_page(record, diff_models(before, after), after)
    if as_json:
        typer.echo(result.model_dump_json(by_alias=True, indent=1, ensure_ascii=True))
    else:
        _print_verification(result)
    if not result.contained:
        raise typer.Exit(1)


@app.command(name="apply")
def apply_command(
    page: PageArgument,
    service: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The service. Default: the one the page names."),
    ] = None,
    specs: SpecsOption = Path("specs"),
) -> None:
    """Put what a page adds into the specs, until the model itself comes with `sync`."""
    from aiobotantic_codegen.changes.text import as_text
    from aiobotantic_codegen.sync import apply

    name, difference = apply(read_page(page), specs, service)
    say(as_text(difference), nl=False)
    say(f"{specs / name}: provisional, until `aiobotantic sync` brings the model")


def _print_verification(result: Verification) -> None:
    count = len(result.confirmed) + len(result.missing)
    say(f"{len(result.confirmed)} of the page's {count} facts are in the models")
    for title, lines in (
        ("missing in the models", map(_line, result.missing)),
        ("shown otherwise by the newer model, which is not of that day", result.misfits),
        ("beyond the page", map(_line, result.beyond)),
    ):
        listed = list(lines)
        if listed:
            say(f"\n{title}:")
            for line in listed:
                say(f"  {line}")


def _line(entry: Entry) -> str:
    place = " ".join(filter(None, (entry.operation, entry.direction, entry.path)))
    values = f": {', '.join(entry.values)}" if entry.values else ""
    return f"{entry.kind}  {place}{values}  ({entry.change_class})"


def read_page(page: str) -> Page:
    """Read the page that an argument names, or standard input for `-`."""
    from aiobotantic_codegen.changes.page import decode_page, parse_page
    from aiobotantic_codegen.errors import PageError

    place = "<stdin>" if page == "-" else page
    try:
        content = sys.stdin.buffer.read() if page == "-" else Path(page).read_bytes()
    except (OSError, ValueError) as error:
        problem = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        remedy = "give the path of a saved page, or - for stdin"
        raise PageError(page, "", problem, remedy) from None
    return parse_page(decode_page(content, place), place)


def _print_page(page: Page) -> None:
    say(f"{page.date}  {page.service}")
    if page.sentence:
        say(page.sentence)
    for method in page.methods:
        say(f"\n{method.operation} ({method.status})  client.{method.method}")
        for entry in method.entries:
            place = f"{entry.direction} {entry.path}".rstrip()
            values = f": {', '.join(entry.values)}" if entry.values else ""
            say(f"  {entry.kind}  {place}{values}")
