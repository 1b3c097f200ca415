"""Workshop"""

from typing import TYPE_CHECKING

from aiobotantic.lazy import lazy_exports

if TYPE_CHECKING:
    from sample_service.workshop.client import Workshop as Workshop

__getattr__, __dir__ = lazy_exports(__name__, {"client": ["Workshop"]})
