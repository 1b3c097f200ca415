"""The HTTP session of the compat lane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
from botocore.awsrequest import HeadersDict

from aiobotantic.lanes.pool import watch
from aiobotantic.lanes.tls import shared_context
from aiobotantic.lanes.transport import read_headers

if TYPE_CHECKING:

    class Session:
        _proxy_config: Any
        _cert_file: str | None
        _verify: bool | str
        _sessions: dict[str | None, aiohttp.ClientSession]

        def _build_ssl_contexts(self, proxy_url: str | None) -> Any: ...
        async def _get_session(self, proxy_url: str | None) -> aiohttp.ClientSession: ...
        async def send(self, request: Any) -> Any: ...

else:
    from aiobotocore.httpsession import AIOHTTPSession as Session


class DirectSession(Session):
    """aiobotocore's session without redirects, which would carry credentials to other hosts.

    Headers have the names that the service sent, as in botocore; aiobotocore's are in lower case,
    and so would be the keys of maps that travel as headers.
    """

    async def send(self, request: Any) -> Any:
        """Send a request and return the answer."""
        answer = await super().send(request)
        answer.headers = HeadersDict(read_headers(answer.raw.raw_headers))
        return answer

    async def _get_session(self, proxy_url: str | None) -> Any:
        session: Any = await super()._get_session(proxy_url)
        session._retry_connection = False  # it would repeat a lost GET, and tell nobody
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

    async def plain_session(self) -> aiohttp.ClientSession:
        """Return aiohttp's session for requests without a proxy."""
        return await super()._get_session(None)


class _Direct:
    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    def request(self, method: str, **options: Any) -> Any:
        return self._session.request(method, allow_redirects=False, **options)
