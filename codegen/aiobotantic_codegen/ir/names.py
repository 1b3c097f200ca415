"""Every decision about a Python name, in one file.

Methods, arguments and fields are botocore's `xform_name`. Keywords and reserved names take one
trailing underscore. What still collides is an error that names both, never a silent suffix.
"""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import NewType

from botocore import xform_name

from aiobotantic_codegen.errors import NameCollision, SpecError
from aiobotantic_codegen.ir.runtime_errors import OTHER_NAMES

ClassName = NewType("ClassName", str)
FieldName = NewType("FieldName", str)
MethodName = NewType("MethodName", str)
EnumMember = NewType("EnumMember", str)
FamilyName = NewType("FamilyName", str)


# Names that an annotation in a class body looks up: a field of that name would shadow them.
_ANNOTATION_NAMES = {
    "bool",
    "bytes",
    "datetime",
    "dict",
    "float",
    "int",
    "list",
    "str",
    "wire_name",
}
# Attributes of pydantic's BaseModel, of aiobotantic's Structure, and of their metaclass.
_STRUCTURE_NAMES = {
    "construct",
    "copy",
    "from_orm",
    "from_wire",
    "json",
    "mro",
    "parse_file",
    "parse_obj",
    "parse_raw",
    "register",
    "response_metadata",
    "schema",
    "schema_json",
    "to_wire",
    "update_forward_refs",
    "validate",
}
_UNION_NAMES = {"arm", "is_known"}
# Names that a method's body looks up beside its arguments.
_ARGUMENT_NAMES = {"open_body", "self", "waiters"}
# Attributes of aiobotantic's ServiceError.
_ERROR_ATTRIBUTES = {
    "add_note",
    "args",
    "attempts",
    "code",
    "fmt",
    "kwargs",
    "message",
    "operation",
    "operation_name",
    "request_id",
    "response",
    "retryable",
    "status_code",
    "with_traceback",
}
# Attributes of aiobotantic's Client.
_CLIENT_NAMES = {
    "SERVICE",
    "OPERATIONS",
    "after_call",
    "before_call",
    "close",
    "closed",
    "endpoint_url",
    "on_error",
    "on_retry",
    "open",
    "operations",
    "pipeline",
    "region_name",
    "send",
    "wait_for",
    "warm_up",
    "wire",
    "with_options",
}
# Names that generated modules import or use, beside builtins.
_MODULE_NAMES = {
    "ABSENT",
    "Acceptor",
    "Annotated",
    "Any",
    "ApiName",
    "AsPayload",
    "BytesInput",
    "Client",
    "EmptyOutput",
    "EventStream",
    "ISO8601",
    "In",
    "InEventHeader",
    "InHeader",
    "InHeaders",
    "InPath",
    "InQuery",
    "InQueryMap",
    "InStatus",
    "JSON_TEXT",
    "JsonValue",
    "Length",
    "OpenBody",
    "OpenEnum",
    "Operation",
    "Operations",
    "Pagination",
    "Paginator",
    "Pattern",
    "RFC822",
    "Range",
    "Repeat",
    "Request",
    "Required",
    "SENSITIVE",
    "Sequence",
    "Mapping",
    "Service",
    "StreamedCall",
    "StreamingBody",
    "Structure",
    "TYPE_CHECKING",
    "UNIX_TIME",
    "UnionStructure",
    "Waiter",
    "WireDoor",
    "WireMethod",
    "camel_case",
    "wire_name",
}
_SYMBOLS = {"": "EMPTY", "-": "HYPHEN", "_": "UNDERSCORE", "*": "ASTERISK", " ": "SPACE"}


def check_python_name(name: str, file: str, pointer: str, remedy: str) -> str:
    """Return a name that people chose, or that follows from a text, if Python can take it."""
    if not name.isidentifier() or not name.isascii() or keyword.iskeyword(name):
        raise SpecError(file, pointer, f"{name!r} cannot be a name in Python", remedy)
    return name


def class_name(name: str) -> ClassName:
    """`notebookInstance` and `NotebookInstance` are `NotebookInstance`."""
    pascal = name.lstrip("_")
    pascal = pascal[:1].upper() + pascal[1:]
    if not pascal or pascal[0].isdigit():
        pascal = f"Shape{pascal}"
    taken = pascal in _MODULE_NAMES or pascal in OTHER_NAMES
    reserved = taken or keyword.iskeyword(pascal) or hasattr(builtins, pascal)
    return ClassName(f"{pascal}_" if reserved else pascal)


def _snake(name: str, reserved: set[str]) -> str:
    # Lower case, because botocore leaves alone what has an underscore: `A_B` would hide a class.
    snake = xform_name(name).lower().strip("_") or "field"
    if snake[0].isdigit():
        snake = f"n{snake}"
    taken = keyword.iskeyword(snake) or snake in reserved or snake.startswith("model_config")
    return f"{snake}_" if taken else snake


def field_name(name: str, *, union: bool = False) -> FieldName:
    """`VolumeSizeInGB` is `volume_size_in_gb`."""
    reserved = _ANNOTATION_NAMES | _STRUCTURE_NAMES | _ARGUMENT_NAMES
    snake = _snake(name, reserved | _UNION_NAMES if union else reserved)
    if snake.startswith("model_") and _is_base_model_attribute(snake):
        snake = f"{snake}_"
    return FieldName(snake)


def error_field_name(name: str) -> FieldName:
    """The same for a member of an error, which is an attribute of an exception."""
    field = field_name(name)
    return FieldName(f"{field}_") if field in _ERROR_ATTRIBUTES else field


def _is_base_model_attribute(name: str) -> bool:
    from pydantic import BaseModel

    return hasattr(BaseModel, name)


def method_name(name: str) -> MethodName:
    """`CreateNotebookInstance` is `create_notebook_instance`."""
    return MethodName(_snake(name, _CLIENT_NAMES))


def iterator_name(operation: str) -> MethodName:
    """`ListNotebookInstances` is `iter_notebook_instances`, `Search` is `iter_search`."""
    return MethodName(f"iter_{xform_name(operation).lower().removeprefix('list_')}")


def waiter_method_name(waiter: str) -> MethodName:
    """`NotebookInstanceInService` is `wait_until_notebook_instance_in_service`."""
    return MethodName(f"wait_until_{xform_name(waiter).lower()}")


def constant_name(name: str) -> str:
    """`NotebookInstanceInService` is `NOTEBOOK_INSTANCE_IN_SERVICE`."""
    return str(xform_name(name)).upper()


def enum_member(value: str) -> EnumMember:
    """`ml.p4d.24xlarge` is `ML_P4D_24XLARGE`, `InService` is `IN_SERVICE`, `1x` is `VALUE_1X`."""
    if value in _SYMBOLS:
        return EnumMember(_SYMBOLS[value])
    ascii_value = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9]+", "_", ascii_value).strip("_")
    if not words:
        words = "_".join(unicodedata.name(char, "U" + format(ord(char), "04X")) for char in value)
        words = re.sub(r"[^A-Za-z0-9]+", "_", words)
    name = words.upper() if words.isupper() or "_" in words else xform_name(words).upper()
    if name[0].isdigit():
        name = f"VALUE_{name}"
    return EnumMember(f"{name}_" if name == "MRO" else name)


RENAME = "Give one of them another name in specs/overrides.toml, with the reason."


def unique(
    wire_names: Iterable[str],
    decide: Callable[[str], str],
    *,
    file: str,
    pointer: str,
    what: str,
    where: str = "in Python",
    remedy: str = RENAME,
) -> dict[str, str]:
    """Return wire name to the name that stands for it in one place, e.g. in Python.

    Raises:
        NameCollision: two wire names give one name there.
    """
    names: dict[str, str] = {}
    owners: dict[str, str] = {}
    for wire in wire_names:
        name = decide(wire)
        if name in owners:
            raise NameCollision(
                file,
                pointer,
                f"the {what}s {owners[name]!r} and {wire!r} are both {name!r} {where}",
                remedy,
            )
        names[wire], owners[name] = name, wire
    return names


def service_class_name(service: str, service_id: str) -> ClassName:
    """`SageMaker A2I Runtime` is `SageMakerA2IRuntime`."""
    words = re.findall(r"[A-Za-z0-9]+", service_id) or re.findall(r"[A-Za-z0-9]+", service)
    return ClassName("".join(word[:1].upper() + word[1:] for word in words))


def module_name(service: str) -> str:
    """`sagemaker-runtime` is `sagemaker_runtime`."""
    name = re.sub(r"[^a-z0-9]+", "_", service.lower()).strip("_")
    return f"{name}_" if keyword.iskeyword(name) else name


def singular(word: str) -> str:
    """Return a file name's word without its plural: `policies` is `policy`, `status` stays."""
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith("iases"):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("as", "ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word
