"""What `nox -s build` refuses to put into a wheel or a source distribution."""

from __future__ import annotations

import importlib.util
import io
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEY = b"-----BEGIN " + b"RSA PRIVATE KEY-----\nMII"


@pytest.fixture(scope="module")
def build() -> ModuleType:
    """The build script, as a module."""
    spec = importlib.util.spec_from_file_location("build_of_wheels", ROOT / ".ci" / "build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


def refused(build: ModuleType, wheel: Path) -> str:
    """Return why a wheel is refused."""
    with pytest.raises(build.BuildError) as caught:
        build.check_nothing_foreign(wheel.name, build.wheel_files(wheel))
        build.check_nothing_secret(wheel.name, build.contents(wheel), ["/srv/checkout"])
    return str(caught.value)


def wheel_with(folder: Path, name: str, content: bytes) -> Path:
    wheel = folder / "a-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("a/__init__.py", b"")
        archive.writestr(name, content)
    return wheel


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a/.env", b"", "holds a/.env"),
        ("a/tests/test_a.py", b"", "holds a/tests/test_a.py"),
        ("tests/test_a.py", b"", "holds tests/test_a.py"),
        ("a/__pycache__/a.pyc", b"", "holds a/__pycache__/a.pyc"),
        ("a/prod.env", b"", "holds a/prod.env, which may be a key"),
        ("a/server.PEM", b"", "holds a/server.PEM, which may be a key"),
        ("a/credentials", b"", "holds a/credentials, which may be a key"),
        ("a/text.txt", b"x\n" + KEY, "holds a key in a/text.txt"),
        ("a/text.txt", b"id = AKIA" + b"IOSFODNN7EXAMPLE"[:16], "holds a key in a/text.txt"),
        ("a/text.txt", b"token = ghp_" + b"a1" * 18, "holds a key in a/text.txt"),
        ("a/text.txt", b"/srv/checkout/a/text.txt", "names /srv/checkout in a/text.txt"),
        ("../text.txt", b"", "holds ../text.txt"),
        ("/etc/text.txt", b"", "holds /etc/text.txt, a path out of it"),
    ],
)
def test_a_wheel_is_refused(
    build: ModuleType, tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    wheel = wheel_with(tmp_path, name, content)

    assert refused(build, wheel) == f"{wheel.name} {problem}"


def test_a_source_distribution_with_a_link_is_refused(build: ModuleType, tmp_path: Path) -> None:
    sdist = tmp_path / "a-1.tar.gz"
    with tarfile.open(sdist, "w:gz") as archive:
        plain, link = tarfile.TarInfo("a-1/a.py"), tarfile.TarInfo("a-1/b.py")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(plain, io.BytesIO())
        archive.addfile(link)

    with pytest.raises(build.BuildError, match=r"holds the link a-1/b\.py"):
        build.check_nothing_secret(sdist.name, build.contents(sdist), [])


def test_others_are_fine(build: ModuleType, tmp_path: Path) -> None:
    wheel = wheel_with(tmp_path, "a/keys.py", b"KEY = 'AKIDEXAMPLE'")

    build.check_nothing_foreign(wheel.name, build.wheel_files(wheel))
    build.check_nothing_secret(wheel.name, build.contents(wheel), ["/srv/checkout"])
