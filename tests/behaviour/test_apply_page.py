"""`changes verify` and `changes apply`: a page against two models, and into the specs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from minispec import spec_files, tree_of

from aiobotantic_codegen.changes.apply import apply_page
from aiobotantic_codegen.changes.diff import diff_models
from aiobotantic_codegen.changes.kinds import Direction, Kind
from aiobotantic_codegen.changes.models import Model, load_model, of_service
from aiobotantic_codegen.changes.page import parse_page
from aiobotantic_codegen.changes.verify import verify_page
from aiobotantic_codegen.errors import PageError
from aiobotantic_codegen.load.botocore import ServiceModel, from_directory
from aiobotantic_codegen.load.service import load_catalog
from aiobotantic_codegen.pipeline import Request, generate
from aiobotantic_codegen.sync import apply, sync

ROOT = Path(__file__).resolve().parent.parent.parent
SEED = ROOT / "tests" / "pages" / "2023-05-26-sagemaker.txt"
BEFORE = ROOT / "examples" / "demo" / "before"
CHANGE = json.loads((ROOT / "examples" / "demo" / "change.json").read_text())

Tree = dict[str, Any]

OLD: Mapping[str, Any] = {
    "metadata": {"serviceFullName": "Toy Service", "serviceId": "Toys"},
    "operations": {
        "CreateToy": {"input": "CreateToyInput", "output": "CreateToyOutput"},
        "ListToys": {"input": "ListToysInput", "output": "ListToysOutput"},
    },
    "shapes": {
        "CreateToyInput": {"members": {"Name": "Name", "Color": "Color"}, "required": ["Name"]},
        "CreateToyOutput": {"members": {"Arn": "String"}},
        "ListToysInput": {"members": {}},
        "ListToysOutput": {"members": {"Toys": "ToyList"}},
        "ToyList": {"member": "Toy"},
        "Toy": {"members": {"Name": "Name", "Color": "Color"}},
        "Name": {"type": "string", "max": 63},
        "Color": {"type": "string", "enum": ["red"]},
        "Tag": {"members": {"Key": "String", "Value": "String"}, "required": ["Key", "Value"]},
        "Label": {"members": {"Key": "String", "Value": "String"}},
        "Unused": {"members": {"Tag": "Tag", "Label": "Label"}},
    },
}
TOP = "2024/01/02 - Toy Service - {counts} api methods\nChanges Toys.\n"
LIST_TOYS = """
ListToys (updated) Link ¶
Changes (response)
{changes}
Request Syntax
client.list_toys()
rtype:
dict
returns:
Response Syntax
{{ 'Toys': [ {syntax}, ] }}
Response Structure
(dict) --
Toys (list) --
(dict) --
{structure}
"""
CREATE_TOY = """
CreateToy (updated) Link ¶
Changes (request)
{changes}
Request Syntax
client.create_toy( {syntax} )
{parameters}
rtype:
dict
returns:
Response Syntax
{{ 'Arn': 'string' }}
Response Structure
(dict) --
Arn (string) --
"""
NAME = "type Name:\nstring\nparam Name:\n[REQUIRED]\n"
COLOR = "type Color:\nstring\nparam Color:\n"
TOY = "{ 'Name': 'string', 'Color': 'red'|'blue' }"
TOY_MEMBERS = "Name (string) --\nColor (string) --"
BLUE = TOP.format(counts="2 updated") + (
    CREATE_TOY.format(
        changes="{'Color': {'blue'}}",
        syntax="Name='string', Color='red'|'blue'",
        parameters=NAME + COLOR,
    )
    + LIST_TOYS.format(changes="{'Toys': {'Color': {'blue'}}}", syntax=TOY, structure=TOY_MEMBERS)
)


def tree(spec: Mapping[str, Any] = OLD) -> Tree:
    return json.loads(json.dumps(spec_files(spec)["service-2.json"]))


def model(tree: Tree, source: str = "old") -> Model:
    return of_service(ServiceModel("toys", "", source, source, {"service-2.json": tree}))


def applied(page: str) -> Tree:
    return apply_page(parse_page(page, "toys.txt"), tree())


def test_the_seed_gives_the_enum_of_the_later_model(tmp_path: Path) -> None:
    specs = shutil.copytree(BEFORE, tmp_path / "specs")
    before = json.loads((specs / "sagemaker" / "service-2.json").read_text())
    page = parse_page(SEED.read_text(), SEED.name)

    name, difference = apply(page, specs)

    after = json.loads((specs / "sagemaker" / "service-2.json").read_text())
    before["shapes"][CHANGE["shape"]]["enum"] += CHANGE["values"]
    assert name == "sagemaker"
    assert after == before
    assert [e.model_copy(update={"python": ()}) for e in difference.entries] == list(page.entries)


def test_the_seed_is_contained_in_the_models_and_what_is_beyond_is_listed(tmp_path: Path) -> None:
    specs = shutil.copytree(BEFORE, tmp_path / "specs")
    page = parse_page(SEED.read_text(), SEED.name)
    apply(page, specs)
    old, new = (load_model(str(folder), None, specs) for folder in (BEFORE, specs))
    more = json.loads(json.dumps(new.trees["service-2.json"]))
    more["shapes"]["InstanceType"]["enum"].append("ml.t9.nano")
    files = {**new.trees, "service-2.json": more}
    newest = of_service(ServiceModel("sagemaker", "", "newest", "", files))

    exact = verify_page(page, diff_models(old, new), new)
    wider = verify_page(page, diff_models(old, newest), newest)

    assert exact.contained
    assert (len(exact.confirmed), exact.missing, exact.misfits, exact.beyond) == (8, (), (), ())
    assert wider.contained
    assert {entry.values for entry in wider.beyond} == {("ml.t9.nano",)}
    assert len(wider.beyond) == 8
    assert all("ml.t9.nano: in the model, and not on the page" in each for each in wider.misfits)


def test_what_the_models_do_not_have_is_missing() -> None:
    other = tree()
    other["shapes"]["Color"]["enum"].append("green")
    page = parse_page(BLUE, "toys.txt")

    result = verify_page(page, diff_models(model(tree()), model(other)), model(other))

    assert not result.contained
    assert [e.values for e in result.missing] == [("blue",), ("blue",)]
    assert [e.values for e in result.beyond] == [("green",), ("green",)]


def test_a_value_stands_at_the_end_for_every_place() -> None:
    after = applied(BLUE)

    assert after["shapes"]["Color"]["enum"] == ["red", "blue"]
    assert tree()["shapes"].keys() == after["shapes"].keys()


MEMBERS = TOP.format(counts="1 updated") + CREATE_TOY.format(
    changes=(
        "{'Parts': [{'Count': 'integer', 'Material': 'wood | tin'}], 'Safe': 'boolean',"
        " 'Sizes': {'string': 'double'}, 'Tags': [{'Key': 'string', 'Value': 'string'}]}"
    ),
    syntax=(
        "Name='string', Parts=[ { 'Material': 'wood'|'tin', 'Count': 123 }, ], Color='red',"
        " Safe=True|False, Sizes={ 'string': 123.0 },"
        " Tags=[ { 'Key': 'string', 'Value': 'string' }, ]"
    ),
    parameters=NAME
    + "type Parts:\nlist\nparam Parts:\n(dict) --\nMaterial (string) -- [REQUIRED]\n"
    + "Count (integer) --\n"
    + COLOR
    + "type Safe:\nboolean\nparam Safe:\n[REQUIRED]\n"
    + "type Sizes:\ndict\nparam Sizes:\n(string) --\n(float) --\n"
    + "type Tags:\nlist\nparam Tags:\n(dict) --\nKey (string) -- [REQUIRED]\n"
    + "Value (string) -- [REQUIRED]\n",
)


def test_new_members_get_the_types_and_the_required_flags_of_the_page() -> None:
    after = applied(MEMBERS)

    shapes = after["shapes"]
    given = shapes["CreateToyInput"]
    assert list(given["members"]) == ["Name", "Parts", "Color", "Safe", "Sizes", "Tags"]
    assert given["required"] == ["Name", "Safe"]
    parts = shapes[shapes[given["members"]["Parts"]["shape"]]["member"]["shape"]]
    assert list(parts["members"]) == ["Material", "Count"]
    assert parts["required"] == ["Material"]
    assert shapes[parts["members"]["Material"]["shape"]] == {
        "type": "string",
        "enum": ["wood", "tin"],
    }
    assert shapes[parts["members"]["Count"]["shape"]]["type"] == "integer"
    assert shapes[given["members"]["Safe"]["shape"]]["type"] == "boolean"
    sizes = shapes[given["members"]["Sizes"]["shape"]]
    assert (sizes["type"], shapes[sizes["value"]["shape"]]["type"]) == ("map", "float")


def test_a_structure_that_the_model_has_is_not_made_again() -> None:
    shapes = applied(MEMBERS)["shapes"]

    tags = shapes[shapes["CreateToyInput"]["members"]["Tags"]["shape"]]
    assert tags["member"]["shape"] == "Tag"


NEW = TOP.format(counts="1 new") + """
BreakToy (new) Link ¶
Request Syntax
client.break_toy( Name='string', Force=True|False )
type Name:
string
param Name:
[REQUIRED]
type Force:
boolean
param Force:
rtype:
dict
returns:
Response Syntax
{ 'Pieces': 123, 'Toy': { 'Name': 'string', 'Color': 'red' } }
Response Structure
(dict) --
Pieces (integer) --
Toy (dict) --
Name (string) --
Color (string) --
"""


def test_a_new_operation_comes_from_its_syntax(tmp_path: Path, generator_cache: Path) -> None:
    specs = toys(tmp_path)

    apply(parse_page(NEW, "toys.txt"), specs)

    after = json.loads((specs / "toys" / "service-2.json").read_text())
    assert list(after["operations"]) == ["BreakToy", "CreateToy", "ListToys"]
    operation = after["operations"]["BreakToy"]
    assert after["shapes"][operation["input"]["shape"]]["required"] == ["Name"]
    assert after["shapes"][operation["output"]["shape"]]["members"]["Toy"] == {"shape": "Toy"}
    generate(Request(specs, tmp_path / "out", "toys_client"))
    program = "from toys_client.toys.models import BreakToyRequest as R; print(R(name='x'))"
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path / "out", capture_output=True, text=True
    )
    assert ran.stdout == "name='x'\n", ran.stderr


SHARED = {
    **OLD,
    "shapes": {
        **OLD["shapes"],
        "CreateToyInput": {"members": {"Toy": "Toy"}},
        "FinishedKind": {"type": "string", "enum": ["matt", "glossy"]},
    },
}
"""A structure that a request and a response share, and an enum that nothing uses."""


def shared(member: str, syntax: str, *structure: str, required: str = "") -> str:
    """A page on which `Toy` gets one more member: in a response first, then in a request."""
    toy = f"{{ 'Name': 'string', 'Color': 'red', {syntax} }}"
    first, *more = structure
    lines = [TOY_MEMBERS, f"{first} --", *(f"{line} --" for line in more)]
    asked = [TOY_MEMBERS, f"{first} --", *(f"{line} -- {required}".rstrip() for line in more)]
    return TOP.format(counts="2 updated") + (
        LIST_TOYS.format(
            changes=f"{{'Toys': {{{member}}}}}", syntax=toy, structure="\n".join(lines)
        )
        + CREATE_TOY.format(
            changes=f"{{'Toy': {{{member}}}}}",
            syntax=f"Toy={toy}",
            parameters="type Toy:\ndict\nparam Toy:\n" + "\n".join(asked) + "\n",
        )
    )


MAKER = shared(
    "'Maker': {'Name': 'string'}",
    "'Maker': { 'Name': 'string' }",
    *("Maker (dict)", "Name (string)"),
    required="[REQUIRED]",
)


def test_a_member_of_a_type_that_is_there_comes_to_a_structure_at_two_places() -> None:
    page = shared("'Age': 'string'", "'Age': 'string'", "Age (string)")

    shapes = apply_page(parse_page(page, "toys.txt"), tree(SHARED))["shapes"]

    assert shapes["Toy"]["members"]["Age"] == {"shape": "String"}
    assert shapes.keys() == tree(SHARED)["shapes"].keys()


def test_what_a_request_requires_of_a_new_structure_holds_where_a_response_came_first() -> None:
    shapes = apply_page(parse_page(MAKER, "toys.txt"), tree(SHARED))["shapes"]

    maker = shapes[shapes["Toy"]["members"]["Maker"]["shape"]]
    assert maker["required"] == ["Name"]


def test_a_new_structure_at_two_places_is_one_shape() -> None:
    maker = "{ 'Name': 'string', 'Age': 123 }"
    delta = "{'Name': 'string', 'Age': 'integer'}"
    lines = "Maker (dict) --\nName (string) --\nAge (integer) --"
    page = TOP.format(counts="2 updated") + (
        LIST_TOYS.format(
            changes=f"{{'Toys': {{'Maker': {delta}}}}}",
            syntax=f"{{ 'Name': 'string', 'Color': 'red', 'Maker': {maker} }}",
            structure=f"{TOY_MEMBERS}\n{lines}",
        )
        + CREATE_TOY.format(
            changes=f"{{'Maker': {delta}}}",
            syntax=f"Name='string', Color='red', Maker={maker}",
            parameters=f"{NAME}{COLOR}type Maker:\ndict\nparam Maker:\n"
            "Name (string) -- [REQUIRED]\nAge (integer) --\n",
        )
    )

    shapes = applied(page)["shapes"]

    new = [name for name in shapes if name not in tree()["shapes"]]
    assert new == ["Maker"]
    assert shapes["Maker"]["required"] == ["Name"]
    assert shapes["Toy"]["members"]["Maker"] == {"shape": "Maker"}
    assert shapes["CreateToyInput"]["members"]["Maker"] == {"shape": "Maker"}


def test_what_is_alike_under_another_name_is_not_taken() -> None:
    page = shared("'Shine': 'matt | glossy'", "'Shine': 'matt'|'glossy'", "Shine (string)")
    kind = shared("'Kind': 'matt | glossy'", "'Kind': 'matt'|'glossy'", "Kind (string)")

    shine, kinds = (apply_page(parse_page(p, "toys.txt"), tree(SHARED)) for p in (page, kind))

    assert shine["shapes"]["Toy"]["members"]["Shine"] == {"shape": "Shine"}
    assert kinds["shapes"]["Toy"]["members"]["Kind"] == {"shape": "FinishedKind"}


def test_a_printed_number_is_as_wide_as_the_page_says() -> None:
    page = shared("'Age': 'long'", "'Age': 123", "Age (integer)")

    shapes = apply_page(parse_page(page, "toys.txt"), tree(SHARED))["shapes"]

    assert shapes[shapes["Toy"]["members"]["Age"]["shape"]] == {"type": "long"}


def toys(folder: Path, spec: Mapping[str, Any] = OLD) -> Path:
    """Specs of the toy service."""
    source = folder / "source" / "toys"
    source.mkdir(parents=True)
    for name, content in spec_files(spec).items():
        (source / name).write_text(json.dumps(content))
    sync(from_directory(folder / "source"), folder / "specs", ("toys",))
    return folder / "specs"


def test_the_catalog_says_that_it_is_provisional_until_the_model_comes(tmp_path: Path) -> None:
    specs = toys(tmp_path)
    before = tree_of(specs)
    apply(parse_page(BLUE, "toys.txt"), specs)
    entry = load_catalog(specs).services["toys"]
    assert (entry.source, entry.provisional) == ("page 2024-01-02", "directory")

    came = json.loads((tmp_path / "source" / "toys" / "service-2.json").read_text())
    came["shapes"]["Color"]["enum"] += ["blue", "green"]
    (tmp_path / "source" / "toys" / "service-2.json").write_text(json.dumps(came))
    result = sync(from_directory(tmp_path / "source"), specs, ("toys",))

    assert {
        (e.operation, e.direction, e.path, e.kind, e.values) for e in result.came["toys"].entries
    } == {
        ("CreateToy", Direction.REQUEST, "Color", Kind.ENUM_VALUE_ADDED, ("green",)),
        ("ListToys", Direction.RESPONSE, "Toys[].Color", Kind.ENUM_VALUE_ADDED, ("green",)),
    }
    assert load_catalog(specs).services["toys"].provisional is None
    assert tree_of(specs).keys() == before.keys()


ELSEWHERE = {
    **OLD,
    "operations": {**OLD["operations"], "PaintToy": {"input": "Toy", "output": "CreateToyOutput"}},
}


@pytest.mark.parametrize(
    ("page", "spec", "text"),
    [
        pytest.param(
            BLUE.replace("'red'|'blue'", "'red'|'green'|'blue'"),
            OLD,
            "Color is not the enum before this change: green",
            id="another enum",
        ),
        pytest.param(
            BLUE,
            {**OLD, "shapes": {**OLD["shapes"], "Color": {"enum": ["red", "blue"]}}},
            "Color has blue already",
            id="applied before",
        ),
        pytest.param(
            BLUE, ELSEWHERE, "PaintToy request Color would change otherwise", id="a third place"
        ),
        pytest.param(
            BLUE.replace("Toy Service", "Tool Service"),
            OLD,
            "has the full name 'Tool Service', only Toy Service",
            id="another service",
        ),
        pytest.param(
            NEW,
            {**OLD, "metadata": {**OLD["metadata"], "protocol": "rest-json"}},
            "a page does not say how its request is sent",
            id="a REST service",
        ),
        pytest.param(
            MEMBERS,
            {**OLD, "metadata": {**OLD["metadata"], "protocol": "rest-json"}},
            "CreateToy request Parts is new, and a page does not say where, or under which name,",
            id="a member of a REST request, which may be in its query",
        ),
        pytest.param(
            MAKER,
            {
                **SHARED,
                "shapes": {
                    **SHARED["shapes"],
                    "Tag": {"members": {"Key": {"shape": "String", "locationName": "key"}}},
                },
            },
            "or under which name, Maker is sent",
            id="members with names on the wire",
        ),
        pytest.param(
            TOP.format(counts="0 updated"), OLD, "the page adds nothing", id="nothing new"
        ),
        pytest.param(
            NEW.replace(
                "'Color': 'red' }", "'Color': 'red', 'Owner': {'... recursive ...'} }"
            ).replace("Color (string) --", "Color (string) --\nOwner (dict) --"),
            OLD,
            "which does not say of what",
            id="recursion",
        ),
        pytest.param(
            BLUE.replace("ListToys (upd", "ListDolls (upd").replace("list_toys", "list_dolls"),
            OLD,
            "the model has no operation for client.list_dolls",
            id="an unknown operation",
        ),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(
    tmp_path: Path, page: str, spec: Mapping[str, Any], text: str
) -> None:
    specs = toys(tmp_path, spec)
    before = tree_of(specs)

    with pytest.raises(PageError) as raised:
        apply(parse_page(page, "toys.txt"), specs)

    assert text in str(raised.value)
    assert str(raised.value).startswith("toys.txt")
    assert tree_of(specs) == before


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aiobotantic_codegen.cli", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_commands_say_what_they_found_and_exit_for_scripts(tmp_path: Path) -> None:
    specs = toys(tmp_path)
    shutil.copytree(specs, tmp_path / "before")
    (tmp_path / "page.txt").write_text(BLUE)

    done = run(tmp_path, "changes", "apply", "page.txt")
    again = run(tmp_path, "changes", "apply", "page.txt")
    ends = ("--old", "before", "--new", "specs")
    true = run(tmp_path, "changes", "verify", "page.txt", *ends)
    false = run(tmp_path, "changes", "verify", "page.txt", "--old", "specs", "--new", "specs")

    assert done.returncode == 0, done.stderr
    assert "specs/toys: provisional" in done.stdout
    assert (again.returncode, again.stderr.splitlines()[0]) == (
        2,
        "error: page.txt: Color has blue already",
    )
    assert (true.returncode, true.stdout) == (0, "2 of the page's 2 facts are in the models\n")
    assert (false.returncode, false.stdout.splitlines()[0]) == (
        1,
        "0 of the page's 2 facts are in the models",
    )
