"""A host that does not answer is left alone, and tried by one call at a time."""

import pytest

from xqueue_notifier.webhooks.breaker import Breaker, BreakerSettings, Permit

FAILURES, OPEN_MS = 3, 1_000


@pytest.fixture
def breaker() -> Breaker:
    return Breaker(BreakerSettings(FAILURES, OPEN_MS))


def call(breaker: Breaker, now_ms: int, *, well: bool | None) -> Permit:
    permit = breaker.ask(now_ms)
    if permit in (Permit.CALL, Permit.PROBE):
        breaker.end(permit, well, now_ms)
    return permit


def opened(breaker: Breaker) -> Breaker:
    for _ in range(FAILURES):
        call(breaker, 0, well=False)
    return breaker


def test_it_opens_after_so_many_failures_in_a_row(breaker: Breaker) -> None:
    for well in (False, False, True, False, False, None):
        assert call(breaker, 0, well=well) is Permit.CALL
    assert breaker.closed
    assert call(breaker, 0, well=False) is Permit.CALL
    assert call(breaker, OPEN_MS - 1, well=True) is Permit.NOT_NOW


def test_then_one_call_shows_whether_the_host_is_well(breaker: Breaker) -> None:
    opened(breaker)
    assert breaker.ask(OPEN_MS) is Permit.PROBE
    assert breaker.ask(OPEN_MS + 1) is Permit.SOON
    breaker.end(Permit.PROBE, well=True, now_ms=OPEN_MS + 2)
    assert breaker.ask(OPEN_MS + 2) is Permit.CALL
    assert breaker.spotless


def test_a_probe_that_fails_opens_it_again(breaker: Breaker) -> None:
    assert call(opened(breaker), OPEN_MS, well=False) is Permit.PROBE
    assert breaker.ask(2 * OPEN_MS - 1) is Permit.NOT_NOW
    assert breaker.ask(2 * OPEN_MS) is Permit.PROBE


def test_a_probe_that_says_nothing_is_made_again(breaker: Breaker) -> None:
    assert call(opened(breaker), OPEN_MS, well=None) is Permit.PROBE
    assert breaker.ask(OPEN_MS) is Permit.PROBE


def test_calls_that_end_late_change_nothing_while_it_is_open(breaker: Breaker) -> None:
    late = breaker.ask(0)
    opened(breaker)
    breaker.end(late, well=True, now_ms=1)
    assert breaker.ask(2) is Permit.NOT_NOW
