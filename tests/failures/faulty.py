"""Calls that the tests let go wrong, and what they make of them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from aiobotantic.testing.front import Passage
from aiobotantic.testing.json_protocol import HttpRequest
from aiobotantic.testing.mishaps import Mishap
from aiosagemaker import SageMaker

ROLE = "arn:aws:iam::123456789012:role/SageMaker"

Make: TypeAlias = Callable[[SageMaker, str], Awaitable[Any]]


def describe(client: SageMaker, name: str = "m") -> Awaitable[Any]:
    """Make a call that only reads."""
    return client.describe_image(image_name=name)


def create(client: SageMaker, name: str = "m") -> Awaitable[Any]:
    """Make a call that must not be carried out twice."""
    return client.create_image(image_name=name, role_arn=ROLE)


def delete(client: SageMaker, name: str = "m") -> Awaitable[Any]:
    """Make a call that may be carried out twice."""
    return client.delete_image(image_name=name)


def create_with_token(client: SageMaker, name: str = "m") -> Awaitable[Any]:
    """Make a call that carries an idempotency token."""
    return client.create_pipeline(
        pipeline_name=name, role_arn=ROLE, pipeline_definition='{"Version": "2020-12-01"}'
    )


def name_in(request: HttpRequest) -> str | None:
    """Return the name that a request carries, by which the front tells calls apart."""
    members: dict[str, str] = json.loads(request.body)
    return members.get("ImageName") or members.get("PipelineName")


@dataclass
class Met:
    """What came of a call."""

    mishaps: tuple[Mishap | None, ...]
    answer: Any = None
    error: Exception | None = None
    passages: list[Passage] = field(default_factory=list)
    """Its requests."""

    @property
    def attempts(self) -> int:
        """Requests of the call, as the client counts them."""
        if self.error is not None:
            return int(getattr(self.error, "attempts", 0))
        return int(self.answer.response_metadata.attempts)


class Meet(Protocol):
    """What the fixture `meet` is."""

    async def __call__(
        self, make: Make, *mishaps: Mishap | None, config: Any = None, **options: Any
    ) -> Met: ...
