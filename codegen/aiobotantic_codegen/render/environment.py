"""The Jinja environment: strict, without whitespace tricks, one filter for every literal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from traceback import extract_tb
from types import TracebackType
from typing import Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    TemplateSyntaxError,
)

from aiobotantic_codegen.errors import RenderError
from aiobotantic_codegen.render.literals import docstring, literal
from aiobotantic_codegen.render.names import family_class


def environment(overriding: Sequence[Path] = ()) -> Environment:
    """Return the environment; templates in `overriding` directories come before our own.

    Raises:
        RenderError: a directory does not exist, or holds a file that replaces no template.
    """
    own = PackageLoader("aiobotantic_codegen.render", "templates")
    for directory in overriding:
        _check_directory(directory, own.list_templates())
    env = Environment(
        loader=ChoiceLoader([*(FileSystemLoader(path) for path in overriding), own]),
        undefined=StrictUndefined,
        autoescape=False,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters["literal"] = literal
    env.filters["tuple_literal"] = lambda values: literal(tuple(values))
    env.filters["docstring"] = docstring
    env.filters["family_class"] = family_class
    return env


def render(env: Environment, template: str, **facts: Any) -> str:
    """Render one template.

    Raises:
        RenderError: the template fails; names the template that fails and the line.
    """
    try:
        return env.get_template(template).render(**facts)
    except TemplateSyntaxError as error:
        line: int | None
        file, line, problem = error.filename or error.name or template, error.lineno, str(error)
    except Exception as error:  # a template may call anything that it is given
        file, line = _place(error.__traceback__)
        problem = f"{type(error).__name__}: {error}"
    place = f"{file}:{line}" if line else f"templates/{template}"
    remedy = "Correct the template, or remove it from the folder that --templates names."
    raise RenderError(place, "", problem.partition("\n")[0], remedy)


def _place(traceback: TracebackType | None) -> tuple[str, int | None]:
    """Return the file and line of a template where an error was raised, an included one too."""
    for frame in reversed(extract_tb(traceback)):
        if frame.filename.endswith(".jinja"):
            return frame.filename, frame.lineno
    return "", None


def _check_directory(directory: Path, known: Sequence[str]) -> None:
    remedy = "Names of templates: see the folder render/templates of aiobotantic_codegen."
    if not directory.is_dir():
        raise RenderError(directory, "", "no such folder", "Check the path after --templates.")
    for path in sorted(directory.rglob("*.jinja")):
        name = path.relative_to(directory).as_posix()
        if not path.name.startswith("_") and name not in known:
            raise RenderError(path, "", f"there is no template {name!r} to replace", remedy)
