"""The AWS CLI against `aiosagemaker-server`: `nox -s cli`.

The ordinary tests do not collect this file: the CLI needs versions of packages that the pins do not
have, so it lives in an environment of its own, and the variable CLI_PROGRAM names its program.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROLE = "arn:aws:iam::123456789012:role/tester"
VARIANT = "VariantName=v,ModelName=m,InitialInstanceCount=1,InstanceType=ml.m5.large"
Aws = Callable[..., Any]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    program = Path(sys.executable).with_name("aiosagemaker-server")
    with subprocess.Popen([program], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()
        assert server.wait(timeout=10) == 0


@pytest.fixture
def aws(url: str, tmp_path: Path) -> Aws:
    """A function that runs `aws` and returns what it prints; of a failure, what it complains of."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
    }
    program = Path(os.environ["CLI_PROGRAM"]).absolute()

    def run(*arguments: str) -> Any:
        done = subprocess.run(
            [program, *arguments, "--endpoint-url", url, "--output", "json"],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            return done.stderr.strip()
        return json.loads(done.stdout) if done.stdout else None

    return run


def test_a_notebook_instance_lives(aws: Aws) -> None:
    create = ("sagemaker", "create-notebook-instance", "--role-arn", ROLE)
    named = ("--notebook-instance-name", "nb")
    arn = "arn:aws:sagemaker:us-east-1:123456789012:notebook-instance/nb"
    assert aws(*create, *named, "--instance-type", "ml.p4d.24xlarge") == {
        "NotebookInstanceArn": arn
    }
    assert "Cannot create a duplicate Notebook Instance" in aws(
        *create, *named, "--instance-type", "ml.t3.medium"
    )
    aws(*create, "--notebook-instance-name", "other", "--instance-type", "ml.t3.medium")
    describe = ("sagemaker", "describe-notebook-instance", *named)
    assert aws(*describe)["NotebookInstanceStatus"] == "Pending"
    described = aws(*describe)
    assert described["NotebookInstanceStatus"] == "InService"
    assert described["InstanceType"] == "ml.p4d.24xlarge"
    listed = aws("sagemaker", "list-notebook-instances", "--name-contains", "n", "--page-size", "1")
    assert [each["NotebookInstanceArn"] for each in listed["NotebookInstances"]] == [arn]
    listed = aws("sagemaker", "list-notebook-instances", "--status-equals", "InService")
    assert {each["NotebookInstanceName"] for each in listed["NotebookInstances"]} >= {"nb"}
    assert aws("sagemaker", "stop-notebook-instance", *named) is None
    statuses = [aws(*describe)["NotebookInstanceStatus"] for _ in range(2)]
    assert statuses == ["Stopping", "Stopped"]
    assert aws("sagemaker", "delete-notebook-instance", *named) is None
    assert aws(*describe)["NotebookInstanceStatus"] == "Deleting"
    assert "An error occurred (ValidationException)" in aws(*describe)


def test_a_training_job_runs_and_writes_logs(aws: Aws) -> None:
    created = aws(
        *("sagemaker", "create-training-job", "--training-job-name", "j", "--role-arn", ROLE),
        *("--algorithm-specification", "TrainingImage=image:1,TrainingInputMode=File"),
        *("--output-data-config", "S3OutputPath=s3://bucket/out"),
        *("--resource-config", "InstanceType=ml.m5.large,InstanceCount=1,VolumeSizeInGB=5"),
        *("--stopping-condition", "MaxRuntimeInSeconds=60"),
    )
    assert created["TrainingJobArn"].endswith(":training-job/j")
    describe = ("sagemaker", "describe-training-job", "--training-job-name", "j")
    statuses = [aws(*describe)["TrainingJobStatus"] for _ in range(2)]
    assert statuses == ["InProgress", "Completed"]
    group = ("--log-group-name", "/aws/sagemaker/TrainingJobs")
    streams = aws("logs", "describe-log-streams", *group, "--log-stream-name-prefix", "j/")
    (stream,) = [each["logStreamName"] for each in streams["logStreams"]]
    events = aws("logs", "get-log-events", *group, "--log-stream-name", stream)["events"]
    assert [events[0]["message"], events[-1]["message"]] == ["Starting.", "Done."]
    found = aws("logs", "filter-log-events", *group, "--filter-pattern", "Step")["events"]
    assert [each["message"] for each in found] == ["Step 1 of 2.", "Step 2 of 2."]


def test_an_endpoint_is_invoked(aws: Aws, tmp_path: Path) -> None:
    aws("sagemaker", "create-model", "--model-name", "m", "--execution-role-arn", ROLE)
    config = ("--endpoint-config-name", "c")
    aws("sagemaker", "create-endpoint-config", *config, "--production-variants", VARIANT)
    named = ("--endpoint-name", "e")
    invoke = ("sagemaker-runtime", "invoke-endpoint", *named, "--body", "fileb://body")
    (tmp_path / "body").write_bytes(b"[1, 2]")
    assert "(ValidationError)" in aws(*invoke, "answer")
    aws("sagemaker", "create-endpoint", *named, *config)
    assert aws("sagemaker", "describe-endpoint", *named)["EndpointStatus"] == "Creating"
    assert aws(*invoke, "answer")["InvokedProductionVariant"]
    assert (tmp_path / "answer").read_bytes()
