from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from unit.worker.making import an_arrival

from xqueue_common.cell import Admission
from xqueue_worker.waiting import Arrival, Waiting, pause_ms

WAIT, ADMITTED, GONE = Admission.WAIT, Admission.ADMITTED, Admission.GONE


def waiting(*calls: int) -> tuple[Waiting, list[Arrival]]:
    arrivals = [an_arrival(number, call=call) for number, call in enumerate(calls)]
    all_of_them = Waiting()
    for arrival in arrivals:
        all_of_them.add(arrival)
    return all_of_them, arrivals


def test_while_nothing_is_known_to_be_told_those_of_the_first_call_are_asked_for() -> None:
    queue, arrivals = waiting(7, 7, 8)

    assert queue.next(100) == arrivals[:2]


def test_of_those_that_must_wait_one_is_asked_for_again() -> None:
    queue, arrivals = waiting(7, 7, 7, 8)

    assert queue.settle(queue.next(100), [WAIT, WAIT, WAIT]) == []

    assert queue.next(100) == arrivals[:1]
    assert len(queue) == 4


def test_once_that_one_is_admitted_it_speaks_for_its_call_and_the_next_call_is_tried() -> None:
    queue, arrivals = waiting(7, 7, 7, 8, 8, 9)
    queue.settle(queue.next(100), [WAIT, WAIT, WAIT])

    queue.settle(queue.next(100), [ADMITTED])

    assert queue.next(100) == arrivals[1:5]


def test_what_is_decided_waits_no_longer() -> None:
    queue, arrivals = waiting(7, 7)

    assert queue.settle(queue.next(100), [ADMITTED, GONE]) == [(arrivals[0], ADMITTED), (arrivals[1], GONE)]

    assert len(queue) == 0


def test_when_redis_went_back_what_was_told_is_asked_for_one_by_one_again() -> None:
    queue, arrivals = waiting(7, 7, 7)
    queue.settle(queue.next(1), [ADMITTED])

    queue.settle(queue.next(100), [WAIT, WAIT])

    assert queue.next(100) == arrivals[1:2]


def test_no_more_are_asked_for_at_once_than_allowed() -> None:
    queue, arrivals = waiting(*[7] * 10)

    assert queue.next(4) == arrivals[:4]


def test_an_answer_for_what_was_handed_back_meanwhile_counts_no_more() -> None:
    queue, arrivals = waiting(7)
    asked = queue.next(100)

    assert queue.take_all() == arrivals

    assert queue.settle(asked, [ADMITTED]) == []


def test_the_old_ones_are_taken_and_the_others_stay() -> None:
    queue = Waiting()
    old, young = an_arrival(1, at_ms=10), an_arrival(2, at_ms=20)
    queue.add(old)
    queue.add(young)

    assert queue.take_older(20) == [old]

    assert queue.next(100) == [young]


@given(calls=st.lists(st.integers(1, 5), max_size=30).map(sorted), steps=st.lists(st.integers(0, 6), max_size=60))
def test_whenever_calls_are_told_each_attempt_is_decided_once_and_few_are_asked_for_in_vain(
    calls: Sequence[int], steps: Sequence[int]
) -> None:
    queue, arrivals = waiting(*calls)
    told, decided, in_vain, rounds = 0, [], 0, 0
    # Each round asks for at most one attempt again that had to wait before.
    for step in [*steps, *[6] * (len(calls) + 1)]:
        told = max(told, step)
        asked = queue.next(100)
        answers = [ADMITTED if arrival.dispatch.call <= told else WAIT for arrival in asked]
        in_vain += answers.count(WAIT)
        rounds += 1
        decided += queue.settle(asked, answers)

    assert [arrival for arrival, _ in decided] == arrivals
    assert in_vain <= len(calls) + rounds


def test_pauses_grow_up_to_a_limit() -> None:
    pauses = [pause_ms(rounds) for rounds in range(100)]

    assert pauses[0] == 0.5
    assert pauses == sorted(pauses)
    assert pauses[-1] == 50
