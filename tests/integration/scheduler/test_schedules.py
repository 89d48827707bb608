"""Runs of schedules through the log: once each, whoever takes the cell and whatever becomes of Redis."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from msgspec import structs
from support.scheduler.hooks import Crashed
from support.scheduler.mutants import Mutate
from support.scheduler.proving import must_raise, takes
from support.scheduler.scheduling import NAME, SPEC, scheduled, set_schedule
from support.scheduler.stepped import Scheduler
from support.scheduler.world import World

from xqueue_common.events import Submit, read_command
from xqueue_common.ids import run_task_id
from xqueue_common.schedules import Schedule

MINUTE_MS = 60_000

Fate = Callable[[World], Awaitable[None]]


async def redis_stays(_world: World) -> None:
    """Nothing happens to Redis."""


async def redis_is_emptied(world: World) -> None:
    """Redis is lost."""
    await world.flush()


async def takes_in_time(world: World, ms: int) -> Scheduler:
    """Let another scheduler take the cell, so much later: what passed before is not known to who takes it."""
    scheduler = await takes(world.scheduler("last"))
    await world.pass_time(ms)
    return scheduler


FATES = [redis_stays, redis_is_emptied]


async def begin(world: World, owner: Scheduler, **fields: Any) -> Schedule:
    """Set a schedule that runs first in a minute."""
    now_ms = world.clock.now_ms()
    schedule = scheduled(
        **{
            "every_ms": MINUTE_MS,
            "created_ms": now_ms,
            "next_ms": now_ms + MINUTE_MS,
            "spec": structs.replace(SPEC, queue_timeout_ms=None),
            "overlap": "queue",
            "missed": "all",
            **fields,
        }
    )
    await world.command(set_schedule(schedule))
    await owner.apply()
    return schedule


async def rounds(scheduler: Scheduler, count: int = 6) -> None:
    """Make rounds, each with what the one before has appended."""
    for _ in range(count):
        await scheduler.idle()
        await scheduler.settle()
        if (sending := scheduler.owner._runner._sending) is not None:
            await sending
    await scheduler.apply()


async def kept(world: World) -> Schedule:
    value = (await world.cell.setting(NAME)).value
    assert value
    return msgspec.json.decode(value, type=Schedule)


async def appended(world: World) -> list[str]:
    """Return the tasks of all runs in the commands, repeats too."""
    commands = [read_command(record.value) for record in await world.records(world.topics.commands)]
    return [command.spec.task_id for command in commands if isinstance(command, Submit)]


async def ran_once_each(world: World, schedule: Schedule, times: int) -> None:
    """Check that there is one task for each of the first runs, and that the next one is planned."""
    begun = schedule.next_ms or 0
    wanted = {run_task_id(0, "acme", "s", begun + n * MINUTE_MS) for n in range(times)}
    log = await world.look()
    assert log.tasks.keys() == wanted
    assert (await kept(world)).next_ms == begun + times * MINUTE_MS
    await world.agrees()


async def test_a_schedule_runs_by_itself(anywhere: World) -> None:
    owner = await anywhere.owner()
    schedule = await begin(anywhere, owner)
    for times in (1, 2, 3):
        await anywhere.pass_time(MINUTE_MS)
        await rounds(owner)
        await ran_once_each(anywhere, schedule, times)
    assert len(await appended(anywhere)) == 3


async def test_runs_on_their_way_are_not_appended_again_and_nobody_spins(paper: World) -> None:
    owner = await paper.owner()
    schedule = await begin(paper, owner)
    await paper.pass_time(MINUTE_MS)
    pause = owner.hooks.pause("before runs")
    await owner.idle()
    await pause.reached()
    for _ in range(3):
        await owner.idle()
        assert owner.owner._patience_s() == 1.0
    pause.let_go()
    await rounds(owner)
    await ran_once_each(paper, schedule, 1)
    assert len(await appended(paper)) == 1


@pytest.mark.parametrize("fate", FATES, ids=lambda fate: fate.__name__)
@pytest.mark.parametrize("point", ["before runs", "after runs"])
async def test_an_owner_may_end_while_it_appends(paper: World, point: str, fate: Fate) -> None:
    first = await paper.owner("first")
    schedule = await begin(paper, first)
    await paper.pass_time(2 * MINUTE_MS)
    first.hooks.crash(point)
    await must_raise(Crashed, rounds(first))
    await fate(paper)
    last = await takes_in_time(paper, 2 * MINUTE_MS if fate is redis_is_emptied else 0)
    await rounds(last)
    await ran_once_each(paper, schedule, 2)


@pytest.mark.parametrize("fate", FATES, ids=lambda fate: fate.__name__)
async def test_what_a_zombie_appends_late_changes_nothing(paper: World, fate: Fate) -> None:
    zombie = await paper.owner("zombie")
    schedule = await begin(paper, zombie)
    await paper.pass_time(2 * MINUTE_MS)
    pause = zombie.hooks.pause("before runs")
    await zombie.idle()
    await pause.reached()
    await fate(paper)
    last = await takes_in_time(paper, 2 * MINUTE_MS if fate is redis_is_emptied else 0)
    await rounds(last)
    pause.let_go()
    assert zombie.owner._runner._sending
    await zombie.owner._runner._sending
    await rounds(last)
    await ran_once_each(paper, schedule, 2)
    assert len(await appended(paper)) == 4


@pytest.mark.parametrize("cut", [0, 1])
@pytest.mark.parametrize("overlap", ["skip", "queue", "cancel"])
async def test_a_call_that_was_half_told_when_redis_was_lost_runs_once(
    paper: World, overlap: str, cut: int
) -> None:
    """With one record told, the log has the task, but not that its schedule has gone on."""
    first = await paper.owner("first")
    schedule = await begin(paper, first, overlap=overlap)
    await half_tells(paper, first, cut)
    last = await takes(paper.scheduler("last"))
    await rounds(last)
    await ran_once_each(paper, schedule, 1)
    [task] = (await paper.look()).tasks.values()
    assert task.state.status == "pending"


async def half_tells(world: World, scheduler: Scheduler, cut: int) -> None:
    await world.pass_time(MINUTE_MS)
    await scheduler.idle()
    await scheduler.settle()
    assert scheduler.owner._runner._sending
    await scheduler.owner._runner._sending
    scheduler.cut_status = cut
    await must_raise(Crashed, rounds(scheduler))
    await world.flush()


async def test_that_needs_the_schedule_to_go_on_also_if_its_task_is_known(paper: World, mutate: Mutate) -> None:
    first = await paper.owner("first")
    schedule = await begin(paper, first)
    await half_tells(paper, first, 1)
    known = "  if Task.load(row[2]) then return end"
    run = "  if row[13] and not Schedule.run(row[13], row[2]) then return end"
    mutate(f"{run}\n", f"{known}\n{run}\n")
    last = await takes(paper.scheduler("last"))
    await last.apply()
    assert len((await paper.look()).tasks) == 1
    assert (await kept(paper)).next_ms == schedule.next_ms  # it would never run again


@pytest.mark.parametrize(("missed", "tasks"), [("skip", 0), ("once", 1), ("all", 130)], ids=["skip", "once", "all"])
async def test_runs_that_were_missed_while_nobody_owned_the_cell(paper: World, missed: str, tasks: int) -> None:
    first = await paper.owner("first")
    now_ms = paper.clock.now_ms()
    times = {"created_ms": now_ms, "every_ms": 5 * MINUTE_MS, "next_ms": now_ms + 5 * MINUTE_MS}
    await begin(paper, first, missed=missed, **times)
    last = await takes_in_time(paper, 652 * MINUTE_MS)
    await rounds(last)
    assert len((await paper.look()).tasks) == tasks
    assert ((await kept(paper)).next_ms or 0) > paper.clock.now_ms()


async def test_a_schedule_that_was_changed_runs_by_its_new_times_only(paper: World) -> None:
    owner = await paper.owner()
    schedule = await begin(paper, owner)
    await paper.pass_time(MINUTE_MS)
    pause = owner.hooks.pause("before runs")
    await owner.idle()
    await pause.reached()
    later = structs.replace(schedule, next_ms=(schedule.next_ms or 0) + 30 * MINUTE_MS)
    await paper.command(set_schedule(later))
    pause.let_go()
    await rounds(owner)
    assert (await paper.look()).tasks == {}
    await paper.pass_time(30 * MINUTE_MS)
    await rounds(owner)
    await ran_once_each(paper, later, 1)


async def test_the_predecessor_is_known_after_redis_was_lost(paper: World) -> None:
    first = await paper.owner("first")
    await begin(paper, first, overlap="skip")
    await paper.pass_time(MINUTE_MS)
    await rounds(first)
    await paper.flush()
    last = await takes(paper.scheduler("last"))
    await paper.pass_time(3 * MINUTE_MS)
    await rounds(last)
    assert len((await paper.look()).tasks) == 1
