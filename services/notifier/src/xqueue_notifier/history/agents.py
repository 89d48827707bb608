"""The agents that keep the history."""

from collections.abc import Awaitable, Callable, Iterator

from xqueue_common.artifacts import ArtifactStore
from xqueue_common.clock import SystemClock
from xqueue_common.history.engine import connect
from xqueue_common.ops import Health
from xqueue_notifier.history.artifacts import ArtifactSweep
from xqueue_notifier.history.log_sink import LogSink
from xqueue_notifier.history.retention import Retention
from xqueue_notifier.history.sink import HistorySink
from xqueue_notifier.history.store import Store
from xqueue_notifier.intake.gates import LogGate
from xqueue_notifier.intake.intakes import Intakes
from xqueue_notifier.settings import NotifierSettings


class HistoryAgents:
    """What writes to the database, and what deletes there."""

    def __init__(self, settings: NotifierSettings, intakes: Intakes, health: Health) -> None:
        """Make them.

        Raises:
            ConfigError: the address of the database, or of the artifacts, makes no sense.
        """
        self._settings = settings
        self._intakes = intakes
        self._artifacts = ArtifactStore.of(settings)
        self._engine = connect(settings.history_url)
        self._store = Store(self._engine)
        health.watch("history", self._store.check)

    def all(self) -> Iterator[tuple[str, Callable[[], Awaitable[None]]]]:
        """Yield every agent's name and what runs it."""
        yield "history", self._history().run
        yield "logs", self._logs().run
        days = self._settings.history_retention_days
        if days:
            yield "retention", Retention(store=self._store, clock=SystemClock(), days=days).run
        if self._artifacts.configured:
            sweep = ArtifactSweep(artifacts=self._artifacts, store=self._store, clock=SystemClock(), days=days)
            yield "artifacts", sweep.run

    async def release(self) -> None:
        """Disconnect from the database."""
        await self._engine.dispose()

    def _history(self) -> HistorySink:
        intake = self._intakes.status(
            "history", max_records=self._settings.history_batch, remembered=self._store.position
        )
        return HistorySink(intake=intake, store=self._store)

    def _logs(self) -> LogSink:
        intake = self._intakes.progress("logs", max_records=self._settings.history_batch, gate=LogGate())
        return LogSink(intake=intake, store=self._store)
