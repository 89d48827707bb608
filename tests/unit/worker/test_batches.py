"""The place of batch handlers, with an inner place in which the test says when a call is over."""

import asyncio
from collections.abc import Callable
from typing import Any

from unit.worker.making import StillClock, a_dispatch

from xqueue_worker import Batch
from xqueue_worker.attempt import NEVER, Attempt, Stop
from xqueue_worker.batching.batches import Batches
from xqueue_worker.batching.call import Call
from xqueue_worker.batching.forming import Forming
from xqueue_worker.handler import Handler, Isolation
from xqueue_worker.isolation import Ended
from xqueue_worker.metrics import Counts
from xqueue_worker.outcome import NOTHING, Ending, failed
from xqueue_worker.pool import Pool

SPARE_MS = 5_000
POISON = failed("error", "poison")
CRASH = failed("crash", "killed")


class HeldPlace:
    """Remembers what it was asked for."""

    def __init__(self, ended: Ended, *, sure: bool) -> None:
        self.ended = ended
        self.sure = sure
        self.full = False  # calls wait for room
        self.calls: list[Call] = []
        self.stopped: list[Call] = []
        self.killed: list[Call] = []

    def start(self, attempt: Attempt) -> None:
        assert isinstance(attempt, Call)
        if not self.full:
            attempt.entered, attempt.work = True, self
        self.calls.append(attempt)

    def stop(self, attempt: Any) -> None:
        self.stopped.append(attempt)

    def kill(self, attempt: Any) -> None:
        self.killed.append(attempt)

    def close(self) -> None: ...


class Bench:
    """A place of batches, and what an executor would do with it."""

    def __init__(self, *, slots: int = 100, max_size: int = 4, max_wait: float = 0.05, sure: bool = True) -> None:
        self.clock = StillClock()
        self.pool = Pool(slots, changed=lambda: None)
        self.forming = Forming(pool=self.pool, clock=self.clock, spare_ms=SPARE_MS, begin=self._begin)
        self.began: list[Attempt] = []
        self.ended: list[tuple[Attempt, Ending]] = []
        self.handler = Handler("noop", lambda _ctxs, _payloads: [], isolation=Isolation.PROCESS)
        self.handler.batch = Batch(max_size, max_wait)
        self.batches = Batches(
            lambda ended: self._held(ended, sure=sure),
            forming=self.forming,
            clock=self.clock,
            spare_ms=SPARE_MS,
            counts=Counts(),
            began=self.began.append,
            ended=self._ended,
        )

    def _begin(self, batch: list[Attempt]) -> None:
        self.batches.begin(batch)

    def _held(self, ended: Ended, *, sure: bool) -> HeldPlace:
        self.inner = HeldPlace(ended, sure=sure)
        return self.inner

    def _ended(self, attempt: Attempt, ending: Ending) -> None:
        attempt.work = None
        self.ended.append((attempt, ending))

    def start(self, count: int) -> list[Attempt]:
        now_ms = self.clock.at_ms
        attempts = [
            Attempt(a_dispatch(n), self.handler, lambda _attempt, _said: None, now_ms=now_ms, leased_ms=now_ms)
            for n in range(1, count + 1)
        ]
        for attempt in attempts:
            self.batches.start(attempt)
        return attempts

    def stop(self, attempt: Attempt, why: Stop) -> None:
        """Do as the executor does."""
        attempt.stop = why
        attempt.ctx.cancelled = True
        self.batches.stop(attempt)

    async def over(self, ending: Ending, own: Callable[[Attempt], Ending | None] = lambda _attempt: None) -> None:
        """End the call that runs."""
        call = self.inner.calls[-1]
        call.context.endings[:] = [own(member) for member in call.members]
        self.inner.ended(call, ending)
        await asyncio.sleep(0)

    @property
    def called(self) -> list[Attempt]:
        """Who is in the latest call."""
        return list(self.inner.calls[-1].members)


async def test_attempts_wait_without_anything_due_until_their_batch_begins() -> None:
    bench = Bench()

    attempts = bench.start(3)
    assert not bench.inner.calls
    assert {attempt.look_ms for attempt in attempts} == {NEVER}
    bench.clock.at_ms += 20
    attempts += bench.start(1)

    assert bench.called == attempts == bench.began
    assert {attempt.started_ms for attempt in attempts} == {bench.clock.at_ms}


async def test_all_batches_begin_when_every_slot_is_taken_by_what_waits() -> None:
    bench = Bench(slots=3)

    attempts = bench.start(3)

    assert bench.called == attempts


async def test_halves_are_called_one_after_the_other() -> None:
    bench = Bench()
    a, b, c, d = bench.start(4)

    await bench.over(POISON)
    assert bench.called == [a, b]
    await bench.over(NOTHING, lambda _attempt: NOTHING)
    assert bench.called == [c, d]
    await bench.over(POISON)
    await bench.over(POISON)
    assert bench.called == [d]
    await bench.over(NOTHING, lambda _attempt: NOTHING)

    assert bench.ended == [(a, NOTHING), (b, NOTHING), (c, POISON), (d, NOTHING)]


async def test_one_that_is_stopped_while_others_are_called_ends_at_once_and_never_began() -> None:
    bench = Bench()
    a, b, c, d = bench.start(4)
    await bench.over(POISON)

    bench.stop(d, Stop.DRAIN)
    assert bench.ended == [(d, NOTHING)]
    assert not d.entered, "else it would be reported as a success"

    await bench.over(NOTHING, lambda _attempt: NOTHING)
    assert bench.called == [c]
    bench.stop(c, Stop.CANCEL)
    assert bench.inner.stopped == [bench.inner.calls[-1]], "nobody else is in that call"
    assert (a.stop, b.stop) == (None, None)


async def test_a_call_is_stopped_once_with_the_last_of_its_members() -> None:
    bench = Bench()
    attempts = bench.start(4)

    for n, attempt in enumerate(attempts):
        assert len(bench.inner.stopped) == 0, n
        bench.stop(attempt, Stop.TIMEOUT)
    assert len(bench.inner.stopped) == 1
    for attempt in attempts:
        bench.batches.kill(attempt)
    assert len(bench.inner.killed) == 4

    await bench.over(CRASH)
    assert bench.ended == [(attempt, CRASH) for attempt in attempts]


async def test_a_process_is_killed_for_one_and_the_others_are_called_again() -> None:
    bench = Bench()
    a, b, c, d = bench.start(4)
    bench.stop(b, Stop.LOST)

    bench.batches.kill(b)
    assert bench.inner.killed == [bench.inner.calls[0]]
    await bench.over(CRASH)

    assert bench.ended == [(b, CRASH)]
    assert bench.called == [a, c, d], "together: it is known who was the cause"


async def test_a_call_that_waits_for_room_is_taken_back_for_one_that_is_lost() -> None:
    bench = Bench()
    bench.inner.full = True
    a, b, c, d = bench.start(4)
    bench.stop(b, Stop.LOST)

    bench.batches.kill(b)
    assert (bench.inner.stopped, bench.inner.killed) == (bench.inner.calls, [])
    await bench.over(NOTHING)

    assert bench.ended == [(b, NOTHING)]
    assert bench.called == [a, c, d]


async def test_a_call_that_goes_to_another_process_keeps_what_was_told_to_stop() -> None:
    bench = Bench()
    a, *_ = bench.start(4)
    [call] = bench.inner.calls
    call.open_flags()
    bench.stop(a, Stop.CANCEL)
    before = call.flags

    call.open_flags()

    assert call.flags is before
    call.close()


async def test_nobody_is_killed_for_one_that_was_canceled() -> None:
    bench = Bench()
    a, b, c, d = bench.start(4)
    bench.stop(b, Stop.CANCEL)

    bench.batches.kill(b)

    assert (bench.ended, bench.inner.killed) == ([(b, NOTHING)], [])
    await bench.over(NOTHING, lambda _attempt: NOTHING)
    assert [attempt for attempt, _ in bench.ended] == [b, a, c, d], "and it is told of once"


async def test_with_the_others_canceled_the_last_one_that_must_die_takes_the_process_with_it() -> None:
    bench = Bench()
    a, b, c, d = bench.start(4)
    for attempt in (a, b, c):
        bench.stop(attempt, Stop.CANCEL)
        bench.batches.kill(attempt)
    assert not bench.inner.killed

    bench.stop(d, Stop.TIMEOUT)
    bench.batches.kill(d)

    assert len(bench.inner.killed) == 1


async def test_where_nobody_can_be_killed_nothing_happens_to_the_others() -> None:
    bench = Bench(sure=False)
    _a, b, *_ = bench.start(4)
    bench.stop(b, Stop.TIMEOUT)

    bench.batches.kill(b)

    assert (bench.ended, bench.inner.killed) == ([], [])


async def test_a_process_that_ended_itself_without_leases_hands_all_back() -> None:
    bench = Bench()
    attempts = bench.start(4)

    bench.inner.calls[-1].stop = Stop.LEASE  # as `InChild` notes it
    await bench.over(CRASH)

    assert bench.ended == [(attempt, CRASH) for attempt in attempts]
    assert {attempt.stop for attempt in attempts} == {Stop.LEASE}
    assert len(bench.inner.calls) == 1


async def test_nothing_is_called_again_once_the_worker_ends() -> None:
    bench = Bench()
    bench.start(4)

    bench.batches.close()
    await bench.over(CRASH)

    assert len(bench.inner.calls) == 1
