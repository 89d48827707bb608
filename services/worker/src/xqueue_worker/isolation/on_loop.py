"""Async handlers, on the worker's event loop."""

import asyncio

from xqueue_worker import outcome
from xqueue_worker.artifacts import results
from xqueue_worker.attempt import Attempt
from xqueue_worker.caught import speaking
from xqueue_worker.isolation import Ended
from xqueue_worker.outcome import Ending


class OnLoop:
    """One asyncio task an attempt; being cancelled is up to the handler."""

    sure = False

    def __init__(self, ended: Ended) -> None:
        self._ended = ended

    def start(self, attempt: Attempt) -> None:
        """Begin with the next turn of the loop."""
        attempt.work = asyncio.get_running_loop().create_task(self._run(attempt))

    def stop(self, attempt: Attempt) -> None:
        """Cancel the handler."""
        attempt.work.cancel()
        if not attempt.entered:
            # A task cancelled before its first step never runs, so nobody else would say that it has ended.
            self._ended(attempt, outcome.NOTHING)

    def kill(self, attempt: Attempt) -> None:
        """Cancel it once more: there is nothing else that ends a coroutine."""
        if attempt.work is not None:
            attempt.work.cancel()

    def close(self) -> None:
        """Nothing is kept here."""

    async def _run(self, attempt: Attempt) -> None:
        attempt.entered = True
        try:
            ending = await _call(attempt)
        except GeneratorExit:
            raise  # the loop itself is gone
        except BaseException as error:  # noqa: BLE001  # SystemExit too ends the attempt, not the worker
            ending = outcome.of_error(error)
        self._ended(attempt, ending)


async def _call(attempt: Attempt) -> Ending:
    handler = attempt.handler
    try:
        payload = handler.read(attempt.dispatch.payload)
    except outcome.READ_ERRORS as error:
        return outcome.of_payload(error)
    with speaking(attempt.ctx):
        return await results.of(attempt.ctx, await handler.function(attempt.ctx, payload))
