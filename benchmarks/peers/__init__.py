"""The peers: one module each, whose import is what a user of the peer imports.

A module has `control(url)` and, where the peer has SageMaker's runtime, `runtime(url)`: async
context managers around an open client, which give a function without arguments for each kind of
call in `work.KINDS` that the peer can make; `CANNOT` says why it cannot make another. Each call is
written as a user of the peer would write it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

Calls: TypeAlias = dict[str, Callable[[], Awaitable[object]]]

TITLES: Final = {
    "aiobotocore": "aiobotocore",
    "boto3_threads": "boto3 in threads",
    "validated": "aiobotocore + model_validate",
    "capo": "capo-sagemaker",
    "sagemaker_core": "sagemaker-core in threads",
    "floor": "aiohttp + orjson + own SigV4",
    "ours_botocore": "ours, botocore pipeline",
    "ours_structures": "ours, structures built first",
    "ours": "ours",
}
"""Peers by module; the first one is what ratios are against."""

DISTRIBUTIONS: Final = {
    "aiobotocore": "aiobotocore",
    "boto3_threads": "boto3",
    "validated": "aiobotocore",
    "capo": "capo-sagemaker",
    "sagemaker_core": "sagemaker-core",
    "floor": "orjson",
    "ours_botocore": "aiosagemaker",
    "ours_structures": "aiosagemaker",
    "ours": "aiosagemaker",
}
"""Whose version is told."""
