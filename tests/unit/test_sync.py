"""`aiobotantic sync`: from wheels, folders and the installed botocore to the specs folder."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import pty
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from aiobotantic_codegen.cache import cache_folder
from aiobotantic_codegen.errors import SpecError, SyncError
from aiobotantic_codegen.load.botocore import (
    ModelSource,
    from_directory,
    from_index,
    from_installed,
)
from aiobotantic_codegen.load.service import list_services, load_catalog, load_service
from aiobotantic_codegen.sync import sync
from aiobotantic_codegen.write import TreeChange


def service_model(**shapes: Any) -> dict[str, Any]:
    return {
        "version": "2.0",
        "metadata": {
            "apiVersion": "2020-01-01",
            "endpointPrefix": "pets",
            "protocol": "json",
            "serviceFullName": "Pets",
            "serviceId": "Pets",
            "signatureVersion": "v4",
        },
        "operations": {},
        "shapes": shapes,
        "documentation": "<p>Prose.</p>",
    }


KIND = {"type": "string", "enum": ["cat"], "documentation": "<p>Prose.</p>"}


def put(folder: Path, file: str, tree: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    (folder / file).write_bytes(gzip.compress(text) if file.endswith(".gz") else text)
    return folder / file


def botocore_data(folder: Path, *names: str) -> Path:
    """A botocore data folder with one small model for each name."""
    for name in names or ("sagemaker", "sagemaker-runtime", "s3"):
        put(folder / name / "2020-01-01", "service-2.json.gz", service_model(Kind=KIND))
    return folder


def source(folder: Path) -> ModelSource:
    return from_directory(folder)


def content(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def test_default_is_every_service_of_the_prefix_found_by_listing(tmp_path: Path) -> None:
    data = botocore_data(tmp_path / "data", "sagemaker", "sagemakerjobs", "s3", "edge-sagemaker")
    (data / "sagemaker-empty" / "2020-01-01").mkdir(parents=True)
    put(data, "partitions.json", {})
    told: list[tuple[str, int, int]] = []
    result = sync(source(data), tmp_path / "specs", progress=lambda *step: told.append(step))
    assert list_services(tmp_path / "specs") == ["sagemaker", "sagemakerjobs"]
    assert list(result.entries) == ["sagemaker", "sagemakerjobs"]
    assert told == [("sagemaker", 0, 2), ("sagemakerjobs", 1, 2)]


def test_facts_and_catalog_are_written(tmp_path: Path) -> None:
    data = botocore_data(tmp_path / "data", "sagemaker")
    put(data / "sagemaker/2020-01-01", "examples-1.json", {"version": "1.0"})
    sync(source(data), tmp_path / "specs")
    files = content(tmp_path / "specs")
    assert files.keys() == {"catalog.toml", "sagemaker/service-2.json"}
    model = files["sagemaker/service-2.json"]
    assert b"Prose" not in model
    assert files["catalog.toml"].decode() == (
        "# Written by `aiobotantic sync`. Do not edit.\n"
        "\n"
        "[services.sagemaker]\n"
        'api_version = "2020-01-01"\n'
        'source = "directory"\n'
        "\n"
        "[services.sagemaker.files]\n"
        f'"service-2.json" = "{hashlib.sha256(model).hexdigest()}"\n'
    )
    loaded = load_service(tmp_path / "specs", "sagemaker")
    catalog = load_catalog(tmp_path / "specs")
    assert loaded.files == catalog.services["sagemaker"].files


def test_the_newest_api_version_is_taken(tmp_path: Path) -> None:
    data = botocore_data(tmp_path / "data", "sagemaker")
    put(data / "sagemaker/2021-05-05", "service-2.json", service_model(New=KIND))
    put(data / "sagemaker/2022-01-01", "waiters-2.json", {"version": 2, "waiters": {}})
    result = sync(source(data), tmp_path / "specs")
    assert result.entries["sagemaker"].api_version == "2021-05-05"
    assert list(load_service(tmp_path / "specs", "sagemaker").service.shapes) == ["New"]


def test_a_plain_file_wins_over_a_compressed_one(tmp_path: Path) -> None:
    data = botocore_data(tmp_path / "data", "sagemaker")
    put(data / "sagemaker/2020-01-01", "service-2.json", service_model(Plain=KIND))
    assert list(source(data).read("sagemaker").files["service-2.json"]["shapes"]) == ["Plain"]


def test_extras_are_merged(tmp_path: Path) -> None:
    data = botocore_data(tmp_path / "data", "sagemaker")
    folder = data / "sagemaker/2020-01-01"
    paginator = {"input_token": "A", "output_token": "B", "result_key": "C"}
    model = service_model(Kind=KIND)
    model["operations"]["List"] = {"name": "List", "http": {"method": "POST", "requestUri": "/"}}
    put(folder, "service-2.json.gz", model)
    put(folder, "paginators-1.json", {"pagination": {"List": paginator}})
    extras = {"version": 1.0, "merge": {"pagination": {"List": {"non_aggregate_keys": ["D"]}}}}
    put(folder, "paginators-1.sdk-extras.json", extras)
    put(
        folder,
        "service-2.sdk-extras.json.gz",
        {"version": 1.0, "merge": {"shapes": {"Kind": {"enum": ["dog"], "min": 1}}}},
    )
    sync(source(data), tmp_path / "specs")
    loaded = load_service(tmp_path / "specs", "sagemaker")
    assert loaded.service.shapes["Kind"].enum == ("dog",)
    assert (loaded.service.shapes["Kind"].min, loaded.service.shapes["Kind"].type) == (1, "string")
    merged = loaded.paginators.pagination["List"]
    assert (merged.result_key, merged.non_aggregate_keys) == ("C", ("D",))


def test_a_second_sync_touches_nothing(tmp_path: Path) -> None:
    data, specs = botocore_data(tmp_path / "data"), tmp_path / "specs"
    assert sync(source(data), specs).change.added == (
        "catalog.toml",
        "sagemaker-runtime/service-2.json",
        "sagemaker/service-2.json",
    )
    before = {path: path.stat().st_mtime_ns for path in [specs, *specs.rglob("*")]}
    assert sync(source(data), specs).change == TreeChange(unchanged_count=3)
    assert {path: path.stat().st_mtime_ns for path in [specs, *specs.rglob("*")]} == before


def test_a_new_enum_value_is_one_line(tmp_path: Path) -> None:
    data, specs = botocore_data(tmp_path / "data"), tmp_path / "specs"
    sync(source(data), specs)
    before = (specs / "sagemaker/service-2.json").read_text().splitlines()
    changed = service_model(Kind={**KIND, "enum": ["cat", "dog"]})
    put(data / "sagemaker/2020-01-01", "service-2.json.gz", changed)
    result = sync(source(data), specs)
    assert result.change.changed == ("catalog.toml", "sagemaker/service-2.json")
    after = (specs / "sagemaker/service-2.json").read_text().splitlines()
    place = after.index('      ,"dog"')
    assert after[:place] + after[place + 1 :] == before


def test_a_named_service_keeps_the_others(tmp_path: Path) -> None:
    data, specs = botocore_data(tmp_path / "data"), tmp_path / "specs"
    sync(source(data), specs)
    sync(source(data), specs, ["s3", "s3"])
    names = ["s3", "sagemaker", "sagemaker-runtime"]
    assert list(load_catalog(specs).services) == names
    assert list_services(specs) == names
    result = sync(source(data), specs)
    assert (result.dropped, list(load_catalog(specs).services)) == ((), names)


def test_services_and_files_that_the_source_lost_are_removed(tmp_path: Path) -> None:
    data, specs = botocore_data(tmp_path / "data"), tmp_path / "specs"
    waiters = put(data / "sagemaker/2020-01-01", "waiters-2.json", {"version": 2, "waiters": {}})
    sync(source(data), specs)
    (specs / "sagemaker-runtime/notes.md").write_text("by hand")
    waiters.unlink()
    (data / "sagemaker-runtime/2020-01-01/service-2.json.gz").unlink()
    result = sync(source(data), specs)
    assert result.dropped == ("sagemaker-runtime",)
    assert result.change.removed == (
        "sagemaker-runtime/service-2.json",
        "sagemaker/waiters-2.json",
    )
    assert list(load_catalog(specs).services) == ["sagemaker"]
    assert (specs / "sagemaker-runtime/notes.md").read_text() == "by hand"


def test_files_of_people_stay(tmp_path: Path) -> None:
    specs = tmp_path / "specs"
    mine = {"overrides.toml": b"# a", "behaviour.toml": b"# b", "changes/2023.json": b"{}"}
    for path, text in mine.items():
        put((specs / path).parent, Path(path).name, text)
    sync(source(botocore_data(tmp_path / "data")), specs)
    assert mine.items() <= content(specs).items()


def test_a_specs_folder_is_a_source_and_says_where_its_facts_came_from(tmp_path: Path) -> None:
    module = put(tmp_path / "botocore", "__init__.py", b"import os\n__version__ = '1.2.3'\n")
    botocore_data(module.parent / "data")
    sync(source(module.parent / "data"), tmp_path / "one")
    entry = load_catalog(tmp_path / "one").services["sagemaker"]
    assert (entry.source, entry.api_version) == ("botocore 1.2.3", "2020-01-01")
    sync(source(tmp_path / "one"), tmp_path / "two")
    assert content(tmp_path / "two") == content(tmp_path / "one")


def test_a_service_that_is_not_there(tmp_path: Path) -> None:
    data = botocore_data(tmp_path / "data")
    for name, remedy in [
        ("sagemakr", "Did you mean sagemaker or sagemaker-runtime?"),
        ("../data/s3", "Check the name."),
        ("qqq", "Check the name."),
    ]:
        with pytest.raises(SyncError) as caught:
            sync(source(data), tmp_path / "specs", [name])
        assert str(caught.value) == f"{data}: holds no service `{name}`\n  {remedy}"
    assert not (tmp_path / "specs").exists()


def test_folders_without_services(tmp_path: Path) -> None:
    with pytest.raises(SyncError) as caught:
        source(tmp_path / "data")
    assert str(caught.value) == f"{tmp_path}/data: no such folder\n  Check the path."
    with pytest.raises(SyncError) as caught:
        source(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: holds no service\n"
        "  Name a folder that holds `<service>/<api version>/service-2.json`."
    )
    data = botocore_data(tmp_path / "data", "s3")
    with pytest.raises(SyncError) as caught:
        sync(source(data), tmp_path / "specs")
    assert str(caught.value) == (
        f"{data}: holds no service whose name starts with `sagemaker`\n"
        "  Name one with `--service`."
    )


WHOLE = gzip.compress(json.dumps(service_model()).encode(), mtime=0)
BROKEN = [
    (
        "service-2.json.gz",
        WHOLE[:-40],
        "not valid gzip: Compressed file ended before the end-of-stream marker was reached",
    ),
    ("service-2.json.gz", b"{}", "not valid gzip: Not a gzipped file (b'{}')"),
    (
        "service-2.json",
        b'{"a": ',
        "not valid JSON: Expecting value: line 1 column 7 (char 6)",
    ),
    ("service-2.json", b"[]", "not a JSON object"),
    ("service-2.json", b'{"a": NaN}', "not valid JSON: NaN is not JSON"),
    (
        "service-2.json",
        b'{"a": 1e999}',
        "not valid JSON: Out of range float values are not JSON compliant",
    ),
]


@pytest.mark.parametrize(("file", "text", "problem"), BROKEN)
def test_broken_files(tmp_path: Path, file: str, text: bytes, problem: str) -> None:
    data = tmp_path / "data"
    put(data / "sagemaker/2020-01-01", "service-2.json", b"")
    (data / "sagemaker/2020-01-01/service-2.json").unlink()
    (data / "sagemaker/2020-01-01" / file).write_bytes(text)
    with pytest.raises(SyncError) as caught:
        sync(source(data), tmp_path / "specs")
    assert caught.value.file == f"{data}/sagemaker/2020-01-01/{file}"
    assert caught.value.problem.removesuffix(": inf") == problem
    assert caught.value.remedy == "Fetch the source again, or use another one."
    assert not (tmp_path / "specs").exists()


def test_a_key_that_stands_twice(tmp_path: Path) -> None:
    data = tmp_path / "data"
    put(data / "sagemaker/2020-01-01", "service-2.json", b'{"a/b": [0, {"c": 1, "c": 2}]}')
    with pytest.raises(SyncError) as caught:
        sync(source(data), tmp_path / "specs")
    assert str(caught.value) == (
        f"{data}/sagemaker/2020-01-01/service-2.json#/a~1b/1: key 'c' stands twice in one object\n"
        "  Fetch the source again, or use another one."
    )


def test_nesting_without_end(tmp_path: Path) -> None:
    data = tmp_path / "data"
    put(data / "sagemaker/2020-01-01", "service-2.json", b'{"a":' + b"[" * 100_000)
    with pytest.raises(SyncError, match="not valid JSON: maximum recursion depth exceeded"):
        sync(source(data), tmp_path / "specs")


def test_a_key_that_the_generator_does_not_know_stops_before_anything_is_written(
    tmp_path: Path,
) -> None:
    data, specs = botocore_data(tmp_path / "data"), tmp_path / "specs"
    sync(source(data), specs)
    before = content(specs)
    model = service_model(Kind={**KIND, "colour": "red"}, Other=KIND)
    put(data / "sagemaker-runtime/2020-01-01", "service-2.json.gz", model)
    put(data / "sagemaker/2020-01-01", "service-2.json.gz", service_model(Other=KIND))
    with pytest.raises(SpecError) as caught:
        sync(source(data), specs)
    assert str(caught.value) == (
        f"{data}/sagemaker-runtime/2020-01-01/service-2.json#/shapes/Kind/colour: "
        "unknown key `colour`\n"
        "  Remove the key; if the service models have gained it, "
        "add it where ServiceDocument is defined (load/documents.py)."
    )
    assert content(specs) == before


def test_the_installed_botocore(tmp_path: Path) -> None:
    installed = from_installed()
    result = sync(installed, tmp_path / "specs", ["sagemaker-metrics"])
    entry = result.entries["sagemaker-metrics"]
    assert (entry.source, entry.api_version) == (installed.title, "2022-09-30")
    assert installed.title == f"botocore {__import__('botocore').__version__}"
    loaded = load_service(tmp_path / "specs", "sagemaker-metrics")
    assert sorted(loaded.service.operations) == ["BatchGetMetrics", "BatchPutMetrics"]
    assert loaded.endpoint_rules["version"] == "1.0"


# --- pip, for real, against a folder of wheels


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is pip's only index, and an empty cache."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def wheels() -> Path:
    return cache_folder() / "wheels"


def make_wheel(index: Path, version: str, *names: str) -> Path:
    wheel = index / f"botocore-{version}-py3-none-any.whl"
    metadata = f"Metadata-Version: 2.1\nName: botocore\nVersion: {version}\n"
    tag = "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    info = f"botocore-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in names:
            path = f"botocore/data/{name}/2020-01-01/service-2.json.gz"
            text = json.dumps(service_model(Kind=KIND)).encode()
            archive.writestr(path, gzip.compress(text))
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", tag)
        archive.writestr(f"{info}/RECORD", "")
    return wheel


def test_a_version_is_downloaded_once(index: Path, tmp_path: Path) -> None:
    wheel = make_wheel(index, "1.2.3", "sagemaker", "s3")
    make_wheel(index, "1.3.0", "sagemaker")
    assert from_index("1.2.3").services() == ["s3", "sagemaker"]
    assert [path.name for path in wheels().iterdir()] == [wheel.name]
    wheel.unlink()
    result = sync(from_index("1.2.3"), tmp_path / "specs")
    assert result.entries["sagemaker"].source == "botocore 1.2.3"


def test_the_newest_version_is_the_default(index: Path) -> None:
    make_wheel(index, "1.9.0", "sagemaker")
    make_wheel(index, "1.10.0", "sagemaker")
    assert from_index().title == "botocore 1.10.0"


def test_a_cut_wheel_in_the_cache_is_downloaded_again(index: Path) -> None:
    wheel = make_wheel(index, "1.2.3", "sagemaker")
    wheels().mkdir(parents=True)
    (wheels() / wheel.name).write_bytes(wheel.read_bytes()[:300])
    assert from_index("1.2.3").services() == ["sagemaker"]


def test_a_version_that_does_not_exist(index: Path) -> None:
    with pytest.raises(SyncError) as caught:
        from_index("9.9.9")
    assert str(caught.value) == (
        "botocore==9.9.9: pip cannot download it: "
        "ERROR: No matching distribution found for botocore==9.9.9\n"
        "  Check the version and the network, or use the installed one or a directory."
    )
    assert list(wheels().iterdir()) == []


def test_a_version_that_is_none(index: Path) -> None:
    with pytest.raises(SyncError) as caught:
        from_index("latest; echo")
    assert str(caught.value) == (
        "botocore: `latest; echo` is not a version\n  Give one such as `1.44.5`."
    )


def test_an_index_that_does_not_answer(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(SyncError) as caught:
        from_index("1.2.3")
    first, *rest = caught.value.problem.split("\n")
    assert first == (
        "pip cannot download it: ERROR: No matching distribution found for botocore==1.2.3"
    )
    assert any("Connection refused" in line for line in rest)


def test_a_cache_that_cannot_be_made(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(SyncError) as caught:
        from_index("1.2.3")
    assert caught.value.file == str(tmp_path / "file/aiobotantic/wheels")
    assert caught.value.problem.startswith("cannot be written: [Errno 20] Not a directory")
    assert caught.value.remedy == (
        "Check that the folder can be written, or set XDG_CACHE_HOME to another one."
    )


# --- the command


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "aiobotantic_codegen.cli", "sync", *map(str, arguments)]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), capture_output=True, text=True, check=False)


def test_the_command_tells_what_it_did(tmp_path: Path) -> None:
    data, specs = botocore_data(tmp_path / "data"), tmp_path / "specs"
    done = run("--from", data, "--specs", specs)
    assert done.returncode == 0
    assert done.stderr == "[1/2] sagemaker\n[2/2] sagemaker-runtime\n"
    assert done.stdout == (
        "sagemaker          2020-01-01  directory  1 written, 0 unchanged\n"
        "sagemaker-runtime  2020-01-01  directory  1 written, 0 unchanged\n"
        f"{specs}: changed\n"
    )
    (data / "sagemaker-runtime/2020-01-01/service-2.json.gz").unlink()
    assert run("--from", data, "--specs", specs).stdout == (
        "sagemaker          2020-01-01  directory  0 written, 1 unchanged\n"
        "sagemaker-runtime  removed: the source no longer has it\n"
        f"{specs}: changed\n"
    )
    assert run("--from", data, "--specs", specs).stdout.endswith(f"{specs}: up to date\n")


def test_the_command_fails_with_code_2_and_a_remedy(tmp_path: Path) -> None:
    data = botocore_data(tmp_path / "data")
    done = run("--from", data, "--service", "sagemakr", "--specs", tmp_path / "specs")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: {data}: holds no service `sagemakr`\n"
        "  Did you mean sagemaker or sagemaker-runtime?\n"
    )


def test_the_command_takes_one_source(tmp_path: Path) -> None:
    done = run("--from", tmp_path, "--installed")
    assert done.returncode == 2
    assert "give one of --botocore, --installed and --from" in done.stderr


def test_progress_on_a_terminal(tmp_path: Path) -> None:
    data = botocore_data(tmp_path / "data")
    terminal, screen = pty.openpty()
    arguments = command("--from", data, "--specs", tmp_path / "specs")
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=screen, check=False)
    os.close(screen)
    shown = os.read(terminal, 65536).decode()
    os.close(terminal)
    assert done.returncode == 0
    assert "sagemaker-runtime" in shown
    assert "[1/2]" not in shown


def test_the_command_starts_without_heavy_imports() -> None:
    code = "import sys, aiobotantic_codegen.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"rich", "pip", "pydantic", "jinja2", "black", "botocore", "docutils"}
    assert not [name for name in loaded if name.startswith("aiobotantic_codegen.load")]
