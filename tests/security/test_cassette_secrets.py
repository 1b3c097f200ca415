"""A planted secret never reaches a cassette: of all services, in both lanes."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest

from aiobotantic.bodies import Streamed
from aiobotantic.errors import AioBotanticError
from aiobotantic.structure import Structure
from aiosagemaker.testing import Cassette, client_class
from security.planted import Secrets, answer_of, arms, planted
from security.test_secrets_nowhere import (
    KEPT,
    KEYS,
    SENSITIVE,
    Door,
    canonical,
    error_body,
    running,
    walk_texts,
)

ACCOUNT = "987654321098"
PLAIN = (
    f"arn:aws:iam::{ACCOUNT}:role/R",
    "https://b.s3.amazonaws.com/k?X-Amz-Signature=51gn3d&X-Amz-Credential=AKIAABCDEFGHIJKLMNOP",
    "https://someone:a@pa55w0rd@host/path",
    "https://host/#frag3nt",
    f'{{"AWS_SECRET_ACCESS_KEY": "{KEYS["aws_secret_access_key"]}", "api_key": "k3y0fap1"}}',
    f"token is {KEYS['aws_session_token']}",
    "Authorization: Bearer b34r3rb34r3r",
    "Proxy: Basic dXNlcjpwYXNz",
    "postgres://u:p0stgr3s@host/db?a=b",
    "MYSQL_PWD=mysq1pwd PASSPHRASE=ph4s3 AccountKey=acc0unt==",
    "ghp_0123456789abcdefGHIJ sk-0123456789abcdefGHIJ",
    "-----BEGIN RSA PRIVATE KEY-----\nr5ar5a\n-----END RSA PRIVATE KEY-----",
    "AKIAABCDEFGHIJKLMNOP eyJhbGciOiJub25l.eyJzdWIiOiIxMjM0.c1gn",
    '{"Parameters": [{"Name": "DbPassword", "DefaultValue": "d3fault"}, {"OPENAI_KEY": "op3n"}]}',
    '{"ContainerArguments": ["--password", "4rgument", "--epochs", "3"]}',
    "train --db-password fr0mshell --epochs 3",
    "user: me\npassword: y4ml\n",
    "machine h login me password n3trc",
    b64encode(b"#!/bin/sh\nexport API_KEY=insid3 && login --token t0kenarg\n").decode(),
)
FORBIDDEN = (
    *(*KEPT, *KEYS.values(), ACCOUNT, "51gn3d", "AKIAABCDEFGHIJKLMNOP", "pa55w0rd", "frag3nt"),
    *("dXNlcjpw", "p0stgr3s", "mysq1pwd", "ph4s3", "acc0unt", "0123456789abcdefGHIJ"),
    *("k3y0fap1", "b34r3rb34r3r", "r5ar5a", "eyJhbGci", "d3fault", "op3n", "4rgument"),
    *("fr0mshell", "y4ml", "n3trc", "aW5zaWQz", "aW5zaWQ", "insid3", "t0kenarg", PLAIN[-1]),
)
BESIDE: dict[str, dict[str, Any]] = {
    "AddTags": {
        "ResourceArn": "arn",
        "Tags": [{"Key": "DB_PASSWORD", "Value": "t4gvalue"}, {"Key": "team", "Value": "shown"}],
    },
    "StartPipelineExecution": {
        "PipelineName": "p",
        "PipelineParameters": [{"Name": "ApiToken", "Value": "t4gvalue"}],
    },
    "CreateProcessingJob": {
        "AppSpecification": {
            "ContainerArguments": ["--password", "t4gvalue", "--epochs", "shown"],
        },
        "Environment": {"MYSQL_PASS": "t4gvalue", "OPENAI_KEY": "t4gvalue", "EPOCHS": "shown"},
    },
    "CreateNotebookInstanceLifecycleConfig": {
        "OnStart": [{"Content": b64encode(b"mysql --password=t4gvalue; echo go").decode()}],
    },
}
"""Secrets that what stands beside them calls so."""


@pytest.mark.parametrize(("name", "operation_name"), SENSITIVE)
async def test_sensitive_members_never_reach_a_cassette(
    name: str, operation_name: str, pipeline: Any, tmp_path: Path
) -> None:
    secrets, file = Secrets(*KEPT), tmp_path / "calls.json"
    async with running() as service:
        with Cassette(file, mode="record") as cassette:
            options: dict[str, Any] = {"region_name": "us-east-1", "endpoint_url": service.url}
            client = cassette.client(client_class(name), pipeline=pipeline, **options, **KEYS)
            operation = client.operations()[operation_name]
            most = max(arms(operation.request_class), arms(operation.response_class))
            async with client:
                view = client.with_options(retries=0, validation="off")
                for at in range(most):
                    headers, body = answer_of(
                        operation, planted(operation.response_class, secrets, at)
                    )

                    async def answer(door: Door) -> None:
                        await door.answer(body, headers)  # noqa: B023

                    async def repeat(door: Door) -> None:
                        said = f"{door.head.decode()} {door.body.decode('latin-1')}"
                        texts = walk_texts(said, secrets)
                        await door.answer(
                            error_body(f"{texts} {canonical(door)}"), status="400 Bad Request"
                        )

                    for service.respond in (answer, repeat):
                        await call(view, operation, planted(operation.request_class, secrets, at))
    text = file.read_text("utf-8")
    assert secrets.made > 0
    assert text.count('"operation"') == 2 * most
    assert secrets.found_in(text) is None
    assert [each for each in FORBIDDEN if each in text] == []


async def call(client: Any, operation: Any, request: Structure) -> None:
    try:
        answer = await client._send(operation, request)
        for value in vars(answer).values():
            if isinstance(value, Streamed):
                async with value as stream:
                    async for _ in stream:  # type: ignore[attr-defined]
                        pass
    except AioBotanticError:
        pass


async def test_plain_texts_are_searched(pipeline: Any, tmp_path: Path) -> None:
    file = tmp_path / "calls.json"
    async with running() as service:
        with Cassette(file, mode="record") as cassette:
            client = cassette.client(
                client_class("sagemaker"),
                *(),
                region_name="us-east-1",
                endpoint_url=service.url,
                pipeline=pipeline,
                **KEYS,
            )
            async with client:
                for text in PLAIN:

                    async def refuse(door: Door) -> None:
                        await door.answer(error_body(text), status="400 Bad")  # noqa: B023

                    service.respond = refuse
                    operation = client.operations()["CreateModel"]
                    members = {
                        "ModelName": "m",
                        "ExecutionRoleArn": text,
                        "PrimaryContainer": {"Environment": {"A": text, "DB_PASSWORD": "pa55w0rd"}},
                    }
                    view = client.with_options(validation="off", retries=0)
                    await call(view, operation, operation.request_class.from_wire(members))
    written = file.read_text("utf-8")

    assert written.count('"operation"') == len(PLAIN)
    assert [each for each in FORBIDDEN if each in written] == []


@pytest.mark.parametrize("operation_name", BESIDE)
async def test_what_a_neighbour_calls_a_secret_is_one(
    operation_name: str, pipeline: Any, tmp_path: Path
) -> None:
    file = tmp_path / "calls.json"
    async with running() as service:
        with Cassette(file, mode="record") as cassette:
            options: dict[str, Any] = {"region_name": "us-east-1", "endpoint_url": service.url}
            client = cassette.client(
                client_class("sagemaker"), pipeline=pipeline, **options, **KEYS
            )
            async with client:

                async def answer(door: Door) -> None:
                    await door.answer(b"{}")

                service.respond = answer
                operation = client.operations()[operation_name]
                request = operation.request_class.from_wire(BESIDE[operation_name])
                await call(client.with_options(validation="off"), operation, request)
    written = file.read_text("utf-8")

    assert "t4gvalue" not in written
    assert written.count("shown") == str(BESIDE[operation_name]).count("shown")
    for text in re.findall(r'"Content": "([^"]+)"', written):
        assert b64decode(text) == b"mysql --password=***; echo go"


async def test_a_record_is_masked_by_the_names_of_its_features(
    pipeline: Any, tmp_path: Path
) -> None:
    file = tmp_path / "calls.json"
    async with running() as service:
        with Cassette(file, mode="record", keep=("Record",)) as cassette:
            options: dict[str, Any] = {"region_name": "us-east-1", "endpoint_url": service.url}
            client = cassette.client(
                client_class("sagemaker-featurestore-runtime"), pipeline=pipeline, **options, **KEYS
            )
            async with client:

                async def answer(door: Door) -> None:
                    await door.answer(b"")

                service.respond = answer
                operation = client.operations()["PutRecord"]
                record = [
                    {"FeatureName": "password", "ValueAsString": "t4gvalue"},
                    {"FeatureName": "passwords", "ValueAsStringList": ["t4gvalue"]},
                    {"FeatureName": "age", "ValueAsString": "shown"},
                ]
                request = operation.request_class.from_wire(
                    {"FeatureGroupName": "f", "Record": record}
                )
                await call(client, operation, request)
    written = file.read_text("utf-8")

    assert "t4gvalue" not in written
    assert "shown" in written
