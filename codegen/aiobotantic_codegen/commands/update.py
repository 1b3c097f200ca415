"""`aiobotantic update`: the one command that lets an API change in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aiobotantic_codegen.commands.diff import SpecsOption
from aiobotantic_codegen.commands.say import say
from aiobotantic_codegen.errors import WriteError


def update_command(
    botocore: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="A botocore of the package index. Default: newest."),
    ] = None,
    installed: Annotated[bool, typer.Option("--installed", help="The installed botocore.")] = False,
    directory: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help="A botocore data folder, or a specs folder."),
    ] = None,
    page: Annotated[
        str | None,
        typer.Option(
            metavar="PAGE", help="A page of awsapichanges.com, before the model is there."
        ),
    ] = None,
    service: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="With --page. Default: the service that it names."),
    ] = None,
    specs: SpecsOption = Path("specs"),
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder that holds the package.")
    ] = Path("generated"),
    package: Annotated[
        str, typer.Option(metavar="NAME", help="The name of the package.")
    ] = "aiosagemaker",
    templates: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="As for `generate`; repeatable."),
    ] = None,
    changelog: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Gets an entry. Default: CHANGELOG.md, if it is there."),
    ] = None,
    pyproject: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Gets the next version. Default: pyproject.toml, if it is the package's.",
        ),
    ] = None,
    summary: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the summary there too.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Make and try everything, and replace nothing.")
    ] = False,
) -> None:
    """Take a newer API in: specs, package, change record, changelog and version.

    Prints a summary in Markdown, for a pull request.
    """
    from aiobotantic_codegen.cli import model_source, show_progress
    from aiobotantic_codegen.commands.changes import read_page
    from aiobotantic_codegen.pipeline import Request
    from aiobotantic_codegen.update import Project, apply_in, sync_in, update

    if service is not None and page is None:
        raise typer.BadParameter("--service goes with --page: all others bring every service")
    if summary is not None:
        _write_summary(summary, "")  # better now than when all else is done
    project = Project(
        Request(specs, out, package, templates=tuple(templates or ())),
        changelog=changelog or _if_there(Path("CHANGELOG.md")),
        pyproject=pyproject or _if_own(Path("pyproject.toml"), package),
    )
    if page is not None:
        if botocore is not None or installed or directory is not None:
            raise typer.BadParameter("give --page, or one of --botocore, --installed and --from")
        done = update(project, apply_in(read_page(page), service), dry_run=dry_run)
    else:
        source = model_source(botocore, installed, directory)
        with show_progress() as progress:
            done = update(project, sync_in(source, progress), dry_run=dry_run)
    say(done.summary(), nl=False)
    if summary is not None:
        _write_summary(summary, done.summary())


def _write_summary(path: Path, text: str) -> None:
    """Write a file for the caller's next step.

    Raises:
        WriteError: It cannot be written.
    """
    try:
        path.write_text(text)
    except OSError as error:
        raise WriteError(path, "", f"cannot be written: {error}", "Check the path.") from None


def _if_there(path: Path) -> Path | None:
    return path if path.is_file() else None


def _if_own(path: Path, package: str) -> Path | None:
    """Return a pyproject.toml if it is that of the generated package."""
    import tomllib

    try:
        name = tomllib.loads(path.read_text())["project"]["name"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return path if str(name).replace("-", "_") == package else None
