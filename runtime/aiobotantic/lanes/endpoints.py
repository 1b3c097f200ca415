"""Where requests go, by the endpoint rules of the generated package.

botocore's engine reads the same rules; importing it takes longer than a call. This one knows the
functions that rules of plain services use, and gives up where there is more to know.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import botocore

from aiobotantic.structure import is_mapping

_TEMPLATE: Final = re.compile(r"\{([^{}]*)\}")
_BUILT_IN: Final = frozenset({"AWS::Region", "AWS::UseDualStack", "AWS::UseFIPS", "SDK::Endpoint"})


class UnknownRuleError(Exception):
    """The rules say something that only botocore's engine understands."""


@cache
def endpoint_rules(package: str) -> Any:
    """Return the endpoint rule set of a generated package; None if it has none."""
    # Its loader is asked: importlib.resources imports readers first.
    found: Any = find_spec(package)
    try:
        data = found.loader.get_data(str(Path(found.origin).with_name("endpoint_rules.json")))
    except OSError:
        # A private model may come without: `endpoint_url` or botocore's guess is taken then.
        return None
    return json.loads(data) or None


@cache
def partitions() -> list[Any]:
    """Return the partitions of the installed botocore.

    Raises:
        UnknownRuleError: they are not where they were.
    """
    path = Path(str(botocore.__file__)).parent / "data" / "partitions.json"
    try:
        found: list[Any] = json.loads(path.read_bytes())["partitions"]
    except (OSError, ValueError, KeyError) as error:
        raise UnknownRuleError(str(path)) from error
    return found


def is_known_region(region: str) -> bool:
    """Return whether a region is one of a partition, or named as its regions are."""
    try:
        _partition_of(region)
    except UnknownRuleError:
        return False
    return True


def resolve_endpoint(rules: Any, region: str, endpoint_url: str | None, static: Any) -> str:
    """Return the address that the rules give.

    Args:
        rules: The endpoint rule set.
        region: The region.
        endpoint_url: An address that was configured.
        static: Parameters that an operation sets, as its model says them.

    Raises:
        UnknownRuleError: the rules say more than an address, or have a function that is not known.
    """
    given: dict[str, Any] = {"AWS::Region": region, "SDK::Endpoint": endpoint_url}
    scope: dict[str, Any] = {}
    for name, parameter in rules["parameters"].items():
        built_in = parameter.get("builtIn")
        if built_in is not None and built_in not in _BUILT_IN:
            raise UnknownRuleError(built_in)
        value = static[name]["value"] if name in static else given.get(str(built_in))
        scope[name] = parameter.get("default") if value is None else value
    url = _first(rules["rules"], scope)
    if not isinstance(url, str):
        raise UnknownRuleError("no rule matches")
    return url


def _first(rules: list[Any], scope: dict[str, Any]) -> Any:
    """Return what the first rule says whose conditions hold; None if there is none."""
    for rule in rules:
        inner = dict(scope)
        if not all(_holds(condition, inner) for condition in rule["conditions"]):
            continue
        if rule["type"] == "tree":
            return _first(rule["rules"], inner)
        if rule["type"] != "endpoint":
            raise UnknownRuleError(str(rule.get("error")))
        endpoint = rule["endpoint"]
        if endpoint.get("properties") or endpoint.get("headers"):
            raise UnknownRuleError("an endpoint with properties or headers")
        return _value(endpoint["url"], inner)
    return None


def _holds(condition: Any, scope: dict[str, Any]) -> bool:
    value = _value(condition, scope)
    if value is None or value is False:
        return False
    if "assign" in condition:
        scope[condition["assign"]] = value
    return True


def _value(expression: Any, scope: Mapping[str, Any]) -> Any:
    if isinstance(expression, str):
        return _TEMPLATE.sub(lambda match: str(_named(match[1], scope)), expression)
    if not is_mapping(expression):
        return expression
    if "ref" in expression:
        return scope.get(expression["ref"])
    arguments = [_value(argument, scope) for argument in expression["argv"]]
    name: str = expression["fn"]
    match name, arguments:
        case "isSet", [value]:
            return value is not None
        case "not", [value]:
            return value is None or value is False
        case ("booleanEquals" | "stringEquals"), [one, other]:
            return one == other
        case "getAttr", [value, str(attribute)] if is_mapping(value) and attribute in value:
            return value[attribute]
        case "aws.partition", [str(region)]:
            return _partition_of(region)
        case _:
            raise UnknownRuleError(name)


def _named(path: str, scope: Mapping[str, Any]) -> Any:
    """Return what a template names: `Region`, or `PartitionResult#dnsSuffix`."""
    name, _, attribute = path.partition("#")
    value = scope.get(name)
    if attribute:
        value = value.get(attribute) if is_mapping(value) else None
    if not isinstance(value, str):
        raise UnknownRuleError(path)
    return value


def _partition_of(region: str) -> Any:
    known = partitions()
    for partition in known:
        if region in partition["regions"]:
            # A region may differ from its partition.
            return {**partition["outputs"], **_outputs(partition["regions"][region])}
    for partition in known:
        if re.match(partition["regionRegex"], region):
            return partition["outputs"]
    raise UnknownRuleError(region)


def _outputs(region: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in region.items() if name != "description"}
