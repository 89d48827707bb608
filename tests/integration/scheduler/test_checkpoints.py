"""An idle cell writes down where it stands, so that it can go on when retention has taken everything before."""

import pytest
from support.eventually import eventually
from support.scheduler.lowmark import forget_before, low_water
from support.scheduler.proving import breaks, goes_on, takes
from support.scheduler.stepped import Scheduler
from support.scheduler.world import World

from xqueue_common.events import Checkpoint, read_status
from xqueue_scheduler.checkpoints import Checkpoints


async def checkpoints(world: World) -> list[tuple[int, Checkpoint]]:
    """Return the checkpoints in the log, with their offsets."""
    records = await world.records(world.topics.status)
    found = [(record.offset, read_status(record.value)) for record in records]
    return [(offset, record) for offset, record in found if isinstance(record, Checkpoint)]


async def a_cell_that_has_done_its_work(world: World) -> Scheduler:
    scheduler = world.scheduler("first")
    scheduler.start()
    await eventually(scheduler.loop.held.is_set, world.patience_s)
    task = await world.submit()
    await world.cancel(task)
    await world.becomes(task, "canceled")
    return scheduler


async def retention_takes_all_but_the_queue(world: World) -> None:
    """A cell is idle for so long that all its tasks are gone from the log, and then Redis is."""
    first = await a_cell_that_has_done_its_work(world)
    ended = world.end(world.topics.status)

    async def told_again() -> bool:
        return (await low_water(world)).status > ended

    await world.until(told_again)
    await first.stop()
    low = await low_water(world)
    await world.look()
    await forget_before(world, low)
    await world.flush()

    second = await takes(world.scheduler("second"))
    assert second.loop.position().commands == 2
    assert await world.head_field("n") == world.log.label[1]
    assert [view.name for view in await world.cell.settings("queue")] == ["queue/q"]
    task = await world.submit()
    await goes_on(second)
    await world.look()
    assert world.log.status(task) == "pending"
    assert (await world.cell.stats()).totals["submitted"] == 2


async def test_an_idle_cell_goes_on_from_what_it_tells_of_its_queues(anywhere: World) -> None:
    anywhere.settings = {"checkpoint_s": 0.01}
    await retention_takes_all_but_the_queue(anywhere)


async def test_if_it_did_not_tell_them_again_it_could_not(paper: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Checkpoints, "due", lambda *_args, **_kwargs: False)
    await breaks(retention_takes_all_but_the_queue, paper)


async def test_a_cell_without_queues_writes_checkpoints(anywhere: World) -> None:
    anywhere.settings = {"checkpoint_s": 0.01}
    first = anywhere.scheduler("first")
    first.start()
    await anywhere.until(lambda: checkpoints(anywhere))
    await first.stop()
    await anywhere.look()
    [*_, (offset, checkpoint)] = await checkpoints(anywhere)
    await anywhere.logs.forget(anywhere.topics.status, 0, offset)
    await anywhere.flush()

    await takes(anywhere.scheduler("second"))
    assert await anywhere.head_field("n") == checkpoint.call


async def test_while_a_task_is_open_there_is_none(paper: World) -> None:
    paper.settings = {"checkpoint_s": 0.01}
    scheduler = paper.scheduler("first")
    task = await paper.submit()
    scheduler.start()
    await paper.becomes(task, "pending")
    rounds = scheduler.hooks.reached.count("after call")
    for _ in range(5):
        scheduler.loop._feed.commands.waiting()
        await paper.append(paper.topics.commands, b"?")
    await eventually(lambda: scheduler.hooks.reached.count("after call") > rounds + 1, paper.patience_s)
    assert await checkpoints(paper) == []
