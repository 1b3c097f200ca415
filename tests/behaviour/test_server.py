"""The embedded server, asked by botocore over real HTTP: what it keeps, and how it refuses."""

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from botocore.exceptions import ClientError, WaiterError
from botocore_peer import ROLE, botocore_client, botocore_data

from aiosagemaker_extras.testing import SageMakerServer

HEADERS = {"X-Amz-Target": "SageMaker.CreateNotebookInstance", "Authorization": "AWS4-HMAC-SHA256"}
QUICK = {"Delay": 0, "MaxAttempts": 5}
ARN = "arn:aws:sagemaker:us-east-1:123456789012"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return botocore_data(tmp_path_factory.mktemp("botocore"))


@pytest_asyncio.fixture
async def server() -> AsyncIterator[SageMakerServer]:
    async with SageMakerServer() as server:
        yield server


def notebook(name: str = "nb", **members: Any) -> dict[str, Any]:
    return {
        "NotebookInstanceName": name,
        "InstanceType": "ml.p4d.24xlarge",
        "RoleArn": ROLE,
    } | members


def variant(name: str) -> dict[str, Any]:
    infrastructure = {"InstanceType": "ml.inf1.xlarge", "InstanceCount": 1}
    return {
        "ModelName": name,
        "VariantName": name,
        "InfrastructureConfig": {
            "InfrastructureType": "RealTimeInference",
            "RealTimeInferenceConfig": infrastructure,
        },
    }


def experiment(name: str = "exp", **members: Any) -> dict[str, Any]:
    return {
        "Name": name,
        "Type": "ShadowMode",
        "RoleArn": ROLE,
        "EndpointName": "ep",
        "ModelVariants": [variant("now"), variant("next")],
        "ShadowModeConfig": {
            "SourceModelVariantName": "now",
            "ShadowModelVariants": [{"ShadowModelVariantName": "next", "SamplingPercentage": 10}],
        },
    } | members


def refusal(call: Callable[..., Any], **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


async def test_a_notebook_instance_lives_from_creation_to_deletion(
    server: SageMakerServer, data: Path
) -> None:
    def live() -> None:
        sagemaker = botocore_client(server.url, data)
        created = sagemaker.create_notebook_instance(
            **notebook(
                LifecycleConfigName="setup",
                SecurityGroupIds=["sg-1"],
                DefaultCodeRepository="https://example.com/code",
            )
        )
        assert created["NotebookInstanceArn"] == f"{ARN}:notebook-instance/nb"
        described = sagemaker.describe_notebook_instance(NotebookInstanceName="nb")
        assert described["NotebookInstanceStatus"] == "Pending"
        assert described["NotebookInstanceArn"] == created["NotebookInstanceArn"]
        assert described["NotebookInstanceLifecycleConfigName"] == "setup"
        assert described["SecurityGroups"] == ["sg-1"]
        assert described["VolumeSizeInGB"] == 5
        assert described["Url"] == "nb.notebook.us-east-1.sagemaker.aws"

        wait(sagemaker, "notebook_instance_in_service")
        sagemaker.stop_notebook_instance(NotebookInstanceName="nb")
        wait(sagemaker, "notebook_instance_stopped")

        sagemaker.update_notebook_instance(
            NotebookInstanceName="nb",
            InstanceType="ml.inf1.xlarge",
            VolumeSizeInGB=64,
            DisassociateLifecycleConfig=True,
        )
        updating = sagemaker.describe_notebook_instance(NotebookInstanceName="nb")
        assert updating["NotebookInstanceStatus"] == "Updating"
        wait(sagemaker, "notebook_instance_stopped")
        updated = sagemaker.describe_notebook_instance(NotebookInstanceName="nb")
        assert (updated["InstanceType"], updated["VolumeSizeInGB"]) == ("ml.inf1.xlarge", 64)
        assert "NotebookInstanceLifecycleConfigName" not in updated
        assert updated["DefaultCodeRepository"] == "https://example.com/code"
        assert updated["LastModifiedTime"] > updated["CreationTime"] == described["CreationTime"]

        sagemaker.start_notebook_instance(NotebookInstanceName="nb")
        wait(sagemaker, "notebook_instance_in_service")
        sagemaker.stop_notebook_instance(NotebookInstanceName="nb")
        wait(sagemaker, "notebook_instance_stopped")
        sagemaker.delete_notebook_instance(NotebookInstanceName="nb")
        deleting = sagemaker.list_notebook_instances()["NotebookInstances"]
        assert [each["NotebookInstanceStatus"] for each in deleting] == ["Deleting"]
        wait(sagemaker, "notebook_instance_deleted")
        assert sagemaker.list_notebook_instances()["NotebookInstances"] == []

    def wait(sagemaker: Any, waiter: str) -> None:
        sagemaker.get_waiter(waiter).wait(NotebookInstanceName="nb", WaiterConfig=QUICK)

    await asyncio.to_thread(live)


async def test_a_notebook_instance_refuses_what_its_status_forbids(
    server: SageMakerServer, data: Path
) -> None:
    def ask() -> None:
        sagemaker = botocore_client(server.url, data)
        sagemaker.create_notebook_instance(**notebook())
        name = {"NotebookInstanceName": "nb"}
        unable = "Unable to transition to ({}) for Notebook Instance ({}:notebook-instance/nb)."

        assert refusal(sagemaker.create_notebook_instance, **notebook()) == (
            "ValidationException",
            f"Cannot create a duplicate Notebook Instance ({ARN}:notebook-instance/nb)",
        )
        assert refusal(sagemaker.delete_notebook_instance, **name) == (
            "ValidationException",
            "Status (Pending) not in ([Stopped, Failed]). " + unable.format("Deleting", ARN),
        )
        assert refusal(sagemaker.stop_notebook_instance, **name) == (
            "ValidationException",
            "Status (Pending) not in ([InService]). " + unable.format("Stopping", ARN),
        )
        assert refusal(sagemaker.update_notebook_instance, **name, VolumeSizeInGB=9) == (
            "ValidationException",
            "Status (Pending) not in ([Stopped, Failed]). " + unable.format("Updating", ARN),
        )
        described = sagemaker.describe_notebook_instance(**name)
        assert (described["NotebookInstanceStatus"], described["VolumeSizeInGB"]) == ("Pending", 5)
        for operation in ("describe", "start", "stop", "delete", "update"):
            call = getattr(sagemaker, f"{operation}_notebook_instance")
            assert refusal(call, NotebookInstanceName="other") == (
                "ValidationException",
                "RecordNotFound",
            )

    await asyncio.to_thread(ask)


async def test_an_inference_experiment_lives_from_creation_to_deletion(
    server: SageMakerServer, data: Path
) -> None:
    def live() -> None:
        sagemaker = botocore_client(server.url, data)
        arn = sagemaker.create_inference_experiment(**experiment())["InferenceExperimentArn"]
        assert arn == f"{ARN}:inference-experiment/exp"
        assert statuses(sagemaker, 3) == ["Creating", "Running", "Running"]
        described = sagemaker.describe_inference_experiment(Name="exp")
        assert described["EndpointMetadata"]["EndpointName"] == "ep"
        assert [each["Status"] for each in described["ModelVariants"]] == ["InService"] * 2
        assert "CompletionTime" not in described

        sagemaker.update_inference_experiment(Name="exp", ModelVariants=[variant("other")])
        assert statuses(sagemaker, 2) == ["Updating", "Running"]
        changed = sagemaker.describe_inference_experiment(Name="exp")["ModelVariants"]
        assert [(each["VariantName"], each["Status"]) for each in changed] == [
            ("other", "InService")
        ]

        sagemaker.stop_inference_experiment(
            Name="exp",
            ModelVariantActions={"other": "Retain"},
            DesiredState="Cancelled",
            Reason="enough",
        )
        assert statuses(sagemaker, 2) == ["Stopping", "Cancelled"]
        stopped = sagemaker.describe_inference_experiment(Name="exp")
        assert stopped["StatusReason"] == "enough"
        assert stopped["CompletionTime"] >= stopped["CreationTime"]
        (listed,) = sagemaker.list_inference_experiments(StatusEquals="Cancelled")[
            "InferenceExperiments"
        ]
        assert listed["Name"] == "exp"
        assert sagemaker.delete_inference_experiment(Name="exp")["InferenceExperimentArn"] == arn
        assert refusal(sagemaker.describe_inference_experiment, Name="exp") == (
            "ResourceNotFound",
            f"Inference experiment {arn} does not exist.",
        )

    def statuses(sagemaker: Any, times: int) -> list[str]:
        looks = (sagemaker.describe_inference_experiment(Name="exp") for _ in range(times))
        return [look["Status"] for look in looks]

    await asyncio.to_thread(live)


async def test_an_experiment_of_the_future_waits_until_it_is_started(
    server: SageMakerServer, data: Path
) -> None:
    def ask() -> None:
        sagemaker = botocore_client(server.url, data)
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        sagemaker.create_inference_experiment(**experiment(Schedule={"StartTime": tomorrow}))
        described = [sagemaker.describe_inference_experiment(Name="exp") for _ in range(3)]
        assert [each["Status"] for each in described] == ["Creating", "Created", "Created"]
        assert described[0]["Schedule"]["StartTime"] == tomorrow
        sagemaker.update_inference_experiment(Name="exp", Description="later")
        for _ in range(2):
            described = [sagemaker.describe_inference_experiment(Name="exp")]
        assert described[0]["Status"] == "Created"
        sagemaker.start_inference_experiment(Name="exp")
        listed = [
            sagemaker.list_inference_experiments()["InferenceExperiments"][0]["Status"]
            for _ in range(2)
        ]
        assert listed == ["Starting", "Running"]

    await asyncio.to_thread(ask)


async def test_an_inference_experiment_refuses_by_the_errors_of_the_model(
    server: SageMakerServer, data: Path
) -> None:
    def ask() -> None:
        sagemaker = botocore_client(server.url, data)
        sagemaker.create_inference_experiment(**experiment())
        with pytest.raises(sagemaker.exceptions.ResourceInUse, match="already exists"):
            sagemaker.create_inference_experiment(**experiment())
        with pytest.raises(sagemaker.exceptions.ConflictException, match=r"Status \(Creating\)"):
            sagemaker.delete_inference_experiment(Name="exp")
        with pytest.raises(sagemaker.exceptions.ConflictException, match=r"not in \(\[Created\]\)"):
            sagemaker.start_inference_experiment(Name="exp")
        with pytest.raises(sagemaker.exceptions.ResourceNotFound):
            sagemaker.stop_inference_experiment(Name="no", ModelVariantActions={"a": "Retain"})

    await asyncio.to_thread(ask)


async def test_a_modelled_waiter_fails_where_the_resource_is_absent(
    server: SageMakerServer, data: Path
) -> None:
    def ask() -> None:
        sagemaker = botocore_client(server.url, data)
        waiter = sagemaker.get_waiter("notebook_instance_deleted")
        waiter.wait(NotebookInstanceName="never", WaiterConfig=QUICK)
        sagemaker.create_notebook_instance(**notebook())
        with pytest.raises(WaiterError, match="Max attempts exceeded"):
            waiter.wait(NotebookInstanceName="nb", WaiterConfig=QUICK)

    await asyncio.to_thread(ask)


async def test_pages_are_whole_in_order_and_survive_a_deletion(data: Path) -> None:
    names = [f"nb-{number:02}" for number in range(25)]

    def ask(url: str) -> None:
        sagemaker = botocore_client(url, data)
        for name in reversed(names):
            sagemaker.create_notebook_instance(**notebook(name))
        first = sagemaker.list_notebook_instances()
        assert (len(first["NotebookInstances"]), "NextToken" in first) == (10, True)
        for size in (1, 7, 25, 100):
            pages = sagemaker.get_paginator("list_notebook_instances").paginate(
                PaginationConfig={"PageSize": size}
            )
            assert [each for page in pages for each in listed(page)] == names
        backwards = sagemaker.list_notebook_instances(SortOrder="Descending", MaxResults=2)
        assert listed(backwards) == ["nb-24", "nb-23"]
        sagemaker.stop_notebook_instance(NotebookInstanceName="nb-23")
        sagemaker.delete_notebook_instance(NotebookInstanceName="nb-23")
        more = sagemaker.list_notebook_instances(
            SortOrder="Descending", MaxResults=2, NextToken=backwards["NextToken"]
        )
        assert listed(more) == ["nb-22", "nb-21"]
        for token in (first["NextToken"], "none of ours"):
            arguments = {"SortOrder": "Descending", "NextToken": token}
            assert refusal(sagemaker.list_notebook_instances, **arguments) == (
                "ValidationException",
                "Invalid NextToken",
            )

    def listed(page: Any) -> list[str]:
        return [each["NotebookInstanceName"] for each in page["NotebookInstances"]]

    async with SageMakerServer(steps=0) as server:
        await asyncio.to_thread(ask, server.url)


async def test_lists_filter_and_sort(data: Path) -> None:
    clock = itertools.count(1_700_000_000)

    def ask(url: str) -> None:
        sagemaker = botocore_client(url, data)
        repository = {"AdditionalCodeRepositories": ["one", "two"]}
        for name, more in (("b", {}), ("a", repository), ("ab", {"LifecycleConfigName": "set"})):
            sagemaker.create_notebook_instance(**notebook(name, **more))
        sagemaker.stop_notebook_instance(NotebookInstanceName="a")
        found = sagemaker.list_notebook_instances()["NotebookInstances"]
        created = {each["NotebookInstanceName"]: each["CreationTime"] for each in found}

        def names(**arguments: Any) -> list[str]:
            listed = sagemaker.list_notebook_instances(**arguments)["NotebookInstances"]
            return [each["NotebookInstanceName"] for each in listed]

        assert names() == ["a", "ab", "b"]
        assert names(StatusEquals="Stopped") == ["a"]
        assert names(NameContains="b") == ["ab", "b"]
        assert names(SortBy="CreationTime") == ["b", "a", "ab"]
        assert names(SortBy="Status", SortOrder="Descending") == ["a", "b", "ab"]
        assert names(CreationTimeAfter=created["b"]) == ["a", "ab"]
        assert names(CreationTimeBefore=created["ab"], NameContains="b") == ["b"]
        assert names(AdditionalCodeRepositoryEquals="two") == ["a"]
        assert names(NotebookInstanceLifecycleConfigNameContains="se") == ["ab"]
        assert names(NameContains="c") == []

    async with SageMakerServer(steps=0, now=lambda: float(next(clock))) as server:
        await asyncio.to_thread(ask, server.url)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (0, ["InService"] * 4),
        (1, ["Pending", "InService", "InService", "InService"]),
        (3, ["Pending", "Pending", "Pending", "InService"]),
    ],
)
async def test_a_passing_status_is_shown_as_often_as_asked(
    steps: int, expected: list[str], data: Path
) -> None:
    def ask(url: str) -> list[str]:
        sagemaker = botocore_client(url, data)
        sagemaker.create_notebook_instance(**notebook())
        looks = (sagemaker.describe_notebook_instance(NotebookInstanceName="nb") for _ in expected)
        return [look["NotebookInstanceStatus"] for look in looks]

    async with SageMakerServer(steps=steps) as server:
        assert await asyncio.to_thread(ask, server.url) == expected


async def test_resources_move_on_by_command_too(server: SageMakerServer, data: Path) -> None:
    def ask() -> None:
        sagemaker = botocore_client(server.url, data)
        sagemaker.create_notebook_instance(**notebook())
        server.state.advance()
        kept = server.state.notebook_instances["nb"]
        assert kept["NotebookInstanceStatus"] == "InService"

    await asyncio.to_thread(ask)


async def test_scripted_errors_come_in_order_and_are_not_carried_out(
    server: SageMakerServer, data: Path
) -> None:
    server.fail_next("CreateNotebookInstance", "ThrottlingException", times=2)
    server.fail_next("CreateNotebookInstance", "ServiceUnavailable", message="later")

    def ask() -> list[tuple[int, str, str]]:
        sagemaker = botocore_client(server.url, data)
        answers = []
        for _ in range(3):
            with pytest.raises(ClientError) as caught:
                sagemaker.create_notebook_instance(**notebook())
            response = caught.value.response
            status = response["ResponseMetadata"]["HTTPStatusCode"]
            answers.append((status, response["Error"]["Code"], response["Error"]["Message"]))
        assert sagemaker.list_notebook_instances()["NotebookInstances"] == []
        sagemaker.create_notebook_instance(**notebook())
        return answers

    throttled = (400, "ThrottlingException", "ThrottlingException was scripted")
    assert await asyncio.to_thread(ask) == [
        throttled,
        throttled,
        (503, "ServiceUnavailable", "later"),
    ]


async def test_the_journal_tells_what_was_asked_and_answered(
    server: SageMakerServer, data: Path
) -> None:
    def ask() -> str:
        sagemaker = botocore_client(server.url, data)
        refusal(sagemaker.describe_notebook_instance, NotebookInstanceName="nb")
        created = sagemaker.create_notebook_instance(**notebook())
        return str(created["ResponseMetadata"]["RequestId"])

    request_id = await asyncio.to_thread(ask)

    refused, created = server.journal
    assert (refused.operation, refused.status) == ("DescribeNotebookInstance", 400)
    assert refused.error == "ValidationException"
    assert (created.operation, created.status, created.error) == (
        "CreateNotebookInstance",
        200,
        None,
    )
    assert created.request == notebook()
    assert created.request_id == request_id != refused.request_id
    assert server.requests("CreateNotebookInstance") == [notebook()]
    assert ROLE not in repr(created)


@pytest.mark.parametrize(
    ("body", "headers", "status", "code", "message"),
    [
        (
            b'{"NotebookInstanceName":"_","InstanceType":"ml.t3.medium","RoleArn":"%s",'
            b'"VolumeSizeInGB":1,"Tags":[{"Key":""}],"SubnetId":"%s"}' % (ROLE.encode(), b"s" * 33),
            {},
            400,
            "ValidationException",
            "5 validation errors detected: "
            "Value '_' at 'notebookInstanceName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9])*; "
            f"Value '{'s' * 33}' at 'subnetId' failed to satisfy constraint: "
            "Member must have length less than or equal to 32; "
            "Value '' at 'tags.1.member.key' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1; "
            "Value null at 'tags.1.member.value' failed to satisfy constraint: "
            "Member must not be null; "
            "Value '1' at 'volumeSizeInGB' failed to satisfy constraint: "
            "Member must have value greater than or equal to 5",
        ),
        (
            b'{"NotebookInstanceName":"nb","InstanceType":"ml.t3.medium","RoleArn":null}',
            {},
            400,
            "ValidationException",
            "1 validation error detected: Value null at 'roleArn' failed to satisfy constraint: "
            "Member must not be null",
        ),
        (
            b'{"CodeRepositoryName":"c","GitConfig":{"RepositoryUrl":"ftp://x/x/x/x"}}',
            {"X-Amz-Target": "SageMaker.CreateCodeRepository"},
            400,
            "ValidationException",
            "1 validation error detected: Value 'ftp://x/x/x/x' at 'gitConfig.repositoryUrl' "
            "failed to satisfy constraint: Member must satisfy regular expression pattern: "
            "https://([^/]+)/?.{3,1016}",
        ),
        (
            b'{"NotebookInstanceName":7}',
            {},
            400,
            "SerializationException",
            "NUMBER_VALUE can not be converted to a String at 'notebookInstanceName'",
        ),
        (
            b'{"Tags":{}}',
            {},
            400,
            "SerializationException",
            "START_OBJECT can not be converted to a List at 'tags'",
        ),
        (b"[]", {}, 400, "SerializationException", "The body is not a JSON object."),
        (
            b"{",
            {},
            400,
            "SerializationException",
            "The body is not JSON: Expecting property name enclosed in double quotes: "
            "line 1 column 2 (char 1)",
        ),
        (
            b'{"VolumeSizeInGB":NaN}',
            {},
            400,
            "SerializationException",
            "The body is not JSON: NaN is no JSON number",
        ),
        (
            b"{}",
            {"X-Amz-Target": "SageMaker.Fly"},
            404,
            "UnknownOperationException",
            "The operation 'SageMaker.Fly' is not known.",
        ),
        (
            b"{}",
            {"X-Amz-Target": "Other.CreateNotebookInstance"},
            404,
            "UnknownOperationException",
            "The operation 'Other.CreateNotebookInstance' is not known.",
        ),
    ],
)
async def test_a_bad_request_is_refused_in_the_words_of_the_service(
    server: SageMakerServer,
    body: bytes,
    headers: dict[str, str],
    status: int,
    code: str,
    message: str,
) -> None:
    async with (
        ClientSession() as http,
        http.post(server.url, data=body, headers=HEADERS | headers) as response,
    ):
        answer = await response.json(content_type="application/x-amz-json-1.1")

    assert (response.status, answer) == (status, {"__type": code, "message": message})
    entry = server.journal[-1]
    assert (entry.status, entry.error) == (status, code)
    assert response.headers["x-amzn-RequestId"] == entry.request_id
    assert set(entry.request) <= {b.decode() for b in re.findall(rb'"(\w+)":', body)}
    assert bool(entry.request) == (code == "ValidationException" or b":7" in body or b"{}}" in body)
    assert "Date" in response.headers


async def test_a_request_without_credentials_is_refused(server: SageMakerServer) -> None:
    headers = {"X-Amz-Target": "SageMaker.ListNotebookInstances"}
    async with (
        ClientSession() as http,
        http.post(server.url, data=b"{}", headers=headers) as response,
    ):
        answer = await response.json(content_type=None)

    assert (response.status, answer["__type"]) == (403, "MissingAuthenticationTokenException")


async def test_an_operation_without_output_has_an_empty_body(
    server: SageMakerServer, data: Path
) -> None:
    await asyncio.to_thread(botocore_client(server.url, data).create_model, ModelName="m")
    headers = HEADERS | {"X-Amz-Target": "SageMaker.DeleteModel"}
    async with (
        ClientSession() as http,
        http.post(server.url, data=b'{"ModelName":"m"}', headers=headers) as response,
    ):
        assert (response.status, await response.read()) == (200, b"")


async def test_two_servers_share_nothing(data: Path) -> None:
    async with SageMakerServer() as one, SageMakerServer(region="eu-west-1") as other:

        def ask() -> list[Any]:
            botocore_client(one.url, data).create_notebook_instance(**notebook())
            client = botocore_client(other.url, data)
            assert client.list_notebook_instances()["NotebookInstances"] == []
            arn = client.create_notebook_instance(**notebook())["NotebookInstanceArn"]
            return [one.url != other.url, arn]

        assert await asyncio.to_thread(ask) == [
            True,
            "arn:aws:sagemaker:eu-west-1:123456789012:notebook-instance/nb",
        ]


async def test_a_stopped_server_says_so_and_frees_its_port() -> None:
    server = SageMakerServer()
    with pytest.raises(RuntimeError, match="does not run"):
        _ = server.url
    await server.start()
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(RuntimeError, match="runs already"):
        await server.start()
    with pytest.raises(OSError):
        await SageMakerServer(port=port).start()
    await server.stop()
    await server.stop()
    async with SageMakerServer(port=port) as second:
        assert second.url.endswith(f":{port}")
