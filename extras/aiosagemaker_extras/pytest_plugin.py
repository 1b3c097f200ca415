"""pytest fixtures: a running server, an open client of it, a fake, and cassettes.

`sagemaker_server`, `sagemaker` and `recorded_sagemaker` run on the event loop of the test: that of
pytest-asyncio, in strict or auto mode and of any loop scope, or that of anyio. Every pytest run of
an environment with this distribution loads this module, so it imports nothing else until a test
asks for a fixture.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, get_args

import pytest

if TYPE_CHECKING:
    from aiosagemaker import SageMaker
    from aiosagemaker.fakes import FakeSageMaker
    from aiosagemaker_extras.testing import Cassette, SageMakerServer

_LoopScope = Literal["function", "class", "module", "package", "session"]
_LOOP_SCOPES: tuple[_LoopScope, ...] = get_args(_LoopScope)
_FAILED = pytest.StashKey[bool]()
_LONGEST_NAME = 150

_MARKER = (
    "cassette(path=None, *, match='strict', keep=(), scrub=None): the test's calls are recorded to "
    "a file, and replayed from it; its fixtures are recorded_sagemaker and sagemaker_cassette."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say whether cassettes are recorded or replayed."""
    parser.getgroup("aiosagemaker").addoption(
        "--cassettes",
        choices=["auto", "record", "replay"],
        default="auto",
        help="Record the cassettes of tests, replay them, or record those that are not there.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note that a test failed: its cassette is not written."""
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse a marker that nothing comes of."""
    marked = item.get_closest_marker("cassette") is not None
    if marked and "sagemaker_cassette" not in getattr(item, "fixturenames", ()):
        _fail(
            f"{item.name} is marked with cassette, and takes no client of it: add the fixture "
            "recorded_sagemaker or sagemaker_cassette to its arguments"
        )


@pytest.fixture
def sagemaker_server(request: pytest.FixtureRequest) -> SageMakerServer:
    """A `SageMakerServer` of its own for the test, running.

    It is served by the event loop of the test, or by a thread of its own where the test has no
    `async def`, so that boto3 and `asyncio.run` reach it there.
    """
    if not _is_async(request):
        in_thread: SageMakerServer = request.getfixturevalue("_sagemaker_server_in_thread")
        return in_thread
    server: SageMakerServer = request.getfixturevalue(f"_sagemaker_server_{_loop(request)}")
    return server


@pytest.fixture
def _sagemaker_server_in_thread() -> Iterator[SageMakerServer]:
    import asyncio
    from concurrent.futures import Future
    from threading import Thread

    from aiosagemaker_extras.testing import SageMakerServer

    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, SageMakerServer]] = Future()

    async def serve() -> None:
        ended = asyncio.Event()
        async with SageMakerServer() as server:
            started.set_result((asyncio.get_running_loop(), ended, server))
            await ended.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = Thread(target=run, name="sagemaker_server", daemon=True)
    thread.start()
    loop, ended, server = started.result()
    yield server
    loop.call_soon_threadsafe(ended.set)
    thread.join()


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


@pytest.fixture
def sagemaker_cassette(request: pytest.FixtureRequest) -> Iterator[Cassette]:
    """The test's `Cassette`, open: `sagemaker_cassette.client(SageMakerRuntime)`.

    It is the file `cassettes/<module>/<test>.json` beside the test, or what the marker `cassette`
    says. A test that fails leaves it as it is.
    """
    from aiosagemaker_extras.testing import Cassette, CassetteError

    marker = request.node.get_closest_marker("cassette")
    args: tuple[Any, ...] = () if marker is None else marker.args
    options: dict[str, Any] = {} if marker is None else dict(marker.kwargs)
    given = args[0] if args else options.pop("path", None)
    file = _file(request) if given is None else request.path.parent / given
    try:
        mode: Any = request.config.getoption("--cassettes")
        cassette = Cassette(file, mode=mode, **options).open()
    except (CassetteError, TypeError, ValueError) as error:
        _fail(str(error))
    yield cassette
    failed = request.node.stash.get(_FAILED, False)
    try:
        cassette.close(failed=failed)
    except (CassetteError, AssertionError) as error:
        _fail(str(error))


@pytest.fixture
def recorded_sagemaker(request: pytest.FixtureRequest, sagemaker_cassette: Cassette) -> SageMaker:
    """An open `SageMaker` client, whose calls the test's cassette records or replays."""
    client: SageMaker = request.getfixturevalue(f"_recorded_sagemaker_{_loop(request)}")
    return client


@pytest.fixture
def recorded_options() -> dict[str, Any]:
    """What `recorded_sagemaker` is made with, such as `region_name`: override it."""
    return {}


def _file(request: pytest.FixtureRequest) -> Path:
    """Return the cassette of a test, by the names of its module, class and function."""
    from hashlib import sha256
    from urllib.parse import quote

    path, *names = str(request.node.nodeid).split("::")
    name = quote(".".join(names), safe="[]-_. ,=+@")
    if len(name) > _LONGEST_NAME:
        name = f"{name[:_LONGEST_NAME]}-{sha256(name.encode()).hexdigest()[:12]}"
    folder: Path = request.path.parent / "cassettes"
    return folder / path.rpartition("/")[2].removesuffix(".py") / f"{name}.json"


def _is_async(request: pytest.FixtureRequest) -> bool:
    """Return whether a test is an `async def`, also one that hypothesis calls."""
    from inspect import iscoroutinefunction

    function = request.function
    return iscoroutinefunction(function) or iscoroutinefunction(
        getattr(getattr(function, "hypothesis", None), "inner_test", None)
    )


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


def _recorded_client() -> Callable[[Cassette, dict[str, Any]], AsyncIterator[SageMaker]]:
    async def opened(
        sagemaker_cassette: Cassette, recorded_options: dict[str, Any]
    ) -> AsyncIterator[SageMaker]:
        from aiosagemaker import SageMaker

        async with sagemaker_cassette.client(SageMaker, **recorded_options) as client:
            yield client

    return opened


def _on_every_loop() -> Iterator[tuple[str, Any]]:
    """Yield the fixtures that do the work: one for each loop that a test may run on."""
    makers: dict[str, Callable[[], Any]] = {
        "_sagemaker_server": _server,
        "_sagemaker": _client,
        "_recorded_sagemaker": _recorded_client,
    }
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
