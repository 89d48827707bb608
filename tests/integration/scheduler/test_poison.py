"""Records that cannot be read, or break the function that applies them, are buried, and the loop goes on."""

from typing import Any

import pytest
from support.eventually import eventually
from support.scheduler.making import cancel, finished, submission
from support.scheduler.mutants import Mutate
from support.scheduler.stepped import Scheduler
from support.scheduler.world import World

from xqueue_common.codec import encode
from xqueue_common.errors import OutcomeUnknown
from xqueue_common.ids import new_task_id
from xqueue_common.kafka.dead import DeadRecords

POISON = "poison"
BREAKS_ON_SUBMIT = (
    "  if Task.load(row[2]) then return end  -- the same submission",
    (
        "  if row[4] == 'q/poison/' then C.head.seq = C.head.seq + nil end\n"
        "  if Task.load(row[2]) then return end  -- the same submission"
    ),
)
BREAKS_ON_FINISH = (
    "function Report.finished(row)\n",
    "function Report.finished(row)\n  if row[6] == '\"poison\"' then C.head.seq = C.head.seq + nil end\n",
)


async def runs(world: World) -> Scheduler:
    """A scheduler that runs by itself, and owns the cell."""
    scheduler = world.scheduler("A")
    scheduler.start()
    await eventually(scheduler.loop.held.is_set, world.patience_s)
    return scheduler


async def buried(world: World, count: int = 1) -> list[tuple[bytes, dict[str, str]]]:
    """Wait for dead records; return what they hold and say."""
    await eventually(lambda: world.dead.count >= count, world.patience_s)
    found = await world.records(world.topics.dead)
    assert len(found) == count
    return [(record.value, {name: value.decode() for name, value in record.headers}) for record in found]


async def was_lost(world: World, task: str) -> bool:
    """Whether the log says that a worker was lost with this task."""
    return any(state.reason == "worker_lost" for state in (await world.look()).history_of(task))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"{", "truncated"),
        (b'{"kind":"submit","spec":{}}', "task_id"),
        (b'{"kind":"submit","payload":"\xff"}', "utf-8"),
        (b'{"kind":"nonsense"}', "nonsense"),
        (b'{"kind":"submit","payload":' + b"[" * 5_000, "recursion"),
        (encode(cancel(new_task_id(3, 1_000))), "names cell 3"),
    ],
    ids=["cut off", "a field is missing", "no text", "unknown kind", "too deep", "another cell"],
)
async def test_a_command_that_nobody_can_read_is_buried(value: bytes, reason: str, paper: World) -> None:
    await runs(paper)
    offset = await paper.append(paper.topics.commands, value)
    task = await paper.submit()

    await paper.becomes(task, "pending")

    [(kept, headers)] = await buried(paper)
    assert kept == value
    assert reason in headers["reason"].lower()
    assert (headers["origin"], headers["by"]) == (f"{paper.topics.commands}-0@{offset}", "scheduler")


async def test_a_report_that_nobody_can_read_is_buried(anywhere: World) -> None:
    world = anywhere
    await runs(world)
    await world.append(world.topics.reports, b'{"kind":"finished","task_id":"?"}')
    task = await world.submit()

    await world.becomes(task, "pending")

    [(_, headers)] = await buried(world)
    assert headers["origin"].startswith(world.topics.reports)
    assert "task_id" in headers["reason"]


async def test_the_loop_does_not_go_on_before_a_record_is_buried(
    paper: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bury, failures = DeadRecords.bury, [OutcomeUnknown("no answer")]

    async def fail_once(dead: DeadRecords, *args: Any) -> None:
        if failures:
            raise failures.pop()
        await bury(dead, *args)

    monkeypatch.setattr(DeadRecords, "bury", fail_once)
    await runs(paper)
    await paper.append(paper.topics.commands, b"?")
    task = await paper.submit()

    await paper.becomes(task, "pending")

    assert len(await buried(paper)) == 1
    assert len(paper.log.takeovers) == 2


async def test_a_submission_that_breaks_the_function_is_buried_and_the_others_of_its_batch_are_applied(
    anywhere: World, mutate: Mutate
) -> None:
    world = anywhere
    mutate(*BREAKS_ON_SUBMIT)
    await runs(world)
    before, poison, after = submission(), submission(type=POISON), submission(key="k", limit=1)
    await world.submit_all(before, poison, after)

    await world.becomes(after.spec.task_id, "pending")

    [(value, headers)] = await buried(world)
    assert value == encode(poison)
    assert "breaks off" in headers["reason"]
    assert world.log.status(before.spec.task_id) == "pending"
    assert world.log.status(poison.spec.task_id) is None
    assert await world.head_field("dirty") == 0
    await world.agrees()


async def test_a_report_that_breaks_the_function_is_buried_and_its_slot_comes_back_in_time(
    paper: World, mutate: Mutate
) -> None:
    mutate(*BREAKS_ON_FINISH)
    await runs(paper)
    worker = await paper.worker(slots=2)
    tasks = await paper.submit_all(submission(), submission())
    dispatches = [await paper.dispatch_of(task) for task in tasks]
    for dispatch in dispatches:
        await worker.begin(dispatch)
    poison, good = (
        finished(dispatch.spec.task_id, dispatch.token, result=result)
        for dispatch, result in zip(dispatches, (POISON, "good"), strict=True)
    )
    await paper.report(poison, good)

    await paper.becomes(tasks[1], "success")

    [(value, _)] = await buried(paper)
    assert value == encode(poison)
    assert paper.log.status(tasks[0]) == "processing"
    await worker.beat()
    await paper.pass_time(60_000)
    await paper.until(lambda: was_lost(paper, tasks[0]))


async def test_a_cell_that_is_found_dirty_is_rebuilt(anywhere: World) -> None:
    world = anywhere
    scheduler = await runs(world)
    task = await world.submit()
    await world.becomes(task, "pending")
    await world.redis.hset(world.base, "dirty", "1")  # type: ignore[misc]  # redis-py: sync or async
    other = await world.submit()

    await world.becomes(other, "pending")

    assert "after ready" in scheduler.hooks.reached[scheduler.hooks.reached.index("after ready") + 1 :]
    assert await world.head_field("dirty") == 0
    assert world.dead.count == 0
    await world.agrees()
