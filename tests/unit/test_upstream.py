"""What the runtime leans on inside aiobotocore, botocore and aiohttp, by digests of the source.

upstream.txt has a paragraph for each place of runtime/aiobotantic, with the functions and classes
that it leans on. A line may have several digests, one for each range of releases that we admit. A
digest that is not there means that upstream changed a private thing: read it again, see to the
place, and write the new digest behind those of older releases that we still admit.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TypeGuard

import pytest

import aiobotantic
from aiobotantic.pickling import resolve

TABLE = Path(__file__).with_name("upstream.txt")
RUNTIME = Path(aiobotantic.__file__).parent
FOREIGN = ("aiobotocore", "aiohttp", "botocore", "pydantic", "pydantic_core", "multidict", "yarl")
DOCUMENTED = {
    "botocore.UNSIGNED",
    "botocore.exceptions",  # every one of them
    "botocore.xform_name",
    "aiohttp.ClientError",
    "aiohttp.ClientResponse",
    "aiohttp.abc",
    "aiohttp.web",
    "pydantic.BaseModel",
    "pydantic.BeforeValidator",
    "pydantic.ConfigDict",
    "pydantic.Field",
    "pydantic.ValidationError",
    "pydantic_core.PydanticSerializationError",
    "pydantic_core.SchemaError",
    "pydantic_core.SchemaValidator",
    "pydantic_core.ValidationError",
    "pydantic_core.core_schema",
    "pydantic_core.to_json",
}
"""Names of these packages that are imported, and promised to those who use them."""

CONSTANTS = {"botocore.auth.SIGNED_HEADERS_BLACKLIST"}
"""Whose value is taken as it is; functions of the table show how they are used."""


@dataclass(frozen=True)
class Leaned:
    """A line of the table."""

    place: str
    module: str
    name: str
    digests: tuple[str, ...]

    @property
    def source(self) -> str:
        return inspect.getsource(resolve(self.module, self.name))


def read_table() -> Iterator[Leaned]:
    place = ""
    for line in TABLE.read_text().splitlines():
        if not line.startswith(" "):
            place = line
        else:
            module, name, *digests = line.split()
            yield Leaned(place, module, name, tuple(digests))


LEANED_UPON = list(read_table())


@pytest.mark.parametrize("leaned", LEANED_UPON, ids=lambda each: each.name)
def test_upstream_is_what_it_was(leaned: Leaned) -> None:
    found = sha256(leaned.source.encode()).hexdigest()[:16]

    assert (
        found in leaned.digests
    ), f"{leaned.module}.{leaned.name} changed: read it again for aiobotantic/{leaned.place}"


def test_the_table_names_places_that_exist() -> None:
    for leaned in LEANED_UPON:
        file, _, names = leaned.place.partition(": ")
        module = f"aiobotantic.{file.removesuffix('.py').replace('/', '.')}"
        for name in names.split(", "):
            assert resolve(module, name)


GUARDED = {"_ssl_protocol"}
"""Private names of asyncio, asked for with getattr: a test over TLS shows that they are there."""


@pytest.fixture(scope="module")
def modules() -> dict[str, ast.Module]:
    return {
        str(path.relative_to(RUNTIME)): ast.parse(path.read_text())
        for path in sorted(RUNTIME.rglob("*.py"))
    }


def test_every_private_name_that_is_used_stands_in_a_source_of_the_table(
    modules: dict[str, ast.Module],
) -> None:
    words = set(re.findall(r"\w+", " ".join(leaned.source for leaned in LEANED_UPON)))
    used = {(file, name) for file in modules for name in private_names(file, modules)}

    assert ("lanes/gate.py", "_credentials") in used
    known = words | GUARDED
    missing = sorted(f"{file}: {name}" for file, name in used if name not in known)
    assert not missing, "no function that upstream.txt names has these in its source"


def test_every_name_that_is_imported_is_documented_or_in_the_table(
    modules: dict[str, ast.Module],
) -> None:
    covered = {f"{leaned.module}.{leaned.name}." for leaned in LEANED_UPON}
    used = {(file, name) for file, tree in modules.items() for name in imported_names(tree)}

    assert ("lanes/auth.py", "botocore.auth.SigV4Auth") in used
    missing = sorted(
        f"{file}: {name}"
        for file, name in used
        if not any(f"{name}.".startswith(f"{each}.") for each in {*DOCUMENTED, *CONSTANTS})
        and not any(each.startswith(f"{name}.") for each in covered)
    )
    assert not missing, "write them into upstream.txt, or into DOCUMENTED if they are"


def private_names(file: str, modules: Mapping[str, ast.Module]) -> Iterator[str]:
    """Yield private attributes that neither the module's classes define, nor ours above them."""
    tree = modules[file]
    above: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aiobotantic."):
            path = str(node.module).partition(".")[2].replace(".", "/")
            found = modules.get(f"{path}.py") or modules[f"{path}/__init__.py"]
            above.update(own_names(found))
    own = above.union(own_names(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            upwards = isinstance(node.value, ast.Call) and ast.unparse(node.value) == "super()"
            name, ours = node.attr, above if upwards else own
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "setattr"):
            second = node.args[1]
            name, ours = str(second.value) if isinstance(second, ast.Constant) else "", own
        else:
            continue
        if re.fullmatch(r"_[a-zA-Z]\w*[^_]", name) and name not in ours:
            yield name


def own_names(tree: ast.Module) -> Iterator[str]:
    """Yield what a module's classes define, or set on themselves; types of others are not ours."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        pending += ast.iter_child_nodes(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif is_set(node):
            yield node.attr


def imported_names(tree: ast.Module) -> Iterator[str]:
    """Yield names of these packages that a module takes by name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and is_foreign(node.module):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "resolve":
            parts = [each.value for each in node.args if isinstance(each, ast.Constant)]
            if len(parts) == 2 and is_foreign(str(parts[0])):
                yield ".".join(map(str, parts))


def is_set(node: ast.AST) -> TypeGuard[ast.Attribute]:
    """Return whether it is `self.name` that gets a value."""
    stored = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    return stored and ast.unparse(node.value) == "self"


def is_foreign(name: str) -> bool:
    return name.partition(".")[0] in FOREIGN
