"""An idle cell writes down where it stands, so that it can go on when retention has taken everything before."""

import pytest
from support.eventually import eventually
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


async def retention_takes_all_but_the_checkpoint(world: World) -> None:
    """A cell is idle for so long that all its records are gone, and Redis with them; then it is needed again."""
    first = await a_cell_that_has_done_its_work(world)
    await world.until(lambda: checkpoints(world))
    await first.stop()
    [*_, (offset, checkpoint)] = await checkpoints(world)
    await world.look()
    await world.logs.forget(world.topics.status, 0, offset)
    await world.logs.forget(world.topics.commands, 0, checkpoint.commands)
    await world.flush()

    second = await takes(world.scheduler("second"))
    assert (second.loop.position().commands, await world.head_field("n")) == (2, checkpoint.call)
    task = await world.submit()
    await goes_on(second)
    await world.look()
    assert world.log.status(task) == "pending"
    assert (await world.cell.stats()).totals["submitted"] == 2


async def test_a_cell_goes_on_from_its_checkpoint(anywhere: World) -> None:
    anywhere.settings = {"checkpoint_s": 0.01}
    await retention_takes_all_but_the_checkpoint(anywhere)


async def test_without_checkpoints_it_could_not(paper: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Checkpoints, "due", lambda *_args, **_kwargs: False)
    await breaks(retention_takes_all_but_the_checkpoint, paper)


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
