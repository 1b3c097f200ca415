"""Broken and hostile input: valid Python or a clear error, in bounded time and memory.

`nox -s fuzz -- --examples 2000` is the long run. Its seed is printed; `--seed` makes the same
examples again.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fuzz.targets import check_answer
from fuzz.watch import Ran, Watched

TESTS = Path(__file__).parents[1]


def test_the_generator_answers_whatever_it_is_given(request: pytest.FixtureRequest) -> None:
    """In a process of its own, whose memory is bounded."""
    command = [sys.executable, "-m", "fuzz", "--examples", str(request.config.option.examples)]
    if request.config.option.seed is not None:
        command += ["--seed", str(request.config.option.seed)]
    ran = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print(ran.stdout)
    assert ran.returncode == 0, ran.stdout


def test_what_is_written_elsewhere_is_seen(tmp_path: Path) -> None:
    seen = Watched((f"{tmp_path}/out/",))
    harmless: list[tuple[str, tuple[Any, ...]]] = [
        ("open", (f"{tmp_path}/out/a", "w", os.O_WRONLY)),
        ("open", (f"{tmp_path}/read", "r", os.O_RDONLY)),
        ("os.mkdir", (str(tmp_path), 0o777, -1)),
        ("subprocess.Popen", (sys.executable, [], None, None)),
    ]
    for event, given in harmless:
        seen.see(event, given)
    assert seen.strays == []

    folder = os.open(tmp_path, os.O_RDONLY)
    strays: list[tuple[str, tuple[Any, ...]]] = [
        ("open", (f"{tmp_path}/out/../b", "w", os.O_WRONLY)),
        ("os.rename", (f"{tmp_path}/out/a", f"{tmp_path}/outer", -1, -1)),
        ("os.remove", ("c", folder)),
        ("subprocess.Popen", ("/bin/sh", ["sh"], None, None)),
        ("socket.connect", (None, ("192.0.2.1", 80))),
    ]
    for event, given in strays:
        seen.see(event, given)
    os.close(folder)
    assert [stray.split(" ")[0] for stray in seen.strays] == [event for event, _ in strays]
    assert seen.strays[:3] == [
        f"open {tmp_path}/b",
        f"os.rename {tmp_path}/outer",
        f"os.remove {tmp_path}/c",
    ]


@pytest.mark.parametrize(
    "ran",
    [
        Ran(1, "", "error: a: b\n  c\n"),
        Ran(2, "", "error: without a place\n"),
        Ran(2, "", "error: a: without a way out\n"),
        Ran(2, "", "Traceback (most recent call last):\n"),
        Ran(2, "", f"error: a: {'x' * 30_000}\n  c\n"),
        Ran(0, "\x1b[2J", ""),
    ],
    ids=["code", "place", "way out", "traceback", "length", "control"],
)
def test_an_answer_that_is_none_is_seen(ran: Ran) -> None:
    with pytest.raises(AssertionError):
        check_answer(ran)
