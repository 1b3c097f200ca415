"""Which lane a client takes, and why: the fast one, unless something asks for aiobotocore's own.

What others hang into aiobotocore (event handlers, instrumentation that patches it) must be called,
and what the fast lane does not speak must be spoken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final, cast

import aiobotocore
import botocore
from botocore import UNSIGNED

from aiobotantic.lanes.originals import Originals
from aiobotantic.lanes.transport import DirectSession
from aiobotantic.operation import Operation
from aiobotantic.pickling import resolve

_AioSession = resolve("aiobotocore.session", "AioSession")

_PATCHED: Final = (
    ("aiobotocore.client", "AioBaseClient._make_api_call"),
    ("aiobotocore.client", "AioBaseClient._make_request"),
    ("aiobotocore.endpoint", "AioEndpoint.make_request"),
    ("aiobotocore.endpoint", "AioEndpoint.create_request"),
    ("aiobotocore.endpoint", "AioEndpoint.prepare_request"),
    ("aiobotocore.endpoint", "AioEndpoint._send_request"),
    ("aiobotocore.endpoint", "AioEndpoint._send"),
    ("aiobotocore.httpsession", "AIOHTTPSession.send"),
    ("aiobotocore.signers", "AioRequestSigner.sign"),
    ("aiobotocore.signers", "AioRequestSigner.get_auth_instance"),
    ("aiohttp.client", "ClientSession._request"),
    ("botocore.auth", "SigV4Auth.add_auth"),
)
"""Where instrumentation and mocks hang themselves in, in our experience."""
_ORIGINALS: Final = Originals(_PATCHED)
_SPOKEN_TRAITS: Final = frozenset({"static_context_params", "staticContextParams"})
_SIGNATURE: Final = "v4"


def client_reason(session: Any, client: Any) -> str | None:
    """Return why a client takes aiobotocore's own pipeline; None if it need not.

    Args:
        session: The session that it was made from.
        client: The aiobotocore client.
    """
    config = client.meta.config
    signer = client._request_signer
    http: Any = client._endpoint.http_session
    if config.retries["mode"] == "adaptive":
        return "adaptive retries are aiobotocore's"
    if signer._signature_version is UNSIGNED:
        return "requests are not signed"
    if signer._signature_version != _SIGNATURE:
        return f"the signature version is {signer._signature_version}, not {_SIGNATURE}"
    if config.auth_scheme_preference:
        return "the Config prefers an authentication scheme"
    kind = cast(Any, type(http))
    if kind is not DirectSession:
        return f"the HTTP session is {kind.__name__}"
    if http._proxy_config.proxy_url_for(client.meta.endpoint_url):
        return "requests go through a proxy"
    if signer._credentials is None:
        return "there are no credentials"
    if (event := foreign_handler(session)) is not None:
        return f"a handler of {event} is registered with the session"
    return None


def call_reason(operation: Operation[Any], body: Any) -> str | None:
    """Return why a call takes aiobotocore's own pipeline; None if it need not."""
    if operation.streams:
        return "its answer is a stream"
    if type(body) is not bytes and not isinstance(body, bytes):
        return "its body is a stream"
    if operation.context_params:
        return "its endpoint depends on arguments"
    if not _SPOKEN_TRAITS.issuperset(operation.traits):
        return f"it needs {', '.join(sorted(operation.traits))}"
    return None


def patched() -> str | None:
    """Return what of aiobotocore was replaced since it was loaded; None if nothing."""
    return _ORIGINALS.replaced()


def foreign_handler(session: Any) -> str | None:
    """Return the event of a handler that is not botocore's or aiobotocore's own, or of theirs
    that is missing.

    A new session has foreign ones where something added to botocore's list: mocks do.
    """
    added = _handlers(session) ^ _own_handlers()
    return min(event for event, _ in added) if added else None


@cache
def _own_handlers() -> frozenset[tuple[str, Callable[..., Any]]]:
    names = (aiobotocore.__name__, botocore.__name__)
    handlers = _handlers(_AioSession())
    return frozenset(
        (event, handler)
        for event, handler in handlers
        if str(getattr(handler, "__module__", "")).partition(".")[0] in names
    )


def _handlers(session: Any) -> frozenset[tuple[str, Callable[..., Any]]]:
    emitter = session.get_component("event_emitter")
    root = getattr(emitter, "_emitter", emitter)._handlers._root
    return frozenset(_below(root, ()))


def _below(node: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Callable[..., Any]]]:
    chunks = path if node["chunk"] is None else (*path, node["chunk"])
    for section in node["values"] or ():
        for handler in section:
            yield ".".join(chunks), handler
    for child in node["children"].values():
        yield from _below(child, chunks)
