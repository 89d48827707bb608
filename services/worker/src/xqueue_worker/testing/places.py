"""Where handlers run in a test: on the loop as in a worker, or right here."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from xqueue_worker import outcome
from xqueue_worker.artifacts import results
from xqueue_worker.attempt import Attempt
from xqueue_worker.caught import speaking
from xqueue_worker.isolation.on_loop import OnLoop
from xqueue_worker.outcome import Ending

_TURNS = 3
"""Of the loop, in which a task that was cancelled ends."""


def call(attempt: Attempt) -> Ending:
    """Call a plain handler and return how it ended.

    What is neither an exception nor an exit goes through: Ctrl-C and pytest's own mean the test, not the handler.
    """
    attempt.entered = True
    try:
        try:
            payload = attempt.handler.read(attempt.dispatch.payload)
        except outcome.READ_ERRORS as error:
            return outcome.of_payload(error)
        with speaking(attempt.ctx):
            return results.of_here(attempt.ctx, attempt.handler.function(attempt.ctx, payload))
    except (Exception, SystemExit, asyncio.CancelledError) as error:  # noqa: BLE001  # as a worker does
        return outcome.of_error(error)


class Asked(Protocol):
    """What runs and may be asked to end: a ``Trial``, or a call of several."""

    @property
    def attempt(self) -> Attempt:
        """What the place is handed."""

    def asking(self, ask: Callable[[], object]) -> AbstractContextManager[None]:
        """Call ``ask`` within this when it must stop."""


async def on_loop(trial: Asked, grace_s: float) -> Ending | None:
    """Run an async handler and return how it ended; None if it ignores its cancellation beyond the grace."""
    attempt, loop = trial.attempt, asyncio.get_running_loop()
    ended: asyncio.Future[Ending | None] = loop.create_future()
    asked: asyncio.Future[Ending | None] = loop.create_future()
    place = OnLoop(lambda _attempt, ending: _settle(ended, ending))

    def stop() -> None:
        if not ended.done():
            place.stop(attempt)
            _settle(asked, None)

    place.start(attempt)
    task: asyncio.Task[None] = attempt.work
    try:
        # By way of the loop, because it may be a thread that cancels or lets time pass.
        with trial.asking(lambda: loop.call_soon_threadsafe(stop)):
            await asyncio.wait((ended, asked), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({ended}, timeout=grace_s)
        return ended.result() if ended.done() else None
    finally:
        await _leave(task)


def _settle(future: "asyncio.Future[Ending | None]", value: Ending | None) -> None:
    if not future.done():
        future.set_result(value)


async def _leave(task: "asyncio.Task[None]") -> None:
    """See to it that nothing of the handler goes on, or else that the loop does not wait for it."""
    if await _ended(task):
        return
    task.cancel()
    if await _ended(task):
        return
    try:
        task.get_coro().close()
    except Exception:  # noqa: BLE001  # it ignores this as well, or fails while it cleans up
        task.cancel()
    task.cancel()
    task.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody is left to hear of it
    if not await _ended(task):
        asyncio._unregister_task(task)  # noqa: SLF001  # documented; `asyncio.run` would wait for it for ever


async def _ended(task: "asyncio.Task[None]") -> bool:
    for _ in range(_TURNS):
        if task.done():
            break
        await asyncio.sleep(0)
    return task.done()
