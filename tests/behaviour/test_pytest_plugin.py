"""The fixtures of pytest, on the loops of pytest-asyncio and anyio; the examples of the docs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

DOCS = Path(__file__).resolve().parents[2] / "docs"

TESTS = """
import pytest


async def called(sagemaker, sagemaker_server):
    assert [each async for each in sagemaker.iter_notebook_instances()] == []
    assert [entry.operation for entry in sagemaker_server.journal] == ["ListNotebookInstances"]


async def test_default(sagemaker, sagemaker_server):
    await called(sagemaker, sagemaker_server)


@pytest.mark.asyncio(loop_scope="session")
class TestOneLoop:
    async def test_one(self, sagemaker, sagemaker_server):
        await called(sagemaker, sagemaker_server)

    async def test_two(self, sagemaker_server, sagemaker):
        await called(sagemaker, sagemaker_server)


async def test_fake(fake_sagemaker):
    fake_sagemaker.delete_endpoint.returns()
    await fake_sagemaker.delete_endpoint(endpoint_name="e")


def test_without_a_loop(sagemaker_server):
    import asyncio
    import boto3

    client = boto3.client(
        "sagemaker",
        region_name="us-east-1",
        endpoint_url=sagemaker_server.url,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
    )
    assert client.list_models()["Models"] == []

    async def call():
        async with sagemaker_server.client() as sagemaker:
            await sagemaker.list_models()

    asyncio.run(call())
    assert [entry.operation for entry in sagemaker_server.journal] == ["ListModels"] * 2
"""
STRICT = TESTS.replace("\n\nasync def test", "\n\n@pytest.mark.asyncio\nasync def test")

ANYIO = """
import pytest

from aiosagemaker.sagemaker.models import DescribeEndpointOutput
from aiosagemaker.testing import build

pytestmark = pytest.mark.anyio


async def test_server(sagemaker, sagemaker_server, anyio_backend_name):
    await sagemaker.list_endpoints()
    assert len(sagemaker_server.journal) == 1
    assert anyio_backend_name == "asyncio"


async def test_fake(fake_sagemaker):
    fake_sagemaker.describe_endpoint.returns(build(DescribeEndpointOutput, endpoint_name="e"))
    assert (await fake_sagemaker.describe_endpoint(endpoint_name="e")).endpoint_name == "e"
"""
ON_TRIO = """
@pytest.mark.parametrize("anyio_backend", [("trio", {})])
async def test_trio(sagemaker):
    raise SystemExit("it must not run")
"""

SWALLOWED = """
import asyncio


def test_it(fake_sagemaker):
    try:
        asyncio.run(fake_sagemaker.list_models())
    except Exception:
        pass
"""

FEW_EXAMPLES = """
from hypothesis import HealthCheck, settings

slow = [HealthCheck.too_slow]  # hypothesis reads this whole checkout before its first example
settings.register_profile("few", max_examples=5, deadline=None, suppress_health_check=slow)
settings.load_profile("few")
"""

WITHOUT_PYTEST_ASYNCIO = """
import sys

class Absent:
    def find_spec(self, name, *_):
        if name == "pytest_asyncio":
            raise ImportError(name)

sys.meta_path.insert(0, Absent())
import pytest
raise SystemExit(pytest.main(["-q", "-p", "aiosagemaker_extras.pytest_plugin", "test_it.py"]))
"""


def run(pytester: pytest.Pytester, source: str, *arguments: str) -> pytest.RunResult:
    pytester.makepyfile(test_it=source)
    scope = "asyncio_default_fixture_loop_scope=function"
    return pytester.runpytest_inprocess("-q", "-p", "no:cacheprovider", "-o", scope, *arguments)


@pytest.mark.parametrize(
    ("source", "mode", "scope"), [(STRICT, "strict", "function"), (TESTS, "auto", "module")]
)
def test_each_mode_and_each_loop_of_pytest_asyncio(
    pytester: pytest.Pytester, source: str, mode: str, scope: str
) -> None:
    default = f"asyncio_default_test_loop_scope={scope}"

    result = run(pytester, source, "-o", f"asyncio_mode={mode}", "-o", default)

    result.assert_outcomes(passed=5)


def test_anyio_on_asyncio_and_not_on_trio(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "import pytest\n\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n"
    )

    result = run(pytester, ANYIO + ON_TRIO, "-o", "asyncio_mode=strict")

    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            "sagemaker needs asyncio, and this test runs on trio: let the fixture anyio_backend "
            "return 'asyncio'"
        ]
    )


def test_anyio_beside_auto_mode_is_refused(pytester: pytest.Pytester) -> None:
    backend = '@pytest.mark.parametrize("anyio_backend", ["asyncio"])\nasync def test_server'
    source = ANYIO.replace("async def test_server", backend).partition("async def test_fake")[0]

    result = run(pytester, source, "-o", "asyncio_mode=auto")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["sagemaker: anyio runs this test, and pytest-asyncio in auto *"])


def test_an_unexpected_call_fails_the_test_that_caught_it(pytester: pytest.Pytester) -> None:
    result = run(pytester, SWALLOWED)

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["list_models() was not expected.", "The fake was told nothing."])


@pytest.mark.parametrize("page", ["fakes.md", "cassettes.md"])
def test_the_examples_of_the_docs_run(pytester: pytest.Pytester, page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    source = "\n\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    expected = len(re.findall(r"^(?:async )?def test_", source, re.MULTILINE))

    pytester.makeconftest(FEW_EXAMPLES)
    pytester.makepyfile(test_it=source)
    options = ("asyncio_mode=auto", "asyncio_default_fixture_loop_scope=function")
    # In a process of its own: classes that a test in this one imports are forgotten after it.
    result = pytester.runpytest_subprocess("-q", "-o", options[0], "-o", options[1])

    assert expected >= 4
    result.assert_outcomes(passed=expected)


MARKED = """
import pytest


@pytest.fixture
def recorded_options(request):
    server = request.getfixturevalue("sagemaker_server") if {recording} else None
    return dict(region_name="us-east-1", endpoint_url=server.url) if server else dict()


@pytest.mark.cassette
@pytest.mark.parametrize("name", ["a/b", "a?b"])
async def test_it(recorded_sagemaker, name):
    assert (await recorded_sagemaker.list_models(name_contains="x")).models == []
"""


def test_the_marker_records_and_replays(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("-o", "asyncio_mode=auto", "--strict-markers")

    run(pytester, MARKED.format(recording=True), *arguments).assert_outcomes(passed=2)
    folder = pytester.path / "cassettes" / "test_it"
    names = {"test_it[a%2Fb].json", "test_it[a%3Fb].json"}
    assert {file.name for file in folder.iterdir()} == names
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    offline = MARKED.format(recording=False)
    run(pytester, offline, *arguments, "--cassettes=replay").assert_outcomes(passed=2)
    changed = offline.replace('contains="x"', 'contains="y"')
    result = run(pytester, changed, *arguments)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*NameContains: 'x' was expected, 'y' came"])
    (folder / "test_it[a%2Fb].json").unlink()
    result = run(pytester, offline, *arguments, "--cassettes=replay")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*%2Fb].json is not there, and mode is 'replay'. Record it, *"])


def test_a_test_that_fails_writes_no_cassette(pytester: pytest.Pytester) -> None:
    source = MARKED.format(recording=True).replace("== []", "== 1")

    run(pytester, source, "-o", "asyncio_mode=auto").assert_outcomes(failed=2)

    assert not (pytester.path / "cassettes").exists()


def test_a_marker_without_a_client_is_refused(pytester: pytest.Pytester) -> None:
    result = run(pytester, "import pytest\n\n@pytest.mark.cassette\ndef test_it(): pass\n")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["test_it is marked with cassette, and takes no client of it: *"])


def test_without_pytest_asyncio_the_fixtures_say_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("async def test_it(sagemaker_server): pass\n")

    run = subprocess.run(
        [sys.executable, "-c", WITHOUT_PYTEST_ASYNCIO],
        cwd=tmp_path,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
    )

    words = "sagemaker_server needs pytest-asyncio (pip install pytest-asyncio), or a test that"
    assert words in run.stdout, run.stderr
    assert "1 error" in run.stdout


def test_the_plugin_imports_nothing_heavy() -> None:
    program = (
        "import sys, pytest, pytest_asyncio\n"
        "before = set(sys.modules)\n"
        "import aiosagemaker_extras.pytest_plugin\n"
        "import json; print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert json.loads(run.stdout) == ["aiosagemaker_extras", "aiosagemaker_extras.pytest_plugin"]
