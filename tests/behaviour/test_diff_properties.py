"""What holds for the difference of any two models."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from two_models import difference

from aiobotantic_codegen.changes.kinds import Direction, Kind
from aiobotantic_codegen.changes.record import Entry

Spec = dict[str, Any]

STRUCTURES = ["S0", "S1", "S2", "S3"]
OTHERS = ["List0", "List1", "Map0", "Enum0", "Enum1", "Text0", "Number0", "Blob0"]
NAMES = [*STRUCTURES, *OTHERS]
MEMBERS = ["A", "B", "C", "D"]


def random_spec(seed: int) -> Spec:
    """Return a model; all have one universe of names, so that any two have much in common."""
    rng = random.Random(seed)
    shapes = {name: random_shape(rng, name) for name in NAMES}
    operations = {}
    for name in rng.choice((["Get"], ["Put"], ["Get", "Put"])):
        ends = rng.choice((["input"], ["output"], ["input", "output"]))
        operations[name] = {end: rng.choice(STRUCTURES) for end in ends}
    return {"operations": operations, "shapes": shapes}


def random_shape(rng: random.Random, name: str) -> dict[str, Any]:
    """Return what a shape of this name may be: now and then something else than it says."""
    limits = {bound: rng.randint(0, 3) for bound in ("min", "max") if rng.random() < 0.4}
    match name.rstrip("0123456789"):
        case "List":
            return {"member": rng.choice(NAMES), **limits}
        case "Map":
            return {"key": rng.choice(["Enum0", "Text0"]), "value": rng.choice(NAMES)}
        case "Enum" if rng.random() < 0.8:
            return {"enum": rng.sample(["red", "blue", "green"], rng.randint(1, 3))}
        case "Text" | "Enum":
            patterns = [{}, {"pattern": "a"}, {"pattern": "^a$"}, {"pattern": "b"}]
            return {"type": "string", **rng.choice(patterns), **limits}
        case "Number":
            return {"type": rng.choice(["integer", "long", "double"]), **limits}
        case "Blob":
            return {"type": "blob"}
    members = rng.sample(MEMBERS, rng.randint(0, 4))
    traits: list[dict[str, Any]] = [{}, {}, {"deprecated": True}, {"locationName": "x"}]
    return {
        "members": {m: {"shape": rng.choice(NAMES), **rng.choice(traits)} for m in members},
        "required": [member for member in members if rng.random() < 0.5],
        "union": rng.random() < 0.2,
    }


SPECS = st.integers(0, 2**32 - 1).map(random_spec)
SEEDS = st.integers(0, 2**32 - 1)
any_models = settings(deadline=None, max_examples=100)

COMING = (Kind.MEMBER_ADDED, Kind.UNION_ARM_ADDED)
Place = tuple[str, Direction, str]


def entries(old: Spec, new: Spec) -> tuple[Entry, ...]:
    return difference(old, new).entries


@any_models
@given(SPECS)
def test_a_model_does_not_differ_from_itself(spec: Spec) -> None:
    assert entries(spec, copy.deepcopy(spec)) == ()


@any_models
@given(SPECS, SEEDS)
def test_order_says_nothing(spec: Spec, seed: int) -> None:
    assert entries(spec, shuffled(spec, random.Random(seed))) == ()


def shuffled(value: Any, rng: random.Random) -> Any:
    """Return a value with each list and each mapping in another order."""
    if isinstance(value, list):
        return rng.sample(value, len(value))
    if isinstance(value, dict):
        keys = rng.sample(list(value), len(value))
        return {key: shuffled(value[key], rng) for key in keys}
    return value


@any_models
@given(SPECS)
def test_names_of_shapes_say_nothing(spec: Spec) -> None:
    assert entries(spec, renamed(spec)) == ()


def renamed(value: Any) -> Any:
    """Return a spec whose shapes have other names, where they stand and where they are named."""
    if isinstance(value, dict):
        return {f"New{k}" if k in NAMES else k: renamed(v) for k, v in value.items()}
    if isinstance(value, list):
        return [renamed(each) for each in value]
    return f"New{value}" if value in NAMES else value


_MIRRORED = {
    Kind.MEMBER_ADDED: Kind.MEMBER_REMOVED,
    Kind.UNION_ARM_ADDED: Kind.MEMBER_REMOVED,
    Kind.ENUM_VALUE_ADDED: Kind.ENUM_VALUE_REMOVED,
    Kind.REQUIRED_ADDED: Kind.REQUIRED_REMOVED,
    Kind.CONSTRAINT_LOOSENED: Kind.CONSTRAINT_TIGHTENED,
    Kind.OPERATION_ADDED: Kind.OPERATION_REMOVED,
}
_MIRRORED |= {there: back for back, there in _MIRRORED.items() if back != Kind.UNION_ARM_ADDED}


@any_models
@given(SPECS, SPECS)
def test_a_difference_mirrors_the_one_of_the_other_direction(old: Spec, new: Spec) -> None:
    assert facts(entries(old, new), mirrored=True) == facts(entries(new, old))


def facts(found: tuple[Entry, ...], *, mirrored: bool = False) -> set[tuple[Any, ...]]:
    """Return entries without what one direction alone tells: what a new member is."""
    coming = {*COMING, Kind.MEMBER_REMOVED}
    came_or_went = {entry.place for entry in found if entry.kind in coming}
    kept = set()
    for entry in found:
        required = entry.kind in (Kind.REQUIRED_ADDED, Kind.REQUIRED_REMOVED)
        if required and entry.place in came_or_went:
            continue
        kind = _MIRRORED.get(entry.kind, entry.kind) if mirrored else entry.kind
        values = () if entry.kind in coming else entry.values
        if mirrored and kind not in (Kind.ENUM_VALUE_ADDED, Kind.ENUM_VALUE_REMOVED):
            values = values[::-1]
        arm_or_member = Kind.MEMBER_ADDED if kind is Kind.UNION_ARM_ADDED else kind
        kept.add((entry.place, arm_or_member, values))
    return kept


@any_models
@given(SPECS, SPECS)
def test_no_fact_is_told_twice_at_one_place(old: Spec, new: Spec) -> None:
    found = [(entry.place, entry.kind, entry.values) for entry in entries(old, new)]

    assert len(found) == len(set(found))


@any_models
@given(SPECS, SPECS)
def test_every_path_leads_somewhere_in_one_of_the_models(old: Spec, new: Spec) -> None:
    for entry in entries(old, new):
        coming = entry.kind in (*COMING, Kind.REQUIRED_ADDED, Kind.OPERATION_ADDED)
        going = entry.kind in (Kind.MEMBER_REMOVED, Kind.OPERATION_REMOVED)
        sides = [new] if coming else [old] if going else [old, new]
        assert all(leads_somewhere(side, entry) for side in sides), entry


def leads_somewhere(spec: Spec, entry: Entry) -> bool:
    operation = spec["operations"].get(entry.operation)
    if operation is None or entry.direction is Direction.OPERATION:
        return operation is not None
    name = operation["input" if entry.direction is Direction.REQUEST else "output"]
    rest = entry.path
    while rest:
        shape = spec["shapes"][name]
        for step, key in (("[]", "member"), ("{key}", "key"), ("{}", "value")):
            if rest.startswith(step):
                name, rest = shape[key], rest.removeprefix(step)
                break
        else:
            rest = rest.removeprefix(".")
            member = rest[0]
            if member not in shape["members"]:
                return False
            name, rest = shape["members"][member]["shape"], rest[1:]
    return True


def places(spec: Spec, target: str, step: str = "") -> set[Place]:
    """Return every place where a shape is reached, found by trying each path."""
    return {
        (name, direction, (path + step).removeprefix("."))
        for name, operation in spec["operations"].items()
        for end, direction in (("input", Direction.REQUEST), ("output", Direction.RESPONSE))
        if end in operation
        for path in paths(spec["shapes"], operation[end], target, "", [])
    }


def paths(
    shapes: dict[str, Any], name: str, target: str, path: str, above: list[str]
) -> Iterator[str]:
    if name in above:
        return
    if name == target:
        yield path
    shape = shapes[name]
    for member, held in shape.get("members", {}).items():
        yield from paths(shapes, held["shape"], target, f"{path}.{member}", [*above, name])
    for key, step in (("member", "[]"), ("key", "{key}"), ("value", "{}")):
        if key in shape:
            yield from paths(shapes, shape[key], target, path + step, [*above, name])


def found_places(old: Spec, new: Spec, kind: Kind) -> set[Place]:
    found = entries(old, new)
    assert {entry.kind for entry in found} <= {kind}
    return {entry.place for entry in found}


@any_models
@given(SPECS, st.sampled_from(["Enum0", "Enum1"]))
def test_a_new_value_is_told_wherever_its_enum_is_reached(spec: Spec, enum: str) -> None:
    new = copy.deepcopy(spec)
    new["shapes"][enum]["enum"] = [*spec["shapes"][enum].get("enum", []), "violet"]

    assert found_places(spec, new, Kind.ENUM_VALUE_ADDED) == places(spec, enum)


@any_models
@given(SPECS, st.sampled_from(["Text0", "Number0", "List0"]))
def test_a_wider_limit_is_told_wherever_its_shape_is_reached(spec: Spec, name: str) -> None:
    old, new = copy.deepcopy(spec), copy.deepcopy(spec)
    old["shapes"][name]["max"], new["shapes"][name]["max"] = 5, 6

    assert found_places(old, new, Kind.CONSTRAINT_LOOSENED) == places(spec, name)


@any_models
@given(SPECS, st.sampled_from(STRUCTURES), st.sampled_from(NAMES))
def test_a_new_member_is_told_wherever_its_structure_is_reached(
    spec: Spec, structure: str, shape: str
) -> None:
    new = copy.deepcopy(spec)
    new["shapes"][structure]["members"]["E"] = {"shape": shape}
    arm = spec["shapes"][structure]["union"]
    kind = Kind.UNION_ARM_ADDED if arm else Kind.MEMBER_ADDED

    assert found_places(spec, new, kind) == places(spec, structure, ".E")
    assert found_places(new, spec, Kind.MEMBER_REMOVED) == places(spec, structure, ".E")


@any_models
@given(SPECS, st.sampled_from(STRUCTURES), st.sampled_from(MEMBERS))
def test_a_member_that_is_required_is_told_wherever_its_structure_is_reached(
    spec: Spec, structure: str, member: str
) -> None:
    old = copy.deepcopy(spec)
    old["shapes"][structure]["members"].setdefault(member, {"shape": "Blob0"})
    new = copy.deepcopy(old)
    old["shapes"][structure]["required"] = []
    new["shapes"][structure]["required"] = [member]

    assert found_places(old, new, Kind.REQUIRED_ADDED) == places(old, structure, f".{member}")
    assert found_places(new, old, Kind.REQUIRED_REMOVED) == places(old, structure, f".{member}")


@any_models
@given(SPECS, st.sampled_from(STRUCTURES), st.sampled_from(MEMBERS))
def test_a_member_of_another_type_is_told_wherever_its_structure_is_reached(
    spec: Spec, structure: str, member: str
) -> None:
    old = copy.deepcopy(spec)
    old["shapes"][structure]["members"][member] = {"shape": "Blob0"}
    new = copy.deepcopy(old)
    new["shapes"][structure]["members"][member] = {"shape": "Boolean"}

    assert found_places(old, new, Kind.TYPE_CHANGED) == places(old, structure, f".{member}")
