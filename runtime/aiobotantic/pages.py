"""Pages: how they follow each other, and the iterators over them and over their items."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

from aiobotantic.errors import PaginationError
from aiobotantic.expressions import search
from aiobotantic.operation import Operation
from aiobotantic.pickling import resolve
from aiobotantic.structure import MASK, Request, Structure, describe, to_plain

Page = TypeVar("Page", bound=Structure, covariant=True)
Item = TypeVar("Item", covariant=True)

Send = Callable[[Operation[Any], Request[Any]], Coroutine[Any, Any, Any]]
"""Sends a request and returns the answer."""

_OFFSET = "boto_truncate_amount"


@dataclass(frozen=True)
class Pagination(Generic[Page, Item]):
    """How the pages of an operation follow each other."""

    operation: Operation[Page]
    input_token: str
    """Field of the request that names the page."""
    output_token: str
    """Field of the response that names the next page, or a JMESPath expression over it."""
    items: str | None = None
    """Field of the response that holds the items; None where the responses are the items."""
    page_size: str | None = None
    """Field of the request that says how many items a page has at most."""
    largest_page: int | None = None
    """The most that `page_size` may be; None where the model does not say."""
    more_results: str | None = None
    """The like of `output_token`, of what says whether there is a next page."""

    if not TYPE_CHECKING:

        def __class_getitem__(cls, types: object) -> type[Self]:
            """Return the class, as `Operation` does."""
            return cls

    def next_token(self, page: Structure) -> Any:
        """Return what names the page after this one; None where there is none."""
        if self.more_results is not None and not _find(page, self.more_results):
            return None
        return _find(page, self.output_token) or None

    def items_of(self, page: Structure) -> list[Any]:
        """Return the items of a page."""
        return [page] if self.items is None else getattr(page, self.items) or []


@dataclass(frozen=True, slots=True)
class _Position:
    """A place in the sequence of items: how many items of which page are done."""

    token: Any
    done: int = 0


class Paginator(Generic[Page, Item]):
    """The items of an operation that answers in pages; `pages()` gives the responses.

    Nothing is sent before the first item is asked for. An iteration may be left early, and
    iterating again starts from the beginning.
    """

    def __init__(
        self,
        send: Send,
        pagination: Pagination[Page, Item],
        request: Request[Any],
        *,
        limit: int | None = None,
        page_size: int | None = None,
        starting_token: str | None = None,
    ) -> None:
        """Prepare to iterate.

        Args:
            limit: The most items to give. Default: all.
            page_size: The most items that a response holds. Default: as many as the service gives
                at most, or `limit` where that is less.
            starting_token: A `resume_token` of an earlier iteration, also of boto3's.

        Raises:
            PaginationError: `starting_token` is none, or `limit` is negative.
        """
        if limit is not None and limit < 0:
            raise PaginationError(f"limit is {limit}: pass 0 or more")
        self._send = send
        self._pagination = pagination
        self._request = request
        self._limit = limit
        self._page_size = page_size
        self._start = _Position(None)
        if starting_token is not None:
            self._start = self._decode(starting_token)
        self._position: _Position | None = None

    def __aiter__(self) -> AsyncIterator[Item]:
        return _Items(self._walk())

    def pages(self) -> AsyncIterator[Page]:
        """Iterate over the responses.

        The first one lacks the items before `starting_token`, the last one those beyond `limit`.
        """
        return _Pages(self._walk())

    async def prefetched(self) -> AsyncGenerator[Item, None]:
        """Iterate over the items, and fetch the next page while the caller works on this one.

        Leaving the loop early cancels the fetch; `contextlib.aclosing` waits until it has.
        """
        walk = self._walk()
        coming = asyncio.ensure_future(walk.page())
        try:
            while (fetched := await coming) is not None:
                coming = asyncio.ensure_future(walk.page())
                walk.given(fetched, 0)
                for number, item in enumerate(fetched.items, 1):
                    walk.given(fetched, number)
                    yield item
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)

    @property
    def resume_token(self) -> str | None:
        """What continues after the last item given; None at the end, and before the start.

        boto3's paginators take it as `StartingToken`.
        """
        position = self._position
        return None if position is None else _encode(position, self._wire_token)

    @property
    def _wire_token(self) -> str:
        names = describe(self._request_class).wire_names
        return names[self._pagination.input_token]

    @property
    def _request_class(self) -> type[Request[Any]]:
        return self._pagination.operation.request_class

    def _decode(self, token: str) -> _Position:
        position = _position_of(token, self._wire_token)
        if position is not None:
            return position
        shown = repr(token)
        shown = shown if len(shown) <= 100 else f"{shown[:97]}..."
        if self._pagination.input_token in describe(self._request_class).sensitive:
            shown = MASK
        raise PaginationError(
            f"starting_token is {shown}: {self._pagination.operation.name} cannot go on from it. "
            "Pass the `resume_token` of an earlier iteration over the same operation, or of "
            f"boto3's paginator. A token out of a response is for `{self._pagination.input_token}` "
            "of the operation itself"
        )

    def _walk(self) -> _Walk[Page]:
        self._position = None
        return _Walk(self._fetch, self._pagination, self._start, self._limit, self._stand_at)

    async def _fetch(self, token: Any) -> Page:
        pagination = self._pagination
        members = describe(pagination.operation.request_class)
        convert = members.converters.get(pagination.input_token)
        if token is not None and convert is not None:
            token = convert(token)
        changes: dict[str, Any] = {pagination.input_token: token}
        if pagination.page_size is not None and (size := self._size()) is not None:
            changes[pagination.page_size] = size
        page: Page = await self._send(
            pagination.operation, self._request.model_copy(update=changes)
        )
        return page

    def _size(self) -> int | None:
        if self._page_size is not None:
            return self._page_size
        largest, field = self._pagination.largest_page, self._pagination.page_size
        if largest is None or getattr(self._request, str(field)) is not None:
            return None
        return largest if self._limit is None else min(largest, max(self._limit, 1))

    def _stand_at(self, position: _Position | None) -> None:
        self._position = position


@dataclass(frozen=True, slots=True)
class _Fetched(Generic[Page]):
    """A page, where it stands, and where the next one does."""

    page: Page
    items: list[Any]
    here: _Position
    after: _Position | None


class _Walk(Generic[Page]):
    """One iteration, page by page. It holds nothing open, so it may be dropped at any point."""

    def __init__(
        self,
        fetch: Callable[[Any], Coroutine[Any, Any, Page]],
        pagination: Pagination[Page, Any],
        start: _Position,
        left: int | None,
        stand_at: Callable[[_Position | None], None],
    ) -> None:
        self._fetch = fetch
        self._pagination = pagination
        self._next = start if left != 0 else None
        self._left = left
        self._stand_at = stand_at
        self._here = start
        self._repeated = False
        self._asked: set[int] = set()
        """Hashes of the tokens that were asked for: the tokens themselves may be long."""

    async def page(self) -> _Fetched[Page] | None:
        """Fetch the next page, cut to what is to be given; None after the last one."""
        if self._next is None:
            return None
        if self._repeated:
            raise PaginationError(
                f"{self._pagination.operation.name} named the same next page twice: the pages "
                "would never end"
            )
        self._here = self._next
        page = await self._fetch(self._here.token)
        token = self._pagination.next_token(page)
        if isinstance(self._here.token, str):
            self._asked.add(hash(self._here.token))
        again = isinstance(token, str) and hash(token) in self._asked
        self._repeated = token is not None and (again or token == self._here.token)
        return self._cut(page, None if token is None else _Position(token))

    def given(self, fetched: _Fetched[Any], count: int) -> None:
        """Note that the first `count` items of a page were given."""
        if count == len(fetched.items):
            self._stand_at(fetched.after)
        else:
            self._stand_at(replace(fetched.here, done=fetched.here.done + count))

    def _cut(self, page: Any, after: _Position | None) -> _Fetched[Page]:
        here = self._here
        items = self._pagination.items_of(page)[here.done :]
        self._next = after
        if self._left is not None and len(items) >= self._left:
            if len(items) > self._left:
                items = items[: self._left]
                after = replace(here, done=here.done + self._left)
            self._next = None
        if self._left is not None:
            self._left -= len(items)
        name = self._pagination.items
        if name is not None and getattr(page, name) is not None:
            setattr(page, name, items)
        return _Fetched(page, items, here, after)


class _Pages(Generic[Page]):
    def __init__(self, walk: _Walk[Page]) -> None:
        self._walk = walk

    def __aiter__(self) -> AsyncIterator[Page]:
        return self

    async def __anext__(self) -> Page:
        fetched = await self._walk.page()
        if fetched is None:
            raise StopAsyncIteration
        self._walk.given(fetched, len(fetched.items))
        return fetched.page


class _Items(Generic[Item]):
    def __init__(self, walk: _Walk[Any]) -> None:
        self._walk = walk
        self._fetched: _Fetched[Any] | None = None
        self._given = 0

    def __aiter__(self) -> AsyncIterator[Item]:
        return self

    async def __anext__(self) -> Item:
        while self._fetched is None or self._given >= len(self._fetched.items):
            self._fetched, self._given = await self._walk.page(), 0
            if self._fetched is None:
                raise StopAsyncIteration
            self._walk.given(self._fetched, 0)
        item: Item = self._fetched.items[self._given]
        self._given += 1
        self._walk.given(self._fetched, self._given)
        return item


def _find(page: Structure, place: str) -> Any:
    return getattr(page, place) if place.isidentifier() else search(page, place)


def _encode(position: _Position, wire_token: str) -> str:
    token: dict[str, Any] = {wire_token: to_plain(position.token)}
    if position.done:
        token[_OFFSET] = position.done
    coder: Any = resolve("botocore.paginate", "TokenEncoder")
    return str(coder().encode(token))


def _position_of(text: str, wire_token: str) -> _Position | None:
    coder: Any = resolve("botocore.paginate", "TokenDecoder")
    try:
        token: Any = coder().decode(text)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
        token = None
    if isinstance(token, dict) and wire_token in token:
        known = cast(dict[str, Any], token)
        done, value = known.get(_OFFSET, 0), known[wire_token]
        if isinstance(done, int) and done >= 0 and isinstance(value, (str, dict, type(None))):
            return _Position(value, done)
    return None
