"""The HTTP session of the compat lane."""

from __future__ import annotations

import socket
import ssl
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from botocore.awsrequest import HeadersDict

from aiobotantic.lanes.addresses import host_of, origin_of, target_of
from aiobotantic.lanes.bounds import most_bytes
from aiobotantic.lanes.connections import Origin, Pool, PoolLimits
from aiobotantic.lanes.http import Answer, Exchange
from aiobotantic.lanes.http_errors import AnswerTooLongError, DisconnectedError
from aiobotantic.lanes.originals import Originals
from aiobotantic.lanes.pool import watch
from aiobotantic.lanes.prepared import plain_headers
from aiobotantic.lanes.raw_answers import ReadAnswer, StreamedAnswer
from aiobotantic.lanes.tls import shared_context
from aiobotantic.lanes.transport import FAILURES, failure, read_headers
from aiobotantic.pickling import resolve

if TYPE_CHECKING:

    class Session:
        _cert_file: str | None
        _connector_args: dict[str, Any]
        _exit_stack: Any
        _max_pool_connections: int
        _proxy_config: Any
        _timeout: aiohttp.ClientTimeout
        _verify: bool | str

        def __init__(self, *args: Any, **options: Any) -> None: ...
        def _build_ssl_contexts(self, proxy_url: str | None) -> Any: ...
        async def _get_session(self, proxy_url: str | None) -> aiohttp.ClientSession: ...
        def _get_request_timeout(self, request: Any) -> Any: ...
        async def send(self, request: Any) -> Any: ...

    class Response(aiohttp.ClientResponse):
        raw_headers: Any

else:
    from aiobotocore.httpsession import AIOHTTPSession as Session
    from aiohttp import ClientResponse as Response


_AioAWSResponse = resolve("aiobotocore.awsrequest", "AioAWSResponse")

_LEFT_OUT: Final = Originals(
    (
        ("aiobotocore.httpsession", "AIOHTTPSession.send"),
        ("aiohttp.client", "ClientSession.__init__"),
        ("aiohttp.client", "ClientSession._request"),
    )
)
"""Functions that the direct way leaves out."""
_WRITTEN: Final = frozenset({"content-length", "accept-encoding"})
"""Headers, in lower case, that are written anew."""
_UNDERSTOOD: Final = ("Transfer-Encoding", "Expect")
"""Headers that aiohttp's session must see to."""
_COVERED: Final = frozenset({"keepalive_timeout", "force_close", "resolver", "use_dns_cache"})
"""What a Config may say of aiohttp's connector that our pool does, or does without."""
_KEEP_ALIVE: Final = 15
"""aiohttp's own, in seconds."""


class DirectSession(Session):
    """aiobotocore's session without redirects, which would carry credentials to other hosts.

    A request that is bytes goes through our own connections (`Exchange`),
    unless a proxy is in the way, or somebody replaced what would be left out.

    Headers have the names that the service sent, as in botocore; aiobotocore's are in lower case,
    and so would be the keys of maps that travel as headers.
    """

    @cached_property
    def exchange(self) -> Exchange:
        """What requests without a proxy are sent by."""
        keep_alive = self._connector_args.get("keepalive_timeout", _KEEP_ALIVE)
        limits = PoolLimits(
            connections=self._max_pool_connections,
            connect_timeout=self._timeout.sock_connect,
            read_timeout=self._timeout.sock_read,
            keep_alive=0 if self._connector_args.get("force_close") else keep_alive,
        )
        look_up = self._resolved if "resolver" in self._connector_args else None
        exchange = Exchange(Pool(limits, self._plain_context, look_up))
        self._exit_stack.push_async_callback(exchange.close)
        return exchange

    def adopt(self, exchange: Exchange) -> None:
        """Send requests by what somebody else closes."""
        self.exchange = exchange

    @property
    def uncovered(self) -> str | None:
        """What the Config asks of aiohttp's connector that `exchange` does not do."""
        return min(self._connector_args.keys() - _COVERED, default=None)

    async def send(self, request: Any) -> Any:
        """Send a request and return the answer."""
        if _LEFT_OUT.replaced() is None and self._goes_direct(request):
            return await self._send_direct(request)
        answer = await super().send(request)
        raw = answer.raw
        answer.headers = HeadersDict(read_headers(getattr(raw, "sent_headers", raw.raw_headers)))
        if request.stream_output and answer.status_code >= 300:
            try:  # an error is read whole; aiobotocore would do so where nothing is caught
                await answer.content
            except (aiohttp.ClientError, *FAILURES) as error:
                late = isinstance(error, TimeoutError)
                lost = error if late else DisconnectedError(f"{type(error).__name__}: {error}")
                raise failure(lost, request.url) from error
        return answer

    def _goes_direct(self, request: Any) -> bool:
        body, headers = request.body, request.headers
        return (
            (body is None or isinstance(body, bytes))
            and self.uncovered is None
            and not any(name in headers for name in _UNDERSTOOD)
            and self._get_request_timeout(request) is None
            and not self._proxy_config.proxy_url_for(request.url)
        )

    async def _send_direct(self, request: Any) -> Any:
        raw: ReadAnswer | StreamedAnswer
        try:
            origin, target, host = _address(request.url)
            headers = _sent_headers(request.headers)
            host = headers.pop("Host", host)
            sent = request.method, origin, target, host, headers, request.body or b""
            if request.stream_output:
                raw = await self._opened(request.url, await self.exchange.open(*sent))
            else:
                answered = await self.exchange.send(*sent, most_bytes.get())
                raw = ReadAnswer(request.url, *answered)
        except Exception as error:
            raise failure(error, request.url) from error
        answer = _AioAWSResponse(request.url, raw.status, read_headers(raw.raw_headers), raw)
        answer._content = getattr(raw, "body", None)
        return answer

    async def _opened(self, url: str, answer: Answer) -> ReadAnswer | StreamedAnswer:
        """Return a streamed answer; an error is read whole."""
        if answer.status < 300:
            return StreamedAnswer(url, answer)
        body = await answer.whole(most_bytes.get())
        return ReadAnswer(url, answer.status, answer.headers, body)

    async def _get_session(self, proxy_url: str | None) -> Any:
        session: Any = await super()._get_session(proxy_url)
        session._response_class = WholeResponse
        watch(session)
        return _Direct(session)

    def _build_ssl_contexts(self, proxy_url: str | None) -> Any:
        """Share the context of clients that trust the same authorities: it takes 20 ms to make."""
        if proxy_url is not None or self._cert_file is not None:
            return super()._build_ssl_contexts(proxy_url)
        make = super()._build_ssl_contexts
        return shared_context(self._verify, lambda: make(None)[0]), None

    async def _resolved(self, origin: Origin) -> list[Any]:
        """Return addresses by the Config's resolver, which is aiohttp's kind."""
        found = await self._connector_args["resolver"].resolve(origin.host, origin.port)
        return [
            (each["family"], socket.SOCK_STREAM, each["proto"], "", (each["host"], each["port"]))
            for each in found
        ]

    def _plain_context(self) -> ssl.SSLContext:
        context: ssl.SSLContext = self._build_ssl_contexts(None)[0]
        return context


class WholeResponse(Response):
    """aiohttp's response, whose body is read whole up to `most_bytes`."""

    @property
    def raw_headers(self) -> Any:
        """The headers that were sent, as bytes that are UTF-8: aiobotocore fails at any others."""
        return tuple((_in_utf8(name), _in_utf8(value)) for name, value in self.sent_headers)

    @property
    def sent_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """The headers that were sent, as they were."""
        return self._raw_headers

    async def read(self) -> bytes:
        """Return the whole body."""
        if self._body is None:
            try:
                self._body = await self._whole(most_bytes.get())
            except BaseException:
                self.close()
                raise
        return await super().read()

    async def _whole(self, most: int) -> bytes:
        announced = self.content_length or 0
        blocks: list[bytes] = []
        size = 0
        while announced <= most and (block := await self.content.readany()):
            blocks.append(block)
            size += len(block)
            announced = max(announced, size)
        if announced > most:
            raise AnswerTooLongError(most, self.status, self.sent_headers)
        return b"".join(blocks)


def _in_utf8(text: bytes) -> bytes:
    try:
        text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1").encode()
    return text


def _sent_headers(given: Any) -> dict[str, str]:
    """Return a request's headers as text, without those that are written anew."""
    headers: dict[str, str] = {}
    for name, value in plain_headers(given).items():
        lower = name.lower()
        if lower not in _WRITTEN:
            text = value.decode() if isinstance(value, bytes) else value
            headers["Host" if lower == "host" else name] = text
    headers["Accept-Encoding"] = "identity"
    return headers


@lru_cache(maxsize=64)
def _address(url: str) -> tuple[Origin, str, str]:
    return origin_of(url), target_of(url), host_of(url)


class _Direct:
    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    def request(self, method: str, **options: Any) -> Any:
        return self._session.request(method, allow_redirects=False, **options)
