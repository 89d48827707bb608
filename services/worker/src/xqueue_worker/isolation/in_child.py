"""Handlers in child processes, which can be killed with all that they started."""

import structlog
from msgspec import Raw

from xqueue_worker import outcome
from xqueue_worker.attempt import Attempt, Stop
from xqueue_worker.child.frames import Job
from xqueue_worker.child.trust import Trust
from xqueue_worker.isolation import Ended, Tell
from xqueue_worker.isolation.child_process import ChildProcess
from xqueue_worker.outcome import Ending

log = structlog.get_logger(__name__)


class InChild:
    """One process an attempt, in a session of its own."""

    sure = True

    def __init__(self, ended: Ended, *, path: list[str], hear: Tell, trust: Trust) -> None:
        self._trust = trust
        self._ended = ended
        self._path = path
        self._hear = hear

    def start(self, attempt: Attempt) -> None:
        """Start the process."""
        attempt.entered = True
        child = ChildProcess(
            trust=self._trust,
            said=lambda said: self._hear(attempt, said),
            ended=lambda ending: self._exited(attempt, ending),
        )
        attempt.work = child
        try:
            child.start(self._job(attempt))
        except OSError as error:
            self._ended(attempt, outcome.failed("crash", f"the handler's process cannot be started: {error}"))

    def stop(self, attempt: Attempt) -> None:
        """Send SIGTERM to its group."""
        attempt.work.terminate()

    def kill(self, attempt: Attempt) -> None:
        """Send SIGKILL to its group."""
        attempt.work.kill()

    def _exited(self, attempt: Attempt, ending: Ending) -> None:
        # Without a lease a child kills itself, often before the worker has looked at its leases.
        if attempt.stop is None and ending.crashed and self._trust.lapsed_since(attempt.started_ms / 1000):
            log.info("attempt ended itself", task_id=attempt.task_id, why=Stop.LEASE.value)
            attempt.stop = Stop.LEASE
        self._ended(attempt, ending)

    def _job(self, attempt: Attempt) -> Job:
        dispatch, handler, ctx = attempt.dispatch, attempt.handler, attempt.ctx
        return Job(
            self._path,
            handler.function.__module__,
            handler.type,
            ctx.task_id,
            ctx.attempt,
            ctx.tenant,
            ctx.labels,
            ctx.deadline,
            bytes(dispatch.payload),
            bytes(dispatch.parents) if isinstance(dispatch.parents, Raw) else b"",
        )
