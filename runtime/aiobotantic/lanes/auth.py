"""aiobotocore's signature with a key that is kept, and by the service's clock."""

from __future__ import annotations

import hmac
import inspect
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from botocore.exceptions import BotoCoreError, ClientError

from aiobotantic.errors import AioBotanticError, CredentialsError
from aiobotantic.lanes.signing import Signer
from aiobotantic.pickling import resolve

# Not imported by name: it has no type information.
_SigV4Auth: Any = resolve("botocore.auth", "SigV4Auth")
_SIGNING_TIME: Final = "%Y%m%dT%H%M%SZ"


class KeptKeyAuth(_SigV4Auth):  # type: ignore[misc]
    """botocore's Signature Version 4, whose key is made once a day for each region and service."""

    _signers: dict[tuple[str, str], Signer]
    _shift: Callable[[], timedelta]

    def _modify_request_before_signing(self, request: Any) -> None:
        if shift := self._shift():
            moment = datetime.strptime(request.context["timestamp"], _SIGNING_TIME)
            shifted = moment.replace(tzinfo=UTC) + shift
            request.context["timestamp"] = shifted.strftime(_SIGNING_TIME)
        _SigV4Auth._modify_request_before_signing(self, request)

    def signature(self, string_to_sign: str, request: Any) -> str:
        """Return the signature, hexadecimal."""
        scope = self._region_name, self._service_name
        signer = self._signers.get(scope)
        if signer is None:
            signer = self._signers[scope] = Signer(*scope)
        key = signer.key(self.credentials.secret_key, request.context["timestamp"][:8])
        return hmac.digest(key, string_to_sign.encode(), "sha256").hex()


def keep_keys(signer: Any, shift: Callable[[], timedelta]) -> None:
    """Let aiobotocore's signer of one client sign with keys that are kept.

    Args:
        signer: The client's request signer.
        shift: Returns how far the service's clock is ahead when a request is signed.
    """
    signers: dict[tuple[str, str], Signer] = {}

    async def get_kept(**options: Any) -> Any:
        # Looked up on the class at each call: instrumentation patches it.
        cls = cast(Any, type(signer))
        found: Any = inspect.getattr_static(cls, "get_auth_instance")
        bound = found.__get__(signer, cls) if hasattr(found, "__get__") else found
        auth = await bound(**options)
        if type(auth) is _SigV4Auth:
            auth.__class__ = KeptKeyAuth
            auth._signers, auth._shift = signers, shift
        return auth

    signer.get_auth_instance = get_kept


class CheckedCredentials:
    """Credentials whose failures to load or to refresh are `CredentialsError`."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    def __getattr__(self, name: str) -> Any:
        return getattr(self._credentials, name)

    async def get_frozen_credentials(self) -> Any:
        """Return access key, secret key and token as they are now."""
        try:
            return await self._credentials.get_frozen_credentials()
        except AioBotanticError:
            raise
        except Exception as error:
            # The text of others may hold anything; theirs tells what to do.
            said = f": {error}" if isinstance(error, (BotoCoreError, ClientError)) else ""
            raise CredentialsError(
                f"the credentials cannot be loaded or refreshed: {type(error).__name__}{said}. "
                "Nothing was sent; the next call tries again"
            ) from error


class FixedUserAgent:
    """A user agent that is put together once, not for every request."""

    def __init__(self, creator: Any) -> None:
        self._creator = creator
        self._text: str = creator.to_string()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._creator, name)

    def to_string(self) -> str:
        """Return the text of the header."""
        return self._text
