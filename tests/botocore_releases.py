"""Releases of a botocore with a small service: as a clone, and as wheels."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from minispec import one_structure, spec_files

Files = Mapping[str, Any]

NEW_YEAR = 1672531200  # 2023-01-01

GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.com",
}


def model(*, kinds: tuple[str, ...] = ("cat",), api: str = "2020-01-01", **members: Any) -> Files:
    """The files of a service, at their places below its folder."""
    shapes = {"Kind": {"enum": list(kinds), "documentation": "<p>Kinds.</p>"}}
    spec = one_structure({"Kind": "Kind", **members}, shapes=shapes)
    return {f"{api}/{file}": tree for file, tree in spec_files(spec).items()}


def as_bytes(path: str, tree: Any) -> bytes:
    """Return a file's content: JSON, compressed where its name says so, or as it is given."""
    text = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    return gzip.compress(text) if path.endswith(".gz") else text


def make_clone(folder: Path, releases: Mapping[str, Mapping[str, Files]]) -> Path:
    """A clone with a tag for each version; its services as files below their folders."""
    lines: list[bytes] = []
    for day, (version, services) in enumerate(releases.items()):
        when = f"{NEW_YEAR + day * 86400} +0000"
        lines += [b"commit refs/heads/main", f"committer A <a@example.com> {when}".encode()]
        lines += [b"data 0", b"deleteall"]
        for service, files in services.items():
            for path, tree in files.items():
                text = as_bytes(path, tree)
                lines.append(f"M 100644 inline botocore/data/{service}/{path}".encode())
                lines += [f"data {len(text)}".encode(), text]
        lines += [f"reset refs/tags/{version}".encode(), b"from refs/heads/main", b""]
    git(folder.parent, "init", "-q", "--bare", folder.name)
    git(folder, "fast-import", "--quiet", given=b"\n".join(lines))
    return folder


def git(folder: Path, *words: str, given: bytes = b"") -> str:
    """Run git without the configuration of this machine."""
    done = subprocess.run(
        ["git", *words], cwd=folder, input=given, capture_output=True, env=os.environ | GIT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def make_wheel(folder: Path, version: str, services: Mapping[str, Files]) -> Path:
    """A wheel that pip takes."""
    folder.mkdir(exist_ok=True)
    wheel = folder / f"botocore-{version}-py3-none-any.whl"
    info = f"botocore-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: botocore\nVersion: {version}\n"
    tag = "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(wheel, "w") as archive:
        for service, files in services.items():
            for path, tree in files.items():
                archive.writestr(f"botocore/data/{service}/{path}", as_bytes(path, tree))
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", tag)
        archive.writestr(f"{info}/RECORD", "")
    return wheel


STEPS: dict[str, Mapping[str, Files]] = {
    "1.8.0": {"s3": model()},
    "1.9.0": {"mini": model(), "s3": model()},
    "1.9.1": {"mini": model(), "s3": model(kinds=("fish",))},
    "1.10.0": {"mini": model(kinds=("cat", "dog"))},
    "1.10.1": {"mini": model(kinds=("cat", "dog"))},
    "1.10.2": {"mini": model(kinds=("dog",))},
    "1.11.0": {},
}


BROKEN = {
    "1.0": {"mini": model()},
    "1.1": {"mini": {"2020-01-01/service-2.json": b'{"metadata": \xff}'}},
    "1.2": {"mini": model(kinds=("cat", "dog"))},
}
