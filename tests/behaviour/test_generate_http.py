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
            f"Begin with `/`, and write no spaces, controls or letters beyond ASCII{AGAIN}",
        )
        for uri in ("/a\r\nX-Evil: 1", "/a\n", "/a\x00", "/a b", "/\xe9", "a", "", ".evil.example/")
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
