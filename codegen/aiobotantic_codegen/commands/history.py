"""`aiobotantic history`: what each release of botocore changed of a service, on the terminal."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from aiobotantic_codegen.changes.history import Row
    from aiobotantic_codegen.load.releases import Progress, Releases


class Form(StrEnum):
    """How a history is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def history_command(
    git: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A clone of botocore: its tags. A bare one will do."),
    ] = None,
    wheels: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A folder of botocore's wheels.")
    ] = None,
    versions: Annotated[
        str | None,
        typer.Option(
            metavar="A..B",
            help="Releases after A, up to B; either may be left out. "
            "Without --git and --wheels, pip fetches them from the package index.",
        ),
    ] = None,
    service: Annotated[str, typer.Option(metavar="NAME", help="The service.")] = "sagemaker",
    form: Annotated[Form, typer.Option("--format", help="How to write it.")] = Form.TABLE,
    every: Annotated[
        bool, typer.Option("--all", help="Also releases that changed nothing of the service.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at a release that cannot be read.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Processes. Default: one a processor.")
    ] = None,
) -> None:
    """Say how much each release of botocore changed of a service."""
    if git is not None and wheels is not None:
        raise typer.BadParameter("give one of --git and --wheels")
    if git is None and wheels is None and versions is None:
        raise typer.BadParameter("give --versions, or --git or --wheels")
    import gc

    from aiobotantic_codegen.changes.history import Span, read_history, usable_processors

    gc.disable()  # models hold no cycles, and collecting takes a fifth of the time
    try:
        span = Span.of(versions) if versions is not None else None
    except ValueError as error:
        raise typer.BadParameter(f"--versions: {error}") from None
    with _progress() as progress:
        rows = read_history(
            _releases(git, wheels),
            service,
            span,
            every=every,
            strict=strict,
            jobs=jobs or usable_processors(),
            progress=progress,
        )
    _print(rows, service, form)
    failed = [row for row in rows if row.error]
    for row in failed:
        typer.echo(f"error: {row.release}: {row.error}", err=True)
    if failed:
        raise typer.Exit(1)


def _releases(git: Path | None, wheels: Path | None) -> Releases:
    from aiobotantic_codegen.load import releases

    if git is not None:
        return releases.GitReleases(git)
    return releases.WheelReleases(wheels) if wheels is not None else releases.IndexReleases()


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show a bar, if somebody looks."""
    if not sys.stderr.isatty():
        yield lambda name, done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("releases", total=None)
        yield lambda name, done, total: bar.update(
            task, description=name, completed=done, total=total
        )


def _print(rows: Sequence[Row], service: str, form: Form) -> None:
    match form:
        case Form.TABLE:
            _print_table(rows, service)
        case Form.CSV:
            _print_csv(rows)
        case Form.JSON:
            lines = ",\n".join(row.model_dump_json() for row in rows)
            typer.echo(f"[\n{lines}\n]" if lines else "[]")


def _print_csv(rows: Sequence[Row]) -> None:
    import csv

    from aiobotantic_codegen.changes.history import columns

    writer = csv.DictWriter(sys.stdout, columns(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.cells() for row in rows)


def _print_table(rows: Sequence[Row], service: str) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from aiobotantic_codegen.changes.kinds import ChangeClass

    counted = list(ChangeClass)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("release", "date", "verdict", "semver"):
        table.add_column(name, no_wrap=True)
    for name in (*counted, "texts"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("what", overflow="fold")
    for row in rows:
        numbers = [*(row.classes[each] for each in counted), row.documentation]
        cells = [row.release, row.date, row.verdict or row.state, row.semver]
        what = ", ".join(f"{count} {kind}" for kind, count in row.kinds.items() if count)
        if row.state not in ("changed", "same"):
            what = str(row.state)
        table.add_row(*(Text(_cell(each)) for each in (*cells, *numbers, what)))
    # A file or a pipe has no width: nothing is folded there.
    Console(width=None if sys.stdout.isatty() else 400).print(table)
    counts = Counter[str](row.verdict or row.state for row in rows)
    told = ", ".join(f"{counts[word]} {word}" for word in (*counted, "failed") if counts[word])
    typer.echo(f"{service}: {len(rows)} releases{': ' if told else ''}{told}")


def _cell(value: str | int | None) -> str:
    return "" if value is None or value == 0 else str(value)
