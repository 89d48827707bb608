import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xqueue_worker import outcome
from xqueue_worker.batching.course import Course, Fate, fate_of
from xqueue_worker.outcome import NOTHING, Ending, failed

BROKEN = failed("error", "poison")
BAD = failed("invalid_payload", "no")
FINE = Ending(b"1")


def test_a_call_that_returns_ends_each_as_its_element_says() -> None:
    assert fate_of(NOTHING, [FINE, BAD], [], began=True) == Fate([(0, FINE), (1, BAD)], [])


def test_the_halves_of_a_call_that_fails_are_called() -> None:
    assert fate_of(BROKEN, [None] * 5, [], began=True) == Fate([], [[0, 1], [2, 3, 4]])


def test_what_fails_alone_is_the_cause() -> None:
    assert fate_of(BROKEN, [None], [], began=True) == Fate([(0, BROKEN)], [])


def test_what_could_not_be_read_was_not_in_the_call() -> None:
    assert fate_of(BROKEN, [BAD, None], [], began=True) == Fate([(0, BAD), (1, BROKEN)], [])
    assert fate_of(BROKEN, [BAD, None], [0], began=True) == Fate([(0, BAD), (1, BROKEN)], [])


@pytest.mark.parametrize("began", [True, False])
def test_a_call_with_a_stopped_one_in_it_blames_nobody(began: bool) -> None:  # noqa: FBT001
    assert fate_of(BROKEN, [None, None, None], [1], began=began) == Fate([(1, BROKEN)], [[0, 2]])


def test_a_call_that_was_taken_back_before_it_began_is_no_success_of_anybody() -> None:
    assert fate_of(NOTHING, [None, None, None], [1], began=False) == Fate([(1, NOTHING)], [[0, 2]])


def test_all_that_were_stopped_end() -> None:
    assert fate_of(BROKEN, [None, None], [0, 1], began=True) == Fate([(0, BROKEN), (1, BROKEN)], [])


@pytest.mark.parametrize("kind", [outcome.SETUP, outcome.NO_HANDLER])
def test_what_no_payload_can_have_caused_fails_all(kind: str) -> None:
    error = failed(kind, "no model")
    assert fate_of(error, [None, None], [], began=True) == Fate([(0, error), (1, error)], [])


def test_a_process_that_cannot_be_started_fails_all() -> None:
    assert fate_of(BROKEN, [None, None], [], began=False) == Fate([(0, BROKEN), (1, BROKEN)], [])


def run(members: list[int], poison: set[int]) -> tuple[Counter[tuple[int, bool]], int, int]:
    """Call as a worker does; returns how often each ended (well or not), the calls, the most for one."""
    course, ended, calls, called = Course(members), Counter[tuple[int, bool]](), 0, Counter[int]()
    while part := course.next():
        calls += 1
        called.update(part)
        spoilt = not poison.isdisjoint(part)
        fate = fate_of(BROKEN if spoilt else NOTHING, [None if spoilt else FINE] * len(part), [], began=True)
        ended.update((part[n], ending is FINE) for n, ending in fate.ended)
        course.before_others([[part[n] for n in half] for half in fate.parts])
    return ended, calls, max(called.values())


@given(st.integers(1, 70).flatmap(lambda size: st.tuples(st.just(size), st.sets(st.integers(0, size - 1)))))
def test_the_poison_fails_alone_and_all_others_succeed_once(given_: tuple[int, set[int]]) -> None:
    size, poison = given_

    ended, calls, most = run(list(range(size)), poison)

    assert ended == Counter((n, n not in poison) for n in range(size))
    levels = math.ceil(math.log2(size))
    assert calls <= min(2 * size - 1, 1 + 2 * levels * len(poison))
    assert most <= levels + 1
