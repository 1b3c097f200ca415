"""What an import loads: nothing that is not asked for."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = ("aiobotocore", "aiohttp", "botocore", "pydantic", "pydantic_core", "jinja2", "black")


def loaded_by(statement: str) -> list[str]:
    program = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    modules: list[str] = json.loads(done.stdout)
    return modules


def test_the_package_loads_no_shape_no_pydantic_and_no_aiobotocore() -> None:
    modules = loaded_by("import aiosagemaker")
    assert not [name for name in modules if name.partition(".")[0] in HEAVY]
    assert not [name for name in modules if "._shapes" in name or "._operations" in name]


def test_a_shape_loads_its_family_and_what_it_mentions_alone() -> None:
    modules = loaded_by("from aiosagemaker.sagemaker.models import DescribeNotebookInstanceOutput")
    shapes = [name for name in modules if "._shapes." in name]
    assert shapes == [
        "aiosagemaker.sagemaker._shapes.common",
        "aiosagemaker.sagemaker._shapes.common_ip_address_type",
        "aiosagemaker.sagemaker._shapes.notebook_instance",
    ]
    assert "aiobotocore" not in modules


def test_the_client_class_loads_no_shape_and_no_aiobotocore() -> None:
    modules = loaded_by("from aiosagemaker import SageMaker\nSageMaker(region_name='eu-west-1')")
    assert not [name for name in modules if "._shapes." in name]
    assert "aiobotocore" not in modules


@pytest.mark.parametrize(
    "statement",
    [
        "from aiosagemaker import *",
        "from aiosagemaker import SageMakerRuntime\nSageMakerRuntime(region_name='eu-west-1')",
        "from aiosagemaker.testing import SageMakerServer\nSageMakerServer()",
    ],
)
def test_what_botocore_reads_answers_with_is_not_loaded(statement: str) -> None:
    """It takes 40 ms and 4 MB, and is the base of one rare error."""
    modules = loaded_by(statement)
    assert "botocore.parsers" not in modules
    assert not [name for name in modules if "testing.cassette" in name or "testing.front" in name]


def test_versions_are_there_when_asked_for() -> None:
    program = "import aiosagemaker; print(aiosagemaker.__version__, aiosagemaker.__spec_versions__)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    version, _, specs = done.stdout.strip().partition(" ")
    assert version[0].isdigit()
    assert specs.startswith("{'sagemaker': '2017-07-24, botocore 1.")


def test_a_name_that_is_not_there_suggests_the_nearest() -> None:
    program = "import aiosagemaker.sagemaker.models as models; models.InstanceTyp"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stderr.strip().endswith(
        "module 'aiosagemaker.sagemaker.models' has no attribute 'InstanceTyp'. "
        "Did you mean 'InstanceType'?"
    )


OPENED = """
import asyncio
from aiosagemaker import SageMaker

async def open_and_close():
    keys = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "example"}
    async with SageMaker(region_name="eu-west-1", **keys) as client:
        assert str(client.pipeline).startswith("fast"), client.pipeline

asyncio.run(open_and_close())
"""


def test_a_first_client_loads_nothing_for_retries_events_and_statuses() -> None:
    modules = loaded_by(OPENED)
    assert "aiobotantic.lanes.fast" in modules
    later = {"aiobotantic.retry", "aiobotantic.event_stream", "http", "importlib.readers"}
    assert not later.intersection(modules)
    assert "botocore.retries" not in modules
