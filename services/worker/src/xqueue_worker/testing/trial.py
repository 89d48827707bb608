"""One attempt while it runs in a test."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from msgspec import Raw, structs

from xqueue_common.events import Dispatch, Progress
from xqueue_worker.artifacts.shelf import Keeping
from xqueue_worker.attempt import Attempt, Stop
from xqueue_worker.context import Context, Facts
from xqueue_worker.handler import Handler
from xqueue_worker.said import Chunk, LogLine, Said
from xqueue_worker.testing.clock import HeldClock
from xqueue_worker.testing.files import HeldArtifacts


class Running:
    """The attempt that runs, as ``on_progress`` and ``on_log`` are handed it.

    Attributes:
        number: of the attempt, from 1.
        item: its place in the batch, from 0.
        clock: the held clock: ``running.clock.advance(60)``.
    """

    def __init__(self, number: int, item: int, clock: HeldClock, cancel: Callable[[], None]) -> None:
        self.number = number
        self.item = item
        self.clock = clock
        self._cancel = cancel

    def cancel(self) -> None:
        """Cancel the task, as a client would; more than once does no harm."""
        self._cancel()


class Trial:
    """An attempt, and what was heard of it.

    Attributes:
        attempt: as a worker has it.
        progress: all that its handler told.
        logs: the lines that it logged.
        emitted: the chunks that it emitted, after their way through JSON.
        canceled: a cancel was asked for.
        fault: what a callback of the test raised.
    """

    def __init__(
        self,
        dispatch: Dispatch,
        handler: Handler,
        clock: HeldClock,
        hear: Callable[[Running, Said], object],
        artifacts: HeldArtifacts,
        *,
        item: int = 0,
    ) -> None:
        self._clock = clock
        self._hear = hear
        self._running = Running(dispatch.attempt, item, clock, self._cancel)
        self._ask: Callable[[], object] = _nobody
        now_ms = clock.monotonic_ms()
        self.attempt = Attempt(dispatch, handler, _nobody, now_ms=now_ms, leased_ms=now_ms)
        self.attempt.ctx = _held(self.attempt, clock, self._tell, artifacts)
        self.progress: list[Progress] = []
        self.logs: list[LogLine] = []
        self.emitted: list[Any] = []
        self.canceled = False
        self.fault: Exception | None = None

    @contextmanager
    def asking(self, ask: Callable[[], object]) -> Iterator[None]:
        """Call ``ask`` within this when the attempt must stop; from any thread."""
        self._ask = ask
        try:
            yield
        finally:
            self._ask = _nobody

    def look(self) -> None:
        """Stop it if its time is over."""
        if self._clock.monotonic_ms() >= self.attempt.deadline_ms:
            self._stop(Stop.TIMEOUT)

    def _cancel(self) -> None:
        self.canceled = True
        self._stop(Stop.CANCEL)

    def _stop(self, why: Stop) -> None:
        if self.attempt.stop is None:  # the first reason counts, as in a worker
            self.attempt.stop = why
            self.attempt.ctx.cancelled = True
            self._ask()

    def _tell(self, said: Said) -> None:
        if isinstance(said, Progress):
            self.attempt.progress = said
            self.progress.append(said)
        elif isinstance(said, Chunk):
            self.emitted.append(msgspec.json.decode(said.data))
        else:
            said = structs.replace(said, at_ms=self._clock.now_ms())
            self.logs.append(said)
        try:
            self._hear(self._running, said)
        except Exception as error:
            self.fault = self.fault or error  # the test's own: it must not pass for the handler's
            raise


class _HeldContext(Context):
    """A context whose time is that of a held clock, and whose artifacts are a test's."""

    __slots__ = ("_clock", "_held")

    def __init__(
        self, facts: Facts, tell: Callable[[Said], None], clock: HeldClock, artifacts: HeldArtifacts
    ) -> None:
        super().__init__(facts, tell)
        self._clock = clock
        self._held = artifacts

    def keeping(self) -> Keeping:
        """Return where artifacts are kept."""
        return self._held.keeping

    @property
    def remaining(self) -> float:
        """Seconds until the deadline, 0 once it has passed."""
        return max(0, round(self.deadline * 1000) - self._clock.monotonic_ms()) / 1000


def _held(attempt: Attempt, clock: HeldClock, tell: Callable[[Said], None], artifacts: HeldArtifacts) -> Context:
    ctx, told = attempt.ctx, attempt.dispatch.parents
    parents = bytes(told) if isinstance(told, Raw) else b""
    facts = Facts(ctx.task_id, ctx.attempt, ctx.tenant, ctx.labels, ctx.deadline, parents, ctx.model)
    return _HeldContext(facts, tell, clock, artifacts)


def _nobody(*_: object) -> None:
    """Leave it unheard."""
