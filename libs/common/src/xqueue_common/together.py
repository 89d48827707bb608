"""One round trip for several who ask at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, TypeVar

from xqueue_common.errors import XQueueError

Q = TypeVar("Q")
A = TypeVar("A")


class Together(Generic[Q, A]):
    """The together is responsible for one round trip where several ask at once, each with its own answer."""

    def __init__(self, ask_all: Callable[[Sequence[Q]], Awaitable[Sequence[A]]]) -> None:
        self._ask_all = ask_all
        self._asked: list[tuple[Q, asyncio.Future[A]]] = []
        self._under_way: set[asyncio.Task[None]] = set()

    async def ask(self, question: Q) -> A:
        """Return the answer; raises what asking for all of them raised."""
        if not self._asked:
            asking = asyncio.create_task(self._ask())
            self._under_way.add(asking)
            asking.add_done_callback(self._under_way.discard)
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._asked.append((question, answer))
        return await answer

    async def _ask(self) -> None:
        asked, self._asked = self._asked, []
        waiting = [answer for _, answer in asked]
        try:
            answers = await self._ask_all([question for question, _ in asked])
        except XQueueError as error:
            fail_each(waiting, error)
        except BaseException as error:  # a mistake, or the end: nobody may wait for ever
            fail_each(waiting, error)
            raise
        else:
            answer_each(waiting, answers)


class Joined(Generic[A]):
    """The joined is responsible for one question at a time, whose answer is for all who ask meanwhile.

    A question under way may have been answered before whoever comes now did what it asks about: it shares the one
    after that.
    """

    def __init__(self, ask: Callable[[], Awaitable[A]]) -> None:
        self._ask = ask
        self._asking: asyncio.Task[A] | None = None
        self._next: asyncio.Task[A] | None = None

    async def ask(self) -> A:
        """Return an answer to a question that is asked after this call; raises what asking raised."""
        if self._next is None:
            self._next = asyncio.create_task(self._ask_after(self._asking))
            self._next.add_done_callback(_heard)
        return await asyncio.shield(self._next)

    async def _ask_after(self, before: asyncio.Task[A] | None) -> A:
        if before is not None:
            await asyncio.wait([before])
        self._asking, self._next = self._next, None
        return await self._ask()


def answer_each(waiting: Iterable["asyncio.Future[A]"], answers: Iterable[A]) -> None:
    """Give everybody who still waits its own answer."""
    for future, told in zip(waiting, answers, strict=True):
        if not future.done():
            future.set_result(told)


def fail_each(waiting: Iterable["asyncio.Future[A]"], error: BaseException) -> None:
    """Tell everybody who still waits that there will be no answer."""
    for future in waiting:
        if not future.done():
            future.set_exception(error)


def _heard(asking: "asyncio.Task[A]") -> None:
    """Take note of an answer that nobody waits for any more, or asyncio would complain of its error."""
    if not asking.cancelled():
        asking.exception()
