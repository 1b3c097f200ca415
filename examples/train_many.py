"""Train with many settings at once: jobs, their logs as they come, and how each of them ended.

    python examples/train_many.py --image IMAGE --role ROLE_ARN --output s3://bucket/models \\
        --rates 0.1 0.01 0.001

Ctrl-C stops the jobs that still run. The exit code is 1 if a job failed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

from aiobotantic.errors import ServiceError, WaiterFailed
from aiobotantic.polling import SharedPoller
from aiosagemaker import SageMaker
from aiosagemaker.sagemaker.models import (
    AlgorithmSpecification,
    OutputDataConfig,
    ResourceConfig,
    StoppingCondition,
    TrainingInputMode,
    TrainingInstanceType,
)


@dataclass(frozen=True)
class Settings:
    """What all jobs share."""

    image: str
    role: str
    output: str
    instance_type: str
    delay: float


@dataclass(frozen=True)
class Ended:
    """How a job ended."""

    name: str
    rate: float
    status: str | None
    seconds: int | None
    reason: str | None


def main() -> int:
    """Train, print how it went, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--image", required=True)
    parser.add_argument("--role", required=True)
    parser.add_argument("--output", required=True, help="s3://bucket/prefix")
    parser.add_argument("--rates", required=True, nargs="+", type=float, metavar="RATE")
    parser.add_argument("--instance-type", default=TrainingInstanceType.ML_M5_XLARGE.value)
    parser.add_argument("--delay", default=30, type=float, help="most seconds between two looks")
    words = parser.parse_args()
    settings = Settings(words.image, words.role, words.output, words.instance_type, words.delay)
    try:
        ended = asyncio.run(train_all(settings, words.rates))
    except KeyboardInterrupt:
        print("stopped")
        return 130
    for job in sorted(ended, key=lambda job: job.rate):
        print(f"{job.name}  {job.status or '':10}  {job.seconds} s  {job.reason or ''}")
    return int(any(job.status == "Failed" for job in ended))


async def train_all(settings: Settings, rates: list[float]) -> list[Ended]:
    """Start a job for each rate, and wait for all of them."""
    sweep = f"sweep-{uuid4().hex[:8]}"
    async with SageMaker() as sagemaker, asyncio.TaskGroup() as group:
        # Lists tell the waiters which jobs have ended; logs ask for each job.
        patient = sagemaker.with_options(poller=SharedPoller())
        jobs = [
            group.create_task(train(patient, settings, f"{sweep}-{number}", rate))
            for number, rate in enumerate(rates)
        ]
    return [job.result() for job in jobs]


async def train(sagemaker: SageMaker, settings: Settings, name: str, rate: float) -> Ended:
    """Run one job to its end; stop it when that is cancelled."""
    try:
        return await run(sagemaker, settings, name, rate)
    except asyncio.CancelledError:
        with suppress(ServiceError):  # nobody knows whether it has begun
            await asyncio.shield(sagemaker.stop_training_job(training_job_name=name))
        raise


async def run(sagemaker: SageMaker, settings: Settings, name: str, rate: float) -> Ended:
    """Start one job, print what it writes, and wait for its end."""
    await sagemaker.create_training_job(
        training_job_name=name,
        role_arn=settings.role,
        hyper_parameters={"learning-rate": str(rate)},
        algorithm_specification=AlgorithmSpecification(
            training_image=settings.image, training_input_mode=TrainingInputMode.FILE
        ),
        output_data_config=OutputDataConfig(s3_output_path=settings.output),
        resource_config=ResourceConfig(
            instance_type=settings.instance_type, instance_count=1, volume_size_in_gb=10
        ),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=3600),
    )
    print(f"{name}: learning rate {rate}")
    telling = asyncio.create_task(tell(sagemaker, name, settings.delay))
    try:
        job = await sagemaker.wait_until_training_job_completed_or_stopped(
            training_job_name=name, timeout=4000, delay=settings.delay
        )
        await telling
    except WaiterFailed as failed:
        await telling
        return Ended(name, rate, "Failed", None, failed.reason)
    finally:
        telling.cancel()
    return Ended(name, rate, job.training_job_status, job.training_time_in_seconds, None)


async def tell(sagemaker: SageMaker, name: str, delay: float) -> None:
    """Print what a job writes, until it has ended."""
    async for event in sagemaker.training_job_logs(name, follow=True, delay=delay):
        print(f"{event.timestamp:%H:%M:%S} {event.stream}: {event.message}")


if __name__ == "__main__":
    sys.exit(main())
