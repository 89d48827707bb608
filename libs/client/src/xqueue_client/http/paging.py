"""Reading a list page after page, as its items are asked for."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from xqueue_client.filters import Pairs
from xqueue_client.http.call import Call
from xqueue_client.http.doors import AsyncDoor, Door

PAGE = 200
"""What a gateway gives at once, at most."""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class PageOf(Protocol[T_co]):
    """Some items, and where the list goes on."""

    @property
    def items(self) -> Sequence[T_co]:
        """The items."""

    @property
    def next_cursor(self) -> str | None:
        """What to ask with for the next page; None: this is the last."""


def place(cursor: str | None, size: int) -> Pairs:
    """Return which page, as query parameters."""
    return [("limit", str(size)), *([("cursor", cursor)] if cursor else [])]


def paged(door: Door, page: Callable[[str | None], Call[PageOf[T]]]) -> Iterator[T]:
    """Yield the items of all pages."""
    cursor: str | None = None
    while True:
        answer = door.send(page(cursor))
        yield from answer.items
        cursor = answer.next_cursor
        if cursor is None:
            return


async def paged_async(door: AsyncDoor, page: Callable[[str | None], Call[PageOf[T]]]) -> AsyncIterator[T]:
    """Yield the items of all pages."""
    cursor: str | None = None
    while True:
        answer = await door.send(page(cursor))
        for item in answer.items:
            yield item
        cursor = answer.next_cursor
        if cursor is None:
            return
