"""A small face of S3: objects in memory, for inputs and outputs of jobs and invocations."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from hashlib import md5
from html import escape
from typing import Any, Final
from urllib.parse import parse_qs, unquote

from aiobotantic.testing.json_protocol import HttpAnswer, HttpRequest

_XML: Final = {"Content-Type": "application/xml"}
_MODIFIED: Final = "2024-01-01T00:00:00.000Z"
_MODIFIED_HTTP: Final = "Mon, 01 Jan 2024 00:00:00 GMT"


class Objects:
    """Objects by `s3://bucket/key`. A bucket is there as soon as it is named."""

    def __init__(self) -> None:
        self._objects: dict[tuple[str, str], bytes] = {}

    def read(self, uri: str) -> bytes:
        """Return the bytes of an object.

        Raises:
            KeyError: there is no such object; the message lists those that are there.
        """
        if (found := self._objects.get(_place(uri))) is None:
            raise KeyError(f"no object {uri}; there are: {', '.join(self) or 'none'}")
        return found

    def write(self, uri: str, body: bytes) -> None:
        """Keep the bytes of an object."""
        self._objects[_place(uri)] = body

    def __iter__(self) -> Iterator[str]:
        return iter([f"s3://{bucket}/{key}" for bucket, key in sorted(self._objects)])

    def snapshot(self) -> dict[str, str]:
        """Return the objects as values that JSON can hold."""
        return {uri: b64encode(self.read(uri)).decode() for uri in self}

    def restore(self, snapshot: Mapping[str, str]) -> None:
        """Keep what a snapshot holds, and nothing else."""
        self._objects = {_place(uri): b64decode(body) for uri, body in snapshot.items()}

    def answer(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request for PutObject, GetObject, HeadObject, DeleteObject or ListObjectsV2."""
        path, _, query = request.target.partition("?")
        bucket, _, key = unquote(path).lstrip("/").partition("/")
        if not key:
            return self._of_bucket(request.method, bucket, parse_qs(query))
        place = (bucket, key)
        if request.method == "PUT":
            self._objects[place] = _unchunked(request)
            return HttpAnswer(200, b"", {"ETag": _etag(self._objects[place])})
        if request.method == "DELETE":
            self._objects.pop(place, None)
            return HttpAnswer(204, b"")
        if request.method not in ("GET", "HEAD"):
            return _fault(501, "NotImplemented", f"{request.method} of an object is not served.")
        body = self._objects.get(place)
        if body is None:
            return _fault(404, "NoSuchKey", "The specified key does not exist.", Key=key)
        headers = {
            "ETag": _etag(body),
            "Last-Modified": _MODIFIED_HTTP,
            "Content-Type": "binary/octet-stream",
        }
        return HttpAnswer(200, body, headers)

    def _of_bucket(self, method: str, bucket: str, query: Mapping[str, list[str]]) -> HttpAnswer:
        if method in ("PUT", "HEAD"):
            return HttpAnswer(200, b"")
        if method != "GET" or not bucket:
            return _fault(501, "NotImplemented", f"{method} of a bucket is not served.")
        prefix = query.get("prefix", [""])[0]
        after = query.get("continuation-token", query.get("start-after", [""]))[0]
        size = int(query.get("max-keys", ["1000"])[0])
        keys = sorted(
            key
            for held, key in self._objects
            if held == bucket and key.startswith(prefix) and key > after
        )
        shown = keys[:size]
        more = len(keys) > size
        items = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{_MODIFIED}</LastModified>"
            f"<ETag>{escape(_etag(self._objects[bucket, key]))}</ETag>"
            f"<Size>{len(self._objects[bucket, key])}</Size></Contents>"
            for key in shown
        )
        token = (
            f"<NextContinuationToken>{escape(shown[-1])}</NextContinuationToken>" if more else ""
        )
        text = (
            f"<ListBucketResult><Name>{escape(bucket)}</Name><Prefix>{escape(prefix)}</Prefix>"
            f"<KeyCount>{len(shown)}</KeyCount><MaxKeys>{size}</MaxKeys>"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{items}</ListBucketResult>"
        )
        return HttpAnswer(200, text.encode(), dict(_XML))


def _place(uri: str) -> tuple[str, str]:
    bucket, mark, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not mark or not key:
        raise ValueError(f"{uri!r} names no object: pass one such as s3://bucket/key")
    return bucket, key


def _unchunked(request: HttpRequest) -> bytes:
    """Return a body without the chunks that signed uploads are cut into."""
    if "aws-chunked" not in request.headers.get("Content-Encoding", ""):
        return request.body
    whole, rest = b"", request.body
    while rest:
        head, _, rest = rest.partition(b"\r\n")
        size = int(head.partition(b";")[0] or b"0", 16)
        if size == 0:
            break
        whole, rest = whole + rest[:size], rest[size + 2 :]
    return whole


def _etag(body: bytes) -> str:
    return f'"{md5(body, usedforsecurity=False).hexdigest()}"'


def _fault(status: int, code: str, message: str, **more: Any) -> HttpAnswer:
    members = {"Code": code, "Message": message, **more}
    text = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in members.items())
    return HttpAnswer(status, f"<Error>{text}</Error>".encode(), dict(_XML))
