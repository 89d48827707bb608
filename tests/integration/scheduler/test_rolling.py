"""Rolling snapshots: a rebuild finds all that is open behind the low-water mark, however the log ends."""

from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import msgspec
import pytest
from support.eventually import eventually
from support.scheduler.logs import PaperLogs
from support.scheduler.lowmark import forget_before, low_water
from support.scheduler.making import cancel, submission
from support.scheduler.mutants import Mutate
from support.scheduler.proving import breaks, goes_on, takes
from support.scheduler.reader import StatusReader
from support.scheduler.stepped import Scheduler
from support.scheduler.world import World

from xqueue_common.events import LowWater, Submit, read_command
from xqueue_scheduler import cell, metrics, owner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LARGE = "x" * 3_000
ROLLING = {"roll_records": 4}


@pytest.fixture(autouse=True)
def _mark_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owner, "_MARK_EVERY", 3)


async def churn(world: World, scheduler: Scheduler, times: int) -> None:
    """Tasks come and go, and leave nothing but records."""
    for _ in range(times):
        short = submission("short")
        await world.command(short, cancel(short.spec.task_id))
        await goes_on(scheduler)


async def the_log_rolls(world: World) -> list[str]:
    """Some tasks wait for ever while others come and go; return those that wait in the end."""
    world.settings = ROLLING
    scheduler = await world.owner("first")
    stay = [await world.submit({"n": 1}, type="nobody"), await world.submit(LARGE, type="nobody", key="k", limit=2)]
    await churn(world, scheduler, 12)
    stay.append(await world.submit("late", type="nobody", key="k", limit=1))
    await world.cancel(stay.pop(0))
    await churn(world, scheduler, 12)
    return stay


async def what_was_forgotten_is_not_needed(world: World) -> None:
    """The log rolls, retention takes its beginning, Redis is lost; then somebody serves what waits."""
    stay = await the_log_rolls(world)
    low = await low_water(world)
    assert low.status > 0
    assert low.commands > 0
    await world.look()
    await forget_before(world, low)
    await world.flush()

    second = await takes(world.scheduler("second"))
    await world.agrees()
    worker = await world.worker(slots=2, types=("nobody",))
    await goes_on(second)
    for task, payload in zip(stay, (LARGE, "late"), strict=True):
        dispatch = await world.dispatch_of(task)
        assert msgspec.json.decode(dispatch.payload) == payload
        await worker.begin(dispatch)
        await worker.finish(dispatch)
        await goes_on(second)
    await world.agrees()
    assert world.all_ended(stay)


async def test_a_rebuild_begins_at_the_rolling_snapshots(anywhere: World) -> None:
    await what_was_forgotten_is_not_needed(anywhere)


async def test_if_the_mark_did_not_wait_for_the_oldest_task_it_would_be_lost(paper: World, mutate: Mutate) -> None:
    mutate("local mark = mark_before(first or head.n)", "local mark = mark_before(head.n)")
    await breaks(what_was_forgotten_is_not_needed, paper)


async def test_without_payloads_in_the_snapshots_they_would_be_lost(paper: World, mutate: Mutate) -> None:
    mutate("cmsgpack.pack(Task.payload(task))", "cmsgpack.pack('null')")
    await breaks(what_was_forgotten_is_not_needed, paper)


async def test_the_log_stays_as_short_as_it_is_set(paper: World) -> None:
    await the_log_rolls(paper)
    low = await low_water(paper)
    end = paper.end(paper.topics.status)
    assert end - low.status < 2 * 2 + ROLLING["roll_records"] + 30


async def test_readers_take_repeated_snapshots_for_repeats(paper: World) -> None:
    stay = await the_log_rolls(paper)
    await paper.look()
    assert paper.log.repeats > 10
    assert [len(paper.log.history_of(task)) for task in stay] == [1, 1]


# ---- from every prefix ----


@asynccontextmanager
async def prefix(world: World, end: int) -> "AsyncIterator[StatusReader]":
    """The status log ends here, its beginning is forgotten, Redis is empty; give out what the whole prefix says."""
    logs = world.logs
    assert isinstance(logs, PaperLogs)
    said = StatusReader()
    for record in logs.records(world.topics.status, 0)[:end]:
        said.see(record.offset, record.value)
    with ExitStack() as stack:
        stack.enter_context(logs.ending(world.topics.status, 0, end))
        stack.enter_context(patch.dict(world._ends))
        await world.flush()
        await forget_before(world, await low_water(world))
        yield said
        await forget_before(world, LowWater(0, 0, 0))


def record_loads(scheduler: Scheduler) -> dict[str, tuple[int, Any]]:
    """Return where the tasks go that a rebuild loads: version and payload by task."""
    store, loaded = scheduler.loop._store, dict[str, tuple[int, Any]]()
    load = store.load

    async def noted(epoch: int, wanted: Any, settings: Any, tasks: Any) -> Any:
        for spec, state, payload in tasks:
            if state.status == "pending":
                loaded[spec.task_id] = (state.version, msgspec.json.decode(payload))
        return await load(epoch, wanted, settings, tasks)

    store.load = noted  # type: ignore[method-assign]
    return loaded


async def payloads(world: World) -> dict[str, Any]:
    commands = [read_command(record.value) for record in await world.records(world.topics.commands)]
    return {c.spec.task_id: msgspec.json.decode(c.payload) for c in commands if isinstance(c, Submit)}


async def test_a_rebuild_from_every_prefix_of_a_rolling_log_finds_what_is_open(paper: World) -> None:
    await the_log_rolls(paper)
    submitted = await payloads(paper)
    for end in range(1, paper.end(paper.topics.status) + 1):
        async with prefix(paper, end) as said:
            scheduler = paper.scheduler(f"prefix-{end}")
            loaded = record_loads(scheduler)
            await scheduler.take()
            wanted = {
                task_id: (seen.state.version, submitted[task_id])
                for task_id, seen in said.tasks.items()
                if seen.state.status == "pending"
            }
            assert loaded == wanted, end
            assert (await paper.head_field("cmd"), await paper.head_field("rep")) == said.position
            assert await paper.head_field("n") == said.label[1]
    await paper.flush()


# ---- what is not there any more ----


async def a_task_waits(world: World) -> Scheduler:
    scheduler = await world.owner("first")
    for _ in range(3):
        await world.submit(type="nobody")
        await goes_on(scheduler)
    await world.look()
    return scheduler


async def alarms(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler that runs by itself raises the alarm, again and again, and never owns the cell."""
    monkeypatch.setattr(cell, "_ALARM_S", 0.02)
    count = metrics.POSITION_LOST.labels(0)._value
    before = count.get()
    scheduler = world.scheduler("second")
    scheduler.start()
    await eventually(lambda: count.get() >= before + 2, world.patience_s)
    assert scheduler.ended is None


@pytest.mark.parametrize("log", ["status", "commands"])
async def test_a_rebuild_whose_log_has_lost_its_beginning_raises_an_alarm(
    log: str, anywhere: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = anywhere
    await a_task_waits(world)
    await world.flush()
    await world.logs.forget(getattr(world.topics, log), 0, 2)

    await alarms(world, monkeypatch)

    assert await world.head_field("n") in (None, 0)


async def test_an_owner_whose_next_input_is_gone_raises_an_alarm(
    anywhere: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = anywhere
    await a_task_waits(world)
    for _ in range(3):
        await world.submit()
    await world.logs.forget(world.topics.commands, 0, 5)

    await alarms(world, monkeypatch)


async def test_a_redis_that_went_back_to_before_the_log_begins_is_rebuilt(anywhere: World) -> None:
    world = anywhere
    world.settings = ROLLING
    scheduler = await world.owner("first")
    early = await world.save()
    stay = await world.submit(LARGE, type="nobody")
    await churn(world, scheduler, 12)
    await world.look()
    await forget_before(world, await low_water(world))
    await world.restore(early)

    second = await takes(world.scheduler("second"))

    assert "after ready" in second.hooks.reached
    await world.agrees()
    assert await world.state(stay) is not None
