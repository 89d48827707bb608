"""Handlers in child processes, which can be killed with all that they started."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import structlog
from msgspec import Raw

from xqueue_worker import outcome
from xqueue_worker.attempt import Attempt, Stop
from xqueue_worker.child.frames import Job
from xqueue_worker.child.trust import Trust
from xqueue_worker.gpu.memory import Kind, Resident
from xqueue_worker.isolation import Ended, Tell
from xqueue_worker.isolation.admission import Admission, Wish
from xqueue_worker.isolation.child_process import ChildProcess, Work
from xqueue_worker.isolation.residents import Residents
from xqueue_worker.outcome import Ending

log = structlog.get_logger(__name__)


class Hosting(NamedTuple):
    """What it takes to run child processes.

    Attributes:
        path: where handlers are found.
        hear: hears what they say.
        trust: what they watch the leases by.
        residents: who is there, busy or warm.
        admission: lets attempts in.
        processes: those that are there.
        environ: what they see beside our own environment.
        loaded: hears the type of which a ``setup`` has returned, and how long it took, in seconds.
    """

    path: list[str]
    hear: Tell
    trust: Trust
    residents: Residents
    admission: Admission
    processes: dict[Resident, ChildProcess]
    environ: Mapping[str, str]
    loaded: Callable[[str, float], None]


class InChild:
    """One process an attempt at a time, in a session of its own; warm ones are kept, by task type and model.

    A process is only ever given attempts of one type and model, so what its ``setup`` has loaded is theirs. Which
    are kept, and which must go when GPU memory is needed, ``gpu.memory`` decides.
    """

    sure = True

    def __init__(self, ended: Ended, hosting: Hosting) -> None:
        self._ended = ended
        self._hosting = hosting
        self._hear = hosting.hear
        self._residents = hosting.residents
        self._admission = hosting.admission
        self._processes = hosting.processes

    def start(self, attempt: Attempt) -> None:
        """Begin in a warm process, else in a new one, once there is GPU memory for it."""
        wish = Wish(_kind(attempt), attempt.gpu_memory_mb, partial(self._enter, attempt), self._ended)
        self._admission.admit(attempt, wish)

    def stop(self, attempt: Attempt) -> None:
        """Send SIGTERM to its group."""
        if not self._admission.withdraw(attempt):
            attempt.work.terminate()

    def kill(self, attempt: Attempt) -> None:
        """Send SIGKILL to its group."""
        if attempt.work is not None:  # it may have waited for room
            attempt.work.kill()

    def close(self) -> None:
        """Leave the idle ones to the residents: they are theirs."""

    def _enter(self, attempt: Attempt, resident: Resident) -> None:
        attempt.entered = True
        child = self._processes.get(resident)
        if child is None:
            self._start_new(attempt, resident)
            return
        attempt.work = child
        try:
            child.run(self._job(attempt), self._work(attempt, resident, partial(self._begin_again, attempt)))
        except OSError:  # it has just ended, and will say so
            self._residents.spoil(resident)
            self.start(attempt)

    def _start_new(self, attempt: Attempt, resident: Resident) -> None:
        child = attempt.work = self._processes[resident] = self._child(attempt.handler.type, resident)
        try:
            child.start()
        except OSError as error:
            self._left(resident)
            self._cannot_start(attempt, error)
            return
        try:
            child.run(self._job(attempt), self._work(attempt, resident, partial(self._over, attempt, resident)))
        except OSError as error:
            child.kill()
            self._cannot_start(attempt, error)

    def _child(self, task_type: str, resident: Resident) -> ChildProcess:
        return ChildProcess(
            trust=self._hosting.trust,
            environ=self._hosting.environ,
            left=partial(self._left, resident),
            loaded=partial(self._hosting.loaded, task_type),
        )

    def _cannot_start(self, attempt: Attempt, error: OSError) -> None:
        ending = outcome.failed(outcome.CRASH, f"the handler's process cannot be started: {error}")
        self._ended(attempt, ending)

    def _work(self, attempt: Attempt, resident: Resident, never_began: Callable[[Ending], None]) -> Work:
        return Work(partial(self._hear, attempt), partial(self._over, attempt, resident), never_began)

    def _begin_again(self, attempt: Attempt, death: Ending) -> None:
        """Begin anew for an attempt whose warm process ended before it had begun."""
        if attempt.stop is None:
            attempt.work = None
            self.start(attempt)
        else:
            self._conclude(attempt, death)

    def _over(self, attempt: Attempt, resident: Resident, ending: Ending, idle: ChildProcess | None = None) -> None:
        if idle is not None:
            self._keep(resident, idle)
        self._conclude(attempt, ending)

    def _conclude(self, attempt: Attempt, ending: Ending) -> None:
        # Without a lease a child kills itself, often before the worker has looked at its leases.
        if attempt.stop is None and ending.crashed and self._hosting.trust.lapsed_since(attempt.started_ms / 1000):
            log.info("attempt ended itself", task_id=attempt.task_id, why=Stop.LEASE.value)
            attempt.stop = Stop.LEASE
        self._ended(attempt, ending)

    def _keep(self, resident: Resident, child: ChildProcess) -> None:
        if child.reusable:
            self._residents.rest(resident)
        else:
            self._residents.spoil(resident)
            child.kill()

    def _left(self, resident: Resident) -> None:
        del self._processes[resident]
        self._residents.leave(resident)

    def _job(self, attempt: Attempt) -> Job:
        dispatch, handler, ctx = attempt.dispatch, attempt.handler, attempt.ctx
        return Job(
            self._hosting.path,
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
            ctx.model,
        )


def _kind(attempt: Attempt) -> Kind | None:
    """Return which processes can serve it; None: a new one, which can serve nobody else."""
    return Kind(attempt.handler.type, attempt.ctx.model) if attempt.handler.recycle_after > 1 else None
