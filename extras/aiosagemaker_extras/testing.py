"""SageMaker for tests: a server in the test's own process, and clients that call it."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, Generic, overload

from typing_extensions import TypeVar

from aiobotantic.client import Client
from aiobotantic.manifest import spec_versions
from aiobotantic.testing.event_frames import Damaged, HangUp, RawEvent, Truncated
from aiobotantic.testing.faults import ServedError
from aiobotantic.testing.front import Front, Passage
from aiobotantic.testing.mishaps import Changed, Cut, Huge, Instead, Mishap, Slow, refusal
from aiobotantic.testing.server import JournalEntry, Server
from aiosagemaker.sagemaker.client import SageMaker

__all__ = [
    "Changed",
    "Cut",
    "Damaged",
    "Front",
    "HangUp",
    "Huge",
    "Instead",
    "JournalEntry",
    "Mishap",
    "Passage",
    "RawEvent",
    "SageMakerServer",
    "ServedError",
    "Slow",
    "Truncated",
    "client_class",
    "refusal",
]

ServiceClient = TypeVar("ServiceClient", bound=Client, default=SageMaker)


class SageMakerServer(Server, Generic[ServiceClient]):
    """A service of SageMaker on loopback: every operation is answered, nothing is kept on disk.

    Without a class it is the control plane, whose notebook instances and inference experiments keep
    state; a status that passes by itself, such as `Pending`, is shown `steps` times by Describe or
    List, then the next one follows. Any other operation gets a valid answer made from its response
    class, the same for the same request; bodies and event streams are streamed.

        async with SageMakerServer(SageMakerRuntime) as server:
            async with server.client() as runtime:
                await runtime.invoke_endpoint(endpoint_name="e", body=b"...")

    Args:
        client: class of the service's client; `SageMaker` by default.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        region: region that ARNs name, and the clients' region.
        account: account that ARNs name, 12 digits.
        steps: how often a passing status is shown. 0: it is never seen.
        now: seconds since 1970, UTC; the system's clock by default.
    """

    @overload
    def __init__(
        self: SageMakerServer[SageMaker],
        *,
        host: str = ...,
        port: int = ...,
        region: str = ...,
        account: str = ...,
        steps: int = ...,
        now: Callable[[], float] = ...,
    ) -> None: ...
    @overload
    def __init__(
        self,
        client: type[ServiceClient],
        *,
        host: str = ...,
        port: int = ...,
        region: str = ...,
        account: str = ...,
        steps: int = ...,
        now: Callable[[], float] = ...,
    ) -> None: ...
    def __init__(
        self,
        client: type[Client] = SageMaker,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        region: str = "us-east-1",
        account: str = "123456789012",
        steps: int = 1,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(
            client, host=host, port=port, region=region, account=account, steps=steps, now=now
        )
        self._client_class: Any = client

    def client(self, **options: Any) -> ServiceClient:
        """Return a client of this server, not yet opened: use it as an async context manager.

        Args:
            options: arguments of the client's class; by default the server's address and region,
                and credentials that no other service knows.

        Raises:
            RuntimeError: the server does not run.
        """
        settings: dict[str, Any] = {
            "endpoint_url": self.url,
            "region_name": self.region,
            "aws_access_key_id": "testing",
            "aws_secret_access_key": "testing",
        }
        client: ServiceClient = self._client_class(**settings | options)
        return client


def client_class(service: str) -> type[Client]:
    """Return the class of a service's client.

    Args:
        service: botocore's name of it: `sagemaker-runtime`.

    Raises:
        ValueError: there is none of that name.
    """
    services = spec_versions("aiosagemaker")
    if service not in services:
        raise ValueError(f"there is no service {service}: choose one of {', '.join(services)}")
    module = import_module(f"aiosagemaker.{service.replace('-', '_')}.client")
    found: type[Client] = next(
        value
        for value in vars(module).values()
        if isinstance(value, type) and "SERVICE" in vars(value) and value is not Client
    )
    return found
