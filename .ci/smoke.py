"""What an installed wheel must do; run by build.py with the Python that it is installed for."""

from __future__ import annotations

import asyncio
import inspect
import pkgutil
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import aiobotantic
import aiobotantic_codegen
import aiosagemaker
import aiosagemaker_extras
from aiosagemaker import SageMaker
from aiosagemaker.testing import SageMakerServer

PACKAGES = (aiobotantic, aiobotantic_codegen, aiosagemaker, aiosagemaker_extras)
# The fixtures need pytest, an extra.
NEEDS_MORE = frozenset(("aiosagemaker_extras.pytest_plugin",))


async def call() -> str:
    """Create a notebook instance in the embedded server, and return its status."""
    async with SageMakerServer() as server, server.client() as sagemaker:
        await sagemaker.create_notebook_instance(
            notebook_instance_name="nb",
            instance_type="ml.t3.medium",
            role_arn="arn:aws:iam::123456789012:role/SageMaker",
        )
        found = await sagemaker.describe_notebook_instance(notebook_instance_name="nb")
        return str(found.notebook_instance_status)


def import_all() -> int:
    """Import every module, from this environment and no other place; return how many."""
    count = 0
    for package in PACKAGES:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name not in NEEDS_MORE:
                file = import_module(module.name).__file__
                assert file is not None and Path(file).is_relative_to(sys.prefix), file
                count += 1
    return count


def main() -> None:
    """Fail if anything is amiss."""
    assert aiosagemaker.__version__ == version("aiosagemaker"), aiosagemaker.__version__
    head, _, _ = (inspect.getdoc(SageMaker.create_notebook_instance) or "").partition("\n\nArgs:")
    assert len(head.split("\n\n")) > 1, f"no prose in the docstring: {head!r}"
    status = asyncio.run(call())
    assert status in ("Pending", "InService"), status
    services = len(aiosagemaker.__spec_versions__)
    print(f"{import_all()} modules, {services} services, one notebook instance: {status}")


if __name__ == "__main__":
    main()
