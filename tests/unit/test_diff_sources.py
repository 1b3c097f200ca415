"""What a word on the command line stands for, and what is said of one that stands for nothing."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from minispec import spec_files

from aiobotantic_codegen.changes.diff import diff_models
from aiobotantic_codegen.changes.models import Model, load_model
from aiobotantic_codegen.errors import GeneratorError, SpecError, SyncError

NO_SPECS = Path("specs-that-are-not-there")
SPEC = {
    "operations": {"List": {"input": "In", "output": "In"}},
    "shapes": {"In": {"members": {"Token": "String"}}},
    "paginators": {"List": {"input_token": "Token", "output_token": "Token"}},
    "metadata": {"serviceId": "Mini Shop"},
}


def put(folder: Path, *, compressed: bool = False, spec: dict[str, Any] = SPEC) -> Path:
    """Write the files of a service into a folder; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, tree in spec_files(spec).items():
        text = json.dumps(tree).encode()
        file = folder / (f"{name}.gz" if compressed else name)
        file.write_bytes(gzip.compress(text) if compressed else text)
    return folder


def load(path: Path | str, service: str | None = None) -> Model:
    return load_model(str(path), service, NO_SPECS)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("folder", "word"),
    [
        pytest.param("data/mini-shop/2020-01-01", "data", id="folder of services"),
        pytest.param("data/mini-shop/2020-01-01", "data/mini-shop", id="service"),
        pytest.param("data/mini-shop/2020-01-01", "data/mini-shop/2020-01-01", id="API version"),
        pytest.param("specs/mini-shop", "specs", id="specs"),
        pytest.param("specs/mini-shop", "specs/mini-shop", id="service of specs"),
        pytest.param("my models/old one", "my models/old one", id="folder of any name"),
    ],
)
def test_a_folder(tmp_path: Path, folder: str, word: str, compressed: bool) -> None:
    put(tmp_path / folder, compressed=compressed)

    found = load(tmp_path / word)

    assert found.service == "mini-shop"
    assert found.source == str(tmp_path / word)
    assert found.whole
    assert list(found.loaded.paginators.pagination) == ["List"]


@pytest.mark.parametrize("name", ["service-2.json", "old.json", "old.json.gz"])
def test_a_file(tmp_path: Path, name: str) -> None:
    text = json.dumps(spec_files(SPEC)["service-2.json"]).encode()
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)

    found = load(tmp_path / name)

    assert found.service == "mini-shop"
    assert found.source == str(tmp_path / name)
    assert not found.whole


def test_a_file_says_nothing_of_what_stands_in_other_files(tmp_path: Path) -> None:
    folder = put(tmp_path / "mini-shop")

    found = diff_models(load(folder / "service-2.json"), load(folder))

    assert found.entries == ()


def test_the_newest_of_several_api_versions(tmp_path: Path) -> None:
    put(tmp_path / "mini-shop" / "2019-01-01")
    newest = SPEC | {"metadata": {"serviceId": "Mini Shop", "apiVersion": "2021-01-01"}}
    put(tmp_path / "mini-shop" / "2021-01-01", spec=newest)

    assert load(tmp_path / "mini-shop").loaded.service.metadata.api_version == "2021-01-01"
    assert load(tmp_path).loaded.service.metadata.api_version == "2021-01-01"


def test_a_folder_of_many_services_is_asked_for_one(tmp_path: Path) -> None:
    for name in ("first", "second"):
        put(tmp_path / name / "2020-01-01", spec=SPEC | {"metadata": {"serviceId": name}})

    assert load(tmp_path, "second").service == "second"


def test_without_a_name_it_is_sagemaker(tmp_path: Path) -> None:
    for name in ("other", "sagemaker"):
        put(tmp_path / name / "2020-01-01", spec=SPEC | {"metadata": {"serviceId": name}})

    assert load(tmp_path).service == "sagemaker"


def test_installed_is_the_botocore_of_this_interpreter() -> None:
    found = load_model("installed", "sagemaker-metrics", NO_SPECS)

    assert found.service == "sagemaker-metrics"
    assert found.source == f"botocore {__import__('botocore').__version__}"
    assert found.documentation


def test_specs_are_the_folder_that_an_option_names(tmp_path: Path) -> None:
    put(tmp_path / "facts" / "mini-shop")
    catalog = '[services.mini-shop]\napi_version = "2020-01-01"\nsource = "botocore 1.2.3"\n'
    (tmp_path / "facts" / "catalog.toml").write_text(f"{catalog}[services.mini-shop.files]\n")

    found = load_model("specs", None, tmp_path / "facts")

    assert found.source == "botocore 1.2.3"
    assert found.documentation is None


def test_a_model_without_a_service_id_is_whose_the_user_says(tmp_path: Path) -> None:
    tree = spec_files(SPEC)["service-2.json"]
    old = tree | {"metadata": {k: v for k, v in tree["metadata"].items() if k != "serviceId"}}
    (tmp_path / "old.json").write_text(json.dumps(old))

    assert load(tmp_path / "old.json", "mini-shop").service == "mini-shop"
    with pytest.raises(SyncError) as caught:
        load(tmp_path / "old.json")
    assert str(caught.value) == (
        f"{tmp_path}/old.json#/metadata/serviceId: "
        "not a service model: it has no metadata.serviceId\n"
        "  Name a service-2.json; if it is older than 2018, say with --service whose it is."
    )


def refusal(word: Path | str, service: str | None = None) -> str:
    with pytest.raises(GeneratorError) as caught:
        load(word, service)
    return str(caught.value)


def test_what_is_not_there(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nothing") == (
        f"{tmp_path}/nothing: no such file or directory\n"
        "  Give a file, a directory, `botocore==VERSION`, `installed` or `specs`."
    )
    assert refusal("specs") == f"{NO_SPECS}: no such folder\n  Check the path."


def test_a_version_that_is_none() -> None:
    assert refusal("botocore==newest") == (
        "botocore: `newest` is not a version\n  Give one such as `1.44.5`."
    )


def test_a_file_that_is_no_json(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("<html>")
    (tmp_path / "b.json").write_text("[]")

    assert refusal(tmp_path / "a.json") == (
        f"{tmp_path}/a.json: not valid JSON: Expecting value: line 1 column 1 (char 0)\n"
        "  Fetch the source again, or use another one."
    )
    assert refusal(tmp_path / "b.json") == (
        f"{tmp_path}/b.json: not a JSON object\n  Fetch the source again, or use another one."
    )


def test_a_compressed_file_that_is_cut_off(tmp_path: Path) -> None:
    whole = gzip.compress(json.dumps(spec_files(SPEC)["service-2.json"]).encode())
    (tmp_path / "a.json.gz").write_bytes(whole[: len(whole) // 2])

    assert refusal(tmp_path / "a.json.gz") == (
        f"{tmp_path}/a.json.gz: not valid gzip: "
        "Compressed file ended before the end-of-stream marker was reached\n"
        "  Fetch the source again, or use another one."
    )


def test_a_file_that_is_no_service_model(tmp_path: Path) -> None:
    (tmp_path / "paginators-1.json").write_text('{"pagination": {}}')
    (tmp_path / "metadata.json").write_text('{"metadata": {"serviceId": "Mini"}}')

    assert refusal(tmp_path / "paginators-1.json").startswith(
        f"{tmp_path}/paginators-1.json#/metadata/serviceId: not a service model: "
    )
    assert refusal(tmp_path / "paginators-1.json", "mini") == (
        f"{tmp_path}/paginators-1.json: key `metadata` is missing\n"
        "  Add the key, or run `aiobotantic sync` again."
    )
    assert refusal(tmp_path / "metadata.json").startswith(
        f"{tmp_path}/metadata.json#/metadata: key `apiVersion` is missing\n"
    )


def test_a_model_that_breaks_a_rule_names_the_file_and_the_place(tmp_path: Path) -> None:
    broken = SPEC | {"shapes": {"In": {"members": {"A": "Strin"}}}}
    (tmp_path / "a.json").write_text(json.dumps(spec_files(broken)["service-2.json"]))
    folder = put(tmp_path / "mini-shop" / "2020-01-01", spec=broken)

    for word, file in (
        (tmp_path / "a.json", tmp_path / "a.json"),
        (tmp_path / "mini-shop", folder / "service-2.json"),
    ):
        error = refusal(word)
        assert error.startswith(f"{file}#/shapes/In/members/A/shape: there is no shape `Strin`\n")


def test_a_folder_that_holds_no_service(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)

    assert refusal(tmp_path) == (
        f"{tmp_path}: holds no service\n"
        "  Name a folder that holds `<service>/<api version>/service-2.json`."
    )


def test_a_service_that_a_folder_does_not_hold(tmp_path: Path) -> None:
    put(tmp_path / "mini-shop" / "2020-01-01")

    assert refusal(tmp_path, "mini-shops") == (
        f"{tmp_path}: holds no service `mini-shops`\n  Did you mean mini-shop?"
    )


def test_two_services(tmp_path: Path) -> None:
    old = put(tmp_path / "old")
    new = put(tmp_path / "new", spec=SPEC | {"metadata": {"serviceId": "Other"}})

    with pytest.raises(SpecError) as caught:
        diff_models(load(old), load(new))

    assert str(caught.value) == (
        f"{old}#/metadata: {old} is a model of mini-shop, {new} one of other\n"
        "  Name two models of one service."
    )
