"""Handlers in child processes, which can be killed with all that they started."""

from collections import defaultdict
from collections.abc import Callable
from functools import partial

import structlog
from msgspec import Raw

from xqueue_worker import outcome
from xqueue_worker.attempt import Attempt, Stop
from xqueue_worker.child.frames import Job
from xqueue_worker.child.trust import Trust
from xqueue_worker.isolation import Ended, Tell
from xqueue_worker.isolation.child_process import ChildProcess, Work
from xqueue_worker.outcome import Ending

log = structlog.get_logger(__name__)


class InChild:
    """One process an attempt at a time, in a session of its own; warm ones are kept, by task type.

    A process is only ever given attempts of one type, so what its ``setup`` has loaded is theirs.
    """

    sure = True

    def __init__(self, ended: Ended, *, path: list[str], hear: Tell, trust: Trust) -> None:
        self._trust = trust
        self._ended = ended
        self._path = path
        self._hear = hear
        self._idle = defaultdict[str, list[ChildProcess]](list)

    def start(self, attempt: Attempt) -> None:
        """Begin in a warm process, else in a new one."""
        attempt.entered = True
        idle = self._idle[attempt.handler.type]
        while idle:
            if self._given(attempt, idle.pop()):
                return
        self._start_new(attempt)

    def stop(self, attempt: Attempt) -> None:
        """Send SIGTERM to its group."""
        attempt.work.terminate()

    def kill(self, attempt: Attempt) -> None:
        """Send SIGKILL to its group."""
        attempt.work.kill()

    def close(self) -> None:
        """End the warm processes."""
        for children in self._idle.values():
            for child in children:
                child.kill()

    def _given(self, attempt: Attempt, child: ChildProcess) -> bool:
        attempt.work = child
        try:
            child.run(self._job(attempt), self._work(attempt, partial(self._begin_again, attempt)))
        except OSError:  # it has just ended
            return False
        return True

    def _start_new(self, attempt: Attempt) -> None:
        child = attempt.work = ChildProcess(trust=self._trust, left=self._forget)
        try:
            child.start()
            child.run(self._job(attempt), self._work(attempt, partial(self._over, attempt)))
        except OSError as error:
            child.kill()
            ending = outcome.failed(outcome.CRASH, f"the handler's process cannot be started: {error}")
            self._ended(attempt, ending)

    def _work(self, attempt: Attempt, never_began: Callable[[Ending], None]) -> Work:
        return Work(partial(self._hear, attempt), partial(self._over, attempt), never_began)

    def _begin_again(self, attempt: Attempt, death: Ending) -> None:
        """Start a new process for an attempt whose warm one ended before it had begun."""
        if attempt.stop is None:
            self._start_new(attempt)
        else:
            self._over(attempt, death)

    def _over(self, attempt: Attempt, ending: Ending, idle: ChildProcess | None = None) -> None:
        if idle is not None:
            self._keep(attempt.handler.type, idle)
        # Without a lease a child kills itself, often before the worker has looked at its leases.
        if attempt.stop is None and ending.crashed and self._trust.lapsed_since(attempt.started_ms / 1000):
            log.info("attempt ended itself", task_id=attempt.task_id, why=Stop.LEASE.value)
            attempt.stop = Stop.LEASE
        self._ended(attempt, ending)

    def _keep(self, task_type: str, child: ChildProcess) -> None:
        if child.reusable:
            self._idle[task_type].append(child)
        else:
            child.kill()

    def _forget(self, child: ChildProcess) -> None:
        for children in self._idle.values():
            if child in children:
                children.remove(child)

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
            handler.recycle_after,
            handler.memory_mb,
        )
