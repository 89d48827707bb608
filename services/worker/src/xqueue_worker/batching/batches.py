"""Batches as a place: attempts wait here for others, and are called with them where their isolation leads to."""

import asyncio
from collections.abc import Callable
from typing import cast

import structlog

from xqueue_common.clock import Clock
from xqueue_worker import outcome
from xqueue_worker.attempt import NEVER, Attempt, Stop
from xqueue_worker.batching.call import Call
from xqueue_worker.batching.course import Course, fate_of
from xqueue_worker.batching.forming import Forming, kind_of
from xqueue_worker.isolation import Began, Ended, Place
from xqueue_worker.metrics import Counts
from xqueue_worker.outcome import Ending

log = structlog.get_logger(__name__)


class Batches:
    """The place of batch handlers of one isolation; ``inner`` makes the place that runs their calls.

    An attempt's ``work`` says where it is: it waits in ``forming``; or the ``Course`` of its batch has it while
    others are called; or it is in a ``Call``. ``began`` is called when its batch begins.
    """

    def __init__(
        self,
        inner: Callable[[Ended], Place],
        *,
        forming: Forming,
        clock: Clock,
        spare_ms: int,
        counts: Counts,
        began: Began,
        ended: Ended,
    ) -> None:
        self._inner = inner(self._over)
        self.sure = self._inner.sure
        self._forming = forming
        self._clock = clock
        self._spare_ms = spare_ms
        self._counts = counts
        self._began = began
        self._ended = ended
        self._closed = False

    def start(self, attempt: Attempt) -> None:
        """Let it wait for others; nothing is due for it meanwhile but its lease."""
        kind = kind_of(attempt)
        if isinstance(kind, Ending):
            self._ended(attempt, kind)
            return
        attempt.work, attempt.look_ms = self._forming, NEVER
        self._forming.add(kind, attempt)

    def begin(self, batch: list[Attempt]) -> None:
        """Call these together."""
        now_ms = self._clock.monotonic_ms()
        self._counts.batched(batch[0].handler.type, [now_ms - attempt.started_ms for attempt in batch])
        course = Course(batch)
        for attempt in batch:
            attempt.work = course
            attempt.begin(now_ms, spare_ms=self._spare_ms)
            self._began(attempt)
        self._next(course)

    def stop(self, attempt: Attempt) -> None:
        """Ask it to end: at once if it waits; with its call if that has nobody else; else by ``ctx.cancelled``."""
        match attempt.work:
            case Forming() as forming:
                forming.remove(attempt)
                self._ended(attempt, outcome.NOTHING)
            case Course():
                self._ended(attempt, outcome.NOTHING)
            case Call() as call if call.note_stop(attempt):
                self._inner.stop(call)

    def kill(self, attempt: Attempt) -> None:
        """End it, as far as that is possible here.

        Where processes can be killed, that is done for one that must not compute any longer, and the others are
        called again in another one. Not for one that was canceled: clients could disturb each other by that. It
        is reported without waiting for the others.
        """
        call = attempt.work
        if not isinstance(call, Call):
            return
        if call.all_stopped:
            self._inner.kill(call)
        elif self.sure and attempt.stop is Stop.CANCEL:
            self._end(call, attempt, outcome.NOTHING)
        elif self.sure:
            call.stop = Stop.LOST
            end = self._inner.kill if call.work is not None else self._inner.stop  # else it waits for GPU memory
            end(call)

    def close(self) -> None:
        """Call nobody any more: this worker is about to end."""
        self._closed = True
        self._inner.close()

    def _next(self, course: Course[Attempt]) -> None:
        while (part := course.next()) and not self._closed:
            members = [member for member in part if member.work is course]  # the others have ended meanwhile
            if members:
                call = Call(members, course)
                for member in members:
                    member.work = call
                self._inner.start(call)
                return

    def _over(self, attempt: Attempt, ending: Ending) -> None:
        call = cast("Call", attempt)
        call.close()
        if call.stop is Stop.LEASE:
            _stop_with(call)
        fate = fate_of(ending, call.context.endings, call.stopped, began=call.entered)
        parts = [[call.members[n] for n in part] for part in fate.parts]
        if parts:
            log.warning("batch is called again", type=call.handler.type, parts=[len(part) for part in parts])
        for part in parts:
            for member in part:
                member.work = call.course
        call.course.before_others(parts)
        for n, own in fate.ended:
            self._end(call, call.members[n], own)
        # Not from here: processes that cannot be started would have us call ourselves once for each part.
        asyncio.get_running_loop().call_soon(self._next, call.course)

    def _end(self, call: Call, member: Attempt, ending: Ending) -> None:
        if call.has(member):
            member.entered = call.entered
            self._ended(member, ending)


def _stop_with(call: Call) -> None:
    """A process that ended itself because its worker's leases were not renewed ended all of them."""
    for number, member in enumerate(call.members):
        member.stop = member.stop or Stop.LEASE
        call.stopped.add(number)
