"""What one tenant does to a queue that others use as well is not done."""

import pytest
from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.making import TENANT, cancel, submission
from support.scheduler.serving import begun

from xqueue_common.events import Configure
from xqueue_common.limits import QueueSettings, queue_setting

OTHER = "other"
PAUSE = Configure(queue_setting("q"), QueueSettings(paused=True), alone=TENANT)


async def test_a_tenant_that_is_alone_changes_a_queue(bare: BareCell) -> None:
    await bare.call(submission(), submission(key="k"), submission(run_at_ms=1 << 50))
    await bare.call(submission(tenant=OTHER, queue="elsewhere"))

    assert not await bare.cell.shared("q", TENANT)
    await bare.call(PAUSE)

    assert (await bare.cell.setting(queue_setting("q"))).version == 2


@pytest.mark.parametrize("how", [{}, {"key": "k"}, {"run_at_ms": 1 << 50}], ids=["waits", "of a key", "scheduled"])
async def test_while_a_task_of_another_tenant_waits_nothing_is_changed(bare: BareCell, how: dict[str, int]) -> None:
    foreign = submission(tenant=OTHER, **how)
    await bare.call(submission(), foreign)

    assert await bare.cell.shared("q", TENANT)
    await bare.call(PAUSE, Configure(queue_setting("q"), None, force=True, alone=TENANT))
    assert (await bare.cell.setting(queue_setting("q"))).version == 1

    await bare.call(cancel(foreign.spec.task_id, OTHER))
    await bare.call(PAUSE)
    assert (await bare.cell.setting(queue_setting("q"))).version == 2


async def test_while_a_task_of_another_tenant_runs_nothing_is_changed(bare: BareCell) -> None:
    await bare.call(submission(tenant=OTHER))
    await BareWorker(bare, "w", slots=1).join()
    await begun(bare)

    assert await bare.cell.shared("q", TENANT)
    await bare.call(PAUSE)
    assert (await bare.cell.setting(queue_setting("q"))).version == 1


async def test_another_gateways_submission_in_the_same_call_counts(bare: BareCell) -> None:
    await bare.call(submission())

    await bare.call(submission(tenant=OTHER), PAUSE)

    assert (await bare.cell.setting(queue_setting("q"))).version == 1


async def test_the_open_tasks_of_a_tenant_are_those_that_wait_and_those_that_run(bare: BareCell) -> None:
    await bare.call(submission(), submission(), submission(run_at_ms=1 << 50), submission(tenant=OTHER))
    await BareWorker(bare, "w", slots=1).join()
    await bare.call()

    counts = (await bare.cell.waiting([f"o/{TENANT}", f"n/{TENANT}"])).counts

    assert counts == {f"o/{TENANT}": 3, f"n/{TENANT}": 2}
