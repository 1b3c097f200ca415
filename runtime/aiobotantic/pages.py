"""Pages: how they follow each other, and the iterators over them and over their items."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from aiobotantic.errors import PaginationError
from aiobotantic.operation import Operation
from aiobotantic.structure import Request, Structure, describe

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
    """Field of the response that names the next page."""
    items: str
    """Field of the response that holds the items."""
    page_size: str | None = None
    """Field of the request that says how many items a page has at most."""


@dataclass(frozen=True, slots=True)
class _Position:
    """A place in the sequence of items: how many items of which page are done."""

    token: str | None
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
            page_size: The most items that a response holds. Default: the service's.
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
            self._start = _decode(starting_token, self._wire_token)
        self._position: _Position | None = None

    def __aiter__(self) -> AsyncIterator[Item]:
        return _Items(self._begin())

    def pages(self) -> AsyncIterator[Page]:
        """Iterate over the responses.

        The first one lacks the items before `starting_token`, the last one those beyond `limit`.
        """
        return _Pages(self._begin())

    @property
    def resume_token(self) -> str | None:
        """What continues after the last item given; None at the end, and before the start.

        boto3's paginators take it as `StartingToken`.
        """
        position = self._position
        return None if position is None else _encode(position, self._wire_token)

    @property
    def _wire_token(self) -> str:
        names = describe(self._pagination.operation.request_class).wire_names
        return names[self._pagination.input_token]

    def _begin(self) -> _Walk[Page]:
        self._position = None
        return _Walk(self, self._start, self._limit)


class _Walk(Generic[Page]):
    """One iteration, page by page. It holds nothing open, so it may be dropped at any point."""

    def __init__(self, paginator: Paginator[Page, Any], start: _Position, left: int | None) -> None:
        self._paginator = paginator
        self._next: _Position | None = start if left != 0 else None
        self._left = left
        self._end: _Position | None = None
        self._repeated = False
        self.token: str | None = None
        self.before = 0
        """Items of the page that were given by an earlier iteration."""

    async def page(self) -> Page | None:
        """Fetch the next page, cut to what is to be given; None after the last one."""
        position = self._next
        if position is None:
            return None
        if self._repeated:
            raise PaginationError(
                f"{self._paginator._pagination.operation.name} named the same next page twice: it "
                "would never end"
            )
        paginator = self._paginator
        pagination = paginator._pagination
        changes: dict[str, Any] = {pagination.input_token: position.token}
        if pagination.page_size is not None and paginator._page_size is not None:
            changes[pagination.page_size] = paginator._page_size
        request = paginator._request.model_copy(update=changes)
        page: Page = await paginator._send(pagination.operation, request)
        self.token, self.before = position.token, position.done
        self._turn(page, pagination)
        return page

    def _turn(self, page: Structure, pagination: Pagination[Page, Any]) -> None:
        token = getattr(page, pagination.output_token) or None
        self._repeated = token is not None and token == self.token
        items = getattr(page, pagination.items)
        given = (items or [])[self.before :]
        end = None if token is None else _Position(token)
        if self._left is not None and len(given) >= self._left:
            if len(given) > self._left:
                given = given[: self._left]
                end = _Position(self.token, self.before + self._left)
            self._left = 0
            self._next = None
        else:
            self._left = None if self._left is None else self._left - len(given)
            self._next = end
        if items is not None:
            setattr(page, pagination.items, given)
        self._end = end

    def done(self, page: Structure, items: int | None = None) -> None:
        """Note that `items` of a page were given; None: all."""
        pagination = self._paginator._pagination
        total = len(getattr(page, pagination.items) or [])
        if items is None or items == total:
            self._paginator._position = self._end
        else:
            self._paginator._position = _Position(self.token, self.before + items)


class _Pages(Generic[Page]):
    def __init__(self, walk: _Walk[Page]) -> None:
        self._walk = walk

    def __aiter__(self) -> AsyncIterator[Page]:
        return self

    async def __anext__(self) -> Page:
        page = await self._walk.page()
        if page is None:
            raise StopAsyncIteration
        self._walk.done(page)
        return page


class _Items(Generic[Item]):
    def __init__(self, walk: _Walk[Any]) -> None:
        self._walk = walk
        self._page: Structure | None = None
        self._items: list[Item] = []
        self._place = 0

    def __aiter__(self) -> AsyncIterator[Item]:
        return self

    async def __anext__(self) -> Item:
        while self._place >= len(self._items):
            page = await self._walk.page()
            if page is None:
                raise StopAsyncIteration
            self._page, self._place = page, 0
            self._items = getattr(page, self._walk._paginator._pagination.items) or []
            self._walk.done(page, 0)
        item = self._items[self._place]
        self._place += 1
        assert self._page is not None
        self._walk.done(self._page, self._place)
        return item


def _encode(position: _Position, wire_token: str) -> str:
    from botocore.paginate import TokenEncoder

    token: dict[str, Any] = {wire_token: position.token}
    if position.done:
        token[_OFFSET] = position.done
    encoded: str = TokenEncoder().encode(token)
    return encoded


def _decode(text: str, wire_token: str) -> _Position:
    from botocore.paginate import TokenDecoder

    try:
        token: Any = TokenDecoder().decode(text)
    except (ValueError, TypeError):
        token = None
    if isinstance(token, Mapping) and wire_token in token:
        done, value = token.get(_OFFSET, 0), token[wire_token]
        if isinstance(done, int) and done >= 0 and isinstance(value, (str, type(None))):
            return _Position(value, done)
    raise PaginationError(
        "starting_token is none: pass the `resume_token` of an earlier iteration over the same "
        "operation, or boto3's"
    )
