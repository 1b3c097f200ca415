"""The Jinja environment: strict, without whitespace tricks, one filter for every literal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    TemplateError,
)

from aiobotantic_codegen.errors import RenderError
from aiobotantic_codegen.render.literals import docstring, literal
from aiobotantic_codegen.render.names import family_class


def environment(overriding: Sequence[Path] = ()) -> Environment:
    """Return the environment; templates in `overriding` directories come before our own."""
    own = PackageLoader("aiobotantic_codegen.render", "templates")
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
        RenderError: the template fails; names the template and the line.
    """
    try:
        return env.get_template(template).render(**facts)
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        raise RenderError(
            f"templates/{template}",
            f"/line/{line}" if line else "",
            str(error),
            "Correct the template, or remove it from the overriding directory.",
        ) from error
