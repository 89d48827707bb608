import pytest

from xqueue_worker.backends.breaker import Breaker, Permit, Standing
from xqueue_worker.backends.settings import BreakerSettings

SETTINGS = BreakerSettings(failures=3, share=0.5, calls=10, open_s=5)
GOOD, BAD, UNKNOWN = Standing.GOOD, Standing.BAD, Standing.UNKNOWN


@pytest.fixture
def breaker() -> Breaker:
    return Breaker(SETTINGS)


def calls(breaker: Breaker, *standings: Standing, now_ms: int = 0) -> None:
    for standing in standings:
        breaker.end(breaker.begin(), standing, now_ms)


def test_it_opens_after_so_many_failures_in_a_row(breaker: Breaker) -> None:
    calls(breaker, BAD, BAD, GOOD, BAD, BAD)
    assert breaker.closed

    calls(breaker, BAD, now_ms=100)
    assert not breaker.closed
    assert not breaker.admits(100)


def test_it_opens_at_a_share_of_failures_once_there_were_enough_calls(breaker: Breaker) -> None:
    calls(breaker, *[BAD, GOOD] * 4, GOOD)
    assert breaker.closed

    calls(breaker, BAD)
    assert not breaker.closed


def test_calls_that_were_canceled_say_nothing(breaker: Breaker) -> None:
    calls(breaker, BAD, BAD, UNKNOWN, UNKNOWN, BAD)

    assert not breaker.closed


def test_after_its_time_it_lets_one_call_through_and_no_other(breaker: Breaker) -> None:
    calls(breaker, BAD, BAD, BAD)
    assert not breaker.admits(4_999)
    assert breaker.admits(5_000)
    assert breaker.probing(5_000)

    assert breaker.begin() is Permit.PROBE
    assert not breaker.admits(60_000)


def test_a_good_probe_closes_it_and_what_was_is_forgotten(breaker: Breaker) -> None:
    calls(breaker, BAD, BAD, BAD)
    calls(breaker, GOOD, now_ms=5_000)
    assert breaker.closed

    calls(breaker, BAD, BAD, now_ms=5_001)
    assert breaker.closed


def test_a_bad_probe_opens_it_for_as_long_again(breaker: Breaker) -> None:
    calls(breaker, BAD, BAD, BAD)
    calls(breaker, BAD, now_ms=6_000)

    assert not breaker.admits(10_999)
    assert breaker.admits(11_000)


def test_a_probe_that_was_canceled_lets_the_next_call_probe(breaker: Breaker) -> None:
    calls(breaker, BAD, BAD, BAD)
    calls(breaker, UNKNOWN, now_ms=6_000)

    assert not breaker.closed
    assert breaker.admits(6_000)


def test_calls_that_end_late_neither_close_it_nor_keep_it_open(breaker: Breaker) -> None:
    late = [breaker.begin() for _ in range(3)]
    calls(breaker, BAD, BAD, BAD)

    breaker.end(late[0], GOOD, 100)
    assert not breaker.closed

    breaker.end(late[1], BAD, 4_000)
    assert breaker.admits(5_000)

    assert breaker.begin() is Permit.PROBE
    breaker.end(late[2], GOOD, 5_001)
    assert not breaker.admits(5_001)
