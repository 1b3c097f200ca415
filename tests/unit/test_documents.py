"""Documents: every key known, every reference resolved, every error with place and remedy."""

from __future__ import annotations

import json
import pickle
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from aiobotantic_codegen.errors import SpecError, json_pointer
from aiobotantic_codegen.load.botocore import from_installed
from aiobotantic_codegen.load.documents import ShapeDocument, ShapeRef
from aiobotantic_codegen.load.service import (
    list_services,
    load_behaviour,
    load_catalog,
    load_overrides,
    load_service,
    parse_service,
)

PETS: dict[str, Any] = {
    "version": "2.0",
    "metadata": {
        "apiVersion": "2020-01-01",
        "endpointPrefix": "pets",
        "jsonVersion": "1.1",
        "protocol": "json",
        "serviceFullName": "Pets",
        "serviceId": "Pets",
        "signatureVersion": "v4",
    },
    "operations": {
        "ListPets": {
            "name": "ListPets",
            "http": {"method": "POST", "requestUri": "/"},
            "input": {"shape": "ListPetsRequest"},
            "errors": [{"shape": "NotFound"}],
            "documentation": "<p>Prose.</p>",
        }
    },
    "shapes": {
        "ListPetsRequest": {
            "type": "structure",
            "required": ["Kind"],
            "members": {
                "Kind": {"shape": "Kind", "documentation": "<p>Prose.</p>"},
                "Tags": {"shape": "Tags", "idempotencyToken": True},
            },
        },
        "Kind": {"type": "string", "enum": ["cat", "dog"], "max": 5},
        "Kinds": {"type": "list", "member": {"shape": "Kind"}},
        "Tags": {"type": "map", "key": {"shape": "Kind"}, "value": {"shape": "Kinds"}},
        "NotFound": {
            "type": "structure",
            "members": {},
            "exception": True,
            "error": {"httpStatusCode": 404},
        },
        "Ratio": {"type": "double", "min": 0.5, "max": 1},
    },
}
PAGINATORS = {
    "pagination": {
        "ListPets": {"input_token": "A", "output_token": ["B", "C"], "result_key": "Pets[].Name"}
    }
}
WAITERS = {
    "version": 2,
    "waiters": {
        "PetFed": {
            "operation": "ListPets",
            "delay": 5,
            "maxAttempts": 9,
            "description": "Prose.",
            "acceptors": [
                {"matcher": "status", "expected": 200, "state": "success"},
                {"matcher": "path", "argument": "Fed", "expected": True, "state": "retry"},
            ],
        }
    },
}
RULES: dict[str, Any] = {"version": "1.0", "parameters": {}, "rules": [{"type": "error"}]}


def edited(tree: Any, pointer: str, value: Any) -> Any:
    """A copy with one value set; `...` deletes it."""
    tree = json.loads(json.dumps(tree))
    *path, last = (part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))
    place = tree
    for part in path:
        place = place[int(part) if isinstance(place, list) else part]
    key = int(last) if isinstance(place, list) else last
    if value is ...:
        del place[key]
    else:
        place[key] = value
    return tree


def write(specs: Path, name: str = "pets", **files: Any) -> Path:
    """Write the pets' spec files; keyword arguments replace one of them, as a tree or as bytes."""
    trees = {"service": PETS, "paginators": PAGINATORS, "waiters": WAITERS, "rules": RULES, **files}
    names = ("service-2", "paginators-1", "waiters-2", "endpoint-rule-set-1")
    (specs / name).mkdir(parents=True)
    for file, tree in zip(names, trees.values(), strict=True):
        text = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
        (specs / name / f"{file}.json").write_bytes(text)
    return specs


def test_a_service_is_read_key_by_key(tmp_path: Path) -> None:
    loaded = load_service(write(tmp_path), "pets")
    operation = loaded.service.operations["ListPets"]
    assert operation.http.request_uri == "/"
    assert operation.input == ShapeRef(shape="ListPetsRequest")
    assert operation.documentation is None
    request = loaded.service.shapes["ListPetsRequest"]
    assert request.required == ("Kind",)
    assert request.members["Tags"].idempotency_token is True
    assert request.members["Kind"].documentation is None
    error = loaded.service.shapes["NotFound"].error
    assert error is not None and error.http_status_code == 404
    ratio = loaded.service.shapes["Ratio"]
    assert (ratio.min, ratio.max, type(ratio.max)) == (0.5, 1, int)
    paginator = loaded.paginators.pagination["ListPets"]
    assert (paginator.input_token, paginator.output_token) == ("A", ("B", "C"))
    waiter = loaded.waiters.waiters["PetFed"]
    assert (waiter.max_attempts, waiter.description) == (9, None)
    assert [acceptor.expected for acceptor in waiter.acceptors] == [200, True]
    assert loaded.endpoint_rules == RULES
    assert {len(digest) for digest in loaded.files.values()} == {64}
    assert list(loaded.files) == [
        "service-2.json",
        "paginators-1.json",
        "waiters-2.json",
        "endpoint-rule-set-1.json",
    ]


def test_only_the_service_model_is_required(tmp_path: Path) -> None:
    specs = write(tmp_path)
    for file in ("paginators-1.json", "waiters-2.json", "endpoint-rule-set-1.json"):
        (specs / "pets" / file).unlink()
    loaded = load_service(specs, "pets")
    assert (loaded.paginators.pagination, loaded.waiters.waiters) == ({}, {})
    assert loaded.endpoint_rules == {}
    assert list(loaded.files) == ["service-2.json"]


def test_keys_of_old_releases_are_known() -> None:
    old = json.loads(json.dumps(PETS))
    old["metadata"]["timestampFormat"] = "rfc822"  # of s3
    old["operations"]["ListPets"]["input"]["deprecated"] = True  # of lambda
    service = parse_service(
        "pets", Path("pets"), {"service-2.json": json.dumps(old).encode()}
    ).service
    request = service.operations["ListPets"].input

    assert service.metadata.timestamp_format == "rfc822"
    assert request is not None and request.deprecated


def test_documents_are_frozen() -> None:
    shape = ShapeDocument(type="string")
    with pytest.raises(ValidationError, match="Instance is frozen"):
        shape.type = "blob"


AGAIN = ", or run `aiobotantic sync` again."
SCHEMA_ERRORS = [
    (
        "/shapes/Kind/colour",
        1,
        "#/shapes/Kind/colour: unknown key `colour`\n"
        "  Remove the key; if the service models have gained it, "
        "add it where ServiceDocument is defined (load/documents.py).",
    ),
    (
        "/shapes/ListPetsRequest/members/Kind/required",
        True,
        "#/shapes/ListPetsRequest/members/Kind/required: unknown key `required`\n"
        "  Remove the key; if the service models have gained it, "
        "add it where ServiceDocument is defined (load/documents.py).",
    ),
    (
        "/shapes/ListPetsRequest/members/Kind/shape",
        5,
        "#/shapes/ListPetsRequest/members/Kind/shape: should be a valid string, not 5\n"
        f"  Correct the value{AGAIN}",
    ),
    (
        "/shapes/Kind/max",
        "5",
        f'#/shapes/Kind/max: should be a valid integer, not "5"\n  Correct the value{AGAIN}',
    ),
    (
        "/shapes/Kind/enum/1",
        None,
        f"#/shapes/Kind/enum/1: should be a valid string, not null\n  Correct the value{AGAIN}",
    ),
    (
        "/operations/ListPets/idempotent",
        "yes",
        "#/operations/ListPets/idempotent: should be a valid boolean, not "
        f'"yes"\n  Correct the value{AGAIN}',
    ),
    (
        "/operations/ListPets/http/method",
        ...,
        f"#/operations/ListPets/http: key `method` is missing\n  Add the key{AGAIN}",
    ),
    (
        "/operations/ListPets/errors/0",
        "NotFound",
        "#/operations/ListPets/errors/0: should be an object, not "
        f'"NotFound"\n  Correct the value{AGAIN}',
    ),
    (
        "/shapes/a~1b~0c",
        {},
        f"#/shapes/a~1b~0c: key `type` is missing\n  Add the key{AGAIN}",
    ),
    ("/metadata", ..., f": key `metadata` is missing\n  Add the key{AGAIN}"),
]


@pytest.mark.parametrize(("pointer", "value", "message"), SCHEMA_ERRORS)
def test_schema_errors_name_place_and_remedy(
    tmp_path: Path, pointer: str, value: Any, message: str
) -> None:
    specs = write(tmp_path, service=edited(PETS, pointer, value))
    with pytest.raises(SpecError) as caught:
        load_service(specs, "pets")
    assert str(caught.value) == f"{specs}/pets/service-2.json{message}"


REFERENCE_ERRORS = [
    (
        "/operations/ListPets/input/shape",
        "ListPetsReqest",
        "there is no shape `ListPetsReqest`",
        f"Did you mean `ListPetsRequest`? Correct the name{AGAIN}",
    ),
    (
        "/operations/ListPets/errors/0/shape",
        "Oops",
        "there is no shape `Oops`",
        f"Correct the name{AGAIN}",
    ),
    (
        "/operations/ListPets/input/shape",
        "Kind",
        "`Kind` is a string, not a structure",
        "Refer to a structure.",
    ),
    (
        "/shapes/Tags/key/shape",
        "Ratio",
        "the key `Ratio` is a double",
        "Refer to a string.",
    ),
    (
        "/shapes/ListPetsRequest/members/Kind/shape",
        "Kin",
        "there is no shape `Kin`",
        f"Did you mean `Kind`? Correct the name{AGAIN}",
    ),
    (
        "/shapes/ListPetsRequest/required/0",
        "Kinds",
        "there is no member `Kinds`",
        f"Did you mean `Kind`? Correct the name{AGAIN}",
    ),
    (
        "/shapes/ListPetsRequest/payload",
        "Body",
        "there is no member `Body`",
        f"Correct the name{AGAIN}",
    ),
    (
        "/shapes/Kinds/member/shape",
        "Oops",
        "there is no shape `Oops`",
        f"Correct the name{AGAIN}",
    ),
    (
        "/shapes/Tags/value/shape",
        "Tag",
        "there is no shape `Tag`",
        f"Did you mean `Tags`? Correct the name{AGAIN}",
    ),
]


@pytest.mark.parametrize(("pointer", "value", "problem", "remedy"), REFERENCE_ERRORS)
def test_reference_errors_name_place_and_remedy(
    tmp_path: Path, pointer: str, value: str, problem: str, remedy: str
) -> None:
    specs = write(tmp_path, service=edited(PETS, pointer, value))
    with pytest.raises(SpecError) as caught:
        load_service(specs, "pets")
    assert str(caught.value) == f"{specs}/pets/service-2.json#{pointer}: {problem}\n  {remedy}"


@pytest.mark.parametrize(
    ("trait", "kind"), [("document", "document"), ("eventstream", "stream of events")]
)
def test_what_has_no_members_is_no_input(tmp_path: Path, trait: str, kind: str) -> None:
    shape = {"type": "structure", "members": {}, trait: True}
    specs = write(tmp_path, service=edited(PETS, "/shapes/ListPetsRequest", shape))
    with pytest.raises(SpecError) as caught:
        load_service(specs, "pets")
    place = f"{specs}/pets/service-2.json#/operations/ListPets/input/shape"
    problem = f"`ListPetsRequest` is a {kind}, not a structure"
    assert str(caught.value) == f"{place}: {problem}\n  Refer to a structure."


def test_an_event_is_a_structure(tmp_path: Path) -> None:
    shape = {"type": "structure", "members": {"Fed": {"shape": "Kind"}}, "eventstream": True}
    specs = write(tmp_path, service=edited(PETS, "/shapes/Events", shape))
    with pytest.raises(SpecError) as caught:
        load_service(specs, "pets")
    place = f"{specs}/pets/service-2.json#/shapes/Events/members/Fed/shape"
    assert str(caught.value) == f"{place}: the event `Kind` is a string\n  Refer to a structure."


REPEATED_KEYS = [
    ("service", b'"Kinds": {', b'"Kind": {"type": "blob"}, "Kinds": {', "/shapes", "Kind"),
    ("service", b'"max": 5', b'"max": 5, "max": 6', "/shapes/Kind", "max"),
    ("service", b'{"shape": "NotFound"}', b'{"shape": "NotFound", "shape": "Gone"}',
     "/operations/ListPets/errors/0", "shape"),
    # The inner object is lost with the first of the outer keys.
    ("service", b'"shapes": {', b'"shapes": {"a": 1, "a": 2}, "shapes": {', "", "shapes"),
    ("paginators", b'"input_token": "A"', b'"input_token": "A", "input_token": "B"',
     "/pagination/ListPets", "input_token"),
    ("waiters", b'"delay": 5', b'"delay": 5, "delay": 5', "/waiters/PetFed", "delay"),
    ("rules", b'"type": "error"', b'"type": "error", "type": "tree"', "/rules/0", "type"),
]  # fmt: skip
SPEC_FILES = {
    "service": ("service-2.json", PETS),
    "paginators": ("paginators-1.json", PAGINATORS),
    "waiters": ("waiters-2.json", WAITERS),
    "rules": ("endpoint-rule-set-1.json", RULES),
}


@pytest.mark.parametrize(("kind", "once", "twice", "pointer", "key"), REPEATED_KEYS)
def test_a_key_that_stands_twice(
    tmp_path: Path, kind: str, once: bytes, twice: bytes, pointer: str, key: str
) -> None:
    name, tree = SPEC_FILES[kind]
    text = json.dumps(tree).encode()
    assert text.count(once) == 1
    specs = write(tmp_path, **{kind: text.replace(once, twice)})
    with pytest.raises(SpecError) as caught:
        load_service(specs, "pets")
    place = f"{specs}/pets/{name}#{pointer}".removesuffix("#")
    assert str(caught.value) == (
        f"{place}: key {key!r} stands twice in one object\n  Remove one of the two{AGAIN}"
    )


@pytest.mark.parametrize(("shape", "key"), [("Kinds", "member"), ("Tags", "key")])
def test_a_list_or_map_without_its_element(tmp_path: Path, shape: str, key: str) -> None:
    specs = write(tmp_path, service=edited(PETS, f"/shapes/{shape}/{key}", ...))
    with pytest.raises(SpecError) as caught:
        load_service(specs, "pets")
    kind = PETS["shapes"][shape]["type"]
    assert str(caught.value) == (
        f"{specs}/pets/service-2.json#/shapes/{shape}: a {kind} without `{key}`\n"
        f"  Add `{key}`{AGAIN}"
    )


def test_errors_of_the_other_files(tmp_path: Path) -> None:
    acceptor = "/waiters/PetFed/acceptors/0/matcher"
    cases: list[tuple[dict[str, Any], str]] = [
        (
            {"paginators": {"pagination": {"ListPet": PAGINATORS["pagination"]["ListPets"]}}},
            "paginators-1.json#/pagination/ListPet: there is no operation `ListPet`\n"
            f"  Did you mean `ListPets`? Correct the name{AGAIN}",
        ),
        (
            {"paginators": edited(PAGINATORS, "/pagination/ListPets/input_token", 3)},
            "paginators-1.json#/pagination/ListPets/input_token: should be a valid string, not 3\n"
            f"  Correct the value{AGAIN}",
        ),
        (
            {"waiters": edited(WAITERS, "/waiters/PetFed/operation", "Feed")},
            "waiters-2.json#/waiters/PetFed/operation: there is no operation `Feed`\n"
            f"  Correct the name{AGAIN}",
        ),
        (
            {"waiters": edited(WAITERS, acceptor, "regex")},
            f"waiters-2.json#{acceptor}: should be "
            "'path', 'pathAll', 'pathAny', 'status' or 'error', not \"regex\"\n"
            f"  Correct the value{AGAIN}",
        ),
        (
            {"rules": {"version": "1.0", "parameters": {}}},
            f"endpoint-rule-set-1.json: key `rules` is missing\n  Add the key{AGAIN}",
        ),
    ]
    for number, (files, message) in enumerate(cases):
        specs = write(tmp_path / str(number), **files)
        with pytest.raises(SpecError) as caught:
            load_service(specs, "pets")
        assert str(caught.value) == f"{specs}/pets/{message}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"{", "EOF while parsing an object at line 1 column 1"),
        (b'{"a": 1,}', "trailing comma at line 1 column 9"),
        (b'{"a": "\xff"}', "invalid unicode code point at line 1 column [89]"),  # by the release
        (b"", "EOF while parsing a value at line 1 column 0"),
    ],
)
def test_a_file_that_is_no_json(tmp_path: Path, text: bytes, problem: str) -> None:
    specs = write(tmp_path, service=text)
    with pytest.raises(SpecError) as caught:
        load_service(specs, "pets")
    assert re.fullmatch(
        rf"{re.escape(str(specs))}/pets/service-2\.json: not valid JSON: {problem}\n"
        r"  Restore the file, or run `aiobotantic sync` again\.",
        str(caught.value),
    )


def test_services_are_found_by_listing(tmp_path: Path) -> None:
    write(tmp_path, "pets")
    write(tmp_path, "pets-runtime")
    (tmp_path / "changes").mkdir()
    assert list_services(tmp_path) == ["pets", "pets-runtime"]
    with pytest.raises(SpecError) as caught:
        load_service(tmp_path, "pet")
    assert str(caught.value) == (
        f"{tmp_path}: no service `pet`\n"
        "  Did you mean pets? Run `aiobotantic sync --service pet` to add it."
    )
    with pytest.raises(SpecError) as caught:
        load_service(tmp_path / "changes", "../pets")
    assert str(caught.value) == (
        f"{tmp_path}/changes: no service `../pets`\n"
        "  Run `aiobotantic sync --service ../pets` to add it."
    )
    with pytest.raises(SpecError) as caught:
        list_services(tmp_path / "spec")
    assert str(caught.value) == (
        f"{tmp_path}/spec: no such folder\n  Run `aiobotantic sync`, or name another one."
    )


def test_tables_of_people(tmp_path: Path) -> None:
    assert load_overrides(tmp_path).services == {}
    assert load_behaviour(tmp_path) == {}
    assert load_catalog(tmp_path).services == {}
    (tmp_path / "overrides.toml").write_text(
        '[services.pets]\nclass_name = "Pets"\n'
        '[[services.pets.names]]\nshape = "A"\nname = "b"\nreason = "c"\n'
        '[[services.pets.exceptions]]\nwhat = "d"\nwhy = "e"\n'
    )
    (tmp_path / "behaviour.toml").write_text("[services.pets.lists]\ncount = 2\n")
    pets = load_overrides(tmp_path).services["pets"]
    assert (pets.class_name, pets.names[0].member) == ("Pets", None)
    assert pets.exceptions == [{"what": "d", "why": "e"}]
    assert load_behaviour(tmp_path) == {"services": {"pets": {"lists": {"count": 2}}}}


def test_errors_in_tables_of_people(tmp_path: Path) -> None:
    file = tmp_path / "overrides.toml"
    cases = [
        (
            b'[[services.pets.names]]\nshape = "A"\nnam = "b"\nname = "c"\nreason = "d"\n',
            "#/services/pets/names/0/nam: unknown key `nam`\n"
            "  Remove the key; if the service models have gained it, "
            "add it where OverridesDocument is defined (load/documents.py).",
        ),
        (
            b"[services.pets]\nclass_name = 1\n",
            "#/services/pets/class_name: should be a valid string, not 1\n"
            f"  Correct the value{AGAIN}",
        ),
        (
            b"[services.pets\n",
            ": not valid TOML: Expected ']' at the end of a table declaration "
            "(at line 1, column 15)\n  Correct the file.",
        ),
        (b"a = '\xff'", ": not UTF-8: byte 5\n  Correct the file."),
    ]
    for text, message in cases:
        file.write_bytes(text)
        with pytest.raises(SpecError) as caught:
            load_overrides(tmp_path)
        assert str(caught.value) == f"{file}{message}"


def test_an_error_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(SpecError(Path("a.json"), "/b", "c", "d")))
    assert (str(error), error.pointer) == ("a.json#/b: c\n  d", "/b")


def test_json_pointer_escapes() -> None:
    assert json_pointer() == ""
    assert json_pointer("a/b", "m~n", 0) == "/a~1b/m~0n/0"


def test_the_model_of_every_protocol_loads_with_its_prose() -> None:
    """sagemaker* by listing, and for each other protocol a service that uses it."""
    source = from_installed()
    protocols = {}
    for name in [*source.select(), "ec2", "sqs", "s3", "sns", "dynamodb", "apigatewayv2"]:
        model = source.read(name)
        texts = {file: json.dumps(tree).encode() for file, tree in model.files.items()}
        loaded = parse_service(name, Path(name), texts)
        assert len(loaded.service.shapes) == len(model.files["service-2.json"]["shapes"])
        protocols[loaded.service.metadata.protocol] = name
    assert {"json", "rest-json", "rest-xml", "query", "ec2"} <= protocols.keys()


def test_a_removed_folder_is_not_listed(tmp_path: Path) -> None:
    specs = write(tmp_path)
    shutil.rmtree(specs / "pets")
    assert list_services(specs) == []
