"""Write docs/api/: the public API of the packages and the commands, one object a line.

    python .ci/api.py [--check] [--folder DIR]

griffe reads the sources, and typer says what the commands take. Generated operations and shapes are
left out: generated/ is committed itself.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, get_args, get_origin

import griffe
import typer

from aiobotantic_codegen.cli import app
from aiosagemaker_extras.server_cli import _parser

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "api"
SOURCES = [ROOT / name for name in ("runtime", "generated", "extras")]
PACKAGES = {
    "aiobotantic": ["runtime/aiobotantic"],
    "aiosagemaker": ["generated/aiosagemaker", "extras/aiosagemaker_extras"],
}
INTERNAL = ("aiobotantic.lanes", "aiobotantic.protocols")
"""What no caller is promised, though its name has no underscore."""
LONGEST_VALUE = 60
GENERATED = (".models", ".waiters", ".wire")
"""Ends of the names of generated modules that are left out."""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true", help="Write nothing; 1 if a file is stale.")
    parser.add_argument("--folder", type=Path, default=FOLDER, metavar="DIR")
    given = parser.parse_args()
    made = {given.folder / name: text for name, text in texts().items()}
    stale = sorted({*given.folder.glob("*"), *made})
    stale = [
        path for path in stale if not path.is_file() or path.read_text("utf-8") != made.get(path)
    ]
    for path in stale:
        if given.check:
            print(f"{path} is stale: run `nox -s api`, and commit it.")
        elif path in made:
            path.parent.mkdir(exist_ok=True)
            path.write_text(made[path], "utf-8")
        else:
            path.unlink()
    if stale and given.check:
        print("A line that is gone or another breaks callers: CHANGELOG.md says so.")
    return 1 if stale and given.check else 0


def texts() -> dict[str, str]:
    """Return the names of the files, and what they hold."""
    made: dict[str, Iterable[str]] = {"commands": commands()}
    for name, folders in PACKAGES.items():
        files = [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]
        made[name] = [line for file in files for line in module(file)]
    return {f"{name}.txt": "".join(f"{line}\n" for line in lines) for name, lines in made.items()}


def module(file: Path) -> Iterator[str]:
    """Yield a line for each public object of a module."""
    top = next(each for each in SOURCES if file.is_relative_to(each))
    name = ".".join(file.relative_to(top).with_suffix("").parts).removesuffix(".__init__")
    if name.startswith(INTERNAL) or name.endswith(GENERATED) or "._" in name:
        return
    found: Any = griffe.visit(name, file, file.read_text("utf-8"))
    yield from handed_on(found)
    for inner, each in sorted(found.members.items()):
        if not inner.startswith("_") and not each.is_alias:
            yield from described(each, name)


def handed_on(found: Any) -> Iterator[str]:
    """Yield what a module imports for others: `x as x`, `*`, or what `__all__` names."""
    names = {str(name) for name in found.exports or ()}
    for node in ast.walk(ast.parse(found.filepath.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name in ("*", alias.asname) or alias.name in names:
                    yield f"{found.path}.{alias.name} = {node.module}.{alias.name}"


def described(found: Any, place: str) -> Iterator[str]:
    path = f"{place}.{found.name}"
    if found.is_class:
        # Families of operations are generated, and come and go with the API.
        bases = [text for text in map(str, found.bases) if not text.endswith("Operations")]
        yield f"class {path}({', '.join(bases)})"
        for name, each in sorted(found.members.items()):
            if not each.is_alias and (name == "__init__" or not name.startswith("_")):
                yield from described(each, path)
    elif found.is_function:
        kinds = [k for k in ("classmethod", "staticmethod", "async") if k in found.labels]
        yield f"{' '.join([*kinds, 'def'])} {path}({parameters(found)}) -> {found.returns}"
    else:
        kind = "property " if "property" in found.labels else ""
        value = str(found.value) if found.value is not None else ""
        told = f" = {value}" if value and len(value) < LONGEST_VALUE else ""
        yield f"{kind}{path}{f': {found.annotation}' if found.annotation else ''}{told}"


def parameters(function: Any) -> str:
    """Return parameters as Python writes them, without the instance or the class."""
    kinds = griffe.ParameterKind
    told: list[str] = []
    before: Any = None
    for each in function.parameters:
        if each.name in ("self", "cls") and not told:
            continue
        if each.kind is kinds.keyword_only and before not in (
            kinds.keyword_only,
            kinds.var_positional,
        ):
            told.append("*")
        if before is kinds.positional_only and each.kind is not before:
            told.append("/")
        stars = {kinds.var_positional: "*", kinds.var_keyword: "**"}.get(each.kind, "")
        text = (
            f"{stars}{each.name}: {each.annotation}" if each.annotation else f"{stars}{each.name}"
        )
        told.append(text if each.default is None or stars else f"{text} = {each.default}")
        before = each.kind
    return ", ".join(told)


def commands() -> Iterator[str]:
    """Yield a line for each command, argument and option."""
    yield from group("aiobotantic", app)
    yield "aiosagemaker-server"
    for action in _parser()._actions:
        names = " ".join(action.option_strings)
        if names != "-h --help":
            yield f"aiosagemaker-server {names}{default(action.default)}"


def group(path: str, found: Any) -> Iterator[str]:
    yield path
    for each in sorted(found.registered_commands, key=lambda each: str(each.name)):
        yield f"{path} {each.name}"
        for given in signature(each.callback, eval_str=True).parameters.values():
            yield f"{path} {each.name} {argument(given)}{default(given.default)}"
    for inner in found.registered_groups:
        yield from group(f"{path} {inner.name}", inner.typer_instance)


def argument(given: Parameter) -> str:
    """Return an argument or an option with what it takes."""
    annotation, told = get_args(given.annotation)
    kinds = [kind for kind in get_args(annotation) or (annotation,) if kind is not type(None)]
    many = any(get_origin(kind) is list for kind in kinds)
    (kind,) = kinds
    choices = "|".join(kind) if isinstance(kind, type) and issubclass(kind, StrEnum) else ""
    if isinstance(told, typer.models.ArgumentInfo):
        return str(told.metavar or given.name.upper())
    named = [n for n in (told.default, *(told.param_decls or ())) if isinstance(n, str)]
    name = " ".join(named) or f"--{given.name.replace('_', '-')}"
    value = "" if kind is bool else f" {told.metavar or choices or kind.__name__}"
    return f"{name}{value}{' ...' if many else ''}"


def default(value: Any) -> str:
    nothing = any(value is each for each in (None, False, Parameter.empty))
    return "" if nothing else f" = {value}"


if __name__ == "__main__":
    sys.exit(main())
