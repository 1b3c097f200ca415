"""A small client of a service that knows of pets, and the changes that its API goes through."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from minispec import spec_files

from aiobotantic_codegen.load.botocore import from_directory
from aiobotantic_codegen.pipeline import Request, generate
from aiobotantic_codegen.sync import sync
from aiobotantic_codegen.update import Project

PACKAGE = "pets_client"
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- Pets.\n\n## [0.1.0]\n\n- First.\n"
PYPROJECT = '[project]\nname = "pets-client"\nversion = "0.1.0" # raised by update\n'


def model(*kinds: str, **members: str) -> dict[str, Any]:
    """A service whose one operation takes a kind of pet."""
    spec = {
        "operations": {"CreatePet": {"input": "CreatePetInput", "output": "CreatePetOutput"}},
        "shapes": {
            "CreatePetInput": {"members": {"Kind": "PetKind", **members}, "required": ["Kind"]},
            "CreatePetOutput": {"members": {"Arn": "String"}},
            "PetKind": {"type": "string", "enum": list(kinds)},
        },
    }
    return spec_files(spec)


def write_source(root: Path, files: dict[str, Any], service: str = "pets") -> Path:
    folder = root / service / "2020-01-01"
    folder.mkdir(parents=True, exist_ok=True)
    for name, tree in files.items():
        (folder / name).write_text(json.dumps(tree))
    return root


def new_project(folder: Path) -> Project:
    """Make a client that is generated from a model with one kind of pet."""
    old = write_source(folder / "old", model("cat"))
    root = folder / "project"
    root.mkdir()
    request = Request(root / "specs", root / "src", PACKAGE)
    sync(from_directory(old), request.specs, ("pets",))
    generate(request)
    (root / "CHANGELOG.md").write_text(CHANGELOG)
    (root / "pyproject.toml").write_text(PYPROJECT)
    return Project(request, root / "CHANGELOG.md", root / "pyproject.toml")


def command(project: Project, source: Path, *more: str) -> list[str]:
    """Return `aiobotantic update`, for a process that stands in the project's folder."""
    return [
        *(sys.executable, "-m", "aiobotantic_codegen.cli", "update", "--from", str(source)),
        *("--out", "src", "--package", PACKAGE, *more),
    ]


PAGE = """2024/01/02 - {service} - 1 updated api methods
Changes Pets.
CreatePet (updated) Link \u00b6
Changes (request)
{{'Kind': {{'dog'}}}}
Request Syntax
client.create_pet( Kind='cat'|'dog' )
type Kind:
string
param Kind:
[REQUIRED]
rtype:
dict
returns:
Response Syntax
{{ 'Arn': 'string' }}
Response Structure
(dict) --
Arn (string) --
"""
