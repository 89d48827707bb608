"""A batch holds reports before commands, and wakes up for what comes."""

import asyncio

import pytest
from support.scheduler.logs import PaperLogs
from support.scheduler.making import cancel, started

from xqueue_common.codec import encode
from xqueue_common.events import read_command, read_report
from xqueue_common.ids import new_task_id
from xqueue_common.kafka.dead import DeadRecords
from xqueue_common.kafka.producer import Outgoing
from xqueue_scheduler.cell import Careful
from xqueue_scheduler.feed import Batch, Feed, Input, Want
from xqueue_scheduler.store.values import Position

TASK = new_task_id(0, 1_000, 1)
ALL = Want(10)


class FeedOnPaper:
    """A feed, and the logs that it reads."""

    def __init__(self) -> None:
        self.logs = PaperLogs()
        self.dead = DeadRecords(self.logs.producer("test"), "dead", by="test")
        reports = Input(self.logs.tail("reports", 0), read_report, self.dead)
        commands = Input(self.logs.tail("commands", 0), read_command, self.dead)
        self.feed = Feed(reports, commands)

    def say(self, commands: int = 0, reports: int = 0) -> None:
        for _ in range(commands):
            self.logs.append("commands", 0, Outgoing(encode(cancel(TASK))))
        for _ in range(reports):
            self.logs.append("reports", 0, Outgoing(encode(started(TASK, "1.1.0"))))

    async def next(self, want: Want = ALL, timeout_s: float = 0.0) -> Batch:
        return await self.feed.next(want, wake=asyncio.Event(), timeout_s=timeout_s)


@pytest.fixture
def paper() -> FeedOnPaper:
    return FeedOnPaper()


async def test_a_batch_holds_so_many_of_each_and_the_offsets_behind_them(paper: FeedOnPaper) -> None:
    paper.say(commands=3, reports=1)
    batch = await paper.next(Want(2))
    assert (len(batch.reports), [offset for offset, _ in batch.commands]) == (1, [0, 1])
    assert batch.after == Position(commands=2, reports=1)
    assert (await paper.next()).after == Position(commands=3, reports=1)


async def test_without_memory_commands_wait_and_reports_do_not(paper: FeedOnPaper) -> None:
    paper.say(commands=1, reports=1)
    batch = await paper.next(Want(10, only_reports=True))
    assert (len(batch.reports), len(batch.commands)) == (1, 0)
    assert len((await paper.next()).commands) == 1


async def test_one_at_a_time_reports_come_first(paper: FeedOnPaper) -> None:
    paper.say(commands=1, reports=1)
    batches = [await paper.next(Want(10, single=True)) for _ in range(3)]
    assert [(len(batch.reports), len(batch.commands)) for batch in batches] == [(1, 0), (0, 1), (0, 0)]


async def test_a_feed_that_waits_wakes_up_for_a_command(paper: FeedOnPaper) -> None:
    waiting = asyncio.create_task(paper.next(timeout_s=30))
    await asyncio.sleep(0)
    paper.say(commands=1)
    assert (await waiting).size == 1


async def test_a_feed_that_waits_wakes_up_when_it_is_told_to(paper: FeedOnPaper) -> None:
    wake = asyncio.Event()
    waiting = asyncio.create_task(paper.feed.next(ALL, wake=wake, timeout_s=30))
    await asyncio.sleep(0)
    wake.set()
    assert (await waiting).size == 0
    await paper.feed.stop()


async def test_a_feed_that_starts_again_reads_again_what_was_not_applied(paper: FeedOnPaper) -> None:
    paper.say(commands=3)
    await paper.next(Want(1))
    await paper.feed.start(Position(1, 0))
    assert [offset for offset, _ in (await paper.next()).commands] == [1, 2]


async def test_what_cannot_be_read_is_buried_and_its_offset_passed(paper: FeedOnPaper) -> None:
    paper.logs.append("commands", 0, Outgoing(b"?"))
    batch = await paper.next()
    assert (batch.size, batch.after, paper.dead.count) == (0, Position(1, 0), 1)


async def test_the_batch_that_broke_a_call_comes_again_one_by_one_and_what_fails_alone_is_condemned(
    paper: FeedOnPaper,
) -> None:
    paper.say(commands=3)
    careful = Careful(paper.feed)
    assert not careful.needed()
    careful.failed(await paper.next())
    await paper.feed.start(Position(0, 0))
    assert careful.needed()
    await paper.next(Want(10, single=True))
    careful.failed(await paper.next(Want(10, single=True)))
    await paper.feed.start(Position(1, 0))
    assert [offset for offset, _ in (await paper.next()).commands] == [2]
    assert paper.dead.count == 1
    assert not careful.needed()
