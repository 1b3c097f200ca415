"""`aiobotantic diff`: what differs between two models, on the terminal."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from aiobotantic_codegen.changes.kinds import ChangeClass
from aiobotantic_codegen.commands.say import say

SOURCE_HELP = (
    "A model: a service-2.json, a folder of one service or of many, `botocore==1.29.141`, "
    "`installed` or `specs`."
)
ServiceOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The service, where a model has many. Default: sagemaker."),
]


def _finished(specs: Path) -> Path:
    """Finish an update that was killed, before anything of it is read."""
    from aiobotantic_codegen.write import finish_interrupted

    finish_interrupted(specs)
    return specs


SpecsOption = Annotated[
    Path,
    typer.Option(
        metavar="DIR", help="The folder of the specs, and of overrides.toml.", callback=_finished
    ),
]


class Form(StrEnum):
    """How a difference is written."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def diff_command(
    old: Annotated[str, typer.Argument(help=SOURCE_HELP)],
    new: Annotated[str, typer.Argument(help="The same, of the newer model.")],
    service: ServiceOption = None,
    form: Annotated[Form, typer.Option("--format", help="How to write it.")] = Form.TEXT,
    fail_on: Annotated[
        ChangeClass | None,
        typer.Option(help="Exit with 2 if an entry is of this class, or of a graver one."),
    ] = None,
    specs: SpecsOption = Path("specs"),
) -> None:
    """Say everything that differs between two models of a service."""
    from aiobotantic_codegen.changes import text
    from aiobotantic_codegen.changes.diff import diff_models
    from aiobotantic_codegen.changes.models import load_model
    from aiobotantic_codegen.load.service import load_overrides

    before, after = (load_model(word, service, specs) for word in (old, new))
    overrides = load_overrides(specs).services.get(after.service)
    difference = diff_models(before, after, overrides)
    match form:
        case Form.TEXT:
            say(text.as_text(difference), nl=False)
        case Form.JSON:
            typer.echo(difference.model_dump_json(by_alias=True, indent=1, ensure_ascii=True))
        case Form.MARKDOWN:
            say(text.as_markdown(difference), nl=False)
    order = list(ChangeClass)
    failed = fail_on and order.index(difference.verdict) <= order.index(fail_on)
    if failed and difference.entries:
        typer.echo(f"{difference.verdict}: --fail-on {fail_on}", err=True)
        raise typer.Exit(2)
