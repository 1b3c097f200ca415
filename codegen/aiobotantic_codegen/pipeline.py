"""The whole flow on one screen: specs to documents to IR to text to black's text to files."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from aiobotantic_codegen._version import __version__
from aiobotantic_codegen.cache import add_folder, cache_folder, generator_digest
from aiobotantic_codegen.errors import SpecError, WriteError, json_pointer
from aiobotantic_codegen.write import (
    Keep,
    TreeChange,
    compare_tree,
    finish_interrupted,
    write_tree,
)

if TYPE_CHECKING:
    from aiobotantic_codegen.load.prose import Prose

Write = Callable[[Path, dict[str, bytes], Keep], TreeChange]


@dataclass(frozen=True)
class Request:
    """What to generate.

    Args:
        specs: folder of the specs.
        out: folder that holds the package.
        package: name of the package.
        services: names of services; empty for every one whose protocol is spoken.
        templates: directories whose templates come before the generator's own.
        docs: what docstrings say; `full` adds AWS's prose to the facts.
        prose: botocore data folder that the prose is read from; None for the installed botocore.
    """

    specs: Path
    out: Path
    package: str
    services: Sequence[str] = ()
    templates: Sequence[Path] = ()
    docs: Literal["facts", "full"] = "facts"
    prose: Path | None = None


@dataclass
class Outcome:
    """What a run did: files by what happened to them, what it left out, seconds by stage."""

    change: TreeChange = field(default_factory=TreeChange)
    skipped: dict[str, str] = field(default_factory=dict)
    strays: list[str] = field(default_factory=list[str])
    """Files in the package's folder that no run wrote: people's. They stay."""
    formatted: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


def generate(request: Request, *, check: bool = False) -> Outcome:
    """Generate a package, or with `check` say what generating would change.

    Raises:
        GeneratorError: bad specs, colliding names, a failing template; nothing is written.
    """
    outcome = Outcome()
    finish_interrupted(request.specs)
    with _timed(outcome, "compare with the last run"):
        stamp = _Stamp(request)
        outcome.skipped, done = stamp.last_run()
    root = request.out / request.package
    if not done:
        files = _make(request, outcome)
        with _timed(outcome, "write"):
            write: Write = compare_tree if check else write_tree
            outcome.change = write(root, files, keep_foreign(root))
            stamp.store(outcome.skipped, files)
    outcome.strays = _strays(root)
    return outcome


def _make(request: Request, outcome: Outcome) -> dict[str, bytes]:
    """Return every file of the package. Imports stand here: a run with nothing to do needs none."""
    with _timed(outcome, "import"):
        from aiobotantic_codegen.format import format_texts
        from aiobotantic_codegen.ir.build import build_service
        from aiobotantic_codegen.ir.spoken import refusal
        from aiobotantic_codegen.load import service as load
        from aiobotantic_codegen.load.documents import ServiceOverrides
        from aiobotantic_codegen.render.environment import environment
        from aiobotantic_codegen.render.package import Part, package_files
        from aiobotantic_codegen.render.sources import Sources
        from aiobotantic_codegen.reuse import Reuse, service_output

    with _timed(outcome, "load"):
        overrides = load.load_overrides(request.specs)
        behaviour = load.load_behaviour(request.specs)
        catalog = load.load_catalog(request.specs)
        known = load.list_services(request.specs)
        _check_services(request, overrides.services, known)
        names = list(dict.fromkeys(request.services)) or known
        prose = _load_prose(request, names)
        reuse = Reuse(request.specs, (request.package, request.docs), overrides, behaviour, prose)
        # A template of one's own may print anything of a service.
        outputs = {} if request.templates else reuse.outputs(names)
        reused = tuple(outputs)
        loaded = [load.load_service(request.specs, name) for name in names if name not in outputs]
        refused = {e.name: error for e in loaded if (error := refusal(e.name, e.service))}
        if refused and (request.services or len(refused) == len(names)):
            raise next(iter(refused.values()))
        outcome.skipped.update({name: error.problem for name, error in refused.items()})
        loaded = [each for each in loaded if each.name not in refused]
    with _timed(outcome, "build"):
        services = [
            build_service(each, overrides.services.get(each.name, ServiceOverrides()), behaviour)
            for each in loaded
        ]
    with _timed(outcome, "render"):
        env = environment(request.templates)
        texts: dict[str, str] = {}
        for service in services:
            texts.update(Sources(env, request.package, service, prose.get(service.name)).files())
        every: dict[str, Part] = {**outputs, **{service.name: service for service in services}}
        names = [name for name in names if name in every]
        modules = overrides.modules.get(request.package, {})
        texts.update(package_files(env, request.package, [every[n] for n in names], modules))
    with _timed(outcome, "format"):
        formatted = format_texts(texts)
        outcome.formatted = formatted.made
    with _timed(outcome, "keep"):
        made = [
            service_output(each, service, formatted.texts)
            for each, service in zip(loaded, services, strict=True)
        ]
        if not request.templates:
            reuse.keep(made, reused)
        outputs.update({each.name: each for each in made})
    files = {path: text.encode() for path, text in formatted.texts.items()}
    sources: dict[str, object] = {}
    for name in names:
        output = outputs[name]
        files.update({path: text.encode() for path, text in output.texts.items()})
        outcome.skipped.update({f"{name}.{o}": why for o, why in output.left_out.items()})
        sources[name] = {
            "api_version": output.api_version,
            "source": catalog.services[name].source if name in catalog.services else "",
            "files": dict(output.spec_files),
        }
    files["py.typed"] = b""
    files["manifest.json"] = _manifest(sources, sorted([*files, "manifest.json"]))
    return files


def _load_prose(request: Request, names: Iterable[str]) -> dict[str, Prose]:
    if request.docs == "facts":
        return {}
    from aiobotantic_codegen.load.botocore import from_directory, from_installed
    from aiobotantic_codegen.load.prose import load_prose

    source = from_directory(request.prose) if request.prose else from_installed()
    return {name: load_prose(source, name) for name in names}


def _check_services(request: Request, tables: Iterable[str], known: Sequence[str]) -> None:
    if not known:
        remedy = "Run `aiobotantic sync --specs DIR`, or name another folder with `--specs`."
        raise SpecError(request.specs, "", "holds no service", remedy)
    for name in tables:
        if name not in known:
            raise SpecError(
                request.specs / "overrides.toml",
                json_pointer("services", name),
                f"there is no service {name!r} in {request.specs}",
                "Remove the table, or correct its name.",
            )


def _manifest(sources: Mapping[str, object], files: Sequence[str]) -> bytes:
    manifest = {"generator": __version__, "sources": sources, "files": files}
    return (json.dumps(manifest, indent=1) + "\n").encode()


def keep_foreign(root: Path) -> Keep:
    """Return what says of a file that no run wrote that it stays.

    Raises:
        WriteError: the folder holds files, and no manifest: it is not ours to write.
    """
    try:
        written = set(json.loads((root / "manifest.json").read_text())["files"])
    except FileNotFoundError:
        if root.is_dir() and any(path.suffix != ".lock" for path in root.iterdir()):
            raise WriteError(
                root,
                "",
                "the folder is not empty, and has no manifest.json of an earlier run",
                "Give another --out or --package, or empty the folder.",
            ) from None
        written = set()
    except (ValueError, KeyError, TypeError):
        raise WriteError(
            root / "manifest.json",
            "",
            "not the manifest of an earlier run",
            "Restore the file, or empty the folder.",
        ) from None
    return lambda path: path not in written


def _strays(root: Path) -> list[str]:
    """Return the files in the package's folder that no run wrote."""
    try:
        written = set(json.loads((root / "manifest.json").read_text())["files"])
    except FileNotFoundError:  # nothing was ever written
        return []
    present = (
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
    return sorted(path for path in present if path not in written)


class _Stamp:
    """What the last run with the same inputs wrote: if it stands there, nothing is to do."""

    def __init__(self, request: Request) -> None:
        self.root = request.out / request.package
        there = [folder.is_dir() for folder in request.templates]  # one that is not is an error
        words = f"{request.package} {list(request.services)} {request.docs} {there}"
        digest = sha256(words.encode())
        digest.update(generator_digest().encode())
        prose = [request.prose] if request.prose else []
        for folder in (request.specs, *request.templates, *prose):
            add_folder(digest, folder)
        self.path = cache_folder() / "generate" / digest.hexdigest()

    def last_run(self) -> tuple[dict[str, str], bool]:
        """Return the services left out then, and whether its output stands."""
        try:
            last = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}, False
        return last["skipped"], all(map(self._stands, *zip(*last["files"].items(), strict=True)))

    def store(self, skipped: dict[str, str], files: dict[str, bytes]) -> None:
        """Remember what these inputs gave, where the cache can be written."""
        digests = {path: sha256(content).hexdigest() for path, content in files.items()}
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            for old in self.path.parent.iterdir():
                if old.stat().st_mtime < time.time() - 30 * 24 * 3600:
                    old.unlink(missing_ok=True)
            partial = self.path.with_suffix(".partial")
            partial.write_text(json.dumps({"skipped": skipped, "files": digests}))
            partial.replace(self.path)

    def _stands(self, path: str, digest: str) -> bool:
        try:
            return sha256((self.root / path).read_bytes()).hexdigest() == digest
        except OSError:
            return False


@contextmanager
def _timed(outcome: Outcome, stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    outcome.seconds[stage] = time.perf_counter() - start
