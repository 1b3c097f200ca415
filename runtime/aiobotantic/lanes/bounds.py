"""How long an answer may be: aiohttp reads whatever arrives."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import aiohttp

from aiobotantic.options import MAX_ANSWER_BYTES

SentHeaders: TypeAlias = tuple[tuple[bytes, bytes], ...]
"""Headers as they were sent."""

_REQUEST_IDS: Final = ("x-amzn-requestid", "x-amz-request-id")
most_bytes: Final = ContextVar("aiobotantic_most_bytes", default=MAX_ANSWER_BYTES)
"""The longest answer that the call under way takes."""


class AnswerTooLong(aiohttp.ClientPayloadError):
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


async def read_whole(content: Any, most: int, status: int, headers: SentHeaders) -> bytes:
    """Return the whole body of an answer.

    Raises:
        AnswerTooLong: it has, or announces, more bytes than `most`.
    """
    if content.is_eof():
        body: bytes = content.read_nowait()
        if len(body) > most:
            raise AnswerTooLong(most, status, headers)
        return body
    announced = next((size for name, size in headers if name.lower() == b"content-length"), b"0")
    if int(announced) > most:
        raise AnswerTooLong(most, status, headers)
    blocks: list[bytes] = []
    size = 0
    while block := await content.readany():
        size += len(block)
        if size > most:
            raise AnswerTooLong(most, status, headers)
        blocks.append(block)
    return blocks[0] if len(blocks) == 1 else b"".join(blocks)


if TYPE_CHECKING:

    class _Response(aiohttp.ClientResponse):
        raw_headers: Any

else:
    _Response = aiohttp.ClientResponse


class WholeResponse(_Response):
    """aiohttp's response, whose body is read whole up to `most_bytes`."""

    @property
    def raw_headers(self) -> Any:
        """The headers that were sent, as bytes that are UTF-8: aiobotocore fails at any others."""
        return tuple((_in_utf8(name), _in_utf8(value)) for name, value in self.sent_headers)

    @property
    def sent_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """The headers that were sent, as they were."""
        return self._raw_headers

    async def read(self) -> bytes:
        """Return the whole body."""
        if self._body is None:
            try:
                self._body = await read_whole(
                    self.content, most_bytes.get(), self.status, self.sent_headers
                )
            except BaseException:
                self.close()
                raise
        return await super().read()


def _in_utf8(text: bytes) -> bytes:
    try:
        text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1").encode()
    return text
