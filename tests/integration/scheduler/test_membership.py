"""Which scheduler runs which cells: a real consumer group, with loops that do nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from support.eventually import eventually

from xqueue_common.kafka.admin import ensure_topics
from xqueue_common.topics import Topics
from xqueue_embedded import Kafka
from xqueue_scheduler.membership import Membership
from xqueue_scheduler.settings import Settings
from xqueue_scheduler.store.values import Position

CELLS = 2
FOREVER_S = 600.0
"""A session that no test outlives: whatever moves, moves because somebody said goodbye."""


class IdleLoop:
    """A cell that is taken once it may be, and idle then."""

    def __init__(self, cell: int, runs: set[int], may_take: asyncio.Event) -> None:
        self._cell = cell
        self._runs = runs
        self._may_take = may_take
        self.held = asyncio.Event()

    async def run(self) -> None:
        self._runs.add(self._cell)
        try:
            await self._may_take.wait()
            self.held.set()
            await asyncio.get_running_loop().create_future()
        finally:
            self.held.set()
            self._runs.discard(self._cell)

    def position(self) -> Position:
        return Position(0, 0)


class Member:
    """A scheduler as far as the group is concerned.

    Attributes:
        runs: the cells that it runs.
        may_take: whether taking a cell comes to its end.
    """

    def __init__(self, kafka: Kafka, topics: Topics, name: str, session_s: float) -> None:
        self.runs: set[int] = set()
        self.may_take = asyncio.Event()
        self.may_take.set()
        settings = Settings(
            kafka_bootstrap=kafka.bootstrap,
            scheduler_id=name,
            scheduler_group=f"{topics.prefix}scheduler",
            session_s=session_s,
        )
        self._membership = Membership(
            settings=settings,
            topics=topics,
            cell_of=lambda cell: IdleLoop(cell, self.runs, self.may_take),  # type: ignore[arg-type,return-value]  # idle
        )
        self._running = asyncio.create_task(self._membership.run())

    async def settled(self) -> None:
        await self._membership.settled()

    async def stop(self) -> None:
        self._running.cancel()
        await asyncio.wait([self._running])


Join = Callable[..., Member]


@pytest.fixture
async def join(kafka: Kafka, namespace: str) -> AsyncIterator[Join]:
    """Starts members of one group, over two cells; all of them end with the test."""
    topics = Topics(f"{namespace}.")
    await ensure_topics(kafka.bootstrap, topics.layout(cells=CELLS, inboxes=1))

    def start(name: str, session_s: float = FOREVER_S) -> Member:
        member = Member(kafka, topics, name, session_s)
        stack.push_async_callback(member.stop)
        return member

    async with AsyncExitStack() as stack:
        yield start


@asynccontextmanager
async def shared_out(join: Join) -> AsyncIterator[tuple[Member, Member]]:
    """Two members with a cell each."""
    one, other = join("one"), join("other")
    await eventually(lambda: len(one.runs) == len(other.runs) == 1)
    assert one.runs | other.runs == {0, 1}
    yield one, other


@pytest.mark.timeout(60)
async def test_one_member_runs_all_cells(join: Join) -> None:
    alone = join("alone")

    await alone.settled()

    assert alone.runs == {0, 1}


@pytest.mark.timeout(60)
async def test_cells_are_shared_out_and_run_once(join: Join) -> None:
    async with shared_out(join):
        pass


@pytest.mark.timeout(60)
async def test_a_member_that_stops_leaves_its_cell_to_the_other_at_once(join: Join) -> None:
    async with shared_out(join) as (one, other):
        await one.stop()

        await eventually(lambda: other.runs == {0, 1})
        assert one.runs == set()


@pytest.mark.timeout(60)
async def test_a_member_that_comes_back_gets_a_cell_again(join: Join) -> None:
    async with shared_out(join) as (one, other):
        await one.stop()
        await eventually(lambda: other.runs == {0, 1})

        back = join("one")

        await eventually(lambda: len(back.runs) == len(other.runs) == 1)
        assert back.runs | other.runs == {0, 1}


@pytest.mark.timeout(60)
async def test_a_cell_that_moves_on_before_it_was_taken_keeps_nobody_waiting(join: Join) -> None:
    one = join("one")
    one.may_take.clear()
    settled = asyncio.create_task(one.settled())
    await eventually(lambda: one.runs == {0, 1})

    other = join("other")
    await eventually(lambda: len(one.runs) == len(other.runs) == 1)
    await other.settled()
    assert not settled.done()

    one.may_take.set()
    await settled
