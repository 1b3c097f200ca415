"""What aiobotocore logs of our calls at DEBUG: what happens, and not what is in it.

It shows requests with their headers, the session token and the canonical request among them, and
answers with their bodies, which for a credential provider are credentials. In our calls these
loggers keep their texts, and lose what is filled in. Calls of other clients are logged as ever.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import NoneType
from typing import Any, Final

from aiobotantic.structure import MASK

_SHOWING: Final = (
    "auth",
    "awsrequest",
    "endpoint",
    "httpsession",
    "parsers",
    "retryhandler",
    "utils",
)
LOGGERS: Final = tuple(
    f"{package}.{module}" for package in ("botocore", "aiobotocore") for module in _SHOWING
)
"""The loggers that show requests and answers."""

OURS: ContextVar[bool] = ContextVar("aiobotantic_ours", default=False)
"""Whether what is logged now belongs to a call of ours."""


@contextmanager
def masked_logs() -> Generator[None]:
    """Mask what those loggers say inside the block, and in what it awaits."""
    token = OURS.set(True)
    try:
        yield
    finally:
        OURS.reset(token)


class _Masked(logging.Filter):
    # A filter is asked only where a record is made at all: with DEBUG off this costs nothing.
    def filter(self, record: logging.LogRecord) -> bool:
        if OURS.get():
            _mask(record)
        return True


def install() -> None:
    """Let those loggers ask, once in a process however often it is called."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_MASKED)


def _mask(record: logging.LogRecord) -> None:
    args = record.args
    if isinstance(args, Mapping):
        record.args = {name: _shown(value) for name, value in args.items()}
    elif args:
        record.args = tuple(map(_shown, args))
    if record.exc_info:  # its text may name the whole address
        kind = record.exc_info[0]
        record.msg = f"{record.msg} ({kind.__name__})" if kind else record.msg
        record.exc_info = record.exc_text = None


def _shown(value: Any) -> Any:
    if isinstance(value, (int, float, NoneType)) or type(value).__module__ == "botocore.model":
        return value
    return MASK


_MASKED: Final = _Masked()
install()
