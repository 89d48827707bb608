"""Asking Kafka for the end of a log: together, but never with an answer from before the question."""

import asyncio

import pytest

from xqueue_common.errors import Unavailable
from xqueue_common.kafka.tail import Tail
from xqueue_gateway.tasks.ends import End


class SlowTail(Tail):
    """Answers when the test says so, with the number of the question."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers: list[asyncio.Future[int]] = []

    async def end(self) -> int:
        self.asked += 1
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.answers.append(answer)
        return await answer


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_asks_while_a_question_is_under_way_gets_the_answer_to_the_next() -> None:
    tail = SlowTail()
    end = End(tail)
    first = asyncio.create_task(end.ask())
    await settle()
    later = [asyncio.create_task(end.ask()) for _ in range(10)]
    await settle()

    tail.answers[0].set_result(100)
    assert await first == 100
    await settle()
    tail.answers[1].set_result(200)

    assert await asyncio.gather(*later) == [200] * 10
    assert tail.asked == 2


async def test_a_failed_question_fails_those_who_asked_it_and_nobody_else() -> None:
    tail = SlowTail()
    end = End(tail)
    first = asyncio.create_task(end.ask())
    await settle()
    second = asyncio.create_task(end.ask())
    await settle()

    tail.answers[0].set_exception(Unavailable("kafka", "away"))
    with pytest.raises(Unavailable):
        await first
    await settle()
    tail.answers[1].set_result(7)

    assert await second == 7


async def test_one_who_gives_up_does_not_take_the_answer_from_the_others() -> None:
    tail = SlowTail()
    end = End(tail)
    one, other = asyncio.create_task(end.ask()), asyncio.create_task(end.ask())
    await settle()

    one.cancel()
    await settle()
    tail.answers[0].set_result(3)

    assert await other == 3
