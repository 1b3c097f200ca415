"""Structures: one class for requests and responses, lenient by nature, checked when it is sent.

A response is validated straight from its bytes and never fails for what it lacks or has beyond the
model. A request is built without validation, written once, and its bytes are checked at the door
(`aiobotantic.checks`), so values that came out of a response or were changed later are checked too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Final,
    Generic,
    Self,
    TypeGuard,
    TypeVar,
    Union,
    get_args,
    get_origin,
    overload,
)

from pydantic import BaseModel, ConfigDict
from pydantic_core import core_schema as cs

from aiobotantic.constraints import SENSITIVE, ApiName
from aiobotantic.pickling import public_module, resolve
from aiobotantic.response_metadata import ResponseMetadata as ResponseMetadata
from aiobotantic.values import read_blob, time_schema, write_blob
from aiobotantic.watched import Watched

MASK: Final = "***"
ABSENT: Final[Any] = None
"""Default of an optional field whose constructor takes more types than the field reads as."""

_set: Final = object.__setattr__

Response = TypeVar("Response", bound="Structure")
Read = TypeVar("Read")
Write = TypeVar("Write")
Value = TypeVar("Value")


def pascal_case(name: str) -> str:
    """Return the wire name that AWS's JSON services mostly use: `volume_size` is `VolumeSize`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def camel_case(name: str) -> str:
    """Return the wire name that AWS's REST services mostly use: `volume_size` is `volumeSize`."""
    pascal = pascal_case(name)
    return pascal[:1].lower() + pascal[1:]


if TYPE_CHECKING:

    class In(Generic[Read, Write]):
        """A field that reads as `Read` and whose constructor takes `Write`."""

        @overload
        def __get__(self, owner: None, cls: Any) -> In[Read, Write]: ...
        @overload
        def __get__(self, owner: object, cls: Any) -> Read: ...
        def __get__(self, owner: Any, cls: Any) -> Any: ...
        def __set__(self, owner: object, value: Write) -> None: ...

    Required = In[Value | None, Value]
    _Base = BaseModel
else:

    class In:
        """A field that reads as the first type and whose constructor takes the second."""

        def __class_getitem__(cls, types):
            return types[0]

    class Required:
        """A field that a request must have, and that reads as None where a response lacks it."""

        def __class_getitem__(cls, value):
            return value

    class _StructureType(type(BaseModel)):
        # pydantic-core makes instances without coming through here, so responses do not pay.
        def __call__(cls, /, **values):
            return cls._build(values, by_wire_name=False)

    class _Base(BaseModel, metaclass=_StructureType):
        pass


class Structure(Watched, _Base):
    """Base of every generated structure.

    The constructor takes keywords and refuses only unknown names and missing required ones; types
    and limits are checked when the request is sent. `structure["WireName"]` and
    `"WireName" in structure` read by AWS's names, members that the model does not list included.
    """

    MASKED: ClassVar[bool] = False
    """Whether the model marks the structure as a whole: no member of it is shown."""

    model_config = ConfigDict(
        extra="allow",
        alias_generator=pascal_case,
        validate_by_alias=True,
        validate_by_name=False,
        defer_build=True,
        protected_namespaces=(),
        val_temporal_unit="seconds",
        ser_json_temporal="seconds",
        ser_json_inf_nan="strings",
        val_json_bytes="base64",
        hide_input_in_errors=True,
    )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> cs.CoreSchema:
        schema = handler(source)
        layer: Any = schema
        while layer["type"] != "model-fields":
            layer = layer["schema"]
        for member in layer["fields"].values():
            _as_aws_writes(member["schema"])
            if member["schema"]["type"] != "default":
                nullable = cs.nullable_schema(member["schema"])
                member["schema"] = cs.with_default_schema(nullable, default=None)
        return schema  # type: ignore[no-any-return]

    @classmethod
    def _build(cls, values: Mapping[str, Any], *, by_wire_name: bool) -> Self:
        members = describe(cls)
        fields = members.blank.copy()
        given: set[str] = set()
        unknown: list[str] = []
        for name, value in values.items():
            key = members.by_wire_name.get(name) if by_wire_name else name
            if key is None or key not in fields:
                unknown.append(name)
                continue
            convert = members.converters.get(key)
            if convert is not None and value is not None:
                try:
                    value = convert(value)
                except Exception as error:
                    raise _placed(error, name) from None
            fields[key] = value
            given.add(key)
        missing = [] if by_wire_name else [name for name in members.required if name not in given]
        if unknown or missing:
            from aiobotantic.errors import constructor_error

            known = members.by_wire_name if by_wire_name else fields
            hidden = by_wire_name and cls.MASKED  # names that are keys of a mapping may be secrets
            raise constructor_error(cls.__name__, unknown, missing, list(known), hidden=hidden)
        return cls._made(fields, given)

    @classmethod
    def from_wire(cls, values: Mapping[str, Any]) -> Self:
        """Build a structure from AWS's names, nested mappings included. Types are not checked.

        Raises:
            RequestValidationError: a name that the model does not list.
        """
        members = describe(cls)
        steps, fields = members.from_wire, members.blank.copy()
        given: set[str] = set()
        for name, value in values.items():
            step = steps.get(name)
            if step is None:
                return cls._build(values, by_wire_name=True)  # which names all that are unknown
            key, convert = step
            if convert is not None and value is not None:
                try:
                    value = convert(value)
                except Exception as error:
                    raise _placed(error, name) from None
            fields[key] = value
            given.add(key)
        return cls._made(fields, given)

    @classmethod
    def _made(cls, fields: dict[str, Any], given: set[str]) -> Self:
        structure = cls.__new__(cls)
        _set(structure, "__dict__", fields)
        _set(structure, "__pydantic_fields_set__", given)
        _set(structure, "__pydantic_extra__", {})
        _set(structure, "__pydantic_private__", None)
        return structure

    def to_wire(self) -> dict[str, Any]:
        """Return a plain dict with AWS's names, absent members left out, as boto3 returns it."""
        return {name: to_plain(value) for name, value in self._wire_items()}

    def _wire_items(self) -> Iterator[tuple[str, Any]]:
        for name, wire in describe(type(self)).wire_names.items():
            value = self.__dict__.get(name)
            if value is not None:
                yield wire, value
        yield from (self.__pydantic_extra__ or {}).items()

    def __getitem__(self, name: str) -> Any:
        field_name = describe(type(self)).by_wire_name.get(name)
        extra = self.__pydantic_extra__ or {}
        value = extra.get(name) if field_name is None else self.__dict__.get(field_name)
        if value is None:
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        try:
            self[name]
        except KeyError:
            return False
        return True

    if TYPE_CHECKING:

        @property
        def response_metadata(self) -> ResponseMetadata:
            """Request id, HTTP status and headers, and attempts; on what a call returned."""
            ...

    else:

        def __getattr__(self, name):
            if name == "response_metadata":
                raise AttributeError(
                    f"{type(self).__name__} did not come from a call: only the structure that a "
                    "call returned carries response_metadata, nested ones do not"
                )
            return super().__getattr__(name)

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        members = describe(type(self))
        sensitive = members.sensitive
        for name in type(self).__pydantic_fields__:
            value = self.__dict__.get(name)
            if value is not None:
                shown = _printable(value, members.nested[name]) if name in members.nested else value
                yield name, (_Shown(MASK) if name in sensitive else shown)
        for name in self.__pydantic_extra__ or {}:
            yield name, _Shown("<not in this model>")

    def __reduce__(self) -> tuple[Any, ...]:
        cls = type(self)
        return _blank, (public_module(cls), cls.__qualname__), self.__getstate__()

    def __setstate__(self, state: dict[Any, Any]) -> None:
        """Load a pickle that older or newer output wrote: members move in and out of the model."""
        members = describe(type(self))
        fields, extra = members.blank.copy(), dict(state["__pydantic_extra__"] or {})
        for name, value in state["__dict__"].items():
            if name in fields or name == "response_metadata":
                fields[name] = value
            elif value is not None:
                generate: Any = type(self).model_config.get("alias_generator", pascal_case)
                extra[generate(name)] = value
        for wire in list(extra):
            if (name := members.by_json_name.get(wire)) is not None:
                value, convert = extra.pop(wire), members.converters.get(name)
                fields[name] = value if convert is None else convert(value)
        given = {name for name in fields if fields[name] is not None}
        super().__setstate__(
            {
                "__dict__": fields,
                "__pydantic_extra__": extra,
                "__pydantic_fields_set__": given,
                "__pydantic_private__": None,
            }
        )


class EmptyOutput(Structure):
    """What an operation without output returns: nothing but `response_metadata`."""


if TYPE_CHECKING:

    class Request(Structure, Generic[Response]):
        """Base of the input of an operation; the parameter is what the operation returns."""

else:

    class Request(Structure):
        """Base of the input of an operation; the parameter is what the operation returns."""

        def __class_getitem__(cls, response):
            return cls


def _placed(error: Exception, name: str) -> Exception:
    """Return an error of a nested structure that names the member which holds it."""
    from aiobotantic.errors import RequestValidationError, within

    return within(error, name) if isinstance(error, RequestValidationError) else error


class _Shown(str):
    def __repr__(self) -> str:
        return str(self)


def _copy(schema: Any) -> Any:
    return dict(schema)


def _as_aws_writes(schema: Any) -> None:
    """Write numbers as what they are (pydantic would write True in an int field as 1), and bytes
    as AWS's base64 (pydantic's has another alphabet). Read every time."""
    if schema["type"] in ("int", "float"):
        schema["serialization"] = cs.simple_ser_schema("any")
    elif schema["type"] == "enum":  # a text as it is: `value` of an enum is slow
        schema["serialization"] = cs.simple_ser_schema("str")
    elif schema["type"] == "datetime":
        reading = time_schema(_copy(schema))
        schema.clear()
        schema.update(reading)
        return
    elif schema["type"] == "bytes":
        writing = cs.plain_serializer_function_ser_schema(write_blob, when_used="json")
        reading = cs.no_info_before_validator_function(read_blob, _copy(schema))
        schema.clear()
        schema.update(reading, serialization=writing)
        return
    for part in ("schema", "items_schema", "keys_schema", "values_schema"):
        if isinstance(inner := schema.get(part), dict):
            if inner["type"] != "model":
                _as_aws_writes(inner)
            if part in ("items_schema", "values_schema") and inner["type"] != "nullable":
                schema[part] = cs.nullable_schema(_copy(inner))  # a response never fails for a null


def write_json(
    structure: Structure, *, fields: Set[str] | None = None, without: str | None = None
) -> bytes:
    """Return the JSON bytes of a structure: AWS's names, absent members left out, unchecked.

    Args:
        structure: the structure.
        fields: the fields to write, and nothing else; None for all, unknown members included.
        without: a field that is left out.

    Raises:
        PydanticSerializationError: a value that JSON cannot hold.
    """
    cls = built(type(structure))
    include = None if fields is None else set(fields)
    body: bytes = cls.__pydantic_serializer__.to_json(
        structure,
        by_alias=True,
        exclude_none=True,
        warnings=False,
        include=include,
        exclude=None if without is None else {without},
    )
    return body


def read_json(cls: type[Read], body: bytes) -> Read:
    """Return the structure that JSON bytes hold, leniently.

    Raises:
        ValidationError: no JSON object, or a member of another JSON type.
    """
    structure: Read = built(cls).__pydantic_validator__.validate_json(body)
    return structure


def built(cls: Any) -> Any:
    """Return a class with its validator and serializer, which are made at first use."""
    if not cls.__pydantic_complete__:
        cls.model_rebuild()
    return cls


Converter = Callable[[Any], Any]


@dataclass(frozen=True)
class Members:
    """What a structure class says of its members, read from its annotations once."""

    blank: dict[str, None]
    """Each field name, in model order, with None."""
    required: tuple[str, ...]
    wire_names: dict[str, str]
    """Field name to AWS's name, as boto3 has it."""
    by_wire_name: dict[str, str]
    json_names: dict[str, str]
    """Field name to the key in JSON; nearly always AWS's name, too."""
    by_json_name: dict[str, str]
    sensitive: frozenset[str]
    nested: dict[str, Any]
    """Field name to type, where a structure stands somewhere in the type."""
    converters: dict[str, Converter]
    """Field name to what turns plain values into enums and structures; only where needed."""
    from_wire: dict[str, tuple[str, Converter | None]]
    """AWS's name to the field name and its converter."""


@cache
def describe(cls: type[Structure]) -> Members:
    """Return the members of a structure class."""
    if not cls.__pydantic_fields_complete__:  # a recursive structure's forward references
        cls.model_rebuild()
    fields = cls.__pydantic_fields__
    json_names = {name: _json_name(cls, name) for name in fields}
    wire_names = {name: wire_name_of(cls, name) for name in fields}
    converters = {name: _converter(member.annotation) for name, member in fields.items()}
    return Members(
        blank=dict.fromkeys(fields),
        required=tuple(name for name, member in fields.items() if member.is_required()),
        wire_names=wire_names,
        by_wire_name={wire: name for name, wire in wire_names.items()},
        json_names=json_names,
        by_json_name={key: name for name, key in json_names.items()},
        sensitive=frozenset(
            name
            for name, member in fields.items()
            if cls.MASKED or SENSITIVE in member.metadata or _mentions_sensitive(member.annotation)
        ),
        nested={
            name: member.annotation
            for name, member in fields.items()
            if mentions_structure(member.annotation)
        },
        converters={name: convert for name, convert in converters.items() if convert is not None},
        from_wire={wire: (name, converters[name]) for name, wire in wire_names.items()},
    )


def wire_name_of(cls: type[Structure], name: str) -> str:
    """Return AWS's name of a field."""
    markers = cls.__pydantic_fields__[name].metadata
    renamed = next((mark.name for mark in markers if isinstance(mark, ApiName)), None)
    return _json_name(cls, name) if renamed is None else renamed


def _json_name(cls: type[Structure], name: str) -> str:
    alias = cls.__pydantic_fields__[name].validation_alias
    if isinstance(alias, str):
        return alias
    generate: Any = cls.model_config.get("alias_generator", pascal_case)
    return str(generate(name))


def value_type(annotation: Any) -> Any:
    """Return the annotation without `Annotated` and `| None`."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, UnionType):
            annotation = next(arg for arg in get_args(annotation) if arg is not type(None))
        else:
            return annotation


def markers_in(annotation: Any) -> Iterator[Any]:
    """Yield the markers of a value, or of the items of a list: through `Annotated` and `| None`."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from args[1:]
        yield from markers_in(args[0])
    elif origin in (Union, UnionType, list):
        for arg in args:
            yield from markers_in(arg)


def is_sequence(value: object) -> TypeGuard[Sequence[Any]]:
    """Return whether a value is a list or a tuple."""
    return isinstance(value, (list, tuple))


def is_mapping(value: object) -> TypeGuard[Mapping[Any, Any]]:
    """Return whether a value is a mapping."""
    return type(value) is dict or isinstance(value, Mapping)  # the second alone is slow


def _mentions_sensitive(annotation: Any) -> bool:
    return annotation == SENSITIVE or any(map(_mentions_sensitive, get_args(annotation)))


def mentions_structure(annotation: Any) -> bool:
    """Return whether a structure stands somewhere in a type."""
    kind = value_type(annotation)
    if isinstance(kind, type) and issubclass(kind, Structure):
        return True
    return any(map(mentions_structure, get_args(kind)))


def _printable(value: Any, annotation: Any) -> Any:
    """Return a value for `repr`; what stands in a structure's place may hold secrets."""
    args = get_args(value_type(annotation))
    if not args:
        return value if isinstance(value, Structure) else _Shown(f"<{type(value).__name__}>")
    if is_sequence(value):
        return [_printable(each, args[-1]) for each in value]
    if is_mapping(value):
        return {key: _printable(each, args[-1]) for key, each in value.items()}
    return _Shown(f"<{type(value).__name__}>")


def _time(value: Any) -> Any:
    """Return the time that a text names, as boto3 takes it; the door refuses other texts."""
    try:
        return datetime.fromisoformat(value) if type(value) is str else value
    except ValueError:
        return value


def _converter(annotation: Any) -> Converter | None:
    kind = value_type(annotation)
    origin, args = get_origin(kind), get_args(kind)
    if origin is list:
        return _list_converter(_converter(args[0]))
    if origin is dict:
        return _map_converter(_converter(args[0]), _converter(args[1]))
    if kind is datetime:
        return _time
    if isinstance(kind, type) and issubclass(kind, Enum):
        return lambda value: kind(value) if type(value) is str else value
    if isinstance(kind, type) and issubclass(kind, Structure):
        read: Converter = kind.from_wire
        return lambda value: read(value) if is_mapping(value) else value
    return None


def _list_converter(item: Converter | None) -> Converter | None:
    if item is None:
        return None

    def convert(value: Any) -> Any:
        if not is_sequence(value):
            return value
        items: list[Any] = []
        add = items.append
        try:
            for each in value:
                add(item(each))
        except Exception as error:
            raise _placed(error, f"[{len(items)}]") from None
        return items

    return convert


def _map_converter(key: Converter | None, value: Converter | None) -> Converter | None:
    if key is None and value is None:
        return None

    def convert(mapping: Any) -> Any:
        if not is_mapping(mapping):
            return mapping
        return {
            (k if key is None else key(k)): (v if value is None else value(v))
            for k, v in mapping.items()
        }

    return convert


def to_plain(value: Any) -> Any:
    """Return a value with its structures as dicts of AWS's names, and enums as their values."""
    if isinstance(value, Structure):
        return value.to_wire()
    if isinstance(value, Enum):
        return value.value
    if is_sequence(value):
        return [to_plain(each) for each in value]
    if is_mapping(value):
        return {to_plain(key): to_plain(each) for key, each in value.items()}
    return value


def _blank(module: str, name: str) -> Structure:
    cls = resolve(module, name)
    structure: Structure = cls.__new__(cls)
    return structure
