"""The life of a resource of any kind, by the testing server's tables: for a walk over all."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from aiobotantic.client import Client
from aiobotantic.operation import Operation
from aiobotantic.structure import Structure
from aiobotantic.testing.behaviour import Act, Resource, load_behaviour
from aiobotantic.testing.build import build
from aiobotantic_codegen.ir.names import method_name

Members = dict[str, Any]
_SEEDS = itertools.count()


behaviour_of = cache(load_behaviour)


class Family:
    """One kind of resource of a service, and a client that lives through it."""

    def __init__(self, client: Client, kind: str) -> None:
        behaviour = behaviour_of(client.SERVICE.package)
        self.client = client
        self.kind = kind
        self.resource: Resource = behaviour.resources[kind]
        self.operations = client.operations()
        assert behaviour.lists is not None
        self.lists = behaviour.lists

    def acts(self, does: str) -> Iterator[tuple[str, Act]]:
        """Yield the operations that do this, by AWS's name."""
        for name, act in self.resource.operations.items():
            if act.does == does:
                yield name, act

    async def call(self, operation: str, members: Mapping[str, Any]) -> Members:
        """Call an operation by AWS's names."""
        method = getattr(self.client.wire, method_name(operation))
        answer: Structure = await method(**members)
        return answer.to_wire()

    async def create(self) -> Members:
        """Create a resource, and what it needs; return what request and answer say of it."""
        name, act = [*self.acts("create"), *self.acts("put")][0]
        request = made_request(self.operations[name], next(_SEEDS))
        if act.each is not None:
            request[act.each] = request[act.each][:1]
        for path, kind in act.needs.items():
            parent = Family(self.client, kind)
            await self._link(request, path.split("."), parent)
        answer = await self.call(name, request)
        items = request.get(act.each, [{}]) if act.each else [{}]
        return {**request, **answer, **items[0]}

    async def _link(self, request: Members, path: list[str], parent: Family) -> None:
        head, *rest = path
        if rest:
            for each in request.get(head, []):
                await self._link(each, rest[1:], parent)
        elif head in request:
            made = await parent.create()
            request[head] = made[parent.resource.identity[0]]

    def named(self, act: Act, known: Mapping[str, Any]) -> Members:
        """Return the arguments by which an operation names a resource."""
        names = act.by or self.resource.identity
        arn = next((known[each] for each in self.resource.arn_members if each in known), None)
        if len(names) == 1:
            return {names[0]: known.get(names[0], arn)}
        return {name: known[name] for name in names if name in known}


def made_request(operation: Operation[Any], seed: int) -> Members:
    """Return a made-up request that says everything it may say."""
    request = build(operation.request_class, seed=seed)
    if operation.token is not None:  # the client makes one
        setattr(request, operation.token, None)
    members: Members = json.loads(json.dumps(request.to_wire(), default=_plain))
    return members


def _plain(value: Any) -> Any:
    return value.timestamp() if hasattr(value, "timestamp") else str(value)
