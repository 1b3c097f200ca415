"""Requests that a queue holds: made as values, pickled, sent later. Written for 1.29.141."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import endpoints
import inference_experiments
import training_jobs

from aiobotantic.structure import Request
from aiosagemaker import SageMaker
from aiosagemaker.sagemaker import models


def requests() -> dict[str, Request[Any]]:
    """Return every queued request by name: each time the same."""
    return {
        "create_endpoint_config": endpoints.config("config-1"),
        "create_inference_experiment": inference_experiments.request("queued"),
        "create_notebook_instance": models.CreateNotebookInstanceInput(
            notebook_instance_name="queued",
            instance_type=models.InstanceType.ML_T3_MEDIUM,
            role_arn=training_jobs.ROLE,
            tags=[models.Tag(key="team", value="vision")],
        ),
        "create_training_job": training_jobs.request("queued", {"depth": "3"}),
        "list_training_jobs": models.ListTrainingJobsRequest(
            creation_time_after=datetime(2023, 5, 30, tzinfo=UTC), max_results=10
        ),
        "update_model_card": models.UpdateModelCardRequest(
            model_card_name="card", content='{"a": "b"}', model_card_status="Draft"
        ),
    }


async def main(client: SageMaker) -> None:
    for request in requests().values():
        await client.send(request)
