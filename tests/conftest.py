"""Fixtures of all tests."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from http_service import HttpService
from minispec import Mini, Spec, cache_in, importable, new_mini
from sample_service import Workshop

from aiobotantic.door import _warned

LANES = [pytest.param(None, id="fast"), pytest.param("botocore", id="botocore")]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say how much is compared and tried, and make a comparison again."""
    group = parser.getgroup("differential")
    group.addoption(
        "--examples", type=int, default=10, help="Requests and answers of each operation."
    )
    group.addoption(
        "--signer",
        choices=["botocore", "awscrt"],
        default="botocore",
        help="Whose signatures ours are compared with; awscrt's stand in where it is installed.",
    )
    parser.addoption(
        "--every-structure",
        action="store_true",
        help="Try the hypothesis strategies of every structure, not of a sample.",
    )
    group.addoption("--seed", type=int, default=None, help="The seed that a run printed.")


class Generate(Protocol):
    """What the fixture `generated` is."""

    def __call__(self, spec: Spec, *, service: str = "mini") -> Mini: ...


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


@pytest.fixture(autouse=True)
def aws_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take AWS's variables away, and give credentials that lead nowhere."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "AIOSAGEMAKER_", "SAMPLE_SERVICE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-environment")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.fixture
async def service() -> AsyncIterator[HttpService]:
    """A server whose script the test writes."""
    async with HttpService() as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_was_warned_of() -> None:
    """Forget which warnings were given: each is given once in a process."""
    _warned.clear()


@pytest.fixture(params=LANES)
def pipeline(request: pytest.FixtureRequest) -> Any:
    """What a client is made with to take each lane in turn."""
    return request.param


@pytest.fixture
async def workshop(service: HttpService, pipeline: Any) -> AsyncIterator[Workshop]:
    """An open client of the sample service, at that server, in each lane."""
    async with Workshop(
        region_name="us-east-1", endpoint_url=service.url, pipeline=pipeline
    ) as client:
        assert client.pipeline.lane == (pipeline or "fast")
        yield client
