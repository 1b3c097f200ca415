"""Credentials that expire, are fetched again, and cannot be."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiobotocore.credentials import AioRefreshableCredentials
from aiobotocore.session import AioSession
from botocore import exceptions as botocore
from faulty import create, delete, describe

from aiobotantic import errors
from aiobotantic.testing.front import Front
from aiobotantic.testing.json_protocol import HttpRequest
from aiobotantic.testing.mishaps import Instead, refusal
from aiosagemaker import SageMaker
from aiosagemaker.testing import SageMakerServer

LONG = timedelta(hours=1)
GONE = timedelta(seconds=-1)


class Refreshed:
    """Credentials that are fetched by number; `outcome` says what a fetch brings."""

    def __init__(self, lives: timedelta, outcome: Callable[[int], Any] = lambda number: LONG):
        self.fetched = 0
        self.outcome = outcome
        self.session = AioSession()
        self.session._credentials = AioRefreshableCredentials.create_from_metadata(
            self._metadata(lives), self._fetch, "test"
        )

    def _metadata(self, lives: timedelta) -> dict[str, str]:
        return {
            "access_key": f"AK{self.fetched}",
            "secret_key": f"secret-{self.fetched}",
            "token": f"token-{self.fetched}",
            "expiry_time": (datetime.now(UTC) + lives).isoformat(),
        }

    async def _fetch(self) -> dict[str, str]:
        self.fetched += 1
        await asyncio.sleep(0.05)
        brought = self.outcome(self.fetched)
        if isinstance(brought, Exception):
            raise brought
        return self._metadata(brought)

    def client(self, url: str, pipeline: Any) -> SageMaker:
        return SageMaker(self.session, region_name="us-east-1", endpoint_url=url, pipeline=pipeline)


def key_of(request: HttpRequest) -> str:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return headers["authorization"].partition("Credential=")[2].partition("/")[0]


async def test_a_thousand_calls_fetch_expired_credentials_once(
    server: SageMakerServer, pipeline: Any
) -> None:
    expired = Refreshed(GONE)
    front = Front(server.url, operation_of=key_of)
    async with front, expired.client(front.url, pipeline) as client:
        assert client.pipeline.lane == (pipeline or "fast")
        await asyncio.gather(*(delete(client) for _ in range(1_000)))

    assert expired.fetched == 1
    assert Counter(each.operation for each in front.journal) == {"AK1": 1_000}


@pytest.mark.parametrize(
    ("brought", "said"),
    [
        (RuntimeError("the vault says hush"), "RuntimeError. Nothing was sent"),
        (TimeoutError(), "TimeoutError. Nothing was sent"),
        (OSError("no route"), "OSError. Nothing was sent"),
        (ValueError("hush"), "ValueError. Nothing was sent"),
        (
            botocore.ClientError({"Error": {"Code": "AccessDenied"}}, "AssumeRole"),
            r"ClientError: .*\(AccessDenied\) when calling the AssumeRole",
        ),
        (
            botocore.ReadTimeoutError(endpoint_url="http://169.254.169.254"),
            r"ReadTimeoutError: .*169\.254",
        ),
        (
            botocore.CredentialRetrievalError(provider="vault", error_msg="sealed"),
            "CredentialRetrievalError: .*sealed",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_a_refresh_that_fails_once_is_one_of_the_family_and_the_next_call_tries_again(
    server: SageMakerServer, pipeline: Any, brought: Exception, said: str
) -> None:
    expired = Refreshed(GONE, lambda number: brought if number == 1 else LONG)
    async with expired.client(server.url, pipeline) as client:
        with pytest.raises(errors.CredentialsError, match=said) as caught:
            await create(client)
        await create(client)

    assert isinstance(caught.value, botocore.CredentialRetrievalError)
    assert isinstance(caught.value, botocore.NoCredentialsError)
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is brought
    assert expired.fetched == 2
    assert len(server.requests("CreateImage")) == 1


async def test_credentials_that_are_about_to_expire_serve_while_a_refresh_fails(
    server: SageMakerServer, pipeline: Any
) -> None:
    ageing = Refreshed(timedelta(minutes=12), lambda number: RuntimeError())
    async with ageing.client(server.url, pipeline) as client:
        await asyncio.gather(*(describe(client) for _ in range(20)))

    assert ageing.fetched >= 1
    assert len(server.journal) == 20


async def test_credentials_that_expire_in_flight(server: SageMakerServer, pipeline: Any) -> None:
    fresh = Refreshed(LONG)
    front = Front(server.url, operation_of=key_of)
    async with front, fresh.client(front.url, pipeline) as client:
        front.next("AK0", refusal("ExpiredTokenException"), Instead(503))
        with pytest.raises(errors.ExpiredTokenException) as caught:
            await create(client)
        waiting = asyncio.ensure_future(create(client))
        while len(front.journal) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        fresh.session._credentials._expiry_time = datetime.now(UTC) + GONE
        answered = await waiting

    assert isinstance(caught.value, errors.AccessError)
    assert not caught.value.retryable
    assert caught.value.attempts == 1
    assert answered.response_metadata.attempts == 2
    assert [each.operation for each in front.journal] == ["AK0", "AK0", "AK1"]


async def test_a_refresh_that_is_cancelled_leaves_the_others_waiting_for_theirs(
    server: SageMakerServer, pipeline: Any
) -> None:
    expired = Refreshed(GONE)
    async with expired.client(server.url, pipeline) as client:
        calls = [asyncio.ensure_future(describe(client)) for _ in range(5)]
        while expired.fetched == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        calls[0].cancel()
        found = await asyncio.gather(*calls, return_exceptions=True)

    assert isinstance(found[0], asyncio.CancelledError)
    assert [each for each in found[1:] if isinstance(each, BaseException)] == []
    assert expired.fetched == 2
