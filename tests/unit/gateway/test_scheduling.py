"""Changing schedules that run meanwhile, and moving them to where their queue lives."""

import asyncio
from typing import Any

import pytest
from msgspec import structs
from unit.gateway.made import NOW_MS, HeldClock
from unit.gateway.test_configuring import TickingClock

from xqueue_common.cell import Cell
from xqueue_common.cells import CellMap
from xqueue_common.codec import encode
from xqueue_common.events import Configure, Submit, read_command
from xqueue_common.kafka.batcher import Batcher
from xqueue_common.kafka.producer import Outgoing
from xqueue_common.schedules import Schedule, schedule_setting
from xqueue_common.views import SettingReading, SettingView
from xqueue_gateway.control.book import Book
from xqueue_gateway.control.configurer import Configurer
from xqueue_gateway.control.known_queues import KnownQueues
from xqueue_gateway.control.schedule_keeper import ScheduleKeeper
from xqueue_gateway.control.schedule_order import ScheduleForm, Wanted
from xqueue_gateway.control.schedules import Schedules, Trigger
from xqueue_gateway.problems import Problem
from xqueue_gateway.submissions.submission import Submission
from xqueue_gateway.tasks.fold import Fold
from xqueue_gateway.tasks.receipts import Outcome, Receipt
from xqueue_gateway.tasks.submitter import Submitter
from xqueue_gateway.tasks.view import Found

NAME = schedule_setting("acme", "s")


class PlayedCell(Cell):
    """A cell that applies what is appended to it, and in which schedules may run before that."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.appended = 0
        self.version = 0
        self.kept: Schedule | None = None
        self.runs = 0
        """So many runs happen right before the next changes are applied."""

    def apply(self, command: Configure) -> None:
        if self.runs and self.kept is not None:
            self.runs -= 1
            self.kept = structs.replace(self.kept, next_ms=(self.kept.next_ms or 0) + 60_000)
            self.version += 1
        if command.expected in (None, self.version):
            assert command.value is None or isinstance(command.value, Schedule)
            self.kept, self.version = command.value, 0 if command.value is None else self.version + 1
        self.appended += 1

    async def setting(self, name: str) -> SettingReading:
        await asyncio.sleep(0)
        kept = self.kept if name == NAME else None
        return SettingReading(self.appended, self.version if kept else 0, encode(kept) if kept else None)

    async def settings(self, kind: str) -> list[SettingView]:
        assert kind == "schedule"
        others = SettingView(schedule_setting("acme-2", "s"), 1, b"{}")
        return [others, *([SettingView(NAME, self.version, encode(self.kept))] if self.kept else [])]


class PlayedLog(Batcher):
    """Hands what is appended to its cell at once."""

    def __init__(self, cells: dict[int, PlayedCell]) -> None:
        self.cells = cells

    async def append(self, partition: int, record: Outgoing) -> int:
        command = read_command(record.value)
        assert isinstance(command, Configure)
        self.cells[partition].apply(command)
        return self.cells[partition].appended - 1


class PlayedSubmitter(Submitter):
    """Takes everything."""

    def __init__(self) -> None:
        self.taken: list[Submit] = []

    async def accept(self, drafts: Any) -> list[Outcome]:
        self.taken += drafts
        return [Receipt(Found(draft.spec, None)) for draft in drafts]  # type: ignore[arg-type]  # nobody looks


class Bench:
    def __init__(self) -> None:
        self.cells = {0: PlayedCell(0), 1: PlayedCell(1)}
        books = {0: Book(), 1: Book()}
        fold = Fold(clock=TickingClock(), patience_s=0.0)
        configurer = Configurer(log=PlayedLog(self.cells), cells=self.cells, books=books, fold=fold)
        self.submitter = PlayedSubmitter()
        cell_map = CellMap.parse("far=1")
        self.clock = HeldClock()
        self.schedules = Schedules(
            keeper=ScheduleKeeper(configurer=configurer, fold=fold),
            cells=cell_map,
            books=books,
            submitter=self.submitter,
            queues=KnownQueues(configurer=configurer, books=books, cells=cell_map, create=True),
            clock=self.clock,
            new_id=lambda: "s",
        )

    async def put(self, queue: str = "near", **fields: Any) -> Schedule:
        return (await self.schedules.put("acme", "s", wanted(queue, **fields))).schedule


def wanted(queue: str = "near", **fields: Any) -> Wanted:
    form: Any = ScheduleForm(**{"task": b"{}", "every": 60, **fields})
    return Wanted(form, Submission(type="t", queue=queue))


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_a_change_is_made_to_a_schedule_that_runs_meanwhile(bench: Bench) -> None:
    await bench.put()
    bench.cells[0].runs = 3
    changed = await bench.put(missed="all")
    assert changed == bench.cells[0].kept
    assert (changed.missed, changed.next_ms) == ("all", NOW_MS + 4 * 60_000)


async def test_a_schedule_that_runs_all_the_time_is_given_up(bench: Bench) -> None:
    await bench.put()
    bench.cells[0].runs = 100
    with pytest.raises(Problem) as caught:
        await bench.put(missed="all")
    assert caught.value.kind.status == 503


async def test_what_is_so_already_is_not_appended(bench: Bench) -> None:
    await bench.put()
    await bench.put()
    assert bench.cells[0].appended == 1


async def test_a_schedule_moves_to_the_cell_of_its_new_queue_and_keeps_when_it_was_made(bench: Bench) -> None:
    await bench.put()
    bench.clock.now += 10_000
    put = await bench.schedules.put("acme", "s", wanted("far"))
    assert not put.created
    assert bench.cells[0].kept is None
    assert bench.cells[1].kept == put.schedule
    assert put.schedule.created_ms == NOW_MS
    assert (await bench.schedules.keeper.find("acme", "s")).cell == 1


async def test_an_id_is_used_once_whatever_the_cell(bench: Bench) -> None:
    await bench.put("far")
    with pytest.raises(Problem) as caught:
        await bench.schedules.create("acme", "s", wanted("near"))
    assert caught.value.kind.status == 409


async def test_all_lists_those_of_the_tenant_only(bench: Bench) -> None:
    await bench.put("far")
    assert await bench.schedules.keeper.all("acme") == [bench.cells[1].kept]


async def test_a_trigger_is_submitted_where_the_schedule_lives_under_its_key(bench: Bench) -> None:
    await bench.put("far")
    for key in (None, "k", "k"):
        await bench.schedules.trigger(Trigger("acme", "s", key))
    free, first, again = (draft.spec for draft in bench.submitter.taken)
    assert first == again
    assert free.task_id != first.task_id
    assert (free.fingerprint, free.created_ms, free.schedule) == (None, NOW_MS, None)
    assert first.fingerprint
