"""aiobotocore's signature and user agent without what it makes anew for every request.

Both stay botocore's own classes, and its steps are taken in its order; only single steps are ours.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any, Final, cast
from urllib.parse import urlsplit

from aiobotantic.lanes.originals import Originals
from aiobotantic.lanes.signing import EMPTY_HASH, Signer, canonical_path, canonical_query
from aiobotantic.pickling import resolve

# Not imported by name: they have no type information.
_SigV4Auth: Any = resolve("botocore.auth", "SigV4Auth")
_UserAgentString: Any = resolve("botocore.useragent", "UserAgentString")
_get_context = resolve("botocore.context", "get_context")
_host_from_url = resolve("botocore.auth", "_host_from_url")
_normalize_url_path = resolve("botocore.utils", "normalize_url_path")

_UNSIGNED: Final = frozenset(resolve("botocore.auth", "SIGNED_HEADERS_BLACKLIST"))
"""Headers that may change on the way, in lower case."""
_SIGNING_TIME: Final = "%Y%m%dT%H%M%SZ"
_STEPS: Final = Originals(
    tuple(
        ("botocore.auth", f"SigV4Auth.{name}")
        for name in (
            *("canonical_headers", "canonical_query_string", "canonical_request"),
            *("headers_to_sign", "payload", "signature", "signed_headers"),
            "_inject_signature_to_request",
        )
    )
)
"""The steps of a signature that are taken here, unless somebody replaced one."""


class KeptKeyAuth(_SigV4Auth):  # type: ignore[misc]
    """botocore's Signature Version 4, whose key is made once a day for each region and service."""

    _signers: dict[tuple[str, str], Signer]
    _shift: Callable[[], timedelta]
    _named = ""
    """Names of the headers that were signed; empty where botocore's own steps are taken."""

    def _modify_request_before_signing(self, request: Any) -> None:
        if shift := self._shift():
            moment = datetime.strptime(request.context["timestamp"], _SIGNING_TIME)
            shifted = moment.replace(tzinfo=UTC) + shift
            request.context["timestamp"] = shifted.strftime(_SIGNING_TIME)
        _SigV4Auth._modify_request_before_signing(self, request)

    def canonical_request(self, request: Any) -> str:
        """Return what is signed, as text."""
        self._named = ""
        plain = not request.params and isinstance(request.data, bytes)
        if not plain or _STEPS.replaced() is not None:
            text: str = _SigV4Auth.canonical_request(self, request)
            return text
        signed: dict[str, str] = {}
        digest = None
        for name, value in request.headers.items():
            lower = name.lower()
            if lower == "x-amz-content-sha256" and digest is None:
                digest = value
            if lower not in _UNSIGNED:
                value = " ".join(value.split())
                signed[lower] = f"{signed[lower]},{value}" if lower in signed else value
        address = urlsplit(cast(str, request.url))
        if "host" not in signed:
            signed["host"] = _host(address.scheme, address.netloc)
        names = sorted(signed)
        self._named = ";".join(names)
        return "\n".join(
            (
                request.method.upper(),
                canonical_path(_normalize_url_path(address.path)),
                canonical_query(address.query),
                *(f"{name}:{signed[name]}" for name in names),
                "",
                self._named,
                self._digest(request) if digest is None else digest,
            )
        )

    def _digest(self, request: Any) -> str:
        if request.context.get("checksum") or not self._should_sha256_sign_payload(request):
            text: str = self.payload(request)
            return text
        return sha256(request.data).hexdigest() if request.data else EMPTY_HASH

    def signature(self, string_to_sign: str, request: Any) -> str:
        """Return the signature, hexadecimal."""
        if not self._named:
            text: str = _SigV4Auth.signature(self, string_to_sign, request)
            return text
        scope = self._region_name, self._service_name
        signer = self._signers.get(scope)
        if signer is None:
            signer = self._signers[scope] = Signer(*scope)
        key = signer.key(self.credentials.secret_key, request.context["timestamp"][:8])
        return hmac.digest(key, string_to_sign.encode(), "sha256").hex()

    def _inject_signature_to_request(self, request: Any, signature: str) -> Any:
        if not self._named:
            return _SigV4Auth._inject_signature_to_request(self, request, signature)
        request.headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.scope(request)}, "
            f"SignedHeaders={self._named}, Signature={signature}"
        )
        return request


@lru_cache(maxsize=64)
def _host(scheme: str, netloc: str) -> str:
    host: str = _host_from_url(f"{scheme}://{netloc}/")
    return host


class _KeepsKeys:
    """What a request signer of aiobotocore becomes, beside what it is."""

    kept: dict[tuple[str, str], Signer]
    shift: Callable[[], timedelta]

    async def get_auth_instance(self, **options: Any) -> Any:
        """Return what signs a request."""
        above: Any = super()
        auth = await above.get_auth_instance(**options)
        if cast(Any, type(auth)) is _SigV4Auth:
            auth.__class__ = KeptKeyAuth
            auth._signers, auth._shift = self.kept, self.shift
        return auth


@cache
def _keeping(cls: type) -> type:
    return type(cls.__name__, (_KeepsKeys, cls), {})


def keep_keys(signer: Any, shift: Callable[[], timedelta]) -> None:
    """Let aiobotocore's signer of one client sign with keys that are kept.

    Args:
        signer: The client's request signer.
        shift: Returns how far the service's clock is ahead when a request is signed.
    """
    signer.kept, signer.shift = {}, shift
    signer.__class__ = _keeping(cast(Any, type(signer)))


class KeptUserAgent(_UserAgentString):  # type: ignore[misc]
    """botocore's user agent, put together once for each set of features that calls made use of."""

    _texts: dict[frozenset[str], str]

    def to_string(self) -> str:
        """Return the text of the header."""
        context = _get_context()
        features = frozenset(() if context is None else context.features)
        if features not in self._texts:
            above: Any = super()
            self._texts[features] = above.to_string()
        return self._texts[features]


def keep_user_agent(creator: Any) -> None:
    """Let the user agent of one client keep its text; that of a session's own class stays."""
    if type(creator) is _UserAgentString:
        creator._texts = {}
        creator.__class__ = KeptUserAgent
