"""The files of a package that stand above its services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from jinja2 import Environment

from aiobotantic_codegen.ir.names import check_python_name, unique
from aiobotantic_codegen.ir.overrides import FILE
from aiobotantic_codegen.render.environment import render


class Part(Protocol):
    """A service, as far as its package names it."""

    @property
    def name(self) -> str: ...
    @property
    def module(self) -> str: ...
    @property
    def class_name(self) -> str: ...


def package_files(
    env: Environment, package: str, services: Sequence[Part], modules: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield path and text of each file. `modules`: name to the module that it re-exports."""
    _check(services, modules, f"/modules/{package}")
    names = ", ".join(service.class_name for service in services)
    facts = {"package": package, "services": services}
    doc = f"Async, typed AWS clients: {names}."
    yield "__init__.py", render(env, "package/__init__.py.jinja", doc=doc, **facts)
    yield "_about.py", render(env, "package/_about.py.jinja", **facts)
    yield "fakes.py", render(env, "package/fakes.py.jinja", **facts)
    for module, source in sorted(modules.items()):
        doc = f"What `{source}` offers."
        text = render(env, "package/module.py.jinja", doc=doc, source=source, package=package)
        yield f"{module}.py", text


def _check(services: Sequence[Part], modules: Mapping[str, str], pointer: str) -> None:
    """Services, and the modules beside them, share one package."""
    classes = {service.name: str(service.class_name) for service in services}
    folders = {service.name: service.module for service in services}
    folders |= {f"{FILE}{pointer}/{name}": name for name in modules}
    folders |= {"the fakes of all services": "fakes"}
    for names, what, remedy in (
        (classes, "service", "Set class_name for one of them in specs/overrides.toml."),
        (folders, "module", "Give one of them another name."),
    ):
        unique(names, names.__getitem__, file="specs", pointer="", what=what, remedy=remedy)
    for name, source in modules.items():
        for part in (name, *source.split(".")):
            check_python_name(part, FILE, f"{pointer}/{name}", "Name a module to import.")
