"""What goes wrong where no whole answer arrives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

SentHeaders: TypeAlias = Iterable[tuple[bytes, bytes]]
"""Headers as they were sent."""

_REQUEST_IDS: Final = ("x-amzn-requestid", "x-amz-request-id")


class HttpError(OSError):
    """No whole answer arrived."""


class NotConnectedError(HttpError):
    """There is no connection, so nothing was sent."""


class NotSecuredError(NotConnectedError):
    """No TLS connection came about."""


class ConnectedLateError(NotConnectedError, TimeoutError):
    """No connection came about in time."""


class PoolIsHeldError(NotConnectedError):
    """Answers that nobody reads hold all connections."""


class DisconnectedError(HttpError):
    """The connection was closed before a whole answer had arrived."""


class AnsweredLateError(HttpError, TimeoutError):
    """Nothing arrived in time."""


class NotHttpError(HttpError):
    """What arrived is no HTTP."""


class AnswerTooLongError(HttpError):
    """An answer is longer than the call takes."""

    def __init__(self, most: int, status: int, headers: SentHeaders) -> None:
        super().__init__(f"more than {most} bytes")
        self.most = most
        self.status = status
        kept = ((name.decode("latin-1").lower(), value) for name, value in headers)
        self.headers = {
            name: value.decode("latin-1") for name, value in kept if name in _REQUEST_IDS
        }
        """Those that hold the request's id: others may be sensitive members."""
