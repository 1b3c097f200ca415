"""Sensitive members: masked wherever text is made of them, and readable as they are."""

from __future__ import annotations

from typing import Any

import pytest
from minispec import Generate, Mini, one_structure, refusals, sent

from aiobotantic.structure import MASK, read_json

SECRET = "hush-hush"
OVERRIDES = """
[[services.mini.sensitive]]
shape = "Url"
reason = "Opens a door."

[[services.mini.sensitive]]
shape = "Login"
member = "Page"
reason = "Opens another."

[[services.mini.sensitive]]
shape = "Badge"
reason = "As a whole."
"""
MEMBERS = {
    "Password": "Password",
    "Passwords": "Passwords",
    "ByName": "PasswordByName",
    "Grid": "PasswordGrid",
    "Mood": "Mood",
    "Pin": "Pin",
    "Url": "Url",
    "Login": "Login",
    "Logins": "Logins",
    "Badge": "Badge",
    "Plain": "String",
}
SHAPES: dict[str, Any] = {
    "Password": {"type": "string", "sensitive": True, "max": 5},
    "Passwords": {"member": "Password", "max": 1},
    "PasswordGrid": {"member": "Passwords"},
    "PasswordByName": {"key": "String", "value": "Password"},
    "Mood": {"enum": ["a"], "sensitive": True},
    "Pin": {"type": "integer", "sensitive": True, "max": 5},
    "Url": {"type": "string"},
    "Login": {"members": {"Page": "String", "Password": "Password", "User": "String"}},
    "Logins": {"member": "Login"},
    "Badge": {"members": {"Number": "Integer"}},
}
SPEC = one_structure(MEMBERS, shapes=SHAPES, overrides=OVERRIDES)
RECEIVED_ONLY = {
    "operations": {"Get": {"input": "GetRequest", "output": "GetResponse"}},
    "shapes": {"GetRequest": {"members": {}}, "GetResponse": {"members": MEMBERS}, **SHAPES},
    "overrides": OVERRIDES,
}
BODY = {
    "Password": SECRET,
    "Passwords": [SECRET],
    "ByName": {"x": SECRET},
    "Grid": [[SECRET]],
    "Mood": SECRET,
    "Url": SECRET,
    "Login": {"Page": SECRET, "Password": SECRET, "User": "me"},
    "Logins": [{"Password": SECRET}],
    "Badge": {"Number": 4711},
    "Plain": "shown",
}
SHOWN = (
    f"password={MASK}, passwords={MASK}, by_name={MASK}, grid={MASK}, mood={MASK}, "
    f"url={MASK}, login=Login(page={MASK}, password={MASK}, user='me'), "
    f"logins=[Login(password={MASK})], badge={MASK}, plain='shown'"
)


@pytest.fixture(scope="module")
def mini(generated: Generate) -> Mini:
    return generated(SPEC)


def test_a_request_masks_them(mini: Mini) -> None:
    request = mini.models.SendRequest.from_wire(BODY)

    assert repr(request) == f"SendRequest({SHOWN})"
    assert SECRET not in str(request)
    assert SECRET not in f"{request!r} {request} {[request]}"


def test_a_response_masks_them(mini: Mini) -> None:
    response = mini.models.SendResponse.from_wire(BODY)

    assert repr(response) == f"SendResponse({SHOWN})"
    assert SECRET not in str(response)


def test_a_response_that_no_request_shares_masks_them(generated: Generate) -> None:
    response = generated(RECEIVED_ONLY).models.GetResponse.from_wire(BODY)

    assert repr(response) == f"GetResponse({SHOWN})"


def test_a_member_that_the_model_lacks_is_not_shown(mini: Mini) -> None:
    response = read_json(mini.models.SendResponse, b'{"New": "%s"}' % SECRET.encode())

    assert repr(response) == "SendResponse(New=<not in this model>)"
    assert response["New"] == SECRET


def test_they_are_read_and_sent_as_they_are(mini: Mini) -> None:
    request = mini.models.SendRequest.from_wire(BODY)

    assert request.password == request["Password"] == SECRET
    assert request.passwords == [SECRET]
    assert request.login.page == SECRET
    assert request.to_wire() == BODY
    assert sent(request) == BODY


def test_problems_mask_them(mini: Mini) -> None:
    request = mini.models.SendRequest(
        password=SECRET,
        passwords=[SECRET, SECRET],
        by_name={"x": SECRET},
        grid=[[SECRET]],
        mood=[SECRET],
        pin=4711,
        url=4711,
        login=mini.models.Login(page=4711, password=SECRET, user=12),
        badge=mini.models.Badge(number="4711"),
    )

    assert refusals(request) == [
        f"password = {MASK}: must have at most 5 characters",
        f"passwords = {MASK}: must have at most 1 entries, has 2",
        f"by_name[{MASK}] = {MASK}: must have at most 5 characters",
        f"grid[{MASK}][{MASK}] = {MASK}: must have at most 5 characters",
        f"mood = {MASK}: must be a string",
        f"pin = {MASK}: must be at most 5",
        f"url = {MASK}: must be a string",
        f"login.page = {MASK}: must be a string",
        f"login.password = {MASK}: must have at most 5 characters",
        "login.user = 12: must be a string",
        f"badge.number = {MASK}: must be an integer",
    ]


def test_a_response_that_cannot_be_read_does_not_show_them(mini: Mini) -> None:
    with pytest.raises(ValueError, match="Passwords") as caught:
        read_json(mini.models.SendResponse, b'{"Passwords": "%s"}' % SECRET.encode())

    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value)


def test_docstrings_say_so(mini: Mini) -> None:
    shapes, methods = mini.text("_shapes/send.py"), mini.text("_operations/send.py")

    assert shapes.count("Sensitive: masked in repr, errors and logs.") == 2 * 8 + 2
    assert "url: Text. Sensitive: masked in repr, errors and logs." in methods
    assert "passwords: At most 1 item. Each: at most 5 characters. Sensitive: masked" in methods
