"""Running handlers in their child process."""

import asyncio
import resource
import signal
import time
from typing import Any

from xqueue_worker import outcome
from xqueue_worker.artifacts import results
from xqueue_worker.caught import catching
from xqueue_worker.child.frames import Job, LoadedFrame, framed
from xqueue_worker.child.voice import Voice
from xqueue_worker.context import Context, Facts
from xqueue_worker.handler import Handler
from xqueue_worker.outcome import Ending

_MB = 1024 * 1024


class Runner:
    """The runner is responsible for attempts, one after the other, on what the handler's ``setup`` made once.

    Attributes:
        ready: it was made; while it is not, the process is good for nothing more.
    """

    def __init__(self) -> None:
        self.ready = False
        self._state: Any = None

    def run(self, handler: Handler, job: Job, voice: Voice) -> Ending:
        """Call the handler and return how it ended; SIGTERM sets ``ctx.cancelled`` and cancels an async one."""
        facts = Facts(job.task_id, job.attempt, job.tenant, job.labels, job.deadline, job.parents, job.model)
        return self.run_with(Context(facts, voice.tell), handler, job, voice)

    def run_with(self, ctx: Context, handler: Handler, job: Job, voice: Voice) -> Ending:
        """Do so with this context."""
        try:
            with catching(ctx):  # all of it: nothing else runs in this process
                return self._run(handler, job, ctx, voice)
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def _run(self, handler: Handler, job: Job, ctx: Context, voice: Voice) -> Ending:
        try:
            handler.prepare()
            payload = handler.read(job.payload)
        except outcome.READ_ERRORS as error:
            return outcome.of_payload(error)
        except Exception as error:  # noqa: BLE001  # a payload class's own code may raise anything
            return outcome.of_error(error)
        try:
            self._set_up(handler, job, voice)
        except BaseException as error:  # noqa: BLE001  # it is the user's, like a handler
            return outcome.of_setup(error)
        ctx.state = self._state
        try:
            value = (
                asyncio.run(_on_loop(handler, ctx, payload)) if handler.is_async else _call(handler, ctx, payload)
            )
        except BaseException as error:  # noqa: BLE001  # SystemExit too ends the attempt, not more
            return outcome.of_error(error)
        return results.of_here(ctx, value)

    def _set_up(self, handler: Handler, job: Job, voice: Voice) -> None:
        if self.ready:
            return
        if job.memory_mb is not None:
            # Of data alone: what libraries only map, as those for GPUs do by the hundred GB, does not count.
            resource.setrlimit(resource.RLIMIT_DATA, (job.memory_mb * _MB, resource.RLIM_INFINITY))
        if handler.setup is not None:
            began_s = time.monotonic()
            self._state = handler.set_up(job.model)
            voice.say(framed(LoadedFrame(time.monotonic() - began_s)))
        self.ready = True


def _call(handler: Handler, ctx: Context, payload: Any) -> Any:
    def stop(_number: int, _frame: object) -> None:
        ctx.cancelled = True

    signal.signal(signal.SIGTERM, stop)
    return handler.function(ctx, payload)


async def _on_loop(handler: Handler, ctx: Context, payload: Any) -> Any:
    call = asyncio.ensure_future(handler.function(ctx, payload))

    def stop() -> None:
        ctx.cancelled = True
        call.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    return await call
