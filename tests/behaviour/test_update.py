"""`aiobotantic update`: specs, package, record, changelog and version change together, or not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from minispec import tree_of
from pets import CHANGELOG, PACKAGE, PAGE, PYPROJECT, command, model, new_project, write_source

from aiobotantic_codegen import write
from aiobotantic_codegen.changes.kinds import ChangeClass, Kind
from aiobotantic_codegen.changes.record import ChangeRecord
from aiobotantic_codegen.errors import (
    GeneratorError,
    NameCollision,
    SpecError,
    UpdateError,
    WriteError,
)
from aiobotantic_codegen.load.botocore import from_directory
from aiobotantic_codegen.pipeline import Request, generate
from aiobotantic_codegen.sync import sync
from aiobotantic_codegen.update import Project, sync_in, update


@pytest.fixture
def project(tmp_path: Path, generator_cache: Path) -> Project:
    """A client that was generated from a model with one kind of pet."""
    return new_project(tmp_path)


@pytest.fixture
def newer(tmp_path: Path) -> Callable[..., Path]:
    return lambda *kinds, **members: write_source(tmp_path / "new", model(*kinds, **members))


def root_of(project: Project) -> Path:
    return project.generate.specs.parent


def bring(source: Path) -> Callable[[Path], str]:
    return sync_in(from_directory(source))


def test_a_new_value_changes_a_line_of_specs_and_one_of_the_package(
    project: Project, newer: Callable[..., Path]
) -> None:
    before = tree_of(root_of(project))

    done = update(project, bring(newer("cat", "dog")))

    after = tree_of(root_of(project))
    changed = {path for path in after if after[path] != before.get(path)}
    (record,) = changed - before.keys()
    assert changed - {record} == {
        "CHANGELOG.md",
        "pyproject.toml",
        "specs/catalog.toml",
        "specs/pets/service-2.json",
        f"src/{PACKAGE}/manifest.json",
        f"src/{PACKAGE}/pets/_shapes/pet.py",
    }
    assert set(done.files) == {str(root_of(project) / path) for path in changed}
    for path in ("specs/pets/service-2.json", f"src/{PACKAGE}/pets/_shapes/pet.py"):
        old, new = before[path].splitlines(), after[path].splitlines()
        assert len(new) == len(old) + 1
        assert [line for line in new if line not in old] == [line for line in new if b"dog" in line]
    assert done.tried
    assert not generate(project.generate, check=True).change


def test_changelog_record_and_version_tell_it(project: Project, newer: Callable[..., Path]) -> None:
    done = update(project, bring(newer("cat", "dog", Name="String")))

    root = root_of(project)
    assert done.version == ("0.1.0", "0.2.0")
    assert (root / "pyproject.toml").read_text() == PYPROJECT.replace("0.1.0", "0.2.0")
    assert (root / "CHANGELOG.md").read_text() == CHANGELOG.replace(
        "- Pets.\n",
        "- Pets.\n\n### API\n\n- 0.2.0: pets, directory, additive:\n"
        "  - `CreatePetInput.name` is new: `Mini.create_pet(name)`.\n"
        "  - `PetKind` gains `DOG`: `Mini.create_pet(kind)`.\n",
    )
    (path,) = (root / "specs" / "changes").iterdir()
    record = ChangeRecord.model_validate_json(path.read_text())
    (service,) = record.services
    assert (record.verdict, record.version) == (ChangeClass.ADDITIVE, "0.2.0")
    assert [(e.operation, e.path, e.kind, e.values) for e in service.entries] == [
        ("CreatePet", "Name", Kind.MEMBER_ADDED, ("string",)),
        ("CreatePet", "Kind", Kind.ENUM_VALUE_ADDED, ("dog",)),
    ]


def test_a_second_run_has_nothing_to_do(project: Project, newer: Callable[..., Path]) -> None:
    source = newer("cat", "dog")
    update(project, bring(source))
    before = tree_of(root_of(project))

    done = update(project, bring(source))

    assert done.summary() == "Up to date.\n"
    assert tree_of(root_of(project)) == before


def test_a_second_change_stands_above_the_first(
    project: Project, newer: Callable[..., Path]
) -> None:
    update(project, bring(newer("cat", "dog")))
    update(project, bring(newer("cat", "dog", "axolotl")))

    text = (root_of(project) / "CHANGELOG.md").read_text()
    assert text.count("### API") == 1
    assert text.index("AXOLOTL") < text.index("DOG") < text.index("## [0.1.0]")
    assert len(list((root_of(project) / "specs" / "changes").iterdir())) == 2


def test_a_dry_run_says_the_same_and_writes_nothing(
    project: Project, newer: Callable[..., Path]
) -> None:
    before = tree_of(root_of(project))

    would = update(project, bring(newer("cat", "dog")), dry_run=True)

    assert tree_of(root_of(project)) == before
    assert would.summary() == update(project, bring(newer("cat", "dog"))).summary()


def test_a_removed_value_is_breaking(project: Project, newer: Callable[..., Path]) -> None:
    done = update(project, bring(newer("dog")))

    assert done.verdict is ChangeClass.BREAKING
    assert "Breaking: `PetKind` loses `CAT`" in (root_of(project) / "CHANGELOG.md").read_text()


def test_a_new_service_of_the_family_comes_along_and_a_gone_one_leaves(
    tmp_path: Path, generator_cache: Path
) -> None:
    old = write_source(tmp_path / "old", model("cat"), "sagemaker-old")
    write_source(old, model("cat"), "sagemaker")
    new = write_source(tmp_path / "new", model("cat"), "sagemaker-new")
    write_source(new, model("cat"), "sagemaker")
    for root, service in ((old, "sagemaker-old"), (new, "sagemaker-new")):
        path = root / service / "2020-01-01" / "service-2.json"
        tree = json.loads(path.read_text())
        tree["metadata"]["serviceId"] = service
        path.write_text(json.dumps(tree))
    request = Request(tmp_path / "specs", tmp_path / "src", PACKAGE)
    sync(from_directory(old), request.specs)
    generate(request)

    done = update(Project(request), bring(new))

    assert {d.service: d.verdict for d in done.differences} == {
        "sagemaker-new": ChangeClass.ADDITIVE,
        "sagemaker-old": ChangeClass.BREAKING,
    }
    assert {path.name for path in (request.out / PACKAGE).iterdir() if path.is_dir()} == {
        "sagemaker",
        "sagemaker_new",
    }


def test_a_record_stays_when_something_of_the_same_name_comes(
    project: Project, newer: Callable[..., Path]
) -> None:
    def named(source: Path) -> Callable[[Path], str]:
        def bring_in(specs: Path) -> str:
            bring(source)(specs)
            return "pets, page 2024-01-02"

        return bring_in

    update(project, named(newer("cat", "dog")))
    update(project, named(newer("cat", "dog", "axolotl")))

    records = sorted((root_of(project) / "specs" / "changes").iterdir())
    values = [json.loads(r.read_text())["services"][0]["entries"][0]["values"] for r in records]
    assert values == [["axolotl"], ["dog"]]
    assert records[1].name == "pets-page-2024-01-02.json"


def collision(newer: Callable[..., Path], project: Project) -> Project:
    newer("cat", PetName="String", petName="String")
    return project


def broken_template(newer: Callable[..., Path], project: Project) -> Project:
    newer("cat", "dog")
    templates = root_of(project) / "templates"
    templates.mkdir()
    (templates / "errors.py.jinja").write_text("import no_such_module\n")
    given = project.generate
    request = Request(given.specs, given.out, given.package, templates=(templates,))
    return Project(request, project.changelog, project.pyproject)


def no_unreleased(newer: Callable[..., Path], project: Project) -> Project:
    newer("cat", "dog")
    assert project.changelog is not None
    project.changelog.write_text("# Changelog\n\n## [0.1.0]\n")
    return project


def dynamic_version(newer: Callable[..., Path], project: Project) -> Project:
    newer("cat", "dog")
    assert project.pyproject is not None
    project.pyproject.write_text('[project]\nname = "pets-client"\ndynamic = ["version"]\n')
    return project


def stale_override(newer: Callable[..., Path], project: Project) -> Project:
    newer("cat", "dog")
    (project.generate.specs / "overrides.toml").write_text('[services.gone]\nclass_name = "X"\n')
    return project


@pytest.mark.parametrize(
    ("spoil", "error", "text"),
    [
        (collision, NameCollision, "'PetName' and 'petName' are both 'pet_name' in Python"),
        (broken_template, UpdateError, "fails to import: ModuleNotFoundError: No module named"),
        (no_unreleased, WriteError, "there is no heading `## [Unreleased]`"),
        (
            dynamic_version,
            WriteError,
            "there is no static version of three numbers\n"
            "  Set [project] version to three numbers, or name another file with --pyproject.",
        ),
        (stale_override, SpecError, "project/specs/overrides.toml#/services/gone: there is no"),
    ],
)
def test_a_step_that_fails_leaves_everything_as_it_was(
    project: Project,
    newer: Callable[..., Path],
    spoil: Callable[[Callable[..., Path], Project], Project],
    error: type[GeneratorError],
    text: str,
) -> None:
    project = spoil(newer, project)
    before = tree_of(root_of(project))

    with pytest.raises(error) as raised:
        update(project, bring(root_of(project).parent / "new"))

    assert text in str(raised.value)
    assert tree_of(root_of(project)) == before


def test_what_was_replaced_before_an_error_comes_back(
    project: Project, newer: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "LOCK_TIMEOUT", 0.2)
    before = tree_of(root_of(project))

    with write.locked_tree(project.generate.specs), pytest.raises(WriteError, match=r"has held it"):
        update(project, bring(newer("cat", "dog")))

    assert tree_of(root_of(project)) == before


def test_the_command_prints_what_a_pull_request_says(
    project: Project, newer: Callable[..., Path]
) -> None:
    ran = subprocess.run(
        command(project, newer("cat", "dog")),
        cwd=root_of(project),
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout.startswith("# directory: additive\n\nVersion 0.1.0 to 0.2.0.\n")
    assert "| `src/pets_client/pets/_shapes/pet.py` | changed |" in ran.stdout
    assert "- `PetKind` gains `DOG`: `Mini.create_pet(kind)`" in ran.stdout
    assert 'version = "0.2.0"' in (root_of(project) / "pyproject.toml").read_text()


def test_the_summary_goes_where_it_can_be_written_or_nothing_is_done(
    project: Project, newer: Callable[..., Path]
) -> None:
    source = newer("cat", "dog")
    before = tree_of(root_of(project))
    options = {"cwd": root_of(project), "capture_output": True, "text": True, "check": False}

    failed = subprocess.run(command(project, source, "--summary", "no/such"), **options)
    after = tree_of(root_of(project))
    done = subprocess.run(command(project, source, "--summary", "said.md"), **options)

    assert failed.returncode == 2
    assert failed.stderr.startswith("error: no/such: cannot be written")
    assert after == before
    assert (root_of(project) / "said.md").read_text() == done.stdout


def test_specs_that_are_not_there_are_an_error(
    project: Project, newer: Callable[..., Path]
) -> None:
    ran = subprocess.run(
        command(project, newer("cat"), "--specs", "nope"),
        cwd=root_of(project),
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 2
    assert ran.stderr.endswith(
        "error: nope: no such folder\n  Run `aiobotantic sync`, or name another one.\n"
    )


def test_a_page_comes_in_and_the_model_takes_its_place(
    project: Project, newer: Callable[..., Path]
) -> None:
    root = root_of(project)
    (root / "page.txt").write_text(PAGE.format(service="Pets by another name"))
    base = [sys.executable, "-m", "aiobotantic_codegen.cli", "update", "--out", "src"]
    page = [*base, "--package", PACKAGE, "--page", "page.txt"]
    options = {"cwd": root, "capture_output": True, "text": True, "check": False}

    unknown = subprocess.run(page, **options)
    came = subprocess.run([*page, "--service", "pets"], **options)
    provisional = (root / "specs" / "catalog.toml").read_text()
    model = subprocess.run(command(project, newer("cat", "dog")), **options)

    assert unknown.returncode == 2
    assert "no service in specs has the full name 'Pets by another name'" in unknown.stderr
    assert "--service" in unknown.stderr
    assert came.stdout.startswith("# pets, page 2024-01-02: additive\n"), came.stderr
    assert 'source = "page 2024-01-02"\nprovisional = "directory"\n' in provisional
    assert model.stdout.startswith("# directory: none\n"), model.stderr
    assert 'version = "0.2.0"' in (root / "pyproject.toml").read_text()
    assert "provisional" not in (root / "specs" / "catalog.toml").read_text()
    assert (root / "CHANGELOG.md").read_text().count("gains `DOG`") == 1
