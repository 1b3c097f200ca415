"""Members that would change where a request goes, or what stands in its head."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from http_service import HttpService, answer
from minispec import Generate, Mini

from aiobotantic.errors import RequestValidationError

SPEC: dict[str, Any] = {
    "metadata": {"protocol": "rest-json"},
    "operations": {
        "PutThing": {
            "http": {"method": "PUT", "requestUri": "/things/{Name}/parts/{Key+}"},
            "input": "ThingRequest",
        },
        "PutBare": {"http": {"method": "PUT", "requestUri": "/bare"}, "input": "BareRequest"},
    },
    "shapes": {
        "ThingRequest": {
            "members": {
                "Name": {"shape": "String", "location": "uri", "locationName": "Name"},
                "Key": {"shape": "String", "location": "uri", "locationName": "Key"},
                "Labels": {
                    "shape": "StringsByName",
                    "location": "headers",
                    "locationName": "x-label-",
                },
                "Hidden": {
                    "shape": "SecretsByName",
                    "location": "headers",
                    "locationName": "x-hidden-",
                },
            },
            "required": ["Name", "Key"],
        },
        "BareRequest": {
            "members": {
                "All": {"shape": "StringsByName", "location": "headers", "locationName": ""}
            }
        },
        "StringsByName": {"key": "String", "value": "String"},
        "SecretsByName": {"key": "String", "value": "String", "sensitive": True},
    },
}


@pytest.fixture(scope="module")
def mini(generated: Generate) -> Mini:
    return generated(SPEC)


@pytest.fixture
async def client(mini: Mini, service: HttpService) -> AsyncIterator[Any]:
    cls = mini.module("client").Mini
    async with cls(region_name="us-east-1", endpoint_url=service.url) as opened:
        yield opened


@pytest.mark.parametrize("validation", ["strict", "warn", "off"])
@pytest.mark.parametrize(
    ("name", "key", "problem"),
    [
        (".", "k", "name = '.': must not be '.' or '..'"),
        ("..", "k", "name = '..': must not be '.' or '..'"),
        ("", "k", "name = '': must not be empty"),
        ("n", "..", "key = '..': must not be '.' or '..'"),
        ("n", "a/../../b", "key = 'a/../../b': must not be '.' or '..'"),
        ("n", "./a", "key = './a': must not be '.' or '..'"),
        ("n", "a/.", "key = 'a/.': must not be '.' or '..'"),
    ],
)
async def test_no_label_leads_to_another_resource(
    client: Any, service: HttpService, validation: Any, name: str, key: str, problem: str
) -> None:
    checked = client.with_options(validation=validation)
    with pytest.raises(RequestValidationError) as caught:
        await checked.put_thing(name=name, key=key)
    assert problem in str(caught.value)
    assert str(caught.value).startswith("PutThing cannot be sent:")
    with pytest.raises(RequestValidationError, match=r"PutThing cannot be sent:\n  (Name|Key) = "):
        await checked.wire.put_thing(Name=name, Key=key)
    assert service.sent == []


@pytest.mark.parametrize(
    ("name", "key", "target"),
    [
        ("...", "a", "/things/.../parts/a"),
        (".a", "a/..b/c.", "/things/.a/parts/a/..b/c."),
        ("../x", "a", "/things/..%2Fx/parts/a"),
        ("%2e%2e", "a%2F..", "/things/%252e%252e/parts/a%252F.."),
        ("a?b#c", "d?e#f", "/things/a%3Fb%23c/parts/d%3Fe%23f"),
    ],
)
async def test_other_labels_arrive_as_they_are(
    client: Any, service: HttpService, name: str, key: str, target: str
) -> None:
    await client.put_thing(name=name, key=key)

    assert service.sent[0].target == target


@pytest.mark.parametrize("validation", ["strict", "off"])
@pytest.mark.parametrize("key", ["a b", "a:b", "a\r\nb", "a\nX-Evil: 1", "", "ä", "a\x00", "a/b"])
async def test_a_name_of_a_header_is_letters_digits_and_hyphens(
    client: Any, service: HttpService, key: str, validation: Any
) -> None:
    checked = client.with_options(validation=validation)
    if key:
        with pytest.raises(RequestValidationError) as caught:
            await checked.put_thing(name="n", key="k", labels={key: "v"})
        assert f"labels = {key!r}: must be letters, digits and hyphens" in str(caught.value)
        with pytest.raises(RequestValidationError) as caught:
            await checked.put_thing(name="n", key="k", hidden={key: "v"})
        assert "hidden = ***: must be letters, digits and hyphens" in str(caught.value)
    with pytest.raises(RequestValidationError, match=r"All = .*: must be letters, digits"):
        await checked.wire.put_bare(All={key: "v"})
    assert service.sent == []


@pytest.mark.parametrize("validation", ["strict", "off"])
async def test_names_of_headers_that_differ_by_case_alone_are_refused(
    client: Any, service: HttpService, validation: Any
) -> None:
    """botocore signs the values of both, and sends the last one alone."""
    checked = client.with_options(validation=validation)
    with pytest.raises(RequestValidationError) as caught:
        await checked.put_thing(name="n", key="k", labels={"part": "1", "Part": "2"})
    assert (
        "labels = 'Part': names a header that is there already: case does not tell headers apart"
    ) in str(caught.value)
    assert service.sent == []


async def test_other_names_of_headers_are_sent(client: Any, service: HttpService) -> None:
    service.script = [answer()]
    await client.put_thing(name="n", key="k", labels={"One_two.3": "v", "": "w"})

    headers = service.sent[0].headers
    assert (headers["x-label-one_two.3"], headers["x-label-"]) == ("v", "w")


@pytest.mark.parametrize("validation", ["strict", "off"])
async def test_a_value_of_a_header_holds_no_line(
    client: Any, service: HttpService, validation: Any
) -> None:
    checked = client.with_options(validation=validation)
    with pytest.raises(RequestValidationError, match="labels: must not hold control characters"):
        await checked.put_thing(name="n", key="k", labels={"a": "v\r\nX-Evil: 1"})
    assert service.sent == []
