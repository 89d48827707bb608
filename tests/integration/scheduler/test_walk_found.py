"""What the walks have found: of each case the smallest history in which the cell and POLICY.md did not agree."""

import msgspec
from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.making import cancel, configure, finished, submission

from xqueue_common.events import Purge
from xqueue_common.limits import Limit, QueueSettings, queue_setting, tenant_setting
from xqueue_common.task import Resources

LATER_MS = 1 << 50


async def test_a_new_weight_of_a_tenant_counts_in_w(bare: BareCell) -> None:
    """The flow was loaded after its limit had been set, so its weight seemed to be what it was."""
    await bare.submit(tenant="a")
    await bare.call(configure(tenant_setting("a"), Limit(weight=8)))
    assert await bare.head_field("vw") == "8"


async def test_what_another_kind_of_worker_serves_too_takes_turns(bare: BareCell) -> None:
    """The tasks behind the first were looked up for one of the two kinds only."""
    one, two = submission(tenant="a"), submission(tenant="a")
    other = submission(tenant="b", queue="r")
    await bare.call(one, two, other)
    await BareWorker(bare, "x", slots=5, queues=["q"]).join()
    await BareWorker(bare, "y", slots=5).join()
    await bare.call()
    order = [dispatch.spec.task_id for dispatch in bare.sent.records]
    assert order == [command.spec.task_id for command in (one, other, two)]


async def test_a_purge_cancels_what_was_scheduled_just_before_it(bare: BareCell) -> None:
    """The list of scheduled tasks was written at the end of a call, and read in the same call."""
    later = submission(run_at_ms=LATER_MS)
    await bare.call(later, Purge("q"))
    assert await bare.status_of(later.spec.task_id) == "canceled"


async def test_a_queue_is_not_removed_in_the_call_that_schedules_a_task_in_it(bare: BareCell) -> None:
    """As above: the queue was gone without force, and its task was still there."""
    await bare.call(submission(run_at_ms=LATER_MS), configure(queue_setting("q"), None))
    assert (await bare.cell.setting(queue_setting("q"))).version == 1


async def test_a_queue_is_removed_in_the_call_that_cancels_its_last_task(bare: BareCell) -> None:
    """It counted the levels at which tasks waited when the call began."""
    task_id = await bare.submit()
    await bare.call(cancel(task_id), configure(queue_setting("q"), None))
    assert (await bare.cell.setting(queue_setting("q"))).version == 0


async def test_clocks_that_go_on_in_one_call_do_so_where_they_rested(bare: BareCell) -> None:
    """They went on in the order of a table of Lua, and each looked at those before it."""
    worker = await BareWorker(bare, "w", slots=9).join()
    await bare.call(*(submission(tenant="b", priority=priority) for priority in range(9)))
    worker.slots = 0
    await worker.beat()
    pause = configure(tenant_setting("a"), Limit(paused=True))
    await bare.call(pause, *(submission(tenant="a", priority=priority) for priority in range(9)))
    rested = {level: float(now) for level, now in (await bare.keys())["rests"].items()}
    await bare.call(configure(tenant_setting("a"), None))
    assert (await bare.keys())["clocks"] == rested


async def test_a_task_goes_to_the_emptiest_worker_of_all_kinds(bare: BareCell) -> None:
    """It went to the emptiest of the first kind that served it."""
    await BareWorker(bare, "x", slots=1, queues=["q"]).join()
    await BareWorker(bare, "y", slots=5).join()
    task_id = await bare.submit()
    assert (await bare.state(task_id)).worker == "y#1"


async def test_a_share_counts_what_its_queue_runs_already(bare: BareCell) -> None:
    """It counted only what was granted while it was set."""
    await BareWorker(bare, "w", slots=2).join()
    await bare.submit(queue="q")
    own, other = submission(queue="q"), submission(queue="r")
    await bare.call(configure(queue_setting("q"), QueueSettings(workers=1)), own, other)
    assert await bare.status_of(other.spec.task_id) == "processing", "the other would get a slot of its own"


async def test_w_does_not_count_a_group_whose_last_task_has_ended(bare: BareCell) -> None:
    """It counted to the end of the call, so the clock moved by half a second, and not by a whole one."""
    await BareWorker(bare, "w", types=["t", "u"]).join()
    first = await bare.submit(key="a", type="u")
    await bare.submit(key="b")
    await bare.call(finished(first, await bare.token(first)))
    _tag, _owed, furthest, *_ = msgspec.msgpack.decode((await bare.keys())["n:acme"])
    assert furthest == 2_000_000


async def test_one_slot_without_memory_is_one_lane_however_it_is_asked_for(bare: BareCell) -> None:
    """Resources that were given in full made a lane of their own."""
    await bare.submit(resources=Resources(gpu_memory_mb=0, slots=1))
    assert list((await bare.keys())["levels"]) == [b"q/t//0"]
