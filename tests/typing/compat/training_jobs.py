"""A training job: nested configuration, lists and maps, what comes back. Written for 1.29.141."""

from __future__ import annotations

from collections.abc import Mapping

from aiosagemaker import SageMaker
from aiosagemaker.sagemaker import errors, models

ROLE = "arn:aws:iam::123456789012:role/tester"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/train:1"


def channel(name: str, uri: str) -> models.Channel:
    return models.Channel(
        channel_name=name,
        data_source=models.DataSource(
            s3_data_source=models.S3DataSource(
                s3_data_type=models.S3DataType.S3_PREFIX,
                s3_uri=uri,
                s3_data_distribution_type="FullyReplicated",
            )
        ),
        content_type="text/csv",
        compression_type=models.CompressionType.NONE,
    )


def request(
    name: str, hyper_parameters: Mapping[str, str], instance_count: int = 2
) -> models.CreateTrainingJobRequest:
    return models.CreateTrainingJobRequest(
        training_job_name=name,
        hyper_parameters=dict(hyper_parameters),
        algorithm_specification=models.AlgorithmSpecification(
            training_image=IMAGE,
            training_input_mode=models.TrainingInputMode.FILE,
            metric_definitions=[models.MetricDefinition(name="loss", regex="loss=([0-9.]+)")],
        ),
        role_arn=ROLE,
        input_data_config=[channel("train", "s3://bucket/train"), channel("test", "s3://bucket/t")],
        output_data_config=models.OutputDataConfig(s3_output_path="s3://bucket/out"),
        resource_config=models.ResourceConfig(
            instance_type=models.TrainingInstanceType.ML_P4D_24XLARGE,
            instance_count=instance_count,
            volume_size_in_gb=100,
        ),
        stopping_condition=models.StoppingCondition(max_runtime_in_seconds=3600),
        enable_managed_spot_training=True,
        environment={"EPOCHS": "3"},
        tags=[models.Tag(key="team", value="vision")],
    )


def metrics(described: models.DescribeTrainingJobResponse) -> dict[str, float]:
    found: dict[str, float] = {}
    for each in described.final_metric_data_list or []:
        if each.metric_name is not None and each.value is not None:
            found[each.metric_name] = each.value
    return found


async def main(client: SageMaker) -> None:
    created = await client.send(request("job-1", {"depth": "3"}))
    assert created.training_job_arn is not None
    described = await client.describe_training_job(training_job_name="job-1")
    status: models.TrainingJobStatus | None = described.training_job_status
    assert status is not None and status in list(models.TrainingJobStatus)
    seconds: int | None = described.training_time_in_seconds
    assert seconds is None or seconds >= 0
    assert all(isinstance(value, float) for value in metrics(described).values())
    if described.resource_config is not None:
        size: int | None = described.resource_config.volume_size_in_gb
        assert size is None or size >= 0
    await client.stop_training_job(training_job_name="job-1")
    jobs = client.iter_training_jobs(
        status_equals="InProgress", sort_by=models.SortBy.CREATION_TIME, limit=2
    )
    async for page in jobs.pages():
        for summary in page.training_job_summaries or []:
            assert isinstance(summary.training_job_name, str | None)
    try:
        await client.send(request("job-2", {}, instance_count=-1))
        raise AssertionError("a count below zero")
    except errors.RequestValidationError as error:
        assert "resource_config.instance_count" in str(error)
