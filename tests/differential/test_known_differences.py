"""What differs from botocore on purpose, with the reason. Each must differ, there and nowhere else.

The random comparisons leave these out: they sort queries, compare bodies as values, and make no
such times, numbers and codes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from behaviour.botocore_peer import botocore_data
from protocol.raw_server import RawServer

import aiosagemaker
from differential.beside import KEYS, OPTIONS, Botocores, Pair
from differential.from_spec import with_length

_JSON = {"Content-Type": "application/json", "x-amzn-RequestId": "request-1"}


@dataclass(frozen=True)
class Known:
    """One difference."""

    name: str
    reason: str
    client: str
    operation: str
    differ: list[str]
    """Places, each with what it is for us and for botocore."""
    sent: dict[str, Any] = field(default_factory=dict[str, Any])
    body: Any = field(default_factory=dict[str, Any])
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])


KNOWN = [
    Known(
        "spaces in bodies",
        "bodies are written without spaces; a service reads the same",
        "SageMaker",
        "DescribeModel",
        ["""bytes of the body: ours b'{"ModelName":"m"}', botocore's b'{"ModelName": "m"}'"""],
        sent={"ModelName": "m"},
    ),
    Known(
        "order of the query",
        "ours is the members', botocore's the arguments'; a signature sorts both",
        "SageMakerA2IRuntime",
        "ListHumanLoops",
        [
            "order of the query: ours 'FlowDefinitionArn=a&MaxResults=1', "
            "botocore's 'MaxResults=1&FlowDefinitionArn=a'"
        ],
        sent={"MaxResults": 1, "FlowDefinitionArn": "a"},
    ),
    Known(
        "years before 1000",
        "a year has four digits in ISO 8601; botocore leaves zeros out on Linux",
        "SageMakerA2IRuntime",
        "ListHumanLoops",
        [
            "query: ours ['CreationTimeAfter=0208-01-01T00%3A00%3A00Z', 'FlowDefinitionArn=a'], "
            "botocore's ['CreationTimeAfter=208-01-01T00%3A00%3A00Z', 'FlowDefinitionArn=a']",
            "order of the query: ",
            "signature: ",
        ],
        sent={"CreationTimeAfter": datetime(208, 1, 1, tzinfo=UTC), "FlowDefinitionArn": "a"},
    ),
    Known(
        "microseconds",
        "the last digit of a double may be another: less than a microsecond away",
        "SageMaker",
        "ListModels",
        [
            "body: ours {'CreationTimeAfter': 1.9999989999999999}, "
            "botocore's {'CreationTimeAfter': 1.999999}",
            "bytes of the body: ",
        ],
        sent={"CreationTimeAfter": datetime(1970, 1, 1, 0, 0, 1, 999999, tzinfo=UTC)},
    ),
    Known(
        "a document that is null",
        "None is a member that is absent, everywhere",
        "SageMakerTrainingSessionRuntime",
        "ExecuteTrainingOperation",
        [
            "body: ours {'clientToken': 't', 'operationConfig': {'forward': {'datumList': []}}}, "
            "botocore's {'clientToken': 't', 'operationConfig': "
            "{'forward': {'datumList': [], 'lossFnConfig': None}}}",
            "bytes of the body: ",
        ],
        sent={
            "trainingSessionName": "t",
            "clientToken": "t",
            "operationConfig": {"forward": {"datumList": [], "lossFnConfig": None}},
        },
    ),
    Known(
        "numbers that JSON has no digits for",
        "they are floats, as the annotation says; botocore leaves the text",
        "SageMaker",
        "DescribeTrialComponent",
        ["bytes of the body: ", "answer: /Metrics/0/Last: ours inf, botocore's 'Infinity'"],
        sent={"TrialComponentName": "t"},
        body={"Metrics": [{"Last": "Infinity"}]},
    ),
    Known(
        "members that the model does not list",
        "they are kept, so that a newer answer loses nothing",
        "SageMaker",
        "DescribeModel",
        ["bytes of the body: ", "answer: /Newer: ours 1, botocore's None"],
        sent={"ModelName": "m"},
        body={"Newer": 1},
    ),
    Known(
        "members of errors that the model does not list",
        "the same",
        "SageMaker",
        "DescribeModel",
        ["bytes of the body: ", "answer: /Newer: ours 1, botocore's None"],
        sent={"ModelName": "m"},
        body={"__type": "ResourceNotFound", "Message": "gone", "Newer": 1},
        status=400,
    ),
    Known(
        "a code in a header of a json service",
        "any service of AWS's may send it there; botocore looks only for rest-json",
        "SageMaker",
        "DescribeModel",
        [
            "bytes of the body: ",
            "answer: /Error/Code: ours 'ResourceNotFound', botocore's '400'",
        ],
        sent={"ModelName": "m"},
        body={"Message": "gone"},
        status=400,
        headers={"x-amzn-ErrorType": "ResourceNotFound"},
    ),
    Known(
        "an error without a message",
        "the HTTP status in words says more than nothing",
        "SageMaker",
        "DescribeModel",
        [
            "bytes of the body: ",
            "answer: /Error/Message: "
            "ours 'HTTP 503 Service Unavailable, no message in application/json', botocore's ''",
        ],
        sent={"ModelName": "m"},
        body={"__type": "ServiceUnavailable"},
        status=503,
    ),
    Known(
        "a member of a union that the model does not list",
        "its value is kept; botocore gives its name only",
        "SageMakerTrainingSessionRuntime",
        "GetSamplingOperationResult",
        ["answer: /operationResult/SDK_UNKNOWN_MEMBER: " "ours None, botocore's {'name': 'newer'}"],
        sent={"trainingSessionName": "t", "operationId": "o"},
        body={"operationResult": {"newer": {"a": 1}}},
    ),
]


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
async def test_a_known_difference_is_one(known: Known, tmp_path: Path) -> None:
    cls = getattr(aiosagemaker, known.client)
    data = botocore_data(tmp_path, cls.SERVICE.name)
    async with RawServer() as server:
        url = f"http://127.0.0.1:{server.port}"
        async with cls(
            region_name="us-east-1",
            endpoint_url=url,
            config=AioConfig(**OPTIONS),
            validation="off",
            **KEYS,
        ) as client:
            pair = Pair(server, client, Botocores(cls.SERVICE.name, url, data))
            pair.exact = True
            answer = with_length(
                known.status, {**_JSON, **known.headers}, json.dumps(known.body).encode()
            )
            await pair.trip(client.operations()[known.operation], known.sent, answer)
    prefix = f"{known.operation}: "
    found = [
        f"{place.removeprefix(prefix).removeprefix('request: ')}: {text}"
        for place, text in pair.compared.problems.items()
    ]
    assert len(found) == len(known.differ), found
    for text, expected in zip(found, known.differ, strict=True):
        assert text.startswith(expected), text
