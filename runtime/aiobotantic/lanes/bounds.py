"""How long an answer may be: aiohttp reads whatever arrives."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

from aiobotantic.options import MAX_ANSWER_BYTES

most_bytes: Final = ContextVar("aiobotantic_most_bytes", default=MAX_ANSWER_BYTES)
"""The longest answer that the call under way takes."""
