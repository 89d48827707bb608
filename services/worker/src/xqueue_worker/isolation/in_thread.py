"""Plain handlers, in threads."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue

from xqueue_worker import outcome
from xqueue_worker.artifacts import results
from xqueue_worker.attempt import Attempt
from xqueue_worker.caught import speaking
from xqueue_worker.isolation import Ended
from xqueue_worker.outcome import Ending

_Call = Callable[[], None]


class InThread:
    """One thread an attempt, kept for the next one; stopping is up to the handler.

    The threads are daemons: one whose handler never returns must not keep the process from ending.
    """

    sure = False

    def __init__(self, ended: Ended) -> None:
        self._ended = ended
        self._work: SimpleQueue[_Call | None] = SimpleQueue()
        self._threads = 0
        self._busy = 0

    def start(self, attempt: Attempt) -> None:
        """Begin as soon as a thread is awake."""
        loop = asyncio.get_running_loop()
        attempt.work = attempt
        self._busy += 1
        if self._busy > self._threads:
            self._threads += 1
            threading.Thread(target=self._serve, daemon=True, name=f"handler-{self._threads}").start()
        self._work.put(lambda: self._run(attempt, loop))

    def stop(self, attempt: Attempt) -> None:
        """Leave it to the handler, which sees ``ctx.cancelled``."""

    def kill(self, attempt: Attempt) -> None:
        """Nobody can kill a thread."""

    def close(self) -> None:
        """Let idle threads end."""
        for _ in range(self._threads):
            self._work.put(None)

    def _serve(self) -> None:
        while (call := self._work.get()) is not None:
            call()

    def _run(self, attempt: Attempt, loop: asyncio.AbstractEventLoop) -> None:
        try:
            ending = _call(attempt)
        except BaseException as error:  # noqa: BLE001  # SystemExit too ends the attempt, not the thread
            ending = outcome.of_error(error)
        with contextlib.suppress(RuntimeError):  # the loop is closed: the worker has ended without us
            loop.call_soon_threadsafe(self._back, attempt, ending)

    def _back(self, attempt: Attempt, ending: Ending) -> None:
        self._busy -= 1
        self._ended(attempt, ending)


def _call(attempt: Attempt) -> Ending:
    if attempt.ctx.cancelled:
        return outcome.NOTHING
    attempt.entered = True
    try:
        payload = attempt.handler.read(attempt.dispatch.payload)
    except outcome.READ_ERRORS as error:
        return outcome.of_payload(error)
    with speaking(attempt.ctx):
        return results.of_here(attempt.ctx, attempt.handler.function(attempt.ctx, payload))
