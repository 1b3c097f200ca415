"""What broken input is given to: commands of the generator's, and what must hold afterwards."""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from aiobotantic.structure import Structure
from aiobotantic.testing.build import BuildError, build
from fuzz.bases import MINI, pages, record, service_trees, tables
from fuzz.mutations import Cut, Mutation, json_text, toml_text
from fuzz.watch import SECONDS, Ran, bounded, run, watched

PACKAGE = "fuzzed"
DATED = ["--date", "2024-01-02"]
SPECS = ("specs", *(f".specs.{end}" for end in ("lock", "new", "old")), "..specs.journal.new")
"""What a command touches that writes the specs."""
_ERROR = re.compile(r"error: \S[^\n]*: \S[^\n]*\n(  \S[^\n]*\n)+")
_LONGEST_ERROR = 20_000
_SERVICE = "service-2.json"


@dataclass(frozen=True)
class Broken:
    """What is given to a command.

    Attributes:
        base: Name of what is broken.
        mutations: Of the trees.
        cuts: Of the texts.
        raw: Whether JSON is written as UTF-8, where it may hold surrogates.
        word: Which form of the command.
    """

    base: str
    mutations: tuple[Mutation, ...]
    cuts: tuple[Cut, ...]
    raw: bool
    word: int

    def texts(self, trees: dict[str, Any], only: Iterable[str]) -> dict[str, bytes]:
        """Return files to write: those of `trees`, of which those of `only` are broken."""
        some = {name: trees[name] for name in only}
        for mutation in self.mutations:
            mutation.apply(some)
        broken = {name: self._text(name, tree) for name, tree in some.items()}
        for cut in self.cuts:
            cut.apply(broken)
        return {name: self._text(name, tree) for name, tree in trees.items()} | broken

    def _text(self, name: str, tree: Any) -> bytes:
        return toml_text(tree) if name.endswith(".toml") else json_text(tree, raw=self.raw)


class Folder:
    """Where an example is; the process stands in it.

    Args:
        path: An empty folder.
        cache: The generator's cache.
    """

    def __init__(self, path: Path, cache: Path) -> None:
        self.path = path
        self.cache = cache
        for name in ("tmp", "beside"):
            (path / name).mkdir()
        (path / "beside" / "file").write_bytes(b"untouched")
        os.chdir(path)

    def write(self, texts: Mapping[str, bytes]) -> None:
        """Write files."""
        for name, text in texts.items():
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text)

    def kept(self) -> dict[Path, bytes]:
        """Return all files but those that the next run clears away."""
        paths = [path for path in self.path.rglob("[!.]*") if path.is_file()]
        return {path: path.read_bytes() for path in paths}

    def run(self, *argv: str, writes: tuple[str, ...] = ()) -> Ran:
        """Run a command that may write below some folders, and look at what it answered."""
        allowed = [self.cache, self.path / "tmp", *(self.path / name for name in writes)]
        with watched(allowed) as watching:
            ran = run(argv)
        assert not watching.strays, watching.strays
        names = {path.name for path in self.path.iterdir()}
        assert names <= {"tmp", "beside", "given", "specs", "out"} | set(writes), names
        assert [p.read_bytes() for p in (self.path / "beside").iterdir()] == [b"untouched"]
        check_answer(ran)
        return ran


def check_answer(ran: Ran) -> None:
    """Check that a command answered: what it was asked for, or a clear error."""
    for text in (ran.out, ran.err):
        controls = sorted({c for c in text if not c.isprintable() and c not in "\n\t"})
        assert not controls, f"control characters: {controls} in {text[:500]!r}"
    error = ran.err[max(0, ran.err.find("error: ")) :]
    if ran.code == 2:
        assert _ERROR.fullmatch(error), error[:2000]
        assert len(error) < _LONGEST_ERROR, f"{len(error)} characters: {error[:300]}"
    else:
        assert ran.code in (0, 1), ran
        assert "error: " not in ran.err, ran.err


def specs_are_generated(folder: Folder, broken: Broken) -> None:
    """`generate` makes valid Python of the specs, or says what is wrong."""
    trees = {f"{MINI}/{name}": tree for name, tree in service_trees(broken.base).items()}
    trees |= tables(broken.base)
    texts = broken.texts(trees, trees)
    folder.write({f"specs/{name}": text for name, text in texts.items()})
    _generate(folder, broken)


def _generate(folder: Folder, broken: Broken) -> None:
    argv = ["generate", "--out", "out", "--package", PACKAGE]
    ran = folder.run(*argv, writes=("out",))
    if ran.code == 0:
        assert folder.run(*argv, "--check").code == 0
        compiles(folder.path / "out" / PACKAGE)
        if broken.word % 4 == 0:
            in_a_fork(lambda: imports(folder.path / "out"))
    else:
        assert not [*(folder.path / "out").glob("[!.]*")], "something was written"


def compiles(root: Path) -> None:
    """Compile every module; text of the specs reaches them as ASCII."""
    for path in root.rglob("*.py"):
        text = path.read_bytes().decode("ascii")
        compile(text, path, "exec", dont_inherit=True)


def imports(out: Path) -> None:
    """Import every module, and build every class and an instance of it."""
    sys.path.insert(0, str(out))
    for path in sorted((out / PACKAGE).rglob("*.py")):
        import_module(".".join(path.relative_to(out).with_suffix("").parts))
    models = import_module(f"{PACKAGE}.{MINI}.models")
    client = import_module(f"{PACKAGE}.{MINI}.client")
    for name in client.__all__ if hasattr(client, "__all__") else dir(client):
        operations = getattr(getattr(client, name), "operations", None)
        if callable(operations):
            operations()
    for name in dir(models):
        each = getattr(models, name)
        if isinstance(each, type) and issubclass(each, Structure):
            with contextlib.suppress(BuildError):
                build(each)


def in_a_fork(what: Callable[[], None]) -> None:
    """Do something that this process would not forget, and fail as it does."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            with bounded(SECONDS):
                what()
            code = 0
        except BaseException:
            os.write(writing, traceback.format_exc()[-4000:].encode("utf-8", "replace"))
        finally:
            os._exit(code)
    os.close(writing)
    with open(reading, "rb") as pipe:  # noqa: PTH123
        said = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    assert status == 0, f"the package fails to import: {status}\n{said}"


def sources_are_synced(folder: Folder, broken: Broken) -> None:
    """`sync` brings a source in, from which a package can be made, or says what is wrong."""
    trees: dict[str, Any] = service_trees(broken.base)
    trees["paginators-1.sdk-extras.json"] = {"merge": {"pagination": {}}, "version": 1}
    texts = broken.texts(trees, trees)
    for name in list(texts)[broken.word % 3 :: 3]:
        texts[f"{name}.gz"] = gzip.compress(texts.pop(name), 1)
    if broken.word % 5 == 0:
        for cut in broken.cuts:
            cut.apply(texts)
    folder.write({f"given/{MINI}/2020-01-01/{name}": text for name, text in texts.items()})
    ran = folder.run("sync", "--from", "given", "--service", MINI, writes=SPECS)
    if ran.code == 0:
        _generate(folder, broken)
    else:
        assert not (folder.path / "specs").exists()


def models_are_compared(folder: Folder, broken: Broken) -> None:
    """`diff` and `changes page` tell what two models differ in, or what is wrong with one."""
    bases = (broken.base, broken.base)
    if "workshop" in broken.base:
        bases = ("old workshop", "new workshop")
    old, new = f"given/old/{MINI}", f"given/new/{MINI}"
    files = [f"{side}/{_SERVICE}" for side in (old, new)]
    trees = {file: service_trees(base)[_SERVICE] for file, base in zip(files, bases, strict=True)}
    folder.write(broken.texts(trees, (files, files[:1], files[1:])[broken.word % 3]))
    form = ("text", "json", "markdown")[broken.word % 3]
    folder.run("diff", old, new, "--format", form)
    folder.run("changes", "page", old, new, ("--text", "--html")[broken.word % 2], *DATED)


def pages_are_read(folder: Folder, broken: Broken) -> None:
    """`changes parse`, `verify` and `apply` read a page, or say what is wrong with it."""
    name, text = pages()[broken.word % len(pages())]
    for cut in broken.cuts:
        text = cut.of(text)
    trees: dict[str, Any] = {
        f"specs/{MINI}/{n}": t for n, t in service_trees("old workshop").items()
    }
    trees["specs/catalog.toml"] = tables("old workshop")["catalog.toml"]
    page = f"given/{name}"
    folder.write(broken.texts(trees, trees) | {page: text})
    folder.run("changes", "parse", page, *(["--json"] if broken.word % 2 else []))
    model = f"specs/{MINI}"
    folder.run("changes", "verify", page, "--old", model, "--new", model)
    before = folder.kept()
    ran = folder.run("changes", "apply", page, "--service", MINI, writes=SPECS)
    if ran.code:
        assert folder.kept() == before
    else:
        _generate(folder, broken)


def updates_come_in(folder: Folder, broken: Broken) -> None:
    """`update` takes a source in, with all that follows, or leaves everything as it was."""
    trees: dict[str, Any] = {f"specs/{MINI}/{n}": t for n, t in service_trees(broken.base).items()}
    trees["specs/catalog.toml"] = tables(broken.base)["catalog.toml"]
    trees["specs/changes/botocore-1.0.0.json"] = record()
    source = {f"given/{MINI}/2020-01-01/{n}": t for n, t in service_trees(broken.base).items()}
    files = [*source, "specs/changes/botocore-1.0.0.json"]
    folder.write(broken.texts(trees | source, files))
    folder.write({"given/CHANGELOG.md": b"## [Unreleased]\n"})
    _generate(folder, broken)
    before = folder.kept()
    argv = ["update", "--from", "given", "--out", "out", "--package", PACKAGE]
    writes = (*SPECS, ".specs.journal", "out", "given")
    ran = folder.run(*argv, "--changelog", "given/CHANGELOG.md", writes=writes)
    if ran.code:
        assert folder.kept() == before
    else:
        _generate(folder, broken)


TARGETS: Mapping[str, Callable[[Folder, Broken], None]] = {
    "specs": specs_are_generated,
    "sources": sources_are_synced,
    "models": models_are_compared,
    "pages": pages_are_read,
    "updates": updates_come_in,
}
SLOW = {"updates": 10}
"""Targets of which one example stands for so many of the others."""
