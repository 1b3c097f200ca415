"""Signatures as a server checks them: by the client's own signer, and refused in AWS's words."""

from __future__ import annotations

import hmac
import re
from calendar import timegm
from collections.abc import Mapping
from dataclasses import dataclass
from time import strptime
from typing import Final

from aiobotantic.lanes.signing import Signer, canonical_path, canonical_query, hash_of
from aiobotantic.testing.faults import ServedError, missing_token
from aiobotantic.testing.json_protocol import HttpRequest

_FIELDS: Final = ("Credential", "SignedHeaders", "Signature")
_PART: Final = re.compile(r"(\w+)=([^,\s]+)")
_MINUTES: Final = 15


@dataclass(frozen=True)
class Key:
    """What an access key id stands for."""

    secret: str
    token: str | None = None
    """The session token that must come with it."""

    @property
    def access_key(self) -> str:
        """The signer does not use it."""
        return ""

    @property
    def secret_key(self) -> str:
        """The secret, as a signer asks for it."""
        return self.secret


class Access:
    """Checks signatures of requests.

    Args:
        keys: access key ids, to their secrets; a pair is a secret and a session token.
        region: the only region that requests may be signed for.
    """

    def __init__(self, keys: Mapping[str, str | tuple[str, str]], region: str) -> None:
        self._keys = {
            name: Key(key) if isinstance(key, str) else Key(*key) for name, key in keys.items()
        }
        self._region = region
        self._signers: dict[tuple[str, str], Signer] = {}

    def check(self, request: HttpRequest, now: float) -> None:
        """Refuse a request that no known key has signed.

        Args:
            request: the request.
            now: the moment, in seconds since 1970.

        Raises:
            ServedError: the signature is missing, incomplete, too old, by an unknown key or wrong.
        """
        text = request.headers.get("Authorization")
        if text is None:
            raise missing_token()
        parts = dict(_PART.findall(text))
        date = request.headers.get("X-Amz-Date", "")
        scope = parts.get("Credential", "").split("/")
        missing = [each for each in _FIELDS if each not in parts]
        if not text.startswith("AWS4-HMAC-SHA256 ") or missing or len(scope) != 5 or not date:
            wanted = missing or ["Credential" if date else "X-Amz-Date"]
            raise ServedError(
                "IncompleteSignatureException",
                f"Authorization header requires {' and '.join(map(repr, wanted))}.",
                403,
            )
        name, day, region, service, _ = scope
        key = self._keys.get(name)
        if key is None or request.headers.get("X-Amz-Security-Token") != key.token:
            raise ServedError(
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            )
        if region != self._region:
            raise _invalid(
                f"Credential should be scoped to a valid region, not '{region}': the server's is "
                f"'{self._region}'."
            )
        self._check_date(date, now)
        signer = self._signers.setdefault((name, service), Signer(region, service))
        path, _, query = request.target.partition("?")
        headers = {
            header: request.headers.get(header, "")
            for header in parts["SignedHeaders"].split(";")
            if header not in ("x-amz-date", "x-amz-security-token")
        }
        made = signer.sign(
            key,
            timegm(strptime(date, "%Y%m%dT%H%M%SZ")),
            request.method,
            canonical_path(path),
            canonical_query(query),
            headers,
            hash_of(request.body),
        )
        signature = made["Authorization"].rpartition("Signature=")[2]
        if day != date[:8] or not hmac.compare_digest(signature, parts["Signature"]):
            raise _invalid(
                "The request signature we calculated does not match the signature you provided. "
                "Check your AWS Secret Access Key and signing method."
            )

    def _check_date(self, date: str, now: float) -> None:
        try:
            moment = timegm(strptime(date, "%Y%m%dT%H%M%SZ"))
        except ValueError:
            raise _invalid(f"Date must be in ISO-8601 'basic format'. Got '{date}'.") from None
        if moment < now - _MINUTES * 60:
            raise _invalid(f"Signature expired: {date} is more than {_MINUTES} minutes ago.")
        if moment > now + _MINUTES * 60:
            raise _invalid(
                f"Signature not yet current: {date} is more than {_MINUTES} minutes ahead."
            )


def _invalid(message: str) -> ServedError:
    return ServedError("InvalidSignatureException", message)
