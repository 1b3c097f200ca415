"""The ends of what the runtime admits, as `nox -s aiobotocore` reads them."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def end() -> Any:
    """The script."""
    spec = spec_from_file_location("aiobotocore_end", ROOT / ".ci" / "aiobotocore_end.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_oldest_is_the_lower_bound_and_admitted(end: Any) -> None:
    admitted = end.admitted_by(ROOT / "runtime" / "pyproject.toml")

    assert "aiobotocore" in [each.name for each in admitted]
    for each in admitted:
        name, _, version = end.lowest(each).partition("==")
        assert name == each.name
        assert each.specifier.contains(version)


def test_what_the_runtime_leans_on_beneath_aiobotocore_has_a_lower_bound(end: Any) -> None:
    beneath = [each for each in end.required_by("aiobotocore") if each.name in end.BENEATH]

    assert len(beneath) == len(end.BENEATH)
    assert all("==" in end.lowest(each) for each in beneath)


@pytest.mark.parametrize("text", ["some", "some<3", "some>=1,>=2"])
def test_a_requirement_without_one_lower_bound_is_named(end: Any, text: str) -> None:
    with pytest.raises(SystemExit, match=r"^some.*: write one lower bound, `>=`, into"):
        end.lowest(Requirement(text))
