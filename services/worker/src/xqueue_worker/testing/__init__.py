"""For tests of handlers: runs them as a worker does, without any broker, and with a clock that stands still.

::

    def test_a_thumbnail_has_bytes() -> None:
        run = run_task(thumbnail, {"url": "https://example.org/a.png"})
        assert run.status == "success"
        assert run.result == {"bytes": 1234}
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Unpack

from xqueue_common.events import ErrorInfo, Progress
from xqueue_common.task import Backoff
from xqueue_worker.said import LogLine
from xqueue_worker.testing.batch import BatchOptions, BatchRun
from xqueue_worker.testing.clock import HeldClock
from xqueue_worker.testing.files import HeldArtifacts
from xqueue_worker.testing.finding import find
from xqueue_worker.testing.plan import Options, Plan
from xqueue_worker.testing.runs import AttemptRun, TaskRun
from xqueue_worker.testing.series import Series
from xqueue_worker.testing.trial import Running

__all__ = [
    "AttemptRun",
    "Backoff",
    "ErrorInfo",
    "HeldArtifacts",
    "HeldClock",
    "LogLine",
    "Progress",
    "Running",
    "TaskRun",
    "run_batch",
    "run_batch_async",
    "run_task",
    "run_task_async",
]


def run_task(handler: Callable[..., Any] | str, payload: Any = None, **options: Unpack[Options]) -> TaskRun:
    """Run a task to its end, in a plain test: a ``def`` in this thread, an ``async def`` on a loop of its own.

    ``isolation="process"`` makes no difference here: what is tested is the function.

    Args:
        handler: the decorated function, or its type if its module was imported.
        payload: anything that can be written as JSON; ``msgspec.Raw`` is taken as it is.
        **options: facts of the task: ``task_id``, ``attempt`` (number of the first one; those before it count
            as failures), ``tenant``, ``labels``, ``parents`` (``{task id: {"status": …, "result": …}}``),
            ``model`` (the name of one),
            ``state`` (what the handler finds in ``ctx.state``, instead of what its ``setup`` returns),
            ``timeout`` (the task's, in seconds; the handler's counts if it is shorter), ``max_retry`` (0),
            ``backoff`` (a ``Backoff``), ``chance`` (from 0 to 1, where in its jitter each delay lies; 0.5: in
            the middle), ``artifacts`` (a ``HeldArtifacts``, if some are to be there before). What happens
            meanwhile: ``clock`` (a ``HeldClock`` that the test moves),
            ``on_progress(running, progress)``, ``on_log(running, line)`` and ``on_emit(running, chunk)``, called
            when the handler says so;
            ``running.cancel()`` cancels, ``running.clock.advance(seconds)`` lets time pass. ``grace`` (1):
            seconds, real ones, that an ``async def`` has to end once it is cancelled. A ``def`` that ignores
            ``ctx.cancelled`` cannot be ended: the test waits until it returns.

    Raises:
        HandlerError: this is no handler, or no payload, or these are no parents.
        RuntimeError: an event loop runs here.
    """
    _need_no_loop("run_task")
    plan = _plan(handler, payload, options)
    return asyncio.run(Series(plan).all_on_loop()) if plan.handler.is_async else Series(plan).all_here()


async def run_task_async(
    handler: Callable[..., Any] | str, payload: Any = None, **options: Unpack[Options]
) -> TaskRun:
    """Run a task to its end, in an async test: an ``async def`` on its loop, a ``def`` in a thread.

    Otherwise as ``run_task``; of a ``def``, the callbacks are called in its thread.
    """
    series = Series(plan := _plan(handler, payload, options))
    return await (series.all_on_loop() if plan.handler.is_async else asyncio.to_thread(series.all_here))


def run_batch(
    handler: Callable[..., Any] | str, payloads: Sequence[Any], **options: Unpack[BatchOptions]
) -> list[AttemptRun]:
    """Run one attempt of each of these tasks, called together, in a plain test; returns how each went, in order.

    All go into one call, whatever ``max_size`` and ``batch_key`` say; if that fails as a whole, its halves are
    called, as in a worker. ``run_task`` runs a batch handler with lists of one.

    Args:
        handler: as for ``run_task``.
        payloads: one for each task.
        **options: ``tenant``, ``labels``, ``model``, ``state``, ``timeout`` (for all of them), ``clock``,
            ``artifacts``, ``on_progress``, ``on_log``, ``on_emit`` and ``grace``, as for ``run_task``.
            ``running.item`` says of which task, by its place in the list; ``running.cancel()`` cancels that one.

    Raises:
        HandlerError: this is no batch handler, or these are no payloads.
        RuntimeError: an event loop runs here.
    """
    _need_no_loop("run_batch")
    batch = BatchRun(found := find(handler), payloads, options)
    return asyncio.run(batch.on_loop()) if found.is_async else batch.here()


async def run_batch_async(
    handler: Callable[..., Any] | str, payloads: Sequence[Any], **options: Unpack[BatchOptions]
) -> list[AttemptRun]:
    """Do so in an async test; see ``run_task_async``."""
    batch = BatchRun(found := find(handler), payloads, options)
    return await (batch.on_loop() if found.is_async else asyncio.to_thread(batch.here))


def _plan(handler: Callable[..., Any] | str, payload: Any, options: Options) -> Plan:
    return Plan(handler=find(handler), payload=payload, **options)


def _need_no_loop(name: str) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    msg = f"{name}() within a running event loop would block it: await {name}_async(…) instead"
    raise RuntimeError(msg)
