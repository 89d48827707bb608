from xqueue_embedded.supervise.backoff import Backoff


def test_pauses_double_up_to_the_longest() -> None:
    backoff = Backoff(first_s=0.1, longest_s=1.0)

    pauses = [backoff.pause_s(lived_s=0.0) for _ in range(6)]

    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


def test_a_child_that_was_well_for_long_enough_is_started_again_at_once() -> None:
    backoff = Backoff(first_s=0.1, well_after_s=10.0)
    for _ in range(3):
        backoff.pause_s(lived_s=9.9)

    assert backoff.pause_s(lived_s=10.0) == 0.1
    assert backoff.pause_s(lived_s=0.0) == 0.2
