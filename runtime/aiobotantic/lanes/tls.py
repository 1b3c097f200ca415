"""TLS contexts, one for all clients of a process that trust the same authorities.

A context takes 20 ms and more to make: do it in a thread.
"""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, Final

import botocore

Verify = bool | str

_making: Final = Lock()
_contexts: Final[dict[tuple[bool, str | None, int], ssl.SSLContext]] = {}


def shared_context(verify: Verify, make: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """Return the context of clients that trust the same authorities.

    Args:
        verify: Whether the other side must be known; or a file, or a folder, of certificates.
        make: Makes the context if there is none.
    """
    path = authorities(verify)
    key = (bool(verify), path, Path(path).stat().st_mtime_ns if path else 0)
    with _making:
        context = _contexts.get(key)
        if context is None:
            context = _contexts[key] = make()
    return context


def authorities(verify: Verify) -> str | None:
    """Return the file of certificates that aiobotocore would take."""
    if isinstance(verify, str):
        return verify
    if not verify:
        return None
    if find_spec("certifi") is not None:
        certifi: Any = import_module("certifi")  # botocore takes it where it is installed
        return str(certifi.where())
    return str(Path(str(botocore.__file__)).parent / "cacert.pem")


def make_context(verify: Verify) -> ssl.SSLContext:
    """Make a context as botocore makes its own, which the tests compare."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.options |= ssl.OP_NO_SSLv2 | ssl.OP_NO_SSLv3 | ssl.OP_NO_COMPRESSION | ssl.OP_NO_TICKET
    context.post_handshake_auth = True
    keys = os.environ.get("SSLKEYLOGFILE")
    if keys and not sys.flags.ignore_environment:
        context.keylog_filename = keys
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif path := authorities(verify):
        context.load_verify_locations(path)
    return context


def is_made_here() -> bool:
    """Return whether `make_context` is what botocore does: urllib3 1 chose ciphers of its own."""
    return not version("urllib3").startswith("1.")
