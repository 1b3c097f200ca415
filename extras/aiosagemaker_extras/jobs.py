"""What the client has for jobs beside the operations of the API."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import Any, Final

from aiobotantic.client import Client
from aiobotantic.errors import ThrottlingError
from aiosagemaker.sagemaker._operations.processing_job import ProcessingJobOperations
from aiosagemaker.sagemaker._operations.training_job import TrainingJobOperations
from aiosagemaker.sagemaker._operations.transform_job import TransformJobOperations
from aiosagemaker_extras.job_logs import LogEvent, LogOptions, read_logs

_ENDED: Final = frozenset({"Completed", "Failed", "Stopped", "Deleting"})


class Jobs(ProcessingJobOperations, TrainingJobOperations, TransformJobOperations, Client):
    """Logs of jobs, out of CloudWatch Logs."""

    def training_job_logs(
        self,
        training_job_name: str,
        *,
        follow: bool = False,
        tail: int | None = None,
        start_from: datetime | timedelta | None = None,
        delay: float = 10,
        endpoint_url: str | None = None,
        logs: Any = None,
    ) -> AsyncGenerator[LogEvent, None]:
        """Yield what a training job has written, all its instances, in order of time.

            async for event in sagemaker.training_job_logs("my-job", follow=True):
                print(event.timestamp, event.message)

        What arrives while it is followed is in order among what arrives together. No line comes
        twice. CloudWatch Logs is read with the client's region and credentials.

        Args:
            training_job_name: The job's name.
            follow: Whether to go on until the job has ended, and its last lines are read.
            tail: Begin with the last so many lines. Default: with the first.
            start_from: Leave out what is older than this moment, or longer ago than that.
            delay: Most seconds between two looks at what is new, which begin at a tenth of it; so
                long is waited for late lines when a job that is followed has ended.
            endpoint_url: Address of CloudWatch Logs. Default: what aiobotocore finds.
            logs: An aiobotocore client of CloudWatch Logs to read with, which stays open: one for
                many jobs. Default: one that is opened for this, and closed at the end.

        Raises:
            ServiceError: there is no such job, or its logs may not be read.
            ConfigurationError: an option has a value that it cannot have.
            ClientClosedError: the client is not open.
        """

        async def ended() -> bool:
            try:
                job = await self.describe_training_job(training_job_name=training_job_name)
            except ThrottlingError:  # it is asked again at the next look
                return False
            return job.training_job_status in _ENDED

        options = LogOptions(follow, tail, start_from, delay, endpoint_url, logs)
        return read_logs(self, "TrainingJobs", training_job_name, ended, options)

    def processing_job_logs(
        self,
        processing_job_name: str,
        *,
        follow: bool = False,
        tail: int | None = None,
        start_from: datetime | timedelta | None = None,
        delay: float = 10,
        endpoint_url: str | None = None,
        logs: Any = None,
    ) -> AsyncGenerator[LogEvent, None]:
        """Yield what a processing job has written, as `training_job_logs` does."""

        async def ended() -> bool:
            try:
                job = await self.describe_processing_job(processing_job_name=processing_job_name)
            except ThrottlingError:  # it is asked again at the next look
                return False
            return job.processing_job_status in _ENDED

        options = LogOptions(follow, tail, start_from, delay, endpoint_url, logs)
        return read_logs(self, "ProcessingJobs", processing_job_name, ended, options)

    def transform_job_logs(
        self,
        transform_job_name: str,
        *,
        follow: bool = False,
        tail: int | None = None,
        start_from: datetime | timedelta | None = None,
        delay: float = 10,
        endpoint_url: str | None = None,
        logs: Any = None,
    ) -> AsyncGenerator[LogEvent, None]:
        """Yield what a transform job has written, as `training_job_logs` does."""

        async def ended() -> bool:
            try:
                job = await self.describe_transform_job(transform_job_name=transform_job_name)
            except ThrottlingError:  # it is asked again at the next look
                return False
            return job.transform_job_status in _ENDED

        options = LogOptions(follow, tail, start_from, delay, endpoint_url, logs)
        return read_logs(self, "TransformJobs", transform_job_name, ended, options)
