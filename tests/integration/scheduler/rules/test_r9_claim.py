"""R9: what a claim is answered, in which order; and that it may be asked twice."""

from typing import Any

import pytest
from redis.asyncio import Redis
from support.scheduler import keyspace
from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.making import finished
from support.scheduler.mutants import Mutate

from xqueue_common.cell import Admission, Ask, Cell
from xqueue_common.events import Dispatch


class Granted:
    """A cell with a grant that is told, and the worker that it went to."""

    def __init__(self, bare: BareCell, worker: BareWorker, task: str, dispatch: Dispatch) -> None:
        self.bare = bare
        self.worker = worker
        self.task = task
        self.dispatch = dispatch

    async def claim(self, **changes: Any) -> Admission:
        """Ask; ``changes`` are to the ask."""
        d = self.dispatch
        ask = Ask(d.spec.task_id, d.token, d.epoch, d.call)._replace(**changes)
        [answer] = await self.bare.cell.claim(self.worker.incarnation, [ask])
        return answer

    async def head(self, **fields: Any) -> None:
        """Change the head of the cell."""
        await self.bare.redis.hset(self.bare.base, mapping=fields)  # type: ignore[misc]  # redis-py: sync or async


@pytest.fixture
async def granted(bare: BareCell) -> Granted:
    worker = await BareWorker(bare, "w", slots=2).join()
    task = await bare.submit()
    await bare.call()
    return Granted(bare, worker, task, bare.sent.of(task)[0])


async def test_a_current_attempt_that_is_told_is_admitted(granted: Granted) -> None:
    assert await granted.claim() is Admission.ADMITTED


async def test_the_same_incarnation_may_ask_again(granted: Granted) -> None:
    assert [await granted.claim() for _ in range(3)] == [Admission.ADMITTED] * 3


async def test_another_incarnation_is_told_that_it_is_gone(granted: Granted) -> None:
    await granted.claim()
    other = await BareWorker(granted.bare, "other").join()
    assert await other.claim(granted.dispatch) == [Admission.GONE]


async def test_another_token_is_gone(granted: Granted) -> None:
    e, n, index = granted.dispatch.token.split(".")
    assert await granted.claim(token=f"{e}.{n}.{int(index) + 1}") is Admission.GONE


async def test_an_attempt_that_has_ended_is_gone(granted: Granted) -> None:
    await granted.bare.call(finished(granted.task, granted.dispatch.token))
    assert await granted.claim() is Admission.GONE


async def test_an_unknown_task_is_gone(granted: Granted) -> None:
    assert await granted.claim(task_id="0" * 36) is Admission.GONE


async def test_a_cancelled_attempt_is_canceled(granted: Granted) -> None:
    await granted.bare.cancel(granted.task)
    assert await granted.claim() is Admission.CANCELED


async def test_a_cancelled_attempt_is_canceled_also_before_it_is_told(granted: Granted) -> None:
    await granted.bare.cancel(granted.task)
    await granted.head(told=0)
    assert await granted.claim() is Admission.CANCELED


async def test_an_attempt_that_is_not_told_waits(granted: Granted) -> None:
    await granted.head(told=granted.dispatch.call - 1)
    assert await granted.claim() is Admission.WAIT


async def test_what_is_gone_is_gone_although_it_is_not_told(granted: Granted) -> None:
    await granted.bare.call(finished(granted.task, granted.dispatch.token))
    await granted.head(told=0)
    assert await granted.claim() is Admission.GONE


async def redis_is_behind_the_record(granted: Granted) -> None:
    """Redis went back to before the grant: it does not know the attempt, so it cannot say that it is gone."""
    await granted.head(n=granted.dispatch.call - 1)
    await granted.bare.redis.delete(f"{granted.bare.base}t:{granted.task}")
    assert await granted.claim() is Admission.WAIT


async def test_a_redis_behind_the_record_has_it_ask_again(granted: Granted) -> None:
    await redis_is_behind_the_record(granted)


async def test_if_the_label_was_not_compared_a_current_attempt_would_be_dropped(
    granted: Granted, mutate: Mutate
) -> None:
    mutate("  if Cell.before(C.head.e, C.head.n, e, n) then return ADMISSION.WAIT end\n", "")
    await granted.bare.store.load_functions()
    with pytest.raises(AssertionError):
        await redis_is_behind_the_record(granted)


async def test_a_record_of_a_later_epoch_has_it_ask_again(granted: Granted) -> None:
    assert await granted.claim(epoch=granted.dispatch.epoch + 1) is Admission.WAIT


async def a_cell_is_rebuilt(granted: Granted) -> None:
    await granted.head(mode="rebuilding")
    assert await granted.claim() is Admission.WAIT


async def test_a_cell_that_is_rebuilt_has_it_ask_again(granted: Granted) -> None:
    await a_cell_is_rebuilt(granted)


async def test_if_a_rebuild_was_not_noticed_the_claim_would_be_admitted(granted: Granted, mutate: Mutate) -> None:
    mutate(
        "return not C.head or C.head.mode == Cell.REBUILDING\n",
        "return not C.head\n",
    )
    await granted.bare.store.load_functions()
    with pytest.raises(AssertionError):
        await a_cell_is_rebuilt(granted)


async def test_an_empty_redis_has_it_ask_again(granted: Granted) -> None:
    await keyspace.flush(granted.bare.redis, granted.bare.base)
    assert await granted.claim() is Admission.WAIT


async def test_a_redis_without_functions_has_it_ask_again(granted: Granted) -> None:
    await granted.bare.redis.function_flush()
    try:
        assert await granted.claim() is Admission.WAIT
    finally:
        await granted.bare.store.load_functions()


async def test_a_claim_leaves_only_soft_traces(granted: Granted) -> None:
    before = await granted.bare.keys()
    await granted.claim()
    after = await granted.bare.keys()
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed == {"claims", "timers"}
    assert before[""] == after[""], "a claim is not counted"


async def test_a_batch_is_answered_in_its_order(bare: BareCell) -> None:
    worker = await BareWorker(bare, "w", slots=3).join()
    tasks = [await bare.submit() for _ in range(3)]
    await bare.call()
    await bare.call(finished(tasks[0], await bare.token(tasks[0])))
    await bare.cancel(tasks[1])
    dispatches = [bare.sent.of(task)[0] for task in tasks]
    assert await worker.claim(*dispatches) == [Admission.GONE, Admission.CANCELED, Admission.ADMITTED]
    assert await worker.claim() == []


async def test_a_report_needs_no_claim(granted: Granted) -> None:
    await granted.bare.call(finished(granted.task, granted.dispatch.token))
    assert await granted.bare.status_of(granted.task) == "success"


async def test_services_that_come_before_the_scheduler_are_told_to_wait(redis: Redis, namespace: str) -> None:
    cell = Cell(redis, prefix=namespace, cell=7)
    assert await cell.claim("w#1", [Ask("0" * 36, "1.1.0", 1, 1)]) == [Admission.WAIT]
    reading = await cell.read("0" * 36)
    assert (reading.commands, reading.task, reading.position) == (-1, None, None)
    assert (await cell.stats()).totals == {}
    assert await cell.workers() == []
