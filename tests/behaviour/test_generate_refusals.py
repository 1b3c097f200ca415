"""What the generator refuses: where, what, and the way out; and nothing is written."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from minispec import new_mini, one_structure, tree_of

from aiobotantic_codegen.errors import GeneratorError, NameCollision, RenderError, SpecError
from aiobotantic_codegen.pipeline import Request, generate

FINE = one_structure(
    {"Size": "Size", "Part": "Part", "Token": "String"},
    shapes={"Size": {"enum": ["a"]}, "Part": {"members": {"X": "String"}}},
)
RENAME = "Give one of them another name in specs/overrides.toml, with the reason."
RENAME_MEMBER = "Give the member another name in specs/overrides.toml, with the reason."
UNMATCHED = "Remove the entry, or correct the name it looks for."
NAMES = "Names of operations, shapes and members are letters, digits and underscores."
PAGING = "One token, and the limit, are members of the input; the next token is in the output."
PYTHON_NAME = "Letters, digits and underscores."
METHODS = "No override renames a method: leave one of them out of the specs."


def spec(**changes: Any) -> dict[str, Any]:
    """Return the spec that is fine, with shapes, operations and tables added."""
    changed = copy.deepcopy(FINE)
    for key, value in changes.items():
        changed[key] = changed.get(key, {}) | value if isinstance(value, dict) else value
    return changed


def operation(name: str, **more: Any) -> dict[str, Any]:
    return {name: {"input": "SendRequest", "output": "SendResponse", **more}}


def override(kind: str, **entry: str) -> str:
    lines = [f"{key} = {value!r}" for key, value in {"reason": "x", **entry}.items()]
    return "\n".join([f"[[services.mini.{kind}]]", *lines])


def paginator(**changes: Any) -> dict[str, Any]:
    keys = {"input_token": "Token", "output_token": "Token", "result_key": "Part"}
    return {"paginators": {"Send": keys | changes}}


CASES: dict[str, tuple[dict[str, Any], type[GeneratorError], str, str, str]] = {
    "members": (
        spec(shapes={"Part": {"members": {"FooBar": "String", "fooBar": "String"}}}),
        NameCollision,
        "mini/service-2.json#/shapes/Part/members",
        "the members 'FooBar' and 'fooBar' are both 'foo_bar' in Python",
        RENAME,
    ),
    "a member and a reserved name": (
        spec(shapes={"Part": {"members": {"Json": "String", "json_": "String"}}}),
        NameCollision,
        "mini/service-2.json#/shapes/Part/members",
        "the members 'Json' and 'json_' are both 'json_' in Python",
        RENAME,
    ),
    "enum values": (
        spec(shapes={"Size": {"enum": ["ml.t2", "x", "ml-t2"]}}),
        NameCollision,
        "mini/service-2.json#/shapes/Size/enum",
        "the values 'ml.t2' and 'ml-t2' are both 'ML_T2' in Python",
        RENAME,
    ),
    "shapes": (
        spec(shapes={"part": {"enum": ["x"]}}),
        NameCollision,
        "mini/service-2.json#/shapes",
        "the shapes 'Part' and 'part' are both 'Part' in Python",
        RENAME,
    ),
    "a shape and an error": (
        spec(shapes={"part": {"exception": True, "members": {}}}),
        NameCollision,
        "mini/service-2.json#/shapes",
        "the shapes 'Part' and 'part' are both 'Part' in Python",
        RENAME,
    ),
    "an error that is no exception": (
        spec(operations={"Fail": {"errors": ["Part"]}}),
        SpecError,
        "mini/service-2.json#/operations/Fail/errors/0/shape",
        "`Part` is no exception",
        "Refer to a structure with `exception`.",
    ),
    "operations": (
        spec(operations=operation("GetURL") | operation("GetUrl")),
        NameCollision,
        "mini/service-2.json#/operations",
        "the methods 'GetURL' and 'GetUrl' are both 'get_url' in Python",
        METHODS,
    ),
    "an operation and an iterator": (
        spec(
            operations=operation("IterSend"),
            shapes={"Part": {"member": "String"}},
            **paginator(),
        ),
        NameCollision,
        "mini/service-2.json#/operations",
        "the methods 'the iterator of Send' and 'IterSend' are both 'iter_send' in Python",
        METHODS,
    ),
    "an operation and a waiter": (
        spec(
            operations=operation("WaitUntilSent"),
            waiters={"Sent": {"operation": "Send", "delay": 1, "maxAttempts": 1, "acceptors": []}},
        ),
        NameCollision,
        "mini/service-2.json#/operations",
        "the methods 'the waiter Sent' and 'WaitUntilSent' are both 'wait_until_sent' in Python",
        METHODS,
    ),
    "a member and an iterator's argument": (
        spec(
            shapes={
                "Part": {"member": "String"},
                "SendRequest": {"members": {"Token": "String", "Limit": "Integer"}},
            },
            **paginator(),
        ),
        NameCollision,
        "mini/service-2.json#/shapes/SendRequest/members/Limit",
        "the member 'Limit' and an argument of the iterator or waiter of Send are both 'limit' "
        "in Python",
        RENAME_MEMBER,
    ),
    "a member and a waiter's argument": (
        spec(
            shapes={"SendRequest": {"members": {"Timeout": "Integer"}}},
            waiters={"Sent": {"operation": "Send", "delay": 1, "maxAttempts": 1, "acceptors": []}},
        ),
        NameCollision,
        "mini/service-2.json#/shapes/SendRequest/members/Timeout",
        "the member 'Timeout' and an argument of the iterator or waiter of Send are both "
        "'timeout' in Python",
        RENAME_MEMBER,
    ),
    "a name of an override that another member has": (
        spec(overrides=override("names", shape="SendRequest", member="Part", name="size")),
        NameCollision,
        "mini/service-2.json#/shapes/SendRequest/members",
        "the members 'Size' and 'Part' are both 'size' in Python",
        RENAME,
    ),
    "an override of a shape that is not there": (
        spec(overrides=override("sensitive", shape="Nobody")),
        SpecError,
        "overrides.toml#/services/mini/sensitive/0",
        "there is no shape 'Nobody' in the model",
        UNMATCHED,
    ),
    "an override of a member that is not there": (
        spec(overrides=override("names", shape="Part", member="Y", name="z")),
        SpecError,
        "overrides.toml#/services/mini/names/0",
        "there is no 'Y' in 'Part' in the model",
        UNMATCHED,
    ),
    "an override of a value that is not there": (
        spec(overrides=override("names", shape="Size", member="b", name="B")),
        SpecError,
        "overrides.toml#/services/mini/names/0",
        "there is no 'b' in 'Size' in the model",
        UNMATCHED,
    ),
    "an override of an operation that is not there": (
        spec(overrides=override("families", operation="Receive", family="mail")),
        SpecError,
        "overrides.toml#/services/mini/families/0",
        "there is no operation 'Receive' in the model",
        UNMATCHED,
    ),
    "a mixin that is no class": (
        spec(overrides='[services.mini]\nmixin = "extras.Mixin"\n'),
        SpecError,
        "overrides.toml#/services/mini/mixin",
        "'' cannot be a name in Python",
        "Name a class to import: package.module:Class.",
    ),
    "a mixin whose name is taken": (
        spec(overrides='[services.mini]\nmixin = "extras:Mini"\n'),
        NameCollision,
        "overrides.toml#/services/mini/mixin",
        "'Mini' is the name of another class in the module of the client",
        "Give the hand-written class another name.",
    ),
    "bodies of an operation that is not there": (
        spec(overrides=override("bodies", operation="Receive")),
        SpecError,
        "overrides.toml#/services/mini/bodies/0",
        "there is no operation 'Receive' in the model",
        UNMATCHED,
    ),
    "bodies of an operation that has none of its own": (
        spec(overrides=override("bodies", operation="Send")),
        SpecError,
        "overrides.toml#/services/mini/bodies/0",
        "there is no blob Body that is the payload, beside a member ContentType, in 'Send' in the "
        "model",
        UNMATCHED,
    ),
    "bodies whose form has the name of a member": (
        spec(
            shapes={
                "SendRequest": {
                    "members": {
                        "Body": "Blob",
                        "ContentType": {"shape": "String", "location": "header"},
                        "Text": {"shape": "String", "location": "header"},
                    },
                    "payload": "Body",
                },
            },
            overrides=override("bodies", operation="Send"),
        ),
        SpecError,
        "overrides.toml#/services/mini/bodies/0",
        "'Text' of 'Send' has the name that a form of the body takes",
        "Remove the entry.",
    ),
    "a class name of a shape that has no class": (
        spec(
            shapes={"Text": {"type": "string"}},
            overrides=override("names", shape="Text", name="Prose"),
        ),
        SpecError,
        "overrides.toml#/services/mini/names/0",
        "there is no structure or enum 'Text' in the model",
        UNMATCHED,
    ),
    "a value of an enum that is sensitive alone": (
        spec(overrides=override("sensitive", shape="Size", member="a")),
        SpecError,
        "overrides.toml#/services/mini/sensitive/0",
        "there is no 'a' in 'Size' in the model",
        UNMATCHED,
    ),
    "a list that holds itself": (
        spec(shapes={"Part": {"member": "Parts"}, "Parts": {"key": "String", "value": "Part"}}),
        SpecError,
        "mini/service-2.json#/shapes/Part",
        "'Part' holds itself without a structure between",
        "Correct the shape: such a value has no type.",
    ),
    "a name of an override that is none": (
        spec(overrides=override("names", shape="Part", name="a b")),
        SpecError,
        "overrides.toml#/services/mini/names/0",
        "'a b' cannot be a name in Python",
        PYTHON_NAME,
    ),
    "a family of an override that is no name": (
        spec(overrides=override("families", operation="Send", family="../send")),
        SpecError,
        "overrides.toml#/services/mini/families/0",
        "'../send' cannot be a name in Python",
        PYTHON_NAME,
    ),
    "a class name of an override that is a keyword": (
        spec(overrides="[services.mini]\nclass_name = 'None'"),
        SpecError,
        "mini/service-2.json#/metadata/serviceId",
        "'None' cannot be a name in Python",
        "Set class_name under [services.mini] in specs/overrides.toml.",
    ),
    "a service id that gives no class name": (
        spec(metadata={"serviceId": "3D thing"}),
        SpecError,
        "mini/service-2.json#/metadata/serviceId",
        "'3DThing' cannot be a name in Python",
        "Set class_name under [services.mini] in specs/overrides.toml.",
    ),
    "a repeated operation that is not there": (
        spec(behaviour="[services.mini.repeat]\nReceive = { class = 'read', why = 'x' }"),
        SpecError,
        "behaviour.toml#/services/mini/repeat/Receive",
        "there is no operation 'Receive' in the model",
        "Correct the entry, or remove it. Classes: read, repeatable, unless_timed_out, once.",
    ),
    "a class of repetition that is none": (
        spec(behaviour="[services.mini.repeat]\nSend = { class = 'twice', why = 'x' }"),
        SpecError,
        "behaviour.toml#/services/mini/repeat/Send",
        "'twice' is no class of repetition",
        "Correct the entry, or remove it. Classes: read, repeatable, unless_timed_out, once.",
    ),
    "a paginator that names no member of the output": (
        spec(shapes={"Part": {"member": "String"}}, **paginator(output_token="NextToken")),
        SpecError,
        "mini/paginators-1.json#/pagination/Send",
        "cannot page by 'NextToken'",
        PAGING,
    ),
    "a paginator that names no member of the input": (
        spec(shapes={"Part": {"member": "String"}}, **paginator(limit_key="Max")),
        SpecError,
        "mini/paginators-1.json#/pagination/Send",
        "cannot page by 'Max'",
        PAGING,
    ),
    "an operation whose name is none": (
        spec(operations=operation("Send\nimport os")),
        SpecError,
        "mini/service-2.json#/operations",
        "'Send\\nimport os' is not a name",
        NAMES,
    ),
    "a shape whose name is none": (
        spec(shapes={"Part(object)": {"members": {}}}),
        SpecError,
        "mini/service-2.json#/shapes",
        "'Part(object)' is not a name",
        NAMES,
    ),
    "a member whose name is none": (
        spec(shapes={"Part": {"members": {"x: int = 1": "String"}}}),
        SpecError,
        "mini/service-2.json#/shapes/Part/members",
        "'x: int = 1' is not a name",
        NAMES,
    ),
    "a member whose name has letters beyond ASCII": (
        spec(shapes={"Part": {"members": {"\u217cambda": "String"}}}),
        SpecError,
        "mini/service-2.json#/shapes/Part/members",
        "'\u217cambda' is not a name",
        NAMES,
    ),
    "a waiter whose name is none": (
        spec(
            waiters={
                "X = 1 #": {"operation": "Send", "delay": 1, "maxAttempts": 1, "acceptors": []}
            }
        ),
        SpecError,
        "mini/waiters-2.json#/waiters",
        "'X = 1 #' is not a name",
        NAMES,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_spec_is_refused(case: str, tmp_path: Path, generator_cache: Path) -> None:
    bad, kind, place, problem, remedy = CASES[case]
    mini = new_mini(tmp_path, FINE)
    mini.generate()
    before = tree_of(mini.out)
    mini.write(bad)

    with pytest.raises(GeneratorError) as caught:
        mini.generate()

    told = str(caught.value).removeprefix(f"{mini.specs}/")
    assert told == f"{place}: {problem}\n  {remedy}"
    assert type(caught.value) is kind
    assert tree_of(mini.out) == before, "nothing is written"


LEAVE_OUT = "Leave the service out of the specs, or run `aiobotantic sync` again."
CANNOT = {
    "protocol": (
        spec(metadata={"protocol": "ec2"}),
        "/metadata/protocol",
        "the protocol 'ec2' is not spoken",
        "Spoken: json, rest-json.",
    ),
    "no operations": (
        {"shapes": {"Part": {"members": {}}}},
        "/operations",
        "the service has no operations",
        LEAVE_OUT,
    ),
    "no operation that is spoken": (
        spec(operations=operation("Send", endpointdiscovery={"required": True})),
        "/operations",
        "none of its operations is spoken: Send: it needs endpoint discovery",
        LEAVE_OUT,
    ),
}


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("case", CANNOT)
def test_a_service_without_a_client_is_an_error_where_it_is_asked_for_or_alone(
    case: str, named: bool, tmp_path: Path, generator_cache: Path
) -> None:
    bad, pointer, problem, remedy = CANNOT[case]
    mini = new_mini(tmp_path, bad)
    if named:
        new_mini(tmp_path, FINE, service="other")

    with pytest.raises(SpecError) as caught:
        generate(Request(mini.specs, mini.out, mini.package, ["mini"] if named else []))

    assert str(caught.value) == f"mini/service-2.json#{pointer}: {problem}\n  {remedy}"
    assert not mini.out.exists()


@pytest.mark.parametrize("case", CANNOT)
def test_a_service_without_a_client_is_left_out_beside_others(
    case: str, tmp_path: Path, generator_cache: Path
) -> None:
    bad, _, problem, _ = CANNOT[case]
    mini = new_mini(tmp_path, bad)
    new_mini(tmp_path, FINE, service="other")

    assert mini.generate().skipped == {"mini": problem}
    assert (mini.root / "other" / "client.py").is_file()
    assert not (mini.root / "mini").exists()


def test_specs_that_hold_no_service(tmp_path: Path, generator_cache: Path) -> None:
    for check in (False, True):
        with pytest.raises(SpecError) as caught:
            generate(Request(tmp_path, tmp_path / "out", "empty"), check=check)
        assert str(caught.value) == (
            f"{tmp_path}: holds no service\n"
            "  Run `aiobotantic sync --specs DIR`, or name another folder with `--specs`."
        )
    assert not (tmp_path / "out").exists()


def test_overrides_of_a_service_that_is_not_there(tmp_path: Path, generator_cache: Path) -> None:
    mini = new_mini(tmp_path, spec(overrides="[services.minni]\nclass_name = 'Mini'"))

    with pytest.raises(SpecError) as caught:
        mini.generate()

    assert str(caught.value) == (
        f"{mini.specs}/overrides.toml#/services/minni: there is no service 'minni' in "
        f"{mini.specs}\n  Remove the table, or correct its name."
    )


def test_services_of_one_class_name(tmp_path: Path, generator_cache: Path) -> None:
    mini = new_mini(tmp_path, FINE)
    new_mini(tmp_path, FINE, service="other")

    with pytest.raises(NameCollision) as caught:
        mini.generate()

    assert str(caught.value) == (
        "specs: the services 'mini' and 'other' are both 'Mini' in Python\n"
        "  Set class_name for one of them in specs/overrides.toml."
    )


def test_modules_of_hand_written_code(tmp_path: Path, generator_cache: Path) -> None:
    mini = new_mini(tmp_path, FINE)
    table = f"[modules.{mini.package}]\n"

    mini.write_table("overrides.toml", f"{table}testing = 'os.path'")
    mini.generate()
    assert "from os.path import *\n" in (mini.root / "testing.py").read_text()
    mini.write_table("overrides.toml", f"{table}testing = 'os import path #'")
    with pytest.raises(SpecError) as caught:
        mini.generate()
    assert str(caught.value) == (
        f"overrides.toml#/modules/{mini.package}/testing: 'os import path #' cannot be a name in "
        "Python\n  Name a module to import."
    )
    for taken in ("mini", "fakes"):
        mini.write_table("overrides.toml", f"{table}{taken} = 'os.path'")
        with pytest.raises(NameCollision, match=f"are both '{taken}' in Python"):
            mini.generate()


def test_a_template_that_fails_is_named(tmp_path: Path, generator_cache: Path) -> None:
    mini = new_mini(tmp_path, FINE)
    templates = tmp_path / "templates"
    templates.mkdir()
    request = Request(mini.specs, mini.out, mini.package, templates=(templates,))
    remedy = "Correct the template, or remove it from the folder that --templates names."
    ours = templates / "wire.py.jinja"
    for text, place, problem in [
        ("{{ nothing.here }}", f"{ours}:1", "UndefinedError: 'nothing' is undefined"),
        ("\n{% if %}", f"{ours}:2", "Expected an expression, got 'end of"),
        ("def :", "mini/wire.py", "the rendered text is no Python"),
    ]:
        ours.write_text(text)
        with pytest.raises(RenderError) as caught:
            generate(request)
        assert str(caught.value).startswith(f"{place}: {problem}")
        assert remedy in str(caught.value) or "Correct the template." in str(caught.value)
        assert not mini.root.exists()
