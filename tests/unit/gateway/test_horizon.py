"""How far the history must have come before its silence means something."""

from xqueue_gateway.history.horizon import MARGIN_MS, Horizon


def test_what_stood_in_the_log_when_we_came_is_needed_at_once() -> None:
    horizon = Horizon()
    horizon.begin(0, 500)

    assert horizon.needed(0, 0) == 500


def test_what_has_just_been_said_is_not_needed_yet() -> None:
    horizon = Horizon()
    horizon.begin(0, 500)
    horizon.note(0, 600, 10_000)

    assert horizon.needed(0, 10_000) == 500
    assert horizon.needed(0, 10_000 + MARGIN_MS - 1) == 500


def test_it_is_needed_before_it_can_have_left_redis() -> None:
    horizon = Horizon()
    horizon.begin(0, 500)
    horizon.note(0, 600, 10_000)

    assert horizon.needed(0, 10_000 + MARGIN_MS) == 600


def test_a_busy_log_is_noted_once_a_second_and_never_too_late() -> None:
    horizon = Horizon()
    horizon.begin(0, 0)
    for at_ms in range(0, 2 * MARGIN_MS, 10):
        horizon.note(0, at_ms, at_ms)

    now_ms = 2 * MARGIN_MS
    needed = horizon.needed(0, now_ms)
    assert now_ms - MARGIN_MS - 10 <= needed <= now_ms - MARGIN_MS + 1_000


def test_a_cell_that_we_do_not_follow_needs_nothing() -> None:
    assert Horizon().needed(3, 0) == 0
