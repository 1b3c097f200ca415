"""Arguments to pipeline to exit code; with commands/ the only place that prints.

Imports stay inside the commands, so that a command loads only what it uses.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aiobotantic_codegen.commands.changes import app as changes_app
from aiobotantic_codegen.commands.diff import diff_command
from aiobotantic_codegen.commands.history import history_command
from aiobotantic_codegen.commands.say import say
from aiobotantic_codegen.commands.update import update_command
from aiobotantic_codegen.errors import GeneratorError

if TYPE_CHECKING:
    from aiobotantic_codegen.load.botocore import ModelSource
    from aiobotantic_codegen.sync import Progress, SyncResult
    from aiobotantic_codegen.write import TreeChange

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Generates AWS clients from service models.",
)
app.add_typer(changes_app, name="changes")

app.command(name="diff")(diff_command)
app.command(name="update")(update_command)
app.command(name="history")(history_command)


class Docs(StrEnum):
    """What docstrings say."""

    FACTS = "facts"
    FULL = "full"


@app.callback()
def _root() -> None:
    """Generates AWS clients from service models."""


@app.command(name="sync")
def sync_command(
    botocore: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="A botocore of the package index. Default: newest."),
    ] = None,
    installed: Annotated[bool, typer.Option("--installed", help="The installed botocore.")] = False,
    directory: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help="A botocore data folder, or a specs folder."),
    ] = None,
    service: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A service; repeatable. Default: all sagemaker*."),
    ] = None,
    specs: Annotated[Path, typer.Option(metavar="DIR", help="The folder to write.")] = Path(
        "specs"
    ),
) -> None:
    """Bring API facts into the specs folder."""
    from aiobotantic_codegen.sync import sync

    source = model_source(botocore, installed, directory)
    with show_progress() as progress:
        result = sync(source, specs, service or (), progress)
    _print_sync(result, specs)


@app.command(name="generate")
def generate_command(
    specs: Annotated[Path, typer.Option(metavar="DIR", help="The folder of the specs.")] = Path(
        "specs"
    ),
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder that holds the package.")
    ] = Path("generated"),
    package: Annotated[
        str, typer.Option(metavar="NAME", help="The name of the package.")
    ] = "aiosagemaker",
    service: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A service; repeatable. Default: all whose protocol is spoken."
        ),
    ] = None,
    templates: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR", help="A folder whose templates replace ours of that name; repeatable."
        ),
    ] = None,
    docs: Annotated[
        Docs, typer.Option(help="Docstrings: facts, or with AWS's prose of the installed botocore.")
    ] = Docs.FACTS,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if files are stale.")
    ] = False,
    timings: Annotated[bool, typer.Option("--timings", help="Show seconds by stage.")] = False,
) -> None:
    """Generate the package from the specs."""
    import gc
    from keyword import iskeyword

    from aiobotantic_codegen.pipeline import Request, generate

    gc.disable()  # a short run that drops nearly nothing: collecting takes a tenth of its time
    if not package.isidentifier() or iskeyword(package):
        raise typer.BadParameter(f"{package!r} is not a name of a package")
    request = Request(
        specs,
        out,
        package,
        tuple(service or ()),
        tuple(templates or ()),
        docs="full" if docs is Docs.FULL else "facts",
    )
    outcome = generate(request, check=check)
    for name, reason in outcome.skipped.items():
        say(f"left out: {name}: {reason}")
    if timings:
        for stage, seconds in outcome.seconds.items():
            typer.echo(f"{seconds:7.3f} s  {stage}")
        classes = "1 class" if outcome.formatted == 1 else f"{outcome.formatted} classes"
        typer.echo(f"{classes} went through black")
    for path in outcome.strays:
        say(f"? {out / package / path}: no run wrote it")
    _print_change(out / package, outcome.change, check=check)
    if check and outcome.strays:
        them = "it" if len(outcome.strays) == 1 else "them"
        remedy = f"move {them} out of the generated package, or remove {them}"
        typer.echo(f"{_files(len(outcome.strays))} not the generator's: {remedy}", err=True)
        raise typer.Exit(1)


def _print_change(root: Path, change: TreeChange, *, check: bool) -> None:
    if not change:
        typer.echo(f"{root}: up to date")
        return
    for mark, paths in (("+", change.added), ("~", change.changed), ("-", change.removed)):
        for path in paths:
            say(f"{mark} {root / path}")
    if check:
        count = len(change.added) + len(change.changed) + len(change.removed)
        typer.echo(f"{_files(count)} stale: run `aiobotantic generate`", err=True)
        raise typer.Exit(1)
    typer.echo(
        f"{root}: {len(change.added)} added, {len(change.changed)} changed, "
        f"{len(change.removed)} removed, {change.unchanged_count} unchanged"
    )


def _files(count: int) -> str:
    return "1 file is" if count == 1 else f"{count} files are"


def model_source(botocore: str | None, installed: bool, directory: Path | None) -> ModelSource:
    """Return where facts come from, as three options say; the newest botocore by default."""
    if (botocore is not None) + installed + (directory is not None) > 1:
        raise typer.BadParameter("give one of --botocore, --installed and --from")
    from aiobotantic_codegen.load.botocore import from_directory, from_index, from_installed

    if directory is not None:
        return from_directory(directory)
    if installed:
        return from_installed()
    typer.echo(f"Fetching botocore {botocore or '(newest)'}", err=True)
    return from_index(botocore)


@contextmanager
def show_progress() -> Iterator[Progress]:
    """Show what is done on standard error: a bar on a terminal, else lines."""
    if not sys.stderr.isatty():
        yield lambda name, done, total: typer.echo(f"[{done + 1}/{total}] {name}", err=True)
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("services")
        yield lambda name, done, total: bar.update(
            task, description=name, completed=done, total=total
        )


def _print_sync(result: SyncResult, specs: Path) -> None:
    change = result.change
    written = {*change.added, *change.changed}
    width = max(map(len, [*result.entries, *result.dropped]))
    for name, entry in result.entries.items():
        count = sum(f"{name}/{file}" in written for file in entry.files)
        gone = sum(path.startswith(f"{name}/") for path in change.removed)
        parts = [f"{count} written, {len(entry.files) - count} unchanged"]
        parts += [f"{gone} removed"] if gone else []
        say(f"{name:{width}}  {entry.api_version}  {entry.source}  {', '.join(parts)}")
    for name, difference in result.came.items():
        from aiobotantic_codegen.changes.text import as_text

        typer.echo(f"{name}: the page's facts gave way to the model's:")
        say(as_text(difference), nl=False)
    for name in result.dropped:
        typer.echo(f"{name:{width}}  removed: the source no longer has it")
    typer.echo(f"{specs}: {'changed' if change else 'up to date'}")


def main() -> None:
    """The console script `aiobotantic`: exit code 2 for an error that names its remedy."""
    try:
        app()
    except GeneratorError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
