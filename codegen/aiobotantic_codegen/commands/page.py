"""`aiobotantic changes page`: the page of an API change, as text or as HTML."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from aiobotantic_codegen.commands.diff import SOURCE_HELP, ServiceOption, SpecsOption
from aiobotantic_codegen.commands.say import say


def page_command(
    old: Annotated[str, typer.Argument(help=SOURCE_HELP)],
    new: Annotated[str, typer.Argument(help="The same, of the newer model.")],
    html: Annotated[bool, typer.Option("--html/--text", help="The form of the page.")] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write. Default: the terminal.")
    ] = None,
    service: ServiceOption = None,
    title: Annotated[
        str, typer.Option(help="The service's name on the page. Default: the model's.")
    ] = "",
    changes: Annotated[
        str, typer.Option(help="What the service's team says of the change, in a sentence.")
    ] = "",
    date: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="When it was published."),
    ] = None,
    specs: SpecsOption = Path("specs"),
) -> None:
    """Write the page of an API change: what is new, with each method's reference."""
    from aiobotantic_codegen.changes import render
    from aiobotantic_codegen.changes.diff import diff_models
    from aiobotantic_codegen.changes.models import load_model
    from aiobotantic_codegen.load.service import load_overrides
    from aiobotantic_codegen.write import write_file

    before, after = (load_model(word, service, specs) for word in (old, new))
    overrides = load_overrides(specs).services.get(after.service)
    page = render.build_page(
        diff_models(before, after, overrides),
        after,
        title=title,
        prose=changes,
        day=date.date() if date else None,
    )
    text = render.as_html(page) if html else render.as_text(page)
    if out is None:
        say(text, nl=False)
    else:
        write_file(out, text.encode())
        say(f"{out}: {page.header}")
