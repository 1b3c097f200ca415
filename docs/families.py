"""Write docs/families.md, what the embedded server keeps: `python docs/families.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aiobotantic.manifest import spec_versions
from aiobotantic.structure import describe
from aiobotantic.testing.behaviour import Act, Behaviour, Resource, load_behaviour
from aiosagemaker_extras.testing import client_class

PAGE = Path(__file__).with_name("families.md")
_HEAD = """\
# What the embedded server keeps

Written by `python docs/families.py` from the tables that the [server](testing.md) reads, which the
generator infers from the service models by the rules in `specs/behaviour.toml`. A test holds it.

Statuses stand in the order in which they pass by themselves: from `→` to `→` without a request.
`Describe` is `DescribeModel` for a model. What of an identity is in *italics* is made up.
"""


def lines() -> Iterator[str]:
    """Yield the lines of the page."""
    yield from _HEAD.splitlines()
    for service in sorted(spec_versions("aiosagemaker")):
        behaviour = load_behaviour(client_class(service).SERVICE.package)
        yield from ("", f"## {service}", "")
        if behaviour.resources:
            yield "| Family | Identity | Operations | Statuses | Needs | Beyond what is inferred |"
            yield "| --- | --- | --- | --- | --- | --- |"
            for name, resource in behaviour.resources.items():
                yield row(name, resource)
        if behaviour.tags:
            names = ", ".join(f"`{name}`" for name in behaviour.tags)
            yield from ("", f"Tags of all of them, by ARN: {names}.")
        yield from unfiltered(behaviour)
        yield from unread(service, behaviour)
        yield from exceptions(behaviour)


def row(name: str, resource: Resource) -> str:
    """Return the row of one family."""
    cells = [
        f"`{name}`",
        identity(resource),
        ", ".join(verbs(resource)),
        statuses(resource),
        ", ".join(sorted({f"`{kind}`" for act in acts(resource) for kind in act.needs.values()})),
        resource.why or "",
    ]
    return f"| {' | '.join(cells)} |"


def acts(resource: Resource) -> list[Act]:
    """Return what the operations of a family do."""
    return list(resource.operations.values())


def identity(resource: Resource) -> str:
    """Return the members that name a resource."""
    made = {*resource.made, *resource.arn_members}
    return ", ".join(f"*{each}*" if each in made else f"`{each}`" for each in resource.identity)


def verbs(resource: Resource) -> list[str]:
    """Return the operations of a family, short where their nouns are the family's."""
    first = next(iter(resource.operations))
    describing = [name for name, act in resource.operations.items() if act.does == "describe"]
    noun = (describing or [first])[0].removeprefix("Describe").removeprefix("Get")
    return [
        f"{name.removesuffix(noun)}" if name.endswith(noun) and name != noun else f"`{name}`"
        for name in resource.operations
    ]


def statuses(resource: Resource) -> str:
    """Return how statuses pass after a creation, a change and a deletion."""
    if resource.status is None:
        return ""
    chains = []
    for act in acts(resource):
        if act.status is not None and (chain := passing(resource, act.status)) not in chains:
            chains.append(chain)
    return "; ".join(chains)


def passing(resource: Resource, status: str) -> str:
    """Return a status and what follows it."""
    chain = [status]
    while (transition := resource.transitions.get(chain[-1])) is not None:
        if transition.to is None or transition.to in chain:
            return " → ".join([*chain, "gone" if transition.to is None else transition.to])
        chain.append(transition.to)
    return " → ".join(chain)


def unfiltered(behaviour: Behaviour) -> Iterator[str]:
    """Yield the arguments of lists that choose nothing."""
    found = [
        f"| `{name}` | {', '.join(f'`{each}`' for each in act.ignored)} |"
        for resource in behaviour.resources.values()
        for name, act in resource.operations.items()
        if act.ignored
    ]
    if found:
        yield from ("", "| List | Arguments that choose nothing, with a warning in the log |")
        yield "| --- | --- |"
        yield from sorted(found)


def unread(service: str, behaviour: Behaviour) -> Iterator[str]:
    """Yield the arguments of Describe that neither name what is described nor are shown by it."""
    operations = client_class(service).operations()
    found = []
    for resource in behaviour.resources.values():
        for name, act in resource.operations.items():
            if act.does != "describe":
                continue
            given = describe(operations[name].request_class).wire_names.values()
            shown = describe(operations[name].response_class).wire_names.values()
            known = {*act.by, *resource.identity, *resource.arn_members, *shown}
            if unknown := [f"`{each}`" for each in given if each not in known]:
                found.append(f"| `{name}` | {', '.join(unknown)} |")
    if found:
        yield from (
            "",
            "| Description | Arguments that choose nothing: the newest is shown, whole |",
        )
        yield "| --- | --- |"
        yield from sorted(found)


def exceptions(behaviour: Behaviour) -> Iterator[str]:
    """Yield why operations are of no family, by the reason."""
    reasons: dict[str, list[str]] = {}
    for name, why in behaviour.exceptions.items():
        reasons.setdefault(why, []).append(f"`{name}`")
    if reasons:
        yield from ("", "| Of no family | Why |", "| --- | --- |")
        yield from (f"| {', '.join(names)} | {why} |" for why, names in sorted(reasons.items()))


if __name__ == "__main__":
    PAGE.write_text("\n".join(lines()) + "\n", encoding="utf-8")
