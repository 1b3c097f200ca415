"""Bodies on their way out: read twice at least, for the signature and for sending."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from shutil import copyfileobj
from tempfile import SpooledTemporaryFile
from typing import Any

_KEPT_IN_MEMORY = 8 * 1024 * 1024
"""Bytes of a request's body that is copied; a longer one goes to a temporary file."""


async def rewindable(body: Any, copies: ExitStack) -> Any:
    """Return a body that can be read again: itself, or a copy that lives as long as `copies`.

    An iterator is copied, and a file that cannot be rewound.
    """
    iterates = hasattr(body, "__aiter__")
    if not iterates and (not hasattr(body, "read") or body.seekable()):
        return body
    copy = copies.enter_context(SpooledTemporaryFile[bytes](_KEPT_IN_MEMORY))
    if iterates:
        async for chunk in body:
            copy.write(chunk)
    else:
        await asyncio.to_thread(copyfileobj, body, copy)
    copy.seek(0)
    return copy
