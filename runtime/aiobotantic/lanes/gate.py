"""Which lane a client takes, and why: the fast one, unless something asks for aiobotocore's own.

What others hang into aiobotocore (event handlers, instrumentation that patches it) must be called,
and what the fast lane does not speak must be spoken.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final, cast

import aiobotocore
import botocore
from botocore import UNSIGNED

from aiobotantic.lanes.originals import Originals
from aiobotantic.operation import Operation
from aiobotantic.pickling import resolve

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
    ("aiohttp.client", "ClientSession.__init__"),
    ("aiohttp.client", "ClientSession._request"),
    ("botocore.auth", "SigV4Auth.add_auth"),
)
"""Where instrumentation and mocks hang themselves in, in our experience."""
_MAKERS: Final = (
    ("aiobotocore.session", "AioSession.__init__"),
    ("aiobotocore.session", "AioSession.create_client"),
    ("aiobotocore.session", "AioSession._create_client"),
    ("aiobotocore.session", "AioSession.get_credentials"),
    ("aiobotocore.client", "AioClientCreator.create_client"),
    ("botocore.session", "Session.get_config_variable"),
)
"""Where mocks put sessions and clients of their own."""
_CALLS: Final = Originals(_PATCHED)
_CREATION: Final = Originals(_MAKERS)
_PACKAGES: Final = (aiobotocore, botocore)
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
    if kind is not resolve("aiobotantic.lanes.direct", "DirectSession"):
        return f"the HTTP session is {kind.__name__}"
    if http.uncovered is not None:
        return f"the Config's connector_args hold {http.uncovered}"
    if http._proxy_config.proxy_url_for(client.meta.endpoint_url):
        return "requests go through a proxy"
    if signer._credentials is None:
        return "there are no credentials"
    if (event := foreign_handler(session)) is not None:
        return f"a handler of {event} is registered with the session"
    return None


def call_reason(operation: Operation[Any], body: Any) -> str | None:
    """Return why a call takes aiobotocore's own pipeline; None if it need not."""
    if type(body) is not bytes and not isinstance(body, bytes):
        return "its body is a stream"
    if operation.context_params:
        return "its endpoint depends on arguments"
    if not _SPOKEN_TRAITS.issuperset(operation.traits):
        return f"it needs {', '.join(sorted(operation.traits))}"
    return None


def is_untouched() -> bool:
    """Return whether a new session of aiobotocore would be as its authors made it.

    Mocks add to botocore's list of handlers, or replace what makes clients. What was not imported
    yet nobody has touched.
    """
    handlers: Any = sys.modules.get("botocore.handlers")
    if handlers is not None and not all(
        _is_theirs(handler) for _, handler, *_ in handlers.BUILTIN_HANDLERS
    ):
        return False
    return _CREATION.replaced() is None


def patched() -> str | None:
    """Return what of aiobotocore was replaced since it was loaded; None if nothing.

    What is not loaded is not replaced.
    """
    return _CALLS.replaced()


def foreign_handler(session: Any) -> str | None:
    """Return the event of a handler that is not botocore's or aiobotocore's own, or of theirs
    that is missing.

    A new session has foreign ones where something added to botocore's list: mocks do.
    """
    added = _handlers(session) ^ own_handlers()
    return min(event for event, _ in added) if added else None


@cache
def own_handlers() -> frozenset[tuple[str, Callable[..., Any]]]:
    """Return botocore's and aiobotocore's own handlers of a session, by event."""
    session = resolve("aiobotocore.session", "AioSession")()
    return frozenset(
        (event, handler) for event, handler in _handlers(session) if _is_theirs(handler)
    )


def _is_theirs(handler: Any) -> bool:
    module = str(getattr(handler, "__module__", ""))
    return module.partition(".")[0] in [package.__name__ for package in _PACKAGES]


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
