"""Families that the testing server keeps, read off a model by the rules of behaviour.toml."""

from __future__ import annotations

import json
import runpy
import tomllib
from pathlib import Path
from typing import Any

from aiobotantic_codegen.ir.families import service_behaviour
from aiobotantic_codegen.load.documents import ServiceDocument

ROOT = Path(__file__).parents[2]
RULES = tomllib.loads((ROOT / "specs" / "behaviour.toml").read_text("utf-8"))["families"]


def document(operations: dict[str, tuple[str, str]], shapes: dict[str, Any]) -> ServiceDocument:
    texts = {
        "Text": {"type": "string"},
        "Time": {"type": "timestamp"},
        "Arn": {"type": "string", "pattern": "arn:aws:mini:[a-z]*:[0-9]{12}:toy-box/.*"},
        "Mood": {"type": "string", "enum": ["Creating", "Ready", "Deleting", "Sad"]},
    }
    return ServiceDocument.model_validate_json(
        json.dumps(
            {
                "metadata": {
                    "apiVersion": "2024-01-01",
                    "protocol": "json",
                    "serviceFullName": "Mini",
                    "serviceId": "Mini",
                    "endpointPrefix": "mini",
                    "uid": "mini",
                    "signatureVersion": "v4",
                },
                "operations": {
                    name: {
                        "name": name,
                        "http": {"method": "POST", "requestUri": "/"},
                        "input": {"shape": given},
                        "output": {"shape": answer},
                    }
                    for name, (given, answer) in operations.items()
                },
                "shapes": texts | shapes,
            }
        )
    )


def structure(required: str = "", **members: str) -> dict[str, Any]:
    shapes = {name: {"shape": shape} for name, shape in members.items()}
    return {"type": "structure", "members": shapes, "required": required.split()}


BOXES = document(
    {
        "CreateToyBox": ("NewBox", "Made"),
        "DescribeToyBox": ("Named", "Box"),
        "UpdateToyBox": ("NewBox", "Made"),
        "DeleteToyBox": ("Named", "Made"),
        "ListToyBoxes": ("Asked", "Boxes"),
        "OpenToyBox": ("Named", "Box"),
        "CreateToy": ("NewToy", "Made"),
        "DescribeToy": ("NamedToy", "Toy"),
        "SingSong": ("Asked", "Boxes"),
    },
    {
        "NewBox": structure("ToyBoxName", ToyBoxName="Text", Colour="Text"),
        "Named": structure("ToyBoxName", ToyBoxName="Text"),
        "Made": structure("ToyBoxArn", ToyBoxArn="Arn"),
        "Box": structure(
            "ToyBoxName Weight",
            ToyBoxName="Text",
            ToyBoxArn="Arn",
            ToyBoxStatus="Mood",
            Colour="Text",
            Weight="Text",
            CreationTime="Time",
        ),
        "Summary": structure("", ToyBoxName="Text", CreationTime="Time"),
        "Summaries": {"type": "list", "member": {"shape": "Summary"}},
        "Asked": structure(
            "", NameContains="Text", StatusEquals="Text", Shop="Text", NextToken="Text"
        ),
        "Boxes": structure("", Summaries="Summaries", NextToken="Text"),
        "NewToy": structure("ToyBoxName Sound", ToyBoxName="Text", Sound="Text"),
        "NamedToy": structure("ToyBoxName ToyId", ToyBoxName="Text", ToyId="Text"),
        "Toy": structure("", ToyBoxName="Text", ToyId="Text", Sound="Text"),
    },
)


def behaviour(**own: Any) -> dict[str, Any]:
    return service_behaviour(BOXES, "mini", {"families": RULES, "services": {"mini": own}})


def test_a_family_is_read_off_its_operations() -> None:
    box = behaviour()["resources"]["toy_box"]

    assert box["identity"] == ["ToyBoxName"]
    assert box["arn"] == "arn:aws:{service}:{region}:{account}:toy-box/{ToyBoxName}"
    assert (box["status"], box["created"]) == ("ToyBoxStatus", "CreationTime")
    assert box["transitions"] == {"Creating": {"to": "Ready"}, "Deleting": {}}
    assert box["aliases"] == {"Name": "ToyBoxName", "Status": "ToyBoxStatus"}
    assert box["operations"] == {
        "CreateToyBox": {"does": "create", "status": "Creating"},
        "DescribeToyBox": {"does": "describe", "fills": ["Weight"]},
        "UpdateToyBox": {"does": "change", "allowed": ["Ready", "Sad"]},
        "DeleteToyBox": {"does": "delete", "status": "Deleting", "allowed": ["Ready", "Sad"]},
        "ListToyBoxes": {
            "does": "list",
            "items": "Summaries",
            "ignored": ["Shop"],
            "sort_by": "CreationTime",
        },
    }


def test_what_is_within_another_needs_it_and_what_no_request_names_is_made() -> None:
    found = behaviour()
    toy = found["resources"]["toy"]

    assert toy["identity"] == ["ToyBoxName", "ToyId"]
    assert toy["made"] == {"ToyId": "{mark}"}
    assert toy["operations"]["CreateToy"]["needs"] == {"ToyBoxName": "toy_box"}
    assert found["needs"] == {"OpenToyBox": {"ToyBoxName": "toy_box"}}


def test_what_the_table_of_the_service_says_stands_above() -> None:
    own = {"status": "Colour", "operations": {"OpenToyBox": {"does": "change", "status": "Open"}}}
    box = behaviour(resources={"toy_box": own}, exceptions={"UpdateToyBox": "a box is as it is"})
    kept = box["resources"]["toy_box"]

    assert kept["status"] == "Colour"
    assert "UpdateToyBox" not in kept["operations"]
    assert kept["operations"]["OpenToyBox"] == {"does": "change", "status": "Open"}
    assert kept["identity"] == ["ToyBoxName"]


def test_without_rules_nothing_is_inferred() -> None:
    own = {"answers": {"omitted": ["NextToken"]}}

    assert service_behaviour(BOXES, "mini", {"services": {"mini": own}}) == own
    assert service_behaviour(BOXES, "mini", {}) == {}


def test_the_page_of_families_is_what_the_server_reads() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "families.py"))

    assert page["PAGE"].read_text("utf-8").splitlines() == list(
        page["lines"]()
    ), "docs/families.md is stale: run python docs/families.py"
