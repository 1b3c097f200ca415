"""Two models of a service that was invented: what a page of their difference shows.

`python tests/change_models.py` writes the golden page anew. Then read its diff.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from minispec import Spec, spec_files

from aiobotantic_codegen.changes.diff import diff_models
from aiobotantic_codegen.changes.models import Model, load_model
from aiobotantic_codegen.changes.render import Page, as_text, build_page

GOLDEN = Path(__file__).resolve().parent / "golden" / "change-page.txt"
DAY = date(2024, 2, 3)
PROSE = "Benches of yew and elm."
WORKSHOP = {"serviceFullName": "Amazon Workshop", "serviceId": "Workshop", "uid": "workshop-1"}


def described(shape: str, documentation: str, **traits: Any) -> dict[str, Any]:
    """Return a reference to a shape that says something of it."""
    return {"shape": shape, "documentation": documentation, **traits}


def write_model(folder: Path, spec: Spec) -> Path:
    """Write a model, texts included; return its file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "service-2.json"
    file.write_text(json.dumps(spec_files(spec)["service-2.json"]), "utf-8")
    return file


def model_of(folder: Path, spec: Spec) -> Model:
    """Write a model and read it."""
    return load_model(str(write_model(folder, spec)), None, folder)


def page_of(folder: Path, old: Spec, new: Spec, **facts: Any) -> Page:
    """Return the page of a difference."""
    before, after = model_of(folder / "old", old), model_of(folder / "new", new)
    return build_page(diff_models(before, after), after, **facts)


def workshop(*, new: bool) -> Spec:
    """Return the older or the newer model of a workshop."""
    bench: dict[str, Any] = {
        "Name": described("String", "<p>What the bench is called.</p>"),
        "Kind": described("Kind", "<p>Its <code>Kind</code>: see <a>ListBenches</a>.</p>"),
        "Tools": "Tools",
    }
    tool: dict[str, Any] = {"Label": "String", "Weight": "Double"}
    operations: dict[str, Any] = {
        "MakeBench": {
            "input": "Bench",
            "output": "MadeBench",
            "documentation": "<p>Makes a bench.</p> <note> <p>Benches are heavy.</p> </note>",
        },
        "ListBenches": {
            "input": "Page",
            "output": "Benches",
            "documentation": "<p>Lists:</p> <ul> <li> <p>benches</p> </li> </ul>",
        },
    }
    shapes: dict[str, Any] = {
        "Bench": {"members": bench, "required": ["Name"]},
        "Kind": {"enum": ["oak", "pine", "ash"]},
        "Tools": {"member": "Tool"},
        "Tool": {"members": tool},
        "MadeBench": {"members": {"Id": described("String", "<p>The bench.</p>")}},
        "Page": {"members": {"Size": "Size"}},
        "Size": {"type": "integer", "max": 10},
        "Benches": {"members": {"Benches": "BenchList"}},
        "BenchList": {"member": "Bench"},
    }
    if new:
        shapes["Kind"] = {"enum": ["oak", "pine", "yew", "elm"]}
        shapes["Size"]["max"] = 5
        shapes["Plan"] = {"members": {"Lines": "Lines", "Of": "Plan", "When": "Timestamp"}}
        shapes["Lines"] = {"key": "String", "value": "Boolean"}
        shapes["Finish"] = {"enum": ["oil", "wax"]}
        tool["Plan"] = "Plan"
        bench["Finish"] = described("Finish", "<p>What covers it.</p>")
        shapes["Id"] = {"members": {"Id": "String"}, "required": ["Id"]}
        operations["SellBench"] = {"input": "Id", "documentation": "<p>Sells a bench.</p>"}
    else:
        shapes["Page"]["members"]["Colour"] = "String"
        operations["BurnBench"] = {"input": "Page"}
    return {"metadata": WORKSHOP, "operations": operations, "shapes": shapes}


def golden_page(folder: Path) -> str:
    """Return the page of the workshop's models, without the folder that they were written to."""
    page = page_of(folder, workshop(new=False), workshop(new=True), prose=PROSE, day=DAY)
    return as_text(page).replace(f"{folder}/", "")


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        GOLDEN.write_text(golden_page(Path(folder)), "utf-8")
