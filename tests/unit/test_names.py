"""Names: what the model calls a thing, and what Python calls it."""

from __future__ import annotations

import pytest

import aiobotantic.errors
from aiobotantic.client import Client
from aiobotantic.errors import COMMON_ERRORS, ServiceError
from aiobotantic.structure import Structure
from aiobotantic.unions import UnionStructure
from aiobotantic_codegen.errors import NameCollision, SpecError
from aiobotantic_codegen.ir import names
from aiobotantic_codegen.ir.runtime_errors import COMMON_CODES, OTHER_NAMES


@pytest.mark.parametrize(
    ("wire", "field"),
    [
        ("RoleArn", "role_arn"),
        ("RoleARN", "role_arn"),
        ("VolumeSizeInGB", "volume_size_in_gb"),
        ("S3Uri", "s3_uri"),
        ("EFSFileSystemConfigs", "efs_file_system_configs"),
        ("Fleet_Name", "fleet_name"),
        ("_Name", "name"),
        ("Lambda", "lambda_"),
        ("Json", "json_"),
        ("Str", "str_"),
        ("WireName", "wire_name_"),
        ("Register", "register_"),
        ("ModelName", "model_name"),
        ("ModelConfig", "model_config_"),
        ("ModelConfigs", "model_configs_"),
        ("ModelFields", "model_fields_"),
        ("Arm", "arm"),
        ("_", "field"),
        ("_1", "n1"),
    ],
)
def test_fields(wire: str, field: str) -> None:
    assert names.field_name(wire) == field


def test_fields_of_unions() -> None:
    assert names.field_name("Arm", union=True) == "arm_"
    assert names.field_name("IsKnown", union=True) == "is_known_"
    assert names.field_name("Uri", union=True) == "uri"


def test_fields_of_errors() -> None:
    assert names.error_field_name("Args") == "args_"
    assert names.error_field_name("Retryable") == "retryable_"
    assert names.error_field_name("Json") == "json_"
    assert names.error_field_name("ResourceName") == "resource_name"


def pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


@pytest.mark.parametrize("cls", [Structure, UnionStructure])
def test_no_field_hides_an_attribute_of_its_class(cls: type) -> None:
    public = {name for name in [*dir(cls), *dir(type(cls))] if not name.startswith("_")}

    union = cls is UnionStructure
    assert {n for n in public if names.field_name(pascal(n), union=union) == n} == set()


def test_no_field_of_an_error_hides_an_attribute_of_errors() -> None:
    error = ServiceError({"Error": {"Code": "c", "Message": "m"}}, "Operation")
    public = {name for name in dir(error) if name.islower() and not name.startswith("_")}

    assert {name for name in public if names.error_field_name(pascal(name)) == name} == set()


def test_no_method_hides_an_attribute_of_the_client() -> None:
    public = {name for name in dir(Client) if name.islower() and not name.startswith("_")}

    assert {name for name in public if names.method_name(pascal(name)) == name} == set()


def test_the_runtime_has_the_errors_that_the_generator_knows() -> None:
    assert COMMON_ERRORS.keys() == COMMON_CODES
    assert all(cls.__name__ == code for code, cls in COMMON_ERRORS.items())
    others = set(aiobotantic.errors.__all__) - COMMON_CODES - {"COMMON_ERRORS"}
    assert others == OTHER_NAMES


@pytest.mark.parametrize(
    ("wire", "cls"),
    [
        ("NotebookInstance", "NotebookInstance"),
        ("notebookInstance", "NotebookInstance"),
        ("_Private", "Private"),
        ("_1st", "Shape1st"),
        ("_", "Shape"),
        ("BaseModel", "BaseModel"),
        ("Structure", "Structure_"),
        ("Pattern", "Pattern_"),
        ("Sequence", "Sequence_"),
        ("None", "None_"),
        ("Warning", "Warning_"),
        ("WaiterError", "WaiterError_"),
        ("ValidationException", "ValidationException"),
    ],
)
def test_classes(wire: str, cls: str) -> None:
    assert names.class_name(wire) == cls


@pytest.mark.parametrize(
    ("value", "member"),
    [
        ("ml.p4d.24xlarge", "ML_P4D_24XLARGE"),
        ("InService", "IN_SERVICE"),
        ("CREATE_FAILED", "CREATE_FAILED"),
        ("Create_Failed", "CREATE_FAILED"),
        ("GZIP", "GZIP"),
        ("1x", "VALUE_1X"),
        ("3.10", "VALUE_3_10"),
        ("None", "NONE"),
        ("lambda", "LAMBDA"),
        ("mro", "MRO_"),
        ("name", "NAME"),
        ("", "EMPTY"),
        ("-", "HYPHEN"),
        ("_", "UNDERSCORE"),
        ("__", "LOW_LINE_LOW_LINE"),
        ("*", "ASTERISK"),
        (" ", "SPACE"),
        ("+", "PLUS_SIGN"),
        (">=", "GREATER_THAN_SIGN_EQUALS_SIGN"),
        ("\u00e9t\u00e9", "ETE"),
        ("\u00df", "LATIN_SMALL_LETTER_SHARP_S"),
        ("\x00", "U0000"),
        ("\u202e", "RIGHT_TO_LEFT_OVERRIDE"),
        ("application/json", "APPLICATION_JSON"),
        ("a  b", "A_B"),
    ],
)
def test_members_of_enums(value: str, member: str) -> None:
    assert names.enum_member(value) == member
    assert member.isidentifier()


@pytest.mark.parametrize(
    ("operation", "method", "iterator"),
    [
        ("ListNotebookInstances", "list_notebook_instances", "iter_notebook_instances"),
        ("Search", "search", "iter_search"),
        ("Import", "import_", "iter_import"),
        ("Close", "close_", "iter_close"),
        ("Get_Thing", "get_thing", "iter_get_thing"),
        ("ListAIBenchmarkJobs", "list_ai_benchmark_jobs", "iter_ai_benchmark_jobs"),
    ],
)
def test_methods(operation: str, method: str, iterator: str) -> None:
    assert names.method_name(operation) == method
    assert names.iterator_name(operation) == iterator


def test_waiters() -> None:
    assert names.waiter_method_name("EndpointInService") == "wait_until_endpoint_in_service"
    assert names.constant_name("EndpointInService") == "ENDPOINT_IN_SERVICE"


@pytest.mark.parametrize(
    ("service", "service_id", "module", "cls"),
    [
        ("sagemaker", "SageMaker", "sagemaker", "SageMaker"),
        ("sagemaker-runtime", "SageMaker Runtime", "sagemaker_runtime", "SageMakerRuntime"),
        ("sagemaker-a2i-runtime", "A2I Runtime", "sagemaker_a2i_runtime", "A2IRuntime"),
        ("lambda", "lambda", "lambda_", "Lambda"),
        ("a.b", "", "a_b", "AB"),
    ],
)
def test_services(service: str, service_id: str, module: str, cls: str) -> None:
    assert names.module_name(service) == module
    assert names.service_class_name(service, service_id) == cls


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        ("instances", "instance"),
        ("policies", "policy"),
        ("status", "status"),
        ("access", "access"),
        ("alias", "alias"),
        ("analysis", "analysis"),
        ("databases", "database"),
        ("aliases", "alias"),
        ("ties", "tie"),
        ("tags", "tag"),
        ("uis", "uis"),
        ("is", "is"),
    ],
)
def test_singulars(plural: str, singular: str) -> None:
    assert names.singular(plural) == singular


def test_names_that_people_chose() -> None:
    assert names.check_python_name("name_1", "f", "/p", "r") == "name_1"
    for bad in ("", "1x", "a-b", "class", "None", "\u00e9", "a\n"):
        with pytest.raises(SpecError, match="cannot be a name in Python"):
            names.check_python_name(bad, "f", "/p", "r")


def test_names_that_collide() -> None:
    def decide(name: str) -> str:
        return name.lower()

    unique = names.unique(["A", "b"], decide, file="f", pointer="/p", what="member")
    assert unique == {"A": "a", "b": "b"}
    with pytest.raises(NameCollision) as caught:
        names.unique(["A", "b", "a"], decide, file="f", pointer="/p", what="member")
    assert caught.value.problem == "the members 'A' and 'a' are both 'a' in Python"
