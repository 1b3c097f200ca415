"""One browser for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chromium import NoBrowserError, running_browser


@pytest.fixture(scope="session")
def browser() -> Iterator[str]:
    """The DevTools address of a headless Chromium; without one the tests fail and say so."""
    try:
        with running_browser() as address:
            yield address
    except NoBrowserError as error:
        pytest.fail(str(error), pytrace=False)
