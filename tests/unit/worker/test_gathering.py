from unit.worker.making import StillClock, an_attempt

from xqueue_worker.attempt import Attempt
from xqueue_worker.batching.forming import begins_by
from xqueue_worker.batching.gathering import Gathering
from xqueue_worker.batching.options import Batch


def waiting(*items: str, due_ms: int = 100) -> Gathering[str]:
    gathering = Gathering[str]()
    for item in items:
        assert gathering.add("a", item, due_ms=due_ms, most=10) is None
    return gathering


def test_a_full_batch_begins_in_the_order_of_coming() -> None:
    gathering = Gathering[str]()
    found = [gathering.add("a", item, due_ms=100, most=3) for item in ("x", "y", "z", "next")]

    assert found == [None, None, ["x", "y", "z"], None]
    assert gathering.waiting() == ["next"]


def test_a_batch_of_one_never_waits() -> None:
    assert Gathering[str]().add("a", "x", due_ms=100, most=1) == ["x"]


def test_keys_have_batches_of_their_own() -> None:
    gathering = waiting("x", due_ms=100)
    gathering.add("b", "y", due_ms=90, most=10)

    assert gathering.next_due_ms() == 90
    assert gathering.take_due(90) == [["y"]]
    assert gathering.next_due_ms() == 100
    assert gathering.take_due(99) == []


def test_a_batch_is_due_with_the_first_of_its_members() -> None:
    gathering = waiting("x", due_ms=100)
    gathering.add("a", "later", due_ms=200, most=10)
    assert gathering.next_due_ms() == 100

    gathering.add("a", "in a hurry", due_ms=50, most=10)
    assert gathering.take_due(50) == [["x", "later", "in a hurry"]]
    assert gathering.next_due_ms() is None


def test_what_is_taken_away_is_waited_for_no_longer() -> None:
    gathering = waiting("x", "y")

    gathering.remove("x")
    assert gathering.waiting() == ["y"]
    gathering.remove("y")

    assert len(gathering) == 0
    assert gathering.next_due_ms() is None


def test_all_can_be_taken_at_once() -> None:
    gathering = waiting("x", "y")
    gathering.add("b", "z", due_ms=1, most=10)

    assert gathering.take_all() == [["x", "y"], ["z"]]
    assert len(gathering) == 0


def arrived(at_ms: int, *, max_wait: float, timeout_s: float) -> Attempt:
    attempt = an_attempt(now_ms=at_ms, timeout_s=timeout_s)
    attempt.handler.batch = Batch(max_size=10, max_wait=max_wait)
    return attempt


def test_an_attempt_waits_as_long_as_its_handler_says() -> None:
    assert begins_by(arrived(1_000, max_wait=0.05, timeout_s=600), 5_000) == 1_050


def test_it_does_not_wait_so_long_that_too_little_time_is_left_to_run() -> None:
    assert begins_by(arrived(1_000, max_wait=60, timeout_s=4), 5_000) == 1_000 + 5_000 + 2_000


def test_its_time_counts_from_when_its_batch_begins() -> None:
    clock, attempt = StillClock(1_000), arrived(1_000, max_wait=60, timeout_s=30)

    clock.at_ms += 4_000
    attempt.begin(clock.at_ms, spare_ms=5_000)

    assert (attempt.started_ms, attempt.deadline_ms, attempt.ctx.deadline) == (5_000, 35_000, 35)


def test_of_a_long_wait_the_rest_counts_as_run_time() -> None:
    attempt = arrived(1_000, max_wait=60, timeout_s=30)

    attempt.begin(1_000 + 15_000, spare_ms=5_000)

    assert attempt.deadline_ms == 1_000 + 5_000 + 30_000
