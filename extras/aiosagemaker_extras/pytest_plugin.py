"""pytest fixtures: `sagemaker_server`, a running server, and `sagemaker`, an open client of it.

They need pytest-asyncio, in strict or auto mode. Every pytest run of an environment with this
distribution loads this module, so it imports nothing else until a test asks for a fixture.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from aiosagemaker import SageMaker
    from aiosagemaker_extras.testing import SageMakerServer


def _async_fixture(function: Callable[..., Any]) -> Any:
    try:
        from pytest_asyncio import fixture
    except ImportError:
        return pytest.fixture(name=function.__name__)(_without_pytest_asyncio)
    return fixture(function)


def _without_pytest_asyncio() -> None:
    pytest.fail("the fixtures of aiosagemaker need pytest-asyncio: pip install pytest-asyncio")


@_async_fixture
async def sagemaker_server() -> AsyncIterator[SageMakerServer]:
    """A `SageMakerServer` of its own for the test, running."""
    from aiosagemaker_extras.testing import SageMakerServer

    async with SageMakerServer() as server:
        yield server


@_async_fixture
async def sagemaker(sagemaker_server: SageMakerServer) -> AsyncIterator[SageMaker]:
    """An open `SageMaker` client of the test's own server."""
    async with sagemaker_server.client() as client:
        yield client
