import pytest
from unit.worker.making import StillClock, an_attempt

from xqueue_common.cell import Beat, Code
from xqueue_common.errors import Unavailable
from xqueue_worker.attempt import Attempt, Stop
from xqueue_worker.pool import Pool
from xqueue_worker.renewal import Beaten, Renewal

NONE: frozenset[str] = frozenset()
SENT = 1_002_000


class World:
    """A renewal and what it did."""

    def __init__(self) -> None:
        self.clock = StillClock()
        self.pool = Pool(10, changed=lambda: None)
        self.stopped: list[tuple[Attempt, Stop]] = []
        self.lost_inboxes: list[int] = []
        self.renewal = Renewal(
            pool=self.pool,
            stop=lambda attempt, why: self.stopped.append((attempt, why)),
            inbox_lost=self.lost_inboxes.append,
            clock=self.clock,
            lease_ms=15_000,
            margin_ms=2_000,
        )

    def run(self, number: int = 1) -> Attempt:
        attempt = an_attempt(number, now_ms=self.clock.at_ms)
        self.pool.running[attempt.task_id] = attempt
        return attempt

    def beat(self, code: Code, *, lost: frozenset[str] = NONE, cancelled: frozenset[str] = NONE) -> None:
        beat = Beat(code, 12_000 if code in (Code.OK, Code.INBOX_LOST) else 0, lost, cancelled)
        self.renewal.take(Beaten(SENT, 3, self.pool.leased(), beat))


@pytest.fixture
def world() -> World:
    return World()


def test_leases_count_from_when_the_heartbeat_was_sent(world: World) -> None:
    attempt = world.run()

    world.beat(Code.OK)

    assert (attempt.leased_ms, world.renewal.lease_ms, world.renewal.renewed_ms) == (SENT, 12_000, SENT)


@pytest.mark.parametrize("code", [Code.ASK_AGAIN])
def test_without_an_answer_nothing_is_renewed(world: World, code: Code) -> None:
    attempt = world.run()

    world.beat(code)

    assert (attempt.leased_ms, world.renewal.lease_ms) == (1_000_000, 15_000)


def test_with_the_inbox_lost_the_leases_are_renewed_all_the_same(world: World) -> None:
    attempt = world.run()

    world.beat(Code.INBOX_LOST)

    assert attempt.leased_ms == SENT
    assert world.lost_inboxes == [3]


def test_what_is_lost_or_cancelled_is_stopped(world: World) -> None:
    lost, cancelled, fine = world.run(1), world.run(2), world.run(3)

    world.beat(Code.OK, lost=frozenset({lost.task_id}), cancelled=frozenset({cancelled.task_id}))

    assert world.stopped == [(lost, Stop.LOST), (cancelled, Stop.CANCEL)]
    assert lost.leased_ms == 1_000_000
    assert fine.leased_ms == SENT


def test_an_answer_about_the_old_attempt_does_not_touch_the_new_one(world: World) -> None:
    old = world.run(1)
    asked = world.pool.leased()
    new = world.run(1)
    lost = frozenset({old.task_id})

    world.renewal.take(Beaten(SENT, 3, asked, Beat(Code.OK, 15_000, lost, NONE)))

    assert world.stopped == []
    assert new.leased_ms == 1_000_000


def test_a_lease_is_trusted_until_its_margin(world: World) -> None:
    assert world.renewal.trusted_from(100_000) == 100_000 - (15_000 - 2_000)


def test_a_margin_never_eats_more_than_half_of_the_lease() -> None:
    renewal = Renewal(
        pool=Pool(1, changed=lambda: None),
        stop=lambda _attempt, _why: None,
        inbox_lost=lambda _number: None,
        clock=StillClock(),
        lease_ms=1_000,
        margin_ms=5_000,
    )
    assert renewal.trusted_from(10_000) == 9_500


def test_it_is_unwell_when_no_heartbeat_was_answered_for_a_lease(world: World) -> None:
    world.clock.at_ms += 15_000
    world.renewal.check()
    world.clock.at_ms += 1_000

    with pytest.raises(Unavailable, match="for 16 s"):
        world.renewal.check()
