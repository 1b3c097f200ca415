"""The shape of the tree: who imports whom, who prints, how long files are, what is installed."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent

PACKAGES = {
    "aiobotantic": ROOT / "runtime" / "aiobotantic",
    "aiobotantic_codegen": ROOT / "codegen" / "aiobotantic_codegen",
    "aiosagemaker": ROOT / "generated" / "aiosagemaker",
    "aiosagemaker_extras": ROOT / "extras" / "aiosagemaker_extras",
}
PROJECTS = {
    "aiobotantic": ROOT / "runtime",
    "aiobotantic-codegen": ROOT / "codegen",
    "aiosagemaker": ROOT,
}

STAGES = ("load", "ir", "render", "format", "write")
FLOWS = ("changes", "pipeline", "sync", "update")
COMMANDS = ("cli", "commands")
SEEN_BY_ALL = {"errors", "_version", "cache"}
VISIBLE = {stage: {*STAGES[: place + 1], *SEEN_BY_ALL} for place, stage in enumerate(STAGES)} | {
    "changes": {"load", "ir", "render", "changes", *SEEN_BY_ALL},
    "reuse": {"load", "ir", "reuse", *SEEN_BY_ALL},
    "pipeline": {*STAGES, "changes", "reuse", "pipeline", *SEEN_BY_ALL},
    "sync": {"load", "changes", "write", "sync", *SEEN_BY_ALL},
    "update": {"load", "changes", "pipeline", "sync", "write", "update", *SEEN_BY_ALL},
    **{command: {*STAGES, *FLOWS, *COMMANDS, *SEEN_BY_ALL} for command in COMMANDS},
    "cache": {"errors"},
    "errors": set[str](),
    "_version": set[str](),
    "__init__": {"_version"},
    "__main__": {"cli"},
}

LONGEST_FILE = 600
HAND_WRITTEN = ("runtime", "codegen", "extras", "tests", "examples", "benchmarks", "docs", ".ci")
HAND_WRITTEN_SUFFIXES = {".py", ".pyi", ".sh", ".jinja", ".j2"}
WRITTEN_BY_TOOLS = {"golden", "__pycache__"}

PINS = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[A-Za-z0-9.+!]+)")


def imported_modules(source: str, module: str, *, is_package: bool) -> Iterator[tuple[int, str]]:
    """Yield the line and the absolute dotted name of everything `source` imports, at any depth.

    `from a import b` yields `a.b`: whether `b` is a module or a name in one does not matter here.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = module.split(".")
            anchor = parents[: len(parents) - node.level + is_package] if node.level else []
            base = [*anchor, *([node.module] if node.module else [])]
            yield from ((node.lineno, ".".join([*base, alias.name])) for alias in node.names)


def modules_of(package: str) -> list[tuple[Path, str]]:
    """Return every Python file of `package` with its dotted name."""
    folder = PACKAGES[package]
    files = sorted(folder.rglob("*.py"))
    assert files, f"{folder} holds no Python file"
    return [(file, dotted_name(file, folder.parent)) for file in files]


def dotted_name(file: Path, source_root: Path) -> str:
    parts = file.relative_to(source_root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(package: str) -> Iterator[tuple[str, str, str]]:
    """Yield place (`path:line`), importing module and imported name of each import in `package`."""
    for file, module in modules_of(package):
        source, is_package = file.read_text("utf-8"), file.name == "__init__.py"
        for line, imported in imported_modules(source, module, is_package=is_package):
            yield f"{file.relative_to(ROOT)}:{line}", module, imported


def stage_of(module: str) -> str:
    """Return the stage of a dotted name in aiobotantic_codegen; the package is `__init__`."""
    first, _, _ = module.removeprefix("aiobotantic_codegen").removeprefix(".").partition(".")
    return first or "__init__"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a.b", ["a.b"]),
        ("import a as c, d", ["a", "d"]),
        ("from a.b import c, d", ["a.b.c", "a.b.d"]),
        ("from . import c", ["top.sub.c"]),
        ("from .c import d", ["top.sub.c.d"]),
        ("from .. import c", ["top.c"]),
        ("def f():\n    from ..c import d", ["top.c.d"]),
        ("if TYPE_CHECKING:\n    from a import b", ["a.b"]),
    ],
)
def test_every_form_of_import_is_seen(source: str, expected: list[str]) -> None:
    from_module = [name for _, name in imported_modules(source, "top.sub.mod", is_package=False)]
    from_package = [name for _, name in imported_modules(source, "top.sub", is_package=True)]

    assert from_module == expected
    assert from_package == expected


def test_generated_code_stands_on_the_runtime_extras_pydantic_and_the_standard_library() -> None:
    allowed = {"aiosagemaker", "aiobotantic", "aiosagemaker_extras", "pydantic"} | set(
        sys.stdlib_module_names
    )

    strays = [
        f"{place} imports {name}"
        for place, _, name in imports_of("aiosagemaker")
        if name.partition(".")[0] not in allowed
    ]

    assert strays == []


@pytest.mark.parametrize("package", ["aiobotantic", "aiobotantic_codegen"])
def test_runtime_and_generator_import_no_other_package_of_this_tree(package: str) -> None:
    others = PACKAGES.keys() - {package}

    strays = [
        f"{place} imports {name}"
        for place, _, name in imports_of(package)
        if name.partition(".")[0] in others
    ]

    assert strays == []


def test_runtime_knows_no_service() -> None:
    strays = [
        f"{file.relative_to(ROOT)}:{line} says {word!r}"
        for file, _ in modules_of("aiobotantic")
        for line, word in words_of(file.read_text("utf-8"))
        if "sagemaker" in word.lower()
    ]

    assert strays == []


def words_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each name and each string in `source` but docstrings."""
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=word) | ast.Attribute(attr=word) | ast.Constant(value=str(word)):
                if id(node) not in prose:
                    yield node.lineno, word


def test_words_are_names_and_strings_but_no_docstrings() -> None:
    source = "'prose'\nname = 'text'\ndef f():\n    'prose'\n    return other.attribute\n"

    assert sorted(words_of(source)) == [(2, "name"), (2, "text"), (5, "attribute"), (5, "other")]


def test_extras_do_not_need_the_generator() -> None:
    strays = [
        f"{place} imports {name}"
        for place, _, name in imports_of("aiosagemaker_extras")
        if name.partition(".")[0] == "aiobotantic_codegen"
    ]

    assert strays == []


def test_generator_stages_import_only_what_stands_to_their_left() -> None:
    strays = [
        f"{place}: {stage_of(module)} imports {name}"
        for place, module, name in imports_of("aiobotantic_codegen")
        if name.partition(".")[0] == "aiobotantic_codegen"
        and stage_of(name) not in VISIBLE.get(stage_of(module), set())
    ]

    assert strays == []


def test_every_module_of_the_generator_has_a_stage() -> None:
    found = {stage_of(module) for _, module in modules_of("aiobotantic_codegen")}

    assert found - VISIBLE.keys() == set()
    assert set(STAGES) - found == set()


def test_only_the_command_line_of_the_generator_prints() -> None:
    strays = [
        f"{file.relative_to(ROOT)}:{line} uses {what}"
        for file, module in modules_of("aiobotantic_codegen")
        if stage_of(module) not in COMMANDS
        for line, what in output_of(file.read_text("utf-8"))
    ]

    assert strays == []


def output_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of everything in `source` that can write to a terminal."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id="print")):
                yield node.lineno, "print"
            case ast.Attribute(value=ast.Name(id="sys"), attr="stdout" | "stderr"):
                yield node.lineno, f"sys.{node.attr}"
    for line, name in imported_modules(source, "module", is_package=False):
        if name.partition(".")[0] in {"rich", "typer", "click"}:
            yield line, name


def test_output_is_seen_in_each_form() -> None:
    source = "import rich\nprint(1)\nsys.stderr.write('')\nfrom typer import echo\n"

    assert sorted(output_of(source)) == [
        (1, "rich"),
        (2, "print"),
        (3, "sys.stderr"),
        (4, "typer.echo"),
    ]


def test_nox_sessions_only_install_and_run() -> None:
    sessions = [
        node
        for node in ast.parse((ROOT / "noxfile.py").read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.decorator_list
    ]
    logic = (
        ast.If,
        ast.IfExp,
        ast.For,
        ast.While,
        ast.Try,
        ast.With,
        ast.Match,
        ast.Lambda,
        ast.ListComp,
        ast.SetComp,
        ast.DictComp,
        ast.GeneratorExp,
        ast.BoolOp,
        ast.Compare,
    )
    strays = [
        f"noxfile.py:{node.lineno} {session.name}: {type(node).__name__}"
        for session in sessions
        for node in ast.walk(session)
        if isinstance(node, logic)
    ]

    assert {"generate", "check", "tests", "types", "lint", "demo", "build"} <= {
        session.name for session in sessions
    }
    assert strays == []


def test_hand_written_files_stay_short() -> None:
    files = [
        file
        for folder in HAND_WRITTEN
        for file in (ROOT / folder).rglob("*")
        if file.suffix in HAND_WRITTEN_SUFFIXES and WRITTEN_BY_TOOLS.isdisjoint(file.parts)
    ]
    long = {
        str(file.relative_to(ROOT)): lines
        for file in files
        if (lines := len(file.read_text("utf-8").splitlines())) > LONGEST_FILE
    }

    assert Path(__file__).resolve() in files
    assert long == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_ships_its_types(package: str) -> None:
    assert (PACKAGES[package] / "py.typed").is_file()


@pytest.mark.parametrize("name", ["LICENSE", "NOTICE"])
def test_every_distribution_carries_the_same_licence(name: str) -> None:
    texts = {folder: (folder / name).read_text("utf-8") for folder in PROJECTS.values()}

    assert len(set(texts.values())) == 1


def test_distributions_agree_on_python_and_licence() -> None:
    projects = {name: project_table(folder) for name, folder in PROJECTS.items()}

    assert {name: project["name"] for name, project in projects.items()} == {n: n for n in PROJECTS}
    assert {project["requires-python"] for project in projects.values()} == {">=3.11"}
    assert {project["license"] for project in projects.values()} == {"Apache-2.0"}


def project_table(folder: Path) -> dict[str, object]:
    table = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    assert isinstance(table, dict)
    return table


def pinned_versions() -> dict[str, str]:
    """Return the pins of constraints.txt by lower-case name; any other kind of line fails."""
    pins = {}
    for number, line in enumerate((ROOT / "constraints.txt").read_text("utf-8").splitlines(), 1):
        if line and not line.startswith("#"):
            pin = PINS.fullmatch(line)
            assert pin, f"constraints.txt:{number} is no plain `name==version`: {line}"
            pins[pin["name"].lower().replace("_", "-")] = pin["version"]
    return pins


@pytest.mark.parametrize("folder", PROJECTS.values(), ids=PROJECTS)
def test_constraints_pin_what_the_distributions_need(folder: Path) -> None:
    pins = pinned_versions()
    dependencies = project_table(folder)["dependencies"]
    assert isinstance(dependencies, list)
    # pip is what reads the pins, and the tree's own distributions come from the tree.
    elsewhere = {"pip", *PROJECTS}

    unmet = [
        str(requirement)
        for requirement in map(Requirement, dependencies)
        if requirement.name not in elsewhere
        and Version(pins[requirement.name]) not in requirement.specifier
    ]

    assert unmet == []
