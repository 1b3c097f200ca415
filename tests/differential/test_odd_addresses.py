"""Paths, queries and headers of every kind, at addresses of every kind: signed as botocore does."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from minispec import Generate
from protocol.raw_server import RawServer

from aiobotantic.client import Client
from differential.beside import KEYS, OPTIONS, TOKENS, Botocores, Pair
from differential.from_spec import with_length

UNSIGNED_HEADERS = ["baggage", "traceparent", "X-Amzn-Trace-Id", "TE", "Expect"]
"""Some that may change on the way: botocore signs none of them."""
SPEC: dict[str, Any] = {
    "metadata": {"protocol": "rest-json", "signingName": "other"},
    "operations": {
        "Ask": {
            "http": {"method": "GET", "requestUri": "/a/{Label}/b//c/{Greedy+}?fixed&also=1%2F2"},
            "input": "AskRequest",
        },
        "Plain": {"http": {"method": "DELETE", "requestUri": "/"}, "input": "PlainRequest"},
        "Tell": {
            "http": {"method": "PATCH", "requestUri": "/~x/%20/%C3%A9/."},
            "input": "TellRequest",
        },
    },
    "shapes": {
        "AskRequest": {
            "required": ["Label", "Greedy"],
            "members": {
                "Label": {"shape": "String", "location": "uri", "locationName": "Label"},
                "Greedy": {"shape": "String", "location": "uri", "locationName": "Greedy"},
                "Many": {"shape": "Strings", "location": "querystring", "locationName": "many"},
                "Odd": {"shape": "String", "location": "querystring", "locationName": "o d=d&"},
                "Others": {"shape": "Map", "location": "querystring"},
                "Flag": {"shape": "Boolean", "location": "querystring", "locationName": "Flag"},
                "Time": {"shape": "Timestamp", "location": "querystring", "locationName": "at"},
            },
        },
        "PlainRequest": {
            "members": {
                "Z": {"shape": "String", "location": "querystring", "locationName": "z"},
                "A": {"shape": "Strings", "location": "querystring", "locationName": "A"},
            }
        },
        "TellRequest": {
            "members": {
                **{
                    f"H{number}": {"shape": "String", "location": "header", "locationName": name}
                    for number, name in enumerate([*UNSIGNED_HEADERS, "x-Upper-CASE", "Accept"])
                },
                "All": {"shape": "Map", "location": "headers", "locationName": "x-meta-"},
                "Body": "Blob",
            },
            "payload": "Body",
        },
        "Strings": {"type": "list", "member": {"shape": "String"}},
        "Map": {"type": "map", "key": {"shape": "String"}, "value": {"shape": "String"}},
    },
}
TEXT = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        ["a/b", "/", "//", "a//b/", "../x", "x/../y", "%", "%25", "+", " ", "=&?#;", "~"]
    ),
)
LABEL = TEXT.filter(lambda text: text and not {".", ".."} & set(text.split("/")))
PRINTED = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs")), max_size=6)
MEMBERS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "Ask": st.fixed_dictionaries(
        {"Label": LABEL, "Greedy": LABEL},
        optional={
            "Many": st.lists(TEXT, max_size=4),
            "Odd": TEXT,
            "Others": st.dictionaries(TEXT, TEXT, max_size=3),
            "Flag": st.booleans(),
            "Time": st.datetimes(datetime(1970, 1, 1)).map(
                lambda moment: moment.replace(microsecond=0)
            ),
        },
    ),
    "Plain": st.fixed_dictionaries({}, optional={"Z": TEXT, "A": st.lists(TEXT, max_size=3)}),
    "Tell": st.fixed_dictionaries(
        {"Body": st.binary(max_size=9)},
        optional={
            **{f"H{number}": PRINTED for number in range(len(UNSIGNED_HEADERS) + 1)},
            "All": st.dictionaries(st.from_regex(r"[A-Za-z0-9-]{1,6}", fullmatch=True), PRINTED),
        },
    ),
}
ADDRESSES = ["127.0.0.1", "127.0.0.1/", "127.0.0.1/base", "127.0.0.1/b%20s/e/", "[::1]/x", "[::1]"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_requests_and_signatures(
    address: str, generated: Generate, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    mini = generated(SPEC)
    version = json.loads((mini.specs / "mini" / "service-2.json").read_text())["metadata"]
    data = tmp_path / "mini"
    data.mkdir()
    (data / version["apiVersion"]).symlink_to(mini.specs / "mini")
    host, slash, path = address.partition("/")
    with asyncio.Runner() as runner:
        server = runner.run(RawServer(host.strip("[]")).__aenter__())
        server.answer = with_length(200, {}, b"")
        url = f"http://{host}:{server.port}{slash}{path}"
        client = mini.module("client").Mini(
            region_name="us-east-1",
            endpoint_url=url,
            config=AioConfig(**OPTIONS),
            validation="off",
            aws_session_token=TOKENS[1],
            **KEYS,
        )
        runner.run(client.open())
        pair = Pair(server, client, Botocores("mini", url, tmp_path, TOKENS[1]))
        assert runner.run(lane_of(client)) == "fast"
        for name, members in MEMBERS.items():
            compare(runner, pair, name, members, request.config.getoption("--examples") * 2)
        runner.run(client.close())
        runner.run(server.__aexit__())
    assert not pair.compared.problems, "\n".join(map(": ".join, pair.compared.problems.items()))


async def lane_of(client: Client) -> str:
    return client.pipeline.lane


def compare(
    runner: asyncio.Runner, pair: Pair, name: str, members: st.SearchStrategy[Any], examples: int
) -> None:
    operation = pair.ours.operations()[name]

    @seed(0)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(members)
    def trip(sent: dict[str, Any]) -> None:
        runner.run(pair.trip(operation, sent, pair.server.answer))

    trip()
