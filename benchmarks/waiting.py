"""A thousand waiters on training jobs, where the service throttles: requests, throttles, results.

Usage: python benchmarks/waiting.py [--jobs N] [--seconds N] [--peers NAME,...]

The embedded server lists at 2 requests a second and describes at 20, and throttles above that; its
jobs end one after another. Each peer waits for all of them at once, in a process of its own,
looking every 5 seconds where it has a say in that.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from processes import environment

DELAY: Final = 5
"""Seconds between two looks of a waiter."""
RATES: Final = {"ListTrainingJobs": 2, "DescribeTrainingJob": 20}
"""Requests a second, and so many at once, of what the server allows."""
ENDED: Final = "Completed"
JOB: Final[dict[str, Any]] = {
    "AlgorithmSpecification": {"TrainingImage": "image:1", "TrainingInputMode": "File"},
    "RoleArn": "arn:aws:iam::123456789012:role/tester",
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}


def main() -> None:
    """Let each peer wait, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=1_000)
    parser.add_argument("--seconds", type=int, default=60, help="until the last job ends")
    parser.add_argument("--peers", default="shared,alone,aiobotocore")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--wait", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.serve:
        asyncio.run(serve(words.jobs, words.seconds))
    elif words.wait:
        print(json.dumps(asyncio.run(wait(words.wait, words.url, words.jobs, words.seconds))))
    else:
        print(f"{words.jobs} jobs, the last of which ends after {words.seconds} s")
        names = ("ended well", "failed", "Lists", "Describes", "throttled", "seconds", "CPU s")
        print(f"{'':12}" + "".join(f"{name:>12}" for name in names))
        for peer in words.peers.split(","):
            told = beside(peer, words.jobs, words.seconds)
            print(f"{peer:12}" + "".join(f"{told[name]:>12,}" for name in names), flush=True)
            if told["why"]:
                print(f"{'':12}  the failures: {told['why']}")


def beside(peer: str, jobs: int, seconds: int) -> dict[str, Any]:
    """Let a peer wait, with a server of its own; return what both say."""
    itself = [sys.executable, str(Path(__file__)), "--jobs", str(jobs), "--seconds", str(seconds)]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "text": True, "env": environment()}
    with subprocess.Popen([*itself, "--serve"], stdin=subprocess.PIPE, **pipes) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        waited = subprocess.run([*itself, "--wait", peer, "--url", url], **pipes, check=True)
        served, _ = server.communicate()
    return {**json.loads(waited.stdout), **json.loads(served)}


async def serve(jobs: int, seconds: int) -> None:
    """Serve until standard input ends, then say what was asked for."""
    from aiobotantic.testing.faults import ServedError
    from aiosagemaker.testing import SageMakerServer

    ago, begun, seen = 0.0, time.time(), Counter[str]()
    allowed: dict[str, tuple[float, float]] = dict.fromkeys(RATES, (1.0, begun))

    async def throttle(operation: str, _: Mapping[str, Any]) -> None:
        rate = RATES[operation]
        left, then = allowed[operation]
        left = min(rate, left + (time.time() - then) * rate)
        seen[operation] += 1
        if left < 1:
            seen["throttled"] += 1
            allowed[operation] = left, time.time()
            raise ServedError("ThrottlingException", "Rate exceeded")
        allowed[operation] = left - 1, time.time()

    lasting = float(seconds)
    async with SageMakerServer(
        lasting={"training_job": lasting}, now=lambda: time.time() - ago
    ) as server:
        async with server.client() as client:
            for number in range(jobs):
                # Created so long ago that they end one after another.
                ago = lasting * (1 - number / jobs) * 0.9
                await client.wire.create_training_job(TrainingJobName=f"job-{number}", **JOB)
        ago = 0.0
        for operation in RATES:
            server.on(operation, throttle)
        print(server.url, flush=True)
        await asyncio.to_thread(sys.stdin.read)
        told = {
            "Lists": seen["ListTrainingJobs"],
            "Describes": seen["DescribeTrainingJob"],
            "throttled": seen["throttled"],
        }
        print(json.dumps(told))


async def wait(peer: str, url: str, jobs: int, seconds: int) -> dict[str, Any]:
    """Wait for all jobs at once."""
    names = [f"job-{number}" for number in range(jobs)]
    clock = time.perf_counter()
    run = by_aiobotocore if peer == "aiobotocore" else by_ours
    found = await run(peer, url, names, seconds * 10)
    why = Counter(f"{type(one).__name__}" for one in found if isinstance(one, BaseException))
    return {
        "ended well": sum(one == ENDED for one in found),
        "failed": sum(one != ENDED for one in found),
        "why": ", ".join(f"{count} {name}" for name, count in why.most_common()),
        "seconds": round(time.perf_counter() - clock, 1),
        "CPU s": round(time.process_time(), 1),
    }


async def by_ours(peer: str, url: str, names: list[str], most: float) -> list[Any]:
    """Wait by the client's waiters: with a shared poller, or each for itself."""
    from aiobotantic.polling import SharedPoller
    from aiosagemaker import SageMaker

    async with SageMaker(endpoint_url=url) as client:
        poller = SharedPoller(list_rate=2, describe_rate=20) if peer == "shared" else None
        patient = client.with_options(poller=poller) if poller else client

        async def ended(name: str) -> Any:
            job = await patient.wait_until_training_job_completed_or_stopped(
                training_job_name=name, timeout=most, delay=DELAY
            )
            return job.training_job_status

        return await asyncio.gather(*map(ended, names), return_exceptions=True)


async def by_aiobotocore(_: str, url: str, names: list[str], most: float) -> list[Any]:
    """Wait by aiobotocore's waiters."""
    from aiobotocore.config import AioConfig
    from aiobotocore.session import get_session

    config = AioConfig(max_pool_connections=100)
    async with get_session().create_client("sagemaker", endpoint_url=url, config=config) as client:
        waiter = client.get_waiter("training_job_completed_or_stopped")
        pace = {"Delay": DELAY, "MaxAttempts": int(most / DELAY)}

        async def ended(name: str) -> Any:
            await waiter.wait(TrainingJobName=name, WaiterConfig=pace)
            return ENDED

        return await asyncio.gather(*map(ended, names), return_exceptions=True)


if __name__ == "__main__":
    main()
