"""An HTTP server whose bodies, headers and events moto.core reads and writes: not moto's own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from botocore.handlers import BUILTIN_HANDLERS
from moto.core.model import OperationModel, ServiceModel
from moto.core.models import botocore_stubber
from moto.core.parse import JSONParser, RestJSONParser
from moto.core.serialize import JSONSerializer, RestJSONSerializer
from werkzeug.datastructures import Headers, MultiDict

# Importing moto hangs this into every session; then no client would take the fast lane.
BUILTIN_HANDLERS.remove(("before-send", botocore_stubber))

SPECS = Path(__file__).parents[2] / "specs"
_LABEL = re.compile(r"\\\{(\w+)(\\\+)?\\\}")


class Peer:
    """Answers one service's requests with what `answer` holds."""

    def __init__(self, service: str) -> None:
        spec = json.loads((SPECS / service / "service-2.json").read_text("utf-8"))
        self.model = ServiceModel(spec, service)
        self.names: list[str] = list(spec["operations"])
        self.rest = self.model.protocol == "rest-json"
        self.received: dict[str, Any] = {}
        self.answer: Any = None
        self.url = ""

    def error_members(self, code: str) -> list[tuple[str, str]]:
        """Return name and type of the members of an error, message and code aside."""
        shape: Any = self.model.shape_for_error_code(code)
        members = shape.members.items()
        return [(n, m.type_name) for n, m in members if n.lower() not in ("message", "code")]

    async def __call__(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self.rest:
            operation, labels = self._route(request)
        else:
            name = request.headers["X-Amz-Target"].partition(".")[2]
            operation, labels = self.model.operation_model(name), {}
        parser = (RestJSONParser if self.rest else JSONParser)(operation)
        self.received = parser.parse(
            {
                "body": body,
                "headers": Headers(list(request.headers.items())),
                "method": request.method,
                "url_params": labels,
                "url_path": request.path,
                "values": MultiDict(list(request.query.items())),
            }
        )
        serializer = (RestJSONSerializer if self.rest else JSONSerializer)(operation)
        answer = serializer.serialize(self.answer)
        content: Any = answer["body"]
        return web.Response(
            status=answer["status_code"],
            headers={**answer["headers"], "x-amzn-requestid": f"peer-{operation.name}"},
            body=content.encode() if isinstance(content, str) else content,
        )

    def _route(self, request: web.Request) -> tuple[OperationModel, dict[str, str]]:
        """Return the operation that a method and a path belong to: the one with the most fixed."""
        found = []
        for name in self.names:
            operation = self.model.operation_model(name)
            template = operation.http["requestUri"].partition("?")[0]
            pattern = _LABEL.sub(_label, re.escape(template))
            match = re.fullmatch(pattern, request.rel_url.raw_path)
            if match and operation.http["method"] == request.method:
                labels = {label: unquote(text) for label, text in match.groupdict().items()}
                found.append((len(labels), name, labels))
        _, name, labels = min(found, key=lambda each: each[0])
        return self.model.operation_model(name), labels


def _label(match: re.Match[str]) -> str:
    return f"(?P<{match[1]}>{'.+' if match[2] else '[^/]+'})"


def moto_error(code: str, message: str, members: Mapping[str, Any]) -> Exception:
    """Return an error that moto.core writes."""
    error = type(code, (Exception,), {**members, "code": code, "message": message})(message)
    assert isinstance(error, Exception)
    return error
