"""A picture of few colours in few bytes: PNG with a palette instead of three bytes a pixel."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Final

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_CHANNELS: Final = {2: 3, 6: 4}
"""Colour types of PNG to bytes a pixel."""


def with_palette(png: bytes) -> bytes:
    """Return a picture in its 256 most frequent colours, each to 5 bits a channel.

    Args:
        png: 8 bits a channel, not interlaced, as a browser makes it.
    """
    header, data = b"", b""
    for kind, content in _chunks(png):
        header = content if kind == b"IHDR" else header
        data += content if kind == b"IDAT" else b""
    width, height, _, colour, *_ = struct.unpack(">IIBBBBB", header)
    rows = list(_rows(zlib.decompress(data), width, height, _CHANNELS[colour]))
    counted = Counter(pixel for row in rows for pixel in row)
    colours = [pixel for pixel, _ in counted.most_common(256)]
    numbers = {pixel: number for number, pixel in enumerate(colours)}
    for pixel in counted.keys() - numbers.keys():
        numbers[pixel] = min(range(len(colours)), key=lambda n: _apart(colours[n], pixel))
    lines = b"".join(b"\0" + bytes(numbers[pixel] for pixel in row) for row in rows)
    palette = b"".join(bytes(channel * 255 // 31 for channel in pixel) for pixel in colours)
    return _SIGNATURE + b"".join(
        _chunk(kind, content)
        for kind, content in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            (b"PLTE", palette),
            (b"IDAT", zlib.compress(lines, 9)),
            (b"IEND", b""),
        )
    )


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        size, kind = struct.unpack_from(">I4s", png, at)
        yield kind, png[at + 8 : at + 8 + size]
        at += size + 12


def _chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def _rows(data: bytes, width: int, height: int, size: int) -> Iterator[list[tuple[int, ...]]]:
    """Yield the pixels of each line: 5 bits of red, green and blue."""
    above, length = bytes(width * size), width * size
    for number in range(height):
        start = number * (length + 1)
        line = _unfiltered(data[start], data[start + 1 : start + 1 + length], above, size)
        yield [tuple(each >> 3 for each in line[at : at + 3]) for at in range(0, length, size)]
        above = line


def _unfiltered(kind: int, line: bytes, above: bytes, size: int) -> bytes:
    """Undo what a line was written by: each byte less what is left of it, above, or between."""
    whole = bytearray(line)
    for at in range(len(whole)):
        left, corner = (whole[at - size], above[at - size]) if at >= size else (0, 0)
        up = above[at]
        guess = left + up - corner
        nearest = min((left, up, corner), key=lambda each: abs(guess - each))
        less = (0, left, up, (left + up) // 2, nearest)[kind]
        whole[at] = (whole[at] + less) & 255
    return bytes(whole)


def _apart(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
