"""`aiobotantic update`: a newer API in, and specs, package, changelog and version follow.

Everything is made and tried in a scratch folder first. Then all files are replaced as one: a run
that is killed leaves the old ones, or a journal by which the next command of any kind puts the rest
of the new ones into place.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from aiobotantic_codegen.changes.changelog import changelog_entry, with_entry, with_version
from aiobotantic_codegen.changes.diff import diff_models
from aiobotantic_codegen.changes.kinds import ChangeClass
from aiobotantic_codegen.changes.models import Model, empty_model, from_source
from aiobotantic_codegen.changes.page import Page
from aiobotantic_codegen.changes.record import ChangeRecord, Difference, gravest, semver_of
from aiobotantic_codegen.changes.text import as_markdown
from aiobotantic_codegen.errors import (
    GeneratorError,
    SpecError,
    StaleOutput,
    UpdateError,
    WriteError,
)
from aiobotantic_codegen.load.botocore import DEFAULT_PREFIX, ModelSource, from_directory
from aiobotantic_codegen.load.service import load_catalog, load_overrides
from aiobotantic_codegen.pipeline import Outcome, Request, generate, keep_foreign
from aiobotantic_codegen.sync import Progress, apply, sync
from aiobotantic_codegen.write import (
    TreeChange,
    compare_tree,
    finish_interrupted,
    keep_nothing,
    locked_tree,
    replace_together,
)

BringIn = Callable[[Path], str]
"""Changes a specs folder, and returns what the change is called, e.g. `botocore 1.44.9`."""

_TRY = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
    if importlib.util.find_spec(module.name) is not None:
        found = importlib.import_module(module.name)
        for name in getattr(found, "__all__", ()):
            getattr(found, name)
"""


@dataclass(frozen=True)
class Project:
    """What an update keeps true.

    Attributes:
        generate: Specs, output folder, package and templates.
        changelog: The file that gets an entry; None for none.
        pyproject: The file whose version is raised; None for none.
    """

    generate: Request
    changelog: Path | None = None
    pyproject: Path | None = None


@dataclass
class Updated:
    """What an update did, or with `dry_run` would do.

    Attributes:
        name: What came in, e.g. `botocore 1.44.9`; empty if nothing did.
        differences: What changed, by service.
        files: Paths that changed, each with what happened.
        version: The package's version before and after; None where no file says it.
        left_out: What the generator left out, with the reason.
        tried: Whether the new package was imported.
    """

    name: str = ""
    differences: tuple[Difference, ...] = ()
    files: dict[str, str] = field(default_factory=dict[str, str])
    version: tuple[str, str] | None = None
    left_out: Mapping[str, str] = field(default_factory=dict[str, str])
    tried: bool = False

    @property
    def verdict(self) -> ChangeClass:
        """The gravest class of all services."""
        return gravest(difference.verdict for difference in self.differences)

    def summary(self) -> str:
        """Return it in Markdown, as a pull request tells it."""
        if not self.files:
            return "Up to date.\n"
        lines = [f"# {self.name}: {self.verdict}", ""]
        if self.version and self.version[0] != self.version[1]:
            lines += [f"Version {self.version[0]} to {self.version[1]}.", ""]
        lines += ["| File | |", "| --- | --- |"]
        lines += [f"| `{path}` | {what} |" for path, what in self.files.items()]
        lines += ["", "`generate --check` is clean."]
        lines.append(
            "Every module of the new package was imported."
            if self.tried
            else "The new package was not imported: its runtime, `aiobotantic`, is not installed."
        )
        lines += [f"Left out: {name}: {reason}." for name, reason in self.left_out.items()]
        return "\n".join([*lines, "", *map(as_markdown, self.differences)])


def update(project: Project, bring_in: BringIn, *, dry_run: bool = False) -> Updated:
    """Let a change into the specs and make everything that follows from it.

    Args:
        project: What is kept true.
        bring_in: Changes a copy of the specs.
        dry_run: Make and try everything, and replace nothing.

    Raises:
        GeneratorError: A step failed; nothing is replaced.
    """
    given = project.generate
    if not given.specs.is_dir():
        remedy = "Run `aiobotantic sync`, or name another one."
        raise SpecError(given.specs, "", "no such folder", remedy)
    if dry_run:
        finish_interrupted(given.specs)
        return _update(project, bring_in, dry_run=True)
    texts = filter(None, (project.changelog, project.pyproject))
    with locked_tree(given.specs, given.out / given.package, *texts):
        return _update(project, bring_in, dry_run=False)


def _update(project: Project, bring_in: BringIn, *, dry_run: bool) -> Updated:
    specs = project.generate.specs
    with tempfile.TemporaryDirectory(prefix="aiobotantic-update-") as folder, _named(folder, specs):
        scratch = Path(folder) / "specs"
        shutil.copytree(specs, scratch)
        name = bring_in(scratch)
        differences = tuple(_differences(specs, scratch))
        if not _facts_changed(specs, scratch):
            return Updated()
        texts, version = _plan_texts(project, differences)
        record = ChangeRecord(
            source=name,
            version=version[1] if version else None,
            verdict=gravest(difference.verdict for difference in differences),
            services=differences,
        )
        path = scratch / "changes" / f"{_file_name(name, scratch)}.json"
        if differences:
            path.parent.mkdir(exist_ok=True)
            path.write_text(record.to_json())
        outcome, tried = _make_and_try(project, scratch, Path(folder) / "out")
        updated = Updated(
            name=name,
            differences=differences,
            version=version,
            left_out=outcome.skipped,
            tried=tried,
        )
        package = Path(folder) / "out" / project.generate.package
        _replace(project, scratch, package, texts, updated, dry_run=dry_run)
    return updated


def sync_in(source: ModelSource, progress: Progress | None = None) -> BringIn:
    """Bring in what a source has of the services that the specs hold, and new ones of the family.

    The family is every service whose name starts as those of SageMaker do, where the specs hold
    one of it.
    """

    def bring_in(specs: Path) -> str:
        held = list(load_catalog(specs).services)
        others = [name for name in held if not name.startswith(DEFAULT_PREFIX)]
        if len(others) < len(held):
            sync(source, specs, (), progress)
        if others:
            sync(source, specs, others, progress)
        return source.title

    return bring_in


def apply_in(page: Page, service: str | None = None) -> BringIn:
    """Bring in what a page adds, provisionally; without a name the service is the page's."""

    def bring_in(specs: Path) -> str:
        name, _ = apply(page, specs, service)
        return f"{name}, page {page.date:%Y-%m-%d}"

    return bring_in


@contextmanager
def _named(folder: str, specs: Path) -> Iterator[None]:
    """Let errors name the specs, not the copy of them that is gone when someone reads that."""
    try:
        yield
    except GeneratorError as error:
        texts = (text.replace(str(Path(folder) / "specs"), str(specs)) for text in error.args)
        raise type(error)(*texts) from error


def _differences(old: Path, new: Path) -> Iterator[Difference]:
    before, after = load_catalog(old).services, load_catalog(new).services
    overrides = load_overrides(new).services
    for name in sorted(before.keys() | after.keys()):
        if name in before and name in after and before[name].files == after[name].files:
            continue
        ends = [
            from_source(from_directory(specs), name) if name in catalog else None
            for specs, catalog in ((old, before), (new, after))
        ]
        yield diff_models(*_both(*ends), overrides.get(name))


def _both(old: Model | None, new: Model | None) -> tuple[Model, Model]:
    """Return two models; a service that one side does not have is an empty one there."""
    known = new or old
    assert known is not None
    return old or empty_model(known, "nothing"), new or empty_model(known, "nothing")


def _facts_changed(old: Path, new: Path) -> bool:
    """Return whether any spec differs, or a page gave way; a newer version alone is no change."""
    ends = (load_catalog(specs).services for specs in (old, new))
    before, after = (
        {name: (entry.files, entry.provisional) for name, entry in end.items()} for end in ends
    )
    return before != after


def _plan_texts(
    project: Project, differences: Sequence[Difference]
) -> tuple[dict[Path, str], tuple[str, str] | None]:
    """Return new texts, the changelog's first, and the version before and after."""
    texts: dict[Path, str] = {}
    version: tuple[str, str] | None = None
    if project.pyproject is not None:
        semver = semver_of(gravest(each.verdict for each in differences))
        text, *version_ends = with_version(_read(project.pyproject), semver, str(project.pyproject))
        version = (version_ends[0], version_ends[1])
        texts[project.pyproject] = text
    if project.changelog is not None:
        entry = changelog_entry(differences, version[1] if version else "")
        if entry:
            new = with_entry(_read(project.changelog), entry, str(project.changelog))
            texts = {project.changelog: new, **texts}
    return texts, version


def _make_and_try(project: Project, specs: Path, out: Path) -> tuple[Outcome, bool]:
    given = project.generate
    request = Request(specs, out, given.package, given.services, given.templates)
    outcome = generate(request)
    if change := generate(request, check=True).change:
        stale = ", ".join((*change.added, *change.changed, *change.removed))
        problem = f"generating twice gives two outputs: {stale}"
        raise StaleOutput(given.package, "", problem, "Look for what is not deterministic.")
    if find_spec("aiobotantic") is None:
        return outcome, False
    done = subprocess.run(
        [sys.executable, "-c", _TRY, given.package],
        cwd=out,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        remedy = "Correct the specs or the templates; `aiobotantic sync` and `generate` show more."
        raise UpdateError(given.package, "", f"the new package fails to import: {last}", remedy)
    return outcome, True


def _replace(
    project: Project,
    specs: Path,
    package: Path,
    texts: Mapping[Path, str],
    updated: Updated,
    *,
    dry_run: bool,
) -> None:
    """Put package, texts and specs into place, or say what would be."""
    given = project.generate
    root = given.out / given.package
    changed = {path: text.encode() for path, text in texts.items()}
    changed = {path: text for path, text in changed.items() if text != path.read_bytes()}
    trees = {
        root: (_files(package), keep_foreign(root)),
        given.specs: (_files(specs), keep_nothing),
    }
    for path, (files, keep) in trees.items():
        _note(updated.files, path, compare_tree(path, files, keep))
        if path == root:
            updated.files |= {text.as_posix(): "changed" for text in changed}
    if not dry_run:
        replace_together(given.specs, trees, changed)


def _files(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _note(files: dict[str, str], root: Path, change: TreeChange) -> None:
    for what in ("added", "changed", "removed"):
        files |= {(root / path).as_posix(): what for path in getattr(change, what)}


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        remedy = "Check the path and the file, or leave it out."
        raise WriteError(path, "", f"cannot be read: {error}", remedy) from None


def _file_name(name: str, specs: Path) -> str:
    """`botocore 1.44.9` is `botocore-1.44.9`.

    A directory is told apart by what it brought; so is what brings something a second time.
    """
    plain = re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-.")
    if name == "directory" or (specs / "changes" / f"{plain}.json").exists():
        return f"{plain}-{sha256((specs / 'catalog.toml').read_bytes()).hexdigest()[:12]}"
    return plain
