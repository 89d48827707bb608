"""The gate: no more are let in than may wait, however many come at once, and nobody is asked without need."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from unit.gateway.made import HeldClock, spec

from xqueue_common.cell import Cell
from xqueue_common.errors import Unavailable
from xqueue_common.limits import Limit, QueueSettings
from xqueue_common.views import Waiting
from xqueue_gateway.control.book import Book
from xqueue_gateway.problems import Problem
from xqueue_gateway.push.drain import Drain
from xqueue_gateway.push.rates import Rates
from xqueue_gateway.tasks.gate import Gate, Place


class CountingCell(Cell):
    """Says what the test wants it to."""

    def __init__(self) -> None:
        self.number = 0
        self.asked: list[list[str]] = []
        self.commands = 100
        self.waits: dict[str, int] = {}
        self.away = False

    async def waiting(self, scopes: Sequence[str]) -> Waiting:
        self.asked.append(list(scopes))
        await asyncio.sleep(0)
        if self.away:
            part = "redis"
            raise Unavailable(part, "away")
        return Waiting(self.commands, {scope: self.waits.get(scope, 0) for scope in scopes})


class Gated:
    """A gate in front of one cell."""

    def __init__(self, *, reject_hopeless: bool = False) -> None:
        self.cell, self.book, self.clock = CountingCell(), Book(), HeldClock()
        self.drain = Drain(Rates(self.clock.now))
        self.gate = Gate(
            {0: self.cell},
            books={0: self.book},
            drain=self.drain,
            clock=self.clock,
            reject_hopeless=reject_hopeless,
        )

    async def enter(self, count: int = 1, **fields: Any) -> list[Place | Problem]:
        return await self.gate.enter([spec(number, **fields) for number in range(1, count + 1)])


def let_in(outcomes: Sequence[Place | Problem]) -> int:
    return sum(isinstance(outcome, Place) for outcome in outcomes)


async def test_nobody_is_asked_where_nothing_is_bounded() -> None:
    gated = Gated()

    assert let_in(await gated.enter(1_000)) == 1_000
    assert gated.cell.asked == []


async def test_of_many_the_first_that_fit_are_let_in() -> None:
    gated = Gated()
    gated.book.note("queue/default", 0, QueueSettings(max_size=5))
    gated.cell.waits["q/default"] = 2

    outcomes = await gated.enter(10)

    assert [isinstance(outcome, Place) for outcome in outcomes] == [True] * 3 + [False] * 7
    assert gated.cell.asked == [["q/default"]]


async def test_those_who_come_at_once_share_a_question_and_the_room() -> None:
    gated = Gated()
    gated.book.note("limit/tenant/default", 0, Limit(max_size=7))

    outcomes = await asyncio.gather(*(gated.enter() for _ in range(50)))

    assert let_in([outcome for [outcome] in outcomes]) == 7
    assert len(gated.cell.asked) == 1


async def test_a_task_that_is_refused_by_one_bound_takes_no_room_under_another() -> None:
    gated = Gated()
    gated.book.note("queue/default", 0, QueueSettings(max_size=3))
    gated.book.note("limit/key/default/k", 0, Limit(max_size=1))

    assert let_in(await gated.enter(3, concurrency_key="k")) == 1
    assert let_in(await gated.enter(3)) == 2


async def test_what_was_appended_counts_until_the_cell_has_it() -> None:
    gated = Gated()
    gated.book.note("queue/default", 0, QueueSettings(max_size=1))
    [place] = await gated.enter()
    offset = asyncio.get_running_loop().create_future()
    assert isinstance(place, Place)
    place.hold(offset)
    offset.set_result(100)
    await asyncio.sleep(0)

    assert let_in(await gated.enter()) == 0
    gated.cell.commands = 101  # it was applied, and has begun
    assert let_in(await gated.enter()) == 1


async def test_what_was_not_appended_makes_room() -> None:
    gated = Gated()
    gated.book.note("queue/default", 0, QueueSettings(max_size=1))
    [place] = await gated.enter()
    assert isinstance(place, Place)
    offset = asyncio.get_running_loop().create_future()
    place.hold(offset)
    offset.set_exception(Unavailable("kafka", "away"))
    await asyncio.sleep(0)

    assert let_in(await gated.enter()) == 1


async def test_without_the_cell_what_was_known_and_what_was_appended_count() -> None:
    gated = Gated()
    gated.book.note("queue/default", 0, QueueSettings(max_size=4))
    gated.cell.waits["q/default"] = 2
    await gated.enter()
    gated.cell.away = True

    assert let_in(await gated.enter(5)) == 1


def crowded(*, reject_hopeless: bool) -> Gated:
    """A hundred tasks of the tenant `default` wait, none of them with the key `free`; one ends each second."""
    gated = Gated(reject_hopeless=reject_hopeless)
    gated.cell.waits = {"q/default": 100, "n/default": 100}
    for _ in range(60):
        gated.drain.count(spec(), gated.clock.now, bounded_key=False)
    gated.clock.now += 59_000
    return gated


@pytest.mark.parametrize(
    "fields", [{"tenant": "light"}, {"concurrency_key": "free"}, {"priority": 1}], ids=["tenant", "key", "priority"]
)
async def test_what_may_overtake_those_that_wait_is_not_hopeless(fields: dict[str, Any]) -> None:
    gated = crowded(reject_hopeless=True)

    [outcome] = await gated.enter(queue_timeout_ms=50_000, **fields)

    assert isinstance(outcome, Place)


async def test_hopeless_tasks_are_refused_where_the_operator_wants_it() -> None:
    for wanted in (True, False):
        gated = crowded(reject_hopeless=wanted)

        [outcome] = await gated.enter(queue_timeout_ms=50_000)

        assert isinstance(outcome, Problem) is wanted
