"""Signature Version 4 with a signing key that is made once a day, for each key and scope.

The same signature as botocore's `SigV4Auth`, which the tests compare: over the method, the path,
the query, the headers that are given here, and the hash of the body.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

EMPTY_HASH: Final = sha256(b"").hexdigest()
_DATE_FORMAT: Final = "%Y%m%dT%H%M%SZ"


class Signer:
    """Signs requests of one service in one region."""

    def __init__(self, region: str, service: str) -> None:
        self.region = region
        self.service = service
        self._key: tuple[str, str] | None = None
        self._signing_key = b""
        self._scope = ""
        self._moment: tuple[int, str] = (-1, "")

    def sign(
        self,
        credentials: Any,
        now: float,
        method: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        digest: str,
    ) -> dict[str, str]:
        """Return the headers that sign a request.

        Args:
            credentials: Frozen: access key, secret key and token.
            now: The moment, in seconds since 1970.
            path: Path of the address, percent-encoded as it is sent.
            query: Query of the address, percent-encoded, parameters sorted.
            headers: What is signed beside the date and the token, `host` included; names in
                lower case, values without spaces at their ends.
            digest: What `hash_of` returns of the body.
        """
        date = self._date(int(now))
        signed = {**headers, "x-amz-date": date}
        if credentials.token:
            signed["x-amz-security-token"] = credentials.token
        names = sorted(signed)
        named = ";".join(names)
        lines = "\n".join([f"{name}:{' '.join(signed[name].split())}" for name in names])
        request = f"{method}\n{path}\n{query}\n{lines}\n\n{named}\n{digest}"
        key = self.key(credentials.secret_key, date[:8])
        hashed = sha256(request.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{date}\n{self._scope}\n{hashed}"
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        made = {
            "X-Amz-Date": date,
            "Authorization": (
                f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{self._scope}, "
                f"SignedHeaders={named}, Signature={signature}"
            ),
        }
        if credentials.token:
            made["X-Amz-Security-Token"] = credentials.token
        return made

    def _date(self, second: int) -> str:
        if self._moment[0] != second:
            self._moment = second, time.strftime(_DATE_FORMAT, time.gmtime(second))
        return self._moment[1]

    def key(self, secret: str, day: str) -> bytes:
        """Return the key that signs on a day, `YYYYMMDD`."""
        if self._key != (secret, day):
            key = f"AWS4{secret}".encode()
            for part in (day, self.region, self.service, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._signing_key = key
            self._scope = f"{day}/{self.region}/{self.service}/aws4_request"
            self._key = (secret, day)
        return self._signing_key


def hash_of(body: bytes) -> str:
    """Return the hash of a body."""
    return sha256(body).hexdigest() if body else EMPTY_HASH


def canonical_path(path: str) -> str:
    """Return a path as botocore signs it: each percent sign of the address is encoded again."""
    return quote(path, safe="/~")


def canonical_query(query: str) -> str:
    """Return a query as it is signed: parameters sorted by name, then by value."""
    pairs = [pair.partition("=") for pair in query.split("&")] if query else []
    return "&".join(f"{name}={value}" for name, _, value in sorted(pairs))
