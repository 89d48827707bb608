"""Questions that are asked in the same turn of the event loop, put together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
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
            _fail(waiting, error)
        except BaseException as error:  # a mistake, or the end: nobody may wait for ever
            _fail(waiting, error)
            raise
        else:
            for answer, told in zip(waiting, answers, strict=True):
                if not answer.done():
                    answer.set_result(told)


def _fail(waiting: Sequence["asyncio.Future[A]"], error: BaseException) -> None:
    for answer in waiting:
        if not answer.done():
            answer.set_exception(error)
