"""How many tasks come and go a second."""

from xqueue_gateway.push.rates import Rates


def test_rates_are_counted_over_the_last_minute() -> None:
    rates = Rates(0)
    for at_ms in range(0, 120_000, 500):
        rates.count("submitted", at_ms)

    assert rates.per_second(119_999) == {"submitted": 2.0}


def test_the_rate_of_what_came_all_the_time_is_the_same_as_among_all() -> None:
    rates = Rates(0)
    for at_ms in range(0, 90_000, 250):
        rates.count("success" if at_ms % 3 else "failed", at_ms)

    assert {name: rates.since_first(name, 89_999) for name in ("success", "failed")} == {
        name: round(rate, 3) for name, rate in rates.per_second(89_999).items()
    }
    assert rates.since_first("unknown", 90_000) == 0


def test_what_began_to_come_a_moment_ago_has_the_rate_of_that_moment() -> None:
    rates = Rates(0)
    for at_ms in range(100_000, 103_000, 200):
        rates.count("late", at_ms)

    assert rates.since_first("late", 103_000) == 5.0
    assert rates.since_first("late", 130_000) == 0.5
    assert rates.since_first("late", 165_000) == 0


def test_one_alone_says_less_the_longer_it_is_ago() -> None:
    rates = Rates(0)
    rates.count("rare", 100_000)

    assert [rates.since_first("rare", at_ms) for at_ms in (100_500, 104_000, 150_000)] == [1.0, 0.25, 0.02]


def test_in_the_first_minute_they_are_counted_since_the_beginning() -> None:
    rates = Rates(0)
    for at_ms in range(0, 10_000, 1_000):
        rates.count("success", at_ms)

    assert rates.per_second(10_000) == {"success": 1.0}


def test_after_a_minute_of_silence_nothing_is_left() -> None:
    rates = Rates(0)
    rates.count("submitted", 1_000)

    assert rates.per_second(62_000) == {}
