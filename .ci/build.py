"""Build the three distributions into dist/, the client with AWS's prose, and check what was built.

    python .ci/build.py [--out DIR]

Nothing is written into the repository but DIR, and that only once every check has passed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from pathlib import Path, PurePosixPath
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename

ROOT = Path(__file__).resolve().parent.parent
CLIENT_FILES = ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "NOTICE")
PACKAGES = {
    "aiobotantic": ("aiobotantic",),
    "aiobotantic-codegen": ("aiobotantic_codegen",),
    "aiosagemaker": ("aiosagemaker", "aiosagemaker_extras"),
}
"""Distribution to the packages that it holds."""
SERVICE_FILES = ("behaviour.json", "endpoint_rules.json")
FOREIGN = frozenset(("benchmarks", "docs", "examples", "specs", "tests"))
SECRET_FILES = frozenset(
    ("credentials", "credentials.json", "id_dsa", "id_ecdsa", "id_ed25519", "id_rsa", "netrc")
)
SECRET_SUFFIXES = frozenset((".env", ".jks", ".key", ".p12", ".pem", ".pfx", ".ppk"))
SECRET_TEXTS = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(?:AKIA|ASIA)[A-Z2-7]{16}\b|\bgh[pousr]_\w{36}\b"
)
"""Keys of AWS and GitHub, and private ones."""
CACHES = ("__pycache__", ".hypothesis", ".mypy_cache", ".nox", ".pytest_cache", ".ruff_cache")


class BuildError(Exception):
    """A distribution is not what it should be; says which, what, and where to look."""


@dataclass(frozen=True)
class Distribution:
    """What was built of one project.

    Attributes:
        source: Its folder, with pyproject.toml.
        packages: Import package to its folder.
    """

    name: str
    source: Path
    packages: dict[str, Path]
    wheel: Path
    sdist: Path

    @property
    def project(self) -> dict[str, Any]:
        """The table `project` of pyproject.toml."""
        table = tomllib.loads((self.source / "pyproject.toml").read_text("utf-8"))["project"]
        assert isinstance(table, dict)
        return table


def main() -> int:
    """Build, check, and return the exit code."""
    parser = argparse.ArgumentParser(description="Build the three distributions and check them.")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder of the result")
    out = parser.parse_args().out.resolve()
    start = time.perf_counter()
    try:
        with tempfile.TemporaryDirectory(prefix="aiosagemaker-build-") as folder:
            built = build_all(Path(folder))
            step("Check the contents")
            check_all(built)
            check_installed(built, Path(folder) / "outside")
            move(built, out)
    except (BuildError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for archive in sorted(out.iterdir()):
        print(f"{archive.stat().st_size / 1024:8.0f} kB  {archive.name}")
    print(f"{time.perf_counter() - start:8.1f} s   {out}")
    return 0


def build_all(folder: Path) -> list[Distribution]:
    """Build wheel and source distribution of each project, the wheel from the latter."""
    client = folder / "client"
    stage_client(client)
    sources = {
        "aiobotantic": (ROOT / "runtime", ROOT / "runtime"),
        "aiobotantic-codegen": (ROOT / "codegen", ROOT / "codegen"),
        "aiosagemaker": (client, client / "generated"),
    }
    found = []
    for name, (source, packages) in sources.items():
        step(f"Build {name}")
        out = folder / "built" / name
        run(sys.executable, "-m", "build", "--outdir", out, source)
        (wheel,), (sdist,) = out.glob("*.whl"), out.glob("*.tar.gz")
        run(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist)
        homes = {package: packages / package for package in PACKAGES[name]}
        if name == "aiosagemaker":
            homes["aiosagemaker_extras"] = client / "extras" / "aiosagemaker_extras"
        found.append(Distribution(name, source, homes, wheel, sdist))
    return found


def stage_client(tree: Path) -> None:
    """Make the client's source tree: as in the repository, but generated with prose."""
    step("Generate the client with AWS's prose")
    tree.mkdir()
    for file in CLIENT_FILES:
        shutil.copy(ROOT / file, tree / file)
    shutil.copytree(ROOT / "extras", tree / "extras", ignore=shutil.ignore_patterns(*CACHES))
    generate = (sys.executable, "-m", "aiobotantic_codegen.cli", "generate", "--docs", "full")
    run(*generate, "--specs", ROOT / "specs", "--out", tree / "generated", quiet=True)


def check_all(built: Sequence[Distribution]) -> None:
    """Check what the archives hold, and what they say of themselves.

    Raises:
        BuildError: the first thing that is wrong.
    """
    for each in built:
        wheel, sdist = wheel_files(each.wheel), sdist_files(each.sdist)
        for archive, names in ((each.wheel, wheel), (each.sdist, sdist)):
            check_nothing_foreign(archive.name, names)
            check_nothing_secret(archive.name, contents(archive), machine_paths(each))
        for package, home in each.packages.items():
            check_package(each, package, home, wheel)
            inside = home.relative_to(each.source).as_posix()
            missing = [n for n in tree_files(home) if f"{inside}/{n}" not in sdist]
            expect(not missing, each.sdist.name, f"lacks {inside}/{missing[:1]}")
        check_metadata(each, {other.name: other for other in built})
        if each.name == "aiosagemaker":
            check_client(each, wheel)


def check_nothing_foreign(archive: str, names: set[str]) -> None:
    """Refuse tests, specs, caches, compiled and hidden files."""
    for name in sorted(names):
        parts = PurePosixPath(name).parts
        hidden = any(part.startswith(".") and part != ".gitignore" for part in parts)
        caches = set(CACHES).intersection(parts) or name.endswith((".pyc", ".pyo"))
        foreign = parts[0] in FOREIGN or any(part in ("tests", "specs") for part in parts)
        expect(not (hidden or caches or foreign), archive, f"holds {name}")


def check_nothing_secret(
    archive: str, files: Iterable[tuple[str, bytes]], places: Sequence[str]
) -> None:
    """Refuse keys, paths that lead out of the archive, and paths of the machine that built it."""
    for name, content in files:
        path = PurePosixPath(name)
        outside = path.is_absolute() or ".." in path.parts or "\\" in name
        secret = path.name.lower() in SECRET_FILES or path.suffix.lower() in SECRET_SUFFIXES
        expect(not outside, archive, f"holds {name}, a path out of it")
        expect(not secret, archive, f"holds {name}, which may be a key")
        expect(not SECRET_TEXTS.search(content), archive, f"holds a key in {name}")
        for place in places:
            expect(place.encode() not in content, archive, f"names {place} in {name}")


def machine_paths(each: Distribution) -> list[str]:
    """Return the folders of this machine that nothing built may name."""
    return [str(ROOT), str(each.source), str(each.wheel.parent), sys.prefix]


def contents(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Yield each file of a wheel or a source distribution, and what it holds."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for name in wheel.namelist():
                if not name.endswith("/"):
                    yield name, wheel.read(name)
        return
    with tarfile.open(archive) as sdist:
        for member in sdist:
            expect(member.isfile() or member.isdir(), archive.name, f"holds the link {member.name}")
            if (file := sdist.extractfile(member)) is not None:
                yield member.name, file.read()


def check_package(each: Distribution, package: str, home: Path, wheel: set[str]) -> None:
    """A wheel's package is the folder, file by file, with its mark of types."""
    inside = {n.removeprefix(f"{package}/") for n in wheel if n.startswith(f"{package}/")}
    wanted = set(tree_files(home))
    expect("py.typed" in inside, each.wheel.name, f"{package} has no py.typed")
    expect(wanted <= inside, each.wheel.name, f"lacks {sorted(wanted - inside)[:1]} of {package}")
    expect(inside <= wanted, each.wheel.name, f"holds {sorted(inside - wanted)[:1]}, not of {home}")
    tops = {PurePosixPath(n).parts[0] for n in wheel}
    strays = [top for top in tops - set(each.packages) if not top.endswith(".dist-info")]
    expect(not strays, each.wheel.name, f"would install {strays} beside its packages")


def check_client(each: Distribution, wheel: set[str]) -> None:
    """The client's wheel is what its manifest lists; each service has its facts."""
    with zipfile.ZipFile(each.wheel) as archive:
        manifest = json.loads(archive.read("aiosagemaker/manifest.json"))
    listed = {f"aiosagemaker/{file}" for file in manifest["files"]}
    inside = {name for name in wheel if name.startswith("aiosagemaker/")}
    expect(listed == inside, each.wheel.name, f"manifest.json differs: {sorted(listed ^ inside)}")
    services = manifest["sources"]
    specs = {folder.parent.name for folder in (ROOT / "specs").glob("*/service-2.json")}
    expect(set(services) == specs, each.wheel.name, f"services {sorted(specs ^ set(services))}")
    for service in services:
        for file in SERVICE_FILES:
            path = f"aiosagemaker/{service.replace('-', '_')}/{file}"
            expect(path in wheel, each.wheel.name, f"lacks {path}")


def check_metadata(each: Distribution, built: dict[str, Distribution]) -> None:
    """What the wheel says of itself is what pyproject.toml says; siblings accept each other."""
    metadata, project = wheel_metadata(each.wheel), each.project
    name, version, *_ = parse_wheel_filename(each.wheel.name)
    expect(name == canonicalize_name(each.name), each.wheel.name, f"is of {name}")
    expect((name, version) == parse_sdist_filename(each.sdist.name), each.sdist.name, "differs")
    expect(metadata["Version"] == str(version), each.wheel.name, f"says {metadata['Version']}")
    extras = project.get("optional-dependencies", {})
    wanted = [Requirement(text) for text in project["dependencies"]]
    for extra, requirements in extras.items():
        wanted += [Requirement(f"{text}; extra == '{extra}'") for text in requirements]
    said = {str(Requirement(text)) for text in metadata.get_all("Requires-Dist", [])}
    differing = sorted(said ^ set(map(str, wanted)))
    expect(not differing, each.wheel.name, f"Requires-Dist differs in {differing}")
    said_extras = set(metadata.get_all("Provides-Extra", []))
    expect(said_extras == set(extras), each.wheel.name, f"extras are {sorted(said_extras)}")
    for key, value in (
        ("Requires-Python", project["requires-python"]),
        ("License-Expression", project["license"]),
        ("Summary", project["description"]),
    ):
        expect(metadata[key] == value, each.wheel.name, f"{key} is {metadata[key]!r}")
    licences = set(metadata.get_all("License-File", []))
    expect(licences == set(project["license-files"]), each.wheel.name, f"licences are {licences}")
    for requirement in wanted:
        if (sibling := built.get(canonicalize_name(requirement.name))) is not None:
            _, other, *_ = parse_wheel_filename(sibling.wheel.name)
            allowed = requirement.specifier.contains(other, prereleases=True)
            expect(allowed, each.wheel.name, f"requires {requirement}, and {other} was built")


def check_installed(built: Sequence[Distribution], folder: Path) -> None:
    """Install the wheels where nothing of the repository is in reach, and use them."""
    step("Install the wheels into a clean environment")
    folder.mkdir()
    run(sys.executable, "-m", "venv", folder / "venv")
    scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    pip = (scripts / "python", "-m", "pip", "install", "--quiet", "--no-compile")
    run(*pip, "-c", ROOT / "constraints.txt", *(each.wheel for each in built), cwd=folder)
    step("Use them")
    smoke = shutil.copy(ROOT / ".ci" / "smoke.py", folder)
    run(scripts / "python", "-I", "-W", "error::SyntaxWarning", smoke, cwd=folder)
    run(scripts / "aiobotantic", "--help", cwd=folder, quiet=True)
    run(scripts / "aiosagemaker-server", "--help", cwd=folder, quiet=True)


def move(built: Sequence[Distribution], out: Path) -> None:
    """Put the archives where they are uploaded from, instead of those of an earlier build."""
    out.mkdir(parents=True, exist_ok=True)
    for pattern in ("*.whl", "*.tar.gz"):
        for old in out.glob(pattern):
            old.unlink()
    for each in built:
        for archive in (each.wheel, each.sdist):
            shutil.move(archive, out / archive.name)


def wheel_files(wheel: Path) -> set[str]:
    """Names of the files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


def sdist_files(sdist: Path) -> set[str]:
    """Names of the files in a source distribution, below its top folder."""
    with tarfile.open(sdist) as archive:
        names = [member.name for member in archive if member.isfile()]
    return {name.partition("/")[2] for name in names}


def wheel_metadata(wheel: Path) -> Message:
    """METADATA of a wheel."""
    (name,) = (n for n in wheel_files(wheel) if n.endswith(".dist-info/METADATA"))
    with zipfile.ZipFile(wheel) as archive:
        return BytesParser().parsebytes(archive.read(name))


def tree_files(folder: Path) -> Iterator[str]:
    """Yield the files of a folder, caches aside."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and not set(CACHES).intersection(inside.parts):
            yield inside.as_posix()


def expect(holds: bool, archive: str, problem: str) -> None:
    """Raise BuildError where something does not hold."""
    if not holds:
        raise BuildError(f"{archive} {problem}")


def step(title: str) -> None:
    """Say what comes."""
    print(f"==> {title}", flush=True)


def run(*command: str | Path, cwd: Path | None = None, quiet: bool = False) -> None:
    """Run a command; Python's own variables do not reach one that runs elsewhere."""
    environment = {k: v for k, v in os.environ.items() if cwd is None or k != "PYTHONPATH"}
    output = subprocess.DEVNULL if quiet else None
    subprocess.run(list(map(str, command)), check=True, cwd=cwd, env=environment, stdout=output)


if __name__ == "__main__":
    sys.exit(main())
