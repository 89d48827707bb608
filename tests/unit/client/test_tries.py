"""Trying again: pauses that grow, by chance, up to a limit in time."""

from xqueue_client import BadAddress, NotFound, Unavailable, Unreachable
from xqueue_client.http.tries import Tries

AWAY = Unreachable("http://gateway", "nobody")


def test_pauses_double_up_to_five_seconds() -> None:
    tries = Tries(1_000, clock=lambda: 0.0, chance=lambda: 1.0)

    assert [tries.pause_s(AWAY) for _ in range(7)] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_half_of_a_pause_is_chance() -> None:
    tries = Tries(1_000, clock=lambda: 0.0, chance=lambda: 0.0)

    assert tries.pause_s(AWAY) == 0.1


def test_no_pause_goes_beyond_the_end() -> None:
    now = [0.0]
    tries = Tries(1.0, clock=lambda: now[0], chance=lambda: 1.0)

    first = tries.pause_s(AWAY)
    now[0] = 0.7
    second = tries.pause_s(AWAY)

    assert (first, second) == (0.2, None)


def test_what_is_final_is_not_tried_again() -> None:
    tries = Tries(1_000)

    assert tries.pause_s(NotFound(404, "no")) is None
    assert tries.pause_s(BadAddress("x")) is None


def test_a_short_advice_does_not_shorten_the_pause() -> None:
    tries = Tries(1_000, clock=lambda: 0.0, chance=lambda: 1.0)

    assert tries.pause_s(Unavailable(503, "away", retry_after=0.0)) == 0.2
