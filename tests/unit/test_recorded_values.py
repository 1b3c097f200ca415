"""What a cassette keeps of structures can be read again, of every service."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from limits import SERVICES, structures

from aiobotantic.structure import Structure, describe
from aiobotantic.testing.build import build
from aiobotantic.testing.recorded_values import read_members, write_members
from aiobotantic.testing.scrubbing import Scrubber, same_text
from aiosagemaker.testing import strategies

SAMPLE = 97
"""Of so many structures of a service an ordinary run tries one."""


class Nothing(Scrubber):
    """Takes nothing out."""

    def _plain(self, text: str) -> str:
        return text

    @staticmethod
    def token(text: str) -> str:
        return text


class Everything(frozenset[str]):
    def __contains__(self, _: object) -> bool:
        return True


def round_trip(structure: Structure) -> None:
    keeping = Nothing()
    keeping.keep = Everything()
    kept = through_json(write_members(structure, keeping))
    assert read_members(type(structure), kept, "here") == structure
    scrubber = Scrubber()
    scrubbed = through_json(write_members(structure, scrubber))
    again = read_members(type(structure), scrubbed, "here")
    assert write_members(again, scrubber) == scrubbed, "what is scrubbed stays as it is"


def through_json(members: dict[str, Any]) -> Any:
    return json.loads(json.dumps(members, allow_nan=False))


def without_streams(service: str) -> list[type[Structure]]:
    return [
        cls
        for cls in structures(service)
        if not any("Stream" in str(f.annotation) for f in cls.__pydantic_fields__.values())
        and "body" not in describe(cls).blank
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_built_comes_back(service: str) -> None:
    for cls in without_streams(service)[:: 1 if service != "sagemaker" else 5]:
        round_trip(build(cls, seed=3))


@pytest.mark.parametrize(
    "cls", [cls for service in SERVICES for cls in without_streams(service)[::SAMPLE]]
)
def test_anything_comes_back(cls: type[Structure]) -> None:
    @settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
    @given(strategies.from_structure(cls))
    def comes_back(structure: Structure) -> None:
        round_trip(structure)

    comes_back()


@given(st.text(max_size=60), st.text(max_size=60))
def test_scrubbing_is_done_once(one: str, two: str) -> None:
    scrubber = Scrubber()
    for text in (one, two, f"{one} 123456789012 https://a:{two}@b/?{one}"):
        once = scrubber.text("", text)
        assert scrubber.text("", once) == once
        assert same_text(once, text) or "://" in text or "*" in text


def test_texts_match_where_something_was_taken_out() -> None:
    assert same_text("a***b***c", "a-1-b-2-c")
    assert same_text("arn:000000000001:x", "arn:123456789012:x")
    assert not same_text("a***b", "ab-")
    assert not same_text("a***a", "a")
    assert not same_text("one", "two")
