"""Bodies on their way out: read twice at least, for the signature and for sending."""

from __future__ import annotations

import asyncio
import inspect
import os
from contextlib import ExitStack
from io import RawIOBase
from tempfile import SpooledTemporaryFile
from typing import Any, Final

from aiobotantic.bodies import CHUNK, TAKEN
from aiobotantic.checks import UNWRITABLE, Refusal
from aiobotantic.errors import RequestValidationError
from aiobotantic.lanes import Call

_KEPT_IN_MEMORY: Final = 8 * 1024 * 1024
"""Bytes of a request's body that is copied; a longer one goes to a temporary file."""


async def rewindable(call: Call, copies: ExitStack) -> Any:
    """Return the body of a request, to be read again from where it stands now.

    A file that can be rewound is read in place. Any other, and an iterator, is copied, and the
    copy lives as long as `copies`.

    Raises:
        RequestValidationError: it gives what is no bytes, or is not open for reading.
    """
    body = call.http.body
    if isinstance(body, bytes):
        return body
    if not hasattr(body, "__aiter__") or hasattr(body, "read"):
        try:
            if _is_seekable(body) and not await _waits(body):
                return _FromHere(call)
        except ValueError as error:  # closed, or not opened for reading
            raise _refusal(call, f"cannot be read: {error}") from error
    copy = copies.enter_context(SpooledTemporaryFile[bytes](_KEPT_IN_MEMORY))
    if hasattr(body, "read"):
        await _copy_file(call, copy)
    else:
        async for chunk in body:
            copy.write(_bytes_of(call, chunk))
    copy.seek(0)
    return copy


def _is_seekable(file: Any) -> bool:
    if inspect.iscoroutinefunction(file.read) or not _takes_size(file.read):
        return False
    if hasattr(file, "readable") and not file.readable():
        raise ValueError("it is not open for reading")
    if hasattr(file, "seekable"):
        return bool(file.seekable())
    return hasattr(file, "seek") and hasattr(file, "tell")


async def _waits(file: Any) -> bool:
    """Return whether `read`, a plain function, gives what must be awaited."""
    nothing = file.read(0)
    if not inspect.isawaitable(nothing):
        return False
    await nothing
    return True


def _takes_size(read: Any) -> bool:
    try:
        inspect.signature(read).bind(CHUNK)
    except TypeError:
        return False
    except ValueError:  # written in C, without a signature
        return True
    return True


async def _copy_file(call: Call, copy: Any) -> None:
    read = call.http.body.read
    size = (CHUNK,) if _takes_size(read) else ()
    waits = inspect.iscoroutinefunction(read)
    while True:
        chunk = read(*size) if waits else await asyncio.to_thread(read, *size)
        if inspect.isawaitable(chunk):
            chunk = await chunk
        if not chunk:
            return
        copy.write(_bytes_of(call, chunk))
        if not size:
            return


def _bytes_of(call: Call, chunk: Any) -> bytes:
    if isinstance(chunk, bytes):
        return chunk
    try:
        return bytes(memoryview(chunk))
    except TypeError:
        raise _refusal(call, f"gives {type(chunk).__name__}, not bytes") from None


def _refusal(call: Call, problem: str) -> RequestValidationError:
    refusal = Refusal(
        path=call.http.body_name, problem=f"{problem}: pass {TAKEN}", kind=UNWRITABLE, value=""
    )
    return RequestValidationError(f"{call.operation.name}: {refusal}", [refusal])


class _FromHere(RawIOBase):
    """The rest of a file as a file of its own: 0 is where it stood when the call began."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._file = call.http.body
        self._start: int = self._file.tell()
        self.read(1)  # what is no bytes is refused before anything is sent
        self.seek(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        return _bytes_of(self._call, self._file.read(-1 if size is None else size))

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._file.seek(offset + self._start if whence == os.SEEK_SET else offset, whence)
        return self.tell()

    def tell(self) -> int:
        return max(0, int(self._file.tell()) - self._start)  # it may have stood past its end
