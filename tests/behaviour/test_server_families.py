"""Every family of every service keeps state: each is lived through, by what its table says."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, get_args

import pytest
from family_life import Family, Members, behaviour_of, made_request

from aiobotantic.errors import ServiceError
from aiobotantic.manifest import spec_versions
from aiobotantic.structure import Structure, describe, value_type
from aiobotantic.testing.behaviour import Act, inner, load_behaviour
from aiosagemaker_extras.testing import SageMakerServer, client_class

SERVICES = [
    service
    for service in sorted(spec_versions("aiosagemaker"))
    if load_behaviour(client_class(service).SERVICE.package).resources
]
PLAN = "arn:aws:sagemaker:us-east-1:123456789012:training-plan/p"
NOT_SOON = 10**9
WEIGHTS = ("DesiredWeightsAndCapacities", "ProductionVariants", "VariantName")
PARTS = {"UpdateEndpointWeightsAndCapacities": WEIGHTS}
"""Operations that name parts of a resource: their argument, what is described, and the name."""


async def refusal(family: Family, operation: str, members: Mapping[str, Any]) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        await family.call(operation, members)
    return caught.value


async def described(family: Family, given: Members, known: Members | None = None) -> Members:
    """Describe a resource by each operation that does, and check that what was given comes back."""
    found: Members = {}
    for name, act in family.acts("describe"):
        answer = await family.call(name, family.named(act, known or given))
        cls = family.operations[name].response_class
        if (within := family.resource.within) is not None:
            answer, cls = answer[within], inner(cls, within)
        for member, value in given.items():
            if member in describe(cls).by_wire_name and member not in ("Tags", "NextToken"):
                assert same(answer[member], value), (name, member)
        found |= answer
    return found


def same(found: Any, given: Any) -> bool:
    """Return whether an answer says what a request said, as far as it has a place for it."""
    if isinstance(found, dict) and isinstance(given, dict):
        return all(same(value, given.get(name, value)) for name, value in found.items())
    if isinstance(found, list) and isinstance(given, list):
        return len(found) == len(given) and all(map(same, found, given))
    return bool(found == given) or hasattr(found, "timestamp")


async def live(server: SageMakerServer[Any], family: Family) -> None:
    known = await family.create()
    known = {**(await described(family, known)), **known}
    await refuse_a_second(family, known)
    await listed(family, known)
    for name, act in family.acts("change"):
        if name.startswith("Stop") and known.get(family.resource.status or "") in act.allowed:
            await family.call(name, required(family, name, family.named(act, known)))
    at_rest(server, family)
    await updated(server, family, known)
    await tagged(family, known)
    await deleted(server, family, known)


async def reach(server: SageMakerServer[Any], family: Family, act: Act, known: Members) -> None:
    """Bring a resource into a status in which an operation is allowed."""
    at_rest(server, family)
    status = (await described(family, {}, known)).get(family.resource.status or "")
    if act.allowed and status not in act.allowed:
        for name, stop in family.acts("change"):
            if name.startswith("Stop") and status in stop.allowed:
                await family.call(name, required(family, name, family.named(stop, known)))
        at_rest(server, family)


def at_rest(server: SageMakerServer[Any], family: Family) -> None:
    """Move resources on until nothing is under way any more."""
    for _ in family.resource.transitions:
        server.state.advance()


def required(family: Family, operation: str, named: Members) -> Members:
    cls = family.operations[operation].request_class
    wire = describe(cls).wire_names
    needed = {wire[name] for name in describe(cls).required}
    made = made_request(family.operations[operation], 7)
    return {**{name: value for name, value in made.items() if name in needed}, **named}


def only(cls: type[Structure], members: Mapping[str, Any]) -> Members:
    """Return those members that a structure has."""
    return {name: each for name, each in members.items() if name in describe(cls).by_wire_name}


async def refuse_a_second(family: Family, known: Members) -> None:
    made = set(family.resource.made) | set(family.resource.arn_members)
    for name, act in family.acts("create"):
        request_class = family.operations[name].request_class
        if made & set(family.resource.identity) or act.each or name.endswith("V2"):
            continue
        error = await refusal(family, name, only(request_class, known))
        assert str(known[family.resource.identity[-1]]) in str(error), name


async def listed(family: Family, known: Members) -> None:
    for name, act in family.acts("list"):
        operation = family.operations[name]
        arguments = describe(operation.request_class).by_wire_name
        needs = {
            wire
            for field, wire in describe(operation.request_class).wire_names.items()
            if field in describe(operation.request_class).required
        }
        base = {each: known[each] for each in needs}
        items = (await family.call(name, base))[act.items or ""]
        names = (*family.resource.identity[::-1], *family.resource.copies)
        member = next(each for each in (*names, *family.resource.arn_members) if each in items[0])
        source = family.resource.copies.get(member, member)
        assert known[source] in [each[member] for each in items], name
        for argument in arguments:
            if argument in needs or argument in act.ignored:
                continue
            for end, rule in family.lists.rules.items():
                if argument.endswith(end) and argument != end:
                    await filtered(family, name, base, argument, rule, known, (member, source))
        await paged(family, name, base, member, len(items))


async def filtered(
    family: Family,
    name: str,
    base: Members,
    argument: str,
    rule: str,
    known: Members,
    members: tuple[str, str],
) -> None:
    member, source = members
    stem = next(argument.removesuffix(e) for e in family.lists.rules if argument.endswith(e))
    value = known.get(family.resource.aliases.get(stem, stem))
    if value is None or isinstance(value, list):
        return
    items = family.resource.operations[name].items or ""

    async def names(wanted: Any) -> list[Any]:
        answer = await family.call(name, {**base, argument: wanted})
        return [each[member] for each in answer[items]]

    if rule == "equals":
        assert known[source] in await names(value), argument
    elif rule == "contains":
        assert known[source] in await names(value[1:-1] or value), argument
        assert await names("nothing-of-that-name"[:60]) == [], argument
    elif hasattr(value, "timestamp"):
        early, late = value.replace(year=2000), value.replace(year=2100)
        here, there = (early, late) if rule == "after" else (late, early)
        assert known[source] in await names(here), argument
        assert await names(there) == [], argument


async def paged(family: Family, name: str, base: Members, member: str, count: int) -> None:
    """Page through a list with a second resource in it, one at a time."""
    lists = family.lists
    act = family.resource.operations[name]
    arguments = describe(family.operations[name].request_class).by_wire_name
    if lists.page_size not in arguments or base:
        return
    await family.create()
    every = (await family.call(name, {lists.page_size: 20}))[act.items or ""]
    assert len(every) > count, name
    seen: list[Any] = []
    token: Members = {}
    while True:
        answer = await family.call(name, {lists.page_size: 1, **token})
        seen += [each[member] for each in answer[act.items or ""]]
        if lists.token not in answer:
            break
        token = {lists.token: answer[lists.token]}
    assert seen == [each[member] for each in every], name
    if lists.sort_order in arguments:
        order = next(each for each in order_values(family, name) if each.lower() == "descending")
        backwards = await family.call(name, {lists.page_size: 20, lists.sort_order: order})
        assert [each[member] for each in backwards[act.items or ""]] == (
            seen if act.descending else seen[::-1]
        ), name


def order_values(family: Family, name: str) -> list[str]:
    """Return what the order of a list may be, in the model's spelling."""
    cls = family.operations[name].request_class
    field = describe(cls).by_wire_name[family.lists.sort_order]
    enum = value_type(cls.__pydantic_fields__[field].annotation)
    kinds = (each for each in (enum, *get_args(enum)) if isinstance(each, type))
    return [value.value for kind in kinds if issubclass(kind, Enum) for value in kind]


async def updated(server: SageMakerServer[Any], family: Family, known: Members) -> None:
    for name, act in family.acts("change"):
        if not name.startswith("Update") or act.each is not None or act.needs:
            continue
        await reach(server, family, act, known)
        cls = family.operations[name].request_class
        named = {each: known[each] for each in family.resource.identity if each in known}
        named = {**named, **family.named(act, known)}
        fresh = made_request(family.operations[name], 99)
        fresh = {each: value for each, value in fresh.items() if each not in act.clears}
        if name in PARTS:
            argument, member, part = PARTS[name]
            parts = (await described(family, {}, known))[member]
            fresh[argument] = [
                {**each, part: own[part]} for each, own in zip(fresh[argument], parts, strict=False)
            ]
        await family.call(name, {**fresh, **only(cls, named)})
        for describing, look in family.acts("describe"):
            shown = family.operations[describing].response_class
            answer = await family.call(describing, family.named(look, known))
            if (within := family.resource.within) is not None:
                answer, shown = answer[within], inner(shown, within)
            own = {"Tags", family.resource.counts, *named, *family.resource.identity}
            for member in only(shown, only(cls, fresh)).keys() - own:
                assert same(answer[member], fresh[member]), (name, member)


async def tagged(family: Family, known: Members) -> None:
    behaviour = behaviour_of(family.client.SERVICE.package)
    arn = next((known[each] for each in family.resource.arn_members if each in known), None)
    if not behaviour.tags or arn is None:
        return
    names = {act.does: (name, act.arn) for name, act in behaviour.tags.items()}
    tag, untag, look = (names[each] for each in ("tag", "untag", "list_tags"))
    maps = family.client.SERVICE.protocol == "rest-json"
    new: Any = {"colour": "blue"} if maps else [{"Key": "colour", "Value": "blue"}]
    await family.call(tag[0], {tag[1]: arn, "Tags": new})
    tags = (await family.call(look[0], {look[1]: arn}))["Tags"]
    assert (tags["colour"] == "blue") if maps else (new[0] in tags)
    await family.call(untag[0], {untag[1]: arn, "TagKeys": ["colour"]})
    tags = (await family.call(look[0], {look[1]: arn}))["Tags"]
    assert "colour" not in (tags if maps else [each["Key"] for each in tags])


async def deleted(server: SageMakerServer[Any], family: Family, known: Members) -> None:
    for name, act in family.acts("delete"):
        await reach(server, family, act, known)
        named = family.named(act, known)
        if act.each is not None:
            named = {
                **{k: v for k, v in known.items() if k == family.resource.identity[0]},
                act.each: [known[act.each_is or ""]],
            }
        await family.call(name, required(family, name, named))
        server.state.advance()
        for describing, look in family.acts("describe"):
            error = await refusal(family, describing, family.named(look, known))
            assert error.code in (
                "ValidationException",
                "ResourceNotFound",
                "ResourceNotFoundException",
            ), describing
        return


@pytest.mark.parametrize("service", SERVICES)
async def test_every_family_is_created_described_listed_changed_tagged_and_deleted(
    service: str,
) -> None:
    cls = client_class(service)
    kinds = load_behaviour(cls.SERVICE.package).resources
    for kind in kinds:
        async with SageMakerServer(cls, steps=NOT_SOON) as server, server.client() as client:
            await live(server, Family(client, kind))
            assert "InternalFailure" not in {entry.error for entry in server.journal}, kind


async def test_an_argument_that_chooses_nothing_is_warned_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with SageMakerServer() as server, server.client() as sagemaker:
        await sagemaker.list_clusters()
        assert caplog.messages == []
        await sagemaker.list_clusters(training_plan_arn=PLAN)

    assert caplog.messages == ["the testing server lists everything, whatever TrainingPlanArn says"]
