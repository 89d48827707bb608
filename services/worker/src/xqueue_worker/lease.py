"""Heartbeats: one a second renews all leases, tells what is offered, brings back what was lost or cancelled.

They come from a thread with an event loop and a Redis connection of its own: a handler that keeps the worker's
loop busy, or a burst of dispatches, does not delay them by more than Python's switch between threads (5 ms).
Answers are handed to the worker's loop; the thread itself changes nothing but its own state.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future

import structlog
from redis.asyncio import Redis

from xqueue_common.cell import Beat, Cell, Code, Offer
from xqueue_common.clock import Clock
from xqueue_common.errors import XQueueError
from xqueue_worker.attempt import Attempt
from xqueue_worker.child.trust import Trust
from xqueue_worker.renewal import RENEWING, Beaten, trusted_ms

log = structlog.get_logger(__name__)

_ANSWER_S = 3.0
_APART_S = 0.02
"""Least time between two heartbeats, however often one is asked for."""

NO_ANSWER = Beat(Code.ASK_AGAIN, 0, frozenset(), frozenset())


class Lease:
    """The lease agent is responsible for heartbeats; without them every attempt here stops.

    ``offer`` and ``attempts`` are called in its thread, ``answered`` on the loop that runs ``run``.
    """

    def __init__(
        self,
        *,
        connect: Callable[[], Redis],
        cell: Callable[[Redis], Cell],
        incarnation: str,
        offer: Callable[[int], Offer],
        attempts: Callable[[], dict[str, Attempt]],
        answered: Callable[[Beaten], None],
        trust: Trust,
        margin_ms: int,
        interval_s: float,
        clock: Clock,
    ) -> None:
        self._trust = trust
        self._margin_ms = margin_ms
        self._connect = connect
        self._cell_of = cell
        self._incarnation = incarnation
        self._offer = offer
        self._attempts = attempts
        self._answered = answered
        self._interval_s = interval_s
        self._clock = clock
        self._seq = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._stopping = False

    async def run(self, ready: asyncio.Event) -> None:
        """Beat from when ``ready`` is set until cancelled; ends with an error if the thread does."""
        await ready.wait()
        ended: Future[None] = Future()
        home = asyncio.get_running_loop()
        thread = threading.Thread(target=self._main, args=(ended, home), name="lease", daemon=True)
        thread.start()
        try:
            await asyncio.shield(asyncio.wrap_future(ended))
        finally:
            self._stopping = True
            self.beat_soon()
            await asyncio.to_thread(thread.join, _ANSWER_S + 1)

    def beat_soon(self) -> None:
        """Have a heartbeat sent at once; from any thread."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the thread has ended
                loop.call_soon_threadsafe(self._wake.set)

    def _main(self, ended: "Future[None]", home: asyncio.AbstractEventLoop) -> None:
        try:
            asyncio.run(self._beat(home))
        except BaseException as error:  # noqa: BLE001  # handed to run()
            ended.set_exception(error)
        else:
            ended.set_result(None)

    async def _beat(self, home: asyncio.AbstractEventLoop) -> None:
        self._loop = asyncio.get_running_loop()
        redis = self._connect()
        try:
            cell = self._cell_of(redis)
            while not self._stopping:
                self._wake.clear()
                beaten = await self.round(cell)
                home.call_soon_threadsafe(self._answered, beaten)
                await self._pause(beaten)
        finally:
            self._loop = None
            await redis.aclose(close_connection_pool=True)

    async def round(self, cell: Cell) -> Beaten:
        """Send one heartbeat and return its answer; none in time counts as "ask again"."""
        self._seq += 1
        offer = self._offer(self._seq)
        asked = self._attempts()
        names = [(task_id, attempt.dispatch.token) for task_id, attempt in asked.items()]
        sent_ms = self._clock.monotonic_ms()
        try:
            async with asyncio.timeout(_ANSWER_S):
                beat = await cell.heartbeat(self._incarnation, offer, names)
        except (XQueueError, TimeoutError) as error:
            log.warning("heartbeat not answered", error=str(error) or type(error).__name__)
            beat = NO_ANSWER
        if beat.code in RENEWING:
            # Here and not on the worker's loop: a handler that blocks it shall not cost the children their leases.
            spent_ms = self._clock.monotonic_ms() - sent_ms
            self._trust.extend((trusted_ms(beat.lease_ms, self._margin_ms) - spent_ms) / 1000)
        return Beaten(sent_ms, offer.inbox, asked, beat)

    async def _pause(self, beaten: Beaten) -> None:
        await asyncio.sleep(_APART_S)
        spent_s = (self._clock.monotonic_ms() - beaten.sent_ms) / 1000
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, self._interval_s - spent_s)):
                await self._wake.wait()
