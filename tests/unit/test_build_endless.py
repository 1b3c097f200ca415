"""Structures that hold themselves: `build` ends, or says that no value does."""

from __future__ import annotations

from typing import Annotated

import pytest

from aiobotantic.constraints import Length
from aiobotantic.structure import Structure
from aiobotantic.testing.build import Builder, BuildError, build
from aiobotantic.unions import UnionStructure


class Endless(UnionStructure):
    again: Endless | None = None
    link: Link | None = None
    many: Annotated[list[Endless], Length(min=1)] | None = None


class Link(Structure):
    back: Endless
    note: str | None = None


class Holder(Structure):
    kept: str
    first: Link | None = None
    needed: Annotated[dict[str, Endless], Length(1)]
    some: list[Link] | None = None


class Ending(UnionStructure):
    pair: Pair | None = None
    none: list[Ending] | None = None


class Pair(Structure):
    left: Ending
    right: Ending


def test_what_holds_itself_without_end_is_an_error_that_names_the_way_out() -> None:
    with pytest.raises(BuildError) as caught:
        build(Holder)

    assert str(caught.value) == (
        "cannot build Holder: each value of Needed holds another one, without end. "
        "Pass the value of that member to build() instead."
    )
    with pytest.raises(BuildError, match=r"each value of Again holds .*; each value of Link holds"):
        build(Endless)
    with pytest.raises(BuildError, match=r"cannot build Link: each value of Back holds"):
        build(Link)
    built = build(Holder, needed={})
    assert (built.first, built.some, built.kept is None) == (None, [], False)


def test_an_answer_leaves_out_what_has_no_end() -> None:
    builder = Builder()

    assert builder.structure(Holder).to_wire() == {"Kept": "kept", "Some": []}
    assert builder.unsatisfied == ["each value of Needed holds another one, without end"]


@pytest.mark.parametrize("seed", range(20))
def test_a_union_that_can_end_does(seed: int) -> None:
    assert build(Ending, seed=seed).arm is not None
    assert build(Pair, seed=seed).left.arm is not None
