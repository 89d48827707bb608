import pytest
from unit.worker.making import an_attempt

from xqueue_worker.pool import Occupied, Pool


class Beats(list[int]):
    def __call__(self) -> None:
        self.append(1)


@pytest.fixture
def beats() -> Beats:
    return Beats()


@pytest.fixture
def pool(beats: Beats) -> Pool:
    return Pool(2, changed=beats)


def run(pool: Pool, number: int) -> None:
    attempt = an_attempt(number)
    pool.running[attempt.task_id] = attempt


def test_waiting_and_running_attempts_fill_it(pool: Pool) -> None:
    assert not pool.full
    pool.waiting = 1
    run(pool, 1)
    assert pool.full


def test_a_report_on_its_way_holds_no_slot_unless_reports_are_stalled(pool: Pool) -> None:
    run(pool, 1)
    run(pool, 2)
    pool.report_on_its_way(next(iter(pool.running.values())))

    assert not pool.full
    pool.stalled = True
    assert pool.full


def test_a_slot_is_free_once_its_report_is_in_the_log(pool: Pool) -> None:
    run(pool, 1)
    attempt = pool.running[an_attempt(1).task_id]
    pool.report_on_its_way(attempt)

    pool.release(attempt)
    pool.release(attempt)

    assert pool.occupied == Occupied(0, 0, 0, 0)


def test_releasing_the_old_attempt_of_a_task_leaves_the_new_one(pool: Pool) -> None:
    old = an_attempt(1)
    run(pool, 1)

    pool.release(old)

    assert pool.occupied.running == 1


def test_a_lingering_attempt_takes_a_slot_away_until_it_ends(pool: Pool, beats: Beats) -> None:
    run(pool, 1)
    attempt = pool.running[an_attempt(1).task_id]
    pool.report_on_its_way(attempt)

    pool.linger(attempt)
    assert (pool.offered, pool.occupied) == (1, Occupied(0, 0, 0, 1))

    assert pool.left(attempt)
    assert not pool.left(attempt)
    assert pool.offered == 2
    assert len(beats) == 2, "the scheduler is told at once, each time"


def test_closed_it_offers_nothing_and_says_when_it_is_empty(pool: Pool, beats: Beats) -> None:
    run(pool, 1)
    pool.close()
    assert (pool.offered, pool.emptied.is_set(), len(beats)) == (0, False, 1)

    pool.release(next(iter(pool.running.values())))

    assert pool.emptied.is_set()


def test_closed_while_empty_it_says_so_at_once(pool: Pool) -> None:
    pool.close()
    assert pool.emptied.is_set()


def test_the_thread_of_the_leases_gets_a_copy(pool: Pool) -> None:
    run(pool, 1)
    copy = pool.leased()
    run(pool, 2)
    assert len(copy) == 1
