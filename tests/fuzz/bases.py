"""What is broken: specs that were made up, and small ones of AWS."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import change_models
from minispec import Spec, one_structure, spec_files
from obstacles import OBSTACLES

ROOT = Path(__file__).parents[2]
REAL = [
    "sagemaker-runtime",
    "sagemaker-metrics",
    "sagemaker-edge",
    "sagemaker-featurestore-runtime",
]

PLAIN = one_structure(
    {"Name": "Name", "Kind": "Kind", "Part": "Part", "Tags": "Tags", "NextToken": "Token"},
    required=["Name"],
    shapes={
        "Name": {"type": "string", "min": 1, "max": 63, "pattern": "^[a-z](-*[a-z])*"},
        "Token": {"type": "string", "max": 10},
        "Kind": {"enum": ["one", "two", "ml.t2"]},
        "Part": {"members": {"Size": "Integer", "When": "Timestamp", "Part": "Part"}},
        "Tags": {"key": "Name", "value": "Parts"},
        "Parts": {"member": "Part", "max": 3},
        "Bad": {"exception": True, "members": {"Message": "String"}},
        "Choice": {"union": True, "members": {"A": "Part", "B": "Kind"}},
    },
    paginators={
        "Send": {"input_token": "NextToken", "output_token": "NextToken", "result_key": "Tags"}
    },
    waiters={
        "Sent": {
            "operation": "Send",
            "delay": 1,
            "maxAttempts": 2,
            "acceptors": [
                {"state": "success", "matcher": "path", "argument": "Kind", "expected": "one"},
                {"state": "failure", "matcher": "error", "expected": "Bad"},
            ],
        }
    },
)
REST = {
    **one_structure(
        {
            "Name": {"shape": "String", "location": "uri", "locationName": "name"},
            "Kind": {"shape": "Kind", "location": "querystring", "locationName": "kind"},
            "Trace": {"shape": "String", "location": "header", "locationName": "x-trace"},
            "Labels": {"shape": "Labels", "location": "headers", "locationName": "x-l-"},
            "Body": "Blob",
        },
        required=["Name"],
        shapes={
            "Kind": {"enum": ["one", "two"]},
            "Labels": {"key": "String", "value": "String"},
            "Stream": {
                "type": "structure",
                "eventstream": True,
                "members": {"Part": "Event", "Broken": "Bad"},
            },
            "Event": {"event": True, "members": {"Bytes": {"shape": "Blob", "eventpayload": True}}},
            "Bad": {"exception": True, "members": {"Message": "String"}},
            "Watched": {"members": {"Stream": "Stream"}, "payload": "Stream"},
        },
        metadata={"protocol": "rest-json", "jsonVersion": "1.1"},
    )
}
REST["operations"] = {
    "Send": {
        "input": "SendRequest",
        "output": "Watched",
        "errors": ["Bad"],
        "http": {"method": "POST", "requestUri": "/things/{name}?x=y"},
    }
}
OVERRIDES: dict[str, Any] = {
    "services": {
        "mini": {
            "class_name": "Small",
            "names": [{"shape": "Part", "member": "Size", "name": "How", "reason": "Short."}],
            "families": [{"operation": "Send", "family": "thing", "reason": "There is one."}],
            "sensitive": [{"shape": "Name", "reason": "It says who."}],
        }
    }
}


@cache
def _real(name: str) -> dict[str, str]:
    folder = ROOT / "specs" / name
    return {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.json"))}


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / "specs" / name).read_text("utf-8"))


SPECS = ["plain", "rest", "obstacles", "old workshop", "new workshop", *REAL]
MINI = "mini"


def service_trees(base: str) -> dict[str, Any]:
    """Return new trees of the files of a service."""
    match base:
        case "plain":
            spec: Spec = PLAIN
        case "rest":
            spec = REST
        case "obstacles":
            spec = OBSTACLES
        case "old workshop":
            spec = change_models.workshop(new=False)
        case "new workshop":
            spec = change_models.workshop(new=True)
        case _:
            return {file: json.loads(text) for file, text in _real(base).items()}
    trees: dict[str, Any] = json.loads(json.dumps(spec_files(spec)))
    return trees


def tables(base: str) -> dict[str, Any]:
    """Return new trees of the tables beside them."""
    whole = _table("behaviour.toml")
    if base in REAL:
        overrides = {"services": {MINI: _table("overrides.toml")["services"].get(base, {})}}
        own = whole["services"].get(base, {})
    else:
        overrides = OVERRIDES if base == "plain" else {}
        once = {"class": "once", "why": "It is a test."}
        operations = service_trees(base)["service-2.json"]["operations"]
        own = {"repeat": {next(iter(operations)): once}}
    behaviour = {"repeat": whole["repeat"], "services": {MINI: own}}
    files = dict.fromkeys(service_trees(base), "0" * 64)
    entry = {"api_version": "2020-01-01", "source": "botocore 1.0.0", "files": files}
    made = {
        "overrides.toml": overrides,
        "behaviour.toml": behaviour,
        "catalog.toml": {"services": {MINI: entry}},
    }
    copied: dict[str, Any] = json.loads(json.dumps(made))
    return copied


def record() -> dict[str, Any]:
    """Return a new tree of a record of a change."""
    entry = {"direction": "request", "kind": "member_added", "class": "additive", "values": ["x"]}
    difference = {"service": MINI, "old": "a", "new": "b", "verdict": "additive"}
    services = [{**difference, "semver": "minor", "entries": [entry]}]
    return {"source": "botocore 1.0.0", "verdict": "additive", "services": services}


@cache
def pages() -> list[tuple[str, bytes]]:
    """Return pages of API changes with their names."""
    paths = sorted((ROOT / "tests" / "pages").glob("*.[th]*"))
    found = [(path.name, path.read_bytes()) for path in paths]
    return [*found, ("workshop.txt", change_models.GOLDEN.read_bytes())]
