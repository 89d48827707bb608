from collections import Counter

import pytest

from xqueue_worker.backends.choice import Candidate, by_key, choose, least_busy, round_robin

A, B, C = (Candidate(place, f"http://{name}") for place, name in enumerate("abc"))
KEYS = [f"tenant-{i}" for i in range(3000)]


def test_each_gets_its_turn_and_who_cannot_is_passed_over() -> None:
    turns, last = [], -1
    for _ in range(4):
        last = round_robin([A, B, C], last).place
        turns.append(last)

    assert turns == [0, 1, 2, 0]
    assert round_robin([A, C], last=0) is C
    assert round_robin([A, B], last=1) is A


def test_the_fewest_calls_over_the_weight_win() -> None:
    assert least_busy([A._replace(in_flight=2), B._replace(in_flight=1), C._replace(in_flight=3)]).name == B.name
    assert least_busy([A._replace(in_flight=1), B._replace(in_flight=3, weight=4.0)]).name == B.name


def test_of_equally_busy_ones_the_fastest_wins_and_who_was_never_called_is_tried() -> None:
    slow, fast = A._replace(latency_s=2.0), B._replace(latency_s=0.5)

    assert least_busy([slow, fast]) is fast
    assert least_busy([slow, fast, C]) is C
    assert least_busy([A, B]) is A


def test_a_key_stays_where_it_is_and_only_those_of_a_server_that_left_move() -> None:
    before = {key: by_key([A, B, C], key) for key in KEYS}
    without_b = {key: by_key([A, C], key) for key in KEYS}

    moved = {key for key in KEYS if before[key] != without_b[key]}
    assert moved == {key for key in KEYS if before[key] is B}
    assert {without_b[key] for key in moved} == {A, C}


def test_keys_do_not_care_for_the_place_of_a_server_nor_for_how_busy_it_is() -> None:
    turned = [C._replace(place=0, in_flight=9), A._replace(place=1), B._replace(place=2)]

    assert [by_key(turned, key).name for key in KEYS] == [by_key([A, B, C], key).name for key in KEYS]


def test_keys_spread_as_the_weights_say() -> None:
    share = Counter(by_key([A, B, C._replace(weight=2.0)], key).name for key in KEYS)

    assert share[A.name] == pytest.approx(len(KEYS) / 4, rel=0.15)
    assert share[B.name] == pytest.approx(len(KEYS) / 4, rel=0.15)
    assert share[C.name] == pytest.approx(len(KEYS) / 2, rel=0.15)


def test_the_policy_says_which_of_them_decides() -> None:
    busy = [A._replace(in_flight=1), B, C]

    assert choose("least_busy", busy, last=2, key="k") is B
    assert choose("round_robin", busy, last=2, key="k") is busy[0]
    assert choose("by_key", busy, last=2, key="k") is by_key(busy, "k")


def test_any_text_can_be_a_key() -> None:
    assert by_key([A, B], "\udcff\x00") in (A, B)
