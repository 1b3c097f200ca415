"""Names and shapes that break naive generators, and a spec that holds them all at once."""

from __future__ import annotations

from typing import Any

IRREGULAR = {
    "RoleARN": "role_arn",
    "roleArn2": "role_arn2",
    "VolumeSizeInGB": "volume_size_in_gb",
    "KMSKeyId": "kms_key_id",
    "S3Uri": "s3_uri",
    "Fleet_Name": "fleet_name",
    "_Hidden": "hidden",
    "AIJobs": "ai_jobs",
    "IPv4s": "i_pv4s",
    "XMLs": "xmls",
    "__Type__": "type",
    "A1B": "a1_b",
}
RESERVED = {
    "Lambda": "lambda_",
    "From": "from_",
    "Class": "class_",
    "None": "none",
    "Json": "json_",
    "Copy": "copy_",
    "Dict": "dict_",
    "Str": "str_",
    "Datetime": "datetime_",
    "DateTime": "date_time",
    "Bool": "bool_",
    "List": "list_",
    "Self": "self_",
    "Schema": "schema_",
    "Validate": "validate_",
    "ModelConfig": "model_config_",
    "ModelDump": "model_dump_",
    "ModelFields": "model_fields_",
    "ModelName": "model_name",
    "Register": "register_",
    "Mro": "mro_",
    "WireName": "wire_name_",
    "ToWire": "to_wire_",
    "FromWire": "from_wire_",
    "ResponseMetadata": "response_metadata_",
    "Waiters": "waiters_",
    "Items": "items",
    "Values": "values",
    "Operation": "operation",
    "Fields": "fields",
    "Cls": "cls",
}

MEMBERS: dict[str, Any] = {
    **dict.fromkeys(IRREGULAR, "Kind"),
    **dict.fromkeys(RESERVED, "Node"),
    "Texts": "Texts",
    "Times": "Times",
    "Choice": "Choice",
    "Kinds": "Kinds",
    "ByKind": "NodesByKind",
    "Secrets": "Secrets",
}
OBSTACLES: dict[str, Any] = {
    "operations": {
        "ListNodes": {"input": "ListRequest", "output": "ListResponse", "errors": ["Bad", "Worse"]},
        "ListTimes": {"input": "TimesRequest", "output": "ListResponse"},
        "DescribeNode": {"input": "DescribeRequest", "output": "ListResponse"},
        "Import": {"input": "ImportRequest"},
        "List": {"input": "BareRequest", "output": "ListResponse"},
    },
    "shapes": {
        "ListRequest": {"members": MEMBERS, "required": list(MEMBERS)},
        "TimesRequest": {"members": MEMBERS},
        "DescribeRequest": {"members": MEMBERS, "required": ["Kinds", "ByKind"]},
        "ImportRequest": {"members": {}},
        "BareRequest": {"members": {}},
        "ListResponse": {"members": MEMBERS, "required": list(MEMBERS)},
        "Node": {
            "members": {"Kids": "Nodes", **MEMBERS, "Kind": "Kind"},
            "required": ["Kids", "Kind", "ByKind"],
        },
        "Nodes": {"member": "Node", "min": 1},
        "NodesByKind": {"key": "Kind", "value": "Nodes", "max": 3},
        "Kind": {"enum": ["a", "None", "mro", "1"]},
        "Kinds": {"member": "Kind"},
        "Texts": {"key": "String", "value": "Kinds"},
        "Times": {"member": "Timestamp"},
        "Choice": {"union": True, "members": {"Arm": "Node", "Kind": "Kind"}},
        "Secret": {"type": "string", "sensitive": True, "pattern": "\\w+", "min": 1},
        "Secrets": {"member": "Secret"},
        "Bad": {"exception": True, "members": {**MEMBERS, "Args": "Times", "Message": "String"}},
        "Worse": {"exception": True, "retryable": {"throttling": False}, "members": {}},
    },
    "paginators": {
        "ListNodes": {"input_token": "Str", "output_token": "Str", "result_key": "Kinds"},
        "ListTimes": {
            "input_token": "Json",
            "output_token": "Json",
            "limit_key": "Lambda",
            "result_key": "Times",
        },
    },
    "waiters": {
        "NodeGone": {
            "operation": "DescribeNode",
            "delay": 1,
            "maxAttempts": 2,
            "acceptors": [{"state": "success", "matcher": "error", "expected": "Bad"}],
        },
        "NodeThere": {
            "operation": "DescribeNode",
            "delay": 1,
            "maxAttempts": 2,
            "acceptors": [{"state": "success", "matcher": "status", "expected": 200}],
        },
    },
}


def camel_case(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a spec whose members begin in lower case."""

    def lower(shape: dict[str, Any]) -> dict[str, Any]:
        names = {name: name[:1].lower() + name[1:] for name in shape.get("members", {})}
        members = {names[name]: member for name, member in shape.get("members", {}).items()}
        required = [names[name] for name in shape.get("required", [])]
        return {**shape, **({"members": members, "required": required} if names else {})}

    shapes = {name: lower(shape) for name, shape in spec["shapes"].items()}
    return {"operations": spec["operations"], "shapes": shapes}
