"""Operations: generated methods, called over HTTP."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from http_service import HttpService, answer, error
from minispec import Generate, Mini

from aiobotantic.errors import RequestValidationError, ServiceError, WaiterFailed
from aiobotantic.operation import Repeat
from aiobotantic.structure import EmptyOutput

SPEC = {
    "operations": {
        "CreatePet": {
            "input": "CreatePetRequest",
            "output": "CreatePetResponse",
            "errors": ["PetExists", "TooManyPets"],
        },
        "DeletePet": {"input": "DeletePetRequest", "errors": ["PetMissing"]},
        "DescribePet": {"input": "DescribePetRequest", "output": "DescribePetResponse"},
        "ListPets": {"input": "ListPetsRequest", "output": "ListPetsResponse"},
        "ListPetNames": {"input": "ListPetNamesRequest", "output": "ListPetNamesResponse"},
        "Import": {"input": "ImportRequest", "output": "CreatePetResponse"},
        "Send": {"input": "SendRequest"},
        "FooBar": {"input": "FooBarRequest", "deprecated": True},
    },
    "shapes": {
        "CreatePetRequest": {
            "members": {
                "Note": "String",
                "Name": "Name",
                "ClientToken": {"shape": "String", "idempotencyToken": True},
                "Kind": "Kind",
                "Operation": "String",
                "Extras": "Extras",
            },
            "required": ["Name", "ClientToken", "Kind"],
        },
        "Extras": {
            "members": {"Token": {"shape": "String", "idempotencyToken": True}},
            "required": ["Token"],
        },
        "CreatePetResponse": {"members": {"Name": "Name", "Kind": "Kind"}},
        "DeletePetRequest": {"members": {"Name": "Name"}, "required": ["Name"]},
        "DescribePetRequest": {"members": {"Name": "Name", "Waiters": "Kinds"}},
        "DescribePetResponse": {"members": {"Name": "Name", "Mood": "String"}},
        "ListPetsRequest": {
            "members": {"NextToken": "String", "Kind": "Kind", "MaxResults": "Integer"}
        },
        "ListPetsResponse": {"members": {"NextToken": "String", "Pets": "Pets"}},
        "ListPetNamesRequest": {"members": {"Marker": "String"}},
        "ListPetNamesResponse": {"members": {"NextMarker": "String", "Times": "Times"}},
        "ImportRequest": {"members": {"Name": "Name"}},
        "SendRequest": {"members": {}},
        "FooBarRequest": {"members": {"Old": {"shape": "String", "deprecated": True}}},
        "Name": {"type": "string", "min": 1, "max": 10},
        "Kind": {"enum": ["cat"]},
        "Kinds": {"member": "Kind"},
        "Pet": {"members": {"Name": "Name"}},
        "Pets": {"member": "Pet"},
        "Times": {"member": "Timestamp"},
        "PetExists": {
            "exception": True,
            "members": {
                "Message": "String",
                "Names": "Names",
                "Since": "Timestamp",
                "Args": "String",
                "RequestId": "String",
                "StatusCode": "Integer",
                "ByName": "CountByName",
                "Kind": "Kind",
                "Pet": "Pet",
            },
        },
        "PetMissing": {
            "exception": True,
            "error": {"code": "Pet.Missing", "httpStatusCode": 404},
            "members": {"message": "String"},
        },
        "TooManyPets": {
            "exception": True,
            "retryable": {"throttling": True},
            "members": {"Message": "String"},
        },
        "InternalServerException": {"exception": True, "members": {"Message": "String"}},
        "Names": {"member": "Name"},
        "CountByName": {"key": "String", "value": "Integer"},
    },
    "paginators": {
        "ListPets": {
            "input_token": "NextToken",
            "output_token": "NextToken",
            "limit_key": "MaxResults",
            "result_key": "Pets",
        },
        "ListPetNames": {
            "input_token": ["Marker"],
            "output_token": ["NextMarker"],
            "result_key": ["Times"],
        },
    },
    "waiters": {
        "PetHappy": {
            "operation": "DescribePet",
            "delay": 5,
            "maxAttempts": 7,
            "acceptors": [
                {"state": "success", "matcher": "path", "argument": "Mood", "expected": "happy"},
                {"state": "failure", "matcher": "path", "argument": "Mood", "expected": "gone"},
                {"state": "retry", "matcher": "error", "expected": "Pet.Missing"},
            ],
        },
        "PetGone": {
            "operation": "DescribePet",
            "delay": 1,
            "maxAttempts": 2,
            "acceptors": [{"state": "success", "matcher": "error", "expected": "Pet.Missing"}],
        },
        "PetNotFound": {
            "operation": "DescribePet",
            "delay": 1,
            "maxAttempts": 2,
            "acceptors": [{"state": "success", "matcher": "status", "expected": 404}],
        },
        "PetThere": {
            "operation": "DescribePet",
            "delay": 1,
            "maxAttempts": 2,
            "acceptors": [
                {"state": "success", "matcher": "status", "expected": 200},
                {"state": "success", "matcher": "error", "expected": False},
            ],
        },
    },
    "behaviour": """
        [repeat]
        read = ["describe", "list"]
        repeatable = ["delete"]
        [services.mini.repeat]
        DescribePet = { class = "repeatable", why = "It yawns." }
        CreatePet = { class = "once", why = "As every verb that no list has." }
    """,
}


@pytest.fixture(scope="module")
def mini(generated: Generate) -> Mini:
    return generated(SPEC)


@pytest.fixture
async def client(mini: Mini, service: HttpService) -> AsyncIterator[Any]:
    client = mini.module("client").Mini
    async with client(region_name="us-east-1", endpoint_url=service.url) as opened:
        yield opened


async def test_a_method_sends_what_it_is_given_and_returns_the_typed_answer(
    mini: Mini, client: Any, service: HttpService
) -> None:
    service.script = [answer({"Name": "tom", "Kind": "lynx"})]

    response = await client.create_pet(
        name="tom", kind="lynx", client_token="t", operation="op", note=None
    )

    assert response == mini.models.CreatePetResponse(name="tom", kind="lynx")
    assert response.response_metadata.request_id == "request-1"
    (request,) = service.sent
    assert request.operation == "CreatePet"
    assert request.body == {"Name": "tom", "Kind": "lynx", "ClientToken": "t", "Operation": "op"}
    assert request.headers["x-amz-target"] == "Mini.CreatePet"


async def test_required_arguments_come_first_and_all_are_keywords(client: Any) -> None:
    signature = inspect.signature(client.create_pet)

    assert [
        (name, parameter.default is parameter.empty, parameter.annotation)
        for name, parameter in signature.parameters.items()
    ] == [
        ("name", True, "str"),
        ("kind", True, "Kind | str"),
        ("note", False, "str | None"),
        ("client_token", False, "str | None"),
        ("operation", False, "str | None"),
        ("extras", False, "Extras | None"),
    ]
    assert {p.kind for p in signature.parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    assert signature.return_annotation == "CreatePetResponse"
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'kind'"):
        await client.create_pet(name="tom")
    with pytest.raises(TypeError, match="unexpected keyword argument 'nam'"):
        await client.create_pet(nam="tom", kind="cat")


async def test_a_broken_limit_is_told_before_anything_is_sent(
    client: Any, service: HttpService
) -> None:
    with pytest.raises(RequestValidationError) as caught:
        await client.create_pet(name="", kind="cat")

    assert "CreatePet breaks a limit of" in str(caught.value)
    assert "name = '': must have at least 1 char" in str(caught.value)
    assert service.sent == []


async def test_the_idempotency_token_is_made_up_at_the_top_and_nowhere_else(
    mini: Mini, client: Any, service: HttpService
) -> None:
    await client.create_pet(name="tom", kind="cat")
    await client.create_pet(name="tom", kind="cat")

    first, second = (request.body["ClientToken"] for request in service.sent)
    assert UUID(first) != UUID(second)
    with pytest.raises(RequestValidationError, match="Extras cannot be made:\n  token: is requ"):
        mini.models.Extras()


async def test_a_request_is_a_value(mini: Mini, client: Any, service: HttpService) -> None:
    service.script = [answer({"Name": "tom"})]
    request = pickle.loads(pickle.dumps(mini.models.CreatePetRequest(name="tom", kind="cat")))

    response = await client.send(request)

    assert response == mini.models.CreatePetResponse(name="tom")
    assert service.operations == ["CreatePet"]


async def test_the_wire_door_takes_the_names_of_the_wire(
    mini: Mini, client: Any, service: HttpService
) -> None:
    service.script = [answer({"Name": "tom"})]

    response = await client.wire.create_pet(Name="tom", Kind="cat", ClientToken="t")

    assert response == mini.models.CreatePetResponse(name="tom")
    assert service.sent[0].body == {"Name": "tom", "Kind": "cat", "ClientToken": "t"}


async def test_an_operation_without_output_returns_an_empty_one(
    client: Any, service: HttpService
) -> None:
    service.script = [answer()]

    response = await client.delete_pet(name="tom")

    assert type(response) is EmptyOutput
    assert response.response_metadata.status_code == 200


async def test_names_of_operations_that_python_or_the_client_has_taken(
    mini: Mini, client: Any, service: HttpService
) -> None:
    await client.import_(name="tom")
    await client.send_()
    await client.wire.import_(Name="tom")
    await client.wire.send_()

    assert service.operations == ["Import", "Send", "Import", "Send"]
    assert set(dir(client.wire)) == set(mini.module("wire").MiniWire.__annotations__)
    assert set(dir(client.wire)) <= set(dir(client))


def test_operations_say_how_they_may_be_repeated(mini: Mini) -> None:
    operations = mini.module("client").Mini.operations()

    assert {name: operation.repeat for name, operation in operations.items()} == {
        "CreatePet": Repeat.ONCE,
        "DeletePet": Repeat.REPEATABLE,
        "DescribePet": Repeat.REPEATABLE,
        "ListPets": Repeat.READ,
        "ListPetNames": Repeat.READ,
        "Import": Repeat.ONCE,
        "Send": Repeat.ONCE,
        "FooBar": Repeat.ONCE,
    }
    assert operations["CreatePet"].token == "client_token"
    assert operations["CreatePet"].errors == ("PetExists", "TooManyPets")
    assert operations["DeletePet"].errors == ("Pet.Missing",)
    assert {name for name, operation in operations.items() if operation.deprecated} == {"FooBar"}


async def test_an_iterator_gives_items_of_all_pages(client: Any, service: HttpService) -> None:
    service.script = [
        answer({"Pets": [{"Name": "a"}, {"Name": "b"}], "NextToken": "2"}),
        answer({"Pets": [{"Name": "c"}]}),
    ]

    names = [pet.name async for pet in client.iter_pets(kind="cat", page_size=2)]

    assert names == ["a", "b", "c"]
    assert [request.body for request in service.sent] == [
        {"Kind": "cat", "MaxResults": 2},
        {"Kind": "cat", "MaxResults": 2, "NextToken": "2"},
    ]


async def test_an_iterator_gives_pages_up_to_a_limit(
    mini: Mini, client: Any, service: HttpService
) -> None:
    service.script = [answer({"Times": [0, 1], "NextMarker": "2"}), answer({"Times": [2, 3]})]

    pages = [page async for page in client.iter_pet_names(limit=3).pages()]

    assert [len(page.times) for page in pages] == [2, 1]
    assert isinstance(pages[0], mini.models.ListPetNamesResponse)
    assert [request.body for request in service.sent] == [{}, {"Marker": "2"}]


def test_an_iterator_has_the_arguments_that_the_paginator_has(mini: Mini) -> None:
    client = mini.module("client").Mini

    def arguments(method: Any) -> list[str]:
        return list(inspect.signature(method).parameters)

    assert arguments(client.iter_pets) == ["self", "kind", "limit", "page_size", "starting_token"]
    assert arguments(client.iter_pet_names) == ["self", "limit", "starting_token"]


async def test_a_waiter_returns_the_last_response(
    mini: Mini, client: Any, service: HttpService
) -> None:
    service.script = [
        answer({"Mood": "grumpy"}),
        error("Pet.Missing", 404),
        answer({"Name": "tom", "Mood": "happy"}),
    ]

    response = await client.wait_until_pet_happy(name="tom", waiters_=["cat"], delay=0)

    assert response == mini.models.DescribePetResponse(name="tom", mood="happy")
    assert [request.body for request in service.sent] == [{"Name": "tom", "Waiters": ["cat"]}] * 3


async def test_a_waiter_fails_where_the_model_says_so(client: Any, service: HttpService) -> None:
    service.script = [answer({"Mood": "gone"})]

    with pytest.raises(WaiterFailed, match="PetHappy cannot be reached: it ended in the failure"):
        await client.wait_until_pet_happy(name="tom")


async def test_a_waiter_for_an_error_returns_nothing(client: Any, service: HttpService) -> None:
    service.script = [error("Pet.Missing", 404)]

    assert await client.wait_until_pet_gone(name="tom") is None
    assert await client.wait_until_pet_not_found(name="tom") is None


def test_the_signature_of_a_waiter_says_whether_there_is_a_last_response(mini: Mini) -> None:
    client = mini.module("client").Mini

    def returned(waiter: str) -> Any:
        return inspect.signature(getattr(client, f"wait_until_{waiter}")).return_annotation

    assert returned("pet_happy") == returned("pet_there") == "DescribePetResponse"
    assert returned("pet_gone") == returned("pet_not_found") == "DescribePetResponse | None"


def test_a_waiter_says_what_the_model_says(mini: Mini) -> None:
    waiters = mini.module("waiters")

    assert (waiters.PET_HAPPY.name, waiters.PET_HAPPY.delay) == ("PetHappy", 5)
    assert waiters.PET_HAPPY.max_attempts == 7
    assert [
        (each.state, each.matcher, each.expected, each.argument)
        for each in waiters.PET_HAPPY.acceptors
    ] == [
        ("success", "path", "happy", "Mood"),
        ("failure", "path", "gone", "Mood"),
        ("retry", "error", "Pet.Missing", None),
    ]


async def test_a_modelled_error_is_raised_as_its_class_with_its_members(
    mini: Mini, client: Any, service: HttpService
) -> None:
    members: dict[str, Any] = {
        "Names": ["tom"],
        "Args": "a",
        "RequestId": "r",
        "StatusCode": 7,
        "ByName": {"a": 1},
        "Kind": "lynx",
        "Pet": {"Name": "tom"},
    }
    service.script = [error("PetExists", 409, **members)]
    errors = mini.module("errors")

    with pytest.raises(errors.PetExists) as caught:
        await client.create_pet(name="tom", kind="cat")

    found = caught.value
    assert (found.code, found.message, found.status_code) == ("PetExists", "PetExists!", 409)
    assert found.request_id == "request-1"
    assert (found.names, found.args_, found.request_id_) == (["tom"], "a", "r")
    assert (found.status_code_, found.by_name, found.kind) == (7, {"a": 1}, "lynx")
    assert (found.pet, found.since) == ({"Name": "tom"}, None)
    assert pickle.loads(pickle.dumps(found)).names == ["tom"]


async def test_an_error_is_found_by_its_code(mini: Mini, client: Any, service: HttpService) -> None:
    errors = mini.module("errors")
    service.script = [error("Pet.Missing", 404)]

    with pytest.raises(errors.PetMissing) as caught:
        await client.delete_pet(name="tom")

    assert errors.PetMissing.CODE == caught.value.code == "Pet.Missing"
    assert errors.ERRORS["Pet.Missing"] is errors.PetMissing


def test_errors_stand_in_the_tree_of_the_runtime(mini: Mini) -> None:
    from aiobotantic import errors as runtime

    errors = mini.module("errors")

    assert issubclass(errors.PetMissing, ServiceError)
    assert errors.TooManyPets.RETRYABLE
    assert not errors.PetExists.RETRYABLE
    assert issubclass(errors.InternalServerException, runtime.InternalServerException)
    assert errors.ERRORS["InternalServerException"] is errors.InternalServerException
    assert errors.ERRORS["ThrottlingException"] is errors.ThrottlingException
    assert errors.ThrottlingException is runtime.ThrottlingException
    assert errors.RequestValidationError is RequestValidationError
