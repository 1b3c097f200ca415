"""Two models of one service, written as mini-specs, and what `diff_models` says of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from minispec import Spec, spec_files

from aiobotantic_codegen.changes.diff import diff_models
from aiobotantic_codegen.changes.models import Model, of_service
from aiobotantic_codegen.changes.record import Difference, Entry
from aiobotantic_codegen.load.botocore import ServiceModel


def model(spec: Spec, source: str = "", service: str = "mini") -> Model:
    """Return the model of a mini-spec; `rules` replaces its endpoint rules."""
    files = spec_files(spec)
    files["service-2.json"] |= spec.get("service", {})
    if "rules" in spec:
        files["endpoint-rule-set-1.json"] = spec["rules"]
    return of_service(ServiceModel(service, "2020-01-01", source, service, files))


def difference(old: Spec, new: Spec) -> Difference:
    """Return what differs between two mini-specs."""
    return diff_models(model(old, "old"), model(new, "new"))


def told(entries: Iterable[Entry]) -> list[str]:
    """Return entries as lines: operation, direction, path, kind, class, values; `-` for nothing."""
    return [
        " ".join(
            part or "-"
            for part in (
                entry.operation,
                entry.direction,
                entry.path,
                entry.kind,
                entry.change_class,
                "|".join(entry.values),
            )
        )
        for entry in entries
    ]


def changes(old: Spec, new: Spec) -> list[str]:
    """Return what differs, as lines."""
    return told(difference(old, new).entries)


def sent(shapes: Mapping[str, Any], **spec: Any) -> dict[str, Any]:
    """Return a spec whose operation `Send` takes the structure `In`."""
    return {"operations": {"Send": {"input": "In"}}, "shapes": shapes, **spec}


def both(shapes: Mapping[str, Any], **spec: Any) -> dict[str, Any]:
    """Return a spec whose operation `Send` takes `In` and returns `Out`, which hold a `Held`."""
    holders = {"In": {"members": {"Held": "Held"}}, "Out": {"members": {"Held": "Held"}}}
    return {
        "operations": {"Send": {"input": "In", "output": "Out"}},
        "shapes": {**holders, **shapes},
        **spec,
    }
