"""R7: no work begins before the log knows of it."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from support.eventually import eventually
from support.scheduler.bare import BareCell, BareWorker
from support.scheduler.hooks import Crashed
from support.scheduler.making import submission
from support.scheduler.mutants import Mutate
from support.scheduler.proving import breaks, goes_on, must_raise, takes
from support.scheduler.world import World

from xqueue_common.cell import Admission
from xqueue_common.lifecycle import Status
from xqueue_scheduler import publisher, rebuild, timers
from xqueue_scheduler.owner import Owner
from xqueue_scheduler.store.values import Rebuilt


async def a_grant_is_not_told_yet(bare: BareCell) -> None:
    """A grant's dispatch record arrives before its status record is acknowledged."""
    worker = await BareWorker(bare, "w").join()
    bare.holds_back = True
    task = await bare.submit()
    [dispatch] = bare.sent.of(task)
    assert await worker.claim(dispatch) == [Admission.WAIT]
    await bare.call()
    assert await worker.claim(dispatch) == [Admission.WAIT]
    bare.holds_back = False
    await bare.call(told=1)
    assert await worker.claim(dispatch) == [Admission.ADMITTED]


async def test_a_claim_waits_until_its_call_is_told(bare: BareCell) -> None:
    await a_grant_is_not_told_yet(bare)


async def test_without_the_gate_work_begins_that_the_log_does_not_know(bare: BareCell, mutate: Mutate) -> None:
    mutate("  if granted_in > C.head.told then return ADMISSION.WAIT end\n", "")
    await bare.store.load_functions()
    with pytest.raises(AssertionError):
        await a_grant_is_not_told_yet(bare)


async def test_told_is_never_lowered(bare: BareCell) -> None:
    for _ in range(3):
        await bare.submit()
    await bare.call(told=3)
    await bare.call(told=1)
    assert await bare.head_field("told") == "3"


class Silent(asyncio.Event):
    """Tells nobody."""

    def set(self) -> None:
        pass


async def nothing_follows_a_grant(world: World) -> None:
    """A task is granted, and then there is no more input."""
    scheduler = world.scheduler("A")
    scheduler.start()
    await eventually(scheduler.loop.held.is_set, world.patience_s)
    worker = await world.worker()
    task = await world.submit()
    assert await worker.begin(await world.dispatch_of(task)) is Admission.ADMITTED


async def test_an_empty_call_opens_the_gate_when_there_is_no_input(
    anywhere: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers, "IDLE_MS", 3_600_000)  # so that no idle call hides it
    await nothing_follows_a_grant(anywhere)


async def test_without_the_empty_call_a_grant_waits_for_the_next_input(
    paper: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers, "IDLE_MS", 3_600_000)
    monkeypatch.setattr(Owner, "_patience_s", lambda _self: 3_600.0)
    monkeypatch.setattr(publisher, "asyncio", SimpleNamespace(Event=Silent, gather=asyncio.gather))
    await breaks(nothing_follows_a_grant, paper)


async def an_outbox_with_a_grant_is_adopted(world: World) -> None:
    """The dispatch record of a grant is sent, its status is not, when another scheduler adopts the cell."""
    first = await world.owner("first")
    worker = await world.worker()
    task = await world.submit()
    first.hooks.crash("before status")
    await first.round()
    await must_raise(Crashed, first.settle())
    dispatch = await world.dispatch_of(task)
    second = world.scheduler("second")
    pause = second.hooks.pause("before status")
    taking = asyncio.create_task(second.take())
    await pause.reached()
    try:
        answer = await worker.claim(dispatch)
        known = (await world.look()).status(task) == Status.PROCESSING
        assert answer is Admission.WAIT or known, "work begins that the log does not know"
    finally:
        pause.let_go()
        await taking
    await goes_on(second)
    assert await worker.begin(dispatch) is Admission.ADMITTED


async def a_told_grant_is_rebuilt(world: World) -> None:
    """A grant is told; Redis is lost before its worker claims it."""
    first = await world.owner("first")
    for _ in range(5):
        await world.submit(type="nobody")
        await goes_on(first)
    worker = await world.worker()
    task = await world.submit()
    await goes_on(first)
    dispatch = await world.dispatch_of(task)
    await world.flush()
    second = await takes(world.scheduler("second"))
    await goes_on(second)
    assert await worker.begin(dispatch) is Admission.ADMITTED


SCENARIOS = [an_outbox_with_a_grant_is_adopted, a_told_grant_is_rebuilt]


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_a_claim_is_admitted_once_the_log_knows_of_it_when(scenario: Any, anywhere: World) -> None:
    await scenario(anywhere)


async def test_if_what_is_adopted_counted_as_told_work_would_begin_that_the_log_does_not_know(
    paper: World, mutate: Mutate
) -> None:
    mutate(
        "  renew_leases()\n  Cell.close()\n",
        "  renew_leases()\n  local told = head.told\n  head.told = head.n\n  Cell.close()\n  head.told = told\n",
    )
    await breaks(an_outbox_with_a_grant_is_adopted, paper)


async def test_if_a_rebuild_began_at_call_0_told_grants_would_wait(
    paper: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = rebuild._where

    def from_0(*args: Any) -> Rebuilt:
        return where(*args)._replace(n=0)

    monkeypatch.setattr(rebuild, "_where", from_0)
    await breaks(a_told_grant_is_rebuilt, paper)


async def test_adoption_keeps_told(bare: BareCell) -> None:
    bare.holds_back = True
    for _ in range(3):
        await bare.submit()
    await bare.call(told=1)
    found = await bare.adopt()
    assert (found.n, found.told) == (4, 1)
    assert await bare.head_field("told") == "1"


async def test_a_call_that_is_granted_while_the_one_before_is_on_its_way_waits_too(anywhere: World) -> None:
    world = anywhere
    owner = await world.owner()
    worker = await world.worker(slots=2)
    first = await world.submit()
    pause = owner.hooks.pause("before status")
    await owner.round()
    await pause.reached()
    second = await world.submit()
    ahead = asyncio.create_task(owner.round())
    await eventually(lambda: owner.hooks.reached.count("after call") == 2, world.patience_s)
    dispatch = await world.dispatch_of(first)
    assert await worker.claim(dispatch) is Admission.WAIT
    pause.let_go()
    await ahead
    await goes_on(owner)
    for task in (first, second):
        assert await worker.claim(await world.dispatch_of(task)) is Admission.ADMITTED


async def test_the_gate_opens_for_many_grants_at_once(anywhere: World) -> None:
    world = anywhere
    owner = await world.owner()
    worker = await world.worker(slots=50)
    tasks = await world.submit_all(*(submission() for _ in range(50)))
    await goes_on(owner)
    answers = {await worker.claim(await world.dispatch_of(task)) for task in tasks}
    assert answers == {Admission.ADMITTED}
