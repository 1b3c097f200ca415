"""The server's faces: the generated client, and the program."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from aiobotantic.client import Client
from aiobotantic.manifest import spec_versions
from aiobotantic.operation import Service
from aiobotantic.testing.server import Server
from aiosagemaker.sagemaker.errors import ResourceNotFound, ValidationException
from aiosagemaker.sagemaker.models import NotebookInstanceStatus
from aiosagemaker.testing import SageMakerServer

ROLE = "arn:aws:iam::123456789012:role/tester"
PROGRAM = [sys.executable, "-m", "aiosagemaker_extras.server_cli"]


async def test_the_generated_client_lives_through_a_notebook_instance() -> None:
    async with SageMakerServer() as server, server.client() as sagemaker:
        assert sagemaker.region_name == "us-east-1"
        await asyncio.gather(
            *(
                sagemaker.create_notebook_instance(
                    notebook_instance_name=f"nb-{number:02}",
                    instance_type="ml.inf1.xlarge",
                    role_arn=ROLE,
                )
                for number in range(12)
            )
        )
        listed = [
            each.notebook_instance_name
            async for each in sagemaker.iter_notebook_instances(page_size=5)
        ]
        assert listed == [f"nb-{number:02}" for number in range(12)]
        ready = await sagemaker.wait_until_notebook_instance_in_service(
            notebook_instance_name="nb-00", timeout=5, delay=0
        )
        assert ready.notebook_instance_status == NotebookInstanceStatus.IN_SERVICE
        await sagemaker.stop_notebook_instance(notebook_instance_name="nb-00")
        await sagemaker.wait_until_notebook_instance_stopped(
            notebook_instance_name="nb-00", timeout=5, delay=0
        )
        await sagemaker.delete_notebook_instance(notebook_instance_name="nb-00")
        await sagemaker.wait_until_notebook_instance_deleted(
            notebook_instance_name="nb-00", timeout=5, delay=0
        )
        with pytest.raises(ValidationException, match="RecordNotFound"):
            await sagemaker.describe_notebook_instance(notebook_instance_name="nb-00")
        with pytest.raises(ResourceNotFound, match="does not exist"):
            await sagemaker.describe_inference_experiment(name="none")


async def test_the_client_of_a_server_takes_options() -> None:
    async with (
        SageMakerServer(region="eu-west-1") as server,
        server.client(aws_access_key_id="own") as sagemaker,
    ):
        assert sagemaker.region_name == "eu-west-1"
        assert sagemaker.endpoint_url == server.url
        listed = await sagemaker.list_models()

    assert listed.models == []


def test_a_protocol_that_is_not_spoken_is_an_error() -> None:
    class StrangeClient(Client):
        SERVICE = Service("strange.package", "strange", {"protocol": "query"})

    with pytest.raises(ValueError, match=r"^strange speaks query; the testing server speaks json"):
        Server(StrangeClient)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        (
            "DescribeNotebokInstance",
            "did you mean DescribeNotebookInstance or DeleteNotebookInstance or "
            "CreateNotebookInstance?",
        ),
        (
            "describe_endpoint",
            "did you mean DescribeEndpoint or DescribeEndpointConfig or DescribeDomain?",
        ),
        ("Typo", "pass a key of `operations`"),
    ],
)
def test_a_name_of_no_operation_is_refused_with_a_hint(name: str, hint: str) -> None:
    server = SageMakerServer()
    for use in (
        lambda: server.requests(name),
        lambda: server.fail_next(name, "ThrottlingException"),
        lambda: server.stream_next(name, []),
    ):
        with pytest.raises(ValueError) as caught:
            use()

        assert str(caught.value) == f"sagemaker has no operation {name}: {hint}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_program_serves_until_it_is_told_to_stop(number: signal.Signals) -> None:
    with subprocess.Popen(
        [*PROGRAM, "--region", "eu-west-1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        assert program.stdout is not None and program.stderr is not None
        try:
            url = program.stdout.readline().decode().strip()
            request = urllib.request.Request(
                url,
                b'{"ModelName":"m"}',
                {"X-Amz-Target": "SageMaker.CreateModel", "Authorization": "AWS4-HMAC-SHA256"},
            )
            with urllib.request.urlopen(request, timeout=10) as response:
                answer = json.loads(response.read())
            second = program.stdout.readline().decode().strip()
            page = second.removeprefix("Status page: ")
            with urllib.request.urlopen(f"{page}/state", timeout=10) as response:
                state = json.loads(response.read())
            program.send_signal(number)
            code = program.wait(timeout=10)
            errors = program.stderr.read()
        finally:
            program.kill()

    assert url.startswith("http://127.0.0.1:")
    assert page == f"{url}/_status"
    assert [each["identity"] for each in state["resources"]] == [{"ModelName": "m"}]
    assert answer["ModelArn"] == "arn:aws:sagemaker:eu-west-1:123456789012:model/m"
    assert (code, errors) == (0, b"")


def test_the_program_serves_any_service() -> None:
    with subprocess.Popen(
        [*PROGRAM, "--service", "sagemaker-runtime"], stdout=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        try:
            url = program.stdout.readline().decode().strip()
            headers = {"Authorization": "AWS4-HMAC-SHA256", "Content-Type": "text/csv"}
            request = urllib.request.Request(f"{url}/endpoints/e/invocations", b"1,2", headers)
            with urllib.request.urlopen(request, timeout=10) as response:
                answer = response.read(), response.headers["Content-Type"]
        finally:
            program.kill()

    assert answer == (b"1,2", "text/csv")


def test_the_program_says_how_it_is_used() -> None:
    run = subprocess.run([*PROGRAM, "--help"], capture_output=True, text=True)
    said = " ".join(run.stdout.split())
    services = "\n  ".join(["services:", *spec_versions("aiosagemaker")])

    assert (run.returncode, run.stderr) == (0, "")
    assert "give it to clients of all services as endpoint_url, with any credentials" in said
    assert run.stdout.endswith(f"{services}\n")
    for default in ("all at one address", "127.0.0.1", "0, a free one"):
        assert f"(default: {default})" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--port abc", "--port: 'abc' is no port: pass a number from 0 to 65535"),
        ("--port 99999", "--port: '99999' is no port: pass a number from 0 to 65535"),
        ("--port -1", "--port: '-1' is no port: pass a number from 0 to 65535"),
        ("--port=", "--port: '' is no port: pass a number from 0 to 65535"),
        ("--region us_east", "--region: 'us_east' is no region: pass one such as us-east-1"),
        ("--region=", "--region: '' is no region: pass one such as us-east-1"),
        (
            "--service sagemake",
            "--service: there is no service sagemake: choose one of "
            + ", ".join(spec_versions("aiosagemaker")),
        ),
    ],
)
def test_the_program_says_what_an_argument_may_be(arguments: str, says: str) -> None:
    run = subprocess.run([*PROGRAM, *arguments.split()], capture_output=True, text=True)

    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.endswith(f"aiosagemaker-server: error: argument {says}\n")


@pytest.mark.parametrize("host", ["no..host", "203.0.113.1"])
def test_the_program_names_a_host_that_is_not_here(host: str) -> None:
    run = subprocess.run([*PROGRAM, "--host", host], capture_output=True, text=True)

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith(f"aiosagemaker-server: cannot listen on {host} port 0: ")
    assert run.stderr.endswith("Choose another --host or --port; --port 0 takes a free one.\n")


def test_the_program_names_a_port_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        run = subprocess.run([*PROGRAM, "--port", str(port)], capture_output=True, text=True)

    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr.startswith(f"aiosagemaker-server: cannot listen on 127.0.0.1 port {port}: ")
    assert run.stderr.endswith("Choose another --host or --port; --port 0 takes a free one.\n")
