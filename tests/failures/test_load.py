"""Load, in small: what `nox -s soak` does for as long as one likes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from soak import SAMPLES, Run, cycles, growth

SOAK = Path(__file__).with_name("soak.py")


def soak(*words: str, dev: bool = False) -> dict[str, Any]:
    flags = ["-X", "dev"] if dev else []
    done = subprocess.run(
        [sys.executable, *flags, "-W", "error", str(SOAK), "--growth", "60", *words],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_two_thousand_calls_lose_nothing_and_double_nothing() -> None:
    found = soak("--calls", "2000")

    assert found["calls"] == sum(found["outcomes"].values()) == 2_000
    assert found["outcomes"]["ok"] > 1_000
    assert found["problems"] == []


def test_asyncios_debug_mode_has_nothing_to_say() -> None:
    assert soak("--calls", "200", "--tasks", "20", dev=True)["calls"] == 200


@pytest.mark.parametrize(
    ("sizes", "grown"), [([9, 7, 5, 5, 5], 0), ([5, 5, 6, 7, 8], 2), ([8, 7, 6, 5, 4], -2)]
)
def test_growth_is_a_slope_after_warming_up(sizes: list[float], grown: float) -> None:
    assert growth([(100 + 10 * at, size) for at, size in enumerate(sizes)]) == pytest.approx(grown)


async def test_the_cycles_of_the_long_run() -> None:
    run = Run(0, bytearray(1))
    await cycles(run, 4)

    assert [at for at, _ in run.memory["cycles"]] == [0, 1, 2, 3]
    assert SAMPLES > 4


async def test_a_doubled_request_is_seen() -> None:
    run = Run(2, bytearray(3))
    for _ in range(2):
        await run.note("DescribeImage", {"ImageName": "i0"})
        await run.note("CreateImage", {"ImageName": "i1"})

    assert run.problems == ["CreateImage i1 is doubled"]
