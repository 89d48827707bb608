"""Schedules in the fold: a due run is named, comes back through the log, and counts once."""

from typing import Any

import msgspec
import pytest
from msgspec import Raw, structs
from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.making import finished
from support.scheduler.scheduling import NAME, SPEC, scheduled, set_schedule

from xqueue_common.events import Command, Configure, Submit
from xqueue_common.ids import run_task_id
from xqueue_common.schedules import Schedule
from xqueue_scheduler.schedules.runs import Due, RunRecord, records_of_run

SECOND_MS = 1_000
MINUTE_MS = 60_000


async def begin(bare: BareCell, **fields: Any) -> Schedule:
    """Set a schedule that runs first in a minute."""
    now_ms = await bare.now_ms()
    schedule = scheduled(**{"every_ms": MINUTE_MS, "created_ms": now_ms, "next_ms": now_ms + MINUTE_MS, **fields})
    await bare.call(set_schedule(schedule))
    return schedule


async def due(bare: BareCell, ms: int = 0) -> list[RunRecord]:
    """Let time pass, and return what the runs that are due then become."""
    await bare.advance(ms)
    answer = await bare.call(wants_due=True)
    return [record for run in answer.runs for record in made_of(run.version, run.value, answer.now_ms)]


def made_of(version: int, value: str, now_ms: int) -> list[RunRecord]:
    schedule = msgspec.json.decode(value, type=Schedule)
    return list(records_of_run(Due(version, schedule, 0), now_ms))


async def kept(bare: BareCell) -> Schedule | None:
    value = (await bare.cell.setting(NAME)).value
    return msgspec.json.decode(value, type=Schedule) if value else None


async def next_ms(bare: BareCell) -> int | None:
    schedule = await kept(bare)
    assert schedule
    return schedule.next_ms


def ids(records: list[RunRecord]) -> list[str]:
    return [record.spec.task_id for record in records if isinstance(record, Submit)]


async def test_a_due_run_is_a_task_once_it_comes_back_through_the_log(bare: BareCell) -> None:
    schedule = await begin(bare)
    assert (await bare.call()).next_due_ms == schedule.next_ms
    assert await due(bare, MINUTE_MS - 1_000) == []
    [run] = records = await due(bare, 1_000)
    assert isinstance(run, Submit)
    assert "tasks" not in await bare.keys()
    await bare.call(run)
    assert await bare.statuses(ids(records)) == ["pending"]
    assert run.spec.task_id == run_task_id(0, "acme", "s", schedule.next_ms or 0)
    assert await next_ms(bare) == (schedule.next_ms or 0) + MINUTE_MS
    assert (await bare.call(wants_due=True)).runs == ()


async def test_a_run_that_is_appended_twice_is_one_task_and_one_step(bare: BareCell) -> None:
    schedule = await begin(bare)
    [run] = await due(bare, MINUTE_MS)
    await bare.call(run, run)
    await bare.call(run)
    assert len(bare.log.tasks) == 1
    assert await next_ms(bare) == (schedule.next_ms or 0) + MINUTE_MS
    assert (await bare.cell.setting(NAME)).version == 2


async def test_two_owners_that_decide_at_different_times_make_one_task(bare: BareCell) -> None:
    schedule = await begin(bare)
    early = await due(bare, MINUTE_MS)
    late = await due(bare, 10 * MINUTE_MS)
    assert early != late
    await bare.call(*early, *late)
    assert len(bare.log.tasks) == 1
    assert await next_ms(bare) == (schedule.next_ms or 0) + MINUTE_MS


async def test_after_a_takeover_the_run_is_still_due_and_what_the_old_owner_appended_counts(bare: BareCell) -> None:
    await begin(bare)
    [old] = await due(bare, MINUTE_MS)
    await bare.adopt()
    [new] = await due(bare)
    await bare.call(old)
    await bare.call(new)
    assert len(bare.log.tasks) == 1


@pytest.mark.parametrize(
    "changes",
    [
        set_schedule(scheduled(every_ms=MINUTE_MS, next_ms=1 << 50)),
        set_schedule(scheduled(every_ms=MINUTE_MS, paused=True)),
        Configure(NAME),
    ],
    ids=["replaced", "paused", "removed"],
)
async def test_a_schedule_that_is_changed_between_due_and_append_does_not_run(
    bare: BareCell, changes: Command
) -> None:
    await begin(bare)
    records = await due(bare, MINUTE_MS)
    await bare.call(changes)
    before = await kept(bare)
    await bare.call(*records)
    assert bare.log.tasks == {}
    assert await kept(bare) == before
    assert (await bare.call(wants_due=True)).runs == ()


async def test_a_schedule_that_is_set_again_as_it_was_runs_by_its_new_version(bare: BareCell) -> None:
    schedule = await begin(bare)
    old = await due(bare, MINUTE_MS)
    await bare.call(set_schedule(schedule))
    new = await due(bare)
    await bare.call(*old)
    assert bare.log.tasks == {}
    await bare.call(*new)
    assert len(bare.log.tasks) == 1


async def test_a_change_that_expected_another_version_leaves_the_schedule(bare: BareCell) -> None:
    schedule = await begin(bare)
    await bare.call(*await due(bare, MINUTE_MS))
    await bare.call(set_schedule(structs.replace(schedule, paused=True), expected=1))
    found = await kept(bare)
    assert found
    assert not found.paused
    await bare.call(set_schedule(structs.replace(schedule, paused=True), expected=2))
    assert (await bare.call()).next_due_ms == min(
        (task.state.due_ms or 0) for task in bare.log.tasks.values()
    )  # the task's own timer is all that is left


async def test_a_paused_schedule_does_not_run_and_goes_on_when_it_is_resumed(bare: BareCell) -> None:
    schedule = await begin(bare, paused=True)
    assert await due(bare, 10 * MINUTE_MS) == []
    assert (await bare.call()).next_due_ms is None
    at_ms = await bare.now_ms() + MINUTE_MS
    await bare.call(set_schedule(structs.replace(schedule, paused=False, next_ms=at_ms)))
    assert len(await due(bare, MINUTE_MS)) == 1


async def test_a_removed_schedule_leaves_nothing(bare: BareCell) -> None:
    await begin(bare)
    await bare.call(*await due(bare, MINUTE_MS))
    await bare.call(Configure(NAME))
    [task] = bare.log.tasks
    await bare.cancel(task)
    keys = await bare.keys()
    assert not {"runs", "lasts"} & keys.keys()
    assert await due(bare, 10 * MINUTE_MS) == []


async def test_a_schedule_that_never_comes_again_stays_without_a_run(bare: BareCell) -> None:
    await begin(bare, cron="0 0 30 2 *", every_ms=None)
    await bare.call(*await due(bare, MINUTE_MS))
    assert len(bare.log.tasks) == 1
    assert await next_ms(bare) is None
    assert await due(bare, 10 * MINUTE_MS) == []


# ---- overlap ----


@pytest.fixture
async def worker(bare: BareCell) -> BareWorker:
    return await BareWorker(bare, "w").join()


async def run_on_time(bare: BareCell) -> list[str]:
    records = await due(bare, MINUTE_MS)
    await bare.call(*records)
    return ids(records)


@pytest.mark.parametrize(
    ("overlap", "after_second", "after_third"),
    [
        ("skip", ["pending"], ["pending"]),
        ("queue", ["pending", "pending"], ["pending", "pending", "pending"]),
        ("cancel", ["canceled", "pending"], ["canceled", "canceled", "pending"]),
    ],
)
async def test_a_run_whose_predecessor_is_open(
    bare: BareCell, overlap: str, after_second: list[str], after_third: list[str]
) -> None:
    schedule = await begin(bare, overlap=overlap, spec=structs.replace(SPEC, queue_timeout_ms=None))
    for expected in (["pending"], after_second, after_third):
        await run_on_time(bare)
        assert [str(task.state.status) for task in bare.log.tasks.values()] == expected
    assert await next_ms(bare) == (schedule.next_ms or 0) + 3 * MINUTE_MS


async def test_a_predecessor_that_runs_is_told_to_stop(bare: BareCell, worker: BareWorker) -> None:
    await begin(bare, overlap="cancel")
    [first] = await run_on_time(bare)
    await worker.beat()
    await bare.call()
    token = await worker.begin(first)
    records = await due(bare, 10 * SECOND_MS)
    assert records == []
    for _ in range(5):
        await bare.advance(10 * SECOND_MS)
        await worker.beat((first, token))
    await bare.call(*await due(bare))
    assert (await bare.state(first)).cancel


async def test_a_predecessor_that_has_ended_is_in_nobody_s_way(bare: BareCell, worker: BareWorker) -> None:
    await begin(bare, overlap="skip")
    for _ in range(3):
        [task] = await run_on_time(bare)
        await worker.beat()
        await bare.call()
        await bare.call(finished(task, await bare.token(task)))
    assert [str(task.state.status) for task in bare.log.tasks.values()] == ["success"] * 3


# ---- missed runs ----


@pytest.mark.parametrize(
    ("missed", "tasks", "steps"), [("skip", 0, 1), ("once", 1, 1), ("all", 10, 10)], ids=["skip", "once", "all"]
)
async def test_runs_that_were_missed(bare: BareCell, missed: str, tasks: int, steps: int) -> None:
    schedule = await begin(bare, missed=missed, overlap="queue", every_ms=5 * MINUTE_MS)
    at_ms = schedule.created_ms + 5 * MINUTE_MS
    await bare.call(set_schedule(structs.replace(schedule, next_ms=at_ms)))
    await bare.call(*await due(bare, 52 * MINUTE_MS))
    assert len(bare.log.tasks) == tasks
    assert await next_ms(bare) == at_ms + 10 * 5 * MINUTE_MS
    assert (await bare.cell.setting(NAME)).version == 2 + steps


async def test_more_missed_runs_than_a_round_takes_come_in_the_next(bare: BareCell) -> None:
    schedule = await begin(bare, missed="all", overlap="queue")
    for expected in (100, 150):
        await bare.call(*await due(bare, 150 * MINUTE_MS if expected == 100 else 0))
        assert len(bare.log.tasks) == expected
    assert await next_ms(bare) == (schedule.next_ms or 0) + 150 * MINUTE_MS


async def test_a_chain_of_missed_runs_that_is_interrupted_stops_there(bare: BareCell) -> None:
    schedule = await begin(bare, missed="all", overlap="queue")
    chain = await due(bare, 10 * MINUTE_MS)
    await bare.call(
        *chain[:3], set_schedule(structs.replace(schedule, payload=Raw(b"2"), next_ms=1 << 50)), *chain[3:]
    )
    assert len(bare.log.tasks) == 3
    assert await next_ms(bare) == 1 << 50
