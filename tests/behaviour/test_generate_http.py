"""What HTTP cannot carry is refused when it is generated, not met on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from minispec import new_mini, one_structure

from aiobotantic_codegen.errors import GeneratorError, NameCollision, SpecError

AGAIN = ", or run `aiobotantic sync` again."
ANOTHER = "Give one of them another locationName."
HTTP = "mini/service-2.json#/operations/Send/http"
MEMBERS = "mini/service-2.json#/shapes/SendRequest/members"
SHAPES = "mini/service-2.json#/shapes"
MAP = {"key": "String", "value": "String"}
WHOLE = ("what is streamed is a whole body, and this is a part of one",)
WHOLE += (f"Make it the payload of an operation{AGAIN}",)
TEXT = "text, numbers, times and lists of them"
QUERY = "text, numbers, times, lists of them and maps of strings"


def at(location: str, name: str | None = None, shape: str = "String") -> dict[str, str]:
    named = {} if name is None else {"locationName": name}
    return {"shape": shape, "location": location, **named}


def spec(
    uri: str = "/", method: str = "POST", members: Mapping[str, Any] | None = None, **shapes: Any
) -> dict[str, Any]:
    """Return the spec of an operation `Send`."""
    made = one_structure({}, metadata={"protocol": "rest-json"}, shapes=shapes)
    made["operations"]["Send"]["http"] = {"method": method, "requestUri": uri}
    made["shapes"]["SendRequest"] = {"members": members or {}}
    return made


def at_host(prefix: str, **members: Any) -> dict[str, Any]:
    """Return a spec whose operation has a prefix of its host."""
    made = spec(members=members)
    made["operations"]["Send"]["endpoint"] = {"hostPrefix": prefix}
    return made


def answering(members: Mapping[str, Any], payload: str | None = None, **shapes: Any) -> Any:
    """Return a spec whose operation answers with members."""
    made = spec(**shapes)
    made["shapes"]["SendResponse"] = {
        "members": members,
        **({"payload": payload} if payload else {}),
    }
    return made


def speaking_json(**metadata: str | None) -> dict[str, Any]:
    """Return a spec of the protocol json."""
    return one_structure({}, metadata=metadata)


FINE: dict[str, dict[str, Any]] = {
    "a label, and one that holds slashes before more of the path": spec(
        "/a/{Id}/{Key+}/rest?x=1&y", "PUT", {"Id": at("uri"), "k": at("uri", "Key")}
    ),
    "one name in header, query and URI": spec(
        "/{a}", "GET", {"A": at("uri", "a"), "B": at("header", "a"), "C": at("querystring", "a")}
    ),
    "query names differ by case": spec(
        members={"One": at("querystring", "a"), "Two": at("querystring", "A")}
    ),
    "a map of headers without a prefix": spec(
        members={"Any": at("headers", "", "Map")}, Map={"key": "String", "value": "String"}
    ),
    "a host of a member": at_host("a-b.{Name}.", Name="String"),
    "lists and maps in the query": spec(
        members={
            "Many": at("querystring", shape="Numbers"),
            "Any": at("querystring", shape="ManyByName"),
        },
        Numbers={"member": "Integer"},
        Strings={"member": "String"},
        ManyByName={"key": "String", "value": "Strings"},
    ),
    "JSON of a structure in a header": spec(
        members={"Json": {**at("header", shape="Part"), "jsonvalue": True}},
        Part={"members": {"X": "String"}},
    ),
    "a payload beside headers": answering(
        {"Body": "Stream", "Id": at("header"), "Status": at("statusCode", shape="Integer")},
        "Body",
        Stream={"type": "blob", "streaming": True},
    ),
    "limits that are equal": spec(Size={"type": "integer", "min": 3, "max": 3}),
}
REFUSED: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "headers of one name": (
        spec(members={"One": at("header", "X-Trace"), "Two": at("header", "x-trace")}),
        MEMBERS,
        "the members 'One' and 'Two' are both 'x-trace' as a header",
        ANOTHER,
    ),
    "a header whose name follows from the member's": (
        spec(members={"Host": at("header"), "Two": at("header", "host")}),
        MEMBERS,
        "the members 'Host' and 'Two' are both 'host' as a header",
        ANOTHER,
    ),
    "query parameters of one name": (
        spec(members={"One": at("querystring", "q"), "Two": at("querystring", "q")}),
        MEMBERS,
        "the members 'One' and 'Two' are both 'q' as a query parameter",
        ANOTHER,
    ),
    "labels of one name": (
        spec("/{id}", members={"One": at("uri", "id"), "Two": at("uri", "id")}),
        MEMBERS,
        "the members 'One' and 'Two' are both 'id' as a label of the URI",
        ANOTHER,
    ),
    "keys of one name": (
        spec(members={"One": {"shape": "String", "locationName": "Two"}, "Two": "String"}),
        MEMBERS,
        "the members 'One' and 'Two' are both 'Two' in the JSON body",
        ANOTHER,
    ),
    "a label that no member fills": (
        spec("/a/{Id}", members={"Id": "String"}),
        f"{HTTP}/requestUri",
        "no member of 'SendRequest' fills the label {Id}",
        f"Give a member the location \"uri\" and the locationName 'Id'{AGAIN}",
    ),
    "a member that fills no label": (
        spec("/a/{Id}", members={"Id": at("uri"), "Key": at("uri", "key")}),
        f"{MEMBERS}/Key",
        "the URI of Send, '/a/{Id}', has no label {key}",
        f"Add the label to the URI, or correct locationName{AGAIN}",
    ),
    "a greedy label before another": (
        spec("/{Key+}/{Id}", members={"Id": at("uri"), "Key": at("uri")}),
        f"{HTTP}/requestUri",
        "the greedy label {Key+} is not the last label",
        f"Move it to the end, or remove its `+`{AGAIN}",
    ),
    "half a label": (
        spec("/{Id", members={"Id": at("uri")}),
        f"{HTTP}/requestUri",
        "'/{Id' has a brace that belongs to no label",
        f"Correct the URI{AGAIN}",
    ),
    **{
        f"{uri!r} as a URI": (
            spec(uri),
            f"{HTTP}/requestUri",
            f"{uri!r} is no path of a URI",
            f"Begin with `/`, and write no `#`, spaces, controls or letters beyond ASCII{AGAIN}",
        )
        for uri in (
            "/a#b",
            "/a\r\nX-Evil: 1",
            "/a\n",
            "/a\x00",
            "/a b",
            "/\xe9",
            "a",
            "",
            ".evil.example/",
        )
    },
    **{
        f"{method!r} as a method": (
            spec(method=method),
            f"{HTTP}/method",
            f"{method!r} is no method of HTTP",
            f"Name one such as `POST`{AGAIN}",
        )
        for method in ("GET / HTTP/1.1\r\nX: 1", "GET\n", "", "GE T", "G\x7f")
    },
    **{
        f"{name!r} as a header": (
            spec(members={"Trace": at("header", name)}),
            f"{MEMBERS}/Trace/locationName",
            f"{name!r} is no name of a header",
            f"Write letters, digits and `-`{AGAIN}",
        )
        for name in ("X Trace", "X:Trace", "X-Trace\r\nX-Evil", "X-Trace\n", "X-\xe9")
    },
    "a prefix of headers": (
        spec(
            members={"Labels": at("headers", "x label-", "Map")},
            Map={"key": "String", "value": "String"},
        ),
        f"{MEMBERS}/Labels/locationName",
        "'x label-' is no name of a header",
        f"Write letters, digits and `-`{AGAIN}",
    ),
    "a label after the question mark": (
        spec("/a?x={Id}", members={"Id": at("uri")}),
        f"{HTTP}/requestUri",
        "'/a?x={Id}' has a label after its `?`, where none is filled",
        f'Give the member the location "querystring"{AGAIN}',
    ),
    **{
        f"{prefix!r} before the host": (
            at_host(prefix),
            "mini/service-2.json#/operations/Send/endpoint/hostPrefix",
            f"{prefix!r} is no part of a host name",
            f"Write letters, digits, `-`, `.` and labels in braces{AGAIN}",
        )
        for prefix in ("evil.example/", "me@evil.", "a:80", "a\r\nb", "{Name.", "a.\n", "\xe9.")
    },
    **{
        f"a label of the host, {members}": (
            at_host("{Name}.", **members),
            "mini/service-2.json#/operations/Send/endpoint/hostPrefix",
            "no string of the input fills the label {Name}",
            f"Add the member, or correct the label{AGAIN}",
        )
        for members in ({}, {"Name": "Integer"})
    },
    **{
        f"{kind} in {location}": (
            spec(
                "/{A}" if location == "uri" else "/",
                members={"A": at(location, shape="Odd")},
                Odd=odd,
                Map=MAP,
            ),
            f"{MEMBERS}/A",
            f"the location {location!r} holds {holds}, not a {kind}",
            f"Correct the shape or the location{AGAIN}",
        )
        for location, holds, kind, odd in (
            ("uri", "text, numbers and times", "structure", {"members": {}}),
            ("uri", "text, numbers and times", "list of string", {"member": "String"}),
            ("header", TEXT, "structure", {"members": {}}),
            ("header", TEXT, "map of string", MAP),
            ("header", TEXT, "list of map of string", {"member": "Map"}),
            ("headers", "maps of strings", "string", {"type": "string"}),
            ("headers", "maps of strings", "map of integer", {"key": "String", "value": "Integer"}),
            ("querystring", QUERY, "structure", {"members": {}}),
            ("querystring", QUERY, "map of boolean", {"key": "String", "value": "Boolean"}),
        )
    },
    "a status that is text": (
        answering({"Status": at("statusCode")}),
        f"{SHAPES}/SendResponse/members/Status",
        "the location 'statusCode' holds integers, not a string",
        f"Correct the shape or the location{AGAIN}",
    ),
    "a status of a request": (
        spec(members={"Status": at("statusCode", shape="Integer")}),
        f"{MEMBERS}/Status",
        "a request has no status",
        f"Remove the member, or correct the location{AGAIN}",
    ),
    "a member that no body holds": (
        answering({"Body": "Blob", "Lost": "String"}, "Body"),
        f"{SHAPES}/SendResponse/members/Lost",
        "the body is 'Body' alone, and has no place for this member",
        f"Give it a location, or remove `payload`{AGAIN}",
    ),
    "a stream inside a body": (
        answering({"Body": {"shape": "Blob", "streaming": True}}),
        f"{SHAPES}/SendResponse/members/Body",
        *WHOLE,
    ),
    "events inside a body": (
        answering(
            {"Part": "Part"},
            Part={"members": {"Events": "Events"}},
            Events={"members": {}, "eventstream": True},
        ),
        f"{SHAPES}/Part/members/Events",
        *WHOLE,
    ),
    "a service without a target": (
        speaking_json(targetPrefix=None),
        "mini/service-2.json#/metadata",
        "a service of the protocol 'json' without `targetPrefix`",
        f"Add the key{AGAIN}",
    ),
    "a version that is no header": (
        speaking_json(jsonVersion="1.1\r\nX-Evil: 1"),
        "mini/service-2.json#/metadata/jsonVersion",
        "'1.1\\r\\nX-Evil: 1' cannot stand in a header",
        f"Write letters, digits, `.` and `_`{AGAIN}",
    ),
    **{
        f"a length of {text}": (
            spec(members={"A": "Odd"}, Odd={**shape, key: limit}),
            f"{SHAPES}/Odd/{key}",
            f"{text} is no length of a {kind}",
            f"Write a whole number from 0 to 9223372036854775807{AGAIN}",
        )
        for key, limit, text, kind, shape in (
            ("min", -1, "-1", "string", {"type": "string"}),
            ("max", 1.5, "1.5", "list", {"member": "String"}),
            ("max", 2**63, "9223372036854775808", "map", MAP),
            ("max", 10**50, f"1{'0' * 36}...", "blob", {"type": "blob"}),
        )
    },
    "a limit beyond numbers": (
        spec(members={"A": "Odd"}, Odd={"type": "double", "max": 10**400}),
        f"{SHAPES}/Odd/max",
        f"1{'0' * 36}... is beyond what a number can be",
        f"Correct the limit{AGAIN}",
    ),
    **{
        f"{kind} without a value": (
            spec(members={"Size": "Size"}, Size={**shape, "min": 5, "max": 3}),
            "mini/service-2.json#/shapes/Size",
            "min 5 is above max 3: no value is within them",
            f"Correct one of the two{AGAIN}",
        )
        for kind, shape in {
            "a range": {"type": "integer"},
            "a length": {"type": "string"},
            "a list": {"member": "String"},
        }.items()
    },
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_http_cannot_carry_is_refused(
    case: str, tmp_path: Path, generator_cache: Path
) -> None:
    bad, place, problem, remedy = REFUSED[case]
    mini = new_mini(tmp_path, bad)

    with pytest.raises(GeneratorError) as caught:
        mini.generate()

    assert str(caught.value) == f"{place}: {problem}\n  {remedy}"
    assert type(caught.value) is (NameCollision if "are both" in problem else SpecError)
    assert not mini.out.exists()


@pytest.mark.parametrize("case", FINE)
def test_what_http_can_carry_is_generated(case: str, tmp_path: Path, generator_cache: Path) -> None:
    assert new_mini(tmp_path, FINE[case]).generate().change.added
