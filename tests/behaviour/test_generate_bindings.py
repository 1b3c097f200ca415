"""Names, nulls, numbers and host names that the wire has in a way of its own."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from http_service import HttpService
from minispec import Generate, Mini, one_structure, refusals, sent

from aiobotantic.errors import RequestValidationError
from aiobotantic.structure import read_json

SPEC = one_structure(
    {
        "DisplayName": {"shape": "Short", "locationName": "label"},
        "Kind": {"shape": "Kind", "locationName": "kind"},
        "Part": {"shape": "Part", "locationName": "subPart"},
        "Loose": "SparseNames",
        "Dense": "Names",
        "ByName": "SparseMap",
        "Method": {"shape": "String", "location": "header", "locationName": "X-Method"},
        "IntegrationMethod": {"shape": "String", "locationName": "Method"},
        "Share": "Double",
    },
    metadata={"protocol": "rest-json"},
    shapes={
        "Short": {"type": "string", "max": 3},
        "Kind": {"enum": ["a", "b"]},
        "Part": {"members": {"Id": {"shape": "String", "locationName": "partId"}}},
        "Names": {"member": "String"},
        "SparseNames": {"member": "Short", "sparse": True},
        "SparseMap": {"key": "String", "value": "Kind", "sparse": True},
        "HostedRequest": {
            "members": {"Account": {"shape": "String", "hostLabel": True}},
            "required": ["Account"],
        },
    },
)
SPEC["operations"]["Ping"] = {"output": "SendResponse", "authtype": "none"}
SPEC["operations"]["Hosted"] = {
    "input": "HostedRequest",
    "endpoint": {"hostPrefix": "data-{Account}."},
}


@pytest.fixture(scope="module")
def mini(generated: Generate) -> Mini:
    return generated(SPEC)


def test_a_member_keeps_the_name_of_the_api_where_json_has_another(mini: Mini) -> None:
    made = mini.models.SendRequest(display_name="n", kind="b", part=mini.models.Part(id="1"))
    given = {"DisplayName": "n", "Kind": "b", "Part": {"Id": "1"}}

    assert sent(made) == {"label": "n", "kind": "b", "subPart": {"partId": "1"}}
    assert made.to_wire() == given
    assert mini.models.SendRequest.from_wire(given) == made
    answer = read_json(mini.models.SendResponse, json.dumps(sent(made)).encode())
    assert answer.to_wire() == given
    assert answer["DisplayName"] == answer.display_name == "n"
    assert "label" not in answer


def test_refusals_name_a_renamed_member_as_the_caller_does(mini: Mini) -> None:
    request = mini.models.SendRequest(display_name="long")

    assert refusals(request)[0].startswith("display_name = 'long': ")
    assert refusals(request, wire=True)[0].startswith("DisplayName = 'long': ")
    with pytest.raises(RequestValidationError, match="label: is not in the model"):
        mini.models.SendRequest.from_wire({"label": "n"})


def test_a_key_in_json_may_be_the_name_of_a_member_in_a_header(mini: Mini) -> None:
    request = mini.models.SendRequest(method="GET", integration_method="PUT")

    assert request.to_wire() == {"Method": "GET", "IntegrationMethod": "PUT"}
    assert sent(request) == {"Method": "PUT", "Method@header": "GET"}
    assert refusals(request) == []


def test_only_sparse_lists_and_maps_hold_nulls_in_requests(mini: Mini) -> None:
    make = mini.models.SendRequest

    assert sent(make(loose=["a", None])) == {"Loose": ["a", None]}
    assert refusals(make(loose=["a", None], by_name={"x": None, "y": "a"})) == []
    assert refusals(make(loose=[None, "long"]))[0].startswith("loose[1] = 'long': ")
    assert refusals(make(dense=["a", None]))[0].startswith("dense[1] = None: ")
    assert "list[Annotated[str, Length(max=3)] | None]" in mini.text("_shapes/send.py")


def test_a_null_in_an_answer_is_no_failure(mini: Mini) -> None:
    answer = read_json(mini.models.SendResponse, b'{"Dense": ["a", null], "ByName": {"x": null}}')

    assert answer.dense == ["a", None]
    assert answer.by_name == {"x": None}


@pytest.mark.parametrize(("value", "text"), [(math.nan, "NaN"), (-math.inf, "-Infinity")])
def test_numbers_without_a_literal_are_sent_by_name(mini: Mini, value: float, text: str) -> None:
    request = mini.models.SendRequest(share=value)

    assert sent(request) == {"Share": text}
    assert refusals(request) == []
    answer = read_json(mini.models.SendResponse, json.dumps(sent(request)).encode())
    assert repr(answer.share) == repr(value)


async def test_an_operation_without_input_takes_nothing(mini: Mini, service: HttpService) -> None:
    async with client(mini, service) as mini_client:
        await mini_client.ping()
        request = mini.models.PingRequest()
        assert isinstance(await mini_client.send(request), mini.models.SendResponse)
    assert [sent.body for sent in service.sent] == [{}, {}]


async def test_traits_of_botocores_pipeline_reach_it(mini: Mini, service: HttpService) -> None:
    async with client(mini, service) as mini_client:
        await mini_client.ping()
        await mini_client.send(mini.models.SendRequest())
    assert ["authorization" in sent.headers for sent in service.sent] == [False, True]


@pytest.mark.parametrize("account", ["a/b", "", "a b", "ä", "a@b"])
async def test_a_host_name_takes_no_other_characters(
    mini: Mini, service: HttpService, account: str
) -> None:
    async with client(mini, service) as mini_client:
        with pytest.raises(RequestValidationError, match="account: must be letters, digits"):
            await mini_client.hosted(account=account)
        with pytest.raises(RequestValidationError, match="Account: must be letters, digits"):
            await mini_client.wire.hosted(Account=account)
    assert service.sent == []


def client(mini: Mini, service: HttpService) -> Any:
    return mini.module("client").Mini(region_name="us-east-1", endpoint_url=service.url)
