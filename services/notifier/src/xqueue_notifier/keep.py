"""Keeping an agent running, whatever happens to it, without a word to the others."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from xqueue_common.errors import XQueueError
from xqueue_notifier.backoff import Backoff
from xqueue_notifier.metrics import FAILURES

log = structlog.get_logger(__name__)

_STEADY_S = 30.0
"""An agent that ran for as long had recovered: its next failure is a new one."""


async def keep_running(name: str, run: Callable[[], Awaitable[None]], backoff: Backoff | None = None) -> None:
    """Run an agent for ever: when it fails it is run again, after a while that grows with each failure."""
    wait = backoff or Backoff()
    clock = asyncio.get_running_loop().time
    while True:
        began = clock()
        try:
            await run()
        except XQueueError as error:
            log.warning("agent failed, runs again soon", agent=name, error=str(error))
        except Exception:
            # A bug; yet one sink's bug is no reason to stop the others.
            log.exception("agent failed unexpectedly, runs again soon", agent=name)
        FAILURES.labels(agent=name).inc()
        if clock() - began > _STEADY_S:
            wait.reset()
        await asyncio.sleep(wait.next_s())
