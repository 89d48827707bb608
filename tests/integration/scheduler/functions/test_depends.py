"""Dependencies: a task begins when all that it waits for has ended well, learns their results, or is canceled."""

from typing import Any

import msgspec
import pytest
from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.invariants import check_invariants
from support.scheduler.making import cancel, finished, submission
from support.scheduler.serving import submit

from xqueue_common.ids import new_task_id
from xqueue_scheduler.store.head import HeadSettings

ARTIFACT = "art_012345678901234567890123"


async def end(bare: BareCell, task: str, outcome: Any = "success", **facts: Any) -> None:
    await bare.call(finished(task, await bare.token(task), outcome, **facts))


def parents_of(bare: BareCell, task: str) -> Any:
    return msgspec.json.decode(bare.sent.of(task)[-1].parents)


@pytest.fixture
async def worker(bare: BareCell) -> BareWorker:
    return await BareWorker(bare, "w", slots=50).join()


@pytest.mark.usefixtures("worker")
async def test_a_task_waits_for_all_that_it_depends_on_and_reads_their_results(bare: BareCell) -> None:
    a, b = await submit(bare, 2)
    child = await bare.submit(depends_on=[a, b])
    assert await bare.status_of(child) == "scheduled"
    await end(bare, a, result={"n": 1})
    assert ((await bare.state(child)).waits_for, await bare.status_of(child)) == (b, "scheduled")
    await end(bare, b, result=[2])
    assert await bare.status_of(child) == "processing"
    assert parents_of(bare, child) == {
        a: {"status": "success", "result": {"n": 1}},
        b: {"status": "success", "result": [2]},
    }
    await check_invariants(bare.redis, bare.cell)


@pytest.mark.usefixtures("worker")
async def test_it_learns_which_artifact_holds_a_result(bare: BareCell) -> None:
    a = await bare.submit()
    child = await bare.submit(depends_on=[a])

    await end(bare, a, artifact=ARTIFACT)

    assert parents_of(bare, child) == {a: {"status": "success", "artifact": ARTIFACT, "result": None}}


@pytest.mark.usefixtures("worker")
async def test_if_one_fails_it_is_canceled_with_all_that_depend_on_it(bare: BareCell) -> None:
    a = await bare.submit(max_retry=0)
    child = await bare.submit(depends_on=[a])
    grandchild = await bare.submit(depends_on=[child])
    await end(bare, a, "failed", retryable=False)
    assert await bare.statuses([child, grandchild]) == ["canceled", "canceled"]
    error = msgspec.json.decode((await bare.state(child)).error or "")
    assert error["kind"] == "dependency_failed"
    assert a in error["message"]
    await check_invariants(bare.redis, bare.cell)


@pytest.mark.usefixtures("worker")
async def test_one_that_says_so_runs_all_the_same(bare: BareCell) -> None:
    a = await bare.submit(max_retry=0)
    child = await bare.submit(depends_on=[a], on_failure="run")
    await end(bare, a, "failed", retryable=False)
    assert await bare.status_of(child) == "processing"
    assert parents_of(bare, child) == {a: {"status": "failed", "result": None}}


@pytest.mark.usefixtures("worker")
async def test_a_retry_is_no_end(bare: BareCell) -> None:
    a = await bare.submit(max_retry=1)
    child = await bare.submit(depends_on=[a])
    await end(bare, a, "failed", retryable=True, retry_after_ms=0)
    assert await bare.status_of(child) == "scheduled"
    await end(bare, a)
    assert await bare.status_of(child) == "processing"


@pytest.mark.usefixtures("worker")
async def test_one_that_had_ended_before_is_not_waited_for_and_is_kept(bare: BareCell) -> None:
    a = await bare.submit()
    await end(bare, a, result="r")
    child = await bare.submit(depends_on=[a], run_at_ms=await bare.now_ms() + 2_000)
    key = f"{bare.base}t:{a}"
    assert await bare.redis.pttl(key) == -1
    await bare.let_timers_fire(2_000)
    assert parents_of(bare, child) == {a: {"status": "success", "result": "r"}}
    await end(bare, child)
    assert await bare.redis.pttl(key) > 0


@pytest.mark.usefixtures("worker")
async def test_what_the_gateway_knows_of_one_that_is_long_gone_counts(bare: BareCell) -> None:
    gone, lost = new_task_id(0, 1), new_task_id(0, 2)
    facts = {gone: '{"status":"success","result":7}', lost: '{"status":"canceled"}'}
    good = await bare.submit(depends_on=[gone], parents=facts)
    bad = await bare.submit(depends_on=[gone, lost], parents=facts)
    other = await bare.submit(depends_on=[new_task_id(0, 3)])
    assert await bare.statuses([good, bad, other]) == ["processing", "canceled", "canceled"]
    assert parents_of(bare, good) == {gone: {"status": "success", "result": 7}}


@pytest.mark.usefixtures("worker")
async def test_a_wide_fan_out_takes_several_calls_and_loses_nobody(bare: BareCell) -> None:
    a = await bare.submit()
    children = await submit(bare, 1_300, depends_on=[a], type="nobody")
    await end(bare, a)
    assert bare.last.next_due_ms == bare.last.now_ms
    for _ in range(3):
        await bare.call()
    assert set(await bare.statuses(children)) == {"pending"}
    await check_invariants(bare.redis, bare.cell)


@pytest.mark.usefixtures("worker")
async def test_a_fan_in_is_granted_once(bare: BareCell) -> None:
    parents = await submit(bare, 40)
    child = await bare.submit(depends_on=parents)
    await bare.call(*[finished(task, await bare.token(task)) for task in parents])
    assert len(bare.sent.of(child)) == 1


@pytest.mark.usefixtures("worker")
async def test_a_canceled_child_leaves_its_parent_alone(bare: BareCell) -> None:
    a = await bare.submit()
    child = await bare.submit(depends_on=[a])
    await bare.call(cancel(child))
    assert await bare.redis.pttl(f"{bare.base}t:{a}") == -1
    assert await bare.status_of(a) == "processing"
    await end(bare, a)
    assert await bare.redis.pttl(f"{bare.base}t:{a}") > 0
    assert not [name for name in await bare.keys() if name[:2] in ("k:", "v:") or name == "fallen"]


@pytest.mark.usefixtures("worker")
async def test_a_long_chain_breaks_in_one_go(bare: BareCell) -> None:
    chain = [await bare.submit(max_retry=0)]
    commands = []
    for _ in range(400):
        command = submission(depends_on=[chain[-1]])
        commands.append(command)
        chain.append(command.spec.task_id)
    await bare.call(*commands)
    await end(bare, chain[0], "failed", retryable=False)
    await bare.call()
    assert set(await bare.statuses(chain[1:])) == {"canceled"}


@pytest.mark.parametrize("head", [HeadSettings(roll=1)])
async def test_an_ended_parent_is_told_again_while_somebody_depends_on_it(
    bare: BareCell, head: HeadSettings
) -> None:
    bare.head = head
    await bare.adopt()
    await BareWorker(bare, "w", slots=50).join()
    a = await bare.submit()
    await end(bare, a, result="r")
    await bare.submit(depends_on=[a], type="nobody")
    before = bare.log.repeats
    for _ in range(60):
        await bare.call(submission(type="nobody"), mark=bare.position)
    assert bare.log.repeats > before
    assert f"{a}" in str(await bare.redis.lrange(f"{bare.base}opens", 0, -1))
