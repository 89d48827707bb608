"""R2: a call counts as applied only when all of it is told; frees come before takes; adoption relabels."""

from typing import Any

import pytest
from msgspec import structs
from support.scheduler.hooks import Crashed
from support.scheduler.making import finished, submission
from support.scheduler.mutants import Mutate
from support.scheduler.proving import breaks, goes_on, must_raise, takes
from support.scheduler.world import World

from xqueue_scheduler import publisher
from xqueue_scheduler.errors import CellLost
from xqueue_scheduler.records import CallRecords, records_of
from xqueue_scheduler.store.values import Output


async def half_a_call_of_submissions_is_told(world: World) -> None:
    """Of two submissions one gets into the status log; then the owner dies and Redis is lost."""
    owner = await world.owner("first")
    tasks = await world.submit_all(submission(), submission())
    owner.cut_status = 1
    await owner.round()
    await must_raise(Crashed, owner.settle())
    await world.flush()

    await goes_on(await takes(world.scheduler("second")))

    await world.agrees()
    assert [world.log.status(task) for task in tasks] == ["pending", "pending"]


async def half_a_call_of_reports_is_told(world: World) -> None:
    """Of two results one gets into the status log; then the owner dies and Redis is lost."""
    owner = await world.owner("first")
    worker = await world.worker(slots=2)
    tasks = await world.submit_all(submission(), submission())
    await goes_on(owner)
    dispatches = [await world.dispatch_of(task) for task in tasks]
    for dispatch in dispatches:
        await worker.begin(dispatch)
    await world.report(*(finished(d.spec.task_id, d.token) for d in dispatches))
    owner.cut_status = 1
    await owner.round()
    await must_raise(Crashed, owner.settle())
    await world.flush()

    await goes_on(await takes(world.scheduler("second")))

    await world.agrees()
    assert world.all_ended(tasks)


async def a_call_that_frees_and_takes_is_cut(world: World) -> None:
    """One call ends the only attempt that a key may have and grants the next; half of it gets into the log."""
    owner = await world.owner("first")
    worker = await world.worker(slots=2)
    tasks = await world.submit_all(submission(key="k", limit=1), submission(key="k", limit=1))
    await goes_on(owner)
    await worker.finish(await world.dispatch_of(tasks[0]))
    owner.cut_status = 1
    await owner.round()
    await must_raise(Crashed, owner.settle())
    assert (await world.look()).running() == [], "the slot is free before it is taken again"
    await world.flush()

    await takes(second := world.scheduler("second"))
    await worker.beat()
    await goes_on(second)

    await world.agrees()
    assert world.log.running() == [tasks[1]]


async def an_outbox_is_adopted(world: World) -> None:
    """A call's records are still to be sent when its owner dies."""
    owner = await world.owner("first")
    await world.submit_all(submission(), submission())
    owner.hooks.crash("before status")
    await owner.round()
    await must_raise(Crashed, owner.settle())

    successor = await takes(world.scheduler("second"))
    await goes_on(successor)

    await world.agrees()
    assert world.log.ignored == 0
    assert world.log.label[0] == successor.epoch


async def an_owner_goes_on_after_its_cell_was_adopted(world: World) -> None:
    """Redis has been adopted; its former owner does not know yet."""
    former = await world.owner("first")
    await world.submit()
    await goes_on(former)
    successor = await takes(world.scheduler("second"))

    await must_raise(CellLost, former.idle())
    await goes_on(successor)


@pytest.mark.parametrize(
    "scenario",
    [
        half_a_call_of_submissions_is_told,
        half_a_call_of_reports_is_told,
        a_call_that_frees_and_takes_is_cut,
        an_outbox_is_adopted,
        an_owner_goes_on_after_its_cell_was_adopted,
    ],
)
async def test_nothing_is_lost_or_told_twice_when(scenario: Any, anywhere: World) -> None:
    await scenario(anywhere)


@pytest.mark.parametrize("scenario", [half_a_call_of_submissions_is_told, half_a_call_of_reports_is_told])
async def test_with_the_new_offsets_on_every_record_inputs_get_lost_when(
    scenario: Any, paper: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stamped_at_once(epoch: int, call: int, output: Output) -> CallRecords:
        after = {"commands_before": output.commands_after, "reports_before": output.reports_after}
        return records_of(epoch, call, structs.replace(output, **after))

    monkeypatch.setattr(publisher, "records_of", stamped_at_once)
    await breaks(scenario, paper)


async def test_with_takes_before_frees_readers_see_the_limit_exceeded(
    paper: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def takes_first(epoch: int, call: int, output: Output) -> CallRecords:
        last = len(output.statuses) - 1
        turned = [structs.replace(dispatch, status=last - dispatch.status) for dispatch in output.dispatches]
        return records_of(epoch, call, structs.replace(output, statuses=output.statuses[::-1], dispatches=turned))

    # Submissions are told before their grants, so turn only the call that frees.
    def only_frees(epoch: int, call: int, output: Output) -> CallRecords:
        frees = output.reports_after > output.reports_before
        return (takes_first if frees else records_of)(epoch, call, output)

    monkeypatch.setattr(publisher, "records_of", only_frees)
    await breaks(a_call_that_frees_and_takes_is_cut, paper)


async def test_an_outbox_sent_under_its_old_epoch_is_lost(paper: World, monkeypatch: pytest.MonkeyPatch) -> None:
    epochs: list[int] = []

    def under_the_first_epoch(epoch: int, call: int, output: Output) -> CallRecords:
        epochs.append(epoch)
        return records_of(epochs[0], call, output)

    # Crashes before the first record is sent, so that the outbox is all there is.
    monkeypatch.setattr(publisher, "records_of", under_the_first_epoch)
    await breaks(an_outbox_is_adopted, paper)


async def test_if_adoption_did_not_relabel_two_owners_would_go_on(paper: World, mutate: Mutate) -> None:
    mutate("  head.e = e\n  Cell.catch_up()", "  Cell.catch_up()")
    await breaks(an_owner_goes_on_after_its_cell_was_adopted, paper)
