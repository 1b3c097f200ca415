"""What comes from outside is data: nothing in the four packages can run it.

A look at the syntax of every file, and the exceptions by name, each with its reason.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("runtime", "codegen", "extras", "generated")
BUILTINS = frozenset({"eval", "exec", "compile", "__import__"})
MODULES = frozenset(
    {
        *("pickle", "cPickle", "_pickle", "cloudpickle", "dill", "jsonpickle", "marshal", "shelve"),
        *("yaml", "ruamel", "code", "codeop", "runpy", "imp", "pty", "xml", "plistlib"),
    }
)
"""Modules that run what they read, or whose readers are known for traps."""
RENAMED_BY_NOBODY = frozenset({"builtins", "subprocess", "importlib"})
"""Modules that are imported as they are called, and whole: the rest of the test goes by names."""
STARTERS = frozenset(
    {
        *("os.system", "os.popen", "os.startfile", "os.posix_spawn", "os.posix_spawnp"),
        *(f"os.{kind}{end}" for kind in ("exec", "spawn") for end in ("l", "le", "lp", "v", "ve")),
        *("asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell"),
    }
)
LOOKED_AT = (ast.Name, ast.Attribute, ast.Import, ast.ImportFrom, ast.keyword, ast.Call)
IMPORTING = frozenset({"import_module", "resolve"})
ALLOWED = {
    "runtime/aiobotantic/lazy.py import_module": "the names are of the generated package",
    "runtime/aiobotantic/pickling.py import_module": "`resolve` itself: see who calls it",
    "runtime/aiobotantic/structure.py resolve": "called by pickle, which imports anyway",
    "runtime/aiobotantic/enums.py resolve": "called by pickle, which imports anyway",
    "runtime/aiobotantic/operation.py resolve": "names that generated code writes",
    "runtime/aiobotantic/lanes/direct.py resolve": "another function: addresses of a host",
    "runtime/aiobotantic/event_stream.py resolve": "the generated package's own errors",
    "runtime/aiobotantic/protocols/__init__.py import_module": "one of two modules, by a table",
    "runtime/aiobotantic/protocols/__init__.py resolve": "the generated package's own errors",
    "runtime/aiobotantic/protocols/json.py resolve": "the generated package's own errors",
    "runtime/aiobotantic/testing/last_page.py import_module": "a generated module's own name",
    "runtime/aiobotantic/testing/recorded_ends.py resolve": "the generated package's own errors",
    "extras/aiosagemaker_extras/testing.py import_module": "after a look into the manifest",
    "codegen/aiobotantic_codegen/changes/apply.py resolve": "another function: a path of a page",
    "codegen/aiobotantic_codegen/changes/verify.py resolve": "another function: a path of a page",
}
"""Where names that are no literals are imported, and why that is safe."""


@cache
def nodes() -> dict[str, list[ast.AST]]:
    """Return every file with what its syntax holds."""
    files = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]
    assert len(files) > 300
    return {
        file.relative_to(ROOT).as_posix(): [
            node
            for node in ast.walk(ast.parse(file.read_text("utf-8")))
            if isinstance(node, LOOKED_AT)
        ]
        for file in files
    }


def dangers(nodes: Iterable[ast.AST]) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of what could run data."""
    for node in nodes:
        match node:
            case ast.Name(id=name) if name in BUILTINS:
                yield node.lineno, name
            case ast.Attribute(value=ast.Name(id="builtins"), attr=name) if name in BUILTINS:
                yield node.lineno, name
            case ast.Import(names=names):
                for alias in names:
                    if alias.name.partition(".")[0] in MODULES:
                        yield node.lineno, alias.name
                    if alias.asname and alias.name in RENAMED_BY_NOBODY:
                        yield node.lineno, f"{alias.name} as {alias.asname}"
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in MODULES:
                yield node.lineno, module
            case ast.ImportFrom(module=str(module), names=names):
                for alias in names:
                    whole = f"{module}.{alias.name}"
                    if module in RENAMED_BY_NOBODY - {"importlib"} or whole in STARTERS:
                        yield node.lineno, whole
                    if alias.name in IMPORTING and alias.asname:
                        yield node.lineno, f"{whole} as {alias.asname}"
            case ast.Attribute(value=ast.Name(id=module), attr=name) if (
                f"{module}.{name}" in STARTERS
            ):
                yield node.lineno, f"{module}.{name}"
            case ast.Call(
                func=ast.Name(id="getattr" | "vars" | "globals" as name), args=args
            ) if any(_is_risky(each) for each in args):
                yield node.lineno, name
            case ast.keyword(arg="shell"):
                yield node.value.lineno, "shell="
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args):
                if name in IMPORTING and not all(map(_is_written, args)):
                    yield node.lineno, name


def _is_risky(argument: ast.expr) -> bool:
    match argument:
        case ast.Constant(value=str(name)):
            return name in BUILTINS
        case ast.Name(id=name):
            return name in ("builtins", "__builtins__", "os", "subprocess", "importlib")
    return False


def _is_written(argument: ast.expr) -> bool:
    return isinstance(argument, ast.Constant)


def test_nothing_runs_what_it_reads() -> None:
    found: dict[str, int] = {}
    for place, inside in nodes().items():
        for line, name in dangers(inside):
            found.setdefault(f"{place} {name}", line)

    assert {place: line for place, line in found.items() if place not in ALLOWED} == {}
    assert [place for place in ALLOWED if place not in found] == []


def test_programs_are_lists_of_words_and_start_with_one_of_ours() -> None:
    """pip, git and Python itself; no other file starts one."""
    started: dict[str, set[str]] = {}
    for place, inside in nodes().items():
        for node in inside:
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="subprocess"), attr=name)):
                    started.setdefault(place, set()).add(name)

    assert started == {
        "codegen/aiobotantic_codegen/load/botocore.py": {"run"},
        "codegen/aiobotantic_codegen/load/git.py": {"Popen"},
        "codegen/aiobotantic_codegen/update.py": {"run"},
    }


def test_pip_downloads_wheels_and_installs_nothing() -> None:
    """A source distribution runs its own set-up when it is downloaded; a wheel is a file."""
    path = ROOT / "codegen" / "aiobotantic_codegen" / "load" / "botocore.py"
    tree = ast.parse(path.read_text("utf-8"))
    lists = [node for node in ast.walk(tree) if isinstance(node, ast.List)]
    words = [[e.value for e in node.elts if isinstance(e, ast.Constant)] for node in lists]
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}

    assert [each for each in words if "download" in each] == [
        ["download", "--no-deps", "--only-binary=:all:", "--progress-bar=off"]
    ]
    assert "install" not in strings


def test_templates_are_read_from_a_folder_and_spec_texts_are_none() -> None:
    """Jinja compiles its templates: none is made of a text that a spec holds."""
    made = [
        f"{place} {node.attr}"
        for place, inside in nodes().items()
        for node in inside
        if isinstance(node, ast.Attribute)
        and node.attr in {"from_string", "compile_expression", "DictLoader", "FunctionLoader"}
    ]

    assert made == []


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("eval(text)", ["eval"]),
        ("run = exec", ["exec"]),
        ("import builtins\nbuiltins.exec(text)", ["exec"]),
        ("import pickle as p", ["pickle"]),
        ("from yaml import safe_load", ["yaml"]),
        ("def f():\n    import xml.etree.ElementTree", ["xml.etree.ElementTree"]),
        ("import os\nos.system(text)", ["os.system"]),
        ("from os import system as call", ["os.system"]),
        ("os.execv(text, [])", ["os.execv"]),
        ("from builtins import eval as read", ["builtins.eval"]),
        ("import builtins as b", ["builtins as b"]),
        ("import subprocess as sp", ["subprocess as sp"]),
        ("from subprocess import run", ["subprocess.run"]),
        ("from importlib import import_module as load", ["importlib.import_module as load"]),
        ("getattr(builtins, name)", ["getattr"]),
        ("getattr(thing, 'exec')", ["getattr"]),
        ("subprocess.run(text, shell=True)", ["shell="]),
        ("import_module(text)", ["import_module"]),
        ("importlib.import_module(f'a.{text}')", ["import_module"]),
        ("resolve('a', 'b')\nimport_module('a')\nre.compile(text)\nast.literal_eval(text)", []),
        ("def compile_all(): ...\nx.evaluate(text)", []),
    ],
)
def test_every_form_is_seen(source: str, names: list[str]) -> None:
    assert [name for _, name in dangers(ast.walk(ast.parse(source)))] == names
