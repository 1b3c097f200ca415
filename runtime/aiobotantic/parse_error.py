"""The error for an answer that is none; a module of its own, as its base is slow to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiobotantic.errors import AioBotanticError

if TYPE_CHECKING:
    ResponseParserError = Exception
else:
    from botocore.parsers import ResponseParserError


class ResponseParseError(AioBotanticError, ResponseParserError):
    """The service answered 2xx with what cannot be read: HTML, nothing, a cut body, a wrong type.

    The message names the place, never what stands there.
    """

    operation: str
    """AWS's name of the operation."""
    request_id: str | None
    """AWS's id of the request; None if the service sent none."""
    status_code: int
    """The HTTP status."""
    path: str
    """AWS's path of the member that cannot be read; empty where it is the whole body."""
    attempts: int
    """HTTP requests that the call took, the first one included."""

    def __init__(
        self,
        message: str,
        *,
        operation: str = "",
        request_id: str | None = None,
        status_code: int = 200,
        path: str = "",
        attempts: int = 1,
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.request_id = request_id
        self.status_code = status_code
        self.path = path
        self.attempts = attempts


class AnswerTooLargeError(ResponseParseError):
    """The answer is longer than the call takes: `with_options(max_answer_bytes=...)`.

    It was not read to its end, and is not asked for again. A request that changes something was
    carried out, if `status_code` is 2xx.
    """
