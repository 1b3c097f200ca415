"""The canonical form of specs: facts only, one fact a line, additions change no line."""

from __future__ import annotations

import copy
import difflib
import json
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiobotantic_codegen.load.botocore import ModelSource, from_installed
from aiobotantic_codegen.load.canonical import (
    PROSE,
    WAITERS_PROSE,
    canonical_catalog,
    canonical_json,
    facts_only,
)
from aiobotantic_codegen.load.documents import CatalogDocument, CatalogEntry
from aiobotantic_codegen.load.service import WAITERS

SERVICE: dict[str, Any] = {
    "version": "2.0",
    "metadata": {},
    "operations": {
        "ListPets": {"name": "ListPets", "input": {"shape": "ListPetsRequest"}, "errors": []},
    },
    "shapes": {
        "Kind": {"type": "string", "enum": ["cat", "caf\u00e9"]},
        "ListPetsRequest": {
            "type": "structure",
            "required": ["Kind"],
            "members": {"Kind": {"shape": "Kind", "location": "uri"}},
        },
    },
}

SERVICE_TEXT = r"""{
 "version": "2.0"
,"metadata": {}
,"operations": {
   "ListPets": {
     "name": "ListPets"
    ,"input": {"shape": "ListPetsRequest"}
    ,"errors": []
    }
  }
,"shapes": {
   "Kind": {
     "type": "string"
    ,"enum": [
       "cat"
      ,"caf\u00e9"
      ]
    }
  ,"ListPetsRequest": {
     "type": "structure"
    ,"required": [
       "Kind"
      ]
    ,"members": {
       "Kind": {
         "shape": "Kind"
        ,"location": "uri"
        }
      }
    }
  }
}
"""


def test_one_fact_a_line() -> None:
    assert canonical_json(SERVICE).decode() == SERVICE_TEXT


def added_lines(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The lines that the change adds; it may remove none."""
    old, new = (canonical_json(tree).decode().splitlines() for tree in (before, after))
    diff = list(difflib.unified_diff(old, new, n=0, lineterm=""))[2:]
    assert [line for line in diff if line.startswith("-")] == []
    return [line[1:].strip() for line in diff if line.startswith("+")]


def test_an_appended_enum_value_adds_one_line() -> None:
    after = copy.deepcopy(SERVICE)
    after["shapes"]["Kind"]["enum"].append("dog")
    assert added_lines(SERVICE, after) == [',"dog"']


def test_additions_of_every_kind_change_no_line() -> None:
    after = copy.deepcopy(SERVICE)
    after["shapes"]["Kind"]["max"] = 64
    after["shapes"]["ListPetsRequest"]["members"]["Next"] = {"shape": "Token"}
    after["shapes"]["ListPetsRequest"]["members"]["Kind"]["box"] = True
    after["shapes"]["ListPetsRequest"]["required"].append("Next")
    after["shapes"]["Token"] = {"type": "string"}
    after["operations"]["ListPets"]["readonly"] = True
    assert added_lines(SERVICE, after) == [
        ',"readonly": true',
        ',"max": 64',
        ',"Next"',
        ',"box": true',
        ',"Next": {"shape": "Token"}',
        ',"Token": {"type": "string"}',
    ]


def test_prose_goes_and_names_stay() -> None:
    documented = {
        "documentation": "<p>gone</p>",
        "clientContextParams": {"documentation": {"type": "string", "documentation": "gone"}},
        "operations": {
            "documentation": {
                "name": "documentation",
                "documentation": "gone",
                "documentationUrl": "gone",
                "input": {"shape": "members", "documentation": "gone"},
                "errors": [{"shape": "shapes", "documentation": "gone"}],
                "staticContextParams": {"documentation": {"value": "kept"}},
            }
        },
        "shapes": {
            "documentation": {"type": "string", "documentation": "gone"},
            "members": {
                "type": "structure",
                "required": ["documentation", "documentationUrl"],
                "members": {
                    "documentation": {"shape": "documentation", "documentation": "gone"},
                    "documentationUrl": {"shape": "documentation"},
                    "members": {"shape": "members", "documentation": "gone"},
                },
            },
        },
    }
    assert facts_only(documented) == {
        "clientContextParams": {"documentation": {"type": "string"}},
        "operations": {
            "documentation": {
                "name": "documentation",
                "input": {"shape": "members"},
                "errors": [{"shape": "shapes"}],
                "staticContextParams": {"documentation": {"value": "kept"}},
            }
        },
        "shapes": {
            "documentation": {"type": "string"},
            "members": {
                "type": "structure",
                "required": ["documentation", "documentationUrl"],
                "members": {
                    "documentation": {"shape": "documentation"},
                    "documentationUrl": {"shape": "documentation"},
                    "members": {"shape": "members"},
                },
            },
        },
    }


def test_waiters_lose_descriptions_and_keep_waiters_of_that_name() -> None:
    waiters = {"waiters": {"description": {"operation": "A", "description": "gone", "delay": 1}}}
    kept = {"waiters": {"description": {"operation": "A", "delay": 1}}}
    assert facts_only(waiters, WAITERS_PROSE) == kept


def test_endpoint_rules_stay_word_for_word() -> None:
    rules = [{"type": "endpoint", "endpoint": {"properties": {"documentation": "a rule's own"}}}]
    document = {"parameters": {"Region": {"type": "String", "documentation": "gone"}}}
    facts = facts_only({**document, "rules": rules})
    assert facts == {"parameters": {"Region": {"type": "String"}}, "rules": rules}


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
trees = st.recursive(
    scalars.filter(lambda value: value not in (float("inf"), float("-inf"))),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=15,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(), trees))
def test_any_tree_reads_back_in_order(tree: dict[str, Any]) -> None:
    text = canonical_json(tree)
    assert json.dumps(json.loads(text)) == json.dumps(tree)
    assert text.isascii()
    assert text.endswith(b"\n")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_json_lacks_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="Out of range float values are not JSON compliant"):
        canonical_json({"max": number})


def test_catalog_is_sorted_and_reads_back() -> None:
    entries = {
        "sagemaker-runtime": CatalogEntry(
            api_version="2017-05-13",
            source="botocore 1.44.5",
            files={"waiters-2.json": "bb", "service-2.json": "aa"},
        ),
        "a.b": CatalogEntry(api_version="1", source='a "\u00e9\U0001f600\x7f\\', files={}),
    }
    text = canonical_catalog(CatalogDocument(services=entries)).decode()
    assert text.partition("[services.sagemaker-runtime]")[2] == (
        '\napi_version = "2017-05-13"\n'
        'source = "botocore 1.44.5"\n'
        "\n"
        "[services.sagemaker-runtime.files]\n"
        '"service-2.json" = "aa"\n'
        '"waiters-2.json" = "bb"\n'
    )
    assert CatalogDocument.model_validate(tomllib.loads(text)).services == entries


def without_prose(document: dict[str, Any]) -> dict[str, Any]:
    """The same as facts_only for service models, by walking the places that botocore documents."""
    tree: dict[str, Any] = json.loads(json.dumps(document))
    documented = [tree, *tree["operations"].values(), *tree["shapes"].values()]
    for operation in tree["operations"].values():
        documented += [operation.get("input", {}), operation.get("output", {})]
        documented += operation.get("errors", [])
    for shape in tree["shapes"].values():
        documented += shape.get("members", {}).values()
        documented += [shape[key] for key in ("member", "key", "value") if key in shape]
    for place in documented:
        place.pop("documentation", None)
        place.pop("documentationUrl", None)
        if isinstance(place.get("deprecatedMessage"), str):
            place.pop("deprecatedMessage")
    return tree


@pytest.fixture(scope="module")
def installed() -> ModelSource:
    return from_installed()


@pytest.mark.parametrize("name", [*from_installed().select(), "dynamodb", "lambda", "sqs"])
def test_real_services_keep_every_fact(installed: ModelSource, name: str) -> None:
    model = installed.read(name)
    service = model.files["service-2.json"]
    written = json.loads(canonical_json(facts_only(service)))
    assert json.dumps(written) == json.dumps(without_prose(service))
    for file, document in model.files.items():
        facts = facts_only(document, WAITERS_PROSE if file == WAITERS else PROSE)
        assert json.dumps(json.loads(canonical_json(facts))) == json.dumps(facts)
