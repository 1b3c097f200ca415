"""Broken and hostile input: valid Python or a clear error, in bounded time and memory.

`nox -s fuzz -- --examples 2000` is the long run. Its seed is printed; `--seed` makes the same
examples again.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
