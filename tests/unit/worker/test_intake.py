from collections import Counter

import pytest
from unit.worker.making import StillClock, a_dispatch

from xqueue_common.events import Report, Returned
from xqueue_worker.intake import Intake
from xqueue_worker.pool import Pool
from xqueue_worker.seen import Seen
from xqueue_worker.waiting import Arrival


class World:
    """An intake with one slot, and what became of what was received."""

    def __init__(self) -> None:
        self.beats = 0
        self.claimed: list[Arrival] = []
        self.reports: list[Report] = []
        self.records: Counter[str] = Counter()
        self.pool = Pool(1, changed=self._beat)
        self.intake = Intake(
            pool=self.pool,
            claim=self.claimed.append,
            report=self.reports.append,
            clock=StillClock(77),
            records=self.records,
        )

    def _beat(self) -> None:
        self.beats += 1


@pytest.fixture
def world() -> World:
    return World()


def test_what_there_is_a_slot_for_is_claimed(world: World) -> None:
    dispatch = a_dispatch()

    world.intake.receive(dispatch)

    assert world.claimed == [Arrival(dispatch, 77)]


def test_what_is_too_much_is_refused_and_the_scheduler_told_of_the_slots(world: World) -> None:
    world.pool.waiting = 1
    dispatch = a_dispatch()

    world.intake.receive(dispatch)

    assert world.reports == [Returned(dispatch.spec.task_id, dispatch.token, "refused")]
    assert (world.claimed, world.beats) == ([], 1)


def test_what_comes_while_draining_is_handed_back(world: World) -> None:
    world.pool.close()
    dispatch = a_dispatch()

    world.intake.receive(dispatch)

    assert world.reports == [Returned(dispatch.spec.task_id, dispatch.token, "drained")]


def test_what_comes_again_is_dropped(world: World) -> None:
    world.intake.receive(a_dispatch())
    world.intake.receive(a_dispatch())

    assert world.records == {"accepted": 1, "repeated": 1}
    assert len(world.claimed) == 1


def test_enough_tokens_are_remembered_and_not_too_many() -> None:
    seen = Seen(keep=3)
    tokens = [str(number) for number in range(100)]

    assert not any(seen.again(token) for token in tokens)

    assert all(seen.again(token) for token in tokens[-3:])
    assert not seen.again(tokens[0])
