"""Take the picture of the status page in docs/: `nox -s screenshot`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from chromium import open_tab, running_browser
from palette import with_palette

from aiobotantic.errors import ServiceError
from aiosagemaker.sagemaker.models import ProductionVariant
from aiosagemaker_extras.testing import SageMakerServer

ROLE: Final = "arn:aws:iam::123456789012:role/SageMaker"
_LARGEST: Final = 60_000


def moments() -> Iterator[float]:
    """Yield the seconds of a server's clock: half of one more each time."""
    at = 1_750_000_000.0
    while True:
        yield at
        at += 0.5


async def fill(server: SageMakerServer) -> None:
    """Let the server have something to show."""
    async with server.client() as client:
        sagemaker: Any = client.with_options(retries=0, validation="off")
        for name in ("explore", "label"):
            await sagemaker.create_notebook_instance(
                notebook_instance_name=name, instance_type="ml.t3.medium", role_arn=ROLE
            )
        await sagemaker.wait_until_notebook_instance_in_service(notebook_instance_name="explore")
        await sagemaker.create_model(model_name="reviews", execution_role_arn=ROLE)
        await sagemaker.create_endpoint_config(
            endpoint_config_name="reviews-1",
            production_variants=[
                ProductionVariant(
                    variant_name="all", model_name="reviews", instance_type="ml.m5.large"
                )
            ],
        )
        await sagemaker.create_endpoint(endpoint_name="reviews", endpoint_config_name="reviews-1")
        server.fail_next("CreateEndpoint", "ResourceLimitExceeded")
        for endpoint, config in (("more", "reviews-2"), ("more", "reviews-1"), ("re views", "x")):
            try:
                await sagemaker.create_endpoint(endpoint_name=endpoint, endpoint_config_name=config)
            except ServiceError:
                continue
    server.fail_next("CreateTrainingJob", "ThrottlingException", times=2)
    server.fail_often("InvokeEndpoint", "ModelNotReadyException", 0.1)


async def take() -> bytes:
    """Return the picture."""
    clock = moments()
    with running_browser() as browser:
        async with SageMakerServer(now=lambda: next(clock)) as server:
            await fill(server)
            async with open_tab(browser, server.status_url) as tab:
                await tab.screen(900, 1050)
                await tab.until_text("#faults", "10 %")
                return with_palette(await tab.picture())


if __name__ == "__main__":
    target, picture = Path(sys.argv[1]), asyncio.run(take())
    if len(picture) > _LARGEST:
        sys.exit(f"{target} would have {len(picture)} bytes; at most {_LARGEST} are wanted")
    target.write_bytes(picture)
