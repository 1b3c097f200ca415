"""The order in which a server lists resources: kept up to date, it is what sorting anew gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aiobotantic.testing.queries import Order

NAMES = [("a", "b"), ("a", "c"), ("a-b", "a"), ("b", "a"), ("b", "b/c")]
Members = Mapping[str, Any]

steps = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(["gone", None, 1, 2.5, 2])))


def sorted_anew(kept: Mapping[tuple[str, str], Members]) -> list[Members]:
    by = {
        key: (v is not None, v or 0, *key) for key, v in ((k, m["Size"]) for k, m in kept.items())
    }
    return [kept[key] for key in sorted(kept, key=by.__getitem__)]


@given(steps)
def test_what_is_put_moved_and_dropped_is_in_order(
    steps: list[tuple[tuple[str, str], Any]],
) -> None:
    order = Order("Size", ["Domain", "Name"])
    kept: dict[tuple[str, str], dict[str, Any]] = {}
    for key, value in steps:
        if value == "gone":
            kept.pop(key, None)
            order.drop(key)
            continue
        members = kept.setdefault(key, {"Domain": key[0], "Name": key[1]})
        members["Size"] = value
        order.put(key, members)
        expected = sorted_anew(kept)
        assert list(order.after(None, descending=False)) == expected
        assert list(order.after(None, descending=True)) == expected[::-1]
        at = expected.index(members)
        place = order.place(members)
        assert list(order.after(place, descending=False)) == expected[at + 1 :]
        assert list(order.after(place, descending=True)) == expected[:at][::-1]
