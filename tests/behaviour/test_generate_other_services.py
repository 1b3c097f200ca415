"""What services other than SageMaker's have: pages of several lists, tokens inside structures or
made of structures, endpoints that members choose, operations that are not spoken, no rules."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from conftest import Generate
from http_service import HttpService, answer
from minispec import ENDPOINT_RULES, Mini, Spec

from aiobotantic.client import Client
from aiobotantic.errors import PaginationError

PAGES: Spec = {
    "operations": {
        "ScanItems": {"input": "ScanRequest", "output": "ScanResponse"},
        "DescribeStream": {"input": "StreamRequest", "output": "StreamResponse"},
        "ListThings": {"input": "ThingsRequest", "output": "ThingsResponse"},
    },
    "shapes": {
        "ScanRequest": {"members": {"StartKey": "Key", "PageSize": "Integer"}},
        "ScanResponse": {"members": {"Items": "Names", "Seen": "Names", "LastKey": "Key"}},
        "Key": {"key": "String", "value": "Cell"},
        "Cell": {"members": {"S": "String", "B": "Blob"}, "union": True},
        "Names": {"member": "String"},
        "StreamRequest": {"members": {"StartShard": "String"}},
        "StreamResponse": {"members": {"Stream": "Stream"}},
        "Stream": {"members": {"Shards": "Shards", "HasMore": "Boolean"}},
        "Shards": {"member": "Shard"},
        "Shard": {"members": {"Id": "String"}},
        "ThingsRequest": {"members": {"Marker": "String", "PageSize": "Integer"}},
        "ThingsResponse": {"members": {"Things": "Names", "Next": "String", "More": "Boolean"}},
    },
    "paginators": {
        "ScanItems": {
            "input_token": "StartKey",
            "output_token": "LastKey",
            "limit_key": "PageSize",
            "result_key": ["Items", "Seen"],
        },
        "DescribeStream": {
            "input_token": "StartShard",
            "output_token": "Stream.Shards[-1].Id",
            "more_results": "Stream.HasMore",
            "result_key": "Stream.Shards",
        },
        "ListThings": {
            "input_token": "Marker",
            "output_token": "Next",
            "more_results": "More",
            "result_key": "Things",
        },
    },
}


@pytest.fixture(scope="module")
def pages(generated: Generate) -> Mini:
    return generated(PAGES)


@pytest.fixture
async def client(pages: Mini, service: HttpService) -> AsyncIterator[Any]:
    async with client_of(pages)(region_name="us-east-1", endpoint_url=service.url) as client:
        yield client


def client_of(mini: Mini) -> type[Client]:
    cls: type[Client] = mini.module("client").Mini
    return cls


async def test_pages_of_several_lists_are_iterated_whole(client: Any, service: HttpService) -> None:
    key = {"id": {"B": "AAH/"}}
    service.script = [
        answer({"Items": ["a"], "Seen": ["x", "y"], "LastKey": key}),
        answer({"Items": ["b"]}),
    ]
    pages = [page async for page in client.iter_scan_items(page_size=2)]
    assert [(page.items, page.seen) for page in pages] == [(["a"], ["x", "y"]), (["b"], None)]
    assert [sent.body for sent in service.sent] == [
        {"PageSize": 2},
        {"PageSize": 2, "StartKey": key},
    ]


async def test_a_token_that_is_a_structure_resumes(client: Any, service: HttpService) -> None:
    key = {"id": {"B": "AAH/"}}
    service.script = [answer({"Items": ["a"], "LastKey": key}), answer({"Items": ["b"]})]
    first = client.iter_scan_items(limit=1)
    assert [page.items async for page in first] == [["a"]]
    token = first.resume_token
    assert isinstance(token, str)
    rest = client.iter_scan_items(starting_token=token)
    assert [page.items async for page in rest.pages()] == [["b"]]
    assert rest.resume_token is None
    assert service.sent[1].body == {"StartKey": key}


async def test_a_token_inside_a_structure_and_a_word_on_more(
    client: Any, service: HttpService
) -> None:
    def page(name: str, more: bool) -> Any:
        return answer({"Stream": {"Shards": [{"Id": "-"}, {"Id": name}], "HasMore": more}})

    service.script = [page("s1", True), page("s2", True), page("s3", False)]
    found = [page.stream.shards[-1].id async for page in client.iter_describe_stream()]
    assert found == ["s1", "s2", "s3"]
    assert [sent.body for sent in service.sent] == [{}, {"StartShard": "s1"}, {"StartShard": "s2"}]


async def test_a_token_counts_only_where_there_is_more(client: Any, service: HttpService) -> None:
    service.script = [
        answer({"Things": ["a"], "Next": "1", "More": True}),
        answer({"Things": ["b"], "Next": "2", "More": False}),
        answer({"Things": ["c"]}),
    ]
    assert [thing async for thing in client.iter_things()] == ["a", "b"]


async def test_what_is_no_resume_token(client: Any) -> None:
    for text in ("e30=", "WzFd", "bnVsbA==", "?", "eyJTdGFydEtleSI6IDF9"):
        with pytest.raises(PaginationError, match=r"^starting_token is .*: ScanItems cannot go"):
            client.iter_scan_items(starting_token=text)


async def test_a_member_may_be_called_page_size_where_no_limit_is(
    client: Any, service: HttpService
) -> None:
    assert [thing async for thing in client.iter_things(page_size=3)] == []
    assert service.sent[0].body == {"PageSize": 3}


def rule(url: dict[str, Any] | str, *conditions: Any) -> dict[str, Any]:
    endpoint = {"url": url, "properties": {}, "headers": {}}
    return {"conditions": list(conditions), "endpoint": endpoint, "type": "endpoint"}


async def test_members_choose_the_endpoint_as_its_rules_say(
    generated: Generate, service: HttpService
) -> None:
    mini = generated(
        {
            "operations": {
                "ByMember": {"input": "Given"},
                "ByPath": {
                    "input": "Nested",
                    "operationContextParams": {"Port": {"path": "Where.Port"}},
                },
                "ByNothing": {},
            },
            "shapes": {
                "Given": {
                    "members": {"Port": {"shape": "String", "contextParam": {"name": "Port"}}}
                },
                "Nested": {"members": {"Where": "Where"}},
                "Where": {"members": {"Port": "String"}},
            },
        }
    )
    port = service.url.rpartition(":")[2]
    parameters: Any = ENDPOINT_RULES["parameters"]
    port_parameter = {"required": False, "type": "string"}
    rules = {
        "version": "1.0",
        "parameters": {"Region": parameters["Region"], "Port": port_parameter},
        "rules": [
            rule("http://127.0.0.1:{Port}/", {"fn": "isSet", "argv": [{"ref": "Port"}]}),
            rule("http://127.0.0.1:1/"),
        ],
    }
    (mini.root / "mini" / "endpoint_rules.json").write_text(json.dumps(rules))
    async with client_of(mini)(region_name="us-east-1") as client:
        await client.wire.by_member(Port=port)
        await client.wire.by_path(Where={"Port": port})
        with pytest.raises(Exception, match=r"127\.0\.0\.1:1"):
            await client.with_options(retries=0).wire.by_nothing()
    assert service.operations == ["ByMember", "ByPath"]


def test_operations_that_are_not_spoken_are_left_out_and_named(generated: Generate) -> None:
    mini = generated(
        {
            "operations": {
                "Talk": {"input": "TalkRequest", "output": "Both"},
                "Find": {"input": "Both", "endpointdiscovery": {"required": True}},
                "Upload": {"input": "Both", "httpChecksum": {"requestChecksumRequired": True}},
                "Maybe": {"input": "Both", "endpointdiscovery": {}},
            },
            "shapes": {
                "TalkRequest": {"members": {"Voice": "Voice", "Only": "Only"}, "payload": "Voice"},
                "Voice": {"members": {"Sound": "Sound"}, "eventstream": True},
                "Sound": {"members": {"Data": "Blob"}, "event": True},
                "Only": {"members": {"A": "String"}},
                "Both": {"members": {"Shared": "Shared"}},
                "Shared": {"members": {"A": "String"}},
            },
        }
    )
    assert mini.generate().skipped == {
        "mini.Talk": "its request is a stream of events, which needs HTTP/2",
        "mini.Find": "it needs endpoint discovery",
        "mini.Upload": "it needs checksums of its bodies (httpChecksum)",
    }
    assert list(client_of(mini).operations()) == ["Maybe"]
    assert [name for name in dir(mini.models) if name[0] != "_"] == ["Both", "Shared"]


async def test_a_model_without_endpoint_rules(generated: Generate, service: HttpService) -> None:
    mini = generated({"operations": {"Ping": {}}})
    (mini.specs / "mini" / "endpoint-rule-set-1.json").unlink()
    mini.generate()
    async with client_of(mini)(region_name="us-east-1", endpoint_url=service.url) as client:
        await client.wire.ping()
    async with client_of(mini)(region_name="us-east-1") as client:
        assert client.endpoint_url == "https://mini.us-east-1.amazonaws.com"
    assert service.operations == ["Ping"]
