"""What a whole account has, as one Parquet file: for a nightly job, or a question on a Monday.

    pip install pyarrow
    python examples/inventory.py inventory.parquet
    python examples/inventory.py --region eu-west-1 eu-west-1.parquet

Each kind of resource is listed, several kinds at once, at a rate that the service allows. A kind
that may not be listed is told of and left out; then the exit code is 1. The file is replaced when
everything is read.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from aiobotantic.errors import ServiceError
from aiobotantic.pacing import AdaptivePacing
from aiosagemaker import SageMaker

AT_ONCE = 4
"""Kinds that are listed at once."""
SCHEMA = pa.schema(
    [
        pa.field("kind", pa.dictionary(pa.int32(), pa.string())),
        pa.field("name", pa.string()),
        pa.field("arn", pa.string()),
        pa.field("status", pa.string()),
        pa.field("created", pa.timestamp("us", "UTC")),
        pa.field("modified", pa.timestamp("us", "UTC")),
        pa.field("region", pa.dictionary(pa.int32(), pa.string())),
    ]
)


@dataclass(frozen=True)
class Kind:
    """A kind of resource: its name in the fields of a summary, and how it is listed."""

    name: str
    listed: Callable[[SageMaker], AsyncIterable[Any]]


KINDS = (
    Kind("app_image_config", SageMaker.iter_app_image_configs),
    Kind("auto_ml_job", SageMaker.iter_auto_ml_jobs),
    Kind("cluster", SageMaker.iter_clusters),
    Kind("code_repository", SageMaker.iter_code_repositories),
    Kind("compilation_job", SageMaker.iter_compilation_jobs),
    Kind("domain", SageMaker.iter_domains),
    Kind("endpoint", SageMaker.iter_endpoints),
    Kind("endpoint_config", SageMaker.iter_endpoint_configs),
    Kind("experiment", SageMaker.iter_experiments),
    Kind("feature_group", SageMaker.iter_feature_groups),
    Kind("hyper_parameter_tuning_job", SageMaker.iter_hyper_parameter_tuning_jobs),
    Kind("image", SageMaker.iter_images),
    Kind("inference_component", SageMaker.iter_inference_components),
    Kind("inference_experiment", SageMaker.iter_inference_experiments),
    Kind("labeling_job", SageMaker.iter_labeling_jobs),
    Kind("model", SageMaker.iter_models),
    Kind("model_package_group", SageMaker.iter_model_package_groups),
    Kind("monitoring_schedule", SageMaker.iter_monitoring_schedules),
    Kind("notebook_instance", SageMaker.iter_notebook_instances),
    Kind("pipeline", SageMaker.iter_pipelines),
    Kind("processing_job", SageMaker.iter_processing_jobs),
    Kind("training_job", SageMaker.iter_training_jobs),
    Kind("transform_job", SageMaker.iter_transform_jobs),
)


def main() -> int:
    """Write the file, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--region", help="default: the environment's, or the profile's")
    words = parser.parse_args()
    rows, refused = asyncio.run(read(words.region))
    write(rows, words.file)
    print(f"{words.file}: {len(rows)} resources of {len(KINDS) - len(refused)} kinds")
    for kind, error in refused.items():
        print(f"left out: {kind}: {error}", file=sys.stderr)
    return int(bool(refused))


async def read(region: str | None) -> tuple[list[dict[str, Any]], dict[str, ServiceError]]:
    """Return a row for each resource, and the kinds that may not be listed."""
    rows: list[dict[str, Any]] = []
    refused: dict[str, ServiceError] = {}
    turns = asyncio.Semaphore(AT_ONCE)

    async def list_kind(kind: Kind) -> None:
        async with turns:
            try:
                found = [
                    row_of(kind, each, sagemaker.region_name)
                    async for each in kind.listed(sagemaker)
                ]
            except ServiceError as error:
                refused[kind.name] = error
            else:
                rows.extend(found)

    async with SageMaker(region_name=region) as sagemaker:
        AdaptivePacing().attach(sagemaker)  # slower where the service throttles
        async with asyncio.TaskGroup() as group:
            for kind in KINDS:
                group.create_task(list_kind(kind))
    return rows, refused


def row_of(kind: Kind, summary: Any, region: str | None) -> dict[str, Any]:
    """Return the row of a resource."""

    def first(*names: str) -> Any:
        return next((getattr(summary, name) for name in names if hasattr(summary, name)), None)

    return {
        "kind": kind.name,
        "name": first(f"{kind.name}_name", "display_name"),
        "arn": first(f"{kind.name}_arn"),
        "status": first(f"{kind.name}_status", "status"),
        "created": first("creation_time", "created_at"),
        "modified": first("last_modified_time", "last_modified_at"),
        "region": region,
    }


def write(rows: list[dict[str, Any]], file: Path) -> None:
    """Write the rows, and put the file in place when it is whole."""
    rows.sort(key=lambda row: (row["kind"], row["name"] or ""))
    half = file.with_name(f".{file.name}.part")
    parquet.write_table(pa.Table.from_pylist(rows, SCHEMA), half, compression="zstd")
    half.replace(file)


if __name__ == "__main__":
    sys.exit(main())
