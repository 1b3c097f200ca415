"""A generated package, written by hand: small, with one of each thing that can go wrong."""

from typing import TYPE_CHECKING

from aiobotantic.lazy import lazy_exports

if TYPE_CHECKING:
    from sample_service.workshop.client import Workshop as Workshop

__getattr__, __dir__ = lazy_exports(__name__, {"workshop.client": ["Workshop"]})
