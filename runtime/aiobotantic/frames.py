"""Frames of an event stream: bytes as they arrive to headers and payloads."""

from __future__ import annotations

import struct
from binascii import crc32
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, TypeAlias

HeaderValue: TypeAlias = bool | int | bytes | str

_PRELUDE: Final = struct.Struct("!III")
_CHECKSUM: Final = struct.Struct("!I")
_SMALLEST: Final = _PRELUDE.size + _CHECKSUM.size
_LARGEST: Final = 24 * 1024 * 1024 + 128 * 1024 + _SMALLEST
"""Bytes: AWS's limits of payload and headers."""


class DamagedFrameError(ValueError):
    """Bytes that are no frame."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame."""

    headers: Mapping[str, HeaderValue]
    payload: bytes


class FrameReader:
    """Gives the frames of the bytes that it was fed."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Take bytes that arrived."""
        self._bytes += chunk

    @property
    def rest(self) -> int:
        """How many bytes there are of a frame that has not arrived as a whole."""
        return len(self._bytes)

    def next_frame(self) -> Frame | None:
        """Return the next frame; None where it has not arrived as a whole.

        Raises:
            DamagedFrameError: there is none.
        """
        if len(self._bytes) < _PRELUDE.size:
            return None
        size, head, checksum = _PRELUDE.unpack_from(self._bytes)
        if crc32(self._bytes[:8]) != checksum:
            raise DamagedFrameError("the checksum of its lengths is wrong")
        if not _SMALLEST + head <= size <= _LARGEST:
            raise DamagedFrameError(f"it has {size} bytes, {head} of them headers")
        if len(self._bytes) < size:
            return None
        frame = bytes(self._bytes[:size])
        del self._bytes[:size]
        end = size - _CHECKSUM.size
        if (crc32(frame[:end]),) != _CHECKSUM.unpack_from(frame, end):
            raise DamagedFrameError("its checksum is wrong")
        start = _PRELUDE.size + head
        return Frame(_headers(frame[_PRELUDE.size : start]), frame[start:end])


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
