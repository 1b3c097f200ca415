"""Fixtures of the tests that generate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from minispec import Generate, Mini, Spec, cache_in, importable, new_mini


@pytest.fixture(scope="session")
def generator_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The generator's cache of this run; outside it the generator would use the user's."""
    folder = tmp_path_factory.mktemp("cache")
    with cache_in(folder):
        yield folder


@pytest.fixture(scope="module")
def generated(
    tmp_path_factory: pytest.TempPathFactory, generator_cache: Path
) -> Iterator[Generate]:
    """A function that generates the package of a spec, to be imported while the module runs."""
    with ExitStack() as stack:

        def generate(spec: Spec, *, service: str = "mini") -> Mini:
            mini = new_mini(tmp_path_factory.mktemp("mini"), spec, service=service)
            mini.generate()
            stack.enter_context(importable(mini))
            return mini

        yield generate
