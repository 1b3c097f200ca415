"""The HTTP session of the compat lane."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from botocore.awsrequest import HeadersDict
from yarl import URL

from aiobotantic.lanes.addresses import host_of
from aiobotantic.lanes.http import Exchange, SentHeaders
from aiobotantic.lanes.originals import Originals
from aiobotantic.lanes.pool import watch
from aiobotantic.lanes.prepared import plain_headers
from aiobotantic.lanes.tls import shared_context
from aiobotantic.lanes.transport import failure, read_headers
from aiobotantic.pickling import resolve

if TYPE_CHECKING:

    class Session:
        _proxy_config: Any
        _cert_file: str | None
        _verify: bool | str
        _sessions: dict[str | None, aiohttp.ClientSession]

        def __init__(self, *args: Any, **options: Any) -> None: ...
        def _build_ssl_contexts(self, proxy_url: str | None) -> Any: ...
        async def _get_session(self, proxy_url: str | None) -> aiohttp.ClientSession: ...
        def _get_request_timeout(self, request: Any) -> Any: ...
        async def send(self, request: Any) -> Any: ...

else:
    from aiobotocore.httpsession import AIOHTTPSession as Session


_AioAWSResponse = resolve("aiobotocore.awsrequest", "AioAWSResponse")

_LEFT_OUT: Final = Originals(
    (
        ("aiobotocore.httpsession", "AIOHTTPSession.send"),
        ("aiohttp.client", "ClientSession._request"),
    )
)
"""Functions that the direct way leaves out."""
_WRITTEN: Final = frozenset({"content-length", "accept-encoding"})
"""Headers, in lower case, that are written anew."""
_UNDERSTOOD: Final = ("Transfer-Encoding", "Expect")
"""Headers that aiohttp's session must see to."""


class DirectSession(Session):
    """aiobotocore's session without redirects, which would carry credentials to other hosts.

    A request that is bytes and asks for no stream goes straight to aiohttp's pool (`Exchange`),
    unless a proxy is in the way, or somebody replaced what would be left out.

    Headers have the names that the service sent, as in botocore; aiobotocore's are in lower case,
    and so would be the keys of maps that travel as headers.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._exchange: Exchange | None = None

    async def send(self, request: Any) -> Any:
        """Send a request and return the answer."""
        if _LEFT_OUT.replaced() is None and self._goes_direct(request):
            return await self._send_direct(request)
        answer = await super().send(request)
        answer.headers = HeadersDict(read_headers(answer.raw.raw_headers))
        return answer

    def _goes_direct(self, request: Any) -> bool:
        body, headers = request.body, request.headers
        return (
            (body is None or isinstance(body, bytes))
            and not request.stream_output
            and not any(name in headers for name in _UNDERSTOOD)
            and self._get_request_timeout(request) is None
            and not self._proxy_config.proxy_url_for(request.url)
        )

    async def _send_direct(self, request: Any) -> Any:
        try:
            exchange = self._exchange
            if exchange is None:
                exchange = self._exchange = Exchange(await self.plain_session())
            url, host = _address(request.url)
            headers = _sent_headers(request.headers)
            host = headers.pop("Host", host)
            status, sent, body = await exchange.send(
                request.method, url, host, headers, request.body or b""
            )
        except Exception as error:
            raise failure(error, request.url) from error
        raw = ReadAnswer(request.url, status, sent, body)
        answer = _AioAWSResponse(request.url, status, read_headers(sent), raw)
        answer._content = body
        return answer

    async def _get_session(self, proxy_url: str | None) -> Any:
        session = await super()._get_session(proxy_url)
        watch(session)
        return _Direct(session)

    def _build_ssl_contexts(self, proxy_url: str | None) -> Any:
        """Share the context of clients that trust the same authorities: it takes 20 ms to make."""
        if proxy_url is not None or self._cert_file is not None:
            return super()._build_ssl_contexts(proxy_url)
        make = super()._build_ssl_contexts
        return shared_context(self._verify, lambda: make(None)[0]), None

    def adopt(self, session: aiohttp.ClientSession) -> None:
        """Send requests without a proxy through a session that somebody else closes."""
        self._sessions[None] = session
        self._exchange = None

    async def plain_session(self) -> aiohttp.ClientSession:
        """Return aiohttp's session for requests without a proxy."""
        return await super()._get_session(None)


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """An answer that was read whole, as `raw`: aiohttp's own has these, too."""

    url: str
    status: int
    raw_headers: SentHeaders
    body: bytes

    async def read(self) -> bytes:
        """Return the body."""
        return self.body


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
def _address(url: str) -> tuple[URL, str]:
    return URL(url, encoded=True), host_of(url)


class _Direct:
    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    def request(self, method: str, **options: Any) -> Any:
        return self._session.request(method, allow_redirects=False, **options)
