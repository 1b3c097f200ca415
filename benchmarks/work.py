"""What is called: the answers of the canned server, the arguments of the calls, and their names."""

from __future__ import annotations

import json
import struct
from binascii import crc32
from typing import Any, Final

ROLE: Final = "arn:aws:iam::123456789012:role/service-role/SageMakerExecution"
ARN: Final = "arn:aws:sagemaker:us-east-1:123456789012"
IMAGE: Final = "123456789012.dkr.ecr.us-east-1.amazonaws.com/training"
DIGEST: Final = "sha256:" + "0123456789abcdef" * 4
NOTEBOOK: Final = "benchmark"
TRAINING_JOB: Final = "benchmark-2024-02-29-12-00-00-000"
ENDPOINT: Final = "benchmark"
PARTS: Final = 1_000
"""Parts of an event stream."""
TIME: Final = 1709208000.123

KINDS: Final = {
    "small": "DescribeNotebookInstance, 0.1 kB answer",
    "medium": "DescribeTrainingJob, 9 kB answer",
    "large": "ListTrainingJobs, 100 summaries, 75 kB answer",
    "deep": "CreateModelPackage, 20 kB nested request",
    "invoke_1k": "InvokeEndpoint, 1 kB each way",
    "invoke_1m": "InvokeEndpoint, 1 MB each way",
    "stream": f"InvokeEndpointWithResponseStream, {PARTS} parts",
}
"""Kinds of call."""


def small() -> dict[str, Any]:
    """Return an answer to DescribeNotebookInstance."""
    return {
        "NotebookInstanceName": NOTEBOOK,
        "NotebookInstanceStatus": "InService",
        "InstanceType": "ml.t3.medium",
        "CreationTime": TIME,
    }


def medium() -> dict[str, Any]:
    """Return an answer to DescribeTrainingJob."""
    bucket = "s3://sagemaker-us-east-1-123456789012/benchmark"
    status = ("Starting", "Downloading", "Training", "Uploading", "Completed")
    return {
        "TrainingJobName": TRAINING_JOB,
        "TrainingJobArn": f"{ARN}:training-job/{TRAINING_JOB}",
        "ModelArtifacts": {"S3ModelArtifacts": f"{bucket}/output/model.tar.gz"},
        "TrainingJobStatus": "Completed",
        "SecondaryStatus": "Completed",
        "HyperParameters": {f"hyper-parameter-{n}": f"{n / 7:.6f}" for n in range(40)},
        "AlgorithmSpecification": {
            "TrainingImage": f"{IMAGE}:2.3.0-gpu",
            "TrainingInputMode": "File",
            "MetricDefinitions": [
                {"Name": f"validation:metric-{n}", "Regex": f"metric-{n}: ([0-9\\.]+)"}
                for n in range(16)
            ],
        },
        "RoleArn": ROLE,
        "InputDataConfig": [
            {
                "ChannelName": f"channel-{n}",
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "S3Prefix",
                        "S3Uri": f"{bucket}/input/channel-{n}/",
                        "S3DataDistributionType": "FullyReplicated",
                    }
                },
                "ContentType": "application/x-parquet",
                "CompressionType": "None",
            }
            for n in range(8)
        ],
        "OutputDataConfig": {"S3OutputPath": f"{bucket}/output", "CompressionType": "GZIP"},
        "ResourceConfig": {
            "InstanceType": "ml.p4d.24xlarge",
            "InstanceCount": 2,
            "VolumeSizeInGB": 500,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
        "CreationTime": TIME,
        "TrainingStartTime": TIME,
        "TrainingEndTime": TIME + 3600,
        "LastModifiedTime": TIME + 3601,
        "SecondaryStatusTransitions": [
            {"Status": name, "StartTime": TIME, "EndTime": TIME + 60, "StatusMessage": f"{name}."}
            for name in status
        ],
        "FinalMetricDataList": [
            {"MetricName": f"validation:metric-{n}", "Value": n / 17, "Timestamp": TIME}
            for n in range(20)
        ],
        "EnableManagedSpotTraining": False,
        "TrainingTimeInSeconds": 3540,
        "BillableTimeInSeconds": 3540,
        "Environment": {f"VARIABLE_{n}": f"value of the variable {n}" for n in range(20)},
    }


def large() -> dict[str, Any]:
    """Return an answer to ListTrainingJobs."""
    return {
        "TrainingJobSummaries": [
            {
                "TrainingJobName": f"{TRAINING_JOB}-{n:03}-with-a-name-of-63-letters",
                "TrainingJobArn": f"{ARN}:training-job/{TRAINING_JOB}-{n:03}" + "-" + "x" * 60,
                "CreationTime": TIME + n,
                "TrainingEndTime": TIME + n + 3600,
                "LastModifiedTime": TIME + n + 3601,
                "TrainingJobStatus": "Completed",
                "SecondaryStatus": "Completed",
                "WarmPoolStatus": {
                    "Status": "Reused",
                    "ResourceRetainedBillableTimeInSeconds": 60,
                    "ReusedByJob": f"{TRAINING_JOB}-{n + 1:03}",
                },
                "TrainingPlanArn": f"{ARN}:training-plan/benchmark-" + "y" * 80,
            }
            for n in range(100)
        ],
        "NextToken": "t" * 200,
    }


def deep() -> dict[str, Any]:
    """Return arguments of CreateModelPackage, in AWS's names."""
    bucket = "s3://sagemaker-us-east-1-123456789012/benchmark"

    def source(name: str) -> dict[str, str]:
        return {
            "ContentType": "application/json",
            "ContentDigest": DIGEST,
            "S3Uri": f"{bucket}/quality/{name}.json",
        }

    def containers(count: int) -> list[dict[str, Any]]:
        return [
            {
                "ContainerHostname": f"container-{n}",
                "Image": f"{IMAGE}:2.3.{n}",
                "ImageDigest": DIGEST,
                "ModelDataSource": {
                    "S3DataSource": {
                        "S3Uri": f"{bucket}/models/{n}/",
                        "S3DataType": "S3Prefix",
                        "CompressionType": "None",
                        "ModelAccessConfig": {"AcceptEula": True},
                    }
                },
                "Environment": {f"VARIABLE_{k}": f"value of the variable {k}" for k in range(8)},
                "ModelInput": {"DataInputConfig": '{"input": [1, 3, 224, 224]}'},
                "Framework": "PYTORCH",
                "FrameworkVersion": "2.3",
            }
            for n in range(count)
        ]

    def specification(count: int) -> dict[str, Any]:
        return {
            "Containers": containers(count),
            "SupportedTransformInstanceTypes": ["ml.m5.large", "ml.m5.xlarge"],
            "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large", "ml.g5.xlarge"],
            "SupportedContentTypes": ["application/json", "text/csv"],
            "SupportedResponseMIMETypes": ["application/json"],
        }

    return {
        "ModelPackageGroupName": "benchmark",
        "ModelPackageDescription": "A model of the benchmark",
        "InferenceSpecification": specification(5),
        "AdditionalInferenceSpecifications": [
            {"Name": f"additional-{n}", "Description": "One more", **specification(2)}
            for n in range(8)
        ],
        "ModelApprovalStatus": "PendingManualApproval",
        "MetadataProperties": {"CommitId": "0" * 40, "Repository": "https://example.com/models"},
        "ModelMetrics": {
            "ModelQuality": {"Statistics": source("statistics"), "Constraints": source("limits")},
            "Bias": {"Report": source("bias")},
            "Explainability": {"Report": source("explainability")},
        },
        "Domain": "COMPUTER_VISION",
        "Task": "IMAGE_CLASSIFICATION",
        "SkipModelValidation": "All",
    }


def body(kind: str) -> bytes:
    """Return a body of InvokeEndpoint, which is its answer too."""
    return b"0123456789abcdef" * (64 if kind == "invoke_1k" else 65_536)


def stream() -> bytes:
    """Return the event stream that answers InvokeEndpointWithResponseStream."""
    names = {
        ":message-type": "event",
        ":event-type": "PayloadPart",
        ":content-type": "application/octet-stream",
    }
    head = b"".join(_header(name, value) for name, value in names.items())
    return b"".join(_frame(head, b"part %04d of the answer" % n) for n in range(PARTS))


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return struct.pack("!B", len(key)) + key + struct.pack("!BH", 7, len(text)) + text


def _frame(head: bytes, payload: bytes) -> bytes:
    prelude = struct.pack("!II", 16 + len(head) + len(payload), len(head))
    prelude += struct.pack("!I", crc32(prelude))
    frame = prelude + head + payload
    return frame + struct.pack("!I", crc32(frame))


ANSWERS: Final = {
    "SageMaker.DescribeNotebookInstance": json.dumps(small()).encode(),
    "SageMaker.DescribeTrainingJob": json.dumps(medium()).encode(),
    "SageMaker.ListTrainingJobs": json.dumps(large()).encode(),
    "SageMaker.CreateModelPackage": json.dumps(
        {"ModelPackageArn": f"{ARN}:model-package/benchmark/1"}
    ).encode(),
}
"""Bodies of the answers of the control plane, by `X-Amz-Target`."""
