"""pytest fixtures: a running server, an open client of it, and a fake.

`sagemaker_server` and `sagemaker` run on the event loop of the test: that of pytest-asyncio, in
strict or auto mode and of any loop scope, or that of anyio. Every pytest run of an environment with
this distribution loads this module, so it imports nothing else until a test asks for a fixture.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, NoReturn, get_args

import pytest

if TYPE_CHECKING:
    from aiosagemaker import SageMaker
    from aiosagemaker.fakes import FakeSageMaker
    from aiosagemaker_extras.testing import SageMakerServer

_LoopScope = Literal["function", "class", "module", "package", "session"]
_LOOP_SCOPES: tuple[_LoopScope, ...] = get_args(_LoopScope)


@pytest.fixture
def sagemaker_server(request: pytest.FixtureRequest) -> SageMakerServer:
    """A `SageMakerServer` of its own for the test, running."""
    server: SageMakerServer = request.getfixturevalue(f"_sagemaker_server_{_loop(request)}")
    return server


@pytest.fixture
def sagemaker(request: pytest.FixtureRequest) -> SageMaker:
    """An open `SageMaker` client of the test's own server."""
    client: SageMaker = request.getfixturevalue(f"_sagemaker_{_loop(request)}")
    return client


@pytest.fixture
def fake_sagemaker() -> Iterator[FakeSageMaker]:
    """A `FakeSageMaker`. Unexpected calls fail the test, also where their error was caught."""
    from aiosagemaker.fakes import FakeSageMaker

    fake = FakeSageMaker()
    yield fake
    if unexpected := fake.unexpected_calls:
        pytest.fail("\n\n".join(map(str, unexpected)), pytrace=False)


def _loop(request: pytest.FixtureRequest) -> str:
    """Return whose event loop the test runs on: anyio's, or pytest-asyncio's of a scope."""
    name, config = request.fixturename, request.config
    asyncio = config.pluginmanager.has_plugin("asyncio")
    if "anyio_backend" in request.fixturenames:
        backend: Any = request.getfixturevalue("anyio_backend")
        library = backend if isinstance(backend, str) else backend[0]
        if library != "asyncio":
            _fail(
                f"{name} needs asyncio, and this test runs on {library}: let the fixture "
                "anyio_backend return 'asyncio'"
            )
        if asyncio and "auto" in (config.getoption("asyncio_mode"), config.getini("asyncio_mode")):
            _fail(
                f"{name}: anyio runs this test, and pytest-asyncio in auto mode its fixtures, on "
                "another event loop: set asyncio_mode to strict"
            )
        return "anyio"
    if not asyncio:
        _fail(
            f"{name} needs pytest-asyncio (pip install pytest-asyncio), or a test that anyio runs "
            "(pytest.mark.anyio)"
        )
    marker = request.node.get_closest_marker("asyncio")
    given: Mapping[str, Any] = {} if marker is None else marker.kwargs
    default = config.getini("asyncio_default_test_loop_scope")
    return str(given.get("loop_scope") or given.get("scope") or default)


def _fail(reason: str) -> NoReturn:
    pytest.fail(reason, pytrace=False)


def _server() -> Callable[[], AsyncIterator[SageMakerServer]]:
    async def running() -> AsyncIterator[SageMakerServer]:
        from aiosagemaker_extras.testing import SageMakerServer

        async with SageMakerServer() as server:
            yield server

    return running


def _client() -> Callable[[SageMakerServer], AsyncIterator[SageMaker]]:
    async def opened(sagemaker_server: SageMakerServer) -> AsyncIterator[SageMaker]:
        async with sagemaker_server.client() as client:
            yield client

    return opened


def _on_every_loop() -> Iterator[tuple[str, Any]]:
    """Yield the fixtures that do the work: one for each loop that a test may run on."""
    makers: dict[str, Callable[[], Any]] = {"_sagemaker_server": _server, "_sagemaker": _client}
    for prefix, make in makers.items():
        name = f"{prefix}_anyio"
        yield name, pytest.fixture(name=name)(make())
        try:
            from pytest_asyncio import fixture
        except ImportError:
            continue
        for scope in _LOOP_SCOPES:
            name = f"{prefix}_{scope}"
            yield name, fixture(name=name, loop_scope=scope)(make())


globals().update(_on_every_loop())
