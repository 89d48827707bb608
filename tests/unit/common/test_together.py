"""Those who ask at the same time share one round trip, and nothing else."""

import asyncio
from collections.abc import Sequence

import pytest

from xqueue_common.errors import Unavailable
from xqueue_common.together import Joined, Together


class Oracle:
    """Answers a number with its double; 13 is more than it can bear."""

    def __init__(self) -> None:
        self.rounds: list[list[int]] = []

    async def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.rounds.append(list(numbers))
        await asyncio.sleep(0)
        if 13 in numbers:
            part = "oracle"
            raise Unavailable(part, "bad luck")
        return [2 * number for number in numbers]


async def test_those_who_ask_in_the_same_turn_share_a_round_trip_each_with_its_answer() -> None:
    oracle = Oracle()
    together = Together(oracle)

    assert await asyncio.gather(*map(together.ask, (1, 2, 2, 3))) == [2, 4, 4, 6]
    assert await together.ask(4) == 8
    assert oracle.rounds == [[1, 2, 2, 3], [4]]


async def test_all_of_a_round_that_failed_are_told_and_the_next_goes_on() -> None:
    together = Together(Oracle())
    failed = await asyncio.gather(*map(together.ask, (1, 13)), return_exceptions=True)

    assert {type(outcome) for outcome in failed} == {Unavailable}
    assert await together.ask(1) == 2


async def test_one_who_gives_up_harms_no_other() -> None:
    together = Together(Oracle())
    gone, stays = (asyncio.create_task(together.ask(number)) for number in (1, 2))
    await asyncio.sleep(0)
    gone.cancel()

    assert await stays == 4
    with pytest.raises(asyncio.CancelledError):
        await gone


class SlowOracle:
    """Answers when the test says so."""

    def __init__(self) -> None:
        self.answers: list[asyncio.Future[int]] = []

    async def __call__(self) -> int:
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.answers.append(answer)
        return await answer


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_asks_while_a_question_is_under_way_gets_the_answer_to_the_next() -> None:
    oracle = SlowOracle()
    joined = Joined(oracle)
    first = asyncio.create_task(joined.ask())
    await settle()
    later = [asyncio.create_task(joined.ask()) for _ in range(10)]
    await settle()

    oracle.answers[0].set_result(100)
    assert await first == 100
    await settle()
    oracle.answers[1].set_result(200)

    assert await asyncio.gather(*later) == [200] * 10
    assert len(oracle.answers) == 2


async def test_a_failed_question_fails_those_who_asked_it_and_nobody_else() -> None:
    oracle = SlowOracle()
    joined = Joined(oracle)
    first = asyncio.create_task(joined.ask())
    await settle()
    second = asyncio.create_task(joined.ask())
    await settle()

    oracle.answers[0].set_exception(Unavailable("kafka", "away"))
    with pytest.raises(Unavailable):
        await first
    await settle()
    oracle.answers[1].set_result(7)

    assert await second == 7


async def test_one_who_gives_up_does_not_take_the_answer_from_the_others() -> None:
    oracle = SlowOracle()
    joined = Joined(oracle)
    one, other = asyncio.create_task(joined.ask()), asyncio.create_task(joined.ask())
    await settle()

    one.cancel()
    await settle()
    oracle.answers[0].set_result(3)

    assert await other == 3
