"""botocore's protocol cases, end to end: spec, generator, generated client, each lane, HTTP.

What is compared is what botocore's own tests compare: of a request the method, the target, the
headers that a case names and the body, as JSON where it is JSON; of an answer the members of the
model, times as seconds since 1970, bytes as text. The table below has every difference, except for
three that many cases meet and that are on purpose:

- members of errors and structures that the model does not list are kept;
- where an error has no message, botocore gives none, and we give the HTTP status in words;
- a member of a union that the model does not list is kept as it is; botocore gives its name only.
"""

from __future__ import annotations

import json
import math
import re
from base64 import b64decode
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiobotocore.config import AioConfig
from case_specs import FILES, Case, cases, write_specs
from minispec import Mini, importable
from raw_server import Answer, Arrived, Loopback, RawServer

from aiobotantic.bodies import StreamingBody
from aiobotantic.client import Client
from aiobotantic.errors import ServiceError
from aiobotantic.event_stream import EventStream
from aiobotantic.structure import Structure, describe
from aiobotantic.unions import UnionStructure
from aiobotantic_codegen.pipeline import Request, generate

_CUSTOM_PATH = "botocore's pipeline drops the slash: it joins the endpoint's path and `/` so, too"
_JSON_VALUE = "a member that is JSON in a header takes and gives the value, as botocore's does"
_LENGTH = "HTTP wants a length of a POST; botocore's own test looks before the HTTP client adds it"
_RAW_TYPE = (
    "a body that is no JSON has the type that a member gives it, else none, as with botocore"
)
DIFFERENT = {
    "input/json:AwsJson11HostWithPath": ("target", _CUSTOM_PATH),
    "input/json_1_0:AwsJson10HostWithPath": ("target", _CUSTOM_PATH),
    "input/rest-json:RestJsonEnumPayloadRequest": ("header Content-Type", _RAW_TYPE),
    "input/rest-json:RestJsonHttpPayloadTraitsWithBlob": ("header Content-Type", _RAW_TYPE),
    "input/rest-json:RestJsonStringPayloadRequest": ("header Content-Type", _RAW_TYPE),
    "legacy/input/rest-json:Content-Type and JSON body:7": ("header Content-Type", _RAW_TYPE),
    "input/rest-json:RestJsonHttpChecksumRequired": (
        "header Content-MD5",
        "botocore's pipeline sends x-amz-checksum-crc32 in its place",
    ),
    "input/rest-json:MediaTypeHeaderInputBase64": ("header X-Json", _JSON_VALUE),
    "output/rest-json:MediaTypeHeaderOutputBase64": ("members", _JSON_VALUE),
    "input/rest-json:RestJsonNullAndEmptyHeaders": (
        "header X-C",
        "an empty list sends no header, as botocore does; the case wants an empty one",
    ),
    "legacy/input/rest-json:Content-Type and JSON body:6": ("header Content-Length", _LENGTH),
    "legacy/input/rest-json:Content-Type and JSON body:8": ("header Content-Length", _LENGTH),
    "legacy/input/rest-json:Content-Type and JSON body:9": ("header Content-Length", _LENGTH),
    "legacy/output/json:RPC JSON Event Stream:0": (
        "members",
        "members beside the events of a json service stay absent: no service of AWS's has any",
    ),
    "output/rest-json:RestJsonHttpPayloadTraitsWithNoBlobBody": (
        "members",
        "a body of bytes is b'' where nothing came, as botocore has it; the case wants it absent",
    ),
    "output/rest-json:RestJsonDeserializesDenseSetMapAndSkipsNull": (
        "members",
        "a null in a map stays, as botocore has it; the case wants it left out",
    ),
}
"""The cases in which we differ from what is expected: in what, and why. Nothing else differs."""

_TOKEN = "00000000-0000-4000-8000-000000000000"
"""What a case expects where the client makes up an idempotency token."""
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
Problem = tuple[str, str]
"""What differs, and how."""
_ALL = [case for file in FILES for case in cases(file)]
INPUTS = [case for case in _ALL if not case.is_answer]
OUTPUTS = [case for case in _ALL if case.is_answer]


@pytest.fixture(scope="module")
def packages(
    tmp_path_factory: pytest.TempPathFactory, generator_cache: Path
) -> Iterator[Mapping[str, str]]:
    """The generated package of each file of cases."""
    root = tmp_path_factory.mktemp("protocol")
    found = {}
    for file in FILES:
        package = re.sub(r"\W", "_", file.removesuffix(".json"))
        mini = Mini(root / "specs" / package, root / "out", f"cases_{package}")
        write_specs(mini, file)
        generate(Request(mini.specs, mini.out, mini.package))
        found[file] = mini.package
    with importable(mini):
        yield found


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    async with RawServer() as running:
        yield running


def client_of(case: Case, package: str, server: RawServer, pipeline: Any) -> Client:
    """Return a client of the case's service, at its endpoint: the host leads to the server."""
    endpoint = urlsplit(case.endpoint or "http://localhost")
    return case.client(package)(
        region_name="us-east-1",
        endpoint_url=f"http://{endpoint.netloc}:{server.port}{endpoint.path}",
        config=AioConfig(
            connector_args={"resolver": Loopback()}, retries={"total_max_attempts": 1}
        ),
        pipeline=pipeline,
    )


@pytest.mark.parametrize("case", INPUTS, ids=lambda case: case.id)
async def test_requests(
    case: Case, packages: Mapping[str, str], server: RawServer, pipeline: Any
) -> None:
    async with client_of(case, packages[case.file], server, pipeline) as client:
        assert client.pipeline.lane == (pipeline or "fast")
        await getattr(client.wire, case.method)(**case.params)
    [arrived] = server.arrived
    assert_as_expected(case, request_problems(case, arrived, server.port))


@pytest.mark.parametrize("case", OUTPUTS, ids=lambda case: case.id)
async def test_answers(
    case: Case, packages: Mapping[str, str], server: RawServer, pipeline: Any
) -> None:
    given = case.facts["response"]
    body = given.get("body", "").encode()
    streams = any(shape.get("eventstream") for shape in case.shapes.values())
    server.answer = Answer(
        given["status_code"], given.get("headers", {}), b64decode(body) if streams else body
    )
    async with client_of(case, packages[case.file], server, pipeline) as client:
        assert client.pipeline.lane == (pipeline or "fast")
        call = getattr(client.wire, case.method)
        if "error" in case.facts:
            with pytest.raises(ServiceError) as raised:
                await call()
            problems = error_problems(case, raised.value)
        else:
            found = await plain(await call())
            problems = differences("members", found, case.facts["result"])
    assert_as_expected(case, problems)


def assert_as_expected(case: Case, problems: Iterable[Problem]) -> None:
    """Assert that a case differs in what the table says, and in nothing else."""
    found = dict(problems)
    expected = [DIFFERENT[case.id][0]] if case.id in DIFFERENT else []
    assert list(found) == expected, found


def differences(place: str, found: object, expected: object) -> Iterator[Problem]:
    """Yield that a place differs, if it does."""
    if found != expected:
        yield place, f"{found!r} instead of {expected!r}"


def request_problems(case: Case, arrived: Arrived, port: int) -> Iterator[Problem]:
    """Yield how a request differs from what the case expects."""
    expected = case.facts["serialized"]
    path = urlsplit(case.endpoint or "").path
    target = expected.get("uri", "")
    if path and not target.startswith(path):
        target = path + target
    yield from differences("target", with_token(arrived.target), target)
    yield from differences("method", arrived.method, expected.get("method", arrived.method))
    if "host" in expected:
        host = expected["host"].partition("/")[0]
        yield from differences("host", arrived.headers["host"], f"{host}:{port}")
    for name, value in expected.get("headers", {}).items():
        found = with_token(arrived.headers.get(name.lower(), "absent"))
        yield from differences(f"header {name}", without_spaces(found), without_spaces(value))
    for name in expected.get("requireHeaders", ()):
        if name.lower() not in arrived.headers:
            yield f"header {name}", "absent"
    for name in expected.get("forbidHeaders", ()):
        yield from differences(f"header {name}", arrived.headers.get(name.lower()), None)
    if "body" in expected and not same_body(arrived.body, expected["body"]):
        yield "body", f"{arrived.body!r} instead of {expected['body']!r}"


def without_spaces(header: str) -> str:
    """Return a header with no space after its commas: it says the same."""
    return header.replace(", ", ",")


def same_body(found: bytes, expected: str) -> bool:
    """Compare bodies as JSON where they are JSON."""
    text = with_token(found.decode())
    try:
        return bool(json.loads(text) == json.loads(expected))
    except ValueError:
        return text == expected


def with_token(text: str) -> str:
    """Return a text with a random token replaced by the one that cases expect."""
    return _UUID.sub(_TOKEN, text)


def error_problems(case: Case, error: ServiceError) -> Iterator[Problem]:
    """Yield how an error differs from what the case expects."""
    facts = case.facts
    yield from differences("code", error.code, facts.get("errorCode", ""))
    message = facts.get("errorMessage", "")
    if message or not error.message.startswith("HTTP "):
        yield from differences("message", error.message, message)
    shape = case.error_shape(error.code)
    listed = shape["members"] if shape else {}
    members = {name: value for name, value in error.response.items() if name in listed}
    yield from differences("members", members, facts["error"])
    if shape is not None and type(error) is ServiceError:
        yield "class", "none of its own"


async def plain(value: Any) -> Any:
    """Return an answer as the cases write it: members of the model only."""
    match value:
        case StreamingBody():
            return (await value.read()).decode()
        case EventStream():
            return [await plain(event) async for event in value]
        case UnionStructure() if value.arm is not None and not value.is_known:
            return {"SDK_UNKNOWN_MEMBER": {"name": value.arm[0]}}
        case Structure():
            members = describe(type(value)).wire_names.items()
            found = {wire: await plain(getattr(value, name)) for name, wire in members}
            return {wire: each for wire, each in found.items() if each is not None}
        case Enum():
            return value.value
        case datetime():
            return value.timestamp()
        case bytes():
            return value.decode()
        case float() if not math.isfinite(value):
            return json.dumps(value)
        case list():
            return [await plain(each) for each in value]
        case dict():
            return {str(await plain(key)): await plain(each) for key, each in value.items()}
        case _:
            return value


@cache
def _ids() -> frozenset[str]:
    return frozenset(case.id for case in _ALL)


def test_every_difference_is_of_a_case() -> None:
    assert set(DIFFERENT) <= _ids()
