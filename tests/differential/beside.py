"""A client of ours and one of botocore's, of one service: the same call through both.

Ours sends over loopback, and what arrived is looked at. botocore's own client writes, signs and
parses; it sends nothing: a handler of `before-send` takes the request and gives the same answer.
The clock that botocore signs by is the moment that our request was signed at.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HAS_CRT
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError
from botocore.loaders import Loader
from botocore.model import OperationModel
from botocore.session import Session
from protocol.raw_server import Answer, Arrived, RawServer
from services.round_trip import difference, plain, read_answer, read_botocores

from aiobotantic.client import Client
from aiobotantic.errors import ServiceError
from aiobotantic.operation import Operation
from aiobotantic.structure import Request
from differential.from_spec import UNLISTED

KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG+b"}
TOKENS = ("", "IQoJb3JpZ2luX2VjE+/=")
OPTIONS: dict[str, Any] = {"retries": {"total_max_attempts": 1}}
_CLOCKS = ["botocore.auth", *(["botocore.crt.auth"] if HAS_CRT else [])]
OWN_HEADERS = {
    "user-agent": "aiobotocore says its name and its HTTP client's",
    "amz-sdk-invocation-id": "random",
    "accept": "aiohttp adds it",
    "accept-encoding": "aiobotocore asks for `identity`; urllib3 adds the same later",
    "host": "compared with the URL: HTTP clients add it",
    "authorization": "compared with what botocore signs over our body",
    "content-length": "compared with the body: HTTP clients add it",
}
"""Headers that are compared in another way, or not, and why."""


@dataclass
class Compared:
    """What was compared, and what differs."""

    requests: int = 0
    answers: int = 0
    errors: int = 0
    problems: dict[str, str] = field(default_factory=dict[str, str])
    """By operation and place."""

    def note(self, place: str, text: str) -> None:
        """Keep the first problem of a place."""
        self.problems.setdefault(place, text[:400])


class _Raw(io.BytesIO):
    """What botocore reads an answer from, in the same pieces."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body)
        self.cuts = answer.cuts

    def stream(self) -> Iterator[bytes]:
        for cut in self.cuts:
            yield self.read(cut - self.tell())
        yield self.read()


class Botocores:
    """botocore's client, which writes, signs and reads, and sends nothing."""

    def __init__(
        self, service: str, url: str, data: Path, token: str = "", region: str = "us-east-1"
    ) -> None:
        session = Session()
        loader = Loader(extra_search_paths=[str(data)])
        session.register_component("data_loader", loader)
        self.client = session.create_client(
            service,
            region_name=region,
            endpoint_url=url,
            config=Config(**OPTIONS, parameter_validation=False),
            aws_session_token=token or None,
            **KEYS,
        )
        self.answer = Answer()
        self.body_to_sign: Any = b""
        self.body: Any = b""
        self.sent: Any = None
        self.client.meta.events.register_first("before-sign", self._before_sign)
        self.client.meta.events.register_first("before-send", self._before_send)

    def model(self, name: str) -> OperationModel:
        """Return an operation as botocore reads it."""
        return self.client.meta.service_model.operation_model(name)

    def error_members(self, name: str, error: Exception) -> set[str]:
        """Return the members that the model lists of an error."""
        code = (
            vars(error)["response"]["Error"].get("Code") if isinstance(error, ClientError) else ""
        )
        shapes = {shape.error_code: shape for shape in self.model(name).error_shapes}
        return set(shapes[code].members) if code in shapes else set()

    def call(self, name: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """Return what botocore reads of the answer."""
        return read_botocores(self.client._make_api_call(name, members))

    def _before_sign(self, request: AWSRequest, **_: Any) -> None:
        self.body = _bytes(request.data)
        request.data = self.body_to_sign

    def _before_send(self, request: Any, **_: Any) -> AWSResponse:
        self.sent = request
        answer = self.answer
        return AWSResponse(request.url, answer.status, answer.headers, _Raw(answer))


@contextmanager
def clock_at(moment: datetime) -> Iterator[None]:
    """Let botocore, and its signers that are awscrt's, sign by another clock."""
    with ExitStack() as stack:
        for module in _CLOCKS:
            clock = mock.patch(f"{module}.get_current_datetime", lambda **_: moment)
            stack.enter_context(clock)
        yield


class Pair:
    """Both clients of one service."""

    def __init__(self, server: RawServer, ours: Client, theirs: Botocores) -> None:
        self.server, self.ours, self.theirs = server, ours, theirs
        self.compared = Compared()
        self.exact = False
        """Whether what differs by design is compared, too: test_known_differences.py has it."""

    async def trip(
        self,
        operation: Operation[Any],
        members: Mapping[str, Any],
        answer: Answer,
        request: Request[Any] | None = None,
    ) -> None:
        """Make one call through both, and compare the requests and the answers.

        Ours sends the request, where there is one, else the members through the wire door.
        """
        self.server.answer = self.theirs.answer = answer
        self.server.arrived.clear()
        mine: Any
        its: Any
        try:
            if request is None:
                mine = await self.ours._send_wire(operation, members)
            else:
                mine = await self.ours.send(request)
            mine = await read_answer(mine)
        except ServiceError as error:
            mine = error
        [arrived] = self.server.arrived
        self.theirs.body_to_sign = arrived.body
        signed_at = datetime.strptime(arrived.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
        with clock_at(signed_at.replace(tzinfo=UTC)):
            try:
                its = self.theirs.call(operation.name, members)
            except ClientError as error:
                its = error
        self._compare_requests(operation, arrived)
        self._compare_answers(operation, mine, its)

    def _compare_requests(self, operation: Operation[Any], arrived: Arrived) -> None:
        self.compared.requests += 1
        for place, mine, its in self._facts(arrived):
            if mine != its:
                text = f"ours {mine!r}, botocore's {its!r}"
                self.compared.note(f"{operation.name}: request: {place}", text)

    def _facts(self, arrived: Arrived) -> Iterator[tuple[str, Any, Any]]:
        """Yield what is compared of a request: the place, ours, botocore's."""
        sent = self.theirs.sent
        url = urlsplit(sent.url)
        yield "method", arrived.method, sent.method
        path, _, query = arrived.target.partition("?")
        yield "path", path, url.path
        yield "query", sorted(query.split("&")), sorted(url.query.split("&"))
        yield "host", arrived.headers["host"], url.netloc
        yield "body", _value(arrived.body), _value(self.theirs.body)
        if self.exact:
            yield "order of the query", query, url.query
            yield "bytes of the body", arrived.body, self.theirs.body
        length = int(arrived.headers.get("content-length", "0"))
        yield "length", length, len(arrived.body)
        theirs = {name.lower(): _text(value) for name, value in sent.headers.items()}
        for name in sorted({*arrived.headers, *theirs} - OWN_HEADERS.keys()):
            mine, its = arrived.headers.get(name), theirs.get(name)
            if HAS_CRT and mine is not None:  # it takes the spaces away that it does not sign
                mine = mine.strip(" \t")
            yield f"header {name}", mine, its
        yield "signature", arrived.headers.get("authorization"), theirs.get("authorization")

    def _compare_answers(self, operation: Operation[Any], mine: Any, its: Any) -> None:
        if isinstance(mine, ServiceError) or isinstance(its, ClientError):
            self.compared.errors += 1
            if isinstance(its, EventStreamError):
                return self._compare_event_errors(operation, mine, its)
            if type(its) is not ClientError and type(mine).__name__ != type(its).__name__:
                text = f"ours {type(mine)}, botocore's {type(its)}"
                self.compared.note(f"{operation.name}: class of an error", text)
            listed = self.theirs.error_members(operation.name, its)
            mine, its = _error(mine), _error(its)
            if not self.exact:
                mine = {name: each for name, each in mine.items() if name in its or name in listed}
        else:
            self.compared.answers += 1
        mine, its = plain(mine), plain(its)
        if not self.exact:
            mine.pop(UNLISTED, None)
        if mine != its:
            self.compared.note(f"{operation.name}: answer", difference(mine, its))

    def _compare_event_errors(self, operation: Operation[Any], mine: Any, its: Any) -> None:
        """Compare code and message: botocore looks for members, id and status in the event."""
        mine, its = _error(mine)["Error"], _error(its)["Error"]
        if mine != its:
            self.compared.note(f"{operation.name}: answer", f"ours {mine}, botocore's {its}")


def _error(error: Any) -> dict[str, Any]:
    """Return what both say of an error; members that its model does not list we keep, too."""
    if not isinstance(error, ClientError):
        return {"Error": f"none, but {error!r}"}
    response = dict(vars(error)["response"])
    metadata = response.pop("ResponseMetadata", {})
    return {
        **response,
        "request id": metadata.get("RequestId"),
        "status": metadata.get("HTTPStatusCode"),
        "operation": error.operation_name,
    }


def _bytes(data: Any) -> Any:
    if isinstance(data, str):
        return data.encode()
    return bytes(data) if isinstance(data, (bytes, bytearray)) else data or b""


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _value(body: Any) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body
