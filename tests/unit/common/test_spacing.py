"""Room between rounds, on a clock of the test's own."""

import pytest

from xqueue_common.spacing import Spacing


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now_s += seconds

    def spacing(self, every_s: float, *, at_once: int = 4) -> Spacing:
        return Spacing(every_s, at_once=at_once, now=self.monotonic, sleep=self.sleep)


@pytest.fixture
def time() -> Time:
    return Time()


async def rounds(space: Spacing, count: int) -> None:
    for _ in range(count):
        await space.wait()
        space.spend()


async def test_a_few_rounds_behind_a_silence_begin_at_once(time: Time) -> None:
    space = time.spacing(0.01, at_once=4)

    await rounds(space, 4)

    assert time.slept == []


async def test_further_ones_are_kept_apart(time: Time) -> None:
    space = time.spacing(0.01, at_once=4)

    await rounds(space, 7)

    assert time.slept == [0.01] * 3


@pytest.mark.parametrize(("found", "apart"), [(1, 0.01), (5, 0.01), (7, 0.014), (10, 0.02), (10_000, 0.02)])
async def test_in_a_flood_they_are_further_apart(time: Time, found: int, apart: float) -> None:
    space = time.spacing(0.01, at_once=1)

    for _ in range(4):
        await space.wait()
        space.spend(found)

    assert time.slept == [apart] * 3


async def test_a_silence_gives_back_what_was_spent_but_no_more(time: Time) -> None:
    space = time.spacing(0.01, at_once=2)
    await rounds(space, 3)
    time.slept.clear()
    time.now_s += 10

    await rounds(space, 3)

    assert time.slept == [0.01]


async def test_long_rounds_wait_for_nothing(time: Time) -> None:
    space = time.spacing(0.01, at_once=1)

    for _ in range(5):
        await rounds(space, 1)
        time.now_s += 0.02

    assert time.slept == []


async def test_without_a_time_nothing_waits(time: Time) -> None:
    await rounds(time.spacing(0.0), 50)

    assert time.slept == []
