"""The scenes of faults.py: a server, a front before it, and the calls of a client library."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import trustme
from aiobotocore.credentials import AioRefreshableCredentials
from aiobotocore.session import AioSession

from aiobotantic.testing.front import Front
from aiosagemaker import SageMaker, SageMakerRuntime

ROLE: Final = "arn:aws:iam::123456789012:role/SageMaker"
KEYS: Final[dict[str, Any]] = {
    "region_name": "us-east-1",
    "aws_access_key_id": "testing",
    "aws_secret_access_key": "testing",
    "aws_session_token": "session-token",
}
PATIENCE: Final = 60.0
SHORT: Final = 3.0
"""Seconds after which a call counts as one that hangs; less where that is what a row shows."""
OFTEN: Final = 8
"""Requests that meet a mishap, where it stays: more than any call makes."""

WAITS: Final = """
import asyncio, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, sys.argv[1])
from scenes import PEERS

async def main():
    peer = next(each for each in PEERS if each.name == sys.argv[2])
    async with peer.make("sagemaker", sys.argv[3]) as client:
        await client.describe_image(**peer.words({"ImageName": "m"}))

asyncio.run(main())
"""
"""A program that waits for an answer: the folder of this file, the peer's name, the address."""


@dataclass(frozen=True)
class Peer:
    """A client library: how its clients are made, and how they are called."""

    name: str
    make: Callable[..., Any]
    """Takes a service, an address and a Config; returns an async context manager."""
    words: Callable[[dict[str, Any]], dict[str, Any]]
    """Turns AWS's names of arguments into its own."""


def _ours(service: str, url: str, config: Any = None, session: Any = None) -> Any:
    cls = SageMakerRuntime if service == "sagemaker-runtime" else SageMaker
    keys: dict[str, Any] = KEYS if session is None else {"region_name": "us-east-1"}
    return cls(session, endpoint_url=url, config=config, **keys)


def _theirs(service: str, url: str, config: Any = None, session: Any = None) -> Any:
    keys = KEYS if session is None else {"region_name": "us-east-1"}
    made = session or AioSession()
    return made.create_client(service, endpoint_url=url, config=config, **keys)


def _snake(members: dict[str, Any]) -> dict[str, Any]:
    from botocore import xform_name

    return {xform_name(name): value for name, value in members.items()}


PEERS: Final = (Peer("ours", _ours, _snake), Peer("aiobotocore", _theirs, lambda members: members))


@dataclass
class Scene:
    """A server and a front, and calls of one peer to them."""

    peer: Peer
    server: Any
    front: Front
    stack: AsyncExitStack

    async def client(
        self, service: str = "sagemaker", url: str | None = None, **options: Any
    ) -> Any:
        return await self.stack.enter_async_context(
            self.peer.make(service, url or self.front.url, **options)
        )

    def call(self, client: Any, operation: str, **members: Any) -> Awaitable[Any]:
        method: Awaitable[Any] = getattr(client, operation)(**self.peer.words(members))
        return method

    def create(self, client: Any) -> Awaitable[Any]:
        return self.call(client, "create_image", ImageName="m", RoleArn=ROLE)

    def describe(self, client: Any) -> Awaitable[Any]:
        return self.call(client, "describe_image", ImageName="m")

    def carried_out(self) -> str:
        count = len(self.server.journal)
        return "carried out once" if count == 1 else f"carried out {count} times"


async def outcome(call: Awaitable[Any], patience: float = PATIENCE) -> str:
    """Return what came of a call, in a few words."""
    try:
        answered = await asyncio.wait_for(call, patience)
    except TimeoutError as error:
        return type(error).__name__ if type(error) is not TimeoutError else "hangs"
    except Exception as error:
        return type(error).__name__
    members = answered if isinstance(answered, dict) else answered.to_wire()
    whole = any(name != "ResponseMetadata" for name in members)
    return "returns the answer" if whole else "returns an empty dict"


def counted(found: Sequence[str]) -> str:
    counts = Counter(found)
    return ", ".join(f"{count} of {len(found)} {each}" for each, count in sorted(counts.items()))


def session_until(lives: timedelta, fetch: Callable[[], Awaitable[Any]]) -> AioSession:
    """Return a session whose credentials end so much later, and are then fetched."""
    session = AioSession()
    session._credentials = AioRefreshableCredentials.create_from_metadata(
        metadata(lives), fetch, "test"
    )
    return session


def metadata(lives: timedelta) -> dict[str, str]:
    end = (datetime.now(UTC) + lives).isoformat()
    return {"access_key": "a", "secret_key": "b", "token": "c", "expiry_time": end}


def tls_context() -> ssl.SSLContext:
    """Return what a server speaks TLS with, by a certificate of an authority that nobody trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context
