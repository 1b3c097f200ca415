"""The endpoint rules of all services ask for nothing that the client does not pass on."""

import json
from pathlib import Path

import pytest

SPECS = Path(__file__).parents[2] / "specs"
SERVICES = sorted(folder.name for folder in SPECS.iterdir() if folder.is_dir())


PASSED_ON = {"AWS::Region", "AWS::UseDualStack", "AWS::UseFIPS", "SDK::Endpoint"}


@pytest.mark.parametrize("service", SERVICES)
def test_every_parameter_is_one_that_botocore_fills_in(service: str) -> None:
    rules = json.loads((SPECS / service / "endpoint-rule-set-1.json").read_text("utf-8"))

    # One without a built-in value would be a context parameter: of the client, or of operations.
    assert {parameter.get("builtIn") for parameter in rules["parameters"].values()} <= PASSED_ON
