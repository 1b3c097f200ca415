"""Spec files as frozen pydantic models, key for key.

Fields are botocore's keys in snake_case. `documentation` keys are accepted and dropped: prose is
not a fact. An unknown key or a wrong type is a SpecError that names the file and the place.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from aiobotantic_codegen.errors import SpecError, json_pointer
from aiobotantic_codegen.load.unique_keys import RepeatedKey, read_unique


def _drop(text: str | None) -> None:
    return None


Prose = Annotated[str | None, AfterValidator(_drop)]
"""A text that may stand in the file; the document holds None."""

Limit = Annotated[int | float | None, Field(union_mode="left_to_right")]

ShapeType = Literal[
    "structure",
    "list",
    "map",
    "string",
    "integer",
    "long",
    "float",
    "double",
    "boolean",
    "blob",
    "timestamp",
]


class Document(BaseModel):
    """Base of all documents: frozen, no conversions, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class CamelDocument(Document):
    """A document whose keys are botocore's camelCase."""

    model_config = ConfigDict(alias_generator=to_camel)


class XmlNamespaceDocument(CamelDocument):
    uri: str
    prefix: str | None = None


class ContextParamDocument(CamelDocument):
    name: str


class StaticContextParamDocument(CamelDocument):
    value: str | bool | list[str]


class OperationContextParamDocument(CamelDocument):
    path: str


class ClientContextParamDocument(CamelDocument):
    type: str
    documentation: Prose = None


class ErrorTraitDocument(CamelDocument):
    """How an exception shape travels: its code on the wire and its HTTP status."""

    code: str | None = None
    http_status_code: int | None = None
    sender_fault: bool = False
    fault: bool = False


class RetryableDocument(CamelDocument):
    throttling: bool = False


class ShapeRef(CamelDocument):
    """A reference from an operation, a list or a map to a shape."""

    shape: str
    location_name: str | None = None
    xml_namespace: XmlNamespaceDocument | None = None
    result_wrapper: str | None = None
    wrapper: bool = False
    jsonvalue: bool = False
    # Older services repeat traits of an exception where they refer to it.
    error: ErrorTraitDocument | None = None
    exception: bool = False
    fault: bool = False
    deprecated: bool = False
    documentation: Prose = None


class MemberDocument(CamelDocument):
    """A member of a structure: a reference to a shape, and traits of its own."""

    shape: str
    location: Literal["header", "headers", "querystring", "statusCode", "uri"] | None = None
    location_name: str | None = None
    idempotency_token: bool = False
    jsonvalue: bool = False
    streaming: bool = False
    box: bool = False
    default: Any = None
    deprecated: bool = False
    deprecated_message: str | None = None
    deprecated_since: str | None = None
    context_param: ContextParamDocument | None = None
    host_label: bool = False
    eventpayload: bool = False
    eventheader: bool = False
    enum: tuple[str, ...] | None = None
    pattern: str | None = None
    flattened: bool = False
    query_name: str | None = None
    xml_attribute: bool = False
    xml_namespace: XmlNamespaceDocument | None = None
    documentation: Prose = None


class ShapeDocument(CamelDocument):
    """Any shape. `members` belongs to structures, `member` to lists, `key` and `value` to maps."""

    type: ShapeType
    members: dict[str, MemberDocument] = {}
    required: tuple[str, ...] = ()
    member: ShapeRef | None = None
    key: ShapeRef | None = None
    value: ShapeRef | None = None
    enum: tuple[str, ...] | None = None
    min: Limit = None
    max: Limit = None
    pattern: str | None = None
    union: bool = False
    exception: bool = False
    error: ErrorTraitDocument | None = None
    fault: bool = False
    retryable: RetryableDocument | None = None
    sensitive: bool = False
    box: bool = False
    sparse: bool = False
    synthetic: bool = False
    document: bool = False
    payload: str | None = None
    event: bool = False
    eventstream: bool = False
    timestamp_format: Literal["iso8601", "rfc822", "unixTimestamp"] | None = None
    streaming: bool = False
    requires_length: bool = False
    flattened: bool = False
    location_name: str | None = None
    wrapper: bool = False
    xml_order: tuple[str, ...] = ()
    xml_namespace: XmlNamespaceDocument | None = None
    deprecated: bool = False
    deprecated_message: str | None = None
    deprecated_since: str | None = None
    documentation: Prose = None


class HttpDocument(CamelDocument):
    method: str
    request_uri: str
    response_code: int | None = None


class EndpointDocument(CamelDocument):
    host_prefix: str


class EndpointDiscoveryDocument(CamelDocument):
    required: bool = False


class RequestCompressionDocument(CamelDocument):
    encodings: tuple[str, ...]


class HttpChecksumDocument(CamelDocument):
    request_algorithm_member: str | None = None
    request_checksum_required: bool = False
    request_validation_mode_member: str | None = None
    response_algorithms: tuple[str, ...] = ()


class OperationDocument(CamelDocument):
    name: str
    http: HttpDocument
    input: ShapeRef | None = None
    output: ShapeRef | None = None
    errors: tuple[ShapeRef, ...] = ()
    idempotent: bool = False
    readonly: bool = False
    deprecated: bool = False
    deprecated_message: str | None = None
    deprecated_since: str | None = None
    endpoint: EndpointDocument | None = None
    endpointdiscovery: EndpointDiscoveryDocument | None = None
    endpointoperation: bool = False
    auth: tuple[str, ...] = ()
    authtype: str | None = None
    unsigned_payload: bool = False
    http_checksum: HttpChecksumDocument | None = None
    http_checksum_required: bool = False
    requestcompression: RequestCompressionDocument | None = None
    static_context_params: dict[str, StaticContextParamDocument] = {}
    operation_context_params: dict[str, OperationContextParamDocument] = {}
    alias: str | None = None
    documentation: Prose = None
    documentation_url: Prose = None


class MetadataDocument(CamelDocument):
    api_version: str
    protocol: str
    protocols: tuple[str, ...] = ()
    service_id: str
    service_full_name: str
    service_abbreviation: str | None = None
    endpoint_prefix: str
    signature_version: str
    signing_name: str | None = None
    auth: tuple[str, ...] = ()
    json_version: str | None = None
    target_prefix: str | None = None
    uid: str | None = None
    global_endpoint: str | None = None
    protocol_settings: dict[str, str] = {}
    aws_query_compatible: dict[str, Any] | None = None
    xml_namespace: str | None = None
    checksum_format: str | None = None
    timestamp_format: str | None = None
    rip_service_name: str | None = None


class ServiceDocument(CamelDocument):
    """`service-2.json`, with `service-2.sdk-extras.json` merged into it."""

    version: str | None = None
    metadata: MetadataDocument
    operations: dict[str, OperationDocument]
    shapes: dict[str, ShapeDocument]
    client_context_params: dict[str, ClientContextParamDocument] = {}
    authorizers: dict[str, Any] = {}
    examples: dict[str, Any] = {}
    xml_namespace: str | None = None
    deprecated: bool = False
    deprecated_message: str | None = None
    documentation: Prose = None


class PaginatorDocument(Document):
    """One paginator; a token or a result may be a JMESPath expression, or several."""

    input_token: str | tuple[str, ...]
    output_token: str | tuple[str, ...]
    result_key: str | tuple[str, ...] | None = None
    limit_key: str | None = None
    more_results: str | None = None
    non_aggregate_keys: tuple[str, ...] = ()


class PaginatorsDocument(Document):
    """`paginators-1.json`, with `paginators-1.sdk-extras.json` merged into it."""

    version: str | int | float | None = None
    pagination: dict[str, PaginatorDocument] = {}


class AcceptorDocument(Document):
    matcher: Literal["path", "pathAll", "pathAny", "status", "error"]
    expected: bool | int | str
    argument: str | None = None
    state: Literal["success", "failure", "retry"]


class WaiterDocument(CamelDocument):
    """One waiter; `delay` is in seconds."""

    operation: str
    delay: int
    max_attempts: int
    acceptors: tuple[AcceptorDocument, ...]
    type: str | None = None
    description: Prose = None


class WaitersDocument(Document):
    """`waiters-2.json`."""

    version: int = 2
    waiters: dict[str, WaiterDocument] = {}


class EndpointRuleSet(Document):
    """`endpoint-rule-set-1.json`: checked at the top only, since botocore alone evaluates it."""

    version: str
    parameters: dict[str, dict[str, Any]]
    rules: list[dict[str, Any]]


class CatalogEntry(Document):
    """Where the files of one service come from, and the sha256 of each (hexadecimal)."""

    api_version: str
    source: str
    provisional: str | None = None
    """The source that a page of a change was applied to; None where the facts are a model's own."""
    files: dict[str, str]


class CatalogDocument(Document):
    """`catalog.toml`."""

    services: dict[str, CatalogEntry] = {}


class NameOverride(Document):
    shape: str
    member: str | None = None
    name: str
    reason: str


class FamilyOverride(Document):
    operation: str
    family: str
    reason: str


class SensitiveOverride(Document):
    shape: str
    member: str | None = None
    reason: str


class BodyOverride(Document):
    """An operation whose body is of any format: it is given as JSON and text, too."""

    operation: str
    reason: str


class WaiterOverride(Document):
    """What is waited for after a Describe operation, where the rules have no good answer."""

    operation: str
    status: str | None = None
    """The member that holds the status; by the rules where None."""
    states: list[str] | None = None
    """The values that get a waiter; none where empty, by the rules where None."""
    reason: str


class WaiterRules(Document):
    """`[waiters]` of `behaviour.toml`: what the values of status enums mean.

    Values stand in lower case, without underscores. Any other is one that passes.
    """

    verbs: list[str]
    """Begin the names of operations that are polled."""
    settled: list[str]
    """At rest: each gets a waiter."""
    finished: list[str]
    """Good ends, after which nothing follows: their enum is a job's."""
    ended: list[str]
    """Other ends of jobs: a failure, unless it is what is waited for."""
    failed: str
    """Pattern of the values that are failures."""
    gone: list[str]
    """Of what was deleted."""
    gone_errors: list[str]
    """Errors that say that it is gone: the first that the operation lists, else the last."""
    reasons: list[str]
    """Members that say why something failed."""
    delay: int
    """Most seconds between two polls."""
    max_attempts: int
    """With `delay` the default deadline."""


class ServiceOverrides(Document):
    class_name: str | None = None
    reference: str | None = None
    mixin: str | None = None
    """A hand-written base of the client, `package.module:Class`."""
    names: list[NameOverride] = []
    families: list[FamilyOverride] = []
    sensitive: list[SensitiveOverride] = []
    bodies: list[BodyOverride] = []
    exceptions: list[dict[str, Any]] = []
    waiters: list[WaiterOverride] = []


class OverridesDocument(Document):
    """`overrides.toml`: what people decided where the spec alone gives no good answer."""

    services: dict[str, ServiceOverrides] = {}
    modules: dict[str, dict[str, str]] = {}
    """Package to its modules that re-export a hand-written one: `testing` to its import path."""


class VerbsDocument(Document):
    read: list[str] = []
    repeatable: list[str] = []


class RepeatDocument(Document):
    class_: str = Field(alias="class")
    why: str


class ServiceBehaviour(Document):
    """The table of one service; all but `repeat` is the testing server's, which checks it."""

    repeat: dict[str, RepeatDocument] = {}
    answers: dict[str, JsonValue] = {}
    lists: dict[str, JsonValue] = {}
    resources: dict[str, JsonValue] = {}
    needs: dict[str, JsonValue] = {}
    exceptions: dict[str, str] = {}


class BehaviourDocument(Document):
    """`behaviour.toml`: what people know of operations and resources, and no model says."""

    repeat: VerbsDocument = VerbsDocument()
    families: dict[str, JsonValue] = {}
    waiters: WaiterRules | None = None
    services: dict[str, ServiceBehaviour] = {}


D = TypeVar("D", bound=Document)


def parse_json(document: type[D], text: bytes, file: str) -> D:
    """Read a JSON spec file as a document.

    Raises:
        SpecError: The text is no JSON, has a key twice, an unknown key, a missing key or a wrong
            type.
    """
    parsed = _validated(lambda: document.model_validate_json(text), lambda: json.loads(text), file)
    try:
        read_unique(text)
    except RepeatedKey as error:
        remedy = "Remove one of the two, or run `aiobotantic sync` again."
        raise SpecError(file, error.pointer, error.problem, remedy) from None
    return parsed


def parse_mapping(document: type[D], mapping: dict[str, Any], file: str) -> D:
    """Check a mapping, as tomllib reads it, as a document.

    Raises:
        SpecError: An unknown key, a missing key or a wrong type.
    """
    return _validated(lambda: document.model_validate(mapping), lambda: mapping, file)


def _validated(validate: Callable[[], D], tree: Callable[[], Any], file: str) -> D:
    try:
        return validate()
    except ValidationError as invalid:
        # The first error in the file is enough: later ones often follow from it. Unknown keys come
        # last, in every version of pydantic: a key that is missing tells more.
        errors = invalid.errors(include_url=False, include_context=False)
        details = min(errors, key=lambda error: error["type"] == "extra_forbidden")
        document = invalid.title
    if details["type"] == "json_invalid":
        problem = f"not valid JSON: {details['msg'].removeprefix('Invalid JSON: ')}"
        raise SpecError(file, "", problem, "Restore the file, or run `aiobotantic sync` again.")
    raise _spec_error(details, tree(), document, file)


def _spec_error(details: ErrorDetails, tree: Any, document: str, file: str) -> SpecError:
    pointer = json_pointer(*_path(details["loc"], tree))
    key = details["loc"][-1] if details["loc"] else document
    if details["type"] == "extra_forbidden":
        problem = f"unknown key `{key}`"
        remedy = (
            "Remove the key; if the service models have gained it, "
            f"add it where {document} is defined (load/documents.py)."
        )
    elif details["type"] == "missing":
        problem = f"key `{key}` is missing"
        remedy = "Add the key, or run `aiobotantic sync` again."
    else:
        message = details["msg"].removeprefix("Input should be ")
        problem = f"should be {message}, not {_short(details['input'])}"
        remedy = "Correct the value, or run `aiobotantic sync` again."
    return SpecError(file, pointer, problem, remedy)


def _path(location: tuple[str | int, ...], tree: Any) -> list[str | int]:
    """The part of pydantic's location that is in the file: union arms and missing keys drop out."""
    path: list[str | int] = []
    for part in location:
        keys = (
            tree if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
        )
        if part in keys:
            tree = tree[part]
            path.append(part)
    return path


def _short(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
