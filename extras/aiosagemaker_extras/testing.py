"""SageMaker for tests: a server in the test's own process, and clients that call it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from aiobotantic.testing.server import Server
from aiosagemaker.sagemaker.client import SageMaker

__all__ = ["SageMakerServer"]


class SageMakerServer(Server):
    """SageMaker's control plane on loopback: every operation is answered, nothing is kept on disk.

    Notebook instances and inference experiments keep state; a status that passes by itself, such as
    `Pending`, is shown `steps` times by Describe or List, then the next one follows. Any other
    operation gets a valid answer made from its response class, the same for the same request.

        async with SageMakerServer() as server:
            async with server.client() as sagemaker:
                await sagemaker.list_notebook_instances()

    Args:
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        region: region that ARNs name, and the clients' region.
        account: account that ARNs name, 12 digits.
        steps: how often a passing status is shown. 0: it is never seen.
        now: seconds since 1970, UTC; the system's clock by default.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        region: str = "us-east-1",
        account: str = "123456789012",
        steps: int = 1,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(
            SageMaker, host=host, port=port, region=region, account=account, steps=steps, now=now
        )

    def client(self, **options: Any) -> SageMaker:
        """Return a client of this server, not yet opened: use it as an async context manager.

        Args:
            options: arguments of `SageMaker`; by default the server's address and region, and
                credentials that no other service knows.

        Raises:
            RuntimeError: the server does not run.
        """
        settings: dict[str, Any] = {
            "endpoint_url": self.url,
            "region_name": self.region,
            "aws_access_key_id": "testing",
            "aws_secret_access_key": "testing",
        }
        return SageMaker(**settings | options)
