"""Identifiers that requests carry."""

from __future__ import annotations

from uuid import RFC_4122, UUID

from aiobotantic.values import new_uuid


def test_new_uuids_are_random_ones_in_their_usual_form() -> None:
    made = {new_uuid() for _ in range(2_000)}

    assert len(made) == 2_000
    for text in made:
        assert str(UUID(text)) == text
        assert (UUID(text).version, UUID(text).variant) == (4, RFC_4122)
    for place in (0, 15, 20, 35):  # no digit of those that are random stays the same
        assert {text[place] for text in made} == {*"0123456789abcdef"}
    assert {text[19] for text in made} == {*"89ab"}
