"""Who may be in a GPU's memory. Residents are written as name, MB and state; least recently used first."""

import pytest

from xqueue_worker.gpu.memory import (
    Kind,
    Never,
    Resident,
    Start,
    State,
    Use,
    Wait,
    decide,
    expired,
    surplus,
    victims,
)

GPU_MB = 24


def kind(model: str | None) -> Kind:
    return Kind("caption", model)


def idle(model: str | None, mb: int) -> Resident:
    return Resident(kind(model), mb, State.IDLE)


def busy(model: str | None, mb: int) -> Resident:
    return Resident(kind(model), mb, State.BUSY)


def ending(model: str | None, mb: int) -> Resident:
    return Resident(kind(model), mb, State.ENDING)


def decided(residents: list[Resident], model: str | None, mb: int, owed_mb: int = 0) -> object:
    return decide(residents, kind(model), mb, capacity_mb=GPU_MB, owed_mb=owed_mb)


def test_a_warm_one_is_used_the_one_used_last_if_there_are_several() -> None:
    old, new = idle("a", 8), idle("a", 8)

    assert decided([old, new, idle("b", 8)], "a", 8) == Use(new)


def test_one_of_another_model_or_type_or_that_is_busy_or_ending_is_not_used() -> None:
    other = Resident(Kind("translate", "a"), 0, State.IDLE)

    assert decided([idle("b", 0), idle(None, 0), busy("a", 0), ending("a", 0), other], "a", 0) == Start()


def test_one_that_nobody_else_can_use_is_always_new() -> None:
    assert decide([idle(None, 0), Resident(None, 0, State.IDLE)], None, 0, capacity_mb=0) == Start()


def test_a_new_one_starts_where_there_is_room_beside_all_others() -> None:
    assert decided([idle("b", 8), busy("c", 8)], "a", 8) == Start()


def test_the_least_recently_used_goes_when_there_is_no_room() -> None:
    oldest = idle("b", 8)

    assert decided([oldest, idle("c", 8), busy("d", 8)], "a", 8) == Wait((oldest,))


def test_what_is_ending_is_waited_for_before_another_is_evicted() -> None:
    assert decided([idle("b", 16), ending("c", 8)], "a", 8) == Wait()


def test_an_attempt_that_came_before_keeps_the_room_that_it_waits_for() -> None:
    first, second = idle("b", 8), idle("c", 8)

    assert decided([first, second, ending("d", 8)], "a", 8, owed_mb=8) == Wait((first,))
    assert decided([busy("b", 12)], "a", 8, owed_mb=20) == Wait()


def test_one_that_needs_no_room_does_not_wait_for_those_that_do() -> None:
    warm = idle("a", 8)

    assert decided([warm, busy("b", 16)], "a", 8, owed_mb=16) == Use(warm)
    assert decided([busy("b", 24)], "cpu", 0, owed_mb=16) == Start()


def test_a_warm_one_that_needs_more_than_it_has_grows_into_the_room_that_there_is() -> None:
    warm, other = idle("a", 8), idle("b", 12)

    assert decided([warm, busy("b", 4)], "a", 16) == Use(warm)
    assert decided([warm, other, busy("c", 4)], "a", 16) == Wait((other,))


def test_what_busy_ones_leave_no_room_for_waits_and_evicts_none_in_vain() -> None:
    assert decided([idle("b", 4), busy("c", 16)], "a", 12) == Wait()


def test_what_is_more_than_the_gpu_has_never_fits() -> None:
    assert decided([], "a", GPU_MB + 1) == Never()
    assert decided([], "a", GPU_MB) == Start()
    assert decide([], kind("a"), 1, capacity_mb=0) == Never()


A, B, C, CPU = idle("a", 4), idle("b", 8), idle("c", 16), idle("d", 0)


@pytest.mark.parametrize(
    ("short_mb", "gone"),
    [
        (0, ()),
        (-5, ()),
        (1, (A,)),
        (4, (A,)),
        (5, (B,)),
        (12, (A, B)),
        (16, (C,)),
        (20, (A, C)),
        (28, (A, B, C)),
        (29, ()),
    ],
)
def test_the_oldest_go_and_none_that_need_not(short_mb: int, gone: tuple[Resident, ...]) -> None:
    assert victims([CPU, A, B, C], short_mb) == gone


def test_more_idle_ones_than_may_be_are_too_many_the_oldest_first() -> None:
    assert surplus([A, B, C], 2) == [A]
    assert surplus([A, B, C], 0) == [A, B, C]
    assert surplus([A], 2) == []


def test_those_that_were_idle_for_too_long_expire() -> None:
    old, new = Resident(None, 0, State.IDLE, 1_000), Resident(None, 0, State.IDLE, 1_001)

    assert expired([old, new], now_ms=1_500, after_ms=500) == [old]
