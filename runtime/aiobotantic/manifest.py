"""What a generated package says of itself: its version, and the specs it was made from."""

from __future__ import annotations

import json
from functools import cache
from importlib import metadata, resources
from typing import Any


@cache
def read_manifest(package: str) -> dict[str, Any]:
    """Return the manifest.json of a generated package."""
    text = resources.files(package).joinpath("manifest.json").read_text(encoding="utf-8")
    manifest: dict[str, Any] = json.loads(text)
    return manifest


def spec_versions(package: str) -> dict[str, str]:
    """Return service to what it was generated from: `2017-07-24, botocore 1.44.5`."""
    sources = read_manifest(package)["sources"]
    return {
        name: ", ".join(filter(None, (source["api_version"], source["source"])))
        for name, source in sources.items()
    }


def distribution_version(package: str) -> str:
    """Return the version of the distribution that holds a package; `0` where none does."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "0"
