"""Seconds of `aiobotantic history` on a clone of botocore, by the wall clock and of the processor.

Usage: python benchmarks/history.py CLONE [SERVICE] [JOBS ...]
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time


def main() -> None:
    """Measure and print a line for each number of processes."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    clone = sys.argv[1]
    service = sys.argv[2] if len(sys.argv) > 2 else "sagemaker"
    jobs = sys.argv[3:] or ["1", "2"]
    for number in jobs:
        before, start = _processor(), time.perf_counter()
        words = ["--git", clone, "--service", service, "--format", "json", "--jobs", number]
        command = [sys.executable, "-m", "aiobotantic_codegen.cli", "history", *words]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        wall, spent = time.perf_counter() - start, _processor() - before
        rows = len(json.loads(done.stdout))
        print(f"{wall:6.1f} s  {spent:6.1f} s of processor  {rows} releases, --jobs {number}")


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
