"""Which services of botocore are tried: those that are named here, and others by a seed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from random import Random

from aiobotantic_codegen.ir.spoken import PROTOCOLS
from aiobotantic_codegen.load.botocore import ModelSource
from aiobotantic_codegen.load.service import SERVICE

SEED = 1445
SIZE = 40
NAMED = (
    "apigateway",
    "batch",
    "bedrock-agent-runtime",
    "bedrock-runtime",
    "dynamodb",
    "ecs",
    "events",
    "glacier",
    "iot",
    "kinesis",
    "kms",
    "lambda",
    "lex-runtime",
    "logs",
    "mediaconvert",
    "polly",
    "qbusiness",
    "secretsmanager",
    "ssm",
    "stepfunctions",
)
"""Services with something of their own: streams, host prefixes, recursion, many shapes."""


def sample(source: ModelSource) -> list[str]:
    """Return the names of SIZE services that speak a protocol of ours, sorted."""
    spoken = [name for name in source.services() if _protocol(source, name) in PROTOCOLS]
    missing = set(NAMED) - set(spoken)
    if missing:
        raise ValueError(f"{source.title} has no {', '.join(sorted(missing))}: correct NAMED")
    others = [name for name in spoken if name not in NAMED and not name.startswith("sagemaker")]
    return sorted([*NAMED, *Random(SEED).sample(others, SIZE - len(NAMED))])


def _protocol(source: ModelSource, name: str) -> str:
    return str(source.read(name).files[SERVICE]["metadata"]["protocol"])


def as_botocore_data(specs: Path, folder: Path) -> Path:
    """Lay a specs folder out as botocore's data folder; return it."""
    for service in specs.glob(f"*/{SERVICE}"):
        model = json.loads(service.read_text("utf-8"))
        for parameter in model.get("clientContextParams", {}).values():
            parameter["documentation"] = ""  # botocore asks for it, and facts have none
        target = folder / service.parent.name / model["metadata"]["apiVersion"]
        shutil.copytree(service.parent, target, dirs_exist_ok=True)
        (target / SERVICE).write_text(json.dumps(model), "utf-8")
    return folder
