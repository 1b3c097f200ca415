"""Frames of an event stream: bytes as they arrive to headers and payloads."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, TypeAlias
from zlib import crc32

HeaderValue: TypeAlias = bool | int | bytes | str
Frame: TypeAlias = tuple[Mapping[str, HeaderValue], bytes]
"""Headers and payload."""

_PRELUDE: Final = struct.Struct("!III")
_CHECKSUM: Final = struct.Struct("!I")
_SMALLEST: Final = _PRELUDE.size + _CHECKSUM.size
_LARGEST: Final = 24 * 1024 * 1024 + 128 * 1024 + _SMALLEST
"""Bytes: AWS's limits of payload and headers."""


class DamagedFrameError(ValueError):
    """Bytes that are no frame."""


class FrameReader:
    """Gives the frames of the bytes that it was fed."""

    def __init__(self) -> None:
        self._bytes = b""
        self._view = memoryview(b"")
        self._at = 0
        """Where the next frame begins in them."""
        self._later: list[bytes] = []
        """What arrived after them: joined when it is enough for a frame, however long that is."""
        self._missing = 0
        """How many bytes must arrive before it is."""

    def feed(self, chunk: bytes) -> None:
        """Take bytes that arrived."""
        self._later.append(chunk)
        self._missing -= len(chunk)

    @property
    def rest(self) -> int:
        """How many bytes there are of a frame that has not arrived as a whole."""
        return len(self._bytes) - self._at + sum(map(len, self._later))

    def next_frame(self) -> Frame | None:
        """Return the next frame; None where it has not arrived as a whole.

        Raises:
            DamagedFrameError: there is none.
        """
        if self._missing > 0:
            return None
        if self._later:
            rest = self._bytes[self._at :]
            self._bytes, self._at = b"".join([rest, *self._later]), 0
            self._view = memoryview(self._bytes)
            self._later.clear()
        at, here = self._at, len(self._bytes) - self._at
        if here < _PRELUDE.size:
            self._missing = _PRELUDE.size - here
            return None
        size, head, checksum = _PRELUDE.unpack_from(self._bytes, at)
        if crc32(self._view[at : at + 8]) != checksum:
            raise DamagedFrameError("the checksum of its lengths is wrong")
        if not _SMALLEST + head <= size <= _LARGEST:
            raise DamagedFrameError(f"it has {size} bytes, {head} of them headers")
        if here < size:
            self._missing = size - here
            return None
        start, end = at + _PRELUDE.size, at + size - _CHECKSUM.size
        if (crc32(self._view[at:end]),) != _CHECKSUM.unpack_from(self._bytes, end):
            raise DamagedFrameError("its checksum is wrong")
        self._at = at + size
        body = start + head
        return _headers(self._bytes[start:body]), self._bytes[body:end]


@lru_cache(maxsize=64)  # the events of a stream have the same few headers
def _headers(head: bytes) -> Mapping[str, HeaderValue]:
    headers: dict[str, HeaderValue] = {}
    at = 0
    try:
        while at < len(head):
            encoded, at = _sized(head, at, "!B")
            name, kind = encoded.decode(), head[at]
            if name in headers:
                raise DamagedFrameError(f"it has the header {name} twice")
            headers[name], at = _VALUES[kind](head, at + 1)
    except UnicodeDecodeError as error:
        raise DamagedFrameError("a header is no UTF-8") from error
    except KeyError as error:
        raise DamagedFrameError(f"a header has the unknown type {error}") from error
    except (IndexError, struct.error) as error:
        raise DamagedFrameError("a header is cut") from error
    return MappingProxyType(headers)


def _sized(head: bytes, at: int, length: str) -> tuple[bytes, int]:
    """Return bytes that follow their length, and where they end."""
    (size,) = struct.unpack_from(length, head, at)
    start = at + struct.calcsize(length)
    if start + size > len(head):
        raise IndexError
    return head[start : start + size], start + size


def _fixed(form: str) -> Callable[[bytes, int], tuple[Any, int]]:
    value = struct.Struct(form)
    return lambda head, at: (value.unpack_from(head, at)[0], at + value.size)


def _text(head: bytes, at: int) -> tuple[str, int]:
    text, end = _sized(head, at, "!H")
    return text.decode(), end


_VALUES: Final[Mapping[int, Callable[[bytes, int], tuple[Any, int]]]] = {
    0: lambda head, at: (True, at),
    1: lambda head, at: (False, at),
    2: _fixed("!b"),
    3: _fixed("!h"),
    4: _fixed("!i"),
    5: _fixed("!q"),
    6: lambda head, at: _sized(head, at, "!H"),
    7: _text,
    8: _fixed("!q"),  # a time: milliseconds since 1970
    9: _fixed("!16s"),  # a UUID
}
