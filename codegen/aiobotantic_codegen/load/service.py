"""Read the specs of one service, and the tables that people wrote beside them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import Any

from aiobotantic_codegen.errors import SpecError, json_pointer
from aiobotantic_codegen.load.documents import (
    BehaviourDocument,
    CatalogDocument,
    EndpointRuleSet,
    OverridesDocument,
    PaginatorsDocument,
    ServiceDocument,
    ServiceOverrides,
    ShapeRef,
    WaitersDocument,
    parse_json,
    parse_mapping,
)

__all__ = [
    "LoadedService",
    "OverridesDocument",
    "ServiceOverrides",
    "list_services",
    "load_behaviour",
    "load_catalog",
    "load_overrides",
    "load_service",
    "parse_service",
    "spec_digests",
]

SERVICE = "service-2.json"
PAGINATORS = "paginators-1.json"
WAITERS = "waiters-2.json"
ENDPOINT_RULES = "endpoint-rule-set-1.json"
SPEC_FILES = (SERVICE, PAGINATORS, WAITERS, ENDPOINT_RULES)

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class LoadedService:
    """The documents of one service.

    Attributes:
        name: The name of its folder, e.g. `sagemaker-runtime`.
        path: Its folder.
        endpoint_rules: `endpoint-rule-set-1.json` as it stands; empty if the service has none.
        files: sha256 (hexadecimal) of each file read, by file name.
    """

    name: str
    path: Path
    service: ServiceDocument
    paginators: PaginatorsDocument
    waiters: WaitersDocument
    endpoint_rules: dict[str, Any]
    files: Mapping[str, str]


def list_services(specs: Path) -> list[str]:
    """Names of the services in a specs folder, sorted.

    Raises:
        SpecError: The folder does not exist.
    """
    if not specs.is_dir():
        raise SpecError(specs, "", "no such folder", "Run `aiobotantic sync`, or name another one.")
    return sorted(path.name for path in specs.iterdir() if (path / SERVICE).is_file())


def load_service(specs: Path, name: str) -> LoadedService:
    """Read and check the spec files of one service.

    Raises:
        SpecError: The service is not there, or a file of it breaks a rule.
    """
    services = list_services(specs)
    if name not in services:
        nearest = get_close_matches(name, services, n=3)
        hint = f"Did you mean {' or '.join(nearest)}? " if nearest else ""
        remedy = f"{hint}Run `aiobotantic sync --service {name}` to add it."
        raise SpecError(specs, "", f"no service `{name}`", remedy)
    folder = specs / name
    texts = {file: (folder / file).read_bytes() for file in SPEC_FILES if (folder / file).is_file()}
    return parse_service(name, folder, texts)


def spec_digests(folder: Path) -> dict[str, str]:
    """Return the sha256 of each spec file of a service, as LoadedService has them."""
    files = (file for file in SPEC_FILES if (folder / file).is_file())
    return {file: sha256((folder / file).read_bytes()).hexdigest() for file in files}


def parse_service(name: str, folder: Path, texts: Mapping[str, bytes]) -> LoadedService:
    """Check the texts of the spec files of one service; all but `service-2.json` may be absent.

    Raises:
        SpecError: A file breaks a rule.
    """
    service = parse_json(ServiceDocument, texts[SERVICE], str(folder / SERVICE))
    paginators, waiters, rules = PaginatorsDocument(), WaitersDocument(), dict[str, Any]()
    if text := texts.get(PAGINATORS):
        paginators = parse_json(PaginatorsDocument, text, str(folder / PAGINATORS))
    if text := texts.get(WAITERS):
        waiters = parse_json(WaitersDocument, text, str(folder / WAITERS))
    if text := texts.get(ENDPOINT_RULES):
        rules = parse_json(EndpointRuleSet, text, str(folder / ENDPOINT_RULES)).model_dump()
    loaded = LoadedService(
        name=name,
        path=folder,
        service=service,
        paginators=paginators,
        waiters=waiters,
        endpoint_rules=rules,
        files={file: sha256(text).hexdigest() for file, text in texts.items()},
    )
    for file, pointer, problem, remedy in _violations(loaded):
        raise SpecError(folder / file, pointer, problem, remedy)
    return loaded


def load_catalog(specs: Path) -> CatalogDocument:
    """Read `catalog.toml`; an absent one is empty.

    Raises:
        SpecError: The file breaks a rule.
    """
    file = specs / "catalog.toml"
    return parse_mapping(CatalogDocument, _load_toml(file), str(file))


def load_overrides(specs: Path) -> OverridesDocument:
    """Read `overrides.toml`; an absent one is empty.

    Raises:
        SpecError: The file breaks a rule.
    """
    file = specs / "overrides.toml"
    return parse_mapping(OverridesDocument, _load_toml(file), str(file))


def load_behaviour(specs: Path) -> dict[str, Any]:
    """Read `behaviour.toml`; an absent one is empty.

    Raises:
        SpecError: The file breaks a rule.
    """
    file = specs / "behaviour.toml"
    tree = _load_toml(file)
    parse_mapping(BehaviourDocument, tree, str(file))
    return tree


def _load_toml(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        return tomllib.loads(file.read_bytes().decode())
    except UnicodeDecodeError as error:
        problem = f"not UTF-8: byte {error.start}"
    except RecursionError:
        problem = "not valid TOML: nested too deeply"
    except ValueError as error:
        problem = f"not valid TOML: {error}"
    raise SpecError(file, "", problem, "Correct the file.")


Violation = tuple[str, str, str, str]


def _violations(loaded: LoadedService) -> Iterator[Violation]:
    """What pydantic cannot see: names, and what they stand for in the same service."""
    yield from _name_violations(loaded)
    yield from _operation_violations(loaded.service)
    yield from _shape_violations(loaded.service)
    operations = loaded.service.operations
    for name in loaded.paginators.pagination:
        if name not in operations:
            pointer = json_pointer("pagination", name)
            yield _unknown(PAGINATORS, pointer, "operation", name, operations)
    for name, waiter in loaded.waiters.waiters.items():
        if waiter.operation not in operations:
            pointer = json_pointer("waiters", name, "operation")
            yield _unknown(WAITERS, pointer, "operation", waiter.operation, operations)


def _name_violations(loaded: LoadedService) -> Iterator[Violation]:
    """Text that is no name never becomes code, nor a step of a path."""
    named: list[tuple[str, str, Iterable[str]]] = [
        (SERVICE, "/shapes", loaded.service.shapes),
        *(
            (SERVICE, json_pointer("shapes", name, "members"), shape.members)
            for name, shape in loaded.service.shapes.items()
        ),
        (SERVICE, "/operations", loaded.service.operations),
        (WAITERS, "/waiters", loaded.waiters.waiters),
    ]
    for file, pointer, names in named:
        for name in names:
            if not _NAME.fullmatch(name):
                remedy = (
                    "Names of operations, shapes and members are letters, digits and underscores."
                )
                yield file, pointer, f"{name!r} is not a name", remedy


def _operation_violations(service: ServiceDocument) -> Iterator[Violation]:
    for name, operation in service.operations.items():
        references: list[tuple[tuple[str | int, ...], ShapeRef | None]] = [
            (("input",), operation.input),
            (("output",), operation.output),
        ]
        references += ((("errors", index), error) for index, error in enumerate(operation.errors))
        for place, reference in references:
            shape = service.shapes.get(reference.shape) if reference else None
            if reference is None:
                continue
            pointer = json_pointer("operations", name, *place, "shape")
            if shape is None:
                yield _unknown(SERVICE, pointer, "shape", reference.shape, service.shapes)
            elif shape.type != "structure" or shape.document or shape.eventstream:
                traits = {"document": shape.document, "stream of events": shape.eventstream}
                kind = next((trait for trait, is_so in traits.items() if is_so), shape.type)
                problem = f"`{reference.shape}` is a {kind}, not a structure"
                yield SERVICE, pointer, problem, "Refer to a structure."


def _shape_violations(service: ServiceDocument) -> Iterator[Violation]:
    for name, shape in service.shapes.items():
        for member, target in shape.members.items():
            if target.shape not in service.shapes:
                pointer = json_pointer("shapes", name, "members", member, "shape")
                yield _unknown(SERVICE, pointer, "shape", target.shape, service.shapes)
            elif shape.eventstream and service.shapes[target.shape].type != "structure":
                pointer = json_pointer("shapes", name, "members", member, "shape")
                problem = f"the event `{target.shape}` is a {service.shapes[target.shape].type}"
                yield SERVICE, pointer, problem, "Refer to a structure."
        for index, member in enumerate(shape.required):
            if member not in shape.members:
                pointer = json_pointer("shapes", name, "required", index)
                yield _unknown(SERVICE, pointer, "member", member, shape.members)
        if shape.payload is not None and shape.payload not in shape.members:
            pointer = json_pointer("shapes", name, "payload")
            yield _unknown(SERVICE, pointer, "member", shape.payload, shape.members)
        if shape.type == "list":
            yield from _element_violations(service, name, "list", member=shape.member)
        elif shape.type == "map":
            yield from _element_violations(service, name, "map", key=shape.key, value=shape.value)


def _element_violations(
    service: ServiceDocument, name: str, kind: str, **elements: ShapeRef | None
) -> Iterator[Violation]:
    for key, element in elements.items():
        if element is None:
            remedy = f"Add `{key}`, or run `aiobotantic sync` again."
            yield SERVICE, json_pointer("shapes", name), f"a {kind} without `{key}`", remedy
        elif element.shape not in service.shapes:
            pointer = json_pointer("shapes", name, key, "shape")
            yield _unknown(SERVICE, pointer, "shape", element.shape, service.shapes)
        elif key == "key" and service.shapes[element.shape].type != "string":
            pointer = json_pointer("shapes", name, key, "shape")
            problem = f"the key `{element.shape}` is a {service.shapes[element.shape].type}"
            yield SERVICE, pointer, problem, "Refer to a string."


def _unknown(
    file: str, pointer: str, kind: str, name: str, known: Mapping[str, object]
) -> Violation:
    nearest = get_close_matches(name, known, n=1)
    hint = f"Did you mean `{nearest[0]}`? " if nearest else ""
    remedy = f"{hint}Correct the name, or run `aiobotantic sync` again."
    return file, pointer, f"there is no {kind} `{name}`", remedy
