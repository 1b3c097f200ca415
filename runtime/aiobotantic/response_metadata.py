"""What a response says beside its body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ResponseMetadata:
    """What a response says beside its body."""

    request_id: str | None
    """AWS's id of the request; None if the service sent none."""
    status_code: int
    """HTTP status."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """HTTP headers, names in lower case; some are members, and may be sensitive."""
    attempts: int = 1
    """HTTP requests that the call took, the first one included."""
