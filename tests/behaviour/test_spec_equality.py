"""The committed client equals the committed spec, which is read here as plain JSON.

Exceptions stand in specs/overrides.toml: names that people chose, and members that they marked as
sensitive.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator
from datetime import datetime
from importlib import import_module
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from botocore import xform_name

import aiosagemaker.sagemaker.errors
import aiosagemaker.sagemaker.models as models
import aiosagemaker.sagemaker.waiters
from aiobotantic.constraints import SENSITIVE, Length, Pattern, Range
from aiobotantic.enums import OpenEnum
from aiobotantic.errors import COMMON_ERRORS
from aiobotantic.pages import Pagination
from aiobotantic.structure import EmptyOutput, Request, Structure, describe, read_json, write_json
from aiobotantic.unions import UnionStructure
from aiobotantic.waiters import Waiter
from aiosagemaker.sagemaker import SageMaker

SPECS = Path(__file__).resolve().parents[2] / "specs"
SPEC: dict[str, Any] = json.loads((SPECS / "sagemaker" / "service-2.json").read_text())
PAGINATORS = json.loads((SPECS / "sagemaker" / "paginators-1.json").read_text())["pagination"]
WAITERS = json.loads((SPECS / "sagemaker" / "waiters-2.json").read_text())["waiters"]
OVERRIDES = tomllib.loads((SPECS / "overrides.toml").read_text())["services"]["sagemaker"]
RENAMED = {(e["shape"], e.get("member")): e["name"] for e in OVERRIDES.get("names", [])}
SECRET = {(e["shape"], e.get("member")) for e in OVERRIDES["sensitive"]}

SHAPES: dict[str, Any] = SPEC["shapes"]
OPERATIONS: dict[str, Any] = SPEC["operations"]
STRUCTURES = {
    name: shape
    for name, shape in SHAPES.items()
    if shape["type"] == "structure" and not shape.get("exception")
}
ENUMS = {name: shape for name, shape in SHAPES.items() if shape.get("enum")}
ERRORS = {name: shape for name, shape in SHAPES.items() if shape.get("exception")}
INPUTS = {operation["input"]["shape"] for operation in OPERATIONS.values()}
OUTPUTS = {each["output"]["shape"] for each in OPERATIONS.values() if "output" in each}
SCALARS = {
    "string": str,
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "boolean": bool,
    "timestamp": datetime,
    "blob": bytes,
}


def reached(roots: Iterable[str]) -> set[str]:
    """Return the shapes that the roots mention, directly or not."""
    found: set[str] = set()
    pending = list(roots)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            shape = SHAPES[name]
            pending += [member["shape"] for member in shape.get("members", {}).values()]
            pending += [shape[key]["shape"] for key in ("member", "key", "value") if key in shape]
    return found


SENT = reached(INPUTS)


def class_of(name: str) -> Any:
    """Return the class of a structure or an enum: its own name, or one that an override gives."""
    chosen = RENAMED.get((name, None), name)
    for spelling in (chosen, chosen[:1].upper() + chosen[1:], f"{chosen}_"):
        if spelling in dir(models):
            return getattr(models, spelling)
    raise AssertionError(f"{name} is not in models")


def parts(annotation: Any) -> tuple[Any, list[Any]]:
    """Return a type without `Annotated` and `| None`, and the markers that stood around it."""
    marks: list[Any] = []
    while get_origin(annotation) in (Annotated, Union, UnionType):
        inner, *rest = get_args(annotation)
        if get_origin(annotation) is Annotated:
            marks += rest
        elif inner is type(None):
            inner = rest[0]
        annotation = inner
    return annotation, marks


def expected_marks(name: str, *, sent: bool, secret: bool) -> set[Any]:
    """Return the markers that a shape asks for."""
    shape = SHAPES[name]
    marks: set[Any] = {SENSITIVE} if secret else set()
    if not sent or shape.get("enum") or shape["type"] in ("structure", "boolean", "timestamp"):
        return marks
    low, high = shape.get("min"), shape.get("max")
    if shape["type"] in ("integer", "long", "float", "double"):
        marks |= {Range(low, high)} if (low, high) != (None, None) else set()
    elif low or high is not None:
        marks |= {Length(low or None, high)}
    return marks | ({Pattern(shape["pattern"])} if "pattern" in shape else set())


def is_secret(name: str) -> bool:
    return bool(SHAPES[name].get("sensitive")) or (name, None) in SECRET


def holds_secret(name: str) -> bool:
    """Whether a list or a map, or what it holds, is sensitive."""
    shape = SHAPES[name]
    inner = [shape[key]["shape"] for key in ("member", "key", "value") if key in shape]
    return is_secret(name) or any(map(holds_secret, inner))


def differences(
    place: str, annotation: Any, name: str, *, sent: bool, secret: bool
) -> Iterator[str]:
    """Compare a field's type with a shape, inwards."""
    shape = SHAPES[name]
    kind, marks = parts(annotation)
    origin, args = get_origin(kind), get_args(kind)
    wanted = expected_marks(name, sent=sent, secret=secret)
    if {mark for mark in marks if isinstance(mark, tuple)} != wanted:
        yield f"{place}: limits {marks}, not {wanted}"
    if shape["type"] in ("list", "map"):
        keys = ("member",) if shape["type"] == "list" else ("key", "value")
        if origin is not {"list": list, "map": dict}[shape["type"]]:
            yield f"{place}: {kind}, not a {shape['type']}"
            return
        for key, arg in zip(keys, args, strict=True):
            inner = shape[key]["shape"]
            hides = sent and is_secret(inner)
            yield from differences(f"{place}.{key}", arg, inner, sent=sent, secret=hides)
    elif name in STRUCTURES or name in ENUMS:
        if kind is not class_of(name):
            yield f"{place}: {kind}, not {name}"
    elif kind is not SCALARS[shape["type"]]:
        yield f"{place}: {kind}, not {shape['type']}"


def test_there_is_something_to_compare() -> None:
    assert len(OPERATIONS) == 425
    assert len(PAGINATORS) == 95
    assert len(WAITERS) == 13
    assert len(STRUCTURES) > 1500
    assert len(ENUMS) == 383


def test_operations() -> None:
    operations = SageMaker.operations()

    assert operations.keys() == OPERATIONS.keys()
    for name, spec in OPERATIONS.items():
        operation = operations[name]
        assert operation.request_class is class_of(spec["input"]["shape"]), name
        assert issubclass(operation.request_class, Request)
        output = class_of(spec["output"]["shape"]) if "output" in spec else EmptyOutput
        assert operation.response_class is output, name
        assert (operation.method, operation.uri) == ("POST", "/")
        assert spec["http"] == {"method": "POST", "requestUri": "/"}
        assert operation.deprecated == spec.get("deprecated", False)
        assert operation.errors == tuple(
            SHAPES[error["shape"]].get("error", {}).get("code", error["shape"])
            for error in spec.get("errors", [])
        )
        assert callable(getattr(SageMaker, xform_name(name)))


def test_no_two_operations_share_an_input() -> None:
    assert len(INPUTS) == len(OPERATIONS)


def test_no_operation_has_a_host_prefix() -> None:
    assert [name for name, spec in OPERATIONS.items() if "endpoint" in spec] == []


def test_idempotency_tokens() -> None:
    for name, operation in SageMaker.operations().items():
        members = SHAPES[OPERATIONS[name]["input"]["shape"]]["members"]
        tokens = [wire for wire, member in members.items() if member.get("idempotencyToken")]
        wire_names = describe(operation.request_class).wire_names
        assert ([wire_names[operation.token]] if operation.token else []) == tokens


def test_every_shape_is_a_class_and_every_class_a_shape() -> None:
    classes = {class_of(name): name for name in [*STRUCTURES, *ENUMS]}

    assert len(classes) == len(STRUCTURES) + len(ENUMS)
    assert {cls.__name__ for cls in classes} == set(dir(models))


def test_enums_have_every_value_in_order() -> None:
    for name, shape in ENUMS.items():
        enum = class_of(name)
        assert issubclass(enum, OpenEnum)
        assert [member.value for member in enum] == shape["enum"], name


def test_structures_have_every_member_in_order() -> None:
    for name, shape in STRUCTURES.items():
        members = describe(class_of(name))
        assert list(members.wire_names.values()) == list(shape["members"]), name
        for wire, field in members.by_wire_name.items():
            chosen = RENAMED.get((name, wire), xform_name(wire))
            assert field in (chosen, f"{chosen}_"), (name, wire)


def test_unions() -> None:
    unions = {name for name, shape in STRUCTURES.items() if shape.get("union")}

    assert len(unions) == 15
    assert unions == {n for n in STRUCTURES if issubclass(class_of(n), UnionStructure)}


def test_requests_require_what_the_spec_requires() -> None:
    for name, shape in STRUCTURES.items():
        wanted = (
            set(shape.get("required", [])) if name in SENT and not shape.get("union") else set()
        )
        if name in INPUTS:
            members = shape["members"].items()
            wanted -= {wire for wire, member in members if member.get("idempotencyToken")}
        members = describe(class_of(name))
        assert {members.wire_names[field] for field in members.required} == wanted, name


def test_members_have_the_types_and_limits_of_the_spec() -> None:
    found = [
        difference
        for name, shape in STRUCTURES.items()
        for wire, member in shape["members"].items()
        for difference in member_differences(name, wire, member["shape"])
    ]

    assert found == []


def member_differences(owner: str, wire: str, name: str) -> Iterator[str]:
    cls, sent = class_of(owner), owner in SENT
    field = cls.model_fields[describe(cls).by_wire_name[wire]]
    annotation = (
        Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    )
    hides = is_secret(name) if sent else holds_secret(name)
    hides = hides or (owner, wire) in SECRET
    yield from differences(f"{owner}.{wire}", annotation, name, sent=sent, secret=hides)


def test_sensitive_members() -> None:
    for name, shape in STRUCTURES.items():
        members = describe(class_of(name))
        assert {members.wire_names[field] for field in members.sensitive} == {
            wire
            for wire, member in shape["members"].items()
            if is_secret(name) or holds_secret(member["shape"]) or (name, wire) in SECRET
        }, name
    assert {member for _, member in SECRET} >= {"AuthorizedUrl", "Url"}


def test_paginators() -> None:
    paginations = {
        each.operation.name: each
        for module in {operation.module for operation in SageMaker.operations().values()}
        for each in vars(import_module(module)).values()
        if isinstance(each, Pagination)
    }

    # The others have a token each way, and are not modelled: test_more_pages.py.
    assert paginations.keys() >= PAGINATORS.keys()
    for name, spec in PAGINATORS.items():
        pagination = paginations[name]
        given = describe(pagination.operation.request_class).wire_names
        answered = describe(pagination.operation.response_class).wire_names
        assert given[pagination.input_token] == spec["input_token"]
        assert answered[pagination.output_token] == spec["output_token"]
        assert answered[pagination.items] == spec["result_key"]
        assert pagination.page_size is None or given[pagination.page_size] == spec["limit_key"]
        assert (pagination.page_size is None) == ("limit_key" not in spec)
        assert callable(getattr(SageMaker, f"iter_{xform_name(name).removeprefix('list_')}"))


def test_waiters() -> None:
    waiters = {
        each.name: each
        for each in vars(aiosagemaker.sagemaker.waiters).values()
        if isinstance(each, Waiter) and not each.rule  # the others: test_inferred_waiters.py
    }

    assert waiters.keys() == WAITERS.keys()
    for name, spec in WAITERS.items():
        waiter = waiters[name]
        assert (waiter.delay, waiter.max_attempts) == (spec["delay"], spec["maxAttempts"])
        assert [
            {"state": a.state, "matcher": a.matcher, "expected": a.expected}
            | ({} if a.argument is None else {"argument": a.argument})
            for a in waiter.acceptors
        ] == spec["acceptors"]
        method = getattr(SageMaker, f"wait_until_{xform_name(name)}")
        assert f"Poll `{spec['operation']}` until" in method.__doc__


def test_errors() -> None:
    errors = aiosagemaker.sagemaker.errors

    assert errors.ERRORS.keys() == ERRORS.keys() | COMMON_ERRORS.keys()
    for name, shape in ERRORS.items():
        cls = errors.ERRORS[name]
        assert (cls.__name__, cls.CODE, cls.__module__) == (name, name, errors.__name__)
        assert (cls.RETRYABLE, "retryable" in shape) in {(True, True), (False, False)}
        assert set(cls.MEMBERS.values()) == {
            wire for wire in shape["members"] if wire.lower() not in ("message", "code")
        }


def a_response(name: str, *, unknown: bool, above: tuple[str, ...] = ()) -> Any:
    """Return JSON that fits a shape; with `unknown`, what the model lacks stands at every level."""
    shape = SHAPES[name]
    if shape.get("enum"):
        return "brand-new" if unknown else shape["enum"][-1]
    match shape["type"]:
        case "structure":
            members = {
                wire: a_response(member["shape"], unknown=unknown, above=(*above, name))
                for wire, member in shape["members"].items()
                if member["shape"] not in above
            }
            if shape.get("union"):
                return {"BrandNewArm": {"Deep": [1]}} if unknown else dict([*members.items()][:1])
            return {**members, "BrandNew": {"Deep": [1, None]}} if unknown else members
        case "list":
            return [a_response(shape["member"]["shape"], unknown=unknown, above=above)] * 2
        case "map":
            key, value = (shape[part]["shape"] for part in ("key", "value"))
            given = a_response(key, unknown=unknown)
            return {given: a_response(value, unknown=unknown, above=above)}
        case kind:
            return {
                "string": "out of every limit \u00e9" if unknown else "text",
                "integer": -(2**40),
                "long": 2**60,
                "float": 1.5,
                "double": -1e9,
                "boolean": True,
                "timestamp": 1577836800.25,
            }[kind]


@pytest.mark.parametrize("unknown", [False, True], ids=["known", "unknown"])
def test_every_response_parses_and_round_trips(unknown: bool) -> None:
    for name in OUTPUTS:
        body = a_response(name, unknown=unknown)
        response = read_json(class_of(name), json.dumps(body).encode())
        assert json.loads(write_json(response)) == body, name
        assert_readable(response, body)


def assert_readable(value: Any, body: Any) -> None:
    """Compare a parsed value with its JSON, member by member, as a user reads it."""
    if isinstance(value, Structure):
        assert all(wire in value for wire in body)
        members = describe(type(value)).by_wire_name
        for wire, inner in body.items():
            if wire in members:
                assert getattr(value, members[wire]) is value[wire]
                assert_readable(value[wire], inner)
            else:
                assert value[wire] == inner
    elif isinstance(value, list):
        for each, inner in zip(value, body, strict=True):
            assert_readable(each, inner)
    elif isinstance(value, dict):
        assert value.keys() == body.keys()
        for key, inner in body.items():
            assert_readable(value[key], inner)
    elif isinstance(value, datetime):
        assert value.timestamp() == body
    else:
        assert value == body
        assert not isinstance(value, OpenEnum) or value.is_known == (body != "brand-new")


def test_every_structure_parses_without_any_member() -> None:
    for name in STRUCTURES:
        structure = read_json(class_of(name), b"{}")
        assert set(vars(structure).values()) <= {None}, name
        assert write_json(structure) == b"{}"
        assert "response_metadata" not in vars(structure)


def test_every_union_takes_each_of_its_arms_and_any_other() -> None:
    for name, shape in STRUCTURES.items():
        if not shape.get("union"):
            continue
        cls = class_of(name)
        for wire, member in shape["members"].items():
            body = {wire: a_response(member["shape"], unknown=True)}
            union = read_json(cls, json.dumps(body).encode())
            assert union.arm == (describe(cls).by_wire_name[wire], union[wire])
            assert union.is_known
            assert json.loads(write_json(union)) == body
        union = read_json(cls, b'{"BrandNewArm": [1]}')
        assert (union.arm, union.is_known) == (("BrandNewArm", [1]), False)
        assert json.loads(write_json(union)) == {"BrandNewArm": [1]}
