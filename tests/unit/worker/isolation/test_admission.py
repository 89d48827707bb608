"""Attempts that wait for GPU memory. Processes are played by the test, which decides when they really end."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.worker.making import StillClock, an_attempt

from xqueue_worker.attempt import Attempt
from xqueue_worker.gpu.memory import Kind, Resident, State
from xqueue_worker.isolation.admission import Admission, Wish
from xqueue_worker.isolation.residents import Bounds, Residents
from xqueue_worker.outcome import Ending

GPU_MB = 24


class Played:
    """Residents whose processes end when the test says so."""

    def __init__(self, *, most_idle: int = 100) -> None:
        self.changes = 0
        self.clock = StillClock()
        self.residents = Residents(Bounds(GPU_MB, most_idle), clock=self.clock, changed=self._changed)
        self.residents.end = self._end
        self.admission = Admission(self.residents)
        self.inside: dict[Attempt, Resident] = {}
        self.told_to_end: list[Resident] = []
        self.endings: dict[Attempt, Ending] = {}
        self._numbers = iter(range(1, 10_000))

    def ask(self, model: str | None, mb: int) -> Attempt:
        attempt = an_attempt(next(self._numbers))
        wish = Wish(Kind("caption", model), mb, partial(self.inside.__setitem__, attempt), self._ended)
        self.admission.admit(attempt, wish)
        return attempt

    def finish(self, attempt: Attempt) -> Resident:
        """Let an attempt end, and its process stay warm."""
        resident = self.inside.pop(attempt)
        self.residents.rest(resident)
        return resident

    def _changed(self) -> None:
        self.changes += 1

    def _end(self, resident: Resident) -> None:
        self.told_to_end.append(resident)

    def _ended(self, attempt: Attempt, ending: Ending) -> None:
        self.endings[attempt] = ending


@pytest.fixture
def played() -> Iterator[Played]:
    made = Played()
    yield made
    made.admission.close()
    made.residents.close()


async def turn() -> None:
    """Let what was put off happen."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_a_cold_model_waits_until_the_evicted_one_has_really_ended(played: Played) -> None:
    old = played.finish(played.ask("a", 16))

    new = played.ask("b", 16)
    await turn()
    assert played.told_to_end == [old]
    assert new not in played.inside

    played.residents.leave(old)
    await turn()
    assert played.inside[new].kind == Kind("caption", "b")


async def test_nobody_overtakes_one_that_waits_but_who_needs_no_room(played: Played) -> None:
    busy, warm = played.ask("a", 8), played.finish(played.ask("b", 4))
    first = played.ask("c", 20)
    second, third, fourth = played.ask("d", 4), played.ask(None, 0), played.ask("b", 4)

    assert played.inside[fourth] is warm
    assert third in played.inside
    assert first not in played.inside
    assert second not in played.inside

    played.finish(fourth)
    for idle in (warm, played.finish(busy)):
        await turn()
        played.residents.leave(idle)
    await turn()
    assert {first, second} <= played.inside.keys()


async def test_room_that_comes_bit_by_bit_is_kept_for_the_first_one(played: Played) -> None:
    large, small = played.ask("a", 16), played.ask("b", 8)
    first, second = played.ask("c", 24), played.ask("d", 8)

    played.residents.leave(played.inside.pop(small))
    await turn()
    assert played.inside.keys() == {large}

    played.residents.leave(played.inside.pop(large))
    await turn()
    assert played.inside.keys() == {first}
    assert second not in played.inside


async def test_one_that_gives_up_lets_those_behind_it_in(played: Played) -> None:
    played.ask("a", 16)
    first, second = played.ask("b", 24), played.ask("c", 8)

    assert played.admission.withdraw(first)
    await turn()

    assert second in played.inside
    assert played.endings.keys() == {first}
    assert not played.admission.withdraw(second)


async def test_a_model_that_becomes_warm_meanwhile_is_used_at_once(played: Played) -> None:
    before = played.ask("a", 24)
    waiting = played.ask("a", 24)

    resident = played.finish(before)
    await turn()

    assert played.inside[waiting] is resident


async def test_what_never_fits_fails_with_the_remedy_and_may_be_tried_elsewhere(played: Played) -> None:
    attempt = played.ask("a", GPU_MB + 1)

    error = played.endings[attempt].error
    assert error is not None
    assert (error.kind, error.retryable) == ("gpu_memory", True)
    assert "needs 25 MB of GPU memory, this worker has 24" in error.message


async def test_once_closed_nobody_is_let_in(played: Played) -> None:
    busy, waiting = played.ask("a", 24), played.ask("b", 24)

    played.admission.close()
    played.residents.leave(played.inside.pop(busy))
    await turn()

    assert waiting not in played.inside


async def test_what_is_held_is_told_last_used_first_and_changes_of_it_at_once(played: Played) -> None:
    first, second = played.ask("a", 8), played.ask("b", 8)
    played.ask(None, 0)
    assert (played.residents.models(), played.changes) == (["b", "a"], 2)

    played.finish(second)
    idle = played.finish(first)
    assert (played.residents.models(), played.changes) == (["a", "b"], 2)

    played.ask("c", 24)
    assert (played.residents.models(), played.changes) == ([], 4)
    assert idle in played.told_to_end


async def test_too_many_idle_ones_end_the_oldest_first() -> None:
    played = Played(most_idle=2)
    attempts = [played.ask(model, 0) for model in "abc"]

    idle = [played.finish(attempt) for attempt in attempts]

    assert played.told_to_end == idle[:1]
    played.residents.close()
    assert set(played.told_to_end) == set(idle)


MODELS = {"a": 4, "b": 8, "c": 12, "d": 16, "e": 24, "cpu": 0}
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from(sorted(MODELS))),
        st.tuples(st.sampled_from(["finish", "crash", "withdraw", "ended"]), st.integers(0, 20)),
    ),
    max_size=60,
)


class Walk:
    """A random history; after each step nobody has more than there is."""

    def __init__(self) -> None:
        self.played = Played()
        self.asked: list[Attempt] = []

    async def take(self, step: str, what: str | int) -> None:
        if step == "ask":
            assert isinstance(what, str)
            self.asked.append(self.played.ask(what, MODELS[what]))
        else:
            assert isinstance(what, int)
            steps: dict[str, Callable[[int], None]] = {
                "finish": self._finish,
                "crash": self._crash,
                "withdraw": self._withdraw,
                "ended": self._ended,
            }
            steps[step](what)
        await turn()
        assert sum(self.played.residents.memory().values()) <= GPU_MB

    async def to_its_end(self) -> None:
        """Whoever is inside finishes, whoever was told to end does: then everybody gets in, in the end."""
        for _ in range(4 * len(self.asked) + 1):
            await self.take("finish", 0)
            await self.take("ended", 0)
        assert not self.played.inside
        assert self.played.admission.waiting == 0

    def _finish(self, number: int) -> None:
        if inside := list(self.played.inside):
            self.played.finish(inside[number % len(inside)])

    def _crash(self, number: int) -> None:
        if inside := list(self.played.inside):
            self.played.residents.leave(self.played.inside.pop(inside[number % len(inside)]))

    def _withdraw(self, number: int) -> None:
        if self.asked:
            self.played.admission.withdraw(self.asked[number % len(self.asked)])

    def _ended(self, number: int) -> None:
        ending = [one for one in self.played.residents if one.state is State.ENDING]
        if ending:
            self.played.residents.leave(ending[number % len(ending)])


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_whatever_happens_memory_is_never_exceeded_and_nobody_waits_for_ever(
    steps: list[tuple[str, str | int]],
) -> None:
    async def walk() -> None:
        walking = Walk()
        for step, what in steps:
            await walking.take(step, what)
        await walking.to_its_end()
        walking.played.admission.close()
        walking.played.residents.close()

    asyncio.run(walk())
