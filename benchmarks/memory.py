"""Memory of this process, in MB. `ru_maxrss` would tell what the parent held, if that was more."""

from __future__ import annotations

import sys
from pathlib import Path


def held() -> float:
    """Return what it holds now."""
    return _read("VmRSS")


def most_held() -> float:
    """Return the most that it has held."""
    return _read("VmHWM")


def _read(name: str) -> float:
    try:
        lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    except FileNotFoundError:
        sys.exit("memory is read from /proc/self/status: run this on Linux")
    kilobytes = next(line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(kilobytes) * 1024 / 1e6
