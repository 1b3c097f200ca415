"""Bodies whose format the service leaves open: as JSON, text, bytes, files and iterators."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic_core import PydanticSerializationError, to_json

from aiobotantic.bindings import bindings_of
from aiobotantic.bodies import TAKEN
from aiobotantic.errors import BodyFormatError, RequestValidationError
from aiobotantic.framing import read_json_text
from aiobotantic.structure import Structure

JSON_TYPE: Final = "application/json"
TEXT_TYPE: Final = "text/plain"
_CHARSET: Final = re.compile(r";\s*charset=\"?([^\s;\"]+)", re.IGNORECASE)


class OpenBody(Structure):
    """Base of responses whose body may be of any format."""

    def text(self, encoding: str | None = None) -> str:
        """Return the body as text.

        Args:
            encoding: Default: what the content type says, else UTF-8.

        Raises:
            BodyFormatError: it is no text of that encoding.
        """
        named = _CHARSET.search(getattr(self, "content_type", None) or "")
        chosen = encoding or (named[1] if named else "utf-8")
        try:
            return body_of(self).decode(chosen)
        except LookupError:
            problem = "which Python does not know"
        except UnicodeError as error:
            problem = getattr(error, "reason", type(error).__name__)
        # Outside the handler: the error holds the body, and would be the context.
        raise BodyFormatError(
            f"{type(self).__name__}: the body is no text of the encoding {chosen}: {problem}: "
            "pass the encoding that it has, or read the bytes"
        )

    def json(self) -> Any:  # type: ignore[override]
        """Return what the body is in JSON.

        Raises:
            BodyFormatError: it is no JSON.
        """
        return read_json_text(body_of(self), f"{type(self).__name__}: the body")


def body_of(response: OpenBody) -> bytes:
    """Return the body of a response."""
    payload = bindings_of(type(response)).payload
    assert payload is not None, f"{type(response).__name__} has no body"
    return bytes(getattr(response, payload) or b"")


async def open_body(
    body: Any, content_type: str | None, *, json: Any, text: str | None
) -> tuple[Any, str | None]:
    """Return the bytes of a body and its content type, from whichever of three was given.

    Raises:
        RequestValidationError: not one of the three was given, or it cannot be read or written.
    """
    body, content_type = encoded(body, content_type, json=json, text=text)
    if hasattr(body, "read"):
        return await _of_file(body), content_type
    if hasattr(body, "__aiter__"):
        return b"".join([_bytes_of(chunk) async for chunk in body]), content_type
    return body, content_type


def encoded(
    body: Any, content_type: str | None, *, json: Any, text: str | None
) -> tuple[Any, str | None]:
    """Do what `open_body` does, and leave a file or an iterator as it is."""
    values = {"body": body, "json": json, "text": text}
    given = [name for name, value in values.items() if value is not None]
    if len(given) != 1:
        found = f"{' and '.join(given)} are given" if given else "the body is missing"
        raise _refused(f"{found}: pass one of body, json and text")
    if json is not None:
        return _json_bytes(json), content_type or JSON_TYPE
    if text is not None:
        return _text_bytes(text), content_type or TEXT_TYPE
    return body, content_type


def with_encoded_body(cls: type[Structure], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call as the fields of its request: `json` and `text` as bytes."""
    members = {**fields}
    forms = {
        name: members.pop(name, None)
        for name in ("json", "text")
        if name not in cls.__pydantic_fields__
    }
    if any(value is not None for value in forms.values()):
        taken = {"json": None, "text": None, **forms}
        body, kind = encoded(members.get("body"), members.get("content_type"), **taken)
        members.update(body=body, content_type=kind)
    return members


def _json_bytes(value: Any) -> bytes:
    try:
        return to_json(value)
    except (PydanticSerializationError, ValueError, RecursionError) as error:
        problem = str(error)
    raise _refused(f"json cannot be written: {problem}: pass what JSON can hold, or bytes as body")


def _text_bytes(value: Any) -> bytes:
    if not isinstance(value, str):
        raise _refused(f"text is {type(value).__name__}, not str: pass bytes as body")
    try:
        return value.encode()
    except UnicodeEncodeError as error:
        problem = error.reason
    raise _refused(f"text cannot be written in UTF-8: {problem}: pass bytes as body")


async def _of_file(file: Any) -> bytes:
    waits = inspect.iscoroutinefunction(file.read)
    try:
        content = file.read() if waits else await asyncio.to_thread(file.read)
        if inspect.isawaitable(content):
            content = await content
    except ValueError as error:  # closed, or not opened for reading
        raise _refused(f"body cannot be read: {error}: pass {TAKEN}") from error
    return _bytes_of(content)


def _bytes_of(chunk: Any) -> bytes:
    if isinstance(chunk, (bytes, bytearray)):
        return bytes(chunk)
    raise _refused(f"body gives {type(chunk).__name__}, not bytes: pass {TAKEN}")


def _refused(problem: str) -> RequestValidationError:
    return RequestValidationError(f"{problem}. Nothing was sent")
