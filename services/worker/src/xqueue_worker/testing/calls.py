"""Batch handlers in a test: attempts are called together, and by halves if that fails, as a worker calls them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from xqueue_worker import outcome
from xqueue_worker.attempt import Attempt
from xqueue_worker.batching.call import Call
from xqueue_worker.batching.course import Course, fate_of
from xqueue_worker.outcome import Ending
from xqueue_worker.testing import places
from xqueue_worker.testing.trial import Trial


class BatchTrial:
    """Some attempts of a batch handler.

    Attributes:
        endings: how each ended; None: it ignored its cancellation.
    """

    def __init__(self, trials: Sequence[Trial]) -> None:
        self.endings: dict[Trial, Ending | None] = {}
        self._course = Course(trials)

    def here(self) -> None:
        """Make the calls in this thread."""
        while call := self._next():
            self._take(call, places.call(call.attempt))

    async def on_loop(self, grace_s: float) -> None:
        """Make the calls on this event loop."""
        while call := self._next():
            self._take(call, await places.on_loop(call, grace_s))

    def _next(self) -> "_CallTrial | None":
        while part := self._course.next():
            ended = [trial for trial in part if trial.attempt.stop is not None]
            self.endings.update(dict.fromkeys(ended, outcome.NOTHING))
            if left := [trial for trial in part if trial.attempt.stop is None]:
                return _CallTrial(left)
        return None

    def _take(self, call: "_CallTrial", ending: Ending | None) -> None:
        if ending is None:
            self.endings.update(dict.fromkeys(call.trials))
            return
        stopped = [n for n, trial in enumerate(call.trials) if trial.attempt.stop is not None]
        fate = fate_of(ending, call.attempt.context.endings, stopped, began=True)
        self.endings.update((call.trials[n], own) for n, own in fate.ended)
        self._course.before_others([[call.trials[n] for n in part] for part in fate.parts])


class _CallTrial:
    """One call; ``attempt`` is what a place is handed, as with a ``Trial``."""

    def __init__(self, trials: Sequence[Trial]) -> None:
        self.trials = trials
        self.attempt = Call([trial.attempt for trial in trials], Course[Attempt](()))

    @contextmanager
    def asking(self, ask: Callable[[], object]) -> Iterator[None]:
        """Call ``ask`` within this when none of them is to go on; from any thread."""

        def one() -> None:
            if all(trial.attempt.stop is not None for trial in self.trials):
                ask()

        with ExitStack() as stack:
            for trial in self.trials:
                stack.enter_context(trial.asking(one))
            yield
