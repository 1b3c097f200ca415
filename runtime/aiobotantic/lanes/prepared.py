"""aiobotocore's prepared requests, their headers copied once instead of four times."""

from __future__ import annotations

from typing import Any, Final

from aiobotantic.lanes.originals import Originals
from aiobotantic.pickling import resolve

# Not imported by name: they have no type information.
_AWSPreparedRequest = resolve("botocore.awsrequest", "AWSPreparedRequest")
_HeadersDict = resolve("botocore.awsrequest", "HeadersDict")
_AioEndpoint: Any = resolve("aiobotocore.endpoint", "AioEndpoint")
_HeaderKey: Any = resolve("botocore.awsrequest", "_HeaderKey")

_LEFT_OUT: Final = Originals(
    (
        ("aiobotocore.endpoint", "AioEndpoint.prepare_request"),
        ("botocore.awsrequest", "AWSRequest.prepare"),
    )
)
_WITHOUT_LENGTH: Final = ("GET", "HEAD", "OPTIONS")


class QuickEndpoint(_AioEndpoint):  # type: ignore[misc]
    """aiobotocore's endpoint, which prepares requests whose body is bytes in one go."""

    def prepare_request(self, request: Any) -> Any:
        """Return a request as it is sent."""
        body = request.data
        if request.params or not isinstance(body, bytes) or _LEFT_OUT.replaced() is not None:
            return _AioEndpoint.prepare_request(self, request)
        headers = _HeadersDict()
        kept: dict[Any, bytes] = headers._dict
        for name, value in request.headers.items():
            kept[_HeaderKey(name)] = value.encode() if isinstance(value, str) else value
        lengthy = "Content-Length" in headers or "Transfer-Encoding" in headers
        if not lengthy and request.method not in _WITHOUT_LENGTH:
            headers["Content-Length"] = str(len(body))
        return _AWSPreparedRequest(
            request.method,
            request.url,
            headers,
            body or None,
            request.stream_output,
            request.context,
        )


def plain_headers(headers: Any) -> dict[str, Any]:
    """Return botocore's headers as a dict, in their order."""
    if type(headers) is _HeadersDict:
        return {str(key): value for key, value in headers._dict.items()}
    return dict(headers.items())


def prepare_quickly(endpoint: Any) -> None:
    """Let the endpoint of one client prepare requests so; one of another class stays."""
    if type(endpoint) is _AioEndpoint:
        endpoint.__class__ = QuickEndpoint
