"""Families of operations whose resources the testing server keeps, read off a service's model.

The rules are `[families]` of behaviour.toml: verbs, names of members, values of statuses. What a
service's own table says of a family stands above what is inferred here. Without rules nothing is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from aiobotantic_codegen.ir.placement import noun_of
from aiobotantic_codegen.load.documents import ServiceDocument

Table = dict[str, Any]

_ARN_KIND = re.compile(r"\{12\}(?:\|aws\))?:([a-z][a-z-]+)")


def service_behaviour(
    document: ServiceDocument, service: str, behaviour: Mapping[str, Any]
) -> Table:
    """Return what the testing server is told of a service: its own table, and inferred families.

    Args:
        document: the service's model.
        service: botocore's name of it.
        behaviour: the whole of behaviour.toml; without `[families]` nothing is inferred.
    """
    rules: Mapping[str, Any] = behaviour.get("families", {})
    own: Mapping[str, Any] = behaviour.get("services", {}).get(service, {})
    if not rules:
        return dict(own)
    families = _Families(document, rules, own)
    resources = families.resources()
    if not resources and not families.tags():
        return dict(own)
    common = {each: own.get(each, rules[each]) for each in ("lists", "faults")}
    return {**own, **common, "resources": resources, "tags": families.tags(), **families.reads()}


class _Families:
    def __init__(
        self, document: ServiceDocument, rules: Mapping[str, Any], own: Mapping[str, Any]
    ) -> None:
        self.document = document
        self.shapes = document.shapes
        self.rules = rules
        self.own = own
        self.exceptions: Mapping[str, str] = own.get("exceptions", {})

    def resources(self) -> Table:
        """Return the families by name, with what the service's table says of them."""
        found = {name: self._resource(noun) for name, noun in self.nouns.items()}
        for name, entries in self.own.get("resources", {}).items():
            base = found.get(name, {"label": name.replace("_", " ")})
            operations = {**base.get("operations", {}), **entries.get("operations", {})}
            aliases = {**base.get("aliases", {}), **entries.get("aliases", {})}
            found[name] = {**base, **entries, "operations": operations, "aliases": aliases}
        for name, resource in found.items():
            self._need_parents(name, resource)
            for operation, act in resource["operations"].items():
                if operation in self.document.operations:
                    fills = self._fills(operation, act, resource)
                    resource["operations"][operation] = {**act, "fills": fills} if fills else act
        return {name: _without_empty(resource) for name, resource in sorted(found.items())}

    @cached_property
    def nouns(self) -> dict[str, str]:
        """Nouns that can be created and described, by the family's name."""
        claimed = {
            operation: name
            for name, entries in self.own.get("resources", {}).items()
            for operation in entries.get("operations", {})
        }
        nouns = {}
        for operation in self.document.operations:
            verb, noun = _split(operation)
            name = "_".join(noun_of(operation))
            free = operation not in self.exceptions and claimed.get(operation, name) == name
            if free and verb in self.rules["create"] and self._named("describe", noun):
                nouns[name] = noun
        return nouns

    @cached_property
    def identities(self) -> dict[str, str]:
        """Members that alone name a resource, to its family; those that several share are none."""
        several = set(self.rules["common"])
        found: dict[str, str] = {}
        for name, noun in self.nouns.items():
            identity = self._identity(name, noun)
            alone = len(identity) == 1 and not self._latest(noun)
            if (
                alone
                and identity[0] not in several
                and f"Put{noun}" not in self.document.operations
            ):
                found[identity[0]] = name
        return found

    def _latest(self, noun: str) -> str | None:
        """Return the argument that chooses a version, where Describe need not have it."""
        describe = self._named("describe", noun) or ""
        given = set(self._input(describe)) - set(self._required(describe))
        return _first(self.rules["versions"], given & set(self._output(describe)))

    def tags(self) -> Table:
        """Return the operations that tag what an ARN names."""
        return {
            name: {"does": does, "arn": self._required(name)[0]}
            for does, names in self.rules["tags"].items()
            for name in names
            if name in self.document.operations
        }

    def reads(self) -> Table:
        """Return what operations of no family need to exist."""
        acting = {
            name for resource in self.resources().values() for name in resource["operations"]
        } | set(self.tags())
        needs = {
            name: self._needs(name)
            for name in self.document.operations
            if name not in acting and self._needs(name)
        }
        own = self.own.get("needs", {})
        return {"needs": {name: each for name, each in {**needs, **own}.items() if each}}

    def _resource(self, noun: str) -> Table:
        name = next(name for name, each in self.nouns.items() if each == noun)
        create = self._named("create", noun) or ""
        describe = self._named("describe", noun) or ""
        own: Table = self.own.get("resources", {}).get(name, {})
        shown, within = self._described(describe)
        given = self._input(create)
        identity = self._identity(name, noun)
        created = _first(self.rules["created"], shown)
        modified = _first(self.rules["modified"], shown)
        status: str | None = own.get("status", self._status(noun, shown, given))
        values = self._enum(shown[status]) if status is not None and status in shown else ()
        arns = self._arns(noun, shown, self._output(create))
        words = noun_of(create)
        latest = self._latest(noun)
        made = [
            each
            for each in (*identity, *([latest] if latest else []))
            if each not in arns and (each not in given or each == latest)
        ]
        resource: Table = {
            "label": " ".join(words),
            "identity": [*identity, *([latest] if latest else [])],
            "latest": bool(latest),
            "made": {each: "{serial}" if each == latest else "{mark}" for each in made},
            "arn": self._arn(words, identity, arns, made, {**shown, **self._output(create)}),
            "arn_members": arns,
            "status": status,
            "created": created,
            "modified": modified,
            "within": within,
            "stamps": self._stamps(shown, given, values),
            "counts": _first([f"{noun}Version"], set(shown) - set(given)),
            "renamed": {
                each: each.removesuffix("ForUpdate")
                for each in self._input(f"Update{noun}")
                if each.endswith("ForUpdate") and each.removesuffix("ForUpdate") in shown
            },
            "transitions": self._transitions(values),
        }
        resource["operations"] = self._operations(noun, resource, values)
        self._add_list(noun, resource, {**given, **shown}, identity, own)
        return resource

    def _fills(self, operation: str, act: Table, resource: Table) -> list[str]:
        """Return what an answer must not lack and no request may have given."""
        found = self.document.operations[operation]
        if found.output is None or act["does"] not in ("describe", "list"):
            return []
        shape = found.output.shape
        if act["does"] == "list":
            shape = self._items(operation)[1]
        elif resource.get("within"):
            shape = self._members(shape)[resource["within"]]
        identity = resource["identity"]
        certain = {
            *([identity] if isinstance(identity, str) else identity),
            *resource.get("arn_members", ()),
            *resource.get("copies", ()),
            *(resource.get(each) for each in ("status", "created", "modified", "counts")),
        }
        return [each for each in self.shapes[shape].required if each not in certain]

    def _identity(self, name: str, noun: str) -> list[str]:
        own: Sequence[str] | str | None = (
            self.own.get("resources", {}).get(name, {}).get("identity", None)
        )
        if own is not None:
            return [own] if isinstance(own, str) else list(own)
        return self._required(self._named("describe", noun) or "")

    def _described(self, describe: str) -> tuple[Mapping[str, str], str | None]:
        """Return the members that describe a resource, and the member that holds them."""
        members = self._output(describe)
        for name, shape in members.items():
            inner = self.shapes[shape]
            if len(members) == 1 and inner.type == "structure":
                return self._members(shape), name
        return members, None

    def _status(self, noun: str, shown: Mapping[str, str], given: Mapping[str, str]) -> str | None:
        for end in self.rules["status"]:
            for name in (f"{noun}{end}", end, *shown):
                said = name in shown and name not in given and name.endswith(end)
                if said and noun.endswith(name.removesuffix(end)) and self._enum(shown[name]):
                    return str(name)
        return None

    def _arns(self, noun: str, shown: Mapping[str, str], made: Mapping[str, str]) -> list[str]:
        """Return the members that hold the resource's own ARN, a described one first."""
        both = [*shown, *(name for name in made if name not in shown)]
        stems = {name: name.removesuffix("Arn") for name in both if name.endswith("Arn")}
        return [name for name, stem in stems.items() if noun.endswith(stem)]

    def _arn(
        self,
        words: Sequence[str],
        identity: Sequence[str],
        arns: Sequence[str],
        made: Sequence[str],
        shapes: Mapping[str, str],
    ) -> str | None:
        if not arns:
            return None
        patterns = [self.shapes[shapes[name]].pattern or "" for name in arns if name in shapes]
        kinds = [found[1] for each in patterns if (found := _ARN_KIND.search(each))]
        kind = kinds[0] if kinds else "-".join(words)
        named = [each for each in identity if each not in arns] + [
            each for each in made if each not in identity
        ]
        place = "/".join(f"{{{each}}}" for each in named) or "{mark}"
        return f"arn:aws:{{service}}:{{region}}:{{account}}:{kind}/{place}"

    def _stamps(
        self, shown: Mapping[str, str], given: Mapping[str, str], values: Sequence[str]
    ) -> Table:
        """Return the member that holds when work began, and when it was over, by status."""
        stamps: Table = {}
        for ends, statuses in (("started", "working"), ("ended", "final")):
            times = [
                name
                for end in self.rules[ends]
                for name, shape in shown.items()
                if name.endswith(end) and self.shapes[shape].type == "timestamp"
                if name not in given
            ]
            if times:
                stamps |= {each: times[0] for each in values if each in self.rules[statuses]}
        return stamps

    def _transitions(self, values: Sequence[str]) -> Table:
        table: Table = {}
        for rule in self.rules["passing"]:
            for value in rule["statuses"]:
                following = _first(rule.get("to", ()), values)
                if value in values and (following or "to" not in rule):
                    table[value] = {"to": following} if following else {}
        return table

    def _operations(self, noun: str, resource: Table, values: Sequence[str]) -> Table:
        acts: Table = {}
        passing = resource["transitions"]
        resting = [each for each in values if each not in passing]
        creating = self._named("create", noun)
        for verb_does, verbs in self.rules["verbs"].items():
            for name in (f"{verb}{noun}" for verb in verbs):
                does = "create" if verb_does == "start" and name == creating else verb_does
                if name not in self.document.operations or name in self.exceptions:
                    continue
                by = self._by(name, resource)
                if does not in ("create", "put") and by is None:
                    continue
                act: Table = {"does": "change" if does in ("start", "stop", "update") else does}
                if by is not None and by != resource["identity"]:
                    act["by"] = by
                if values:
                    act["status"] = _first(self.rules["entered"].get(does, ()), values)
                    if does in ("update", "delete") and passing:
                        working = self.rules["working"] if does == "update" else ()
                        act["allowed"] = [e for e in values if e in working or e in resting]
                    elif does in ("start", "stop"):
                        act["allowed"] = [e for e in values if e in self.rules["allowed"][does]]
                if does in ("create", "put"):
                    act["status"] = act.get("status") or _first(self.rules["settled"], values)
                acts[name] = _without_empty(act)
        for name in self.document.operations:  # an update of a part: UpdateEndpointWeights...
            verb, more = _split(name)
            free = name not in acts and name not in self.exceptions
            if free and verb == "Update" and self._longest(more) == noun:
                by = self._by(name, resource)
                if by is not None:
                    whole = by == resource["identity"]
                    acts[name] = {"does": "change"} if whole else {"does": "change", "by": by}
        return acts

    def _longest(self, more: str) -> str:
        homes = [each for each in self.nouns.values() if more.startswith(each)]
        return "" if more in homes else max(homes, key=len, default="")

    def _by(self, operation: str, resource: Table) -> list[str] | None:
        """Return the arguments that name a resource, in the order of its identity."""
        given = self._input(operation)
        identity = resource["identity"]
        if all(each in given for each in identity):
            return list(identity)
        if resource["latest"] and all(each in given for each in identity[:-1]):
            return list(identity[:-1])
        arns = [each for each in resource["arn_members"] if each in given]
        return arns[:1] or None

    def _add_list(
        self,
        noun: str,
        resource: Table,
        known: Mapping[str, str],
        identity: Sequence[str],
        own: Mapping[str, Any],
    ) -> None:
        plurals = (f"{noun}s", f"{noun[:-1]}ies", noun, f"{noun}es")
        names = [f"List{each}" for each in plurals if f"List{each}" in self.document.operations]
        if not names or names[0] in self.exceptions:
            return
        name = names[0]
        items, item = self._items(name)
        if items is None:
            return
        summary = self._members(item)
        copies = {
            each: own_name
            for each in summary
            for own_name in (*identity, *resource["arn_members"])
            if each not in known and each not in identity and each.endswith(own_name)
        }
        shown = {**known, **summary}
        aliases, ignored = self._aliases(name, noun, resource, shown, identity, own)
        act: Table = {"does": "list", "items": items, "ignored": ignored}
        if resource["created"]:
            act["sort_by"] = resource["created"]
        resource["operations"][name] = _without_empty(act)
        resource["aliases"] = aliases
        resource["copies"] = copies

    def _items(self, operation: str) -> tuple[str | None, str]:
        for name, shape in self._output(operation).items():
            member = self.shapes[shape].member
            if member is not None and self.shapes[member.shape].type == "structure":
                return name, member.shape
        return None, ""

    def _aliases(
        self,
        name: str,
        noun: str,
        resource: Table,
        known: Mapping[str, str],
        identity: Sequence[str],
        own: Mapping[str, Any],
    ) -> tuple[Table, list[str]]:
        """Return what a list calls the members that it filters and sorts by, and what is none."""
        lists = self.own.get("lists", self.rules["lists"])
        words = [lists[each] for each in ("page_size", "token", "sort_by", "sort_order")]
        named = f"{noun}Name" if f"{noun}Name" in known else ""
        given = self._input(name)
        asked = {each: _stem(each, lists["rules"]) for each in given if each not in words}
        sorts = self._enum(given[words[2]]) if words[2] in given else ()
        meant = {
            "Name": next(
                (each for each in (named, *reversed(identity), *known) if each.endswith("Name")),
                identity[-1],
            ),
            "Status": resource["status"],
            **dict.fromkeys(self.rules["created_by"], resource["created"]),
            **dict.fromkeys(self.rules["modified_by"], resource["modified"]),
        }
        meant = {word: member for word, member in meant.items() if member is not None}
        meant |= own.get("aliases", {})
        aliases: Table = {}
        ignored: list[str] = []
        for argument, stem in (*asked.items(), *((each, each) for each in sorts)):
            camel = "".join(w.title() for w in stem.split("_")) if stem.isupper() else stem
            member = camel if camel in known else meant.get(camel)
            if member is None and argument in asked:
                ignored.append(argument)
            elif member is not None and member != stem:
                aliases[stem] = member
        return aliases, ignored

    def _need_parents(self, name: str, resource: Table) -> None:
        own = self.own.get("needs", {})
        identity = resource["identity"]
        members = [identity] if isinstance(identity, str) else identity
        for operation, act in resource["operations"].items():
            needs: Table = own.get(operation, {})
            if operation not in own and act["does"] in ("create", "put", "change"):
                needs = {
                    argument: kind
                    for argument, kind in self._needs(operation).items()
                    if kind != name and (act["does"] != "change" or argument not in members)
                }
            if needs and "needs" not in act:
                resource["operations"][operation] = {**act, "needs": needs}

    def _needs(self, operation: str) -> Table:
        """Return the families that required arguments name."""
        return {
            argument: self.identities[argument]
            for argument in self._required(operation)
            if argument in self.identities
        }

    def _named(self, does: str, noun: str) -> str | None:
        names = (f"{verb}{noun}" for verb in self.rules[does])
        return next((name for name in names if name in self.document.operations), None)

    def _input(self, operation: str) -> Mapping[str, str]:
        found = self.document.operations.get(operation)
        return self._members(found.input.shape) if found and found.input else {}

    def _output(self, operation: str) -> Mapping[str, str]:
        found = self.document.operations.get(operation)
        return self._members(found.output.shape) if found and found.output else {}

    def _required(self, operation: str) -> list[str]:
        found = self.document.operations.get(operation)
        return list(self.shapes[found.input.shape].required) if found and found.input else []

    def _members(self, shape: str) -> Mapping[str, str]:
        return {name: member.shape for name, member in self.shapes[shape].members.items()}

    def _enum(self, shape: str) -> Sequence[str]:
        return self.shapes[shape].enum or ()


def _split(operation: str) -> tuple[str, str]:
    """Return an operation's verb and its noun."""
    verb = re.match("[A-Z][a-z]+", operation)
    return (verb[0], operation[verb.end() :]) if verb else (operation, "")


def _stem(argument: str, rules: Iterable[str]) -> str:
    for end in rules:
        if argument.endswith(end) and argument != end:
            return argument.removesuffix(end)
    return argument


def _first(wanted: Iterable[str], among: Iterable[str]) -> str | None:
    known = set(among)
    return next((each for each in wanted if each in known), None)


def _without_empty(table: Mapping[str, Any]) -> Table:
    kept = ("transitions", "operations")
    return {
        name: value
        for name, value in table.items()
        if value not in (None, False, [], {}) or name in kept
    }
