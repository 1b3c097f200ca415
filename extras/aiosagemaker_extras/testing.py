"""SageMaker for tests: a server in the test's own process, fakes, cassettes, factories."""

# ruff: noqa: F403, F405  (the star is for checkers)

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, overload

from typing_extensions import TypeVar

from aiobotantic.client import Client
from aiobotantic.manifest import spec_versions
from aiobotantic.testing.answering import UnexpectedCallError
from aiobotantic.testing.build import BuildError, build
from aiobotantic.testing.event_frames import Damaged, HangUp, RawEvent, Truncated
from aiobotantic.testing.fake_streams import event_stream, streaming_body
from aiobotantic.testing.faults import ServedError
from aiobotantic.testing.journal import JournalEntry
from aiobotantic.testing.mishaps import Changed, Cut, Huge, Instead, Mishap, Slow, refusal
from aiobotantic.testing.server import Handler, Server
from aiosagemaker import fakes
from aiosagemaker.sagemaker.client import SageMaker
from aiosagemaker_extras.feature_store import FeatureStore
from aiosagemaker_extras.invocations import Invocation, Invocations, Model
from aiosagemaker_extras.log_groups import Logs
from aiosagemaker_extras.objects import Objects

if TYPE_CHECKING:
    from aiobotantic.testing import strategies as strategies
    from aiobotantic.testing.cassette_calls import UnusedCallsError
    from aiobotantic.testing.cassettes import Cassette
    from aiobotantic.testing.front import Front, Passage
    from aiobotantic.testing.recorded_values import CassetteError
    from aiosagemaker.fakes import *
else:
    _LATER = {
        "Cassette": "cassettes",
        "CassetteError": "recorded_values",
        "Front": "front",
        "Passage": "front",
        "UnusedCallsError": "cassette_calls",
    }

    def __getattr__(name: str) -> Any:
        """Import hypothesis, cassettes, fronts and the other clients where they are used."""
        if name == "strategies":
            return import_module("aiobotantic.testing.strategies")
        if name in _LATER:
            return getattr(import_module(f"aiobotantic.testing.{_LATER[name]}"), name)
        if name in fakes.__all__:
            return getattr(fakes, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "BuildError",
    "Cassette",
    "CassetteError",
    "Changed",
    "Cut",
    "Damaged",
    "FakeSageMaker",
    "FakeSageMakerA2IRuntime",
    "FakeSageMakerEdge",
    "FakeSageMakerFeatureStoreRuntime",
    "FakeSageMakerGeospatial",
    "FakeSageMakerInferenceRouterRuntime",
    "FakeSageMakerJobRuntime",
    "FakeSageMakerMetrics",
    "FakeSageMakerRuntime",
    "FakeSageMakerTrainingSessionRuntime",
    "Front",
    "HangUp",
    "Huge",
    "Instead",
    "Invocation",
    "JournalEntry",
    "Mishap",
    "Passage",
    "RawEvent",
    "SageMakerServer",
    "ServedError",
    "Slow",
    "Truncated",
    "UnexpectedCallError",
    "UnusedCallsError",
    "build",
    "client_class",
    "event_stream",
    "refusal",
    "strategies",
    "streaming_body",
]

Keys = Mapping[str, str | tuple[str, str]]
AnyClient = TypeVar("AnyClient", bound=Client)
ModelFunction = TypeVar("ModelFunction", bound=Model)
ServiceClient = TypeVar("ServiceClient", bound=Client, default=SageMaker)


class SageMakerServer(Server, Generic[ServiceClient]):
    """SageMaker on loopback: every operation is answered, what is created is kept in memory.

    Without a class it is all services at one address: the control plane, whose families keep state,
    and beside it the others. A status that passes by itself, such as `Pending`, is shown `steps`
    times by Describe or List, then the next one follows. An operation of no family gets a valid
    answer made from its response class, the same for the same request; bodies and event streams are
    streamed. With a class it is that service alone.

        async with SageMakerServer() as server:
            async with server.client() as sagemaker, server.client(SageMakerRuntime) as runtime:
                ...

    Args:
        client: class of the service's client; by default `SageMaker`, and all others beside it.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        region: region that ARNs name, and the clients' region.
        account: account that ARNs name, 12 digits.
        steps: how often a passing status is shown. 0: it is never seen.
        now: seconds since 1970, UTC; the system's clock by default.
        lasting: kinds of resources to the seconds of `server.clock` that their passing statuses
            last, instead of `steps`: `{"training_job": 300}`.
        stateless: nothing is kept, every answer is made up.
        keys: access key ids to their secrets, or to pairs of secret and session token: signatures
            are then checked. None: any signature is taken.
        show_sensitive: whether the status page shows what the model calls sensitive.
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
        lasting: Mapping[str, float] | None = ...,
        stateless: bool = ...,
        keys: Keys | None = ...,
        show_sensitive: bool = ...,
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
        lasting: Mapping[str, float] | None = ...,
        stateless: bool = ...,
        keys: Keys | None = ...,
        show_sensitive: bool = ...,
    ) -> None: ...
    def __init__(
        self,
        client: type[Client] | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        region: str = "us-east-1",
        account: str = "123456789012",
        steps: int = 1,
        now: Callable[[], float] = time.time,
        lasting: Mapping[str, float] | None = None,
        stateless: bool = False,
        keys: Keys | None = None,
        show_sensitive: bool = False,
    ) -> None:
        super().__init__(
            client or SageMaker,
            beside=_others if client is None else list[type[Client]],
            host=host,
            port=port,
            region=region,
            account=account,
            steps=steps,
            now=now,
            lasting=lasting,
            stateless=stateless,
            keys=keys,
            show_sensitive=show_sensitive,
        )
        self._client_class: Any = client or SageMaker
        self._keys = keys
        self.objects = Objects()
        """A small S3 at the same address, for inputs and outputs: `objects.read("s3://b/key")`."""
        self.logs = Logs(self)
        """What jobs write, at the same address: `logs["TrainingJobs"].write("job", "a line")`."""
        self.records = FeatureStore(self)
        """The records of feature groups."""
        self._invocations = Invocations(self)
        self.outside |= {"logs": self.logs.answer, "s3": self.objects.answer}
        if not stateless:
            self._handlers |= self._own_handlers()

    def _own_handlers(self) -> dict[str, Handler]:
        handlers: dict[str, Handler] = {
            "InvokeEndpoint": self._invocations.invoke,
            "InvokeEndpointAsync": self._invocations.invoke_async,
            "InvokeEndpointWithResponseStream": self._invocations.invoke_with_response_stream,
        }
        if "feature_group" in self.state.kinds:
            handlers |= {
                "BatchGetRecord": self.records.batch_get,
                "BatchWriteRecord": self.records.batch_write,
                "DeleteRecord": self.records.delete,
                "GetRecord": self.records.get,
                "ListRecords": self.records.identifiers,
                "PutRecord": self.records.put,
                "UpdateRecord": self.records.update,
            }
        return handlers

    def endpoint(self, name: str) -> Callable[[ModelFunction], ModelFunction]:
        """Answer the invocations of an endpoint by the function that is decorated.

            @server.endpoint("reviews")
            def model(invocation: Invocation) -> list[str]:
                return [text.upper() for text in invocation.json()]

        It takes an `Invocation` and returns bytes, text, a value that JSON can hold, an iterable of
        bytes, which is streamed, or an awaitable of any of them. What it raises is a `ModelError`,
        unless it is a `ServedError`. Where the server has the control plane, the endpoint must
        have been created there.

        Args:
            name: the endpoint's.
        """

        def keep(function: ModelFunction) -> ModelFunction:
            self._invocations.models[name] = function
            return function

        return keep

    def snapshot(self) -> dict[str, Any]:
        """Return all resources, records, objects and logs, as values that JSON can hold."""
        own = {
            "records": deepcopy(self.records.records),
            "objects": self.objects.snapshot(),
            "logs": self.logs.snapshot(),
        }
        return {**super().snapshot(), **own}

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Keep what a snapshot holds, and nothing else; the journal stays.

        Raises:
            ValueError: the value is no snapshot, or one with resources that this server does not
                keep.
        """
        super().restore(snapshot)
        self.records.records = deepcopy(dict(snapshot.get("records", {})))
        self.objects.restore(snapshot.get("objects", {}))
        self.logs.restore(snapshot.get("logs", {}))

    @overload
    def client(self, **options: Any) -> ServiceClient: ...
    @overload
    def client(self, client: type[AnyClient], **options: Any) -> AnyClient: ...
    def client(self, client: type[Client] | None = None, **options: Any) -> Any:
        """Return a client of this server, not yet opened: use it as an async context manager.

        Args:
            client: class of the client; by default that of the server's first service.
            options: arguments of the client's class; by default the server's address and region,
                and credentials: the first of its keys, else some that no other service knows.

        Raises:
            RuntimeError: the server does not run.
        """
        name, key = next(iter((self._keys or {"testing": "testing"}).items()))
        secret, token = (key, None) if isinstance(key, str) else key
        settings: dict[str, Any] = {
            "endpoint_url": self.url,
            "region_name": self.region,
            "aws_access_key_id": name,
            "aws_secret_access_key": secret,
        }
        if token is not None:
            settings["aws_session_token"] = token
        return (client or self._client_class)(**settings | options)


def _others() -> list[type[Client]]:
    """Return the classes of all clients."""
    return [client_class(service) for service in spec_versions("aiosagemaker")]


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
