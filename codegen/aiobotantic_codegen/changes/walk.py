"""Two trees of shapes side by side: what differs at a pair of them, and where each pair is reached.

Shapes are compared by what they hold, from an operation downwards, so that a shape that was only
renamed or moved makes no difference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, TypeAlias

from pydantic import BaseModel

from aiobotantic_codegen.changes.kinds import Kind
from aiobotantic_codegen.errors import SpecError, json_pointer
from aiobotantic_codegen.load.documents import MemberDocument, ShapeDocument

Pair: TypeAlias = tuple[str | None, str | None]
"""Names of an old and a new shape; None where one side has none."""

Changed: TypeAlias = tuple[str, tuple[str, str]]
"""A trait, and what it was and is."""

LISTED = "[]"
VALUE = "{}"
KEY = "{key}"

_NUMBERS = ("integer", "long", "float", "double")
_LIMITED = ("string", "blob", "list", "map", *_NUMBERS)
_SAME_IN_PYTHON = ({"integer", "long"}, {"float", "double"})
# Traits of XML and of the query protocol say nothing about JSON, and are not compared.
_SHAPE_TRAITS = (
    "error",
    "event",
    "eventstream",
    "fault",
    "payload",
    "requires_length",
    "retryable",
    "sensitive",
    "sparse",
    "synthetic",
    "timestamp_format",
    "union",
)
_MEMBER_TRAITS = (
    "context_param",
    "default",
    "enum",
    "eventheader",
    "eventpayload",
    "host_label",
    "idempotency_token",
    "jsonvalue",
    "location",
    "location_name",
    "pattern",
)
# Said of a member, or of the shape that it refers to: one fact either way.
_SHARED_TRAITS = ("deprecated", "streaming")
MOST_PLACES = 500_000
"""Paths that are followed in all; the largest operation of any service has 55,000."""
_NO_SHAPE = ShapeDocument(type="structure")


@dataclass(frozen=True)
class Fact:
    """One difference at a pair of shapes, or at a member of theirs.

    Attributes:
        step: What follows the path of the pair: empty for the shapes themselves.
        shape: The structure or enum that it is about, by its name in the newer model that has it.
        member: The member, where it is about one.
        trait: The trait that changed.
        required: Whether the member is required in the new model.
        token: Whether the member is the idempotency token in the new model.
        harmless: Whether it makes no difference to a Python value.
    """

    step: str
    kind: Kind
    values: tuple[str, ...] = ()
    shape: str = ""
    member: str = ""
    trait: str = ""
    required: bool = False
    token: bool = False
    harmless: bool = False


@dataclass(frozen=True)
class Node:
    """A pair of shapes: its own differences, and the pairs below it by the step to each."""

    facts: tuple[Fact, ...] = ()
    below: tuple[tuple[str, Pair], ...] = ()


class Walk:
    """Two models' shapes, compared pair by pair from some roots downwards, each pair once."""

    def __init__(
        self,
        old: Mapping[str, ShapeDocument],
        new: Mapping[str, ShapeDocument],
        roots: Iterable[Pair],
        file: str,
    ) -> None:
        self.file = file
        self.places = 0
        self.old = old
        self.new = new
        self.nodes: dict[Pair, Node] = {}
        self.changed = self._changed(list(roots))

    def changes(self, root: Pair) -> Iterator[tuple[str, Fact]]:
        """Yield each difference at or below a root with the path to its place, for every path.

        A shape inside itself is entered once: what is below it was told on the way to it.

        Raises:
            SpecError: There are too many paths: shapes that lead to others twice double them.
        """
        stack: list[tuple[Pair, str, frozenset[Pair]]] = [(root, "", frozenset())]
        while stack:
            pair, path, above = stack.pop()
            if pair not in self.changed or pair in above:
                continue
            self.places += 1
            if self.places > MOST_PLACES:
                raise too_many_places(self.file, pair[1] or pair[0] or "", MOST_PLACES)
            node = self.nodes[pair]
            yield from (((path + fact.step).removeprefix("."), fact) for fact in node.facts)
            inside = above | {pair}
            stack += [(below, path + step, inside) for step, below in reversed(node.below)]

    def _changed(self, pending: list[Pair]) -> set[Pair]:
        """Return the pairs that differ, or below which a pair does."""
        above: dict[Pair, list[Pair]] = {}
        while pending:
            pair = pending.pop()
            if pair not in self.nodes:
                node = self.nodes[pair] = self._compare(pair)
                for _, below in node.below:
                    above.setdefault(below, []).append(pair)
                    pending.append(below)
        changed: set[Pair] = set()
        pending = [pair for pair, node in self.nodes.items() if node.facts]
        while pending:
            pair = pending.pop()
            if pair not in changed:
                changed.add(pair)
                pending += above.get(pair, ())
        return changed

    def _compare(self, pair: Pair) -> Node:
        old = self.old[pair[0]] if pair[0] else _NO_SHAPE
        new = self.new[pair[1]] if pair[1] else _NO_SHAPE
        if old.type != new.type or old.document != new.document:
            values = (kind_word(old), kind_word(new))
            harmless = {old.type, new.type} in _SAME_IN_PYTHON
            facts = [Fact("", Kind.TYPE_CHANGED, values, harmless=harmless)]
            return Node((*facts, *_limit_facts(old, new)) if harmless else tuple(facts))
        facts = list(self._target_facts(pair, old, new))
        below: list[tuple[str, Pair]] = []
        if new.type == "structure":
            facts += self._member_facts(pair[1] or pair[0] or "", old, new)
            both = [name for name in new.members if name in old.members]
            below += [(f".{n}", (old.members[n].shape, new.members[n].shape)) for n in both]
        elif new.type == "list" and old.member and new.member:
            below.append((LISTED, (old.member.shape, new.member.shape)))
        elif new.type == "map" and old.key and new.key and old.value and new.value:
            below.append((KEY, (old.key.shape, new.key.shape)))
            below.append((VALUE, (old.value.shape, new.value.shape)))
        if new.type == "string":
            facts += _enum_facts(pair, old, new)
        if not (old.enum or new.enum):
            facts += _limit_facts(old, new)
            facts += _pattern_facts(old.pattern, new.pattern)
        if pair[0] and pair[1]:
            facts += [
                Fact("", Kind.TRAIT_CHANGED, values, trait=trait)
                for trait, values in _changed_traits(_SHAPE_TRAITS, old, new)
            ]
        return Node(tuple(facts), tuple(below))

    def _target_facts(self, pair: Pair, old: ShapeDocument, new: ShapeDocument) -> Iterator[Fact]:
        """Yield that another enum or structure stands here, unless the same one has a new name."""
        before, after = pair
        if before is None or after is None or before == after:
            return
        renamed = before not in self.new and after not in self.old
        named = (old.enum and new.enum) or (new.type == "structure" and not new.document)
        if named and not renamed:
            yield Fact("", Kind.MEMBER_RETARGETED, (before, after), shape=after)

    def _member_facts(self, name: str, old: ShapeDocument, new: ShapeDocument) -> Iterator[Fact]:
        arm = (new.union or new.eventstream) and old is not _NO_SHAPE
        for member, document in new.members.items():
            told = Fact(
                f".{member}",
                Kind.UNION_ARM_ADDED if arm else Kind.MEMBER_ADDED,
                shape=name,
                member=member,
                required=member in new.required,
                token=document.idempotency_token,
            )
            before = old.members.get(member)
            if before is None:
                yield told
            else:
                changed = [
                    *_changed_traits(_MEMBER_TRAITS, before, document),
                    *self._shared_traits(before, document),
                ]
                # In a body, JSON in a string is a string.
                in_body = "header" not in (before.location, document.location)
                for trait, values in changed:
                    yield replace(
                        told,
                        kind=Kind.TRAIT_CHANGED,
                        values=values,
                        trait=trait,
                        harmless=trait == "jsonvalue" and in_body,
                    )
            if told.required != (member in old.required):
                yield replace(
                    told, kind=Kind.REQUIRED_ADDED if told.required else Kind.REQUIRED_REMOVED
                )
        for member in old.members:
            if member not in new.members:
                yield Fact(f".{member}", Kind.MEMBER_REMOVED, shape=name, member=member)

    def _shared_traits(self, old: MemberDocument, new: MemberDocument) -> Iterator[Changed]:
        before, after = self.old[old.shape], self.new[new.shape]
        for trait in _SHARED_TRAITS:
            was = getattr(old, trait) or getattr(before, trait)
            now = getattr(new, trait) or getattr(after, trait)
            if was != now:
                yield trait, (_stated(trait, was), _stated(trait, now))


def too_many_places(file: str, shape: str, most: int) -> SpecError:
    """Return the error of a model whose shapes lead to each other on too many paths."""
    problem = f"its shapes are reached on more than {most} paths"
    remedy = "Leave out the operations that reach it: nobody reads so much."
    return SpecError(file, json_pointer("shapes", shape), problem, remedy)


def kind_word(shape: ShapeDocument) -> str:
    """Return what a shape is, in a word."""
    if shape.type == "structure" and shape.document:
        return "document"
    if shape.type == "structure" and shape.union:
        return "union"
    return "enum" if shape.type == "string" and shape.enum else shape.type


@cache
def core_pattern(pattern: str) -> str:
    """Return a pattern without the anchors at its ends: all are meant to match in full."""
    core = pattern.removeprefix("^")
    if core.endswith("$") and not re.search(r"(?<!\\)(\\\\)*\\\$$", core):
        core = core[:-1]
    return core


def _enum_facts(pair: Pair, old: ShapeDocument, new: ShapeDocument) -> Iterator[Fact]:
    before, after = dict.fromkeys(old.enum or ()), dict.fromkeys(new.enum or ())
    if removed := tuple(value for value in before if value not in after):
        yield Fact("", Kind.ENUM_VALUE_REMOVED, removed, shape=pair[0] or "")
    if added := tuple(value for value in after if value not in before):
        yield Fact("", Kind.ENUM_VALUE_ADDED, added, shape=pair[1] or "")


def _limit_facts(old: ShapeDocument, new: ShapeDocument) -> Iterator[Fact]:
    """Yield which bounds moved; a length of at least 0 is no bound."""
    if new.type not in _LIMITED:
        return
    lengths = new.type not in _NUMBERS
    for bound, tighter in (("min", 1), ("max", -1)):
        before, after = getattr(old, bound), getattr(new, bound)
        if bound == "min" and lengths:
            before, after = before or None, after or None
        if before == after:
            continue
        tightened = before is None or (after is not None and (after - before) * tighter > 0)
        kind = Kind.CONSTRAINT_TIGHTENED if tightened else Kind.CONSTRAINT_LOOSENED
        yield Fact("", kind, (_stated(bound, before), _stated(bound, after)), trait=bound)


def _pattern_facts(old: str | None, new: str | None) -> Iterator[Fact]:
    if core_pattern(old or "") != core_pattern(new or ""):
        yield Fact("", Kind.PATTERN_CHANGED, (old or "", new or ""))


def _changed_traits(
    traits: tuple[str, ...],
    old: ShapeDocument | MemberDocument,
    new: ShapeDocument | MemberDocument,
) -> Iterator[Changed]:
    if old is new:
        return
    before, after = vars(old), vars(new)
    for trait in traits:
        was, now = before[trait], after[trait]
        if was is now or (was == now and type(was) is type(now)):  # most are: do not spell them out
            continue
        word = type(new).model_fields[trait].alias or trait
        was, now = _stated(word, was), _stated(word, now)
        if was != now:
            yield word, (was, now)


def _stated(name: str, value: Any) -> str:
    """Return `name=value`, `name=none` for what is not set."""
    return f"{name}={written(value, unset=value is False and name != 'default')}"


def written(value: Any, *, unset: bool = False) -> str:
    """Return a value as a word or as JSON, `none` for what is not set."""
    if value is None or unset:
        return "none"
    return value if isinstance(value, str) else json.dumps(_plain(value), separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple | list) else value
