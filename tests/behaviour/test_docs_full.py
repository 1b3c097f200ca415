"""`--docs full`: AWS's prose in docstrings, read from a botocore, and in no other place."""

from __future__ import annotations

import ast
import copy
import inspect
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import black
import pytest
from minispec import Mini, importable, new_mini, spec_files, tree_of

from aiobotantic_codegen.load.botocore import from_installed
from aiobotantic_codegen.load.prose import load_prose
from aiobotantic_codegen.pipeline import Outcome, Request, generate

ROOT = Path(__file__).resolve().parents[2]
LONG = "word " * 40
HOSTILE = (
    "<p>\"\"\"\nimport os\nclass Evil:\n    x = 1\n''' \\ {{ 7 * 6 }} {% raw %} \u202e \x00</p>"
    '<pre>\nclass Evil:\n\\\n"""</pre><p><code>\\</code></p>'
)


def shape(documentation: str | None = None, name: str = "String") -> dict[str, str]:
    return {"shape": name} | ({"documentation": documentation} if documentation else {})


SPEC: dict[str, Any] = {
    "operations": {
        "ListPets": {
            "input": "ListPetsRequest",
            "output": "ListPetsResponse",
            "errors": ["PetsAsleep", "PetsGone"],
            "documentation": f"<p>Lists pets.</p><p>{LONG}</p><ul><li><p>one</p></li></ul>",
        },
        "Feed": {"input": "FeedRequest"},
    },
    "shapes": {
        "ListPetsRequest": {
            "members": {
                "Kind": shape("<p>The kind</p>", "Kind"),
                "NextToken": shape("<p>The token.</p><note><p>Opaque.</p></note>"),
                "Limit": shape(None, "Count"),
                "Evil": shape(HOSTILE),
            }
        },
        "ListPetsResponse": {"members": {"Pets": shape(None, "Pets"), "NextToken": shape()}},
        "FeedRequest": {"members": {"Name": shape()}},
        "Pets": {"type": "list", "member": {"shape": "Pet"}},
        "Pet": {
            "members": {"Name": shape("<p>What it is <i>called</i>.</p>"), "Age": shape()},
            "documentation": "<p>An animal, see <a href='https://a.b/c'>here</a>.</p>",
        },
        "Kind": {"enum": ["cat"], "documentation": HOSTILE},
        "Count": {"type": "integer", "min": 1, "max": 5},
        "PetsAsleep": {
            "members": {"Until": shape("<p>When they wake.</p>"), "Message": shape("<p>x</p>")},
            "exception": True,
            "documentation": f"<p>They sleep.</p><p>{LONG}</p>",
        },
        "PetsGone": {"members": {}, "exception": True},
    },
    "paginators": {
        "ListPets": {
            "input_token": "NextToken",
            "output_token": "NextToken",
            "result_key": "Pets",
            "limit_key": "Limit",
        }
    },
}


def write_botocore(folder: Path, spec: dict[str, Any], service: str = "mini") -> Path:
    """Write a data folder as botocore has one, prose included."""
    place = folder / service / "2020-01-01"
    place.mkdir(parents=True, exist_ok=True)
    for name, tree in spec_files(spec).items():
        (place / name).write_text(json.dumps(tree))
    return folder


@pytest.fixture
def mini(tmp_path: Path, generator_cache: Path) -> Mini:
    return new_mini(tmp_path, SPEC)


@pytest.fixture
def botocore(tmp_path: Path) -> Path:
    return write_botocore(tmp_path / "data", SPEC)


@pytest.fixture
def full(mini: Mini, botocore: Path) -> Iterator[Mini]:
    """The package with prose, on the path of imports."""
    run(mini, botocore)
    with importable(mini):
        yield mini


def run(mini: Mini, botocore: Path) -> Outcome:
    return generate(Request(mini.specs, mini.out, mini.package, docs="full", prose=botocore))


def doc_of(thing: object) -> str:
    doc = inspect.getdoc(thing)
    assert doc is not None
    return doc


def beneath(mini: Mini, file: str, owner: str, field: str) -> str:
    """Return the text beneath a field, as an editor reads it."""
    tree = ast.parse(mini.text(file))
    (body,) = [n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == owner]
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == field:
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                return inspect.cleandoc(str(after.value.value))
            return ""
    raise AssertionError(f"{owner} has no field {field}")


def wrapped(first: int, rest: int, indent: str = "") -> str:
    """Return the long paragraph as lines of so many words."""
    words = LONG.split()
    lines = [" ".join(words[:first])]
    lines += [" ".join(words[at : at + rest]) for at in range(first, len(words), rest)]
    return f"\n{indent}".join(lines)


def test_a_method(full: Mini) -> None:
    method = full.module("client").Mini.list_pets

    doc = doc_of(method)
    head, _, rest = doc.partition("\n\nArgs:\n")
    assert head == f"Call `ListPets`.\n\nLists pets.\n\n{wrapped(18, 18)}\n\n- one"
    arguments, _, raises = rest.partition("\n\nRaises:\n")
    assert arguments.startswith(
        "    kind: The kind. A member of `Kind`, or a newer value as a string.\n"
        "    next_token: The token.\n\n        Note:\n            Opaque.\n"
        "    limit: 1 to 5.\n"
        '    evil: """ import os class Evil: x = 1'
    )
    assert raises.startswith(
        f"    PetsAsleep: They sleep.\n\n        {wrapped(17, 17, ' ' * 8).rstrip()}\n"
        "    PetsGone: The service answered `PetsGone`.\n\n[AWS API reference]("
    )


def test_an_iterator(full: Mini) -> None:
    doc = doc_of(full.module("client").Mini.iter_pets)

    assert doc.startswith("Iterate over what `ListPets` lists: items, or whole responses by")
    assert "\n\nLists pets.\n\n" in doc
    assert "    kind: The kind. A member of" in doc


def test_structures_enums_and_errors(full: Mini) -> None:
    assert doc_of(full.models.Pet) == "`Pet`.\n\nAn animal, see [here](https://a.b/c)."
    assert doc_of(full.models.Kind).startswith('Values of `Kind`.\n\n""" import os class Evil:')
    asleep = full.module("errors").PetsAsleep
    assert doc_of(asleep).startswith("The service answered `PetsAsleep`.\n\nThey sleep.\n\nword")
    assert beneath(full, "errors.py", "PetsAsleep", "until") == "When they wake."


def test_fields(full: Mini) -> None:
    shapes = "_shapes/pet.py"

    assert beneath(full, shapes, "Pet", "name") == "What it is called."
    assert beneath(full, shapes, "Pet", "age") == ""
    token = beneath(full, shapes, "ListPetsRequest", "next_token")
    assert token == "The token.\n\nNote:\n    Opaque."
    assert beneath(full, shapes, "ListPetsRequest", "limit") == "1 to 5."


def test_what_has_no_prose_says_its_facts(full: Mini) -> None:
    assert doc_of(full.module("client").Mini.feed).startswith(
        "Call `Feed`.\n\nArgs:\n    name: Text."
    )
    assert doc_of(full.module("errors").PetsGone) == "The service answered `PetsGone`."


def test_prose_is_never_code(full: Mini) -> None:
    with_prose = {path: text.decode() for path, text in tree_of(full.root).items()}
    names = {path: names_of(text) for path, text in with_prose.items() if path.endswith(".py")}

    full.generate()

    for path, text in tree_of(full.root).items():
        if path.endswith(".py"):
            assert names_of(text.decode()) == names[path], path
    assert "Evil" not in vars(sys.modules[full.models.Kind.__module__])
    for path, text in with_prose.items():
        assert text.isascii(), path
        assert "\x00" not in text, path


def names_of(source: str) -> list[str]:
    """Return a module without its strings that stand alone."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.stmt)
        and not isinstance(node, (ast.Expr, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
    ]


def test_black_has_nothing_to_do(full: Mini) -> None:
    mode = black.Mode(line_length=100, target_versions={black.TargetVersion.PY311})

    for file in sorted(full.root.rglob("*.py")):
        assert black.format_str(file.read_text("utf-8"), mode=mode) == file.read_text("utf-8")


def test_lines_are_no_longer_than_those_of_code(full: Mini) -> None:
    for file in sorted(full.root.rglob("*.py")):
        for line in file.read_text("utf-8").splitlines():
            assert len(line) <= 100 or line.lstrip().startswith("[AWS API reference]"), file


def test_facts_alone_stay_what_they_are(mini: Mini, botocore: Path) -> None:
    specs = tree_of(mini.specs)
    mini.generate()
    facts = tree_of(mini.root)

    changed = run(mini, botocore).change.changed
    with_prose = tree_of(mini.root)
    assert mini.generate().change.changed == changed

    assert tree_of(mini.root) == facts
    assert tree_of(mini.specs) == specs
    assert with_prose["manifest.json"] == facts["manifest.json"]
    for text in (*facts.values(), *specs.values()):
        assert b"Evil:" not in text
        assert b"Lists pets" not in text


def test_a_source_without_the_service_gives_facts(mini: Mini, tmp_path: Path) -> None:
    mini.generate()
    facts = tree_of(mini.root)

    run(mini, write_botocore(tmp_path / "other", SPEC, service="other"))

    assert tree_of(mini.root) == facts


def test_an_older_source_gives_what_it_has(mini: Mini, tmp_path: Path) -> None:
    older = copy.deepcopy(SPEC)
    del older["operations"]["ListPets"]
    del older["shapes"]["ListPetsRequest"]["members"]["Kind"]

    run(mini, write_botocore(tmp_path / "older", older))

    text = mini.text("_operations/pet.py")
    assert "Lists pets" not in text
    assert "kind: A member of `Kind`, or a newer value as a string." in text
    assert "next_token: The token." in text


def test_a_second_run_touches_nothing_until_the_prose_changes(mini: Mini, botocore: Path) -> None:
    run(mini, botocore)

    again = run(mini, botocore)
    assert not again.change
    assert "render" not in again.seconds
    newer = copy.deepcopy(SPEC)
    newer["operations"]["ListPets"]["documentation"] = "<p>Lists all pets.</p>"
    write_botocore(botocore, newer)
    assert run(mini, botocore).change.changed == ("mini/_operations/pet.py",)


def test_hash_seeds_do_not_show(mini: Mini, botocore: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from aiobotantic_codegen.pipeline import *\n"
        "specs, out, prose = map(Path, sys.argv[1:])\n"
        "generate(Request(specs, out, 'same', docs='full', prose=prose))\n"
    )
    trees = []
    for seed in ("1", "2"):
        environment = {"PYTHONHASHSEED": seed, "XDG_CACHE_HOME": str(tmp_path / f"cache{seed}")}
        subprocess.run(
            [sys.executable, "-c", code, mini.specs, tmp_path / seed, botocore],
            env={**os.environ, **environment},
            check=True,
        )
        trees.append(tree_of(tmp_path / seed))

    assert trees[0] == trees[1]
    assert b"Lists pets." in trees[0]["same/mini/_operations/pet.py"]


def test_the_command_reads_the_installed_botocore(tmp_path: Path, generator_cache: Path) -> None:
    prose = load_prose(from_installed(), "sagemaker-metrics").operations["BatchPutMetrics"]
    some = [word for word in prose.split() if word.isalpha()][:4]
    texts = {}

    for docs in ("facts", "full"):
        command = [sys.executable, "-m", "aiobotantic_codegen.cli", "generate", "--docs", docs]
        command += ["--service", "sagemaker-metrics", "--specs", str(ROOT / "specs")]
        command += ["--out", str(tmp_path / docs), "--package", "some_metrics"]
        subprocess.run(command, check=True, capture_output=True)
        (file,) = (tmp_path / docs).rglob("_operations/[a-z]*.py")
        texts[docs] = file.read_text("utf-8")

    assert len(some) == 4
    assert all(word in texts["full"] for word in some)
    assert not all(word in texts["facts"] for word in some)


def test_the_command_knows_two_kinds_of_docs() -> None:
    command = [sys.executable, "-m", "aiobotantic_codegen.cli", "generate", "--docs", "all"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "'all' is not one of 'facts', 'full'" in done.stderr
